"""Changes of a plan by hand: undone step by step, judged by what they make worse, refused once the hour has begun."""

import datetime as dt
from collections.abc import Iterator

import pytest

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.events import history_of
from sessions.booking import move_booking
from sessions.models import Attendance, AttendanceState, Booking, BookingState, PlanChange, PlanEntry, Shot
from sessions.paces import paces_of
from sessions.plan_edits import (
    LaterChange,
    add_entry,
    move_entry,
    open_changes,
    remove_entry,
    seal,
    set_locked,
    undo_change,
)
from sessions.plan_rows import entries_of
from sessions.plan_rules import ClassTooSmall, EntryOver, HourFull, HourNotHeld, frame_of, people_by_hour
from sessions.planner import Pace
from sessions.plans import forecast_of, generate_plan
from students.hooks import roster_changed
from students.models import Graduate, RosterState
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world

pytestmark = pytest.mark.django_db
HALF_PAST_11 = dt.time(11, 30)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


@pytest.fixture
def booking(world: World) -> Booking:
    """43 people at two bays on one morning: 29 in one class, 14 in the other."""
    found = confirmed(world, hours(*world.bays))
    generate_plan(booking=found, by=world.coordinator)
    return found


def table(booking: Booking) -> list[tuple]:
    return [
        (f"{r.start:%H:%M}", r.station.code, r.class_group.name, r.people, r.is_locked, f"{r.end:%H:%M}")
        for r in entries_of(booking)
    ]


def entry_at(booking: Booking, start: str) -> PlanEntry:
    return next(row for row in entries_of(booking) if f"{row.start:%H:%M}" == start)


def test_several_steps_are_undone_one_after_the_other(world: World, booking: Booking) -> None:
    before = [table(booking)]
    by = world.coordinator

    def step() -> None:
        before.append(table(booking))

    place = {"day": DAY, "by": by}
    move_entry(entry=entry_at(booking, "09:30"), station=world.bays[1], start=HALF_PAST_11, people=4, **place)
    step()
    move_entry(entry=entry_at(booking, "11:30"), station=world.bays[1], start=dt.time(9, 30), **place)
    step()
    moved = next(row for row in entries_of(booking) if row.is_locked and row.people == 4)
    set_locked(entry=moved, locked=False, by=by)
    step()
    group, people = moved.class_group, moved.people
    remove_entry(entry=moved, by=by)
    step()
    add_entry(
        booking=booking, class_group=group, station=world.bays[1], start=HALF_PAST_11, people=people, **place
    )
    assert [change.kind for change in open_changes(booking)] == [
        "added", "removed", "unlocked", "moved", "split",
    ]  # fmt: skip
    for expected in reversed(before):
        undo_change(change=open_changes(booking)[0], by=by)
        assert table(booking) == expected
    assert open_changes(booking) == []
    assert [event.kind for event in history_of(booking)].count("plan_undone") == 5


def test_whatever_rests_on_a_change_is_undone_first(world: World, booking: Booking) -> None:
    by, bay = world.coordinator, world.bays[1]
    first = move_entry(
        entry=entry_at(booking, "09:30"), station=bay, day=DAY, start=HALF_PAST_11, people=3, by=by
    )
    other = next(row for row in entries_of(booking) if row.class_group != first.class_group)
    set_locked(entry=other, locked=True, by=by)
    early, late = reversed(open_changes(booking))
    undo_change(change=early, by=by)  # nothing rests on it: the lock is another class's
    assert not PlanEntry.objects.filter(start=HALF_PAST_11, station=bay).exists()
    third = move_entry(
        entry=entry_at(booking, "09:30"), station=bay, day=DAY, start=HALF_PAST_11, people=3, by=by
    )
    move_entry(entry=third, station=world.bays[0], day=DAY, start=HALF_PAST_11, people=1, by=by)
    _fourth, resting, _late = open_changes(booking)
    with pytest.raises(LaterChange):
        undo_change(change=resting, by=by)
    undo_change(change=late, by=by)
    with pytest.raises(ChangedMeanwhile):
        undo_change(change=late, by=by)
    with pytest.raises(NotAllowed):
        undo_change(change=resting, by=world.rival)


