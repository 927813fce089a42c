"""The campaign's deadlines, and which units are behind each of them. Each app adds the steps that it knows.

A deadline is a date field of `Campaign`. Its `behind` gives, in a fixed number of queries, unit → how much is still open.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photocampus.event_words import add_values
from units.models import Acknowledgement, Campaign, Notice, Unit

# Unit (primary key) → how much is open, at least 1; those who are done are absent.
Behind = Callable[[Campaign], dict[int, int]]


@dataclass(frozen=True)
class Deadline:
    """`key` is the campaign's field; `counted` says what the number counts; `page` is where the unit does it."""

    key: str
    order: int
    label: str | Promise
    counted: str | Promise
    page: str
    behind: Behind


_deadlines: dict[str, Deadline] = {}


def deadline(
    key: str, *, order: int, label: str | Promise, counted: str | Promise, page: str
) -> Callable[[Behind], Behind]:
    """Register the function that says who is behind the campaign's date `key`."""

    def register(behind: Behind) -> Behind:
        _deadlines[key] = Deadline(key, order, label, counted, page, behind)
        add_values("units.unit", {key: label})
        return behind

    return register


def all_deadlines() -> list[Deadline]:
    """In the order of the work."""
    return sorted(_deadlines.values(), key=lambda entry: entry.order)


def deadline_named(key: str) -> Deadline | None:
    return _deadlines.get(key)


@dataclass
class UnitBehind:
    """One unit that is behind, with who could be told and when it was reminded last."""

    unit: Unit
    missing: int
    coordinators: int = 0
    urged: list[dt.date] = field(default_factory=list)

    @property
    def last_urged(self) -> dt.date | None:
        return max(self.urged, default=None)


def date_of(campaign: Campaign, entry: Deadline) -> dt.date | None:
    return getattr(campaign, entry.key)


def units_behind(campaign: Campaign, entry: Deadline) -> list[UnitBehind]:
    """Active units that are behind, in order of code."""
    missing = entry.behind(campaign)
    units = Unit.objects.filter(pk__in=list(missing), is_active=True).order_by("code")
    return [UnitBehind(unit, missing[unit.pk]) for unit in units]


def one_each(units: Iterable[int]) -> dict[int, int]:
    return dict.fromkeys(units, 1)


@deadline(
    "acknowledge_by",
    order=10,
    label=_("Acknowledge the notice"),
    counted=_("notices to acknowledge"),
    page="units:notice",
)
def not_acknowledged(campaign: Campaign) -> dict[int, int]:
    """Those who have not acknowledged the newest published edition."""
    newest = Notice.objects.filter(campaign=campaign, published_at__isnull=False).order_by("-edition").first()
    if newest is None:
        return {}
    mine = Acknowledgement.objects.filter(notice=newest, unit=OuterRef("pk"))
    return one_each(Unit.objects.filter(~Exists(mine), is_active=True).values_list("pk", flat=True))
