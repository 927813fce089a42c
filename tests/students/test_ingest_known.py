"""The same bytes once more: known, whatever has become of them meanwhile, and with nothing left half-done."""

import pytest

from photocampus.ledger import disagreements
from students import ingest_job
from students.models import Graduate, IngestState, Photo
from students.tray import assign_file
from tests import factories as make
from tests.students import odd_pictures as odd
from tests.students import test_ingest, test_smaller_files
from tests.students.odd_base import SECRET, segment, with_segments
from tests.students.test_smaller_files import finished, original, put

pytestmark = pytest.mark.django_db
place, own_media, on_commit_runs = test_ingest.place, test_ingest.own_media, test_ingest.on_commit_runs
no_faces = test_smaller_files.no_faces


def with_exif(data: bytes) -> bytes:
    """A finished file that does not lie in the storage as it came."""
    return with_segments(data, segment(0xE1, b"Exif\0\0" + SECRET))


def by_hand(place, data: bytes):
    row = put(place, data, "who.jpg")
    assign_file(file=row, graduate=place.first, by=place.photographer)
    make.run_jobs()
    row.refresh_from_db()
    place.first.refresh_from_db()
    return row


def must_be_whole():
    """Every file in the storage is a row's, and every row's file lies there."""
    names = {name for photo in Photo.objects.all() for name in [photo.original.name] if name}
    names |= {part.file.name for photo in Photo.objects.all() for part in photo.renditions.all()}
    assert {name for name in test_ingest.stored() if not name.startswith("incoming/")} == names
    assert not list(disagreements(["students.files", "students.pictures", "students.uploads"]))


@pytest.mark.parametrize("way", ["first", "joined"])
def test_finished_file_that_was_carried_over_is_a_part_of_the_present_picture(place, way):
    small = with_exif(finished(1, "small"))
    if way == "joined":
        put(place, original(1))
    put(place, small)
    present = put(place, finished(1, "large")).photo
    kept = present.renditions.get(profile__name="small")
    assert kept.is_studio_file and kept.file.read() == finished(1, "small")
    row = put(place, small)
    assert (row.state, row.reason, row.photo) == (IngestState.KNOWN, "", present)
    row = by_hand(place, small)
    assert (row.state, row.reason, place.first.picture) == (IngestState.KNOWN, "", present)
    if way == "joined":  # the picture that it had joined is another one
        assert put(place, original(1)).reason == "earlier_known"


def test_picture_is_chosen_again_together_with_what_its_file_says(place, monkeypatch):
    first = put(place, original(1)).photo
    second = put(place, original(2)).photo
    write = ingest_job._Run._write

    def stumble(self, row, result):
        if result.reason == "chosen_again":
            raise RuntimeError("as never expected")
        write(self, row, result)

    monkeypatch.setattr(ingest_job._Run, "_write", stumble)
    row = by_hand(place, original(1))
    assert (row.state, row.reason, place.first.picture) == (IngestState.TRAY, "crash", second)
    monkeypatch.undo()
    assign_file(file=row, graduate=place.first, by=place.photographer)
    make.run_jobs()
    row.refresh_from_db()
    place.first.refresh_from_db()
    assert (row.reason, place.first.picture, row.file.name) == ("chosen_again", first, "")


@pytest.mark.parametrize("then", ["stays", "is replaced"])
def test_same_bytes_in_two_uploads_at_once_are_filed_once(place, monkeypatch, then):
    earlier = put(place, original(2)).photo
    write = ingest_job.write_files

    def write_late(*args):
        monkeypatch.setattr(ingest_job, "write_files", write)
        write(*args)
        assert put(place, original(1)).state == IngestState.FILED
        if then == "is replaced":
            Graduate.objects.filter(pk=place.first.pk).update(picture=earlier)

    monkeypatch.setattr(ingest_job, "write_files", write_late)
    row = put(place, original(1))
    reason = "earlier_known" if then == "is replaced" else ""
    assert (row.state, row.reason, Photo.objects.count()) == (IngestState.KNOWN, reason, 2)
    must_be_whole()


def test_file_that_cannot_be_filed_leaves_nothing_but_itself(place, monkeypatch):
    def stumble(**_options):
        raise RuntimeError("as never expected")

    monkeypatch.setattr(ingest_job, "file_photo", stumble)
    row = put(place, original(1))
    assert (row.state, row.reason) == (IngestState.TRAY, "crash")
    assert test_ingest.stored() == [row.file.name]


def test_finished_file_that_joins_while_a_larger_picture_is_filed_goes_along(place, monkeypatch):
    put(place, original(1))
    look = ingest_job.with_parts_of

    def look_early(*args):
        monkeypatch.setattr(ingest_job, "with_parts_of", look)
        found = look(*args)
        assert put(place, finished(1, "small")).state == IngestState.FILED
        return found

    monkeypatch.setattr(ingest_job, "with_parts_of", look_early)
    larger = odd.saved(odd.drawing(1, 600, 800).resize((900, 1200)), "JPEG", quality=93)
    photo = put(place, larger).photo
    assert place.first.picture == photo and photo.width == 900
    small = photo.renditions.get(profile__name="small")
    assert small.is_studio_file and small.file.read() == finished(1, "small")
    must_be_whole()
