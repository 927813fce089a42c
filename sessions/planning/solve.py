"""The whole plan: which station-days are opened, which class comes on which day, then each day by itself."""

from __future__ import annotations

from dataclasses import dataclass

from sessions.planning.day import (
    NOTHING,
    WORST,
    Answer,
    Costs,
    Day,
    DaySearch,
    Fill,
    Member,
    costs_of,
)
from sessions.planning.flow import Room, place_by_flow
from sessions.planning.forward import drawn_forward
from sessions.planning.packing import FEW, LEAVES, Assignment, assignments
from sessions.planning.polish import Polish
from sessions.planning.terms import Entry, Lack, Plan, Problem, Shortfall, score
from sessions.planning.world import World

QUICK = 150  # steps of the search of one day
ASSIGNMENTS = 80  # ways of spreading classes over days that are looked into
STEPS = 5_000  # of looking through these ways
POLISH = 30_000  # steps of the last improvement


@dataclass
class Found:
    """The best so far: what it costs inside its days, when it ends, and its fills per day."""

    costs: Costs
    finish: tuple[int, int]
    days: dict[int, Answer]
    stations: dict[int, list[int]]
    members: tuple[int, ...]


class Solver:
    """Finds a plan for a problem in which everybody can be placed. Deterministic: limited by steps, not by time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.steps = STEPS
        self.answers: dict[tuple, Answer | None] = {}
        self.best: Found | None = None

    def solve(self) -> list[Entry]:
        chosen = self.world.station_day_sets()
        most = max(LEAVES // len(chosen), 100) if chosen else LEAVES
        sets = [(members, list(assignments(self.world, members, most))) for members in chosen]
        fewest = min((a.split for _members, found in sets for a in found[:1]), default=0)
        ranked = sorted(
            (
                (self._earliest_finish(set(members), a), n, members, a)
                for n, (members, found) in enumerate(sets)
                for a in found
                if a.split == fewest
            ),
            key=lambda item: item[:2],
        )
        ranked = _varied(ranked)
        self._look_through(ranked)
        if self.best is None:
            entries = self._by_flow_alone(set(ranked[0][2]) if ranked else set(self.world.limits))
        else:
            entries = self._entries(self.best)
        if len(self.world.sizes) <= FEW:
            entries = self._polished(chosen, self.best.members if self.best else chosen[0], entries)
        return entries

    def _polished(
        self, sets: list[tuple[int, ...]], members: tuple[int, ...], entries: list[Entry]
    ) -> list[Entry]:
        world = self.world
        at = {(s.day, s.start, s.end, s.station): n for n, s in enumerate(world.slots)}
        group_at = {group.key: n for n, group in enumerate(world.problem.groups)}
        use: dict[int, dict[int, int]] = {}
        for e in entries:
            use.setdefault(group_at[e.group], {})[at[e.day, e.start, e.end, e.station]] = e.count
        state = Polish(world, sets, POLISH).run(members, use)
        return [
            _entry(world, group, slot, people)
            for group, hours in state.use.items()
            for slot, people in hours.items()
        ]

    def _may_be_better(self, earliest: tuple[int, int]) -> bool:
        return self.best is None or self.best.costs != NOTHING or earliest < self.best.finish

    def _look_through(self, ranked: list[tuple]) -> None:
        for earliest, _n, members, assignment in ranked:
            if self.steps > 0 and self._may_be_better(earliest):
                self._look_into(set(members), assignment)

    def _earliest_finish(self, members: set[int], assignment: Assignment) -> tuple[int, int]:
        last = max((day for day, parts in assignment.days.items() if parts), default=0)
        people = sum(n for _group, n in assignment.days.get(last, ()))
        day, _stations = self.world.day_of(last, members)
        return (last, day.earliest_end(people) or 1 << 20)

    def _look_into(self, members: set[int], assignment: Assignment) -> None:
        answers: dict[int, Answer] = {}
        stations: dict[int, list[int]] = {}
        total = NOTHING
        last = max((day for day, parts in assignment.days.items() if parts), default=0)
        for index, parts in sorted(assignment.days.items()):
            if not parts:
                continue
            day, stations[index] = self.world.day_of(index, members)
            people = [self.world.member(g, n, index, stations[index]) for g, n in parts]
            answer = self._day(index, day, people)
            if answer is None:
                return
            answers[index] = answer
            total = _sum(total, answer.costs)
            if self.best and total > self.best.costs:
                return
        if last in answers:
            day, _ = self.world.day_of(last, members)
            people = [self.world.member(g, n, last, stations[last]) for g, n in assignment.days[last]]
            answers[last] = self._hasten(last, day, people, answers[last])
        finish = (
            (last, max((day.ends[h] for _g, f in answers[last].fills for h, _s, _n in f), default=0))
            if (last in answers)
            else (0, 0)
        )
        if self.best is None or (total, finish) < (self.best.costs, self.best.finish):
            self.best = Found(total, finish, answers, stations, tuple(sorted(members)))

    def _hasten(self, index: int, day: Day, people: list[Member], answer: Answer) -> Answer:
        """The same day with an earlier end, as long as it costs nothing."""
        load = sum(member.size for member in people)
        last = max((day.ends[h] for _g, f in answer.fills for h, _s, _n in f), default=0)
        for end in sorted({end for end in day.ends if end < last}):
            shorter = day.until(end)
            if shorter.room < load:
                continue
            c = answer.costs
            found = self._day(index, shorter, people, (c[0], c[1], c[2] + 1), end)
            if found and found.costs <= answer.costs:
                return found
        return answer

    def _day(
        self, index: int, day: Day, people: list[Member], bound: Costs = WORST, end: int = 0
    ) -> Answer | None:
        key = (index, tuple(map(tuple, day.free)), tuple(day.limit), tuple(people), bound, end)
        if key not in self.answers:
            budget = min(QUICK + 4 * len(people), max(self.steps, 2 * len(people)))
            search = DaySearch(day, people, budget, bound)
            answer = search.run() or (_flow_day(day, people) if bound == WORST else None)
            self.steps -= budget - search.steps
            self.answers[key] = answer if answer and answer.costs < bound else None
        return self.answers[key]

    def _entries(self, found: Found) -> list[Entry]:
        world, result = self.world, []
        for index, answer in found.days.items():
            day = world.days[index]
            for group, fill in answer.fills:
                for hour, station, people in fill:
                    start, end = world.hours[day][hour]
                    key = world.stations[found.stations[index][station]]
                    result.append(Entry(day, start, end, key, world.problem.groups[group].key, people))
        return result

    def _by_flow_alone(self, members: set[int]) -> list[Entry]:
        world = self.world
        rooms = [room for room in world.rooms if room.station_day in members]
        _total, placed = place_by_flow(world.sizes, world.open_to, rooms, world.limits)
        return [_entry(world, group, slot, people) for group, slot, people in placed]


def _varied(ranked: list[tuple]) -> list[tuple]:
    """Half of what may be looked into are those that end first, half come from all over the rest: a day filled to
    the brim ends early, but leaves its classes little choice."""
    first = ranked[: ASSIGNMENTS // 2]
    rest = ranked[len(first) :]
    step = max(len(rest) // (ASSIGNMENTS - len(first)), 1)
    return first + rest[::step][: ASSIGNMENTS - len(first)]


def _entry(world: World, group: int, slot: int, people: int) -> Entry:
    at = world.slots[slot]
    return Entry(at.day, at.start, at.end, at.station, world.problem.groups[group].key, people)


def _sum(a: Costs, b: Costs) -> Costs:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _flow_day(day: Day, people: list[Member]) -> Answer | None:
    """The day filled without looking at the aims: the last resort when classes can hardly come."""
    width = len(day.limit)
    rooms = [Room(h * width + s, s, n) for h, row in enumerate(day.free) for s, n in enumerate(row)]
    open_to = [frozenset(h * width + s for h in member.open_hours for s in range(width)) for member in people]
    limits = dict(enumerate(day.limit))
    total, placed = place_by_flow([member.size for member in people], open_to, rooms, limits)
    if total < sum(member.size for member in people):
        return None
    fills: dict[int, list[tuple[int, int, int]]] = {}
    for n, room, count in placed:
        fills.setdefault(n, []).append((room // width, room % width, count))
    chosen: list[tuple[int, Fill]] = []
    costs = NOTHING
    for n, member in enumerate(people):
        fill = tuple(sorted(fills.get(n, ())))
        costs = _sum(costs, costs_of(member, fill, day.half)) if fill else costs
        chosen.append((member.index, fill))
    return Answer(costs, tuple(chosen))


def make_plan(problem: Problem) -> Plan:
    """The plan of a problem, or the reason why there is none (see `sessions.planner`)."""
    world = World(problem)
    if shortfall := _shortfall(world):
        return Plan((), shortfall, None)
    kept = [*problem.done, *problem.locked]
    entries = [*kept, *Solver(world).solve()] if world.total else kept
    ordered = tuple(drawn_forward(problem, entries))
    return Plan(ordered, None, score(problem, ordered))


def _shortfall(world: World) -> Shortfall | None:
    if world.misfits:
        people = sum(entry.count for entry in world.misfits)
        names = tuple(dict.fromkeys(entry.group for entry in world.misfits))
        return Shortfall(Lack.LOCKED, people, _hours(world, people), names)
    in_hours = sum(world.free)
    agreed = world.room_of(sorted(world.limits))
    if in_hours < world.total:
        return Shortfall(Lack.HOURS, world.total - in_hours, _hours(world, world.total - in_hours))
    if agreed < world.total:
        return Shortfall(Lack.WORKLOAD, world.total - agreed, _hours(world, world.total - agreed))
    if world.plain:
        return None
    total, placed = place_by_flow(world.sizes, world.open_to, world.rooms, world.limits)
    if total == world.total:
        return None
    got = [0] * len(world.sizes)
    for group, _slot, people in placed:
        got[group] += people
    names = tuple(
        g.key for g, have, want in zip(world.problem.groups, got, world.sizes, strict=True) if have < want
    )
    return Shortfall(Lack.BLOCKED, world.total - total, _hours(world, world.total - total), names)


def _hours(world: World, people: int) -> float:
    """Station hours for so many people at the fastest rate, in half hours, rounded up."""
    rate = max((station.rate for station in world.problem.stations), default=0)
    return -(-people * 2 // rate) / 2 if rate else 0.0
