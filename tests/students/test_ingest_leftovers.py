"""A storage that does not delete: every file is settled all the same, and what was left goes with a later sweep."""

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus.models import JobState
from students.filing import NotFiled
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.models import IngestBatch, IngestState
from tests import factories as make
from tests.students import odd_pictures as odd
from tests.students import test_ingest

pytestmark = pytest.mark.django_db
place, own_media, on_commit_runs = test_ingest.place, test_ingest.own_media, test_ingest.on_commit_runs


@pytest.fixture
def stuck(monkeypatch):
    """Names that cannot be deleted, those that begin so."""
    stuck: list[str] = []
    delete = FileSystemStorage.delete

    def refuse(self, name):
        if any(name.startswith(start) for start in stuck):
            raise OSError("the storage is busy")
        delete(self, name)

    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    return stuck


def read(place, batch: IngestBatch, *files) -> dict[str, str]:
    """Put files into the upload and read it; states by name."""
    for name, data in files:
        add_upload(batch=batch, upload=SimpleUploadedFile(name, data), by=place.photographer)
    start_ingest(batch=batch, by=place.photographer)
    make.run_jobs()
    batch.refresh_from_db()
    assert batch.job.state == JobState.DONE
    return {row.name.reveal(): row.state for row in batch.files.all()}


def test_copy_that_cannot_be_deleted_stops_no_other_file(place, stuck, caplog):
    names = [place.name_of(place.first), place.name_of(place.second)]
    batch = open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer)
    stuck.append("incoming/")
    first, known = (names[0], odd.jpeg(1)), ("again-" + names[0], odd.jpeg(1))
    assert read(place, batch, first, known) == {names[0]: IngestState.FILED, known[0]: IngestState.KNOWN}
    assert len(test_ingest.stored("incoming")) == 2 and "could not be deleted" in caplog.text
    # The next attempt meets what was left before it reads anything.
    states = read(place, batch, (names[1], odd.jpeg(2)))
    assert states[names[1]] == IngestState.FILED
    place.second.refresh_from_db()
    assert place.second.picture is not None
    stuck.clear()
    read(place, batch, ("who.jpg", odd.jpeg(3)))
    waiting = batch.files.exclude(file="")
    assert [row.name.reveal() for row in waiting] == ["who.jpg"]
    assert test_ingest.stored("incoming") == sorted([waiting[0].file.name, waiting[0].preview.name])


def test_picture_whose_files_cannot_be_taken_away_still_waits_in_the_tray(place, stuck, monkeypatch):
    """For its own reason; what was written for it is written over when it is filed after all."""

    def stumble(**_options):
        stuck.append("renditions/")
        raise NotFiled("submitted")

    monkeypatch.setattr("students.ingest_job.file_photo", stumble)
    batch = open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer)
    name = place.name_of(place.first)
    assert read(place, batch, (name, odd.jpeg(1))) == {name: IngestState.TRAY}
    assert batch.files.get().reason == "submitted"
