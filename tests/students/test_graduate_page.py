"""One person's page: the whole history in one column, and full numbers only on purpose."""

import pytest
from django.urls import reverse

from photocampus import clock
from photocampus.events import record
from photocampus.models import AccessLog
from sessions.models import AttendanceState
from students.history import history_of_graduate, name_events
from students.models import Outcome, Stage
from students.reveal import PurposeMissing, reveal_numbers
from tests.factories import (
    make_attendance,
    make_booking,
    make_campaign,
    make_coordinator,
    make_graduate,
    make_photographer,
    make_school,
    make_staff,
    make_studio,
    make_unit,
)
from tests.students.test_progress import decide, give_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    make_school()
    return make_campaign()


@pytest.fixture
def unit(campaign):
    return make_unit()


@pytest.fixture
def graduate(campaign, unit):
    return make_graduate(campaign, unit)


def url_of(graduate) -> str:
    unit = graduate.enrolment.unit
    return reverse("students:graduate", args=[unit.code, graduate.campaign.code, graduate.public_id])


def test_history_holds_shoot_picture_and_decision_in_order(campaign, unit, graduate):
    studio = make_studio(campaign=campaign)
    booking = make_booking(campaign, studio, unit)
    make_attendance(
        booking,
        graduate,
        state=AttendanceState.PHOTOGRAPHED,
        checked_in_at=clock.now(),
        photographed_at=clock.now(),
        day=clock.today(),
    )
    give_picture(graduate, studio)
    decide(graduate, Stage.ACCEPTANCE, Outcome.NO)
    entries = history_of_graduate(graduate)
    titles = [entry.title for entry in entries]
    assert titles[-1] == "单位退回照片"
    assert "已拍摄" in titles
    assert "照片已上传" in titles
    assert [entry.when for entry in entries] == sorted(entry.when for entry in entries)
    assert "原因" in entries[-1].text


def test_history_shows_named_events_and_leaves_out_told_ones(graduate):
    name_events({"test_kind": "Something happened", "test_told": ""})
    record(graduate, "test_kind", by=make_staff(name="记录人"), reason="because")
    record(graduate, "test_told", by=None)
    record(graduate.enrolment.student, "test_kind", by=None)
    entries = [entry for entry in history_of_graduate(graduate) if entry.title == "Something happened"]
    assert [entry.by for entry in entries] == ["记录人", ""]
    assert entries[0].text == "because"
    assert all(entry.title != "test_told" for entry in history_of_graduate(graduate))


def test_page_masks_the_numbers(client, unit, graduate):
    number = graduate.enrolment.student.id_number
    graduate.enrolment.student.refresh_from_db()
    client.force_login(make_coordinator(unit))
    page = client.get(url_of(graduate)).content.decode()
    assert number not in page
    assert f"{number[:6]}**********{number[-2:]}" in page
    assert not AccessLog.objects.filter(full=True).exists()


@pytest.mark.parametrize("who", ["coordinator", "staff"])
def test_reveal_shows_the_number_once_and_logs_it(client, unit, graduate, who):
    number = graduate.enrolment.student.id_number
    user = make_coordinator(unit) if who == "coordinator" else make_staff()
    client.force_login(user)
    answer = client.post(url_of(graduate), {"purpose": "与本人电话核对"})
    assert number in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    row = AccessLog.objects.get(action="reveal")
    assert (row.by, row.full, row.rows, row.purpose, row.subject_id) == (
        user,
        True,
        1,
        "与本人电话核对",
        graduate.pk,
    )
    assert number not in client.get(url_of(graduate)).content.decode()


def test_reveal_without_a_purpose_is_refused(client, unit, graduate):
    number = graduate.enrolment.student.id_number
    client.force_login(make_coordinator(unit))
    page = client.post(url_of(graduate), {"purpose": " "}).content.decode()
    assert number not in page
    assert 'id="purpose-error"' in page
    with pytest.raises(PurposeMissing):
        reveal_numbers(graduate=graduate, by=make_staff(), purpose="x")
    assert not AccessLog.objects.exists()


def test_college_reads_its_admissions_unit_but_does_not_reveal(client, campaign, unit):
    admissions = make_unit(kind="admissions", college=unit)
    graduate = make_graduate(campaign, admissions)
    client.force_login(make_coordinator(unit))
    assert client.get(url_of(graduate)).status_code == 200
    assert client.post(url_of(graduate), {"purpose": "与本人电话核对"}).status_code == 404
    assert not AccessLog.objects.exists()


def test_strangers_get_not_found(client, campaign, graduate):
    for stranger in (make_coordinator(make_unit()), make_photographer(make_studio(campaign=campaign))):
        client.force_login(stranger)
        assert client.get(url_of(graduate)).status_code == 404
        assert client.post(url_of(graduate), {"purpose": "neugierig"}).status_code == 404


def test_graduate_of_another_unit_is_not_found_under_ones_own(client, campaign, unit, graduate):
    other = make_unit()
    client.force_login(make_coordinator(other))
    url = reverse("students:graduate", args=[other.code, campaign.code, graduate.public_id])
    assert client.get(url).status_code == 404
