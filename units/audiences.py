"""The people behind a unit, a studio or the office: whom a rule of `photocampus.told` names."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from photocampus.models import Role, User
from photocampus.told import Reader
from units.models import Campaign, Membership, StudioMembership, Unit


def coordinators(units: Iterable[Unit]) -> dict[int, Unit]:
    """User id → the first of the units for which this person works now."""
    wanted = {unit.pk: unit for unit in units}
    rows = Membership.objects.filter(unit__in=list(wanted), ended_at=None, user__is_active=True)
    found: dict[int, Unit] = {}
    for user, unit in rows.order_by("unit__code").values_list("user", "unit"):
        found.setdefault(user, wanted[unit])
    return found


def studio_people(*studios: int) -> list[int]:
    """Ids of those who work for these studios now."""
    rows = StudioMembership.objects.filter(studio__in=studios, ended_at=None, user__is_active=True)
    return list(rows.values_list("user", flat=True))


def office_people() -> list[int]:
    """Ids of academic affairs."""
    return list(User.objects.filter(role=Role.STAFF, is_active=True).values_list("pk", flat=True))


def unit_readers(
    units: Iterable[Unit], campaign: Campaign, page: str, /, *arguments: str, **facts: Any
) -> list[Reader]:
    """The units' coordinators, each led to `page` of the own unit in this campaign."""
    return [
        Reader(user, reverse(page, args=[unit.code, campaign.code, *arguments]), facts)
        for user, unit in coordinators(units).items()
    ]


def office_readers(url: str, /, **facts: Any) -> list[Reader]:
    return [Reader(user, url, facts) for user in office_people()]
