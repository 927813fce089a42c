"""A studio's own weekly hours from a day on: who loses hours is shown before anything is saved, and flagged after."""

import datetime as dt
from collections.abc import Iterator

import pytest

from photocampus import clock
from photocampus.errors import NotAllowed
from photocampus.events import history_of
from sessions import weekly_hours as use
from sessions.hours import calendar_of
from sessions.models import Booking, WeeklyHours
from sessions.routes import FLAG_HOURS
from sessions.studio_days import SpansInWrongOrder
from sessions.waitlist import join_waitlist
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world
from tests.shoots.test_booking_pages import client, studio, text

pytestmark = pytest.mark.django_db
APRIL_17, MAY_1 = DAY, dt.date(2018, 5, 2)
SHORT = [(dt.time(10), dt.time(12)), (dt.time(13), dt.time(16))]
WEEK = dict.fromkeys(range(1, 7), SHORT)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def change(world: World, since: dt.date = APRIL_17, week: use.Spans = WEEK) -> int:
    return use.set_weekly_hours(studio=world.studio, since=since, spans=week, by=world.photographer)


def opens(world: World, day: dt.date) -> str:
    return " ".join(f"{s.start:%H:%M}-{s.end:%H:%M}" for s in calendar_of(world.studio).spans(day))


def test_hours_hold_from_their_first_day_until_the_next_ones(world: World) -> None:
    change(world)
    change(world, MAY_1, {0: [(dt.time(8), dt.time(12))]})
    assert opens(world, APRIL_17 - dt.timedelta(days=2)) == "09:30-12:00 13:00-17:00"
    assert opens(world, APRIL_17) == "10:00-12:00 13:00-16:00"
    assert opens(world, dt.date(2018, 5, 2)) == "" and opens(world, dt.date(2018, 5, 7)) == "08:00-12:00"
    change(world, MAY_1, {2: [(dt.time(8), dt.time(12))]})  # the same first day: replaced
    assert opens(world, dt.date(2018, 5, 7)) == "" and opens(world, dt.date(2018, 5, 9)) == "08:00-12:00"
    use.remove_weekly_hours(studio=world.studio, since=MAY_1, by=world.photographer)
    assert opens(world, dt.date(2018, 5, 9)) == "10:00-12:00 13:00-16:00"
    kinds = [event.kind for event in history_of(world.studio)]
    assert kinds == ["weekly_hours_set"] * 3 + ["weekly_hours_removed"]


def test_bookings_that_lose_hours_are_known_before_and_flagged_after(world: World) -> None:
    early = confirmed(world)
    confirmed(world, hours(world.bays[0], start="13:00", end="14:00"), units=[world.other], by=world.rival)
    assert use.bookings_that_lose_hours(world.studio, APRIL_17, WEEK) == [(early, [DAY])]
    assert (
        not Booking.objects.exclude(flag="").exists() and WeeklyHours.objects.filter(since=None).count() == 12
    )
    assert use.bookings_that_lose_hours(world.studio, APRIL_17 + dt.timedelta(days=1), WEEK) == []
    assert change(world) == 1
    early.refresh_from_db()
    assert early.flag == FLAG_HOURS and early.state == "confirmed" and early.holds.count() == 5
    longer = {weekday: [*SHORT, (dt.time(9), dt.time(10))] for weekday in range(1, 7)}
    assert change(world, week=longer) == 0
    early.refresh_from_db()
    assert early.flag == ""
    assert use.bookings_that_lose_hours(world.studio, APRIL_17, longer) == []


@pytest.mark.parametrize(
    "spans",
    [
        [(dt.time(12), dt.time(10))],
        [(dt.time(9, 15), dt.time(12))],
        [(dt.time(9), dt.time(12)), (dt.time(11, 30), dt.time(17))],
    ],
)
def test_hours_are_whole_half_hours_in_order(world: World, spans: list[tuple[dt.time, dt.time]]) -> None:
    with pytest.raises(SpansInWrongOrder):
        change(world, week={1: spans})