def test_plan_made_again_cannot_be_undone_and_keeps_rows_in_their_place(
    world: World, booking: Booking
) -> None:
    keys = {row.public_id for row in entries_of(booking)}
    generate_plan(booking=booking, by=world.coordinator)
    assert {row.public_id for row in entries_of(booking)} == keys
    set_locked(entry=entry_at(booking, "09:30"), locked=True, by=world.coordinator)
    change = open_changes(booking)[0]
    generate_plan(booking=booking, by=world.coordinator)
    assert not PlanChange.objects.exists()
    with pytest.raises(ChangedMeanwhile):
        undo_change(change=change, by=world.coordinator)


def test_undo_into_hours_that_are_gone_is_refused(world: World, booking: Booking) -> None:
    entry = entry_at(booking, "09:30")
    move_entry(
        entry=entry, station=world.bays[1], day=DAY, start=HALF_PAST_11, people=3, by=world.coordinator
    )
    rest = entry_at(booking, "09:30")
    remove_entry(entry=rest, by=world.coordinator)
    left = [hour for hour in hours(*world.bays) if hour.start >= dt.time(10, 30)]
    move_booking(booking=booking, hours=left, by=world.coordinator)
    with pytest.raises(HourNotHeld):
        undo_change(change=open_changes(booking)[0], by=world.coordinator)
    assert open_changes(booking)[0].kind == "removed"


def test_entry_that_somebody_else_changed_is_not_overwritten(world: World, booking: Booking) -> None:
    entry = entry_at(booking, "09:30")
    shown, by = seal(entry), world.coordinator
    place = {"station": world.bays[1], "day": DAY, "start": HALF_PAST_11, "by": by, "seen": shown}
    move_entry(entry=entry, people=2, **place)
    before = table(booking)
    for act in (
        lambda: move_entry(entry=entry, people=2, **place),
        lambda: remove_entry(entry=entry, by=by, seen=shown),
        lambda: set_locked(entry=entry, locked=False, by=by, seen=shown),
    ):
        with pytest.raises(ChangedMeanwhile):
            act()
    gone = PlanEntry.objects.get(pk=entry.pk)
    remove_entry(entry=gone, by=by, seen=seal(gone))
    with pytest.raises(ChangedMeanwhile):
        move_entry(entry=entry, people=1, **{**place, "seen": ""})
    undo_change(change=open_changes(booking)[0], by=by)
    assert table(booking) == before


def test_plan_that_no_longer_fits_is_repaired_step_by_step(world: World, booking: Booking) -> None:
    """Two people of one class left: the other class is still moved, and no change may add to what is wrong."""
    gone = Graduate.objects.filter(enrolment__class_group__name="会计1班")[:2]
    Graduate.objects.filter(pk__in=[row.pk for row in gone]).update(roster_state=RosterState.LEFT)
    roster_changed(world.campaign, [world.unit.pk], world.coordinator)
    by, bay = world.coordinator, world.bays[1]
    small = next(row for row in entries_of(booking) if row.class_group.name == "会计2班")
    move_entry(entry=small, station=bay, day=DAY, start=HALF_PAST_11, people=2, by=by)
    large = next(row for row in entries_of(booking) if row.class_group.name == "会计1班")
    with pytest.raises(ClassTooSmall):
        add_entry(
            booking=booking, class_group=large.class_group, station=bay, day=DAY, start=HALF_PAST_11, people=1, by=by
        )  # fmt: skip
    with pytest.raises(HourFull):
        move_entry(entry=large, station=bay, day=DAY, start=HALF_PAST_11, by=by)


def test_hours_that_have_begun_are_no_longer_changed(world: World, booking: Booking) -> None:
    by, bay = world.coordinator, world.bays[1]
    with clock.at(dt.datetime(2018, 4, 17, 10, 30)):
        for start in ("09:30", "10:30"):
            entry = entry_at(booking, start)
            for act in (
                lambda entry=entry: move_entry(
                    entry=entry, station=bay, day=DAY, start=HALF_PAST_11, people=1, by=by
                ),
                lambda entry=entry: remove_entry(entry=entry, by=by),
                lambda entry=entry: set_locked(entry=entry, locked=True, by=by),
            ):
                with pytest.raises(EntryOver):
                    act()
    with clock.at(dt.datetime(2018, 4, 17, 9, 0)):
        move_entry(
            entry=entry_at(booking, "09:30"), station=bay, day=DAY, start=HALF_PAST_11, people=1, by=by
        )
    with clock.at(dt.datetime(2018, 4, 17, 9, 45)):
        with pytest.raises(EntryOver):  # nobody is sent back into an hour that has begun
            undo_change(change=open_changes(booking)[0], by=by)
        with pytest.raises(EntryOver):
            move_entry(entry=entry_at(booking, "11:30"), station=bay, day=DAY, start=dt.time(9, 30), by=by)


