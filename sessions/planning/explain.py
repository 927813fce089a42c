"""Why a class comes when it comes: facts that the pages put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sessions.planning.terms import Entry, Problem, Slot, slots_of


class Because(StrEnum):
    """What a reason says; the fields of `Reason` carry the numbers."""

    LOCKED = "locked"  # somebody fixed it there
    FIRST = "first"  # there is no earlier hour
    CANNOT_COME = "cannot_come"  # `earlier` hours are blocked for the class
    TAKEN = "taken"  # `earlier` hours have too few free places for it (`people` in the best of them)
    WORKLOAD = "workload"  # the agreed people of the station and day are used up
    TOGETHER = "together"  # an earlier hour would have torn the class over days, lunch, hours or stations
    SPLIT_DAYS = "split_days"  # no day has room for the whole class (`people` in the best)
    SPLIT_STATIONS = "split_stations"  # one station has not enough places in the hour, so it is shared


@dataclass(frozen=True)
class Reason:
    because: Because
    earlier: int = 0
    people: int = 0


def explain(problem: Problem, entries: Sequence[Entry], group: str) -> list[Reason]:
    """The reasons for the place of one class in a finished plan, the most telling first."""
    mine = sorted(entry for entry in entries if entry.group == group)
    if not mine:
        return []
    if all(entry.locked for entry in mine):
        return [Reason(Because.LOCKED)]
    size = sum(entry.count for entry in mine)
    reasons = []
    if len({entry.day for entry in mine}) > 1:
        reasons.append(Reason(Because.SPLIT_DAYS, people=_roomiest_day(problem, entries, group)))
    if len({entry.station for entry in mine}) > 1 and len({(e.day, e.start) for e in mine}) == 1:
        reasons.append(Reason(Because.SPLIT_STATIONS, people=max(entry.count for entry in mine)))
    return reasons + _earlier_hours(problem, entries, group, mine, size)


def _earlier_hours(
    problem: Problem, entries: Sequence[Entry], group: str, mine: list[Entry], size: int
) -> list[Reason]:
    """What stood against each hour before the first one of the class."""
    first = (mine[0].day, mine[0].start)
    blocked = next((g.blocked for g in problem.groups if g.key == group), ())
    free = _free(problem, entries, group)
    before = sorted({(slot.day, slot.start, slot.end) for slot in free if (slot.day, slot.start) < first})
    if not before:
        return [Reason(Because.FIRST)]
    shut = [hour for hour in before if any(b.meets(*hour) for b in blocked)]
    left = _left_today(problem, entries, group)
    want = max(entry.count for entry in mine)
    taken, used_up, others, most = 0, 0, 0, 0
    for hour in before:
        if hour in shut:
            continue
        here = [slot for slot in free if (slot.day, slot.start, slot.end) == hour]
        places = sum(free[slot] for slot in here)
        allowed = sum(min(free[slot], left[slot.station, slot.day]) for slot in here)
        most = max(most, allowed)
        if places < min(want, size):
            taken += 1
        elif allowed < min(want, size):
            used_up += 1
        else:
            others += 1
    found = [
        Reason(Because.CANNOT_COME, len(shut)),
        Reason(Because.TAKEN, taken, most),
        Reason(Because.WORKLOAD, used_up),
        Reason(Because.TOGETHER, others),
    ]
    return [reason for reason in found if reason.earlier]


def _free(problem: Problem, entries: Sequence[Entry], group: str) -> dict[Slot, int]:
    """Places per hour that the other classes leave."""
    used: dict[tuple, int] = {}
    for entry in entries:
        if entry.group != group:
            place = (entry.day, entry.start, entry.end, entry.station)
            used[place] = used.get(place, 0) + entry.count
    return {
        slot: slot.capacity - used.get((slot.day, slot.start, slot.end, slot.station), 0)
        for slot in slots_of(problem.stations)
    }


def _left_today(problem: Problem, entries: Sequence[Entry], group: str) -> dict[tuple[str, date], int]:
    """People per station and day that the agreed workload still allows beside the other classes."""
    left = {
        (station.key, interval.day): station.workload if station.workload is not None else 1 << 30
        for station in problem.stations
        for interval in station.hours
    }
    for entry in entries:
        if entry.group != group and (entry.station, entry.day) in left:
            left[entry.station, entry.day] -= entry.count
    return left


def _roomiest_day(problem: Problem, entries: Sequence[Entry], group: str) -> int:
    free, left = _free(problem, entries, group), _left_today(problem, entries, group)
    by_station: dict[tuple[str, date], int] = {}
    for slot, places in free.items():
        by_station[slot.station, slot.day] = by_station.get((slot.station, slot.day), 0) + places
    by_day: dict[date, int] = {}
    for (station, day), places in by_station.items():
        by_day[day] = by_day.get(day, 0) + min(places, left[station, day])
    return max(by_day.values(), default=0)
