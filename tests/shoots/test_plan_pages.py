"""The plan's pages: what the script is answered, who may do what, sheets with and without names."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from photocampus import clock
from photocampus.models import AccessLog, Event, Notification, User
from photocampus.told import tell_waiting
from sessions.booking import move_booking
from sessions.models import BlockedHours, Booking, PlanChange, PlanEntry
from sessions.plan_edits import seal
from sessions.plan_limits import report_broken_plans
from sessions.plans import generate_plan
from sessions.studio_days import save_station
from students.hooks import roster_changed
from students.models import Graduate
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world
from units.models import Campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def unit(world: World, rest: str = "") -> str:
    return f"/unit/{world.unit.code}/{world.campaign.code}/{rest}"


def studio(world: World, rest: str = "") -> str:
    return f"/studio/{world.studio.code}/{world.campaign.code}/{rest}"


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    return response.content.decode()


def test_plan_page_answers_its_script_with_the_timetable_and_what_would_fit(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    browser, here = client(world.coordinator), f"bookings/{booking.public_id}/plan/"
    browser.post(unit(world, here + "make/"))
    live = {"HX-Request": "true"}
    entry = PlanEntry.objects.get(start=dt.time(9, 30))
    sent = {"entry": entry.public_id, "target": "A1_2018-04-17_690", "people": 20, "seen": seal(entry)}
    refused = browser.post(unit(world, here + "move/"), sent, headers=live)
    page = text(refused, 200)
    assert page.startswith('<div id="plan"') and 'role="alert"' in page and 'name="people" value="1"' in page
    assert PlanEntry.objects.get(pk=entry.pk).people == 20
    moved = text(browser.post(unit(world, here + "move/"), {**sent, "people": 1}, headers=live))
    assert 'data-said="会计1班' in moved and 'name="change"' in moved
    stale = text(browser.post(unit(world, here + "move/"), {**sent, "people": 1}), 409)
    assert "其他人刚刚修改了此内容" in stale
    change = PlanChange.objects.get()
    undone = browser.post(unit(world, here + "undo/"), {"change": change.public_id})
    assert undone.status_code == 302 and PlanEntry.objects.get(start=dt.time(9, 30)).people == 20
    text(browser.post(unit(world, here + "undo/"), {"change": change.public_id}), 409)
    for act in ("move", "undo", "lock", "remove"):
        rival = f"/unit/{world.other.code}/{world.campaign.code}/{here}{act}/"
        assert client(world.rival).post(rival, sent).status_code == 404


def test_plan_page_says_why_and_when_it_ends_and_the_studio_only_reads(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    browser, desk = client(world.coordinator), client(world.photographer)
    here = f"bookings/{booking.public_id}/plan/"
    browser.post(unit(world, here + "make/"))
    page = text(browser.get(unit(world, here)))
    assert "最早的可用时段" in page and "九成" in page and "data-entry=" in page
    entry = PlanEntry.objects.first()
    for shown in (desk.get(studio(world, here)), desk.get(studio(world, here + f"?entry={entry.public_id}"))):
        seen = text(shown)
        assert "会计1班" in seen and "九成" in seen
        assert "data-entry=" not in seen and "/move/" not in seen and "/make/" not in seen
    printed = text(desk.get(studio(world, here + "print/")))
    assert "会计1班" in printed and "09:15" in printed


def test_plan_of_two_units_is_moved_by_each_for_its_own_classes(world: World) -> None:
    booking = confirmed(world, hours(*world.bays), units=[world.unit, world.other], by=world.staff)
    here = f"bookings/{booking.public_id}/plan/"
    client(world.coordinator).post(unit(world, here + "make/"))
    foreign = PlanEntry.objects.get(class_group__unit=world.other)
    page = text(client(world.coordinator).get(unit(world, here)))
    assert f'data-open="{foreign.public_id}"' in page and f'data-entry="{foreign.public_id}"' not in page
    sent = {"entry": foreign.public_id, "target": "A2_2018-04-17_690", "people": 1}
    text(client(world.coordinator).post(unit(world, here + "move/"), sent), 409)
    assert PlanEntry.objects.filter(class_group__unit=world.other).count() == 1


def test_in_a_joint_shoot_nobody_blocks_or_undoes_for_classes_of_the_other_unit(world: World) -> None:
    booking = confirmed(world, hours(*world.bays), units=[world.unit, world.other], by=world.staff)
    here = f"bookings/{booking.public_id}/plan/"
    mine, theirs = client(world.coordinator), client(world.rival)
    mine.post(unit(world, here + "make/"))
    entry = PlanEntry.objects.get(class_group__unit=world.other)
    rival = f"/unit/{world.other.code}/{world.campaign.code}/{here}"
    assert theirs.post(rival + "lock/", {"entry": entry.public_id}).status_code == 302
    change = PlanChange.objects.get()
    assert 'name="change"' not in text(mine.get(unit(world, here)))
    assert 'name="change"' in text(theirs.get(rival))
    text(mine.post(unit(world, here + "undo/"), {"change": change.public_id}), 409)
    assert PlanEntry.objects.get(pk=entry.pk).is_locked
    sent = {"group": entry.class_group.public_id, "day": "2018-04-17", "start": "09:30", "end": "10:30"}
    mine.post(unit(world, here + "block/"), sent)
    assert not BlockedHours.objects.exists()
    theirs.post(rival + "block/", sent)
    blocked = BlockedHours.objects.get()
    assert f'value="{blocked.pk}"' not in text(mine.get(unit(world, here)))
    text(mine.post(unit(world, here + "unblock/"), {"blocked": blocked.pk}), 404)
    assert theirs.post(rival + "undo/", {"change": change.public_id}).status_code == 302
    assert not PlanEntry.objects.get(class_group__unit=world.other).is_locked


def test_plan_says_what_it_broke_since_a_station_takes_fewer_people(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    here = f"bookings/{booking.public_id}/plan/"
    browser = client(world.coordinator)
    browser.post(unit(world, here + "make/"))
    assert "该计划已超出实际接待能力" not in text(browser.get(unit(world, here)))
    station = PlanEntry.objects.filter(people__gt=5).first().station
    save_station(studio=world.studio, by=world.photographer, station=station, rate=30)
    assert not Event.objects.filter(kind="plan_broken").exists()
    save_station(studio=world.studio, by=world.photographer, station=station, rate=5)
    for page in (browser.get(unit(world, here)), client(world.photographer).get(studio(world, here))):
        shown = text(page)
        assert "该计划已超出实际接待能力" in shown and f"{station.code} 可拍 5 人" in shown
    tell_waiting()
    told = {row.user for row in Notification.objects.filter(event__kind="plan_broken")}
    assert told == {world.coordinator}  # the studio did it itself


def test_more_planned_than_expected_matters_until_the_class_has_come(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    here = f"bookings/{booking.public_id}/plan/"
    browser = client(world.coordinator)
    browser.post(unit(world, here + "make/"))
    last = PlanEntry.objects.order_by("-day", "-start").first()
    Graduate.objects.filter(enrolment__class_group=last.class_group)[0].attendances.all().delete()
    assert "计划人数比应到人数多" in text(browser.get(unit(world, here)))
    with clock.at(NOW.replace(year=2019)):
        page = text(browser.get(unit(world, here)))
    assert "计划人数比应到人数多" not in page and 'class="is-bad"' not in page


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_lower_rate_from_a_form_is_told_to_who_planned_with_the_old_one(
    world: World, is_staff: bool
) -> None:
    booking = confirmed(world, hours(*world.bays))
    client(world.coordinator).post(unit(world, f"bookings/{booking.public_id}/plan/make/"))
    station = PlanEntry.objects.filter(people__gt=5).first().station
    admin = reverse("admin:shoots_station_change", args=[station.pk])
    page = reverse("shoots:station", args=[world.studio.code, world.campaign.code, station.public_id])
    browser, address = client(world.staff), admin
    if not is_staff:
        browser, address = client(world.photographer), page
    form = {"name": "新机位", "kind": "bay", "daily_load": 120, "is_active": "on"}
    for rate, told in ((20, False), (5, True), (5, True)):
        assert browser.post(address, {**form, "rate": rate}).status_code == 302
        station.refresh_from_db()
        assert station.rate == rate
        assert Event.objects.filter(kind="plan_broken").count() == int(told)


def test_a_lower_rate_reads_as_little_for_two_shoots_as_for_one(world: World) -> None:
    next_day = hours(world.bays[0], day=DAY + dt.timedelta(days=1))
    for number, (house, by, wanted) in enumerate(
        ((world.unit, world.coordinator, hours(*world.bays)), (world.other, world.rival, next_day)), start=1
    ):
        generate_plan(booking=confirmed(world, wanted, units=[house], by=by), by=by)
        assert Booking.objects.filter(plan_entries__station=world.bays[0]).distinct().count() == number
        with CaptureQueriesContext(connection) as queries:
            report_broken_plans(world.bays[0], world.photographer)
        assert len(queries) == 3


def test_hours_that_are_held_are_no_breach_where_the_shoot_begins_earlier_now(world: World) -> None:
    booking = confirmed(world, hours(world.bays[0], start="10:00"), units=[world.other], by=world.rival)
    generate_plan(booking=booking, by=world.rival)
    move_booking(booking=booking, hours=hours(world.bays[0]), by=world.rival)
    assert [f"{row.start:%H:%M}" for row in PlanEntry.objects.all()] == ["10:00"]
    page = client(world.rival).get(
        f"/unit/{world.other.code}/{world.campaign.code}/bookings/{booking.public_id}/plan/"
    )
    assert "该计划已超出实际接待能力" not in text(page)


@pytest.mark.parametrize(("mode", "shown"), [("id_card", True), ("capture_code", False)])
def test_class_sheets_name_people_in_order_unless_the_campaign_hides_them(
    world: World, mode: str, shown: bool
) -> None:
    booking = confirmed(world, hours(*world.bays))
    Campaign.objects.filter(pk=world.campaign.pk).update(identity_mode=mode)
    browser, desk = client(world.coordinator), client(world.photographer)
    here = f"bookings/{booking.public_id}/plan/"
    browser.post(unit(world, here + "make/"))
    people = Graduate.objects.filter(enrolment__class_group__name="会计1班").order_by(
        "enrolment__student_number"
    )
    first, last = people[0].enrolment, people.last().enrolment
    page = text(browser.get(unit(world, here + "classes/")))
    assert page.index(first.student_number) < page.index(last.student_number)
    assert (first.student.name in page) is shown
    for fact in ("09:15", "20 元", world.studio.address, "会计2班"):
        assert fact in page
    one = text(browser.get(unit(world, here + f"classes/?class={first.class_group.public_id}")))
    assert one.count("<article") == 1 and last.student_number in one
    assert browser.get(unit(world, here + "classes/?class=nobody")).status_code == 404
    seen = text(desk.get(studio(world, here + "classes/")))
    assert (first.student.name in seen, first.student_number in seen) == (shown, shown)
    assert AccessLog.objects.filter(action="class_sheets").count() == 3
    for path in (here, here + "print/"):
        assert first.student.name not in text(desk.get(studio(world, path)))


def test_plan_page_asks_the_database_as_often_for_many_classes(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    browser, here = client(world.coordinator), unit(world, f"bookings/{booking.public_id}/plan/")
    browser.post(here + "make/")
    counts = []
    for rounds in range(2):
        text(browser.get(here))  # takes the message of the last step away
        with CaptureQueriesContext(connection) as queries:
            text(browser.get(here))
            text(browser.get(here + "print/"))
            text(browser.get(here + "classes/"))
        counts.append(len(queries))
        if not rounds:
            for name in ("会计3班", "会计4班", "会计5班"):
                make.make_graduates(3, world.campaign, world.unit, class_name=name)
            roster_changed(world.campaign, [world.unit.pk], world.coordinator)
            browser.post(here + "make/")
    assert counts[0] == counts[1]
