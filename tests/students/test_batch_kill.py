"""SIGKILL at every named point of the building, then a restarted worker: the same bytes, nobody pressed anything."""

import datetime as dt

import pytest
from django.core.files.storage import default_storage

from photocampus import clock
from photocampus.models import Event, Job, JobState
from students.batch_files import stream_file
from students.batches import find_profile, start_batch
from students.models import BatchFile, BatchPart, ExportBatch, ExportRow
from students.reference import ensure_export_profile
from tests.killing import restart_workers, run_in_child
from tests.students.register_people import World

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = [
    "batch.checked_piece",
    "batch.number_given",
    "batch.number_committed",
    "batch.part_stored:2",
    "batch.piece_written",
    "batch.piece_written:3",
    "batch.piece_committed:2",
    "batch.list_written",
    "batch.list_committed",
    "batch.list_written:2",
    "batch.directory_written",
    "batch.directory_committed",
    "batch.hashed",
    "batch.freeze_written",
]


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr("students.batch_build.PIECE", 2)
    ensure_export_profile()
    world = World()
    world.verified(5)
    return world


def snapshot(batch):
    """Everything that a killed building could have spoilt."""
    batch.refresh_from_db()
    stored = default_storage.listdir(f"batches/{batch.public_id}")[1]
    return {
        "state": batch.state,
        "number": batch.number,
        "people": batch.people,
        "files": {
            file.name: (file.sha256, file.size, b"".join(stream_file(file)))
            for file in batch.files.select_related("batch")
        },
        "rows": [
            (row.line, row.graduate_id, row.values.reveal(), row.image_sha256, row.is_live)
            for row in batch.rows.order_by("line")
        ],
        "stored": len(stored),
        "parts": BatchPart.objects.filter(file__batch=batch).count(),
        "events": sorted(Event.objects.filter(data__batch=str(batch)).values_list("subject_id", "kind")),
    }


def start(world):
    with clock.at(dt.datetime(2018, 7, 1, 10)):
        return start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)


def forget(batch):
    """Take the undisturbed batch away, so that the next one has the same number."""
    BatchPart.objects.all().delete()
    BatchFile.objects.all().delete()
    ExportRow.objects.all().delete()
    ExportBatch.objects.all().delete()


def test_building_killed_at_any_point_ends_as_if_undisturbed(world):
    batch = start(world)
    assert run_in_child(batch.job_id)
    undisturbed = snapshot(batch)
    assert (undisturbed["state"], undisturbed["people"], len(undisturbed["files"])) == ("frozen", 5, 3)
    once = undisturbed.pop("events")
    for times, point in enumerate(POINTS, start=2):
        forget(batch)
        batch = start(world)
        assert not run_in_child(batch.job_id, point), point
        assert Job.objects.get(pk=batch.job_id).state == JobState.RUNNING
        restart_workers()
        assert Job.objects.get(pk=batch.job_id).state == JobState.QUEUED
        assert run_in_child(batch.job_id)
        disturbed = snapshot(batch)
        events = disturbed.pop("events")
        assert disturbed == undisturbed, point
        assert len(events) == times * len(once), point


def test_building_killed_again_and_again_still_ends(world):
    batch = start(world)
    for point in ("batch.piece_written", "batch.piece_written", "batch.part_stored", "batch.list_written"):
        assert not run_in_child(batch.job_id, point)
        restart_workers()
    assert run_in_child(batch.job_id)
    assert snapshot(batch)["people"] == 5
