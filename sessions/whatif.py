"""What would be if small units of one campus were photographed together, the line were moved, or two studios worked.

Pure: numbers in, numbers out; nothing is changed. How it counts:

- R3 decides each unit's route by the scenario's line, unless academic affairs decided otherwise; decided units keep it.
- Merging puts units below the line that lie on one campus (and are not decided) into one shoot. If together they reach
  the line, the studio comes to the campus and nobody travels; else they travel together, in one shoot instead of many.
- A station takes `min(load, rate × hours)` people a day. On site every shoot takes whole station-days, because a crew
  that went to one place is not at another on that day; in the studio units follow one another at a bay.
- Days: the studios share the shoots, the longest first, each to the studio that is done earliest; crews and bays of one
  studio work at the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sessions.routing import Route, judge, route_for


@dataclass(frozen=True)
class UnitCount:
    """One unit: people that R3 counts, people to be photographed, and the route academic affairs decided, if any."""

    code: str
    name: str
    campus: str
    counted: int
    people: int
    decided: str = ""


@dataclass(frozen=True)
class Scenario:
    """`rate` people per hour and station, `load` people per station and day, `hours` a day; `crews` on site and `bays` in
    the studio that each of the `studios` has; `merged`: codes of units that may be photographed together."""

    threshold: int
    rate: int
    load: int
    hours: float
    crews: int
    bays: int
    studios: int = 1
    merged: frozenset[str] = frozenset()

    @property
    def per_station_day(self) -> int:
        """People whom one station takes in a day; at least one."""
        return max(min(self.load, int(self.rate * self.hours)), 1)


@dataclass(frozen=True)
class Shoot:
    """One shoot of one or several units."""

    units: tuple[UnitCount, ...]
    route: Route

    @property
    def people(self) -> int:
        return sum(unit.people for unit in self.units)

    @property
    def counted(self) -> int:
        return sum(unit.counted for unit in self.units)

    @property
    def is_joint(self) -> bool:
        return len(self.units) > 1


@dataclass(frozen=True)
class Outcome:
    """What a scenario comes to."""

    scenario: Scenario
    shoots: tuple[Shoot, ...]
    station_days: int
    days: int

    @property
    def on_site(self) -> int:
        return sum(1 for shoot in self.shoots if shoot.route == Route.ON_SITE)

    @property
    def people(self) -> int:
        return sum(shoot.people for shoot in self.shoots)

    @property
    def travelling(self) -> int:
        """People who go to the studio."""
        return sum(shoot.people for shoot in self.shoots if shoot.route == Route.GROUP_STUDIO)

    def shoot_of(self, code: str) -> Shoot | None:
        return next((shoot for shoot in self.shoots if any(unit.code == code for unit in shoot.units)), None)


def work_out(units: Iterable[UnitCount], scenario: Scenario) -> Outcome:
    """The shoots of a scenario, in the order of their first unit's code, and what they take. Units with nobody to be
    photographed have none."""
    with_people = sorted((unit for unit in units if unit.people > 0), key=lambda unit: unit.code)
    groups: dict[str, list[UnitCount]] = {}
    for unit in with_people:
        groups.setdefault(_group(unit, scenario), []).append(unit)
    shoots = tuple(_shoot(tuple(group), scenario.threshold) for group in groups.values())
    return Outcome(scenario, shoots, station_days(shoots, scenario), days(shoots, scenario))


def mergeable(units: Iterable[UnitCount], threshold: int) -> list[UnitCount]:
    """Who may be photographed together: below the line, on a named campus, not decided by academic affairs."""
    return [
        unit
        for unit in units
        if unit.people > 0
        and unit.campus
        and not unit.decided
        and route_for(unit.counted, threshold) == Route.GROUP_STUDIO
    ]


def _group(unit: UnitCount, scenario: Scenario) -> str:
    if unit.code in scenario.merged and mergeable([unit], scenario.threshold):
        return f"campus {unit.campus}"
    return f"unit {unit.code}"


def _shoot(units: tuple[UnitCount, ...], threshold: int) -> Shoot:
    if len(units) == 1:
        return Shoot(units, judge(units[0].counted, threshold, units[0].decided or None).route)
    return Shoot(units, route_for(sum(unit.counted for unit in units), threshold))


def _needs(people: int, per_day: int) -> int:
    return -(-people // per_day)


def station_days(shoots: Collection[Shoot], scenario: Scenario) -> int:
    """Whole station-days of every shoot on site, and of everybody in the studio together."""
    per_day = scenario.per_station_day
    on_site = sum(_needs(shoot.people, per_day) for shoot in shoots if shoot.route == Route.ON_SITE)
    inside = sum(shoot.people for shoot in shoots if shoot.route == Route.GROUP_STUDIO)
    return on_site + _needs(inside, per_day)


def days(shoots: Collection[Shoot], scenario: Scenario) -> int:
    """Days until everybody is photographed: the later of what the crews and what the bays need."""
    per_day = scenario.per_station_day
    outside = [
        _needs(_needs(shoot.people, per_day), max(scenario.crews, 1))
        for shoot in shoots
        if shoot.route == Route.ON_SITE
    ]
    ends = [0] * max(scenario.studios, 1)
    for length in sorted(outside, reverse=True):
        ends[ends.index(min(ends))] += length
    inside = sum(shoot.people for shoot in shoots if shoot.route == Route.GROUP_STUDIO)
    bays = max(scenario.bays, 1) * max(scenario.studios, 1)
    return max(*ends, _needs(_needs(inside, per_day), bays))


@dataclass(frozen=True)
class Change:
    """A unit whose route or company would be another one."""

    unit: UnitCount
    before: Route
    after: Route
    partners: tuple[UnitCount, ...]

    @property
    def needs_decision(self) -> bool:
        """R3 looks at each unit alone: another route than its own needs a decision with a reason."""
        return self.before != self.after


def changes(before: Outcome, after: Outcome) -> list[Change]:
    """Unit by unit, in the order of the codes."""
    found = []
    for shoot in before.shoots:
        for unit in shoot.units:
            new = after.shoot_of(unit.code)
            if new is None:
                continue
            partners = tuple(other for other in new.units if other.code != unit.code)
            if new.route != shoot.route or partners:
                found.append(Change(unit, shoot.route, new.route, partners))
    return sorted(found, key=lambda change: change.unit.code)


def with_merges(units: Collection[UnitCount], scenario: Scenario) -> Scenario:
    """The scenario in which every unit that may be is merged."""
    codes = frozenset(unit.code for unit in mergeable(units, scenario.threshold))
    return replace(scenario, merged=codes)
