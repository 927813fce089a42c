"""Where a unit is photographed: rule R3 of the campaign, and the line between its two sides.

Pure functions over numbers. Who is counted (active graduates, both terms together, also those exempt from a new
picture, not early students) is decided by the query that feeds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """The two ways of photographing a whole unit (N§2.2(1)(2))."""

    ON_SITE = "on_site"
    GROUP_STUDIO = "studio"


#: The kind of booking that each route leads to, and the kinds that are open to every unit (R5, R18).
KIND_OF_ROUTE = {Route.ON_SITE: "on_site", Route.GROUP_STUDIO: "group"}
KINDS_FOR_ALL = frozenset({"makeup", "individual"})


@dataclass(frozen=True)
class Verdict:
    """What the rule says about one unit, and what holds after staff had their say.

    `counted` is the number R3 looks at, `threshold` the campaign's line; `route` is what holds.
    """

    counted: int
    threshold: int
    by_rule: Route
    route: Route

    @property
    def overridden(self) -> bool:
        return self.route != self.by_rule

    @property
    def distance(self) -> int:
        """People above the line (0 = exactly on it, hence on site) or, negative, below it."""
        return self.counted - self.threshold

    @property
    def people_to_the_other_side(self) -> int:
        """How many people must come or go before the rule says the opposite."""
        return self.distance + 1 if self.distance >= 0 else -self.distance


def route_for(counted: int, threshold: int) -> Route:
    """R3: "100人以上" includes 100 itself, "不足100人" is anything under it."""
    return Route.ON_SITE if counted >= threshold else Route.GROUP_STUDIO


def judge(counted: int, threshold: int, override: str | None = None) -> Verdict:
    """The verdict for a unit of `counted` people; `override` is the route staff decided on, if they did."""
    by_rule = route_for(counted, threshold)
    return Verdict(counted, threshold, by_rule, Route(override) if override else by_rule)


def crosses_line(before: int, after: int, threshold: int) -> bool:
    """Whether a change of the count moves a unit from one side of the line to the other (R4)."""
    return route_for(before, threshold) != route_for(after, threshold)


def permits(verdict: Verdict, kind: str) -> bool:
    """Whether a shoot of this kind is open to the unit: its own route, and make-up and individual days."""
    return kind in KINDS_FOR_ALL or kind == KIND_OF_ROUTE[verdict.route]
