"""Pictures by the thousand: flat memory, true progress, linear time; and kills at random moments that change nothing."""

from __future__ import annotations

import json
import os
import random
import time
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, connections

from photocampus import jobs
from photocampus.models import Job
from students.archives import Archive
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import receive_file
from students.models import IngestFile, IngestState
from tests import factories as make
from tests.killing import restart_workers, run_in_child
from tests.soak.test_random_kills import run_for
from tests.students import odd_pictures as odd
from tests.students.test_ingest_kill import forget, snapshot

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 20
MB = 1 << 20


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def make_world(people: int):
    class World:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)

    World.people = make.make_graduates(people, World.campaign, World.unit)
    make.make_grant(World.studio, World.unit, World.campaign, by=World.photographer)
    return World


def fill_folder(folder: Path, world) -> None:
    """Small pictures with different bytes, named by student number."""
    data = odd.jpeg(1, 240, 320)
    for number, person in enumerate(world.people):
        comment = b"\xff\xfe\x00\x0c" + f"{number:010d}".encode()
        (folder / f"{person.enrolment.student_number}.jpg").write_bytes(data[:2] + comment + data[2:])


def watch_in_child(job_id: int, log: Path, every: int) -> None:
    """Run the job in a process of its own, which writes files done, seconds of its own time, memory and said progress.

    SQLite may keep 32 MB of pages, and fills them as its file grows; here it keeps two, so that anything else is seen.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            points, count = [], 0
            checkpoint = jobs.JobContext.checkpoint

            def seen(context, name):
                nonlocal count
                checkpoint(context, name)
                if name != "ingest.filed":
                    return
                count += 1
                if count % every == 0:
                    said = Job.objects.values_list("done", "total").get(pk=job_id)
                    points.append((count, time.process_time(), resident(), *said))

            jobs.JobContext.checkpoint = seen
            if connection.vendor == "sqlite":
                connection.cursor().execute("PRAGMA cache_size=-2000")
            jobs.run_job(job_id, heartbeat=False)
            log.write_text(json.dumps(points))
            connections.close_all()
            status = 0
        finally:
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def test_folder_of_ten_thousand_is_read_with_flat_memory_true_progress_and_in_linear_time(rounds, tmp_path):
    total = max(200, rounds(10_000))
    world, folder = make_world(total), tmp_path / "card"
    folder.mkdir()
    fill_folder(folder, world)
    batch = start_folder(world, folder)
    watch_in_child(batch.job_id, tmp_path / "points.json", total // 10)
    points = json.loads((tmp_path / "points.json").read_text())
    assert batch.files.filter(state=IngestState.FILED).count() == total and len(points) == 10
    counts, seconds, memory, done, totals = zip(*points, strict=True)
    # The first tenth loads what the process needs; after that nothing may grow with the number of pictures.
    assert max(memory[1:]) - memory[1] < 8 * MB, memory
    # The process's own time: the second half costs about what the first one does; a square would cost three times that.
    assert seconds[9] - seconds[5] < 1.7 * (seconds[5] - seconds[1]), seconds
    assert set(totals[1:]) == {total} and list(done) == sorted(done)
    for count, said in zip(counts[1:], done[1:], strict=True):
        # Written twice a second: behind by what is filed in between, never ahead.
        assert count - max(100, total // 10) <= said <= count
    print([f"{count}: {used / MB:.0f} MB, {at:.1f} s" for count, at, used, *_rest in points])


def start_folder(world, folder: Path):
    batch = open_batch(studio=world.studio, campaign=world.campaign, by=world.photographer, source=folder)
    start_ingest(batch=batch, by=world.photographer)
    batch.refresh_from_db()
    return batch


def test_ingest_killed_at_twenty_random_moments_equals_an_undisturbed_one(rounds, tmp_path):
    """A hundred and twenty pictures, one for the tray, one refused; the kernel ends the process wherever it is."""
    world = make_world(120)
    fill_folder(tmp_path, world)
    (tmp_path / "somebody.jpg").write_bytes(odd.jpeg(4, 240, 320))
    (tmp_path / "list.jpg").write_bytes(b"no picture at all")
    forget()
    batch = start_folder(world, tmp_path)
    began = time.monotonic()
    assert run_in_child(batch.job_id)
    duration = time.monotonic() - began
    undisturbed = snapshot(batch)
    undisturbed.pop("events")
    chance = random.Random(2018)
    for number in range(rounds(10)):
        forget()
        batch = start_folder(world, tmp_path)
        kills = 0
        while not run_for(batch.job_id, duration * (0.06 + 0.08 * chance.random()) if kills < KILLS else 600):
            kills += 1
            restart_workers()
            assert Job.objects.get(pk=batch.job_id).state in ("queued", "done"), number
        disturbed = snapshot(batch)
        disturbed.pop("events")
        assert disturbed == undisturbed, f"round {number}, {kills} kills"
        assert kills > 5
    forget()


class Endless:
    """A stored ZIP of many megabytes that is made while it is read; only its last kilobytes ever lie in memory."""

    def __init__(self, size: int) -> None:
        self.left, self.size = size, size

    def read(self, size: int = -1) -> bytes:
        start = b"PK\x03\x04" if self.left == self.size else b""
        block = (start + bytes(min(size, self.left) - len(start)))[: min(size, self.left)]
        self.left -= len(block)
        return block


def test_large_archive_streams_to_the_storage_in_constant_memory(rounds, settings):
    size = max(64, rounds(3000)) * MB
    world = make_world(1)
    batch = open_batch(studio=world.studio, campaign=world.campaign, by=world.photographer)
    before = resident()
    row = receive_file(batch=batch, name="a.zip", size=size, stream=Endless(size), by=world.photographer)
    assert default_storage.size(row.file.name) == size and resident() - before < 16 * MB
    default_storage.delete(row.file.name)
    IngestFile.objects.all().delete()


def test_large_archive_is_read_in_place_in_constant_memory(rounds, tmp_path):
    members = max(30, rounds(2000))
    path = tmp_path / "card.zip"
    data = os.urandom(2 * MB)
    with zipfile.ZipFile(path, "w") as out:
        for number in range(members):
            out.writestr(f"{number}.jpg", data)
    with path.open("rb") as file:
        archive = Archive(file, largest=80 * MB)
        before = resident()
        for member in archive.members():
            assert sum(map(len, archive.read(member.index))) == len(data)
        assert resident() - before < 16 * MB
        archive.close()
    path.unlink()
