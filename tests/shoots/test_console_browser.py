"""The console in a real browser, with the keyboard only, as a scanner and one hand use it."""

import pytest

from sessions.models import Attendance, AttendanceState, Fee, FeeState, Shot
from tests import factories as make
from tests.shoots.shoot_day import ShootDay, at, make_plan, make_shoot_day

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def day(monkeypatch) -> ShootDay:
    """The server lives on the day of the shoot."""
    school = make.make_school()
    school.demo_date = "2018-04-17"
    school.save()
    with at(9, 40):
        day = make_shoot_day(3)
        make_plan(day, rate=20)
    day.photographer.set_password("ein-langes-wort")
    day.photographer.save()
    return day


def log_in(page, day: ShootDay) -> None:
    page.goto("/login/")
    page.fill("[name=username]", day.photographer.username)
    page.fill("[name=password]", "ein-langes-wort")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/**")
    page.goto(f"/studio/{day.studio.code}/{day.campaign.code}/shoots/{day.booking.public_id}/")


def scan(page, text: str) -> None:
    """What a scanner does: it types where the focus happens to be, and ends with Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_two_people_are_done_with_scanner_and_enter_only(page, day: ShootDay):
    log_in(page, day)
    for index, row in enumerate(day.attendances[:2], start=1):
        scan(page, day.number_of(row))
        page.locator("[data-next]:focus", has_text="发放拍摄编号").wait_for()
        page.keyboard.press("Enter")
        page.locator(".desk-code", has_text=f"A2-0417-00{index}").wait_for()
        page.locator("[data-next]:focus", has_text="已拍摄").wait_for()
        page.keyboard.press("Enter")
        page.locator("[data-next]:focus", has_text="20").wait_for()
        page.keyboard.press("Enter")
        page.locator(".desk-fees .pill-good").wait_for()
        page.locator("#desk-q:focus").wait_for()
    assert Attendance.objects.filter(state=AttendanceState.PHOTOGRAPHED).count() == 2
    assert Shot.objects.count() == 2 and Fee.objects.filter(state=FeeState.TAKEN).count() == 2


def test_next_scan_while_a_button_has_the_focus_presses_nothing(page, day: ShootDay):
    first, second = day.attendances[:2]
    log_in(page, day)
    scan(page, day.number_of(first))
    page.locator("[data-next]:focus").wait_for()
    scan(page, second.graduate.enrolment.student_number)
    page.locator(".desk-name", has_text=second.graduate.enrolment.student.name).wait_for()
    assert not Shot.objects.exists()
    page.locator("#id-number:focus").wait_for()
    scan(page, day.number_of(first))
    page.locator("#console .note-bad").wait_for()
    second.refresh_from_db()
    assert second.state == AttendanceState.EXPECTED
