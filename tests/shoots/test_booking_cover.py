"""Who has room for everybody already: another shoot needs a reason, one at the same time is refused."""

import datetime as dt
from collections.abc import Iterator

import pytest

from photocampus import clock
from photocampus.events import history_of
from sessions import booking as acts
from sessions import offers, waitlist
from sessions.booking_cover import MoreThanNeeded, SameTime, cover_of
from sessions.booking_view import conversation
from sessions.models import Booking
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_world
from tests.shoots.test_booking_pages import client, text, unit

pytestmark = pytest.mark.django_db
LATER = DAY + dt.timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def room(world: World, *units: object) -> tuple[int, int, bool]:
    cover = cover_of(world.campaign, units or [world.unit], "group")  # type: ignore[arg-type]
    return cover.people, cover.room, cover.is_full


def test_room_is_what_the_hours_take_at_the_agreed_load(world: World) -> None:
    assert room(world) == (0, 0, False)
    booking = ask(world, hours(world.bays[0], start="13:00", end="15:00"))
    assert room(world) == (43, 40, False)
    acts.propose_hours(booking=booking, hours=hours(*world.bays), agreed_load=20, by=world.photographer)
    assert room(world) == (43, 40, False)
    acts.withdraw_booking(booking=booking, by=world.coordinator)
    assert room(world) == (0, 0, False)


def test_missing_hours_are_asked_for_without_a_reason_and_more_only_with_one(world: World) -> None:
    ask(world, hours(world.bays[0], start="13:00", end="15:00"))
    second = ask(world, hours(world.bays[1], start="13:00", end="15:00"))  # at the same time: 40 are not 43
    assert [message.step for message in second.messages.all()] == ["asked"]
    with pytest.raises(MoreThanNeeded) as refusal:
        ask(world, hours(world.bays[0], day=LATER))
    assert "80" in str(refusal.value) and "43" in str(refusal.value)
    with pytest.raises(MoreThanNeeded):
        ask(world, hours(world.bays[0], day=LATER), reason="  ")
    third = ask(world, hours(world.bays[0], day=LATER), reason="一个班实习，改日拍摄")
    assert [message.step for message in third.messages.all()] == ["asked", "more"]
    assert conversation(third)[1].text == "一个班实习，改日拍摄"
    assert history_of(third).get(kind="state_asked").reason == "一个班实习，改日拍摄"


def test_the_same_time_is_refused_whatever_the_reason(world: World) -> None:
    ask(world)
    with pytest.raises(SameTime) as refusal:
        ask(world, hours(world.bays[1], start="11:30", end="12:00"), reason="再要一个棚")
    assert "4月17日 11:30–12:00 A1" in str(refusal.value)
    with pytest.raises(SameTime):
        ask(world)  # sent twice
    assert Booking.objects.count() == 1


def test_makeups_come_on_top_of_the_group_shoot(world: World) -> None:
    confirmed(world)
    makeup = ask(world, hours(world.bays[1]), kind="makeup")
    with pytest.raises(MoreThanNeeded):
        ask(world, hours(world.bays[1], day=LATER), kind="makeup")
    acts.withdraw_booking(booking=makeup, by=world.coordinator)
    ask(world, hours(world.bays[1], day=LATER), kind="makeup")


def test_a_joint_shoot_keeps_the_places_of_its_other_units(world: World) -> None:
    fields = {"units": [world.unit, world.other], "by": world.staff}
    ask(world, hours(world.bays[0], start="13:00", end="15:30"), **fields)  # 50 places for 43 and 5
    assert room(world) == (43, 45, True) and room(world, world.other) == (5, 7, True)
    with pytest.raises(MoreThanNeeded):
        ask(world, hours(world.bays[0], day=LATER), units=[world.other], by=world.rival)


def test_an_offer_on_top_of_enough_room_is_taken_with_a_reason(world: World) -> None:
    place = make.make_unit()
    make.make_graduates(60, world.campaign, place)
    full = [*hours(*world.bays), *hours(*world.bays, start="13:00", end="17:00")]
    blocking = ask(world, full, units=[place], by=make.make_coordinator(place))
    entry = waitlist.join_waitlist(
        campaign=world.campaign, studio=world.studio, unit=world.unit, kind="group", day=DAY, by=world.coordinator
    )  # fmt: skip
    ask(world, hours(world.bays[0], day=LATER))
    acts.decline_booking(booking=blocking, reason="检修", by=world.photographer)
    assert offers.offer_wherever_free() == 0
    entry.refresh_from_db()
    browser, here = client(world.coordinator), unit(world, f"bookings/{entry.booking.public_id}/")
    assert 'name="reason"' in text(browser.get(here))
    assert "另约" in text(browser.post(here + "take/"), 409)
    assert browser.post(here + "take/", {"reason": "更合适"}).status_code == 302
    entry.booking.refresh_from_db()
    assert entry.booking.state == "asked"
    assert [m.step for m in entry.booking.messages.all()] == ["offered", "asked", "more"]


def test_page_asks_for_the_reason_and_says_what_is_booked(world: World) -> None:
    browser, path = client(world.coordinator), unit(world, "bookings/new/")
    assert 'name="reason"' not in text(browser.get(path))
    ask(world)
    page = text(browser.get(path))
    assert 'name="reason"' in page and "可容纳 50 人，应拍 43 人" in page
    sent = {"h": ["A1_2018-04-18_0930_1200"], "picking": "1", "kind": "group"}
    text(browser.post(path, sent), 422)
    assert browser.post(path, {**sent, "reason": "分两天"}).status_code == 302
    same = {**sent, "h": ["A2_2018-04-17_0930_1000"], "reason": "分两天"}
    assert "不要重复申请" in text(browser.post(path, same), 409)
