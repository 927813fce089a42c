"""After a disturbance (R17): the rest of the plan anew, moving as few classes as possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sessions.planning.flow import Room, bottleneck
from sessions.planning.solve import make_plan
from sessions.planning.terms import Entry, Interval, Plan, Problem, Slot, slots_of
from sessions.planning.world import World

LOOKS = 4000  # sets of classes that are looked at; beyond that the set is built greedily
MIDNIGHT = 24 * 60
Moment = tuple[date, int]
Place = tuple[date, int, int, str]  # day, from, until, station: an hour as it was planned


@dataclass(frozen=True)
class Replanned:
    """The new plan, the classes that come at another time or station, and what is over and was kept."""

    plan: Plan
    moved: tuple[str, ...]
    kept: tuple[Entry, ...]


def replan(
    problem: Problem,
    entries: Sequence[Entry],
    moment: Moment,
    done: Mapping[str, int] | None = None,
    earliest: Moment | None = None,
) -> Replanned:
    """The rest of the plan from `moment` (day, minute) on, with the stations and pauses that `problem` now has.

    What began before stays. An hour that was running is cut: `done` may say how many people of a class were
    photographed in it, else the share of the hour that had passed counts; the others stay in the rest of that hour if
    they can. Moved are the fewest classes that let everybody be placed; locked entries of the future are moved only
    if nothing else helps. Nobody who moves comes before `earliest`, because people must be told.
    """
    past = _past(entries, moment, done or {})
    rest = Rest(
        replace(problem, stations=_from(problem, past, moment), locked=(), done=past), entries, past, moment
    )
    if earliest is not None and earliest > moment:
        rest.open_from(moment, earliest)
    given_up = rest.fewest()
    plan = make_plan(replace(rest.problem, locked=tuple(rest.laid_out(given_up)[0])))
    locked = {(e.day, e.start, e.station, e.group) for e in entries if e.locked}
    shown = tuple(replace(e, locked=(e.day, e.start, e.station, e.group) in locked) for e in plan.entries)
    return Replanned(replace(plan, entries=shown), rest.moved(plan), past)


def _past(entries: Sequence[Entry], moment: Moment, done: Mapping[str, int]) -> tuple[Entry, ...]:
    """What is over at the moment; an hour that was running is cut there."""
    found, left = [], dict(done)
    for entry in sorted(entries):
        if (entry.day, entry.start) >= moment:
            continue
        if (entry.day, entry.end) <= moment:
            found.append(entry)
            continue
        share = entry.count * (moment[1] - entry.start) // (entry.end - entry.start)
        count = min(left.get(entry.group, share), entry.count)
        if entry.group in left:
            left[entry.group] -= count
        if count:
            found.append(replace(entry, end=moment[1], count=count))
    return tuple(found)


def _from(problem: Problem, past: Sequence[Entry], moment: Moment) -> tuple:
    """The stations without the time that is over."""
    day, minute = moment
    days = {i.day for station in problem.stations for i in station.hours if i.day < day} | {
        e.day for e in past
    }
    over = [Interval(d, 0, MIDNIGHT) for d in sorted(days) if d < day] + [Interval(day, 0, minute)]
    return tuple(replace(station, pauses=(*station.pauses, *over)) for station in problem.stations)


class Rest:
    """What was still to come, hour by hour as it was planned, and what is left of those hours."""

    def __init__(
        self, problem: Problem, entries: Sequence[Entry], past: Sequence[Entry], moment: Moment
    ) -> None:
        self.problem = problem
        over = {(e.day, e.start, e.station, e.group): e.count for e in past}
        sizes = {group.key: group.size for group in problem.groups}
        for entry in past:
            sizes[entry.group] = sizes.get(entry.group, 0) - entry.count
        self.waiting: dict[Place, dict[str, int]] = {}
        self.fixed: set[str] = set()  # classes with a locked entry
        for entry in sorted(entries):
            ahead = entry.count - over.get((entry.day, entry.start, entry.station, entry.group), 0)
            # a class may have shrunk: its last hours are shorter then
            ahead = min(ahead, sizes.get(entry.group, 0))
            if ahead > 0 and (entry.day, entry.end) > moment:
                place = (entry.day, entry.start, entry.end, entry.station)
                self.waiting.setdefault(place, {})[entry.group] = ahead
                sizes[entry.group] -= ahead
                if entry.locked:
                    self.fixed.add(entry.group)
        by_station: dict[tuple[date, str], list[Slot]] = {}
        for slot in slots_of(problem.stations):
            by_station.setdefault((slot.day, slot.station), []).append(slot)
        # who was told to come at 10:30 and can come at 11:00 only has to be told, so the start must be the same
        begins = {place: max(place[:2], moment)[1] for place in self.waiting}
        self.pieces = {
            place: [
                s
                for s in by_station.get((place[0], place[3]), ())
                if s.start == begins[place] and s.end <= place[2]
            ]
            for place in self.waiting
        }
        self.blocked = {group.key: group.blocked for group in problem.groups}

    def open_from(self, moment: Moment, earliest: Moment) -> None:
        """Hours that begin before that are closed to whoever moves; who is there stays."""
        days = sorted({slot.day for slot in slots_of(self.problem.stations)})
        shut = [
            Interval(day, 0, MIDNIGHT if day < earliest[0] else earliest[1])
            for day in days
            if moment[0] <= day <= earliest[0]
        ]
        groups = tuple(replace(g, blocked=(*g.blocked, *shut)) for g in self.problem.groups)
        self.problem = replace(self.problem, groups=groups)

    def laid_out(self, given_up: Iterable[str]) -> tuple[list[Entry], set[str]]:
        """The entries of all classes that stay, and classes of which one more must be given up because they do not fit."""
        gone, found = set(given_up), []
        for place, people in self.waiting.items():
            left = {slot: slot.capacity for slot in self.pieces[place]}
            staying = sorted(name for name in people if name not in gone)
            for name in staying:
                count = people[name]
                for slot in left:
                    shut = any(b.meets(slot.day, slot.start, slot.end) for b in self.blocked.get(name, ()))
                    part = 0 if shut else min(count, left[slot])
                    if part:
                        found.append(
                            Entry(slot.day, slot.start, slot.end, slot.station, name, part, locked=True)
                        )
                        left[slot] -= part
                        count -= part
                if count:
                    return [], set(staying)
        return found, set()

    def fewest(self) -> frozenset[str]:
        """The smallest set of classes whose hours must be given up; locked ones only when all others do not suffice."""
        names = {name for people in self.waiting.values() for name in people}
        unlocked = frozenset(names - self.fixed)
        may = unlocked if self._stuck(unlocked) is None else frozenset(names)
        self.looks = LOOKS
        for most in range(len(may) + 1):
            found = self._search(frozenset(), most, may, set())
            if found is not None:
                return found
            if self.looks <= 0:
                return self._greedily(may)
        return may

    def _search(
        self, moved: frozenset[str], more: int, may: frozenset[str], seen: set[frozenset[str]]
    ) -> frozenset[str] | None:
        """At most `more` classes beside `moved`: each step gives up one of those of which one must go in any case."""
        self.looks -= 1
        stuck = self._stuck(moved)
        if stuck is None:
            return moved
        if more:
            for name in sorted((stuck & may) - moved, key=lambda name: (name in self.fixed, name)):
                larger = moved | {name}
                if self.looks > 0 and larger not in seen:
                    seen.add(larger)
                    if (found := self._search(larger, more - 1, may, seen)) is not None:
                        return found
        return None

    def _greedily(self, may: frozenset[str]) -> frozenset[str]:
        """Gives up what stands in the way, the last of the day first, then takes back whatever is not needed."""
        last = {name: place[:2] for place, people in sorted(self.waiting.items()) for name in people}
        moved: frozenset[str] = frozenset()
        while (stuck := self._stuck(moved)) is not None and (more := (stuck & may) - moved):
            moved |= {max(more, key=lambda name: (last[name], name))}
        for name in sorted(moved):
            if self._stuck(moved - {name}) is None:
                moved -= {name}
        return moved

    def _stuck(self, moved: frozenset[str]) -> set[str] | None:
        """None if everybody can be placed when these classes move; else classes of which one more must move."""
        kept, crowd = self.laid_out(moved)
        if crowd:
            return crowd
        world = World(replace(self.problem, locked=tuple(kept)))
        if world.misfits:
            at = {(entry.day, entry.station) for entry in world.misfits}
            return {e.group for e in kept if (e.day, e.station) in at} | {e.group for e in world.misfits}
        if world.plain and world.room_of(sorted(world.limits)) >= world.total:
            return None
        rooms = [Room(room.index, room.station_day, room.free) for room in world.rooms]
        short = bottleneck(world.sizes, world.open_to, rooms, world.limits)
        if short is None:
            return None
        full = {(s.day, s.start, s.station) for n, s in enumerate(world.slots) if n in short[0]}
        days = {(s.day, s.station) for n, s in enumerate(world.slots) if world.owner[n] in short[1]}
        return {e.group for e in kept if (e.day, e.start, e.station) in full or (e.day, e.station) in days}

    def moved(self, plan: Plan) -> tuple[str, ...]:
        """Classes of which somebody comes in another hour or at another station than was planned."""
        done = set(self.problem.done)
        home = {
            (s.day, s.start, s.end, s.station): place for place, slots in self.pieces.items() for s in slots
        }
        after: dict[str, dict[Place, int]] = {}
        for entry in plan.entries:
            if entry not in done:
                here = (entry.day, entry.start, entry.end, entry.station)
                place, mine = home.get(here, here), after.setdefault(entry.group, {})
                mine[place] = mine.get(place, 0) + entry.count
        return tuple(
            name
            for name in sorted(after)
            if any(n > self.waiting.get(place, {}).get(name, 0) for place, n in after[name].items())
        )
