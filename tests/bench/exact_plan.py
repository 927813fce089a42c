"""The planner's aims as an exact model for OR-Tools CP-SAT, solved one aim after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sessions.planning.terms import Entry, Problem, Scores, Slot, hours_needed, slots_of


@dataclass(frozen=True)
class Optimum:
    """`values`: station-days, over days, over lunch, longer, changing station, position of the last hour in use.

    `proven` is false when the time ran out before the last aim was proven: then no plan is better than the values
    before it, and the others are the best that was found. `entries` is a plan with these values.
    """

    values: list[int]
    proven: bool
    entries: tuple[Entry, ...]


def aims(problem: Problem, scores: Scores) -> list[int]:
    """The aims of a plan as the model counts them."""
    ends = sorted({(slot.day, slot.end) for slot in slots_of(problem.stations)})
    s = scores
    return [
        s.station_days,
        s.split_days,
        s.split_lunch,
        s.extra_hours,
        s.changing_station,
        ends.index(s.finish) + 1,
    ]


class Model:
    """Classes in hours with every hard rule; the aims are added by `aims()`."""

    def __init__(self, problem: Problem) -> None:
        from ortools.sat.python import cp_model

        self.cp = cp_model
        self.problem, self.model = problem, cp_model.CpModel()
        self.slots = slots_of(problem.stations)
        self.people: dict[tuple[int, int], Any] = {}
        self.comes: dict[tuple[int, int], Any] = {}
        for g, group in enumerate(problem.groups):
            for n, slot in enumerate(self.slots):
                if not any(b.meets(slot.day, slot.start, slot.end) for b in group.blocked):
                    most = min(group.size, slot.capacity)
                    self.people[g, n] = self.model.new_int_var(0, most, "")
                    self.comes[g, n] = self.model.new_bool_var("")
                    self.model.add(self.people[g, n] >= self.comes[g, n])
                    self.model.add(self.people[g, n] <= most * self.comes[g, n])
            self.model.add(self.sum_of(g, lambda _slot: True) == group.size)
        for n, slot in enumerate(self.slots):
            here = [self.people[g, n] for g in range(len(problem.groups)) if (g, n) in self.people]
            self.model.add(sum(here) <= slot.capacity)
        for station in problem.stations:
            for day in {interval.day for interval in station.hours}:
                if station.workload is not None:
                    self.model.add(self.load(station.key, day) <= station.workload)

    def sum_of(self, group: int, test: Callable[[Slot], bool]) -> Any:
        return sum(
            self.people[group, n] for n, s in enumerate(self.slots) if (group, n) in self.people and test(s)
        )

    def load(self, station: str, day: object) -> Any:
        return sum(
            self.sum_of(g, lambda s: (s.station, s.day) == (station, day))
            for g in range(len(self.problem.groups))
        )

    def any_of(self, parts: list) -> Any:
        """True exactly when one of the parts is."""
        var = self.model.new_bool_var("")
        for part in parts:
            self.model.add_implication(part, var)
        self.model.add_bool_or([*parts, var.negated()])
        return var

    def more_than(self, parts: list, limit: int) -> Any:
        """True whenever more than `limit` of the parts are (and, minimised, only then)."""
        var = self.model.new_bool_var("")
        self.model.add(sum(parts) <= limit + len(parts) * var)
        return var

    def present(self, group: int, test: Callable[[Slot], bool]) -> Any:
        """Whether the class comes in one of the hours that pass the test."""
        return self.any_of(
            [self.comes[group, n] for n, s in enumerate(self.slots) if (group, n) in self.comes and test(s)]
        )

    def aims(self) -> list[Any]:
        """The aims after "everybody placed", in their order, to be minimised."""
        problem, slots = self.problem, self.slots
        used = []
        for place in sorted({(s.day, s.station) for s in slots}):
            here = [n for n, s in enumerate(slots) if (s.day, s.station) == place]
            used.append(self.any_of([var for (_g, n), var in self.comes.items() if n in here]))
        split, lunch, extra, changing = [], [], [], []
        days = sorted({slot.day for slot in slots})
        hours = sorted({(s.day, s.start, s.end) for s in slots})
        for g, group in enumerate(problem.groups):
            split.append(self.more_than([self.present(g, lambda s, d=d: s.day == d) for d in days], 1))
            overs = []
            for day in days:
                halves = [
                    self.present(g, lambda s, d=day, h=h: s.day == d and (s.start >= problem.lunch) == h)
                    for h in (False, True)
                ]
                overs.append(self.more_than(halves, 1))
            lunch.append(self.any_of(overs))
            in_hour = [self.present(g, lambda s, h=h: (s.day, s.start, s.end) == h) for h in hours]
            extra.append(self.more_than(in_hour, hours_needed(group.size, problem.stations)))
            at = [self.present(g, lambda s, k=station.key: s.station == k) for station in problem.stations]
            many_hours, many_stations = self.more_than(in_hour, 1), self.more_than(at, 1)
            both = self.model.new_bool_var("")
            self.model.add_bool_or([many_hours.negated(), many_stations.negated(), both])
            changing.append(both)
        ends = sorted({(s.day, s.end) for s in slots})
        finish = self.model.new_int_var(0, len(ends), "")
        for (_g, n), here in self.comes.items():
            self.model.add(finish >= ends.index((slots[n].day, slots[n].end)) + 1).only_enforce_if(here)
        return [sum(used), sum(split), sum(lunch), sum(extra), sum(changing), finish]

    def hint(self, entries: Sequence[Entry]) -> None:
        """Start the search from these entries."""
        group_at = {group.key: g for g, group in enumerate(self.problem.groups)}
        slot_at = {(s.day, s.start, s.end, s.station): n for n, s in enumerate(self.slots)}
        there = {
            (group_at[e.group], slot_at[e.day, e.start, e.end, e.station]): e.count
            for e in entries
            if e.group in group_at and (e.day, e.start, e.end, e.station) in slot_at
        }
        self.model.clear_hints()
        for key, var in self.people.items():
            self.model.add_hint(var, there.get(key, 0))
            self.model.add_hint(self.comes[key], key in there)

    def entries(self, solver: Any) -> tuple[Entry, ...]:
        found = []
        for (g, n), var in self.people.items():
            if count := solver.value(var):
                slot = self.slots[n]
                key = self.problem.groups[g].key
                found.append(Entry(slot.day, slot.start, slot.end, slot.station, key, count))
        return tuple(sorted(found))


def optimum(
    problem: Problem, known: Sequence[Entry] = (), values: Sequence[int] = (), seconds: float = 60.0
) -> Optimum | None:
    """The best plan there is, or None when not everybody can be placed.

    `known` is a plan to start from (that breaks no rule) and `values` are its aims: an aim that is 0 there needs no
    search, as it cannot be better. `seconds` is for all aims together.
    """
    model = Model(problem)
    wanted = model.aims()
    return solve_in_order(model, wanted, known, values, seconds)


def solve_in_order(
    model: Model, wanted: Sequence[Any], known: Sequence[Entry], values: Sequence[int], seconds: float
) -> Optimum | None:
    """Minimise one aim after the other, keeping what was reached."""
    cp, end = model.cp, time.monotonic() + seconds
    best, entries, proven, same = list[int](), tuple(known), True, bool(known)
    for position, aim in enumerate(wanted):
        if same and values[position] == 0:
            model.model.add(aim == 0)
            best.append(0)
            continue
        if entries:
            model.hint(entries)
        solver = cp.CpSolver()
        solver.parameters.max_time_in_seconds = max(end - time.monotonic(), 0.5)
        solver.parameters.num_workers = 1
        model.model.minimize(aim)
        status = solver.solve(model.model)
        if status == cp.INFEASIBLE:
            return None
        if status == cp.UNKNOWN:
            if not same:
                raise TimeoutError("not even one plan was found in time")
            value, optimal = values[position], False
        else:
            value, optimal = round(solver.objective_value), status == cp.OPTIMAL
            entries = model.entries(solver)
        proven = proven and optimal
        same = same and value == values[position]
        best.append(value)
        model.model.add(aim == value if optimal else aim <= value)
    return Optimum(best, proven, entries)
