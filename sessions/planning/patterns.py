"""The ways in which a class can come: sets of hours it may use, with the aims that it breaks by using them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

from sessions.planning.terms import hours_needed
from sessions.planning.world import World

MANY = 40  # sets of hours beyond which only neighbouring hours are taken
Costs = tuple[int, int, int, int]  # over days, over lunch, longer, changing station
NOTHING: Costs = (0, 0, 0, 0)


@dataclass(frozen=True)
class Pattern:
    costs: Costs
    hours: tuple[int, ...]
    mask: int


def plus(a: Costs, b: Costs) -> Costs:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3])


def minus(a: Costs, b: Costs) -> Costs:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3])


def mask_of(hours: Iterable[int]) -> int:
    mask = 0
    for hour in hours:
        mask |= 1 << hour
    return mask


class Patterns:
    """The patterns of every class within the given station-days, cheapest first; `over_days` also those that split."""

    def __init__(self, world: World, station_days: Iterable[int]) -> None:
        self.world = world
        used = set(station_days)
        slots = world.slots
        self.cells = [n for n, owner in enumerate(world.owner) if owner in used and world.free[n]]
        self.time = [(s.day, s.start, s.end) for s in slots]
        self.side = [(s.day, s.start >= world.problem.lunch) for s in slots]
        self.needed = [hours_needed(g.size, world.problem.stations) for g in world.problem.groups]
        self.room = {n: min(world.free[n], world.limits[world.owner[n]]) for n in self.cells}
        self.had = {
            group: [
                ((e.day, e.start, e.end), (e.day, e.start >= world.problem.lunch), e.station) for e in entries
            ]
            for group, entries in world.locked.items()
        }
        self.days = sorted({world.day_at[slots[n].day] for n in self.cells})
        self.on_day: dict[int, list[int]] = {}
        for n in self.cells:
            self.on_day.setdefault(world.day_at[slots[n].day], []).append(n)
        self.known: dict[tuple, list[Pattern]] = {}

    def costs(self, group: int, hours: Iterable[int]) -> Costs:
        """The aims that a class breaks by coming in these hours, with what it already has."""
        slots = self.world.slots
        times, sides, stations = set(), set(), set()
        for n in hours:
            times.add(self.time[n])
            sides.add(self.side[n])
            stations.add(slots[n].station)
        for time, side, station in self.had.get(group, ()):
            times.add(time)
            sides.add(side)
            stations.add(station)
        days = len({day for day, _half in sides})
        return (
            int(days > 1),
            int(len(sides) > days),
            int(len(times) > self.needed[group]),
            int(len(stations) > 1 and len(times) > 1),
        )

    def of(self, group: int, days: tuple[int, ...], over_days: bool) -> list[Pattern]:
        """The patterns on one of these days, and if wanted those that split the class over them; cheapest first."""
        key = (group, days, over_days)
        if key not in self.known:
            found = [pattern for day in days for pattern in self._on(group, day)]
            if over_days and len(days) > 1:
                found += self._over(group, days)
            self.known[key] = sorted(found, key=lambda p: (p.costs, -len(p.hours), p.hours))
        return self.known[key]

    def around(self, group: int, hours: Iterable[int], days: tuple[int, ...]) -> Pattern:
        """The widest pattern that costs no more than coming in exactly these hours."""
        mask, costs = mask_of(hours), self.costs(group, hours)
        for pattern in self.of(group, days, bool(costs[0])):
            if pattern.costs > costs:
                break
            if pattern.mask & mask == mask:
                return pattern
        return Pattern(costs, tuple(sorted(hours)), mask)

    def _open(self, group: int, day: int) -> list[int]:
        return [n for n in self.on_day.get(day, ()) if n in self.world.open_to[group]]

    def _on(self, group: int, day: int) -> list[Pattern]:
        key = (group, day)
        if key not in self.known:
            found: dict[tuple[int, ...], Pattern] = {}
            self._of_cells(found, group, self._open(group, day))
            self.known[key] = list(found.values())
        return self.known[key]

    def _over(self, group: int, days: tuple[int, ...]) -> list[Pattern]:
        found: dict[tuple[int, ...], Pattern] = {}
        mine = [n for day in days for n in self._open(group, day)]
        sides = sorted({self.side[n] for n in mine})
        for one, other in combinations(sides, 2):
            if one[0] != other[0]:
                self._in(found, group, [n for n in mine if self.side[n] in (one, other)])
        self._in(found, group, mine)
        return [pattern for pattern in found.values() if pattern.costs[0]]

    def _of_cells(self, found: dict[tuple[int, ...], Pattern], group: int, cells: list[int]) -> None:
        """Patterns on one day: in a half of it, then in the whole of it."""
        halves: dict = {}
        for n in cells:
            halves.setdefault(self.side[n], []).append(n)
        for half in halves.values():
            self._in(found, group, half)
        if len(halves) > 1:
            self._in(found, group, cells)

    def _in(self, found: dict[tuple[int, ...], Pattern], group: int, cells: list[int]) -> None:
        """As many hours as the class needs, and all hours; at one station, and at all of them."""
        at: dict = {}
        for n in cells:
            at.setdefault(self.time[n], []).append(n)
        times = sorted(at)
        for chosen in [*_choices(times, self.needed[group]), tuple(times)]:
            hours = [n for time in chosen for n in at[time]]
            self._add(found, group, hours)
            if len(chosen) > 1:
                stations: dict[int, list[int]] = {}
                for n in hours:
                    stations.setdefault(self.world.owner[n] % len(self.world.stations), []).append(n)
                if len(stations) > 1:
                    for same in stations.values():
                        self._add(found, group, same)
        if self.needed[group] > 1:
            for time in times:
                self._add(found, group, at[time])

    def _add(self, found: dict[tuple[int, ...], Pattern], group: int, hours: list[int]) -> None:
        key = tuple(sorted(hours))
        if key not in found and sum(self.room[n] for n in key) >= self.world.sizes[group]:
            found[key] = Pattern(self.costs(group, key), key, mask_of(key))


def _choices(times: Sequence, count: int) -> list[tuple]:
    if count >= len(times):
        return []
    if comb(len(times), count) <= MANY:
        return list(combinations(times, count))
    return [tuple(times[n : n + count]) for n in range(len(times) - count + 1)]
