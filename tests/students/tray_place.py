"""A studio with a tray: people of one class with shot numbers, and files that nobody can be found for."""

from __future__ import annotations

import datetime as dt

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from photocampus.ledger import disagreements
from sessions.models import Shot
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.models import Graduate, IngestFile
from tests import factories as make
from tests.students import odd_pictures as odd

DAY = dt.date(2018, 4, 17)
START = dt.datetime(2018, 4, 17, 10, 0)


class TrayPlace:
    def __init__(self, people: int = 4, *, shots: bool = True, identity_mode: str = "id_card") -> None:
        self.campaign = make.make_campaign(identity_mode=identity_mode)
        self.unit = make.make_unit()
        self.studio = make.make_studio(campaign=self.campaign)
        self.photographer = make.make_photographer(self.studio)
        self.people = [
            make.make_graduate(
                self.campaign,
                enrolment=make.make_enrolment(
                    self.unit, student_number=f"2014{number * 10101010 % 1000000:06d}"
                ),
            )
            for number in range(1, people + 1)
        ]
        make.make_grant(self.studio, self.unit, self.campaign, by=self.photographer)
        self.station = make.make_station(self.studio, "A2")
        self.booking = make.make_booking(self.campaign, self.studio, self.unit)
        self.base = f"/studio/{self.studio.code}/{self.campaign.code}/pictures/"
        if shots:
            for number, person in enumerate(self.people, start=1):
                self.shoot(person, number)

    def shoot(self, person: Graduate, number: int) -> Shot:
        at = timezone.make_aware(START + dt.timedelta(minutes=number))
        attendance = make.make_attendance(
            self.booking, person, state="photographed", photographed_at=at, id_compared=True
        )
        return Shot.objects.create(
            station=self.station, day=DAY, number=number, code=f"A2-0417-{number:03d}", attendance=attendance,
            issued_at=at, issued_by=self.photographer,
        )  # fmt: skip

    def send(self, *files: tuple[str, bytes], **options) -> dict[str, IngestFile]:
        """Upload (name, bytes) pairs without reading them."""
        batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.photographer, **options)
        for name, data in files:
            add_upload(batch=batch, upload=SimpleUploadedFile(name, data), by=self.photographer)
        start_ingest(batch=batch, by=self.photographer)
        return {row.name.reveal(): row for row in batch.files.all()}

    def put(self, *files: tuple[str, bytes], **options) -> dict[str, IngestFile]:
        """Upload and read; the rows by name."""
        rows = self.send(*files, **options)
        make.run_jobs()
        for row in rows.values():
            row.refresh_from_db()
        return rows

    def name_of(self, person: Graduate) -> str:
        return f"{person.enrolment.student_number}.jpg"

    def again(self, person: Graduate) -> Graduate:
        return Graduate.objects.select_related("picture", "enrolment__student").get(pk=person.pk)


def picture(seed: int, moment: int | None = None) -> bytes:
    """A small portrait; with `moment` the camera says that it was taken so many seconds into the shoot."""
    if moment is None:
        return odd.jpeg(seed, 300, 400)
    exif = Image.Exif()
    exif[0x0132] = (START + dt.timedelta(seconds=moment)).strftime("%Y:%m:%d %H:%M:%S")
    return odd.saved(odd.drawing(seed, 300, 400), "JPEG", quality=90, exif=exif.tobytes())


def stored(folder: str = "") -> list[str]:
    """Every file in the storage below a folder."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    found = [f"{folder}/{name}".lstrip("/") for name in files]
    return sorted(found + [path for name in folders for path in stored(f"{folder}/{name}".lstrip("/"))])


def picture_faults() -> list[str]:
    """What the ledger says about pictures, uploads, decisions and stored files."""
    kinds = ("acceptances", "decisions", "files", "pictures", "taken_back", "uploads")
    return [str(found) for found in disagreements([f"students.{kind}" for kind in kinds])]
