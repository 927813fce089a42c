"""A finished plan made better: a few classes are taken out and placed anew, whatever their day, again and again.

The other classes keep the hours they may use, not how many of them come in each, so that one person more or less in
an hour is never in the way. Drawn from a fixed seed and limited by steps: the same plan always ends the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sessions.planning.flow import place_by_flow
from sessions.planning.patterns import NOTHING, Costs, Pattern, Patterns, mask_of, plus
from sessions.planning.shares import Shares
from sessions.planning.world import World

ROUND = 80  # steps of one round
FREED = 5  # classes taken out in one round beside the one to be improved
STALE = 40  # rounds without a better plan after which it goes back to the best
Use = dict[int, dict[int, int]]  # class: hour: people


@dataclass
class State:
    """Where everybody is: the people, the pattern of each class, the aims, the last hour."""

    station_days: tuple[int, ...]
    use: Use
    patterns: dict[int, Pattern]
    costs: dict[int, Costs]
    finish: tuple[int, int]

    @property
    def total(self) -> Costs:
        total = NOTHING
        for costs in self.costs.values():
            total = plus(total, costs)
        return total

    @property
    def rank(self) -> tuple[Costs, tuple[int, int]]:
        return (self.total, self.finish)


class Polish:
    """Improves a plan inside the given sets of station-days, of which `station_days` is the one in use."""

    def __init__(self, world: World, sets: Sequence[tuple[int, ...]], steps: int) -> None:
        self.world, self.sets, self.steps = world, list(sets), steps
        self.drawn = random.Random(len(world.sizes))
        self.known: dict[tuple[int, ...], Patterns] = {}
        self.ends = [(world.day_at[slot.day], slot.end) for slot in world.slots]

    def run(self, station_days: tuple[int, ...], use: Use) -> State:
        """First fewer broken aims, then an earlier end, then what the steps that are left may still find."""
        self.best = self._state(station_days, use)
        self.goal = self._goal()
        steps = self.steps
        self._improve(self.best, steps // 2)
        self._hasten(steps // 4)
        self._improve(self.best, self.steps)
        return self.best

    def _improve(self, state: State, steps: int, cap: tuple[int, int] | None = None) -> None:
        """Rounds from this state on, with hours up to `cap` only."""
        end = self.steps - steps
        stale = 0
        while self.steps > end and self.best.rank > (NOTHING, self.goal):
            if cap and self.best.finish <= cap:
                return
            state = self._round(state, cap)
            if state.rank < self.best.rank:
                self.best, stale = state, 0
            elif (stale := stale + 1) > STALE and not cap:
                state, stale = self.best, 0

    def _hasten(self, steps: int) -> None:
        """From a plan that ends in time, but breaks more aims, to one that breaks no more than the best."""
        world = self.world
        ends = [end for end in sorted(set(self.ends)) if self.goal <= end < self.best.finish]
        for end in ends:
            for members in self.sets:
                used = set(members)
                rooms = [r for r in world.rooms if r.station_day in used and self.ends[r.index] <= end]
                total, placed = place_by_flow(world.sizes, world.open_to, rooms, world.limits)
                if total == world.total:
                    use: Use = {}
                    for group, hour, people in placed:
                        use.setdefault(group, {})[hour] = people
                    self._improve(self._state(members, use), steps // len(ends), end)
                    break
            if self.best.finish <= end:
                return

    def _patterns(self, station_days: tuple[int, ...]) -> Patterns:
        if station_days not in self.known:
            self.known[station_days] = Patterns(self.world, station_days)
        return self.known[station_days]

    def _state(self, station_days: tuple[int, ...], use: Use) -> State:
        patterns = self._patterns(station_days)
        days = tuple(patterns.days)
        return State(
            station_days,
            use,
            {group: patterns.around(group, hours, days) for group, hours in use.items()},
            {group: patterns.costs(group, hours) for group, hours in use.items()},
            max((self.ends[hour] for hours in use.values() for hour in hours), default=(0, 0)),
        )

    def _goal(self) -> tuple[int, int]:
        """No plan of these station-days can end earlier."""
        world = self.world
        for end in sorted(set(self.ends)):
            for members in self.sets:
                used = set(members)
                rooms = [r for r in world.rooms if r.station_day in used and self.ends[r.index] <= end]
                if place_by_flow(world.sizes, world.open_to, rooms, world.limits)[0] == world.total:
                    return end
        return (0, 0)

    def _round(self, state: State, cap: tuple[int, int] | None) -> State:
        drawn = self.drawn
        wrong = sorted(group for group, costs in state.costs.items() if costs != NOTHING)
        sooner = not cap and state.finish > self.goal and drawn.random() < 0.3
        members = state.station_days
        if len(self.sets) > 1 and drawn.random() < 0.2:
            members = drawn.choice(self.sets)
        cells = self._patterns(members).cells
        if cap or sooner:
            cells = [n for n in cells if (self.ends[n] <= cap if cap else self.ends[n] < state.finish)]
        allowed = mask_of(cells)
        free = {g for g, hours in state.use.items() if any(not allowed >> n & 1 for n in hours)}
        if wrong and not sooner:
            free.add(drawn.choice(wrong))
        others = sorted(set(state.use) - free)
        free.update(drawn.sample(others, min(len(others), drawn.randint(1, FREED))))
        return self._anew(state, members, cells, allowed, free) or state

    def _anew(
        self, state: State, members: tuple[int, ...], cells: list[int], allowed: int, free: set[int]
    ) -> State | None:
        """The plan with the free classes placed anew in these hours; None if that is worse or was not found."""
        world, patterns = self.world, self._patterns(members)
        days = tuple(patterns.days)
        shares = Shares({n: world.free[n] for n in cells}, world.owner, dict(world.limits))
        inside = True
        for group, hours in state.use.items():
            wide = world.open_to[group] if group in free else state.patterns[group].hours
            mine = [n for n in sorted(wide) if allowed >> n & 1]
            shares.put(group, [(n, people) for n, people in hours.items() if allowed >> n & 1], mine)
        for group, hours in state.use.items():
            out = sum(people for n, people in hours.items() if not allowed >> n & 1)
            inside = inside and shares.add(group, out)
        if not inside:
            self.steps -= 1
            return None
        allowance = NOTHING
        for group in free:
            allowance = plus(allowance, state.costs[group])
        search = _Search(shares, allowance, min(ROUND, self.steps), self.drawn)
        over = state.total[0] > 0
        for group in sorted(free):
            search.add(group, patterns.of(group, days, over), allowed)
        found = search.run()
        self.steps -= 1 + search.used
        return self._state(members, found) if found else None


class _Search:
    """Depth first over the patterns of the free classes; keeps the cheapest that was found within the allowance."""

    def __init__(self, shares: Shares, allowance: Costs, steps: int, drawn: random.Random) -> None:
        self.shares, self.bound, self.steps, self.drawn = shares, allowance, steps, drawn
        self.ways: list[tuple[int, list[tuple[Costs, tuple[int, ...], int]]]] = []
        self.used = 0
        self.found: Use | None = None

    def add(self, group: int, ways: list[Pattern], allowed: int) -> None:
        """A class to be placed anew in one of these ways, as far as their hours are allowed."""
        drawn = [(p.costs, self.drawn.random(), n) for n, p in enumerate(ways) if p.costs <= self.bound]
        mixed = []
        for costs, _draw, n in sorted(drawn):
            mask = ways[n].mask & allowed
            hours = (
                ways[n].hours if mask == ways[n].mask else tuple(h for h in ways[n].hours if mask >> h & 1)
            )
            mixed.append((costs, hours, mask))
        self.ways.append((group, mixed))

    def run(self) -> Use | None:
        self.ways.sort(key=lambda item: (len(item[1]), item[0]))
        if all(ways for _group, ways in self.ways):
            self.rest = [NOTHING]
            for _group, ways in reversed(self.ways):
                self.rest.append(plus(self.rest[-1], ways[0][0]))
            self.rest.reverse()
            self._go(0, NOTHING)
        return self.found

    def _go(self, depth: int, spent: Costs) -> None:
        if depth == len(self.ways):
            self.found, self.bound = {g: dict(hours) for g, hours in self.shares.use.items()}, spent
            return
        group, ways = self.ways[depth]
        for costs, allowed, mask in ways:
            total = plus(spent, costs)
            least = plus(total, self.rest[depth + 1])
            if least > self.bound or (self.found is not None and least == self.bound):
                return
            if self.used >= self.steps:
                return
            self.used += 1
            before, hours = len(self.shares.log), self.shares.hours[group]
            if self.shares.confine(group, allowed, mask):
                self._go(depth + 1, total)
            self.shares.take_back(before)
            self.shares.hours[group] = hours
