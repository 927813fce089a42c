"""The last touch of a plan: a class that could come earlier without breaking any aim does."""

from __future__ import annotations

from collections.abc import Sequence

from sessions.planning.explain import Place, Time, Undecided, time_of
from sessions.planning.terms import Entry, Problem, Slot, score, slots_of

MOST = 40  # classes beyond which the plan is left as it is
ROUNDS = 3


def drawn_forward(problem: Problem, entries: Sequence[Entry]) -> list[Entry]:
    """The plan with every class as early as the others let it; what the problem fixes stays, and no aim gets worse.

    Class by class in the order of time, so that whoever comes first makes room for the next.
    """
    found = sorted(entries)
    if len(problem.groups) > MOST:
        return found
    slots: dict[Time, list[Slot]] = {}
    for slot in slots_of(problem.stations):
        slots.setdefault(time_of(slot), []).append(slot)
    for _round in range(ROUNDS):
        before = found
        for name in dict.fromkeys(entry.group for entry in before):
            found = _earlier(problem, slots, found, name)
        if found == before:
            break
    return found


def _earlier(problem: Problem, slots: dict[Time, list[Slot]], entries: list[Entry], name: str) -> list[Entry]:
    place = Place(problem, slots, entries, name)
    if not place.mine:
        return entries
    first, length = place.mine[0], _length(place.mine)
    for time in sorted(time for time in slots if time[:2] < (first.day, first.start)):
        if place.is_shut(time):
            continue
        try:
            way = place.now.way_from(time)
        except Undecided:
            continue
        if way is None:
            continue
        moved = _filled(place, way)
        others = [entry for entry in entries if entry not in place.mine]
        better = sorted([*others, *moved])
        # nobody's class is drawn apart for that
        if _length(moved) <= length and score(problem, better) <= score(problem, entries):
            return better
    return entries


def _length(entries: Sequence[Entry]) -> tuple[int, int]:
    """Days and minutes from its first hour to its last."""
    first, last = min(entries), max(entries, key=lambda e: (e.day, e.end))
    return (last.day - first.day).days, last.end - first.start


def _filled(place: Place, way: Sequence[Slot]) -> list[Entry]:
    """The class in these hours, one after the other; in one hour the roomiest station first."""
    waiting, left = place.size, dict(place.left)
    found = []
    for slot in sorted(way, key=lambda s: (s.day, s.start, -place.open[s], s)):
        here = min(waiting, place.open[slot], left[slot.station, slot.day])
        if here:
            found.append(Entry(slot.day, slot.start, slot.end, slot.station, place.group.key, here))
            left[slot.station, slot.day] -= here
            waiting -= here
    return found
