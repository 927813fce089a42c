"""Every reason that a plan gives is true: each is held against all ways in which the class could begin earlier."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.utils import translation

from photocampus import clock
from sessions.models import Attendance, AttendanceState, Booking, BookingState
from sessions.plan_edits import remove_entry
from sessions.plan_reasons import REASONS, text_of
from sessions.plan_rows import entries_of
from sessions.plan_table import plan_view
from sessions.planner import (
    Because,
    Entry,
    Group,
    Interval,
    Problem,
    Reason,
    Scores,
    StationHours,
    explain,
    explain_all,
    faults,
    make_plan,
    score,
    slots_of,
)
from sessions.plans import generate_plan
from tests.plan_brute import tiny_problem, ways_of
from tests.plan_instances import AFTERNOON, DAY, MORNING, small_problem
from tests.shoots.booking_world import NOW, confirmed, hours, make_world

B = Because
TORN = (B.TAKEN, B.WORKLOAD, B.TOGETHER)


def fixed_of(entries: Sequence[Entry], seed: int) -> tuple[Entry, ...]:
    """Some entries locked, by chance."""
    drawn = random.Random(seed)
    return tuple(replace(entry, locked=drawn.random() < 0.25) for entry in entries)


def first_broken(best: Scores, now: Scores) -> int:
    """How many aims, taken in their order, the alternative keeps at least as well."""
    pairs = list(zip(best_tuple(best), best_tuple(now), strict=True))
    return next((n for n, (other, mine) in enumerate(pairs) if other > mine), len(pairs))


def best_tuple(scores: Scores) -> tuple:
    s = scores
    return (s.station_days, s.split_days, s.split_lunch, s.extra_hours, s.changing_station, s.finish)


def expected(instance: Problem, entries: Sequence[Entry], name: str) -> Counter[Because]:
    """The hours before the class by what stands against them, from all ways to place it with the others as they are."""
    mine = [entry for entry in entries if entry.group == name and not entry.locked]
    others = [entry for entry in entries if entry not in mine]
    size, first = sum(e.count for e in mine), min((e.day, e.start) for e in mine)
    slots = slots_of(instance.stations)
    now = score(instance, entries)
    kept: dict[tuple, int] = {}
    for way in ways_of(Group(name, size), slots):
        if not faults(instance, [*others, *way]):
            begin = min((e.day, e.start) for e in way)
            kept_aims = first_broken(score(instance, [*others, *way]), now)
            for time in {(e.day, e.start, e.end) for e in way if (e.day, e.start) == begin}:
                kept[time] = max(kept.get(time, 0), kept_aims)
    blocked = next(g.blocked for g in instance.groups if g.key == name)
    found: Counter[Because] = Counter()
    want = max(e.count for e in mine)
    for time in {(s.day, s.start, s.end) for s in slots if (s.day, s.start) < first}:
        places = allowed = 0
        for slot in (s for s in slots if (s.day, s.start, s.end) == time):
            here = [e for e in others if (e.day, e.start, e.station) == (slot.day, slot.start, slot.station)]
            today = [e.count for e in others if (e.day, e.station) == (slot.day, slot.station)]
            load = next(s.workload for s in instance.stations if s.key == slot.station)
            free = max(0, slot.capacity - sum(e.count for e in here))
            places += free
            allowed += min(free, free if load is None else max(0, load - sum(today)))
        if any(b.meets(*time) for b in blocked):
            found[B.CANNOT_COME] += 1
        elif time not in kept:
            found[B.WORKLOAD if places else B.TAKEN] += 1
        elif kept[time] in (0, 5, 6):
            found[{0: B.STATION_DAY, 5: B.LATER_END, 6: B.AS_GOOD}[kept[time]]] += 1
        elif allowed >= want:
            found[B.TOGETHER] += 1
        else:
            found[B.TAKEN if places < want else B.WORKLOAD] += 1
    return found


def check_against_all_ways(seed: int) -> None:
    """Each class of a tiny plan, free or partly locked: its reasons are what a look at all other ways says."""
    instance = tiny_problem(seed)
    plan = make_plan(instance)
    if plan.shortfall:
        return
    for entries in (plan.entries, fixed_of(plan.entries, seed)):
        for name, reasons in explain_all(instance, entries).items():
            said = {reason.because: reason for reason in reasons}
            mine = [entry for entry in entries if entry.group == name]
            assert (B.LOCKED in said) == all(entry.locked for entry in mine)
            if B.LOCKED in said:
                assert len(reasons) == 1
                continue
            assert (B.PARTLY_LOCKED in said) == any(entry.locked for entry in mine)
            counted = Counter({because: r.earlier for because, r in said.items() if r.earlier})
            assert counted == expected(instance, entries, name), (name, entries)
            assert (B.FIRST in said) == (not counted)


def check_every_earlier_hour(seed: int) -> None:
    """Nothing is left undecided in plans of up to twelve classes, and numbers of places are those left."""
    instance = small_problem(seed)
    plan = make_plan(instance)
    if plan.shortfall:
        return
    slots = slots_of(instance.stations)
    for name, reasons in explain_all(instance, plan.entries).items():
        mine = [entry for entry in plan.entries if entry.group == name]
        first = min((e.day, e.start) for e in mine)
        before = {(s.day, s.start, s.end) for s in slots if (s.day, s.start) < first}
        assert sum(reason.earlier for reason in reasons) == len(before)
        taken = next((r for r in reasons if r.because == B.TAKEN), None)
        assert taken is None or taken.people < max(e.count for e in mine)


@pytest.mark.parametrize("seed", range(48))
def test_every_reason_is_what_a_look_at_all_other_ways_says(seed: int) -> None:
    check_against_all_ways(seed)


@pytest.mark.parametrize("seed", range(10))
def test_reasons_of_larger_plans_name_every_earlier_hour(seed: int) -> None:
    check_every_earlier_hour(seed)


def test_a_better_place_that_is_free_is_never_talked_away() -> None:
    station = StationHours("S1", 20, (Interval(DAY, *MORNING), Interval(DAY, *AFTERNOON)), 130)
    instance = Problem((Group("a", 15), Group("b", 20)), (station,))
    entries = [Entry(DAY, 630, 690, "S1", "a", 15), Entry(DAY, 780, 840, "S1", "b", 20)]
    assert explain(instance, entries, "a") == [Reason(B.AS_GOOD, 1)]
    torn = [Entry(DAY, 570, 630, "S1", "a", 15), Entry(DAY, 630, 690, "S1", "b", 20)]
    assert explain(instance, torn, "b") == [Reason(B.TAKEN, 1, 5)]


def test_split_classes_say_so_only_if_nothing_else_was_possible() -> None:
    day_two = Interval(DAY + dt.timedelta(days=1), *MORNING)
    station = StationHours("S1", 20, (Interval(DAY, *MORNING), day_two), 40)
    instance = Problem((Group("a", 60),), (station,))
    entries = make_plan(instance).entries
    assert Reason(B.SPLIT_DAYS, people=40) in explain(instance, entries, "a")
    small = replace(instance, groups=(Group("a", 30),))
    torn = [Entry(DAY, 570, 630, "S1", "a", 20), Entry(day_two.day, 570, 630, "S1", "a", 10)]
    assert [r.because for r in explain(small, torn, "a")] == [B.FIRST]


def test_two_stations_share_a_class_only_if_one_is_too_small() -> None:
    stations = tuple(StationHours(f"S{n}", 20, (Interval(DAY, *MORNING),)) for n in (1, 2))
    entries = [Entry(DAY, 570, 630, f"S{n}", "a", 12) for n in (1, 2)]
    shared = explain(Problem((Group("a", 24),), stations), entries, "a")
    assert shared[0] == Reason(B.SPLIT_STATIONS, people=20)
    halves = [replace(entry, count=8) for entry in entries]
    assert [r.because for r in explain(Problem((Group("a", 16),), stations), halves, "a")] == [B.FIRST]


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(Because)
    for because in Because:
        for number in (1, 2):
            assert "%" not in text_of(Reason(because, number, 3))
    with translation.override("en"):
        assert text_of(Reason(B.TAKEN, 1, 3)) == "1 earlier hour has too few places left (3 at most)"


@pytest.mark.django_db
def test_reasons_follow_the_plan_as_it_is_now() -> None:
    """Nothing is repeated from when the plan was made: once another class is gone, its hour is no longer full."""
    with clock.at(NOW):
        world = make_world()
        booking = confirmed(world, hours(*world.bays))
        generate_plan(booking=booking, by=world.coordinator)
        lines = [line for line in plan_view(booking, entries_of(booking)).classes if line.reasons]
        late = max(lines, key=lambda line: line.blocks[0].entry.start)
        assert late.reasons == ["若用更早的 1 个时段，当天须增开机位"]
        for row in entries_of(booking):
            if row.class_group_id != late.group.pk:
                remove_entry(entry=row, by=world.coordinator)
        again = plan_view(booking, entries_of(booking)).classes
        now = next(line for line in again if line.group.pk == late.group.pk)
        assert now.reasons == ["更早的 1 个时段同样可行"]


@pytest.mark.django_db
def test_hours_of_people_who_came_early_are_neither_free_nor_given_away() -> None:
    """An hour to come whose people are at the shoot already takes nobody else, by hand or by the planner."""
    with clock.at(NOW):
        world = make_world(60)
        morning, afternoon = hours(world.bays[0]), hours(world.bays[0], start="13:00", end="17:00")
        booking = confirmed(world, [*morning, *afternoon])
        generate_plan(booking=booking, by=world.coordinator)
    Booking.objects.filter(pk=booking.pk).update(state=BookingState.UNDER_WAY)
    booking.refresh_from_db()
    early = entries_of(booking)[1].class_group
    Attendance.objects.filter(booking=booking, graduate__enrolment__class_group=early).update(
        state=AttendanceState.CHECKED_IN
    )
    with clock.at(dt.datetime.combine(DAY, dt.time(9, 0))):
        before = [(row.start, row.people) for row in entries_of(booking) if row.class_group == early]
        generate_plan(booking=booking, by=world.coordinator)
        rows = entries_of(booking)
        assert [(row.start, row.people) for row in rows if row.class_group == early] == before
        taken = {row.start for row in rows if row.class_group == early}
        assert not [
            row for row in rows if row.class_group != early and row.start in taken and row.people == 20
        ]
        assert sum(row.people for row in rows) == 60
