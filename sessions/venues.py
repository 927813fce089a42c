"""The register of rooms for on-site shoots, and whether one fulfils the requirements (R14, A1)."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from sessions.models import Venue
from units.models import Campaign, Unit

FIELDS = (
    "name", "address", "area", "longest_side", "doors", "voltage", "power", "fire_equipment", "certified_by",
    "certified_until", "note",
)  # fmt: skip


class VenueNameTaken(DomainError):
    code = "venue_name_taken"
    message = gettext_lazy("The unit already has a room named “%(name)s”.")


@dataclass(frozen=True)
class Judgement:
    """What a room lacks for so many crews: `missing` blocks confirmation, `warnings` do not."""

    missing: list[str]
    warnings: list[str]


def judge_venue(venue: Venue, campaign: Campaign, crews: int, on: dt.date | None = None) -> Judgement:
    """R14 with the campaign's numbers: area and power grow with the crews, two doors are only preferred."""
    crews = max(crews, 1)
    area, power = campaign.room_area * crews, campaign.room_power * crews
    missing = []
    if venue.area < area:
        missing.append(_("area %(have)s m², needed %(need)s m²") % _numbers(venue.area, area))
    if venue.longest_side < campaign.room_side:
        numbers = _numbers(venue.longest_side, campaign.room_side)
        missing.append(_("longest side %(have)s m, needed %(need)s m") % numbers)
    if venue.voltage != campaign.room_voltage:
        volts = {"have": venue.voltage, "need": campaign.room_voltage}
        missing.append(_("voltage %(have)s V, needed %(need)s V") % volts)
    if venue.power < power:
        missing.append(_("power %(have)s kW, needed %(need)s kW") % _numbers(venue.power, power))
    if not venue.fire_equipment.strip():
        missing.append(_("fire equipment (extinguisher or hydrant)"))
    if on and venue.certified_until and venue.certified_until < on:
        missing.append(_("a certificate that is still valid on %(day)s") % {"day": on})
    warnings = []
    if venue.doors < campaign.room_doors:
        doors = {"have": venue.doors, "need": campaign.room_doors}
        warnings.append(_("doors: %(have)s, preferably %(need)s") % doors)
    return Judgement(missing, warnings)


def _numbers(have: Decimal, need: Decimal) -> dict[str, str]:
    return {"have": f"{have.normalize():f}", "need": f"{need.normalize():f}"}


def save_venue(*, unit: Unit, by: User, venue: Venue | None = None, **fields: Any) -> Venue:
    """Enter a room into the unit's register or change it. Raises `VenueNameTaken`."""
    venue = venue or Venue(unit=unit)
    is_new = venue.pk is None
    for name in FIELDS:
        if name in fields:
            setattr(venue, name, fields[name])
    try:
        with transaction.atomic():
            venue.save()
            record(venue, "venue_added" if is_new else "venue_changed", by=by)
    except IntegrityError:
        raise VenueNameTaken(name=venue.name) from None
    return venue


def retire_venue(*, venue: Venue, by: User) -> None:
    """Take a room out of the register; bookings that name it keep it. Harmless when repeated."""
    with transaction.atomic():
        if Venue.objects.filter(pk=venue.pk, is_active=True).update(is_active=False):
            record(venue, "venue_retired", by=by)
