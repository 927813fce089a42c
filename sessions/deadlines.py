"""Who is behind with booking (`units.deadlines`)."""

from django.utils.translation import gettext_lazy as _

from sessions.models import FIRM_STATES, BookingKind, BookingUnit
from sessions.routes import routes_of
from units.deadlines import deadline
from units.models import Campaign

GROUPS = (BookingKind.ON_SITE, BookingKind.GROUP)


def firmly_booked(campaign: Campaign) -> set[int]:
    """Units with a confirmed shoot of their own."""
    rows = BookingUnit.objects.filter(
        booking__campaign=campaign, booking__state__in=FIRM_STATES, booking__kind__in=GROUPS
    )
    return set(rows.values_list("unit", flat=True))


@deadline(
    "booking_by",
    order=50,
    label=_("Shoot booked"),
    counted=_("people without a confirmed shoot"),
    page="shoots:unit-bookings",
)
def without_shoot(campaign: Campaign) -> dict[int, int]:
    """Units with people to be photographed and no confirmed shoot."""
    firm = firmly_booked(campaign)
    return {
        entry.unit.pk: entry.to_photograph
        for entry in routes_of(campaign)
        if entry.to_photograph and entry.unit.pk not in firm
    }
