"""The pages on which people watch long work."""

import pytest
from django.urls import reverse
from django.utils import timezone

from photocampus.jobs import JobContext, job_kind
from photocampus.models import Job, JobState, Role
from tests.factories import make_school, make_staff, make_user

pytestmark = pytest.mark.django_db


@job_kind("tests.stoppable", title="Stoppable work", cancellable=True)
def stoppable(context: JobContext) -> None:
    pass


@job_kind("tests.unstoppable", title="Unstoppable work")
def unstoppable(context: JobContext) -> None:
    pass


@pytest.fixture(autouse=True)
def school():
    return make_school()


def make_job(by, kind: str = "tests.stoppable", **fields) -> Job:
    return Job.objects.create(kind=kind, by=by, **fields)


def test_job_list_shows_own_jobs_and_staff_see_all(client):
    mine, other = make_user(Role.UNIT), make_user(Role.UNIT)
    make_job(mine, label="mine-label")
    make_job(other, label="other-label")
    client.force_login(mine)
    page = client.get(reverse("jobs")).content.decode()
    assert "mine-label" in page
    assert "other-label" not in page
    client.force_login(make_staff())
    assert "other-label" in client.get(reverse("jobs")).content.decode()


def test_job_list_query_count_is_constant(client, django_assert_num_queries):
    user = make_staff()
    client.force_login(user)
    make_job(user)
    client.get(reverse("jobs"))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as first:
        client.get(reverse("jobs"))
    for _ in range(3):
        make_job(user)
    with django_assert_num_queries(len(first)):
        client.get(reverse("jobs"))


def test_job_of_somebody_else_is_not_found(client):
    job = make_job(make_user(Role.UNIT))
    client.force_login(make_user(Role.UNIT))
    assert client.get(reverse("job", args=[job.public_id])).status_code == 404
    assert client.post(reverse("job-cancel", args=[job.public_id])).status_code == 404


def test_running_job_asks_again_and_ended_one_does_not(client):
    user = make_user(Role.UNIT)
    client.force_login(user)
    job = make_job(user, state=JobState.RUNNING, done=3, total=10, note="file 3")
    page = client.get(reverse("job", args=[job.public_id])).content.decode()
    assert "hx-trigger" in page
    assert 'width="30"' in page
    assert "file 3" in page
    Job.objects.update(state=JobState.DONE, finished_at=timezone.now(), result={"new": 7}, url="/unit/")
    part = client.get(reverse("job", args=[job.public_id]), headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in part
    assert "<html" not in part
    assert "新增" in part
    assert 'href="/unit/"' in part


def test_failed_job_shows_its_error(client):
    user = make_user(Role.STUDIO)
    client.force_login(user)
    job = make_job(user, state=JobState.FAILED, finished_at=timezone.now(), error="压缩包已加密")
    assert "压缩包已加密" in client.get(reverse("job", args=[job.public_id])).content.decode()


def test_stoppable_job_is_asked_to_stop(client):
    user = make_user(Role.UNIT)
    client.force_login(user)
    job = make_job(user)
    assert (
        reverse("job-cancel", args=[job.public_id])
        in client.get(reverse("job", args=[job.public_id])).content.decode()
    )
    answer = client.post(reverse("job-cancel", args=[job.public_id]))
    assert answer.headers["Location"] == reverse("job", args=[job.public_id])
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_unstoppable_job_offers_no_stop_and_refuses_one(client):
    user = make_user(Role.UNIT)
    client.force_login(user)
    job = make_job(user, kind="tests.unstoppable")
    page = client.get(reverse("job", args=[job.public_id])).content.decode()
    assert reverse("job-cancel", args=[job.public_id]) not in page
    client.post(reverse("job-cancel", args=[job.public_id]))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.cancel_requested_at is None


def test_stop_needs_a_post(client):
    user = make_user(Role.UNIT)
    client.force_login(user)
    assert client.get(reverse("job-cancel", args=[make_job(user).public_id])).status_code == 405
