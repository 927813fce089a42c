"""One upload full of odd archives, names and pictures: each file as said, nobody else's picture touched, nothing left."""

import hashlib
import io
import os
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command

from photocampus.models import JobState
from students import ingest_job, previews
from students.ingest import TRAY_STATES, open_batch, start_ingest
from students.ingest_reasons import reason_text
from students.ingest_sources import Sources
from students.ingest_uploads import receive_file
from students.models import (
    Decision,
    Graduate,
    IngestBatch,
    IngestFile,
    IngestState,
    Outcome,
    Photo,
    Rendition,
    Stage,
)
from students.templatetags.pictures import masked_name
from tests import factories as make
from tests.students import odd_pictures as odd
from tests.students import test_ingest
from tests.students.odd_archives import FILED, People, sent_files
from tests.students.odd_base import zipped

pytestmark = pytest.mark.django_db
place, own_media, on_commit_runs = test_ingest.place, test_ingest.own_media, test_ingest.on_commit_runs


def send(place, files, **options):
    """Upload and read (name, bytes) pairs under exactly these names."""
    batch = open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer, **options)
    for name, data in files:
        stream = io.BytesIO(data)
        receive_file(batch=batch, name=name, size=len(data), stream=stream, by=place.photographer)
    start_ingest(batch=batch, by=place.photographer)
    make.run_jobs()
    batch.refresh_from_db()
    assert (batch.job.state, batch.job.error) == (JobState.DONE, "")
    return batch


@pytest.fixture
def people(place):
    """The victim has a picture; forty others wait for theirs."""
    others = make.make_graduates(40, place.campaign, place.unit)
    victim = place.first.enrolment.student_number
    send(place, [(f"{victim}.jpg", odd.jpeg(7, 600, 800))])
    return People(victim, iter([person.enrolment.student_number for person in others]))


def pictures() -> dict[str, str]:
    """Student number → SHA-256 of the picture, of everybody who has one."""
    chosen = Graduate.objects.exclude(picture=None)
    return dict(chosen.values_list("enrolment__student_number", "picture__sha256"))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def must_be_in_order() -> None:
    """Every photo has its three renditions; every file in the storage belongs to a row, and has the row's bytes."""
    expected = {}
    for photo in Photo.objects.prefetch_related("renditions__profile"):
        sizes = {"small": (240, 320), "registration": (480, 640), "large": (photo.width, photo.height)}
        assert {row.profile.name: (row.width, row.height) for row in photo.renditions.all()} == sizes
        expected[photo.original.name] = photo.sha256
        expected |= {row.file.name: row.sha256 for row in photo.renditions.all()}
    tray = IngestFile.objects.filter(state__in=TRAY_STATES).exclude(file="")
    expected |= {row.file.name: row.sha256 for row in tray}
    previews = {row.preview.name for row in tray.exclude(preview="")}
    assert set(test_ingest.stored()) == {*expected, *previews}
    for name, digest in expected.items():
        with default_storage.open(name) as file:
            assert sha256(file.read()) == digest
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_odd_archives_names_and_pictures_in_one_upload(place, people, caplog):
    before = pictures()
    assert list(before) == [people.victim]
    sent = list(sent_files(people))
    batch = send(place, [(item.name, item.data) for item in sent])
    rows = list(batch.files.all())
    became = Counter((row.name.reveal(), row.state, row.reason) for row in rows)
    assert became == Counter(row for item in sent for row in item.becomes)
    filed = {number: sha256(data) for item in sent for number, data in item.filed}
    assert pictures() == before | filed
    assert Photo.objects.count() == len(filed) + 1
    for row in rows:
        assert row.state not in TRAY_STATES or reason_text(row.reason, row.reason_data) != row.reason
        # A refused archive, and a member whose bytes cannot be had, leave nothing but the reason.
        assert bool(row.file) == (row.state in TRAY_STATES and not row.reason.startswith("archive_"))
    must_be_in_order()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_odd_names_in_a_folder_of_the_server(place, people, tmp_path, capsys):
    """Names in GBK or with control characters, links, and files that cannot be read, by the command."""
    before, folder = pictures(), tmp_path / "card"
    (folder / "__MACOSX").mkdir(parents=True)
    numbers = [next(people.free) for _ in range(3)]
    data = [people.picture() for _ in range(3)]
    raw = os.fsencode(folder)
    names = (
        f"照片-{numbers[0]}.jpg".encode("gbk"),
        b"\xff-" + numbers[1].encode() + b".jpg",
        f"\u202e\x1b\n{numbers[2]}.JPG".encode(),
    )
    for name, content in zip(names, data, strict=True):
        Path(os.fsdecode(raw + b"/" + name)).write_bytes(content)
    mine = f"{people.victim}.jpg"
    (tmp_path / mine).write_bytes(people.picture())
    (folder / mine).symlink_to(tmp_path / mine)
    (folder / "linked").symlink_to(tmp_path)
    for litter in ("__MACOSX/._x.jpg", ".DS_Store", "Thumbs.db", f"._{mine}"):
        (folder / litter).write_bytes(people.picture())
    (folder / f"gone-{mine}").write_bytes(people.picture())
    with mock.patch.object(Sources, "listing", listing_then_loss(folder / f"gone-{mine}")):
        with pytest.raises(SystemExit) as stopped:
            call_command("ingest_photos", str(folder), campaign="2018")
    assert stopped.value.code == 1
    printed = capsys.readouterr().out
    assert "filed=3 known=0 tray=1" in printed and "\x1b" not in printed
    assert pictures() == before | {number: sha256(item) for number, item in zip(numbers, data, strict=True)}
    rows = {masked_name(row.name): (row.state, row.reason) for row in IngestBatch.objects.first().files.all()}
    assert rows == {
        f"照片-{numbers[0]}.jpg": (FILED, ""),
        f"\\xff-{numbers[1]}.jpg": (FILED, ""),
        f"{numbers[2]}.JPG": (FILED, ""),
        f"gone-{mine}": ("refused", "source_gone"),
    }
    must_be_in_order()


