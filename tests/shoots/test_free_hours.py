"""What is truly free: hours of today that have begun are not, and taken days are replaced by others."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest

from photocampus import clock
from sessions import booking as acts
from sessions.holding import HoursTaken
from sessions.hours import HalfHour, StudioClosed, availability, room_in
from sessions.models import Station
from sessions.studio_days import add_closure
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_world
from tests.shoots.test_booking_pages import client, studio, text

pytestmark = pytest.mark.django_db
APRIL_18 = DAY + dt.timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def at(time: str) -> dt.datetime:
    return dt.datetime.combine(DAY, dt.time.fromisoformat(time))


def whole(*stations: Station, day: dt.date = DAY) -> list[HalfHour]:
    """A whole day of these stations."""
    return [*hours(*stations, day=day), *hours(*stations, day=day, start="13:00", end="17:00")]


def shop(world: World) -> tuple[int, int, int]:
    """Today at this moment: free and all half hours, and the people they take."""
    (day,) = availability(studio=world.studio, campaign=world.campaign, kind="group", first=DAY, last=DAY)
    return day.free, day.all, day.people


def refused(world: World, wanted: list[HalfHour]) -> HoursTaken:
    with pytest.raises(HoursTaken) as refusal:
        ask(world, wanted, units=[world.other], by=world.rival)
    return refusal.value


def test_two_days_of_all_stations_are_replaced_by_two_others(world: World) -> None:
    wanted = [*whole(*world.bays), *whole(*world.bays, day=APRIL_18)]
    ask(world, wanted)
    refusal = refused(world, wanted)
    first = refusal.data["alternatives"][0]
    assert sorted({hour.day.day for hour in first}) == [15, 19] and len(first) == len(wanted)
    stations = {bay.pk: bay for bay in world.bays}
    assert room_in(first, stations) == room_in(wanted, stations) and "30 天内没有" not in str(refusal)
    assert ask(world, first, units=[world.other], by=world.rival).holds.count() == 52


def test_three_days_of_one_station_are_replaced_even_where_no_whole_day_is_left(world: World) -> None:
    days = [DAY + dt.timedelta(days=n) for n in range(3)]
    wanted = [hour for day in days for hour in whole(world.bays[0], day=day)]
    ask(world, wanted)
    first = refused(world, wanted).data["alternatives"][0]
    assert sorted({(hour.station, hour.day) for hour in first}) == [(world.bays[1].pk, day) for day in days]
    add_closure(
        studio=world.studio, first=DAY + dt.timedelta(days=3), last=dt.date(2018, 7, 15), reason="", by=world.photographer
    )  # fmt: skip
    first_day, last_day = dt.date(2018, 3, 20), dt.date(2018, 4, 16)
    days_before = availability(
        studio=world.studio, campaign=world.campaign, kind="group", first=first_day, last=last_day
    )
    full = [
        HalfHour(s.pk, day.day, at) for day in days_before for s in day.stations for at in day.free_of(s)[2:]
    ]
    confirmed(world, full, units=[world.other], by=world.rival)
    scattered = refused_by(world, wanted).data["alternatives"][0]  # two half hours of each morning are left
    assert len(set(scattered)) == 39 and not set(scattered) & set(wanted)


def refused_by(world: World, wanted: list[HalfHour]) -> HoursTaken:
    place = make.make_unit()
    make.make_graduates(3, world.campaign, place)
    with pytest.raises(HoursTaken) as refusal:
        ask(world, wanted, units=[place], by=make.make_coordinator(place))
    return refusal.value


def test_none_is_said_only_when_there_are_too_few_hours(world: World) -> None:
    ask(world, whole(*world.bays))
    for first, last in (((2018, 3, 18), (2018, 4, 16)), ((2018, 4, 18), (2018, 5, 17))):
        add_closure(
            studio=world.studio, first=dt.date(*first), last=dt.date(*last), reason="", by=world.photographer
        )
    refusal = refused(world, whole(*world.bays))
    assert refusal.data["alternatives"] == [] and "30 天内没有" in str(refusal)


def test_one_click_takes_the_days_found(world: World) -> None:
    wanted = [*whole(*world.bays), *whole(*world.bays, day=APRIL_18)]
    ask(world, wanted)
    browser = client(world.rival)
    path = f"/unit/{world.other.code}/{world.campaign.code}/bookings/new/"
    codes = [
        f"{bay.code}_{day}_{span}"
        for bay in world.bays
        for day in (DAY, APRIL_18)
        for span in ("0930_1200", "1300_1700")
    ]
    page = text(browser.post(path, {"h": codes, "picking": "1", "kind": "group"}), 409)
    form = page[page.index('<ul class="alternatives">') :]
    form = form[: form.index("</form>")]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    fields.pop("csrfmiddlewaretoken", None)
    assert len(fields["h"]) == 8
    assert browser.post(path, fields).status_code == 302
    assert world.other.bookings.get().holds.count() == 52


def test_hours_of_today_that_have_begun_are_not_free(world: World) -> None:
    with clock.at(at("09:00")):
        assert shop(world) == (26, 26, 240)
    with clock.at(at("15:00")):
        assert shop(world) == (6, 26, 60)  # 15:30 to 17:00
    with clock.at(at("16:30")):
        assert shop(world)[0] == 0
    with clock.at(at("17:00")):
        (day,) = availability(studio=world.studio, campaign=world.campaign, kind="group", first=DAY, last=DAY)
        assert day.is_past and not day.can_be_asked


def test_hours_of_today_that_have_begun_cannot_be_asked_for(world: World) -> None:
    fields: dict[str, Any] = {
        "campaign": world.campaign,
        "studio": world.studio,
        "units": [world.unit],
        "kind": "group",
        "by": world.coordinator,
    }
    with clock.at(at("13:30")):
        for wanted in (hours(world.bays[0]), hours(world.bays[0], start="13:30", end="14:30")):
            with pytest.raises(StudioClosed) as refusal:
                acts.ask_booking(hours=wanted, **fields)
            assert refusal.value.data["why"] == "begun" and f"{wanted[0].start:%H:%M}" in str(refusal.value)
        booking = acts.ask_booking(hours=hours(world.bays[0], start="14:00", end="15:00"), **fields)
    assert booking.holds.count() == 2


def test_alternatives_of_today_are_still_to_come(world: World) -> None:
    confirmed(world, hours(world.bays[0], start="14:00", end="15:00"))
    with clock.at(at("13:00")), pytest.raises(HoursTaken) as refusal:
        acts.ask_booking(
            campaign=world.campaign, studio=world.studio, units=[world.other], kind="group", by=world.rival,
            hours=hours(world.bays[0], start="14:00", end="15:00"),
        )  # fmt: skip
    assert all((h.day, h.start) > (DAY, dt.time(13, 0)) for h in refusal.value.data["alternatives"][0])


def test_a_request_is_confirmed_until_its_last_half_hour_begins(world: World) -> None:
    booking = ask(world, companion_name="陈老师", companion_phone="13900000001")
    type(booking).objects.update(held_until=at("23:00").replace(tzinfo=clock.now().tzinfo))
    with clock.at(at("12:00")):
        assert acts.hindrances(booking)
        with pytest.raises(StudioClosed) as refusal:
            acts.confirm_booking(booking=booking, agreed_load=50, by=world.photographer)
        assert refusal.value.data["why"] == "over"
    with clock.at(at("10:15")):
        assert not acts.hindrances(booking)
        acts.confirm_booking(booking=booking, agreed_load=50, by=world.photographer)
    booking.refresh_from_db()
    assert booking.state == "confirmed"


def test_a_shoot_of_today_keeps_its_begun_hours_when_it_moves(world: World) -> None:
    booking = confirmed(world)
    with clock.at(at("10:15")):
        later = [*hours(world.bays[0], end="11:00"), *hours(world.bays[0], start="13:00", end="14:00")]
        acts.move_booking(booking=booking, hours=later, by=world.coordinator)
        with pytest.raises(StudioClosed) as refusal:
            acts.move_booking(booking=booking, hours=[*later, *hours(world.bays[1], end="10:00")], by=world.coordinator)  # fmt: skip
        assert refusal.value.data["why"] == "begun"
    assert booking.holds.count() == 5


def test_day_view_says_which_chosen_hours_are_over(world: World) -> None:
    booking = confirmed(world, hours(world.bays[1]))
    with clock.at(at("10:15")):
        desk = client(world.photographer)
        page = text(desk.get(studio(world, f"bookings/{booking.public_id}/hours/")))
        assert 'class="is-lost"' not in page  # its own
        path = f"/unit/{world.other.code}/{world.campaign.code}/bookings/new/?picking=1&h=A1_2018-04-17_0930_1200"
        page = text(client(world.rival).get(path))
        assert page.count('<li class="is-lost">') == 1 and "已过" in page
