"""When a confirmed shoot moves to other hours its plan goes along: seen before, done at once, told afterwards."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.urls import reverse

from photocampus import clock
from photocampus.models import Notification
from photocampus.told import sentence, tell_waiting
from sessions.booking import move_booking
from sessions.models import Booking, PlanChange, PlanEntry
from sessions.plan_edits import remove_entry, set_locked
from sessions.plan_moves import plan_in
from sessions.plan_rows import entries_of
from sessions.plans import generate_plan
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world

pytestmark = pytest.mark.django_db
LATER = DAY + dt.timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


@pytest.fixture
def booking(world: World) -> Booking:
    """29 and 14 people at two bays in one morning."""
    found = confirmed(world, hours(*world.bays))
    generate_plan(booking=found, by=world.coordinator)
    return found


def table(booking: Booking) -> list[tuple]:
    rows = entries_of(booking)
    return [
        (f"{r.day:%m-%d}", f"{r.start:%H:%M}", r.station.code, r.class_group.name, r.people) for r in rows
    ]


def test_who_keeps_the_hours_keeps_the_row_and_the_others_get_new_ones(
    world: World, booking: Booking
) -> None:
    rows = entries_of(booking)
    gone = rows[0].station
    left = [*hours(next(bay for bay in world.bays if bay != gone)), *hours(gone, day=LATER)]
    staying = {row.public_id for row in rows if row.station != gone}
    shown = plan_in(booking, left)
    assert shown is not None and shown.moved and not shown.lost and table(booking)[0][0] == "04-17"
    found = move_booking(booking=booking, hours=left, by=world.photographer)
    assert found == shown
    after = entries_of(booking)
    assert sum(row.people for row in after) == 43
    assert not [row for row in after if row.station == gone and row.day == DAY]
    assert staying <= {row.public_id for row in after}


def test_locked_entries_stay_as_long_as_their_hours_are_held(world: World, booking: Booking) -> None:
    last = entries_of(booking)[-1]
    set_locked(entry=last, locked=True, by=world.coordinator)
    left = [
        hour for hour in hours(*world.bays) if hour.start >= last.start or hour.station == last.station_id
    ]
    moved = move_booking(
        booking=booking, hours=[*left, *hours(world.bays[1], day=LATER)], by=world.coordinator
    )
    kept = PlanEntry.objects.get(public_id=last.public_id)
    assert kept.is_locked and kept.start == last.start
    assert moved is None or str(last.class_group_id) not in moved.moved


def test_more_hours_touch_nothing(world: World, booking: Booking) -> None:
    before = table(booking)
    more = [*hours(*world.bays), *hours(world.bays[0], start="13:00", end="14:00")]
    assert plan_in(booking, more) is None
    assert move_booking(booking=booking, hours=more, by=world.coordinator) is None
    assert table(booking) == before


def test_who_was_taken_out_of_the_plan_is_not_put_in_again(world: World, booking: Booking) -> None:
    out = entries_of(booking)[0]
    remove_entry(entry=out, by=world.coordinator)
    move_booking(booking=booking, hours=hours(*world.bays, day=LATER), by=world.coordinator)
    assert sum(row.people for row in entries_of(booking)) == 43 - out.people
    assert {row.day for row in entries_of(booking)} == {LATER}
    assert not PlanChange.objects.exists()


def test_too_little_room_leaves_the_rest_and_says_who_lost_the_hour(world: World, booking: Booking) -> None:
    few = hours(world.bays[0], start="09:30", end="10:30")
    shown = plan_in(booking, few)
    assert shown.refusal is not None and shown.refusal.data["lack"] == "hours"
    inside = [row for row in table(booking) if row[1:3] == ("09:30", world.bays[0].code)]
    found = move_booking(booking=booking, hours=few, by=world.photographer)
    assert table(booking) == inside and found.people_lost == 43 - sum(row[4] for row in inside)
    tell_waiting()
    told = Notification.objects.get(user=world.coordinator, event__kind="plan_followed")
    assert told.url == reverse("shoots:plan", args=[world.unit.code, "2018", booking.public_id])
    assert str(found.people_lost) in sentence(told) and "会计" in sentence(told)


def test_both_sides_are_told_which_classes_come_at_other_hours(world: World, booking: Booking) -> None:
    move_booking(booking=booking, hours=hours(*world.bays, day=LATER), by=world.coordinator)
    tell_waiting()
    told = Notification.objects.get(event__kind="plan_followed")
    assert told.user == world.photographer and "会计1班、会计2班" in sentence(told)


def test_pages_show_the_plan_in_the_new_hours_before_it_is_moved(
    client, world: World, booking: Booking
) -> None:
    codes = [f"A{n}_{LATER}_0930_1200" for n in (1, 2)]
    before = table(booking)
    for user, name, place in (
        (world.coordinator, "unit-hours", world.unit.code),
        (world.photographer, "studio-hours", world.studio.code),
    ):
        client.force_login(user)
        page = reverse(f"shoots:{name}", args=[place, "2018", booking.public_id])
        assert "<ins>" not in client.get(page).content.decode()
        shown = client.get(page, {"h": codes, "picking": "1"}).content.decode()
        assert "<del>04-17 09:30" in shown and "<ins>04-18 09:30" in shown
        few = client.get(page, {"h": [f"A1_{LATER}_0930_1030"], "picking": "1"}).content.decode()
        assert "<del>04-17 09:30" in few and "<ins>" not in few
    assert table(booking) == before
    client.force_login(world.coordinator)
    page = reverse("shoots:unit-hours", args=[world.unit.code, "2018", booking.public_id])
    answer = client.post(page, {"h": codes, "picking": "1", "note": ""})
    plan = reverse("shoots:plan", args=[world.unit.code, "2018", booking.public_id])
    assert answer.url == plan and {row[0] for row in table(booking)} == {"04-18"}


def test_start_page_counts_plans_in_which_people_have_no_hour(client, world: World, booking: Booking) -> None:
    plan = reverse("shoots:plan", args=[world.unit.code, "2018", booking.public_id])
    client.force_login(world.coordinator)
    start = reverse("units:unit-start")
    assert plan not in client.get(start).content.decode()
    remove_entry(entry=entries_of(booking)[0], by=world.coordinator)
    assert plan in client.get(start).content.decode()
