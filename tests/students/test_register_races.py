"""Two people at once: two submit one graduate, two build one batch. The constraint decides, and the tests show it."""

import threading
from collections import Counter

import pytest
from django.db import connection, connections

from photocampus.errors import DomainError
from students import batches, submissions
from students.batches import find_profile, start_batch
from students.models import ExportBatch, ItemState, SubmissionItem
from students.reference import ensure_export_profile
from students.submissions import submit_images
from tests.constraints import without_constraint
from tests.students.register_people import World

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(monkeypatch, module, look, act):
    """Run `act` twice, both of which have looked before either writes; the outcomes by code."""
    barrier = threading.Barrier(2, timeout=20)
    original = getattr(module, look)

    def wait(*args, **kwargs):
        found = original(*args, **kwargs)
        connection.close()  # nobody holds a lock while waiting for the other
        barrier.wait()
        return found

    outcomes: list[str] = []

    def run():
        try:
            act()
            outcomes.append("done")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    monkeypatch.setattr(module, look, wait)
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    monkeypatch.undo()
    return Counter(outcomes)


@pytest.fixture
def world():
    ensure_export_profile()
    return World()


def submit_twice(world, monkeypatch):
    def act():
        submit_images(college=world.college, term=world.term, by=world.coordinator)

    return at_once(monkeypatch, submissions, "choose_ready", act)


def test_of_two_who_submit_one_graduate_one_is_refused(world, monkeypatch):
    world.graduates(2)
    assert submit_twice(world, monkeypatch) == {"done": 1, "already_submitted": 1}
    assert SubmissionItem.objects.filter(state=ItemState.SUBMITTED).count() == 2


def test_without_the_constraint_both_would_have_submitted(world, monkeypatch):
    world.graduates(2)
    with without_constraint(SubmissionItem, "graduate_in_one_open_submission"):
        assert submit_twice(world, monkeypatch) == {"done": 2}
        assert SubmissionItem.objects.filter(state=ItemState.SUBMITTED).count() == 4


def build_twice(world, monkeypatch):
    def act():
        start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)

    return at_once(monkeypatch, batches, "freeze_layout", act)


def test_of_two_who_build_one_batch_one_is_refused(world, monkeypatch):
    world.verified(2)
    assert build_twice(world, monkeypatch) == {"done": 1, "batch_being_built": 1}
    assert ExportBatch.objects.count() == 1


def test_without_the_constraint_both_would_have_built(world, monkeypatch):
    world.verified(2)
    with without_constraint(ExportBatch, "batch_built_one_at_a_time"):
        assert build_twice(world, monkeypatch) == {"done": 2}
        assert ExportBatch.objects.count() == 2