def listing_then_loss(path):
    """A card that loses a file after it was listed."""
    whole = Sources.listing

    def listing(sources):
        found = whole(sources)
        path.unlink()
        path.mkdir()
        return found

    return listing


def finished(seed: int) -> bytes:
    return odd.saved(odd.drawing(seed, 240, 320), "JPEG", quality=60, dpi=(300, 300))


@pytest.mark.parametrize("what", ["nothing", "decided", "replaced", "joined"])
def test_finished_file_joins_only_while_nothing_else_happens(place, monkeypatch, what):
    """Between the look at the person's picture and the lock, something else happens to it: file and row stay one."""
    name = place.name_of(place.first)[:-4]
    send(place, [(f"{name}.jpg", odd.saved(odd.drawing(9, 600, 800), "JPEG", quality=90))])
    place.first.refresh_from_db()
    photo = place.first.picture
    look = ingest_job.finished_part

    def look_then_change(graduate, processed, studio_id):
        part = look(graduate, processed, studio_id)
        assert part is not None
        monkeypatch.setattr(ingest_job, "finished_part", look)
        if what == "decided":
            stage, outcome = Stage.ACCEPTANCE, Outcome.YES
            Decision.objects.create(
                graduate=place.first, photo=photo, stage=stage, outcome=outcome, by=place.photographer
            )
        if what == "replaced":
            Graduate.objects.filter(pk=place.first.pk).update(picture=None)
        if what == "joined":
            Rendition.objects.filter(photo=photo, profile__name="small").update(is_studio_file=True)
        return part

    monkeypatch.setattr(ingest_job, "finished_part", look_then_change)
    batch = send(place, [(f"{name}-small.jpg", finished(9))])
    (row,) = batch.files.all()
    small = photo.renditions.get(profile__name="small")
    assert (small.sha256 == sha256(finished(9))) == (what == "nothing")
    became = {"nothing": (FILED, photo), "replaced": (FILED, row.photo)}
    assert (row.state, row.photo) == became.get(what, ("tray", None))
    assert row.reason == ("" if what in became else "smaller_copy")
    for row in Rendition.objects.all():
        assert sha256(row.file.read()) == row.sha256


def test_file_that_trips_the_program_waits_in_the_tray_and_the_next_is_read(place, monkeypatch):
    """Also where the preview trips over it again."""
    process = ingest_job.process_picture

    def stumble(*_args, **_options):
        raise RuntimeError("as never expected")

    def stumble_once(*_args, **_options):
        monkeypatch.setattr(ingest_job, "process_picture", process)
        stumble()

    monkeypatch.setattr(ingest_job, "process_picture", stumble_once)
    monkeypatch.setattr(previews, "decode", stumble)
    names = [place.name_of(person) for person in (place.first, place.second)]
    larger, smaller = odd.jpeg(7, 600, 800) + bytes(100_000), odd.jpeg(8, 600, 800)
    batch = send(place, [(names[0], larger), (names[1], smaller)])
    assert [(row.state, row.reason) for row in batch.files.all()] == [("tray", "crash"), (FILED, "")]
    must_be_in_order()


@pytest.mark.parametrize("trips", ["preview_unmatched", "_overwrite"])
def test_file_that_trips_the_program_while_it_is_set_down_costs_no_other(place, monkeypatch, trips):
    """Whatever is raised when a file has been judged and is put into the tray."""

    def stumble(*_args, **_options):
        raise RuntimeError("as never expected")

    monkeypatch.setattr(ingest_job, trips, stumble)
    name = place.name_of(place.first)
    larger = odd.jpeg(7, 600, 800) + bytes(100_000)
    batch = send(place, [("who.jpg", larger), (name, odd.jpeg(8, 600, 800))])
    rows = [(row.state, row.reason) for row in batch.files.order_by("position")]
    assert rows == [("tray", "crash"), (FILED, "")]
    assert batch.files.get(state=IngestState.TRAY).file.read() == larger
    # A member has no bytes of its own to be kept.
    archive = zipped({"who2.jpg": odd.jpeg(9, 600, 800), place.name_of(place.second): odd.jpeg(6, 600, 800)})
    batch = send(place, [("all.zip", archive)])
    states = {row.name.reveal(): row.state for row in batch.files.all()}
    kept = "tray" if trips == "preview_unmatched" else "refused"
    assert (states["who2.jpg"], states[place.name_of(place.second)]) == (kept, FILED)


def test_archive_in_a_folder_of_the_server_is_unpacked_and_stays_there(place, tmp_path, capsys, settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 250_000}  # an archive may be larger
    folder = tmp_path / "card"
    (folder / "day").mkdir(parents=True)
    packed = {
        place.name_of(person): odd.jpeg(i, 600, 800) for i, person in enumerate([place.first, place.second])
    }
    path = folder / "day" / "all.zip"
    path.write_bytes(zipped({**packed, "readme.txt": bytes(300_000)}))
    (folder / "broken.zip").write_bytes(b"nothing")
    with pytest.raises(SystemExit):
        call_command("ingest_photos", str(folder), campaign="2018")
    assert "filed=2 known=0 tray=2" in capsys.readouterr().out
    rows = {row.name.reveal(): (row.state, row.reason) for row in IngestFile.objects.all()}
    assert rows["day/all.zip"] == ("unpacked", "") and rows["broken.zip"] == ("refused", "archive_damaged")
    assert path.exists() and (folder / "broken.zip").exists()
