"""The fewest classes that a disturbance must move, as an exact model: it knows nothing of the planner's search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sessions.planning.terms import Entry, Interval, Problem
from tests.bench.exact_plan import Model, solve_in_order


def fewest_moved(
    problem: Problem,
    entries: Sequence[Entry],
    kept: Sequence[Entry],
    moment: tuple,
    known: Sequence[Entry] = (),
    moved: int = 0,
    seconds: float = 30.0,
) -> tuple[int, bool] | None:
    """(classes that must come at another hour or station, proven), or None when not everybody can be placed.

    `problem` has the stations with their pauses, `kept` is what is over, `known` a new plan that moves `moved`.
    The hour of a class is kept when as many of it come at its start (in an hour that is running: at the moment) at
    that station as were still to come.
    """
    day, minute = moment
    over = tuple(
        Interval(d, 0, 1440) for d in sorted({s.day for st in problem.stations for s in st.hours}) if d < day
    )
    stations = tuple(
        replace(s, pauses=(*s.pauses, *over, Interval(day, 0, minute)), workload=None)
        for s in problem.stations
    )
    gone: dict[str, int] = {}
    for entry in kept:
        gone[entry.group] = gone.get(entry.group, 0) + entry.count
    groups = tuple(replace(g, size=g.size - gone.get(g.key, 0)) for g in problem.groups)
    model = Model(replace(problem, groups=tuple(g for g in groups if g.size), stations=stations))
    for station in problem.stations:
        for one in {interval.day for interval in station.hours}:
            if station.workload is not None:
                used = sum(e.count for e in kept if (e.station, e.day) == (station.key, one))
                model.model.add(model.load(station.key, one) <= station.workload - used)
    changed = []
    for g, group in enumerate(model.problem.groups):
        var = model.model.new_bool_var("")
        for entry in entries:
            ended = sum(e.count for e in kept if _same(e, entry))
            if entry.group == group.key and entry.count > ended:
                here = model.sum_of(
                    g,
                    lambda s, e=entry: (
                        (s.day, s.station) == (e.day, e.station) and e.start <= s.start and s.end <= e.end
                    ),
                )
                if isinstance(here, int):  # nothing is left of that hour
                    model.model.add(var == 1)
                else:
                    model.model.add(here >= entry.count - ended).only_enforce_if(var.negated())
        changed.append(var)
    best = solve_in_order(model, [sum(changed)], known, [moved], seconds)
    return (best.values[0], best.proven) if best else None


def _same(piece: Entry, entry: Entry) -> bool:
    return (piece.day, piece.start, piece.station, piece.group) == (
        entry.day,
        entry.start,
        entry.station,
        entry.group,
    )
