"""The demonstration goes without a trace; real people and real campaigns stay."""

import datetime as dt

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from photocampus import clock, demo_removal
from photocampus.access_log import log_access
from photocampus.demo_removal import deletion_order, domain_models, remove_demo
from photocampus.events import record
from photocampus.first_run import set_up_school
from photocampus.models import Event, Job, JobState, Role, School, User
from students.models import ExportProfile, RefusalCode
from tests import factories as make
from units.campaigns import create_campaign
from units.models import Campaign
from units.notices import acknowledge_notice, publish_notice, write_notice

pytestmark = pytest.mark.django_db
# What comes with the program is there again after the removal.
REFERENCE = {RefusalCode, ExportProfile}


@pytest.fixture
def demonstration():
    """Rows of most kinds, made by users of the demonstration."""
    School.objects.create(code="51160", name="测试开放大学", demo_date=dt.date(2018, 4, 17))
    clock.forget()
    staff = make.make_staff(username="jiaowu", is_demo=True)
    campaign = create_campaign(
        code="2018",
        name="2018年",
        window_start=dt.date(2018, 3, 1),
        window_end=dt.date(2018, 7, 15),
        by=staff,
    )
    Campaign.objects.update(state="published")
    unit = make.make_unit()
    coordinator = make.make_coordinator(unit, is_demo=True)
    studio = make.make_studio(campaign=campaign)
    make.make_photographer(studio, is_demo=True)
    make.make_station(studio)
    make.make_grant(studio, unit, campaign, by=staff)
    for _ in range(3):
        graduate = make.make_graduate(campaign, unit)
    make.make_attendance(make.make_booking(campaign, studio, unit, by=staff), graduate)
    notice = write_notice(
        campaign=campaign, by=staff, title="t", body="b", issuer="i", issued_on=dt.date(2017, 11, 28)
    )
    publish_notice(notice=notice, by=staff)
    acknowledge_notice(
        notice=notice, unit=unit, contact_name="王", contact_phone="13800000000", by=coordinator
    )
    log_access("tested", by=staff)
    Job.objects.create(
        kind="x", by=staff, state=JobState.DONE, finished_at=timezone.now(), started_at=timezone.now()
    )
    default_storage.save("photos/ab/one", ContentFile(b"1"))
    default_storage.save("staged/two", ContentFile(b"2"))
    return campaign


def left() -> dict[str, int]:
    ours = [
        model
        for label in demo_removal.OWN_APPS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model not in REFERENCE
    ]
    return {model._meta.label: count for model in ours if (count := model._default_manager.count())}


def test_removal_empties_every_table_and_the_storage(demonstration, settings):
    logins = settings.VAR / "demo-logins.txt"
    logins.write_text("jiaowu")
    counts = remove_demo()
    assert left() == {}
    assert counts["files"] == 2 and counts["accounts"] == 3 and counts["rows"] > 20
    assert default_storage.listdir("") == ([], [])
    assert not logins.exists()
    assert RefusalCode.objects.exists() and clock.demo_date() is None


def test_afterwards_the_first_set_up_appears(demonstration, client):
    remove_demo()
    assert client.get("/").url == "/setup/"
    set_up_school(
        code="51160", school_name="某大学", username="boss", name="主任", password="a long password"
    )
    assert User.objects.get().is_superuser


def test_logs_are_append_only_again(demonstration):
    remove_demo()
    record(make.make_school(), "tested", by=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.all().update(kind="x")


def test_real_administrators_stay_with_the_school(demonstration):
    boss = make.make_staff(username="boss", name="主任")
    record(boss, "tested", by=boss)
    make.make_coordinator(make.make_unit(), username="real")
    remove_demo()
    assert set(User.objects.values_list("username", flat=True)) == {"boss", "real"}
    school = School.objects.get()
    assert school.demo_date is None and Event.objects.get().kind == "demo_removed"
    assert set(left()) == {"photocampus.User", "photocampus.School", "photocampus.Event"}


def test_real_campaign_is_never_removed(demonstration):
    boss = make.make_staff(username="boss")
    create_campaign(
        code="2027", name="2027年", window_start=dt.date(2027, 3, 1), window_end=dt.date(2027, 7, 15), by=boss
    )
    with pytest.raises(demo_removal.RealCampaign):
        remove_demo()
    assert Campaign.objects.count() == 2 and default_storage.exists("staged/two")


def test_nothing_to_remove_says_so(capsys):
    make.make_school()
    make.make_staff()
    with pytest.raises(demo_removal.NoDemonstration):
        remove_demo()
    with pytest.raises(SystemExit) as exit_:
        call_command("remove_demo")
    assert exit_.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_running_jobs_stop_the_removal(demonstration):
    Job.objects.create(kind="x", state=JobState.RUNNING, lease_until=timezone.now() + dt.timedelta(minutes=1))
    with pytest.raises(demo_removal.JobsRunning):
        remove_demo()
    assert User.objects.filter(role=Role.UNIT).exists()


def test_command_tells_what_went(demonstration, capsys):
    call_command("remove_demo")
    assert "3 accounts removed" in capsys.readouterr().out


def test_failure_leaves_everything(demonstration, monkeypatch):
    before = left()
    monkeypatch.setattr(demo_removal, "_remove_accounts", lambda **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        remove_demo()
    assert left() == before and default_storage.exists("staged/two")


def test_order_puts_who_refers_first():
    order = domain_models()
    place = {model: index for index, model in enumerate(order)}
    for model in order:
        for field in model._meta.concrete_fields:
            target = field.related_model if isinstance(field, models.ForeignKey) else None
            if target in place and target is not model:
                assert place[model] < place[target], (model, target)
    assert deletion_order([]) == []
