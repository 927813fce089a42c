"""The building of a batch killed at random points, many times in a row, ends as undisturbed."""

import random

import pytest

from students.batch_files import stream_file
from students.batches import find_profile, give_up_batch, start_batch
from students.models import BatchPart
from students.reference import ensure_export_profile
from tests.killing import restart_workers, run_in_child
from tests.students.register_people import World

pytestmark = pytest.mark.django_db(transaction=True)
POINTS = [
    "batch.checked_piece",
    "batch.number_given",
    "batch.number_committed",
    "batch.part_stored",
    "batch.piece_written",
    "batch.piece_committed",
    "batch.list_written",
    "batch.list_committed",
    "batch.directory_written",
    "batch.directory_committed",
    "batch.hashed",
    "batch.freeze_written",
]


def build(world, kills):
    """One batch, killed at each of `kills`; the bytes of its images and the frozen rows."""
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    for point in kills:
        if run_in_child(batch.job_id, point):
            break
        restart_workers()
    else:
        assert run_in_child(batch.job_id)
    batch.refresh_from_db()
    assert batch.state == "frozen"
    files = {
        file.name.replace(f"{batch.number:04d}", ""): (file.size, sum(map(len, stream_file(file))))
        for file in batch.files.select_related("batch")
    }
    rows = [(row.line, row.graduate_id, row.values.reveal()) for row in batch.rows.order_by("line")]
    parts = BatchPart.objects.filter(file__batch=batch).count()
    give_up_batch(batch=batch, by=world.staff, reason="soak")
    return files, rows, parts


def test_random_kills_change_nothing(monkeypatch, rounds):
    monkeypatch.setattr("students.batch_build.PIECE", 3)
    ensure_export_profile()
    world = World()
    world.verified(11)
    undisturbed = build(world, [])
    source = random.Random(7)
    for _round in range(rounds(40)):
        kills = [f"{source.choice(POINTS)}:{source.randint(1, 3)}" for _ in range(source.randint(1, 6))]
        assert build(world, kills) == undisturbed, kills
