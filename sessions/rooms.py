"""Whether a room is enough for an on-site shoot (R14, A1): pure rules over the room's and the campaign's numbers.

Area and power are needed for every crew; the longest side, the voltage and fire equipment once. Two doors are only
preferred. R14 asks for no certificate; but once somebody vouched for a room until a day, its numbers count no longer
after that day: an expired certificate is missing like any other requirement. A room nobody vouched for is a warning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from sessions.models import Venue
    from units.models import Campaign

MOST_CREWS = 20

SENTENCES: dict[str, Any] = {
    "area": _("area %(have)s m², needed %(need)s m²"),
    "side": _("longest side %(have)s m, needed %(need)s m"),
    "voltage": _("voltage %(have)s V, needed %(need)s V"),
    "power": _("power %(have)s kW, needed %(need)s kW"),
    "fire": _("fire equipment (extinguisher or hydrant)"),
    "certificate": _("a certificate that is still valid on %(need)s (it ended on %(have)s)"),
    "doors": _("doors: %(have)s, preferably %(need)s"),
    "uncertified": _("nobody has certified the room"),
}


@dataclass(frozen=True)
class Lack:
    """One requirement that is not fulfilled: what there is and what is needed."""

    code: str
    have: str = ""
    need: str = ""

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % {"have": self.have, "need": self.need}

    @property
    def key(self) -> str:
        """The same lack again, or a worse one: what academic affairs accepted once is compared with it."""
        return f"{self.code} {self.have} {self.need}".strip()


@dataclass(frozen=True)
class Judgement:
    """What a room lacks for so many crews: `missing` blocks confirmation, `warnings` do not."""

    crews: int
    area: Decimal
    power: Decimal
    missing: list[Lack]
    warnings: list[Lack]

    @property
    def is_enough(self) -> bool:
        return not self.missing


def judge_venue(venue: Venue, campaign: Campaign, crews: int, on: dt.date) -> Judgement:
    """R14 with the campaign's numbers for this many crews (at least one), on the last day of the shoot."""
    crews = max(crews, 1)
    area, power = campaign.room_area * crews, campaign.room_power * crews
    missing = []
    if venue.area < area:
        missing.append(Lack("area", plain(venue.area), plain(area)))
    if venue.longest_side < campaign.room_side:
        missing.append(Lack("side", plain(venue.longest_side), plain(campaign.room_side)))
    if venue.voltage != campaign.room_voltage:
        missing.append(Lack("voltage", str(venue.voltage), str(campaign.room_voltage)))
    if venue.power < power:
        missing.append(Lack("power", plain(venue.power), plain(power)))
    if not venue.fire_equipment.strip():
        missing.append(Lack("fire"))
    if venue.certified_until and venue.certified_until < on:
        missing.append(Lack("certificate", venue.certified_until.isoformat(), on.isoformat()))
    warnings = []
    if venue.doors < campaign.room_doors:
        warnings.append(Lack("doors", str(venue.doors), str(campaign.room_doors)))
    if not venue.certified_by.strip():
        warnings.append(Lack("uncertified"))
    return Judgement(crews, area, power, missing, warnings)


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def most_crews(venue: Venue, campaign: Campaign, on: dt.date) -> int:
    """For how many crews the room is enough; 0 when something is missing even for one."""
    crews = 0
    while crews < MOST_CREWS and judge_venue(venue, campaign, crews + 1, on).is_enough:
        crews += 1
    return crews


def by_crews(venue: Venue, campaign: Campaign, crews: int, on: dt.date) -> list[Judgement]:
    """The judgement for one crew, two, …: as many as come (`crews`), and the first number for which it is too small."""
    last = min(max(crews, most_crews(venue, campaign, on) + 1), MOST_CREWS)
    return [judge_venue(venue, campaign, count, on) for count in range(1, last + 1)]


def crews_of(hours: Collection[Any]) -> int:
    """The most stations that work on one day."""
    by_day: dict[dt.date, set[int]] = {}
    for hour in hours:
        by_day.setdefault(hour.day, set()).add(hour.station)
    return max((len(stations) for stations in by_day.values()), default=0)
