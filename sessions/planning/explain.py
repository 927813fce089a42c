"""Why a class comes when it comes: facts that the pages put into words.

Each is found by computing the alternative: all other classes stay, and the class begins in the earlier hour. What
cannot be settled within the steps allowed is left unsaid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations, islice, product
from math import comb

from sessions.planning.terms import Entry, Group, Problem, Slot, hours_needed, slots_of

WAYS = 2000  # ways of beginning in one hour that are looked at
Time = tuple[date, int, int]
StationDay = tuple[str, date]


class Because(StrEnum):
    """What a reason says; the fields of `Reason` carry the numbers."""

    LOCKED = "locked"  # somebody fixed it there
    PARTLY_LOCKED = "partly_locked"  # somebody fixed a part of it; the other reasons are about the rest
    FIRST = "first"  # there is no earlier hour
    CANNOT_COME = "cannot_come"  # `earlier` hours are blocked for the class
    TAKEN = "taken"  # `earlier` hours have too few free places for it (`people` in the best of them)
    WORKLOAD = "workload"  # the agreed people of the station and day are used up
    STATION_DAY = (
        "station_day"  # an earlier hour would have opened a station on a day on which it is not needed
    )
    TOGETHER = "together"  # an earlier hour would have torn the class over days, lunch, hours or stations
    LATER_END = "later_end"  # the class would have begun earlier, and everything would have ended later
    AS_GOOD = "as_good"  # `earlier` hours would have done as well
    SPLIT_DAYS = "split_days"  # no day has room for the whole class (`people` in the best)
    SPLIT_STATION_DAY = "split_station_day"  # a day has, with a station that is not needed otherwise
    SPLIT_STATIONS = "split_stations"  # one station has not enough places in the hour (`people` in the best)


@dataclass(frozen=True)
class Reason:
    because: Because
    earlier: int = 0
    people: int = 0


class Undecided(Exception):
    """More ways than may be looked at."""


def explain(problem: Problem, entries: Sequence[Entry], group: str) -> list[Reason]:
    """The reasons for the place of one class in a finished plan, the most telling first."""
    return explain_all(problem, entries, [group])[group]


def explain_all(
    problem: Problem, entries: Sequence[Entry], groups: Collection[str] | None = None
) -> dict[str, list[Reason]]:
    """The same for these classes, or for all in the plan. What is over (`problem.done`) needs no reason any more, nor
    what is fixed by the problem itself."""
    names = groups if groups is not None else dict.fromkeys(entry.group for entry in entries)
    slots: dict[Time, list[Slot]] = {}
    for slot in slots_of(problem.stations):
        slots.setdefault(time_of(slot), []).append(slot)
    return {name: Place(problem, slots, entries, name).reasons() for name in names}


class Place:
    """One class among the others: what they leave free, what of the class is fixed, and how well it is placed."""

    def __init__(
        self, problem: Problem, slots: dict[Time, list[Slot]], entries: Sequence[Entry], name: str
    ) -> None:
        over = set(problem.done)
        self.problem, self.hours = problem, slots
        self.slots = [slot for same in slots.values() for slot in same]
        self.all = [entry for entry in entries if entry.group == name]
        settled = over | set(problem.locked)
        self.fixed = [entry for entry in self.all if entry.locked or entry in settled]
        self.mine = sorted(entry for entry in self.all if not entry.locked and entry not in settled)
        self.locked = [entry for entry in self.all if entry.locked]
        self.size = sum(entry.count for entry in self.mine)
        group = next((g for g in problem.groups if g.key == name), None)
        self.group = group or Group(name, sum(entry.count for entry in self.all))
        self.needed = hours_needed(self.group.size, problem.stations)
        stay = [entry for entry in entries if entry.group != name] + self.fixed
        self.opened = {(entry.station, entry.day) for entry in stay}
        self.finish = max(((entry.day, entry.end) for entry in entries), default=(date.min, 0))
        self.left = self._left(stay)
        self.places = self._places([entry for entry in stay if entry not in over])
        self.open = {
            slot: places
            for slot, places in self.places.items()
            if places and self.left[slot.station, slot.day] and not self.is_shut(time_of(slot))
        }
        self.now = Ways(self)

    def _left(self, stay: Sequence[Entry]) -> dict[StationDay, int]:
        """People per station and day that the agreed workload still allows."""
        agreed = {station.key: station.workload for station in self.problem.stations}
        left = {(slot.station, slot.day): agreed[slot.station] for slot in self.slots}
        found = {key: 1 << 30 if load is None else load for key, load in left.items()}
        for entry in stay:
            if (entry.station, entry.day) in found:
                found[entry.station, entry.day] -= entry.count
        return {key: max(0, load) for key, load in found.items()}

    def _places(self, stay: Sequence[Entry]) -> dict[Slot, int]:
        used: dict[tuple, int] = {}
        for entry in stay:
            place = (entry.day, entry.start, entry.end, entry.station)
            used[place] = used.get(place, 0) + entry.count
        return {
            slot: max(0, slot.capacity - used.get((slot.day, slot.start, slot.end, slot.station), 0))
            for slot in self.slots
        }

    def is_shut(self, time: Time) -> bool:
        return any(blocked.meets(*time) for blocked in self.group.blocked)

    def reasons(self) -> list[Reason]:
        if not self.mine:
            return [Reason(Because.LOCKED)] if self.locked else []
        found = [Reason(Because.PARTLY_LOCKED)] if self.locked else []
        return [*found, *self._splits(), *self._earlier_hours()]

    def _splits(self) -> list[Reason]:
        """Why it is on several days, or at several stations in one hour; nothing if it need not be."""
        found = []
        if len({entry.day for entry in self.mine}) > 1 and not self.fixed:
            if (room := self._roomiest_day(len(self.left))) < self.size:
                found.append(Reason(Because.SPLIT_DAYS, people=room))
            elif self._roomiest_day(self.now.new) < self.size:
                found.append(Reason(Because.SPLIT_STATION_DAY))
        times = {time_of(entry) for entry in self.mine}
        if len(times) == 1 and len({entry.station for entry in self.mine}) > 1:
            rooms = [self._room(slot) for slot in self.open if time_of(slot) in times]
            if (most := max(rooms, default=0)) < self.size:
                found.append(Reason(Because.SPLIT_STATIONS, people=most))
        return found

    def _room(self, slot: Slot) -> int:
        return min(self.places[slot], self.left[slot.station, slot.day])

    def _roomiest_day(self, new: int) -> int:
        """The most people of the class that one day takes, with at most so many stations opened for it."""
        rooms = self.room_by_station_day(self.open)
        most = 0
        for day in {day for _station, day in rooms}:
            here = [key for key in rooms if key[1] == day]
            spare = sorted((rooms[key] for key in here if key not in self.opened), reverse=True)
            most = max(most, sum(rooms[key] for key in here if key in self.opened) + sum(spare[:new]))
        return most

    def room_by_station_day(self, slots: Collection[Slot]) -> dict[StationDay, int]:
        found: dict[StationDay, int] = {}
        for slot in slots:
            key = (slot.station, slot.day)
            found[key] = found.get(key, 0) + self.open[slot]
        return {key: min(places, self.left[key]) for key, places in found.items()}

    def _earlier_hours(self) -> list[Reason]:
        """What stood against each hour before the first one of the class."""
        first = (self.mine[0].day, self.mine[0].start)
        before = sorted(time for time in self.hours if time[:2] < first)
        if not before:
            return [Reason(Because.FIRST)]
        hours: dict[Because, int] = {}
        most = 0
        for time in before:
            because, places = self._against(time)
            if because is not None:
                hours[because] = hours.get(because, 0) + 1
            if because == Because.TAKEN:
                most = max(most, places)
        order = (
            Because.CANNOT_COME,
            Because.TAKEN,
            Because.WORKLOAD,
            Because.STATION_DAY,
            Because.TOGETHER,
            Because.LATER_END,
            Because.AS_GOOD,
        )
        return [
            Reason(because, hours[because], most if because == Because.TAKEN else 0)
            for because in order
            if because in hours
        ]

    def _against(self, time: Time) -> tuple[Because | None, int]:
        """Why the class does not begin in this hour, and how many places it has."""
        if self.is_shut(time):
            return Because.CANNOT_COME, 0
        here = self.hours[time]
        places, allowed = sum(self.places[slot] for slot in here), sum(map(self._room, here))
        if not allowed:
            return Because.WORKLOAD if places else Because.TAKEN, places
        try:
            broken = self.now.first_aim_broken(time)
        except Undecided:
            return None, places
        want = max(entry.count for entry in self.mine)
        if broken is None:
            return Because.AS_GOOD, places
        if broken == STATION_DAYS:
            return Because.STATION_DAY, places
        if broken == FINISH:
            return Because.LATER_END, places
        if allowed >= want:
            return Because.TOGETHER, places
        return Because.TAKEN if places < want else Because.WORKLOAD, places


AIMS = range(6)  # the aims of a plan, in their order
STATION_DAYS, DAYS, LUNCH, HOURS, STATIONS, FINISH = AIMS


def time_of(place: Slot | Entry) -> Time:
    return (place.day, place.start, place.end)


class Ways:
    """Whether the class could begin in an hour without breaking an aim that it keeps now."""

    def __init__(self, place: Place) -> None:
        self.place = place
        everything = place.all
        days = {entry.day for entry in everything}
        self.new = len({(entry.station, entry.day) for entry in place.mine} - place.opened)
        self.half = {time_of(slot): (slot.day, slot.start >= place.problem.lunch) for slot in place.slots}
        self.had_times = {time_of(entry) for entry in place.fixed}
        self.had_halves = {(entry.day, entry.start >= place.problem.lunch) for entry in place.fixed}
        self.had_stations = {entry.station for entry in place.fixed}
        halves = {(entry.day, entry.start >= place.problem.lunch) for entry in everything}
        times = {time_of(entry) for entry in everything}
        self.kept = {
            DAYS: len(days) == 1,
            LUNCH: len(halves) == len(days),
            HOURS: len(times) <= place.needed,
            STATIONS: len({entry.station for entry in everything}) == 1 or len(times) == 1,
        }

    def first_aim_broken(self, time: Time) -> int | None:
        """The first aim that cannot be kept together with those before it; None if all can. Raises `Undecided`."""
        if self.way_from(time) is not None:
            return None
        return next(aim for aim in AIMS if aim == FINISH or self._way(time, aim) is None)

    def way_from(self, time: Time) -> list[Slot] | None:
        """Hours in which the class could come, beginning with this one, with every aim kept. Raises `Undecided`."""
        self.looks = WAYS
        return self._way(time, FINISH)

    def _way(self, time: Time, aim: int) -> list[Slot] | None:
        """A way to begin then that keeps the aims up to this one."""
        slots = [slot for slot in self.place.open if (slot.day, slot.start) >= time[:2]]
        if aim >= FINISH:
            slots = [slot for slot in slots if (slot.day, slot.end) <= self.place.finish]
        if aim >= DAYS and self.kept[DAYS]:
            if {day for day, _half in self.had_halves} - {time[0]}:
                return None
            slots = [slot for slot in slots if slot.day == time[0]]
        for one in self._by_station(slots, time, aim):
            for two in self._by_half(one, time, aim):
                for chosen in self._by_station_day(two):
                    if (way := self._enough(chosen, time, aim)) is not None:
                        return way
        return None

    def _by_station(self, slots: list[Slot], time: Time, aim: int) -> Iterator[list[Slot]]:
        if aim < STATIONS or not self.kept[STATIONS]:
            yield slots
            return
        if not self.had_times - {time}:
            yield [slot for slot in slots if time_of(slot) == time]
        for station in sorted({slot.station for slot in slots}):
            if not self.had_stations - {station}:
                yield [slot for slot in slots if slot.station == station]

    def _by_half(self, slots: list[Slot], time: Time, aim: int) -> Iterator[list[Slot]]:
        """Not over lunch on any day: a half of each."""
        if aim < LUNCH or not self.kept[LUNCH]:
            yield slots
            return
        days = sorted({slot.day for slot in slots})
        if 2 ** len(days) > WAYS:
            raise Undecided
        for halves in product((False, True), repeat=len(days)):
            chosen = set(zip(days, halves, strict=True))
            taken = chosen | self.had_halves
            if self.half[time] in chosen and len({day for day, _half in taken}) == len(taken):
                yield [slot for slot in slots if self.half[time_of(slot)] in chosen]

    def _by_station_day(self, slots: list[Slot]) -> Iterator[list[Slot]]:
        """No more stations are opened for a day than the class opens now."""
        spare = sorted({(slot.station, slot.day) for slot in slots} - self.place.opened)
        most = min(self.new, len(spare))
        if comb(len(spare), most) > WAYS:
            raise Undecided
        for new in combinations(spare, most):
            shut = set(spare) - set(new)
            yield [slot for slot in slots if (slot.station, slot.day) not in shut] if shut else slots

    def _enough(self, slots: list[Slot], time: Time, aim: int) -> list[Slot] | None:
        """Those of them in which the class has room, using the hour, in no more hours than it may have."""
        self.looks -= 1
        if self.looks < 0:
            raise Undecided
        if all(time_of(slot) != time for slot in slots) or not self._has_room(slots):
            return None
        if aim < HOURS or not self.kept[HOURS]:
            return slots
        others = self.place.needed - len(self.had_times | {time})
        if others < 0:
            return None
        room: dict[Time, int] = {}
        for slot in slots:
            room[time_of(slot)] = room.get(time_of(slot), 0) + self.place.open[slot]
        free = room.keys() & self.had_times | {time}  # hours that count already
        rest = sorted(room.keys() - free, key=lambda t: (-room[t], t))
        for more in islice(combinations(rest, min(others, len(rest))), self.looks):
            self.looks -= 1
            times = free | set(more)
            chosen = [slot for slot in slots if time_of(slot) in times]
            if self._has_room(chosen):
                return chosen
            if sum(room[t] for t in times) < self.place.size and more == tuple(rest[: len(more)]):
                return None  # the largest hours together are too small
        if self.looks <= 0:
            raise Undecided  # the rest was not looked at
        return None

    def _has_room(self, slots: Collection[Slot]) -> bool:
        return sum(self.place.room_by_station_day(slots).values()) >= self.place.size
