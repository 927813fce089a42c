"""Every plan there is, for instances of a few people: the yardstick for the planner and for the exact model."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

from sessions.planner import (
    Entry,
    Group,
    Interval,
    Problem,
    Scores,
    Slot,
    StationHours,
    faults,
    score,
    slots_of,
)
from tests.plan_instances import DAY


def tiny_problem(seed: int) -> Problem:
    """Up to three classes of up to three people in four or five hours on two half days or two days."""
    drawn = random.Random(seed)
    days = [DAY, DAY + timedelta(days=drawn.randint(0, 1))]
    spans = [(days[0], 600, 720), (days[1], 780, drawn.choice((840, 900)))]
    both = tuple(Interval(*span) for span in spans)
    stations: tuple[StationHours, ...] = (
        StationHours("A", drawn.randint(2, 3), both, drawn.choice((None, 4))),
    )
    if drawn.random() < 0.5:
        stations = (
            StationHours("A", drawn.randint(1, 3), both[:1]),
            StationHours("B", drawn.randint(1, 3), (Interval(DAY, 600, 660), both[1])),
        )
    groups = tuple(
        Group(f"c{n}", drawn.randint(1, 3), (Interval(DAY, 600, 660),) if drawn.random() < 0.3 else ())
        for n in range(drawn.randint(2, 3))
    )
    return Problem(groups, stations)


def all_plans(problem: Problem) -> Iterator[list[Entry]]:
    """Every way to place everybody that breaks no rule."""
    slots = slots_of(problem.stations)
    for ways in product(*(list(ways_of(group, slots)) for group in problem.groups)):
        entries = [entry for way in ways for entry in way]
        if not faults(problem, entries):
            yield entries


def ways_of(group: Group, slots: list[Slot]) -> Iterator[list[Entry]]:
    for counts in product(*(range(min(group.size, slot.capacity) + 1) for slot in slots)):
        if sum(counts) == group.size:
            yield [
                Entry(s.day, s.start, s.end, s.station, group.key, n)
                for s, n in zip(slots, counts, strict=True)
                if n
            ]


def best_scores(problem: Problem) -> Scores | None:
    """The aims of the best plan; None when there is none."""
    return min((score(problem, entries) for entries in all_plans(problem)), default=None)