def test_what_is_over_stays_and_strangers_change_nothing(world: World) -> None:
    with pytest.raises(use.BeginsInThePast):
        change(world, NOW.date() - dt.timedelta(days=1))
    with pytest.raises(use.NeverOpen):
        change(world, week={})
    change(world, NOW.date())
    with pytest.raises(use.BeginsInThePast):
        use.remove_weekly_hours(studio=world.studio, since=NOW.date(), by=world.photographer)
    for by in (world.staff, world.coordinator, make.make_photographer(make.make_studio())):
        with pytest.raises(NotAllowed):
            use.set_weekly_hours(studio=world.studio, since=MAY_1, spans=WEEK, by=by)
        with pytest.raises(NotAllowed):
            use.remove_weekly_hours(studio=world.studio, since=MAY_1, by=by)


def test_longer_hours_serve_the_waiting_list(world: World) -> None:
    confirmed(world, [*hours(*world.bays), *hours(*world.bays, start="13:00", end="17:00")])
    entry = join_waitlist(
        campaign=world.campaign, studio=world.studio, unit=world.other, kind="group", day=DAY, by=world.rival
    )
    change(world, week={1: [(dt.time(9, 30), dt.time(12)), (dt.time(13), dt.time(18))]})
    entry.refresh_from_db()
    assert entry.state == "offered"


def sent(**more: str) -> dict[str, str]:
    fields = {"since": f"{APRIL_17}"}
    for weekday in range(1, 7):
        fields |= {
            f"morning_from_{weekday}": "10:00",
            f"morning_until_{weekday}": "12:00",
            f"afternoon_from_{weekday}": "13:00",
            f"afternoon_until_{weekday}": "16:00",
        }
    return {**fields, **more}


def test_page_shows_the_week_and_saves_only_what_was_seen(world: World) -> None:
    desk, here = client(world.photographer), studio(world, "days/weekly/")
    page = text(desk.get(here))
    assert page.count('value="09:30"') == 6 and 'value="2018-03-21"' in page
    text(desk.post(here, sent(morning_until_1="")), 422)
    text(desk.post(here, sent(since="2018-03-01")), 409)
    first = confirmed(world)
    page = text(desk.post(here, sent()))
    assert (
        world.unit.name in page
        and "04-17" in page
        and not WeeklyHours.objects.filter(since=APRIL_17).exists()
    )
    seen = page.split('name="seen" value="')[1].split('"')[0]
    second = confirmed(world, hours(world.bays[1]), units=[world.other], by=world.rival)
    assert world.other.name in text(desk.post(here, sent(seen=seen)))  # another one meanwhile: listed first
    page = text(desk.post(here, sent()))
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert desk.post(here, sent(seen=seen)).status_code == 302
    assert {row.flag for row in Booking.objects.filter(pk__in=[first.pk, second.pk])} == {FLAG_HOURS}
    page = text(desk.get(studio(world, "days/")))
    assert "自 2018-04-17 起" in page and "10:00–12:00, 13:00–16:00" in page and 'value="2018-04-17"' in page
    assert desk.post(studio(world, "days/weekly-out/"), {"id": "2018-04-17"}).status_code == 302
    assert "自 2018-04-17 起" not in text(desk.get(studio(world, "days/")))
    assert not Booking.objects.exclude(flag="").exists()
    text(desk.post(studio(world, "days/weekly-out/"), {"id": "x"}), 404)


def test_without_anybody_who_loses_hours_it_is_saved_at_once(world: World) -> None:
    confirmed(world, hours(world.bays[0], start="10:00", end="12:00"))
    desk = client(world.photographer)
    assert desk.post(studio(world, "days/weekly/"), sent()).status_code == 302
    assert opens(world, APRIL_17) == "10:00-12:00 13:00-16:00"
    staff = client(world.staff)
    assert staff.get(studio(world, "days/weekly/")).status_code == 404
    assert "days/weekly/" not in text(staff.get(studio(world, "days/")))


def test_staff_change_weekly_hours_in_the_admin_and_are_told_who_is_flagged(world: World) -> None:
    confirmed(world)
    staff = client(world.staff)
    data = {"studio": world.studio.pk, "since": f"{APRIL_17}", "weekday": 1, "start": "13:00", "end": "17:00"}
    answer = staff.post("/admin/shoots/weeklyhours/add/", data, follow=True)
    assert "有 1 个预约占用的时段不再开放" in text(answer)
    assert opens(world, APRIL_17) == "13:00-17:00" and Booking.objects.get().flag == FLAG_HOURS
    assert staff.post("/admin/shoots/weeklyhours/add/", data).status_code == 200  # twice is a mistake
    assert WeeklyHours.objects.filter(since=APRIL_17).count() == 1
