"""One day: which class comes in which hours, at which stations.

A depth-first search over the ways in which a class can come ("fits"), best first, with a budget of steps. It looks
for the fewest broken aims inside a day: lunch breaks, extra hours, changes of station.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

Costs = tuple[int, int, int]  # classes over lunch, with extra hours, changing station
Fill = tuple[tuple[int, int, int], ...]  # (hour, station, people)
NOTHING: Costs = (0, 0, 0)
WORST: Costs = (1 << 30, 0, 0)
MANY = 30  # ways of choosing hours beyond which only neighbouring hours are tried
WIDTH = 7  # ways of placing one class that the search may try


@dataclass(frozen=True)
class Member:
    """A class, or the part of it that comes on this day."""

    index: int
    size: int
    needed: int  # hours that are not too many
    open_hours: tuple[int, ...]
    had_hours: frozenset[int] = frozenset()  # hours and stations it already has by locked entries
    had_stations: frozenset[int] = frozenset()
    had_halves: frozenset[int] = frozenset()


@dataclass
class Day:
    """The hours of one day: `free[hour][station]` people, `half[hour]` 0 or 1, `limit[station]` people left today."""

    free: list[list[int]]
    half: list[int]
    ends: list[int]
    limit: list[int]

    def until(self, end: int) -> Day:
        """The same day, over at minute `end`."""
        free = [
            row if over <= end else [0] * len(row) for row, over in zip(self.free, self.ends, strict=True)
        ]
        return Day(free, self.half, self.ends, self.limit)

    @property
    def room(self) -> int:
        return sum(
            min(limit, sum(row[station] for row in self.free)) for station, limit in enumerate(self.limit)
        )

    def earliest_end(self, people: int) -> int | None:
        """The first minute by which so many people could be done."""
        return next((end for end in sorted(set(self.ends)) if self.until(end).room >= people), None)


@dataclass(frozen=True)
class Answer:
    costs: Costs
    fills: tuple[tuple[int, Fill], ...]  # (class, fill)


class DaySearch:
    """The search of one day. `steps` limits the work; the result depends on nothing else."""

    def __init__(self, day: Day, members: list[Member], steps: int, bound: Costs = WORST) -> None:
        self.day = day
        # the hardest first: those that can come in few hours, then the largest
        self.members = sorted(members, key=lambda m: (len(m.open_hours), -m.needed, -m.size, m.index))
        self.steps = steps
        self.best: Answer | None = None
        self.bound = bound
        self.seen: dict[tuple, Costs] = {}
        self.alike = len({m.open_hours for m in members}) <= 1 and not any(m.had_hours for m in members)

    def run(self) -> Answer | None:
        """The best answer below the bound that was found, or None."""
        if sum(m.size for m in self.members) <= self.day.room:
            self._place(0, NOTHING, [])
        return self.best

    def _place(self, depth: int, costs: Costs, chosen: list[tuple[int, Fill]]) -> None:
        if depth == len(self.members):
            self.best, self.bound = Answer(costs, tuple(chosen)), costs
            return
        if self._known(depth, costs):
            return
        member = self.members[depth]
        for extra, fill in self._fits(member):
            total = (costs[0] + extra[0], costs[1] + extra[1], costs[2] + extra[2])
            if total >= self.bound:
                return
            if self.steps <= 0:
                return
            self.steps -= 1
            self._take(fill, 1)
            self._place(depth + 1, total, [*chosen, (member.index, fill)])
            self._take(fill, -1)
            if self.bound == NOTHING:
                return

    def _known(self, depth: int, costs: Costs) -> bool:
        rows = list(zip(self.day.half, map(tuple, self.day.free), strict=True))
        key = (depth, tuple(sorted(rows) if self.alike else rows), tuple(self.day.limit))
        if self.seen.get(key, WORST) <= costs:
            return True
        self.seen[key] = costs
        return False

    def _take(self, fill: Fill, sign: int) -> None:
        for hour, station, people in fill:
            self.day.free[hour][station] -= sign * people
            self.day.limit[station] -= sign * people

    def _fits(self, member: Member) -> list[tuple[Costs, Fill]]:
        """Ways to place the class in what is free now, the best first."""
        free, half = self.day.free, self.day.half
        hours = [h for h in member.open_hours if any(free[h])]
        found: dict[Fill, tuple[Costs, int, tuple]] = {}
        for side in (0, 1):
            mine = [h for h in hours if half[h] == side]
            for chosen in _choices(mine, member.needed):
                self._add(found, member, chosen)
        if not any(costs == NOTHING for costs, _waste, _order in found.values()):
            for chosen in _desperate(hours, member.needed):
                self._add(found, member, chosen)
        ranked = sorted(found.items(), key=lambda item: item[1])
        return [(costs, fill) for fill, (costs, _waste, _order) in ranked[:WIDTH]]

    def _add(self, found: dict[Fill, tuple], member: Member, hours: tuple[int, ...]) -> None:
        """Every fill of exactly these hours: at one station, or shared by several."""
        rows, limit, size = [self.day.free[h] for h in hours], self.day.limit, member.size
        have: list[int] = []
        for station, most in enumerate(limit):
            total = 0
            for row in rows:
                total += row[station]
            have.append(total if total < most else most)
        together = sum(have)
        if together < size:
            return
        order = [s for s in range(len(limit)) if have[s]]
        if len(order) > 1:
            order.sort(key=lambda s: (have[s], s))
        alone = [s for s in order if have[s] >= size]
        for station in alone:
            caps = [row[station] for row in rows]
            # hours that are not needed make it another, smaller set of hours
            if sum(caps) - min(caps) < size or have[station] < sum(caps):
                self._fill(found, member, hours, [station], have[station] - size)
        if len(order) > 1 and (len(hours) == 1 or sum(map(sum, rows)) - min(map(sum, rows)) < size):
            self._fill(found, member, hours, order, together - size)
            if not alone:
                self._fill(found, member, hours, order[::-1], together - size)

    def _fill(
        self,
        found: dict[Fill, tuple],
        member: Member,
        hours: tuple[int, ...],
        stations: list[int],
        leftover: int,
    ) -> None:
        free, limits = self.day.free, self.day.limit
        for way in (hours, hours[::-1]) if len(hours) > 1 else (hours,):
            size, taken = member.size, []
            for station in stations:
                limit = limits[station]
                for hour in way:
                    people = min(size, limit, free[hour][station])
                    if people > 0:
                        taken.append((hour, station, people))
                        size -= people
                        limit -= people
            if size:
                continue
            taken.sort()
            fill = tuple(taken)
            if fill not in found:
                found[fill] = (
                    self._costs(member, fill),
                    leftover,
                    (way != hours, hours, len(stations), fill),
                )

    def _costs(self, member: Member, fill: Fill) -> Costs:
        return costs_of(member, fill, self.day.half)


def costs_of(member: Member, fill: Fill, half: list[int]) -> Costs:
    """Which aims a class breaks by coming like this, with what it already has."""
    hours = {h for h, _s, _n in fill} | member.had_hours
    stations = {s for _h, s, _n in fill} | member.had_stations
    halves = {half[h] for h, _s, _n in fill} | member.had_halves
    return (
        int(len(halves) > 1),
        int(len(hours) > member.needed),
        int(len(stations) > 1 and len(hours) > 1),
    )


def _choices(hours: list[int], needed: int) -> list[tuple[int, ...]]:
    """Sets of hours of one half day worth trying: up to one more than needed; neighbours only when there are many."""
    found: list[tuple[int, ...]] = []
    for count in range(1, min(needed + 1, len(hours)) + 1):
        sets = list(combinations(hours, count)) if _number(len(hours), count) <= MANY else []
        found += sets or [tuple(hours[i : i + count]) for i in range(len(hours) - count + 1)]
    if hours and len(hours) > needed + 1:
        found.append(tuple(hours))
    return found


def _desperate(hours: list[int], needed: int) -> list[tuple[int, ...]]:
    """Sets of hours of the whole day, when no half of it will do: as many as needed, and all unbroken stretches."""
    found = [
        tuple(hours[first:last]) for first in range(len(hours)) for last in range(first + 1, len(hours) + 1)
    ]
    for count in range(2, min(needed, len(hours)) + 1):
        if _number(len(hours), count) <= 4 * MANY:
            found += combinations(hours, count)
    return found


def _number(n: int, k: int) -> int:
    result = 1
    for i in range(k):
        result = result * (n - i) // (i + 1)
    return result
