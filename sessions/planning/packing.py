"""Which class comes on which day, with as few classes as possible on more than one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from sessions.planning.flow import place_by_flow
from sessions.planning.world import World

FEW = 14  # classes up to which all ways are looked at, within these limits:
LEAVES = 1500
VISITS = 20_000
CHECKS = 4_000
WINDOW = 40  # classes from which one day is packed when there are many


@dataclass(frozen=True)
class Assignment:
    """`days[day]` lists (class, people); `split` counts classes on more than one day."""

    split: int
    days: dict[int, list[tuple[int, int]]]


def assignments(world: World, station_days: tuple[int, ...], most: int = LEAVES) -> Iterator[Assignment]:
    """At most `most` ways to spread the classes over the days; those with the fewest split classes come first."""
    caps: dict[int, int] = {}
    for owner in station_days:
        day = owner // len(world.stations)
        caps[day] = caps.get(day, 0) + world.limits_of(owner)
    groups = [n for n, size in enumerate(world.sizes) if size]
    if len(caps) == 1:
        yield _whole(world, caps, {group: next(iter(caps)) for group in groups}, station_days)
        return
    found = []
    if len(groups) <= FEW:
        found = _few(world, station_days, caps, groups, most if world.plain else most // 4 + 1)
    yield from found or _many(world, station_days, caps, groups)


def _few(
    world: World, station_days: tuple[int, ...], caps: dict[int, int], groups: list[int], most: int
) -> list[Assignment]:
    for split in range(len(groups) + 1):
        found: list[Assignment] = []
        checks = CHECKS
        for parts in combinations(sorted(groups, key=lambda g: -world.sizes[g]), split):
            whole = [g for g in groups if g not in parts]
            for choice in _spread(world, caps, whole):
                checks -= 1
                assignment = _checked(world, station_days, caps, choice, list(parts))
                if assignment is not None:
                    found.append(assignment)
                if len(found) >= most or checks <= 0:
                    break
            if len(found) >= most or checks <= 0:
                break
        if found:
            return sorted(found, key=lambda a: a.split)
    return []


def _spread(world: World, caps: dict[int, int], groups: list[int]) -> Iterator[dict[int, int]]:
    """Every class to one day within the days' room, largest first, early days first; look-alikes in order."""
    order = sorted(
        groups, key=lambda g: (-world.sizes[g], sorted(world.open_to[g]) if not world.plain else [], g)
    )
    days = sorted(caps)
    left = dict(caps)
    choice: dict[int, int] = {}
    visits = 0

    def go(depth: int) -> Iterator[dict[int, int]]:
        nonlocal visits
        visits += 1
        if depth == len(order):
            yield dict(choice)
            return
        group = order[depth]
        previous = order[depth - 1] if depth else None
        same = previous is not None and _alike(world, previous, group)
        for day in days:
            if visits > VISITS:
                return
            if world.sizes[group] > left[day] or (same and previous is not None and day < choice[previous]):
                continue
            left[day] -= world.sizes[group]
            choice[group] = day
            yield from go(depth + 1)
            left[day] += world.sizes[group]

    return go(0)


def _alike(world: World, a: int, b: int) -> bool:
    return (
        world.sizes[a] == world.sizes[b]
        and world.open_to[a] == world.open_to[b]
        and a not in world.locked
        and b not in world.locked
    )


def _split_count(world: World, days: dict[int, list[tuple[int, int]]]) -> int:
    on: dict[int, set[int]] = {}
    for group, entries in world.locked.items():
        on[group] = {world.day_at.get(entry.day, -1 - entry.day.toordinal()) for entry in entries}
    for day, parts in days.items():
        for group, _people in parts:
            on.setdefault(group, set()).add(day)
    return sum(len(found) > 1 for found in on.values())


def _checked(
    world: World,
    station_days: tuple[int, ...],
    caps: dict[int, int],
    choice: dict[int, int],
    parts: list[int],
) -> Assignment | None:
    if world.plain:
        return _with_rests(world, caps, choice, parts)
    return _by_flow(world, station_days, choice)


