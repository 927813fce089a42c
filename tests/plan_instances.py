"""Random instances of the planner, for tests and for the benchmark: the same seed, the same instance."""

from __future__ import annotations

import random
from datetime import date, timedelta

from sessions.planner import Group, Interval, Problem, StationHours, slots_of

DAY = date(2018, 4, 17)
MORNING, AFTERNOON = (570, 720), (780, 1020)


def small_problem(seed: int) -> Problem:
    """Up to 12 classes, 3 stations, 3 days; rates, workloads, pauses and blocked hours of all sorts."""
    drawn = random.Random(seed)
    stations_count, days, classes = drawn.randint(1, 3), drawn.randint(1, 3), drawn.randint(2, 12)
    if drawn.random() < 0.7:
        rates = [drawn.choice((15, 20, 20, 20, 24, 30))] * stations_count
    else:
        rates = [drawn.choice((15, 20, 30)) for _ in range(stations_count)]
    stations = tuple(_station(drawn, n, rate, days) for n, rate in enumerate(rates))
    places = sum(slot.capacity for slot in slots_of(stations))
    load = int(places * drawn.uniform(0.3, 0.95))
    weights = [drawn.random() + 0.3 for _ in range(classes)]
    sizes = [max(3, min(75, int(weight / sum(weights) * load))) for weight in weights]
    groups = tuple(Group(f"c{n:02}", size, _blocked(drawn, days)) for n, size in enumerate(sizes))
    return Problem(groups, stations)


def _station(drawn: random.Random, number: int, rate: int, days: int) -> StationHours:
    hours: list[Interval] = []
    for offset in range(days):
        day = DAY + timedelta(days=offset)
        if drawn.random() < 0.85:
            hours.append(Interval(day, *MORNING))
        if drawn.random() < 0.85 or not hours:
            hours.append(Interval(day, AFTERNOON[0], drawn.choice((900, 960, 1020, 1020))))
    full = rate * 13 // 2
    pauses = (
        (Interval(DAY + timedelta(days=drawn.randrange(days)), 630, 645),) if drawn.random() < 0.1 else ()
    )
    return StationHours(
        f"S{number}", rate, tuple(hours), drawn.choice((None, None, full, int(full * 0.8))), pauses
    )


def _blocked(drawn: random.Random, days: int) -> tuple[Interval, ...]:
    if drawn.random() >= 0.3:
        return ()
    spans = (MORNING, AFTERNOON, (570, 690), (840, 960))
    return tuple(
        Interval(DAY + timedelta(days=drawn.randrange(days)), *drawn.choice(spans))
        for _ in range(drawn.randint(1, 2))
    )


def large_problem(people: int, classes: int, stations: int = 3, seed: int = 1) -> Problem:
    """So many people in so many classes, at stations of 20 an hour and 130 a day, with days enough."""
    drawn = random.Random(seed)
    weights = [drawn.random() + 0.4 for _ in range(classes)]
    sizes = [max(1, int(weight / sum(weights) * people)) for weight in weights]
    sizes[0] += people - sum(sizes)
    days = people // (130 * stations) + 2
    hours = tuple(
        Interval(DAY + timedelta(days=n), *span) for n in range(days) for span in (MORNING, AFTERNOON)
    )
    return Problem(
        tuple(Group(f"c{n:05}", size) for n, size in enumerate(sizes)),
        tuple(StationHours(f"S{n}", 20, hours, 130) for n in range(stations)),
    )
