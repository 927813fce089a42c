"""A problem turned into numbers: hours and stations by index, what locked entries leave, which station-days to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from math import comb

from sessions.planning.day import Day, Member
from sessions.planning.flow import Room, place_by_flow
from sessions.planning.terms import Entry, Problem, Slot, hours_needed, slots_of

SETS = 3000  # sets of station-days that are all tried; beyond that one is built greedily
SETS_OF_MANY = 20_000  # the same when there are many classes, divided by their number
MANY_CLASSES = 14
OWN = 1 << 20  # added to hour numbers of other days, so that they never look like an hour of this one


@dataclass
class World:
    """The numbers of one problem. `sizes` are the people still to be placed per class."""

    problem: Problem
    slots: list[Slot] = field(init=False)
    free: list[int] = field(init=False)  # per slot
    days: list[date] = field(init=False)
    stations: list[str] = field(init=False)
    sizes: list[int] = field(init=False)
    open_to: list[frozenset[int]] = field(init=False)  # slots per class
    limits: dict[int, int] = field(init=False)  # people left per station-day
    opened: set[int] = field(init=False)  # station-days that locked entries use already
    misfits: list[Entry] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        self.slots = slots_of(problem.stations)
        self.days = sorted({slot.day for slot in self.slots})
        self.stations = [station.key for station in problem.stations]
        self.day_at = {day: n for n, day in enumerate(self.days)}
        self.station_at = {key: n for n, key in enumerate(self.stations)}
        self.owner = [self._station_day(slot.day, slot.station) for slot in self.slots]
        self.free = [slot.capacity for slot in self.slots]
        workload = {self.station_at[s.key]: s.workload for s in problem.stations}
        whole: dict[int, int] = {}
        for owner, room in zip(self.owner, self.free, strict=True):
            whole[owner] = whole.get(owner, 0) + room
        self.limits = {}
        for owner, room in whole.items():
            agreed = workload[owner % len(self.stations)]
            self.limits[owner] = room if agreed is None else agreed
        self.agreed = {owner for owner in whole if workload[owner % len(self.stations)] is not None}
        self.sizes = [group.size for group in problem.groups]
        self._read_locked()
        self.open_to = self._open_to()
        self.rooms = [Room(n, self.owner[n], self.free[n]) for n in range(len(self.slots))]
        self.total = sum(self.sizes)
        self.plain = all(len(allowed) == len(self.slots) for allowed in self.open_to)
        self.hours: dict[date, list[tuple[int, int]]] = {}
        for day in self.days:
            self.hours[day] = sorted(
                {(self.slots[n].start, self.slots[n].end) for n in self.slots_of_day(self.day_at[day])}
            )

    def _station_day(self, day: date, station: str) -> int:
        """The number of a station's day; -1 for one that has no hours (any more)."""
        if day not in self.day_at or station not in self.station_at:
            return -1
        return self.day_at[day] * len(self.stations) + self.station_at[station]

    def _read_locked(self) -> None:
        at = {(slot.day, slot.start, slot.end, slot.station): n for n, slot in enumerate(self.slots)}
        group_at = {group.key: n for n, group in enumerate(self.problem.groups)}
        self.opened, self.misfits = set(), []
        self.locked: dict[int, list[Entry]] = {}
        for entry in self.problem.done:
            owner = self._station_day(entry.day, entry.station)
            if owner in self.limits:
                self.opened.add(owner)
                if owner in self.agreed:
                    self.limits[owner] = max(0, self.limits[owner] - entry.count)
            if (group := group_at.get(entry.group)) is not None:
                self.sizes[group] = max(0, self.sizes[group] - entry.count)
                self.locked.setdefault(group, []).append(entry)
        for entry in self.problem.locked:
            slot = at.get((entry.day, entry.start, entry.end, entry.station))
            if slot is None or self.free[slot] < entry.count or self.limits[self.owner[slot]] < entry.count:
                self.misfits.append(entry)
                continue
            self.free[slot] -= entry.count
            self.limits[self.owner[slot]] -= entry.count
            self.opened.add(self.owner[slot])
            if (group := group_at.get(entry.group)) is not None:
                self.sizes[group] -= entry.count
                self.locked.setdefault(group, []).append(entry)
                if self.sizes[group] < 0:
                    self.misfits.append(entry)

    def _open_to(self) -> list[frozenset[int]]:
        everything = frozenset(range(len(self.slots)))
        result = []
        for group in self.problem.groups:
            shut = {
                n
                for n, slot in enumerate(self.slots)
                if any(b.meets(slot.day, slot.start, slot.end) for b in group.blocked)
            }
            result.append(everything - shut if shut else everything)
        return result

    def room_of(self, station_days: Sequence[int]) -> int:
        return sum(self.limits_of(owner) for owner in station_days)

    def limits_of(self, owner: int) -> int:
        free = self._free_by_owner.get(owner, 0)
        return min(self.limits[owner], free)

    @property
    def _free_by_owner(self) -> dict[int, int]:
        if not hasattr(self, "_free_cache"):
            self._free_cache: dict[int, int] = {}
            for owner, room in zip(self.owner, self.free, strict=True):
                self._free_cache[owner] = self._free_cache.get(owner, 0) + room
        return self._free_cache

    def placeable(self, station_days: set[int]) -> int:
        """How many people can be placed when only these station-days are used."""
        if self.plain:
            return min(self.total, self.room_of(sorted(station_days)))
        rooms = [room for room in self.rooms if room.station_day in station_days]
        return place_by_flow(self.sizes, self.open_to, rooms, self.limits)[0]

    def station_day_sets(self) -> list[tuple[int, ...]]:
        """The smallest sets of station-days in which everybody can be placed (one of each kind of look-alikes)."""
        spare = [owner for owner in sorted(self.limits) if owner not in self.opened and self.limits_of(owner)]
        ranked = sorted(spare, key=lambda owner: (-self.limits_of(owner), owner))
        most = SETS if len(self.sizes) <= MANY_CLASSES else SETS_OF_MANY // len(self.sizes)
        room, least = self.room_of(sorted(self.opened)), 0
        while room < self.total and least < len(ranked):
            room += self.limits_of(ranked[least])
            least += 1
        for count in range(least, len(spare) + 1):
            if comb(len(spare), count) > most:
                break
            found: dict[tuple, tuple[int, ...]] = {}
            for chosen in combinations(spare, count):
                members = tuple(sorted(self.opened | set(chosen)))
                if self.room_of(members) < self.total or self._look(members) in found:
                    continue
                if self.placeable(set(members)) == self.total:
                    found[self._look(members)] = members
            if found:
                return list(found.values())
        return [self._greedy_set(ranked, least)]

    def _greedy_set(self, ranked: list[int], least: int) -> tuple[int, ...]:
        chosen = set(ranked[:least]) | self.opened
        rest = ranked[least:]
        while self.placeable(chosen) < self.total and rest:
            chosen.add(rest.pop(0))
        if len(chosen) > least + len(self.opened):
            for owner in reversed(ranked):
                if owner in chosen and self.placeable(chosen - {owner}) == self.total:
                    chosen.remove(owner)
        return tuple(sorted(chosen))

    def _look(self, members: tuple[int, ...]) -> tuple:
        if self.locked:
            return members
        look: dict[int, list[tuple]] = {}
        for owner in members:
            shape = tuple(
                (s.start, s.end, f)
                for s, f, o in zip(self.slots, self.free, self.owner, strict=True)
                if o == owner
            )
            look.setdefault(owner // len(self.stations), []).append((shape, self.limits[owner]))
        return tuple((day, tuple(sorted(shapes))) for day, shapes in sorted(look.items()))

    def day_of(self, day: int, members: set[int]) -> tuple[Day, list[int]]:
        """The day as the search of one day sees it, with the station-days in use, and its stations."""
        hours = self.hours[self.days[day]]
        row_at = {hour: n for n, hour in enumerate(hours)}
        owners = [owner for owner in sorted(members) if owner // len(self.stations) == day]
        column = {owner: n for n, owner in enumerate(owners)}
        free = [[0] * len(owners) for _ in hours]
        for n in self.slots_of_day(day):
            if self.owner[n] in column:
                slot = self.slots[n]
                free[row_at[slot.start, slot.end]][column[self.owner[n]]] = self.free[n]
        half = [int(start >= self.problem.lunch) for start, _end in hours]
        return (
            Day(free, half, [end for _start, end in hours], [self.limits[owner] for owner in owners]),
            [owner % len(self.stations) for owner in owners],
        )

    def _hour_number(self, entry: Entry, day: int, row_at: dict[tuple[int, int], int]) -> int:
        """The hour's row on this day; an hour of another day, or one that is over, gets a number of its own."""
        if entry.day == self.days[day] and (entry.start, entry.end) in row_at:
            return row_at[entry.start, entry.end]
        return OWN + entry.day.toordinal() * 1440 + entry.start

    def slots_of_day(self, day: int) -> list[int]:
        if not hasattr(self, "_by_day"):
            self._by_day: dict[int, list[int]] = {}
            for n, slot in enumerate(self.slots):
                self._by_day.setdefault(self.day_at[slot.day], []).append(n)
        return self._by_day.get(day, [])

    def member(self, group: int, people: int, day: int, stations: list[int]) -> Member:
        """A class or a part of it as the search of one day sees it."""
        hours = self.hours[self.days[day]]
        row_at = {hour: n for n, hour in enumerate(hours)}
        whole = self.problem.groups[group]
        allowed = self.open_to[group]
        open_hours = sorted(
            {row_at[self.slots[n].start, self.slots[n].end] for n in self.slots_of_day(day) if n in allowed}
        )
        needed = hours_needed(whole.size, self.problem.stations)
        if people < self.sizes[group]:
            needed = min(needed, hours_needed(people, self.problem.stations))
        had = self.locked.get(group, [])
        column = {self.stations[station]: n for n, station in enumerate(stations)}
        return Member(
            group,
            people,
            needed,
            tuple(open_hours),
            frozenset(self._hour_number(e, day, row_at) for e in had),
            frozenset(column.get(e.station, OWN + sum(map(ord, e.station))) for e in had),
            frozenset(int(e.start >= self.problem.lunch) for e in had if e.day == self.days[day]),
        )
