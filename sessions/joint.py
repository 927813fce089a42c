"""Several units in one shoot: who can be asked for together, and with how many people (R3)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError, NotAllowed
from sessions.expectations import without_picture
from sessions.models import BookingKind
from sessions.routes import UnitRoute
from sessions.routing import permits
from units.models import Campaign, Unit


class OneUnitOnly(DomainError):
    code = "one_unit_only"
    message = _("Please choose at least two units: a single unit asks for itself.")


@dataclass(frozen=True)
class Candidate:
    """One unit on offer: its people for the kind in question, whether R3 permits the kind, and whether it is ticked."""

    entry: UnitRoute
    people: int
    is_fit: bool
    is_chosen: bool

    @property
    def unit(self) -> Unit:
        return self.entry.unit


def candidates(
    campaign: Campaign, entries: Iterable[UnitRoute], kind: str, codes: Collection[str]
) -> list[Candidate]:
    """The units of these entries that have anybody to photograph; of `codes`, those that may have this kind are chosen.

    At most one query, for a make-up, which is for those who are still without a picture.
    """
    rows = list(entries)
    people = {entry.unit.pk: entry.to_photograph for entry in rows}
    if kind == BookingKind.MAKEUP:
        people = _waiting(campaign, [entry.unit for entry in rows])
    found = []
    for entry in rows:
        if many := people.get(entry.unit.pk, 0):
            is_fit = permits(entry.verdict, kind)
            found.append(Candidate(entry, many, is_fit, is_fit and entry.unit.code in codes))
    return found


def _waiting(campaign: Campaign, units: list[Unit]) -> dict[int, int]:
    rows = without_picture(campaign, units).order_by().values_list("enrolment__unit")
    return dict(rows.annotate(many=Count("pk")))


def chosen_units(found: Iterable[Candidate]) -> list[Unit]:
    return [candidate.unit for candidate in found if candidate.is_chosen]


def named_units(units: Iterable[Unit], codes: Iterable[str]) -> list[Unit]:
    """The units with these codes, each once. Raises `NotAllowed` when one is not among `units`."""
    by_code = {unit.code: unit for unit in units}
    if (wanted := set(codes)) - by_code.keys():
        raise NotAllowed()
    return [by_code[code] for code in sorted(wanted)]
