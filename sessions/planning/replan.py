"""After a disturbance (R17): the rest of the plan anew, moving as few classes as possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from math import comb

from sessions.planning.flow import place_by_flow
from sessions.planning.solve import make_plan
from sessions.planning.terms import Entry, Interval, Plan, Problem, slots_of
from sessions.planning.world import World

SUBSETS = 5000  # sets of classes to move that are all tried; beyond that one is built greedily
MIDNIGHT = 24 * 60
Place = tuple[date, int, int, str]


@dataclass(frozen=True)
class Replanned:
    """The new plan, the classes whose remaining hours changed, and what is over and was kept."""

    plan: Plan
    moved: tuple[str, ...]
    kept: tuple[Entry, ...]


def replan(
    problem: Problem,
    entries: Sequence[Entry],
    moment: tuple[date, int],
    done: Mapping[str, int] | None = None,
) -> Replanned:
    """The rest of the plan from `moment` (day, minute) on, with the stations and pauses that `problem` now has.

    What began before stays. An hour that was running is cut: `done` may say how many people of a class were
    photographed in it, else the share of the hour that had passed counts. Moved are the fewest classes that let
    everybody be placed; locked entries of the future are moved only if nothing else helps.
    """
    past = tuple(piece for entry in entries for piece in _past(entry, moment, done or {}))
    future = [entry for entry in entries if (entry.day, entry.start) >= moment]
    base = replace(problem, stations=_from(problem, past, moment), locked=(), done=past)
    room = {(s.day, s.start, s.end, s.station): s.capacity for s in slots_of(base.stations)}
    given_up = _fewest(base, future, room)
    kept = tuple(replace(entry, locked=True) for entry in future if entry.group not in given_up)
    plan = make_plan(replace(base, locked=kept))
    locked = {entry for entry in entries if entry.locked}
    shown = tuple(replace(entry, locked=entry in locked) for entry in plan.entries)
    before = _waiting(entries, past, moment)
    after = [entry for entry in shown if entry not in set(past)]
    names = sorted({entry.group for entry in entries})
    moved = tuple(name for name in names if _hours(before, name) != _hours(after, name))
    return Replanned(replace(plan, entries=shown), moved, past)


def _past(entry: Entry, moment: tuple[date, int], done: Mapping[str, int]) -> list[Entry]:
    """What of an entry is over at the moment; an hour that was running is cut there."""
    minute = moment[1]
    if (entry.day, entry.start) >= moment:
        return []
    if (entry.day, entry.end) <= moment:
        return [entry]
    share = entry.count * (minute - entry.start) // (entry.end - entry.start)
    count = min(done.get(entry.group, share), entry.count)
    return [replace(entry, end=minute, count=count)] if count else []


def _waiting(entries: Iterable[Entry], past: Sequence[Entry], moment: tuple[date, int]) -> list[Entry]:
    """The old plan as far as it is not over; who was left in a running hour was to come in the rest of it."""
    over = {(e.day, e.start, e.station, e.group): e for e in past}
    found = []
    for entry in entries:
        piece = over.get((entry.day, entry.start, entry.station, entry.group))
        if piece is None and (entry.day, entry.start) >= moment:
            found.append(entry)
        elif (rest := entry.count - (piece.count if piece else 0)) > 0:
            found.append(replace(entry, start=moment[1], count=rest))
    return found


def _from(problem: Problem, past: Sequence[Entry], moment: tuple[date, int]) -> tuple:
    """The stations without the time that is over."""
    day, minute = moment
    days = {i.day for station in problem.stations for i in station.hours if i.day < day} | {
        e.day for e in past
    }
    over = [Interval(d, 0, MIDNIGHT) for d in sorted(days) if d < day] + [Interval(day, 0, minute)]
    return tuple(replace(station, pauses=(*station.pauses, *over)) for station in problem.stations)


def _hours(entries: Iterable[Entry], name: str) -> list[tuple]:
    return sorted((e.day, e.start, e.end, e.station, e.count) for e in entries if e.group == name)


def _fewest(problem: Problem, future: Sequence[Entry], room: Mapping[Place, int]) -> frozenset[str]:
    """The smallest set of classes whose hours must be given up; all of them if nothing less will do."""
    must = frozenset(e.group for e in future if room.get((e.day, e.start, e.end, e.station), 0) < e.count)
    locked = {entry.group for entry in future if entry.locked}
    rest = sorted({e.group for e in future} - must, key=lambda name: (name in locked, name))
    for count in range(len(rest) + 1):
        if comb(len(rest), count) > SUBSETS:
            return _greedily(problem, future, must, rest, room)
        for chosen in combinations(rest, count):
            if _works(problem, future, must | set(chosen), room):
                return must | frozenset(chosen)
    return must | frozenset(rest)


def _greedily(
    problem: Problem,
    future: Sequence[Entry],
    must: frozenset[str],
    rest: list[str],
    room: Mapping[Place, int],
) -> frozenset[str]:
    """First adds classes until it works, the last of the day first, then takes back whatever is not needed."""
    last = {entry.group: (entry.day, entry.start) for entry in sorted(future)}
    moved = set(must)
    added: list[str] = []
    for name in sorted(rest, key=lambda name: last[name], reverse=True):
        if _works(problem, future, moved, room):
            break
        moved.add(name)
        added.append(name)
    for name in added:
        if _works(problem, future, moved - {name}, room):
            moved.remove(name)
    return frozenset(moved)


def _works(
    problem: Problem, future: Sequence[Entry], given_up: Iterable[str], room: Mapping[Place, int]
) -> bool:
    free = set(given_up)
    kept = [entry for entry in future if entry.group not in free]
    used: dict[Place, int] = {}
    for entry in kept:
        place = (entry.day, entry.start, entry.end, entry.station)
        used[place] = used.get(place, 0) + entry.count
        if used[place] > room.get(place, 0):
            return False
    world = World(replace(problem, locked=tuple(kept)))
    if world.misfits:
        return False
    if world.plain:
        return world.room_of(sorted(world.limits)) >= world.total
    return place_by_flow(world.sizes, world.open_to, world.rooms, world.limits)[0] == world.total
