"""Plans as rows: made, kept, adjusted within the rules, re-planned after a disturbance."""

import datetime as dt
from collections.abc import Iterator

import pytest

from photocampus import clock
from photocampus.errors import NotAllowed
from sessions import plan_edits as edits
from sessions import plan_rules as rules
from sessions import plans as acts
from sessions.models import Attendance, PlanEntry
from sessions.plan_rows import class_sizes, entries_of, unplanned
from sessions.plan_table import plan_view
from sessions.replanning import Outages, replan_rest
from students.hooks import roster_changed
from students.models import Graduate, RosterState
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def table(booking: object) -> list[tuple]:
    rows = entries_of(booking)
    return [(f"{r.start:%H:%M}", r.station.code, r.class_group.name, r.people) for r in rows]


def test_class_of_43_at_20_an_hour_from_half_past_nine() -> None:
    with clock.at(NOW):
        world = make_world(0, 0)
        make.make_graduates(43, world.campaign, world.unit, class_name="会计1班")
        booking = confirmed(world)
        acts.generate_plan(booking=booking, by=world.coordinator)
        assert table(booking) == [
            ("09:30", "A1", "会计1班", 20),
            ("10:30", "A1", "会计1班", 20),
            ("11:30", "A1", "会计1班", 3),
        ]
        assert [f"{r.end:%H:%M}" for r in entries_of(booking)] == ["10:30", "11:30", "12:00"]
        assert plan_view(booking, entries_of(booking)).classes[0].reasons == ["最早的可用时段"]


def test_plan_places_everybody_and_repeats_itself(world: World) -> None:
    booking = confirmed(world)
    acts.generate_plan(booking=booking, by=world.coordinator)
    first = table(booking)
    acts.generate_plan(booking=booking, by=world.coordinator)
    assert table(booking) == first and sum(row[3] for row in first) == 43
    assert unplanned(booking, entries_of(booking)) == {}


@pytest.mark.parametrize(("end", "load", "lack"), [("11:30", 100, "hours"), ("12:00", 42, "workload")])
def test_impossible_plan_says_what_is_missing(world: World, end: str, load: int, lack: str) -> None:
    booking = confirmed(world, hours(world.bays[0], end=end), load=load)
    with pytest.raises(acts.PlanImpossible) as refusal:
        acts.generate_plan(booking=booking, by=world.coordinator)
    assert (
        refusal.value.data["lack"] == lack
        and refusal.value.data["people"] == {"hours": 3, "workload": 1}[lack]
    )
    assert not PlanEntry.objects.exists()


def test_plan_needs_confirmed_hours_and_the_own_unit(world: World) -> None:
    asked = ask(world)
    with pytest.raises(acts.NotPlannable):
        acts.generate_plan(booking=asked, by=world.coordinator)
    booking = confirmed(world, hours(world.bays[1], start="13:00", end="15:00"), reason="分批到店")
    for stranger in (world.rival, world.photographer):
        with pytest.raises(NotAllowed):
            acts.generate_plan(booking=booking, by=stranger)


def test_moved_entry_is_locked_and_survives_planning_again(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    acts.generate_plan(booking=booking, by=world.coordinator)
    entry = entries_of(booking)[0]
    moved = edits.move_entry(
        entry=entry, station=world.bays[1], day=DAY, start=dt.time(11, 30), people=5, by=world.coordinator
    )
    assert moved.people == 5 and moved.is_locked
    acts.generate_plan(booking=booking, by=world.coordinator)
    assert ("11:30", "A2", entry.class_group.name, 5) in table(booking)
    assert sum(row[3] for row in table(booking)) == 43


def test_every_rule_is_checked_when_people_move_an_entry(world: World) -> None:
    booking = confirmed(world, hours(*world.bays), load=30)
    acts.generate_plan(booking=booking, by=world.coordinator)
    before = table(booking)
    entry = max(entries_of(booking), key=lambda row: row.people)
    other = world.bays[0] if entry.station_id == world.bays[1].pk else world.bays[1]

    def move(**changes: object) -> None:
        details = {"station": entry.station, "day": DAY, "start": dt.time(11, 30), "people": entry.people}
        edits.move_entry(entry=entry, by=world.coordinator, **{**details, **changes})

    with pytest.raises(rules.HourFull):
        move()
    with pytest.raises(rules.HourNotHeld):
        move(start=dt.time(13, 0), people=1)
    with pytest.raises(rules.LoadExceeded):
        move(station=other, people=18, start=dt.time(10, 30))
    with pytest.raises(edits.NotEnoughPeople):
        move(people=99)
    acts.block_hours(
        booking=booking,
        class_group=entry.class_group,
        day=DAY,
        start=dt.time(11, 0),
        end=dt.time(12, 0),
        by=world.coordinator,
    )
    with pytest.raises(rules.ClassCannotCome):
        move(people=1)
    small = next(group for group in class_sizes(booking) if group != entry.class_group)
    with pytest.raises(rules.ClassTooSmall):
        edits.add_entry(
            booking=booking, class_group=small, station=other, day=DAY, start=dt.time(11, 30), people=1, by=world.coordinator
        )  # fmt: skip
    assert table(booking) == before


def test_blocked_hours_are_kept_free_of_the_class(world: World) -> None:
    booking = confirmed(world, hours(*world.bays))
    group = Graduate.objects.filter(enrolment__unit=world.unit).first().enrolment.class_group
    acts.block_hours(
        booking=booking,
        class_group=group,
        day=DAY,
        start=dt.time(9, 30),
        end=dt.time(10, 30),
        by=world.coordinator,
    )
    acts.generate_plan(booking=booking, by=world.coordinator)
    assert all(row[0] != "09:30" for row in table(booking) if row[2] == group.name)


def test_expected_people_follow_the_roster_and_the_plan_shows_the_difference(world: World) -> None:
    booking = confirmed(world)
    acts.generate_plan(booking=booking, by=world.coordinator)
    gone = Graduate.objects.filter(enrolment__unit=world.unit)[:2]
    for graduate in gone:
        Graduate.objects.filter(pk=graduate.pk).update(roster_state=RosterState.LEFT)
    make.make_graduate(world.campaign, world.unit, class_name="会计3班")
    roster_changed(world.campaign, [world.unit.pk], world.coordinator)
    assert Attendance.objects.filter(booking=booking).count() == 42
    rest = {group.name: count for group, count in unplanned(booking, entries_of(booking)).items()}
    assert sorted(rest.values()) == [-2, 1] and rest["会计3班"] == 1
    acts.generate_plan(booking=booking, by=world.coordinator)
    assert unplanned(booking, entries_of(booking)) == {}


def test_power_cut_keeps_what_is_over_and_moves_the_rest(world: World) -> None:
    booking = confirmed(world, [*hours(world.bays[0]), *hours(world.bays[0], start="13:00", end="17:00")])
    acts.generate_plan(booking=booking, by=world.coordinator)
    moment = dt.datetime(2018, 4, 17, 10, 15)
    cut = Outages([(None, dt.time(10, 15), dt.time(12, 15))])
    before = table(booking)
    shown = replan_rest(booking=booking, moment=moment, outages=cut, by=world.photographer, apply=False)
    assert table(booking) == before
    replan_rest(booking=booking, moment=moment, outages=cut, by=world.photographer, apply=True)
    rows = entries_of(booking)
    assert sum(row.people for row in rows) == 43 and shown.moved
    assert not [row for row in rows if dt.time(10, 15) <= row.start < dt.time(12, 15)]
