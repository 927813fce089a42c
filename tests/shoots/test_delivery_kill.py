"""SIGKILL at every named point while the files of a delivery are put together, then a restarted worker."""

import pytest
from django.core.files.storage import default_storage

from photocampus.models import Job, JobState
from sessions import delivery_files
from sessions.deliveries import prepare_delivery
from tests.killing import restart_workers, run_in_child
from tests.shoots.shoot_day import ShootDay, at, make_photo, make_shoot_day

pytestmark = pytest.mark.django_db(transaction=True)
POINTS = [
    "delivery.measured",
    "delivery.measured:2",
    "delivery.measured:3",
    "delivery.zip",
    "delivery.written",
]


@pytest.fixture
def day(monkeypatch) -> ShootDay:
    monkeypatch.setattr(delivery_files, "BLOCK", 2)
    with at(15):
        day = make_shoot_day(5)
        for graduate in day.graduates:
            make_photo(day, graduate)
    return day


def state_of(delivery):
    """Everything that a killed worker could have spoilt; the item numbers differ from delivery to delivery."""
    delivery.refresh_from_db()
    with delivery.files.open("rb") as stream:
        content = stream.read()
    folder = default_storage.listdir(f"deliveries/{delivery.public_id}")[1]
    lines = [(line["name"], line["crc"], line["size"], line["sha256"]) for line in delivery.manifest]
    return content, delivery.files_sha256, lines, folder


def start(day: ShootDay):
    with at(16):
        return prepare_delivery(studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.photographer)


def test_archive_killed_at_any_point_ends_as_if_undisturbed(day: ShootDay):
    delivery = start(day)
    assert run_in_child(delivery.job_id)
    undisturbed = state_of(delivery)
    assert len(undisturbed[2]) == 10 and undisturbed[3] == ["files.zip"]
    for point in POINTS:
        delivery.items.update(is_open=False)
        delivery = start(day)
        assert not run_in_child(delivery.job_id, point), point
        restart_workers()
        assert Job.objects.get(pk=delivery.job_id).state == JobState.QUEUED
        assert run_in_child(delivery.job_id)
        assert state_of(delivery) == undisturbed, point
