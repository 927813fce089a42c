"""The ground that everything stands on: logs that cannot be changed, secrets, jobs, doors and scopes."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from photocampus import clock, crypto
from photocampus.access import visible_to
from photocampus.access_log import log_access
from photocampus.errors import ChangedMeanwhile, IllegalMove
from photocampus.events import move_state, record
from photocampus.fields import Secret
from photocampus.jobs import claim_job, job_kind, requeue_lost_jobs, run_job, start_job
from photocampus.models import AccessLog, Event, Job, JobState, Role, School
from photocampus.sheets import csv_bytes
from photocampus.views import Page
from students.models import Graduate, Student
from tests import factories as make


@pytest.mark.django_db
class TestAppendOnly:
    @pytest.mark.parametrize(
        "act", ["UPDATE photocampus_event SET kind = 'x'", "DELETE FROM photocampus_event"]
    )
    def test_event_is_append_only(self, act: str) -> None:
        record(make.make_school(), "tested", by=None)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)
        assert Event.objects.get().kind == "tested"

    @pytest.mark.parametrize(
        "act", ["UPDATE photocampus_accesslog SET action = 'x'", "DELETE FROM photocampus_accesslog"]
    )
    def test_access_log_is_append_only(self, act: str) -> None:
        log_access("revealed", by=None)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)
        assert AccessLog.objects.get().action == "revealed"

    def test_level_never_changes(self) -> None:
        enrolment = make.make_enrolment()
        with pytest.raises(DatabaseError), transaction.atomic():
            type(enrolment).objects.filter(pk=enrolment.pk).update(level="专科")


@pytest.mark.django_db
class TestSecrets:
    def test_number_is_encrypted_at_rest_and_masked_when_shown(self) -> None:
        plain = make.id_number(7)
        student = make.make_student(id_number=plain)
        with connection.cursor() as cursor:
            cursor.execute("SELECT id_number FROM students_student")
            stored = cursor.fetchone()[0]
        assert plain not in stored and stored.startswith("k")
        loaded = Student.objects.get(pk=student.pk)
        assert isinstance(loaded.id_number, Secret)
        assert str(loaded.id_number) == plain[:6] + "*" * 10 + plain[-2:]
        assert loaded.id_number.reveal() == plain

    def test_saving_again_keeps_the_number(self) -> None:
        student = Student.objects.get(pk=make.make_student(id_number=make.id_number(8)).pk)
        student.name = "改名"
        student.save()
        assert Student.objects.get(pk=student.pk).id_number.reveal() == make.id_number(8)

    def test_value_moved_to_another_place_does_not_decrypt(self) -> None:
        sealed = crypto.encrypt("13800000000", context="a.phone")
        with pytest.raises(crypto.Undecryptable):
            crypto.decrypt(sealed, context="b.phone")

    def test_new_key_encrypts_and_old_one_still_decrypts(self, settings) -> None:
        old = dict(settings.FIELD_KEYS)
        sealed = crypto.encrypt("H12345678", context="t.c")
        settings.FIELD_KEYS = {"k2": b"2" * 32, **old}
        assert crypto.decrypt(sealed, context="t.c") == "H12345678"
        assert crypto.encrypt("H12345678", context="t.c").startswith("k2:")


@pytest.mark.django_db
class TestMoves:
    MOVES = {JobState.QUEUED: [JobState.CANCELLED]}

    def test_move_outside_the_table_is_refused(self) -> None:
        job = Job.objects.create(kind="x", state=JobState.QUEUED)
        with pytest.raises(IllegalMove):
            move_state(job, JobState.DONE, moves=self.MOVES, by=None)

    def test_second_mover_is_told_and_first_move_stands(self) -> None:
        job = Job.objects.create(kind="x", state=JobState.QUEUED)
        stale = Job.objects.get(pk=job.pk)
        move_state(job, JobState.CANCELLED, moves=self.MOVES, by=None, finished_at=clock.now())
        with pytest.raises(ChangedMeanwhile):
            move_state(stale, JobState.CANCELLED, moves=self.MOVES, by=None, finished_at=clock.now())
        assert Event.objects.filter(kind="state_cancelled").count() == 1


@job_kind("tests.count", title="count", cancellable=True)
def count(context) -> dict[str, int]:
    context.progress(1, 2)
    return {"counted": 2}


@job_kind("tests.break", title="break")
def break_down(context) -> None:
    raise ZeroDivisionError("a secret detail")


@pytest.mark.django_db
class TestJobs:
    def test_job_runs_once_and_keeps_its_result(self) -> None:
        job = start_job("tests.count", by=None, args={})
        assert run_job(job.pk, heartbeat=False) and not run_job(job.pk, heartbeat=False)
        job.refresh_from_db()
        assert (job.state, job.result, job.attempt) == (JobState.DONE, {"counted": 2}, 1)

    def test_crash_is_reported_without_details(self) -> None:
        job = start_job("tests.break", by=None, args={})
        run_job(job.pk, heartbeat=False)
        job.refresh_from_db()
        assert job.state == JobState.FAILED and job.error_code == "crash" and "secret" not in job.error

    def test_only_one_worker_claims(self) -> None:
        job = start_job("tests.count", by=None, args={})
        assert claim_job(job.pk, "a:1:x") is not None and claim_job(job.pk, "b:2:y") is None

    def test_job_of_dead_worker_is_requeued_and_claimed_again(self) -> None:
        job = start_job("tests.count", by=None, args={})
        assert claim_job(job.pk, "elsewhere:1:x")
        assert requeue_lost_jobs() == 0
        Job.objects.filter(pk=job.pk).update(lease_until=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        assert requeue_lost_jobs() == 1
        assert run_job(job.pk, heartbeat=False)
        job.refresh_from_db()
        assert (job.state, job.attempt) == (JobState.DONE, 2)


@pytest.mark.django_db
class TestClock:
    def test_demonstration_lives_on_its_date(self) -> None:
        school = make.make_school()
        School.objects.filter(pk=school.pk).update(demo_date=dt.date(2018, 4, 17))
        clock.forget()
        assert clock.today() == dt.date(2018, 4, 17)

    def test_pinned_clock_wins(self) -> None:
        with clock.at(dt.datetime(2018, 3, 1, 9, 30)):
            assert clock.now().isoformat() == "2018-03-01T09:30:00+08:00"


@pytest.mark.django_db
class TestScopes:
    def test_coordinator_sees_own_unit_only(self) -> None:
        campaign, mine, other = make.make_campaign(), make.make_unit(), make.make_unit()
        graduate = make.make_graduate(campaign, mine)
        make.make_graduate(campaign, other)
        assert list(visible_to(make.make_coordinator(mine), Graduate)) == [graduate]

    def test_college_sees_its_admissions_units(self) -> None:
        college = make.make_unit()
        admissions = make.make_unit(kind="admissions", college=college)
        graduate = make.make_graduate(make.make_campaign(), admissions)
        assert list(visible_to(make.make_coordinator(college), Graduate)) == [graduate]

    def test_studio_sees_granted_units_of_the_campaign_only(self) -> None:
        campaign, unit = make.make_campaign(), make.make_unit()
        later = make.make_campaign("2019")
        studio = make.make_studio(campaign=campaign)
        user = make.make_photographer(studio)
        graduate = make.make_graduate(campaign, unit)
        make.make_graduate(later, enrolment=graduate.enrolment)
        assert not visible_to(user, Graduate).exists()
        make.make_grant(studio, unit, campaign)
        assert list(visible_to(user, Graduate)) == [graduate]

    def test_model_without_rule_shows_nothing(self) -> None:
        make.make_school()
        assert not visible_to(make.make_user(Role.UNIT), School).exists()

    def test_page_without_door_does_not_exist(self) -> None:
        with pytest.raises(TypeError):
            type("Open", (Page,), {})


def test_no_cell_of_a_csv_is_a_formula_not_even_a_heading() -> None:
    """The refused lines of a roster come back under the headings of the file that was sent."""
    data = csv_bytes(headings=["=1+1", "学号"], rows=[["@x", "2014000012"], ["-1", 7]])
    assert data.decode("utf-8-sig").splitlines() == ["'=1+1,学号", "'@x,2014000012", "'-1,7"]