def _with_rests(
    world: World, caps: dict[int, int], choice: dict[int, int], parts: list[int]
) -> Assignment | None:
    """The split classes fill what the whole ones leave, early days first."""
    days: dict[int, list[tuple[int, int]]] = {day: [] for day in caps}
    left = dict(caps)
    for group, day in choice.items():
        days[day].append((group, world.sizes[group]))
        left[day] -= world.sizes[group]
    for group in parts:
        waiting = world.sizes[group]
        for day in sorted(caps):
            if people := min(waiting, left[day]):
                days[day].append((group, people))
                left[day] -= people
                waiting -= people
        if waiting:
            return None
    return Assignment(_split_count(world, days), days)


def _by_flow(world: World, station_days: tuple[int, ...], choice: dict[int, int]) -> Assignment | None:
    """The same where classes cannot always come: the flow says whether it fits and how large the parts are."""
    used = set(station_days)
    open_to = [
        allowed & frozenset(world.slots_of_day(choice[g])) if g in choice else allowed
        for g, allowed in enumerate(world.open_to)
    ]
    rooms = [room for room in world.rooms if room.station_day in used]
    total, placed = place_by_flow(world.sizes, open_to, rooms, world.limits)
    if total < world.total:
        return None
    parts: dict[tuple[int, int], int] = {}
    for group, slot, people in placed:
        key = (world.day_at[world.slots[slot].day], group)
        parts[key] = parts.get(key, 0) + people
    days: dict[int, list[tuple[int, int]]] = {}
    for (day, group), people in sorted(parts.items()):
        days.setdefault(day, []).append((group, people))
    return Assignment(_split_count(world, days), days)


def _whole(
    world: World, caps: dict[int, int], choice: dict[int, int], station_days: tuple[int, ...]
) -> Assignment:
    day = next(iter(caps))
    days = {day: [(group, world.sizes[group]) for group in choice]}
    return Assignment(_split_count(world, days), days)


def _many(
    world: World, station_days: tuple[int, ...], caps: dict[int, int], groups: list[int]
) -> list[Assignment]:
    """Day after day a choice of classes that fills it best, once with all slack at the end, once evenly."""
    found: list[Assignment] = []
    for even in (True, False):
        choice, parts = _packed(world, caps, groups, even)
        while (assignment := _checked(world, station_days, caps, choice, parts)) is None:
            # Blocked hours: the class that can come least is split next.
            if not choice:
                break
            hardest = min(choice, key=lambda g: (len(world.open_to[g]), -world.sizes[g], g))
            del choice[hardest]
            parts.append(hardest)
        if assignment is not None and assignment.days not in [a.days for a in found]:
            found.append(assignment)
    return sorted(found, key=lambda a: a.split)


def _packed(
    world: World, caps: dict[int, int], groups: list[int], even: bool
) -> tuple[dict[int, int], list[int]]:
    waiting = sorted(groups, key=lambda g: (len(world.open_to[g]), g)) if not world.plain else list(groups)
    choice: dict[int, int] = {}
    slack = sum(caps.values()) - sum(world.sizes[g] for g in groups)
    days = sorted(caps)
    for n, day in enumerate(days):
        goal = caps[day] - (slack // (len(days) - n) if even else 0)
        room = {g: _room_on(world, g, day) for g in waiting}
        candidates = [g for g in waiting if room[g] >= world.sizes[g]][:WINDOW]
        picked = _fill(world, candidates, goal, caps[day])
        for group in picked:
            choice[group] = day
        chosen = set(picked)
        waiting = [g for g in waiting if g not in chosen]
        slack -= caps[day] - sum(world.sizes[g] for g in picked)
    return choice, waiting


def _room_on(world: World, group: int, day: int) -> int:
    if world.plain:
        return 1 << 30
    return sum(world.free[n] for n in world.slots_of_day(day) if n in world.open_to[group])


def _fill(world: World, candidates: list[int], goal: int, cap: int) -> list[int]:
    """Classes whose sizes sum up to the goal as nearly as possible, not above the cap (bit set of reachable sums)."""
    reach = [1]
    mask = (1 << (cap + 1)) - 1
    for group in candidates:
        reach.append((reach[-1] | reach[-1] << world.sizes[group]) & mask)
    sums = [n for n in range(cap + 1) if reach[-1] >> n & 1]
    target = min(sums, key=lambda n: (abs(n - goal), -n))
    picked = []
    for n in range(len(candidates), 0, -1):
        if not reach[n - 1] >> target & 1:
            picked.append(candidates[n - 1])
            target -= world.sizes[candidates[n - 1]]
    return picked[::-1]