def test_class_that_came_early_is_no_longer_moved(world: World, booking: Booking) -> None:
    Booking.objects.filter(pk=booking.pk).update(state=BookingState.UNDER_WAY)
    booking.refresh_from_db()
    small = next(row for row in entries_of(booking) if row.class_group.name == "会计2班")
    people = Attendance.objects.filter(booking=booking, graduate__enrolment__class_group=small.class_group)
    Attendance.objects.filter(pk=people[0].pk).update(state=AttendanceState.CHECKED_IN)
    with clock.at(dt.datetime(2018, 4, 17, 9, 15)), pytest.raises(EntryOver):
        move_entry(
            entry=small, station=world.bays[1], day=DAY, start=HALF_PAST_11, people=1, by=world.coordinator
        )


def test_making_the_plan_again_on_the_day_keeps_what_is_over(world: World, booking: Booking) -> None:
    """At 10:40 the first two hours stay as they are, also those whose people were marked absent; nobody is put there."""
    before = [row for row in table(booking) if row[0] < "11:30"]
    late = [row for row in entries_of(booking) if row.start == HALF_PAST_11]
    assert late
    with clock.at(dt.datetime(2018, 4, 17, 10, 40)):
        Attendance.objects.filter(pk__in=Attendance.objects.filter(booking=booking).values("pk")[:1]).update(
            state=AttendanceState.ABSENT
        )
        generate_plan(booking=booking, by=world.coordinator)
        assert [row for row in table(booking) if row[0] < "11:30"] == before
        assert sum(row.people for row in entries_of(booking)) in (42, 43)


def test_hour_beside_the_grid_takes_its_share_of_the_places(world: World, booking: Booking) -> None:
    """What a disturbance left across two hours is counted in both; its places are not given away a second time."""
    row = entry_at(booking, "09:30")
    PlanEntry.objects.filter(pk=row.pk).update(start=dt.time(10, 0), end=dt.time(11, 0), people=15)
    frame, rows = frame_of(booking), entries_of(booking)
    mine = [entry for entry in rows if entry.pk == row.pk]
    assert people_by_hour(frame, mine) == {
        (row.station.code, DAY, 600): 15,
        (row.station.code, DAY, 570): 8,
        (row.station.code, DAY, 630): 8,
    }
    late = entry_at(booking, "11:30")
    with pytest.raises(HourFull):  # twenty are planned there already, beside the eight of the longer hour
        move_entry(
            entry=late, station=row.station, day=DAY, start=dt.time(10, 30), people=1, by=world.coordinator
        )


def test_expected_end_rests_on_what_the_station_has_shown(world: World, booking: Booking) -> None:
    """Agreed are three minutes a person; at its last shoot the bay took two, with a pause that counts for nothing."""
    first = forecast_of(booking, entries_of(booking)).days[DAY]
    past = make.make_booking(world.campaign, world.studio, world.other, state=BookingState.DONE)
    begin = clock.now() - dt.timedelta(days=1)
    for number, graduate in enumerate(
        make.make_graduates(30, world.campaign, world.other, class_name="法学2班")
    ):
        moment = begin + dt.timedelta(minutes=2 * number + (45 if number > 15 else 0))
        attendance = make.make_attendance(past, graduate, state="photographed", photographed_at=moment)
        Shot.objects.create(
            station=world.bays[0], day=begin.date(), number=number + 1, attendance=attendance,
            issued_by=world.photographer, issued_at=moment,
        )  # fmt: skip
    assert paces_of(world.bays)["A1"] == Pace(2.0, 0.0)
    assert paces_of(world.bays)["A2"] == Pace.of_rate(20)
    median, bound = forecast_of(booking, entries_of(booking)).days[DAY]
    assert (median, bound) < first and median == bound
