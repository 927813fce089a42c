"""Two people change one plan at once: the booking's lock decides, and nobody's change is overwritten unseen."""

import datetime as dt

import pytest
from django.db.models import QuerySet

from photocampus import clock
from photocampus.errors import ChangedMeanwhile
from sessions import plan_edits
from sessions.models import Booking, PlanChange, PlanEntry
from sessions.plan_edits import move_entry, open_changes, seal, undo_change
from sessions.plan_rows import entries_of
from sessions.plan_rules import HourFull
from sessions.plans import generate_plan
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world
from tests.shoots.test_shoot_races import at_once, both_look_first

pytestmark = pytest.mark.django_db(transaction=True)
LAST = dt.time(11, 30)


def two_classes() -> tuple[World, Booking, list[PlanEntry]]:
    """Entries of two classes at the first bay; the last half hour of the second bay takes ten people."""
    with clock.at(NOW):
        world = make_world()
        booking = confirmed(world, hours(*world.bays))
        generate_plan(booking=booking, by=world.coordinator)
    late = [row for row in entries_of(booking) if row.start >= dt.time(10, 30)]
    assert len({row.class_group_id for row in late}) == 2 and {row.station_id for row in late} == {
        world.bays[0].pk
    }
    return world, booking, late


def people_there(world: World) -> int:
    rows = PlanEntry.objects.filter(station=world.bays[1], day=DAY, start=LAST)
    return sum(rows.values_list("people", flat=True))


def drops(world: World, entries: list[PlanEntry], people: int, act=move_entry) -> list:
    place = {"station": world.bays[1], "day": DAY, "start": LAST, "people": people, "by": world.coordinator}
    return [lambda row=row: act(entry=row, seen=seal(row), **place) for row in entries]


def test_two_classes_dropped_at_once_never_fill_an_hour_beyond_its_places():
    world, booking, late = two_classes()
    outcomes = at_once(drops(world, late, 6))
    assert sorted(type(outcome) for outcome in outcomes if isinstance(outcome, Exception)) == [HourFull]
    assert people_there(world) == 6 and len(open_changes(booking)) == 1


def test_without_the_lock_the_hour_would_be_overfull(monkeypatch):
    world, _booking, late = two_classes()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)
    both_look_first(monkeypatch, plan_edits, "frame_of")
    at_once(drops(world, late, 6, act=move_entry.__wrapped__))  # type: ignore[attr-defined]
    assert people_there(world) == 12


def test_same_entry_moved_twice_and_same_change_undone_twice_happen_once():
    world, booking, late = two_classes()
    outcomes = at_once(drops(world, [late[0], late[0]], 3))
    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [ChangedMeanwhile]
    assert people_there(world) == 3
    change = PlanChange.objects.get()
    outcomes = at_once([lambda: undo_change(change=change, by=world.coordinator)] * 2)
    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [ChangedMeanwhile]
    assert people_there(world) == 0 and open_changes(booking) == []
