"""A worker that is killed at random moments, again and again: its job ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from django.db import connections

from photocampus import jobs
from photocampus.models import Job
from tests.killing import restart_workers, run_in_child
from tests.students.register_people import World
from tests.students.test_batch_kill import forget, snapshot, start

pytestmark = pytest.mark.django_db(transaction=True)
MOST_KILLS = 5


def run_for(job_id: int, seconds: float) -> bool:
    """Run the job in a process that the kernel ends after `seconds`; True if the job was done before."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once, as SIGKILL does
        signal.setitimer(signal.ITIMER_REAL, seconds)
        jobs.run_job(job_id, heartbeat=False)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGALRM
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def test_batch_built_under_random_kills_equals_an_undisturbed_one(rounds, monkeypatch):
    from students.reference import ensure_export_profile

    monkeypatch.setattr("students.batch_build.PIECE", 2)
    ensure_export_profile()
    world = World()
    world.verified(9)
    batch = start(world)
    began = time.monotonic()
    assert run_in_child(batch.job_id)
    duration = time.monotonic() - began
    undisturbed = snapshot(batch)
    undisturbed.pop("events")
    chance = random.Random(2018)
    for number in range(rounds(200)):
        forget(batch)
        batch = start(world)
        kills = 0
        while not run_for(batch.job_id, duration * (chance.random() + 0.02) if kills < MOST_KILLS else 600):
            kills += 1
            restart_workers()
            assert Job.objects.get(pk=batch.job_id).state in ("queued", "done"), number
        disturbed = snapshot(batch)
        disturbed.pop("events")
        assert disturbed == undisturbed, f"round {number}, {kills} kills"
