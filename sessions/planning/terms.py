"""What the planner takes and what it gives back. Days are dates, times are minutes since midnight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

HOUR = 60
LUNCH = 12 * 60 + 30  # separates morning from afternoon


@dataclass(frozen=True, order=True)
class Interval:
    """A stretch of one day, `end` not included."""

    day: date
    start: int
    end: int

    def meets(self, day: date, start: int, end: int) -> bool:
        return self.day == day and self.start < end and start < self.end


@dataclass(frozen=True)
class Group:
    """A class: its size and the times at which it cannot come."""

    key: str
    size: int
    blocked: tuple[Interval, ...] = ()


@dataclass(frozen=True)
class StationHours:
    """A station: people per hour, its hours, its agreed people per day (None: whatever the hours give), pauses."""

    key: str
    rate: int
    hours: tuple[Interval, ...]
    workload: int | None = None
    pauses: tuple[Interval, ...] = ()


@dataclass(frozen=True, order=True)
class Entry:
    """So many people of this class, at this station, in this hour."""

    day: date
    start: int
    end: int
    station: str
    group: str
    count: int
    locked: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Problem:
    """Everything a plan rests on.

    Locked entries stay as they are and use up hours and workload. Done entries are over: they use up workload and
    count for their class, whatever hours the stations have now.
    """

    groups: tuple[Group, ...]
    stations: tuple[StationHours, ...]
    locked: tuple[Entry, ...] = ()
    done: tuple[Entry, ...] = ()
    lunch: int = LUNCH


@dataclass(frozen=True, order=True)
class Slot:
    """An hour, or a shorter remainder of one, of one station, and how many people fit into it."""

    day: date
    start: int
    end: int
    station: str
    capacity: int


class Lack(StrEnum):
    """Why not everybody can be placed."""

    HOURS = "hours"  # too few hours at this rate
    WORKLOAD = "workload"  # enough hours, but the agreed people per day forbid it
    BLOCKED = "blocked"  # enough of both, but not when the classes can come
    LOCKED = "locked"  # a locked entry lies outside the hours or exceeds them


@dataclass(frozen=True)
class Shortfall:
    """Why there is no plan: what is lacking, for how many people, and how many station hours would be needed."""

    lack: Lack
    people: int
    hours: float
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Scores:
    """The aims in their order, smaller is better; `finish` is the last (day, minute) in use."""

    unplaced: int
    station_days: int
    split_days: int
    split_lunch: int
    extra_hours: int
    changing_station: int
    finish: tuple[date, int]


@dataclass(frozen=True)
class Plan:
    """Entries in order of time, or the reason why there are none."""

    entries: tuple[Entry, ...]
    shortfall: Shortfall | None
    scores: Scores | None


def slots_of(stations: Iterable[StationHours]) -> list[Slot]:
    """The hours of all stations: each unbroken run is cut into whole hours from its start, then pauses are cut out.

    A remainder gets the rounded-down share of the rate, so that no hour ever exceeds it.
    """
    found: list[Slot] = []
    for station in stations:
        for day, start, end in _pieces(station):
            if people := station.rate * (end - start) // HOUR:
                found.append(Slot(day, start, end, station.key, people))
    return sorted(found)


def _pieces(station: StationHours) -> list[tuple[date, int, int]]:
    runs: list[list] = []
    for interval in sorted(station.hours):
        if runs and runs[-1][0] == interval.day and interval.start <= runs[-1][2]:
            runs[-1][2] = max(runs[-1][2], interval.end)
        else:
            runs.append([interval.day, interval.start, interval.end])
    pieces = [
        (day, start, min(start + HOUR, end)) for day, first, end in runs for start in range(first, end, HOUR)
    ]
    for pause in sorted(station.pauses):
        pieces = [rest for piece in pieces for rest in _without(piece, pause)]
    return pieces


def _without(piece: tuple[date, int, int], pause: Interval) -> list[tuple[date, int, int]]:
    day, start, end = piece
    if not pause.meets(day, start, end):
        return [piece]
    rests = [(day, start, min(end, pause.start)), (day, max(start, pause.end), end)]
    return [rest for rest in rests if rest[1] < rest[2]]


def hours_needed(size: int, stations: Sequence[StationHours]) -> int:
    """Hours a class of this size needs at the fastest station."""
    rate = max((station.rate for station in stations), default=1)
    return -(-size // max(rate, 1))


def score(problem: Problem, entries: Sequence[Entry]) -> Scores:
    """The aims of a finished plan, counted afresh from its entries; locked ones are counted like all others."""
    by_group: dict[str, list[Entry]] = {}
    for entry in entries:
        by_group.setdefault(entry.group, []).append(entry)
    wanted = sum(group.size for group in problem.groups)
    counts = [0, 0, 0, 0]
    for group in problem.groups:
        mine = by_group.get(group.key, [])
        days = {entry.day for entry in mine}
        halves = {(entry.day, entry.start >= problem.lunch) for entry in mine}
        hours = {(entry.day, entry.start, entry.end) for entry in mine}
        stations = {entry.station for entry in mine}
        counts[0] += len(days) > 1
        counts[1] += len(halves) > len(days)
        counts[2] += len(hours) > hours_needed(group.size, problem.stations)
        counts[3] += len(stations) > 1 and len(hours) > 1
    return Scores(
        wanted - sum(entry.count for entry in entries),
        len({(entry.day, entry.station) for entry in entries}),
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        max(((entry.day, entry.end) for entry in entries), default=(date.min, 0)),
    )


def faults(problem: Problem, entries: Sequence[Entry]) -> list[str]:
    """Every hard rule that the entries break, as short technical lines; empty for a plan that may be followed."""
    room = {(s.day, s.start, s.end, s.station): s.capacity for s in slots_of(problem.stations)}
    workload = {station.key: station.workload for station in problem.stations}
    blocked = {group.key: group.blocked for group in problem.groups}
    used: dict[tuple, int] = {}
    daily: dict[tuple[str, date], int] = {}
    placed: dict[str, int] = {}
    found = []
    over = set(problem.done)
    for entry in entries:
        place = (entry.day, entry.start, entry.end, entry.station)
        if entry not in over:
            used[place] = used.get(place, 0) + entry.count
        daily[entry.station, entry.day] = daily.get((entry.station, entry.day), 0) + entry.count
        placed[entry.group] = placed.get(entry.group, 0) + entry.count
        if entry not in over and any(
            b.meets(entry.day, entry.start, entry.end) for b in blocked.get(entry.group, ())
        ):
            found.append(f"{entry.group} cannot come on {entry.day} at {entry.start}")
        if entry.count <= 0:
            found.append(f"{entry.group}: nobody in an entry")
    found += [
        f"{place}: {n} people for {room.get(place, 0)}" for place, n in used.items() if n > room.get(place, 0)
    ]
    for (station, day), n in daily.items():
        limit = workload.get(station)
        if limit is not None and n > limit:
            found.append(f"{station} on {day}: {n} people, {limit} agreed")
    found += [
        f"{g.key}: {placed[g.key]} of {g.size}" for g in problem.groups if placed.get(g.key, 0) > g.size
    ]
    return found
