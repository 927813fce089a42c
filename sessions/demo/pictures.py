"""The demonstration's pictures: drawn, packed as a studio would, and put in through the ingest."""

import datetime as dt
import io
import multiprocessing
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from os import cpu_count

from django.core.files.uploadedfile import SimpleUploadedFile

from sessions.demo.scene import DemoFailed, DemoUnit, Scene, on, progress_bar, work_off_jobs
from sessions.models import Attendance, AttendanceState, Booking, BookingKind
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.models import IngestState
from students.portrait_people import Faults
from students.portraits import portrait_jpeg

SIZE = (1200, 1600)
# Every so many pictures has a fault that the checks name: a gradient over the background, a tilted head, a lamp too bright.
FAULTY = {23: Faults(gradient=0.2), 41: Faults(tilt=8.0), 67: Faults(glare=True)}


def put_in_pictures(scene: Scene) -> None:
    """Two days after a shoot the studio uploads a ZIP per shoot; whose pictures are to wait has none yet."""
    orders = [
        (booking, demo, rows)
        for demo in scene.units
        for booking, rows in _photographed(demo)
        if demo.reaches("pictures")
    ]
    report = progress_bar(scene.say, "pictures drawn")
    total, done = sum(len(rows) for _booking, _demo, rows in orders), 0
    with ProcessPoolExecutor(cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for booking, demo, rows in orders:
            # Drawn by processes that know nothing of the database.
            drawn = [
                pool.submit(portrait_jpeg, scene.seed + row.pk, size=SIZE, faults=FAULTY.get(row.pk % 71))
                for row in rows
            ]
            files = []
            for row, picture in zip(rows, drawn, strict=True):
                files.append((_name(demo, scene, row), picture.result()))
                done += 1
                report(done, total)
            _upload(scene, booking, files, strays=demo is scene.units[0])


def _photographed(demo: DemoUnit) -> Iterator[tuple[Booking, list[Attendance]]]:
    """The unit's shoots that are over, with everybody who was photographed there, in the order of the shot numbers."""
    rows = (
        Attendance.objects.filter(
            graduate__enrolment__unit=demo.unit, state=AttendanceState.PHOTOGRAPHED, booking__state="done"
        )
        .select_related("booking", "graduate__enrolment")
        .order_by("booking", "pk")
    )
    by_booking: dict[Booking, list[Attendance]] = {}
    for row in rows:
        by_booking.setdefault(row.booking, []).append(row)
    return iter(by_booking.items())


def _name(demo: DemoUnit, scene: Scene, row: Attendance) -> str:
    """The first unit's files carry the shot number, the others' the student number."""
    if demo is scene.units[0] or row.booking.kind == BookingKind.INDIVIDUAL:
        return f"{row.shots.get(voided_at=None).code}.jpg"
    return f"{row.graduate.enrolment.student_number}.jpg"


def _upload(scene: Scene, booking: Booking, files: list[tuple[str, bytes]], *, strays: bool) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
        if strays and booking.kind != BookingKind.INDIVIDUAL:
            archive.writestr("DSC_0417.jpg", portrait_jpeg(7, size=SIZE))
            archive.writestr("试拍.jpg", portrait_jpeg(8, size=SIZE))
            archive.writestr("说明.jpg", "这不是照片。".encode())
    last = booking.holds.order_by("-day").values_list("day", flat=True)[0]
    with on(last + dt.timedelta(days=2), 16):
        batch = open_batch(studio=scene.studio, campaign=scene.campaign, by=scene.photographer)
        upload = SimpleUploadedFile(f"{last:%m%d}.zip", packed.getvalue(), content_type="application/zip")
        add_upload(batch=batch, upload=upload, by=scene.photographer)
        start_ingest(batch=batch, by=scene.photographer)
        work_off_jobs()
        filed = batch.files.filter(state=IngestState.FILED).count()
        if filed != len(files):
            raise DemoFailed(f"{filed} of {len(files)} pictures of {booking} were filed")
