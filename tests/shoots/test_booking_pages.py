"""Pages of booking, calendar, plan and routes: every form does its step, strangers see nothing."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from photocampus import clock
from photocampus.models import User
from sessions import booking as acts
from sessions.models import BlockedHours, Booking, Closure, PlanEntry, StationDayOff, Venue
from sessions.routes import set_flag
from students.models import ClassGroup
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_venue, make_world, name

pytestmark = pytest.mark.django_db
MORNING = "A1_2018-04-17_0930_1200"


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


def test_month_shows_free_hours_in_numbers_and_why_days_are_closed(world: World) -> None:
    confirmed(world, hours(world.bays[0]))
    page = text(client(world.coordinator).get(unit(world, "bookings/new/?month=2018-04-01")))
    assert "21/26" in page.replace(" ", "") or "21" in page
    assert (
        "清明节" in page and "<span>A1\N{NO-BREAK SPACE}8</span> <span>A2\N{NO-BREAK SPACE}13</span>" in page
    )
    for day in ("2018-04-17", "2018-04-08"):
        assert f"day={day}" in page
    for day in ("2018-04-16", "2018-04-05", "2018-04-06", "2018-04-07"):
        assert f"day={day}" not in page


def test_day_shows_who_holds_what_only_as_far_as_the_reader_may_know(world: World) -> None:
    ask(world)
    address = f"bookings/new/?picking=1&day={DAY}&month=2018-04-01"
    assert world.unit.name in text(client(world.coordinator).get(unit(world, address)))
    stranger = f"/unit/{world.other.code}/{world.campaign.code}/{address}"
    page = text(client(world.rival).get(stranger))
    assert world.unit.name not in page and page.count('<input type="checkbox"') == 13 + 8


def test_unit_asks_studio_confirms_unit_plans_and_prints(world: World) -> None:
    browser = client(world.coordinator)
    page = text(browser.get(unit(world, f"bookings/new/?picking=1&h={MORNING}&day={DAY}")))
    assert 'name="h" value="A1_2018-04-17_0930_1200"' in page
    sent = {
        "h": [MORNING],
        "picking": "1",
        "studio": world.studio.code,
        "kind": "group",
        "note": "请安排",
        "companion_name": "陈老师",
        "companion_phone": "13900000001",
    }
    answer = browser.post(unit(world, "bookings/new/"), sent)
    booking = Booking.objects.get()
    assert answer.status_code == 302 and booking.public_id in answer["Location"]
    desk = client(world.photographer)
    assert world.unit.name in text(desk.get(studio(world, "bookings/")))
    here = f"bookings/{booking.public_id}/"
    assert "请安排" in text(desk.get(studio(world, here)))
    assert desk.post(studio(world, here + "confirm/"), {"agreed_load": 60, "note": ""}).status_code == 302
    booking.refresh_from_db()
    assert booking.state == "confirmed"
    assert browser.post(unit(world, here + "plan/make/")).status_code == 302
    assert sum(PlanEntry.objects.values_list("people", flat=True)) == 43
    assert "会计1班" in text(browser.get(unit(world, here + "plan/")))
    assert "会计1班" in text(browser.get(unit(world, here + "plan/print/")))
    assert browser.get(unit(world, here + "plan.xlsx")).content[:2] == b"PK"
    assert "会计1班" in text(desk.get(studio(world, here + "plan/")))
    assert desk.get(studio(world, here + "plan.xlsx")).content[:2] == b"PK"
    for page in ("bookings/", here, "venues/", ""):
        assert "陈老师" in text(browser.get(unit(world, page))) or page in ("venues/", "")


def test_taken_hours_are_refused_with_alternatives_to_click(world: World) -> None:
    confirmed(world)
    browser = client(world.rival)
    path = f"/unit/{world.other.code}/{world.campaign.code}/bookings/new/"
    page = text(browser.post(path, {"h": [MORNING], "picking": "1", "kind": "group"}), 409)
    assert "h=A2_2018-04-17_0930_1200" in page.replace("&amp;", "&") and world.unit.name not in page
    assert Booking.objects.count() == 1


def test_who_asks_again_is_told_of_the_shoot_that_is_booked(world: World) -> None:
    browser = client(world.coordinator)
    link = 'id="booked-already"'
    assert link not in text(browser.get(unit(world, "bookings/new/")))
    booking = ask(world)
    page = text(browser.get(unit(world, "bookings/new/?kind=group")))
    assert link in page and unit(world, f"bookings/{booking.public_id}/") in page
    assert link not in text(browser.get(unit(world, "bookings/new/?kind=makeup")))
    acts.withdraw_booking(booking=booking, by=world.coordinator)
    assert link not in text(browser.get(unit(world, "bookings/new/?kind=group")))


def test_studio_proposes_unit_counters_and_accepts(world: World) -> None:
    booking = ask(world)
    name(world, booking)
    browser, desk = client(world.coordinator), client(world.photographer)
    here = f"bookings/{booking.public_id}/"
    text(desk.get(studio(world, here + "hours/")))
    other = "A1_2018-04-18_0930_1200"
    assert (
        desk.post(
            studio(world, here + "hours/"), {"h": [other], "picking": "1", "agreed_load": 50}
        ).status_code
        == 302
    )
    text(browser.get(unit(world, here)))
    third = "A2_2018-04-19_1300_1530"
    assert browser.post(unit(world, here + "hours/"), {"h": [third], "picking": "1"}).status_code == 302
    assert (
        desk.post(
            studio(world, here + "hours/"), {"h": [third, other], "picking": "1", "agreed_load": 40}
        ).status_code
        == 302
    )
    assert browser.post(unit(world, here + "accept/")).status_code == 302
    booking.refresh_from_db()
    assert (booking.state, booking.agreed_load, booking.holds.count()) == ("confirmed", 40, 10)
    assert browser.post(unit(world, here + "hours/"), {"h": [third], "picking": "1"}).status_code == 302
    assert booking.holds.count() == 5
    assert "原因" in text(browser.post(unit(world, here + "cancel/"), {"reason": ""}), 409)
    assert browser.post(unit(world, here + "cancel/"), {"reason": "停电"}).status_code == 302


def test_confirming_without_companion_says_so_and_changes_nothing(world: World) -> None:
    booking = ask(world)
    here = f"bookings/{booking.public_id}/"
    text(client(world.photographer).post(studio(world, here + "confirm/"), {"agreed_load": 60}), 409)
    booking.refresh_from_db()
    assert booking.state == "asked"
    answer = client(world.coordinator).post(
        unit(world, here + "companion/"), {"companion_name": "陈老师", "companion_phone": "13900000001"}
    )
    booking.refresh_from_db()
    assert answer.status_code == 302 and booking.companion_name == "陈老师"
    page = text(client(world.photographer).get(studio(world, here)))
    assert "13900000001" in page


def test_plan_is_adjusted_by_forms(world: World) -> None:
    booking = confirmed(world, hours(*world.bays), load=50)
    browser = client(world.coordinator)
    here = f"bookings/{booking.public_id}/plan/"
    browser.post(unit(world, here + "make/"))
    entry = PlanEntry.objects.filter(people__gt=3).first()
    page = text(browser.get(unit(world, here + f"?entry={entry.public_id}")))
    assert 'id="move_target"' in page
    target = "A2_2018-04-17_690" if entry.station.code == "A1" else "A1_2018-04-17_690"
    moved = browser.post(
        unit(world, here + "move/"), {"entry": entry.public_id, "target": target, "people": 2}
    )
    assert moved.status_code == 302
    new = PlanEntry.objects.get(start=dt.time(11, 30), is_locked=True)
    assert new.people == 2
    assert browser.post(unit(world, here + "unlock/"), {"entry": new.public_id}).status_code == 302
    assert browser.post(unit(world, here + "lock/"), {"entry": new.public_id}).status_code == 302
    text(
        browser.post(unit(world, here + "move/"), {"entry": new.public_id, "target": target, "people": 40}),
        409,
    )
    assert browser.post(unit(world, here + "remove/"), {"entry": new.public_id}).status_code == 302
    group = new.class_group
    added = browser.post(
        unit(world, here + "add/"), {"group": group.public_id, "target": target, "people": 1}
    )
    assert added.status_code == 302 and PlanEntry.objects.filter(people=1).exists()
    sent = {"group": group.public_id, "day": "2018-04-17", "start": "09:30", "end": "10:30"}
    assert browser.post(unit(world, here + "block/"), sent).status_code == 302
    blocked = BlockedHours.objects.get()
    assert browser.post(unit(world, here + "unblock/"), {"blocked": blocked.pk}).status_code == 302
    assert not BlockedHours.objects.exists()
    last = ClassGroup.objects.filter(unit=world.unit).order_by("name").last()
    assert last != ClassGroup.objects.filter(unit=world.unit).order_by("name").first()
    for row in ClassGroup.objects.filter(unit=world.unit):
        assert browser.post(unit(world, here + "block/"), {**sent, "group": row.public_id}).status_code == 302
    assert BlockedHours.objects.count() == 2


def test_studio_keeps_its_calendar(world: World) -> None:
    booking = confirmed(world)
    desk = client(world.photographer)
    days = studio(world, "days/")
    text(desk.get(days))
    text(desk.get(studio(world, f"calendar/?picking=1&day={DAY}&month=2018-04-01")))
    assert desk.post(days + "closure/", {"first": DAY, "last": DAY, "reason": "盘点"}).status_code == 302
    booking.refresh_from_db()
    assert booking.flag == "hours" and booking.holds.count() == 5
    assert "盘点" in text(desk.get(days))
    text(desk.post(days + "closure/", {"first": "2018-05-02", "last": "2018-05-01"}), 409)
    text(desk.post(days + "closure/", {"first": "x", "last": "2018-05-01"}), 422)
    assert desk.post(days + "closure-out/", {"id": Closure.objects.get().pk}).status_code == 302
    booking.refresh_from_db()
    assert booking.flag == ""
    monday = {"day": "2018-04-16", "morning_from": "09:30", "morning_until": "12:00"}
    assert desk.post(days + "exception/", monday).status_code == 302
    page = text(client(world.coordinator).get(unit(world, "bookings/new/?month=2018-04-01")))
    assert "day=2018-04-16" in page
    assert desk.post(days + "exception-out/", {"id": "2018-04-16"}).status_code == 302
    off = {"station": world.bays[0].pk, "day": DAY, "reason": "检修"}
    assert desk.post(days + "dayoff/", off).status_code == 302
    booking.refresh_from_db()
    assert booking.flag == "hours"
    assert desk.post(days + "dayoff-out/", {"id": StationDayOff.objects.get().pk}).status_code == 302
    station = {"code": "A9", "name": "九号", "kind": "bay", "rate": 25, "daily_load": 130, "is_active": "on"}
    assert desk.post(days + "station/", station).status_code == 302
    edit = studio(world, f"stations/{world.bays[1].public_id}/")
    text(desk.get(edit))
    assert (
        desk.post(edit, {"name": "新名", "rate": 30, "daily_load": 150, "is_active": "on"}).status_code == 302
    )
    world.bays[1].refresh_from_db()
    assert (world.bays[1].code, world.bays[1].rate) == ("A2", 30)


def test_studio_opens_a_day_for_individuals(world: World) -> None:
    desk = client(world.photographer)
    text(desk.get(studio(world, f"individual/?picking=1&day={DAY}")))
    sent = {"h": [MORNING], "picking": "1", "seats": 4}
    assert desk.post(studio(world, "individual/"), sent).status_code == 302
    booking = Booking.objects.get()
    assert (booking.kind, booking.state, booking.people) == ("individual", "confirmed", 20)
    text(desk.get(studio(world, f"bookings/{booking.public_id}/")))
    closed = desk.post(studio(world, f"bookings/{booking.public_id}/cancel/"), {"reason": "改期"})
    assert closed.status_code == 302 and not booking.holds.exists()


def test_rooms_are_entered_changed_and_retired(world: World) -> None:
    browser = client(world.coordinator)
    sent = {
        "name": "报告厅",
        "area": "60",
        "longest_side": "8",
        "doors": 2,
        "voltage": 220,
        "power": "10",
        "fire_equipment": "灭火器",
    }
    assert browser.post(unit(world, "venues/new/"), sent).status_code == 302
    text(browser.post(unit(world, "venues/new/"), sent), 409)
    text(browser.post(unit(world, "venues/new/"), {**sent, "area": "0"}), 422)
    venue = Venue.objects.get()
    here = unit(world, f"venues/{venue.public_id}/")
    text(browser.get(here))
    assert browser.post(here, {**sent, "area": "20"}).status_code == 302
    assert "30" in text(browser.get(unit(world, "venues/")))
    assert browser.post(f"{here}retire/").status_code == 302
    assert "报告厅" not in text(browser.get(unit(world, "venues/")))


def test_office_sees_routes_decides_and_settles_flags(world: World) -> None:
    booking = confirmed(world)
    staff = client(world.staff)
    routes = f"/office/{world.campaign.code}/routes/"
    page = text(staff.get(routes))
    assert world.unit.name in page and "-57" in page
    text(staff.get(routes + "?order=distance"))
    decide = f"{routes}{world.unit.code}/"
    text(staff.get(decide))
    text(staff.post(decide, {"route": "on_site", "reason": ""}), 422)
    assert staff.post(decide, {"route": "on_site", "reason": "校区搬迁"}).status_code == 302
    booking.refresh_from_db()
    assert booking.flag == "route"
    here = f"/office/{world.campaign.code}/bookings/{booking.public_id}/"
    text(staff.get(here))
    text(staff.post(here, {"act": "keep", "reason": ""}), 409)
    assert staff.post(here, {"act": "keep", "reason": "场地已安排"}).status_code == 302
    booking.refresh_from_db()
    assert booking.flag == "" and booking.state == "confirmed"
    set_flag(booking, "route", "x", None)
    assert staff.post(here, {"act": "off", "reason": "改为到校"}).status_code == 302
    booking.refresh_from_db()
    assert booking.state == "cancelled" and not booking.holds.exists()
    assert staff.post(decide, {"end": "1", "reason": "按规则"}).status_code == 302


def test_strangers_get_404(world: World) -> None:
    booking = confirmed(world)
    make_venue(world.unit)
    own, theirs = unit(world), studio(world)
    here = f"bookings/{booking.public_id}/"
    pages = [
        own + "bookings/",
        own + "bookings/new/",
        own + here,
        own + here + "hours/",
        own + here + "plan/",
        own + here + "plan/print/",
        own + here + "plan.xlsx",
        own + "venues/",
        own + f"venues/{Venue.objects.get().public_id}/",
        theirs + "bookings/",
        theirs + here,
        theirs + "calendar/",
        theirs + "days/",
        theirs + "individual/",
        f"/office/{world.campaign.code}/routes/",
    ]
    rival = client(world.rival)
    assert {page: rival.get(page).status_code for page in pages} == dict.fromkeys(pages, 404)
    other_unit = f"/unit/{world.other.code}/{world.campaign.code}/{here}"
    assert rival.get(other_unit).status_code == 404
    assert rival.post(other_unit + "withdraw/").status_code == 404
    desk = client(world.photographer)
    assert [desk.get(page).status_code for page in pages[:9]] == [404] * 9
    staff = client(world.staff)
    assert staff.get(own + here).status_code == 200 and staff.get(own + "bookings/new/").status_code == 404
    assert staff.post(own + here + "cancel/", {"reason": "x"}).status_code == 404


def test_lists_need_the_same_queries_for_one_and_three_bookings(
    world: World, django_assert_num_queries: Any
) -> None:
    pages = [
        (client(world.photographer), studio(world, "bookings/")),
        (client(world.coordinator), unit(world, "bookings/")),
        (client(world.staff), f"/office/{world.campaign.code}/routes/"),
    ]
    confirmed(world)
    counts = []
    for browser, address in pages:
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        counts.append(len(captured))
    for start, end in (("13:00", "14:00"), ("14:00", "15:00")):
        ask(world, hours(world.bays[0], start=start, end=end), reason="分批到店")
    for count, (browser, address) in zip(counts, pages, strict=True):
        with django_assert_num_queries(count):
            browser.get(address)
    assert acts.waiting_for(Booking.objects.latest("pk")) == "studio"
