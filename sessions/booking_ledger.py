"""Checks of bookings: states ↔ history, holds ↔ conversation, grants, and plans inside the held hours."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from photocampus.ledger import history_disagrees, ledger_check
from sessions.models import (
    ACTIVE_STATES,
    Booking,
    BookingKind,
    BookingMessage,
    BookingState,
    BookingUnit,
    Hold,
    PlanEntry,
    WaitlistEntry,
    WaitlistState,
)
from units.models import CampaignState, StudioGrant

FIRM = (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE)
HALF_HOUR = dt.timedelta(minutes=30)
Hour = tuple[str, str, str]  # station, day, start


@ledger_check("shoots.booking_history")
def booking_history() -> Iterable[str]:
    alone = Booking.objects.filter(kind=BookingKind.INDIVIDUAL)
    yield from history_disagrees(Booking, first="", rows=Booking.objects.exclude(kind=BookingKind.INDIVIDUAL))
    # A day for individuals is opened by the studio: it begins confirmed.
    yield from history_disagrees(Booking, first=BookingState.CONFIRMED, rows=alone)


@ledger_check("shoots.holds")
def holds() -> Iterable[str]:
    """Only bookings that live hold hours, each half hour once, at their studio's stations, and just those last agreed."""
    for pk, state in (
        Booking.objects.exclude(state__in=ACTIVE_STATES).filter(Exists(_holds())).values_list("pk", "state")
    ):
        yield f"booking {pk} is “{state}” and still holds hours"
    for pk in Booking.objects.filter(~Exists(_holds()), state__in=ACTIVE_STATES).values_list("pk", flat=True):
        yield f"booking {pk} lives and holds no hour"
    doubled = Hold.objects.order_by().values("station", "day", "start").annotate(many=Count("pk"))
    for row in doubled.filter(many__gt=1):
        yield f"station {row['station']}, {row['day']} {row['start']}: held {row['many']} times"
    strange = Hold.objects.exclude(station__studio=F("booking__studio"))
    for pk in strange.values_list("pk", flat=True):
        yield f"hold {pk} is at another studio's station"
    yield from _agreed_hours()


def _holds() -> QuerySet[Hold]:
    return Hold.objects.filter(booking=OuterRef("pk"))


def _agreed_hours() -> Iterator[str]:
    """The conversation's last list of hours against the rows of the calendar."""
    agreed: dict[int, set[Hour]] = {}
    said = BookingMessage.objects.filter(booking__state__in=ACTIVE_STATES).exclude(hours=[]).order_by("pk")
    for booking, hours in said.values_list("booking", "hours"):
        agreed[booking] = {hour for stretch in hours for hour in _half_hours(*stretch)}
    held: dict[int, set[Hour]] = defaultdict(set)
    for booking, station, day, start in Hold.objects.filter(booking__in=agreed).values_list(
        "booking", "station__code", "day", "start"
    ):
        held[booking].add((station, f"{day}", f"{start:%H:%M}"))
    for booking, hours in agreed.items():
        if hours != held[booking]:
            yield f"booking {booking} holds {len(held[booking])} half hours, its conversation says {len(hours)}"


def _half_hours(station: str, day: str, start: str, end: str) -> Iterator[Hour]:
    moment = dt.datetime.fromisoformat(f"{day} {start}")
    last = dt.datetime.fromisoformat(f"{day} {end}")
    while moment < last:
        yield station, day, f"{moment:%H:%M}"
        moment += HALF_HOUR


@ledger_check("shoots.grants")
def grants() -> Iterable[str]:
    """Whose shoot is confirmed, has the studio's open grant for each unit, as long as the campaign is open."""
    given = StudioGrant.objects.filter(
        studio=OuterRef("booking__studio"),
        unit=OuterRef("unit"),
        campaign=OuterRef("booking__campaign"),
        ended_at=None,
    )
    rows = BookingUnit.objects.filter(~Exists(given), booking__state__in=FIRM).exclude(
        booking__campaign__state=CampaignState.CLOSED
    )
    for booking, unit in rows.values_list("booking", "unit"):
        yield f"booking {booking} is confirmed, but its studio has no grant for unit {unit}"
    ended = StudioGrant.objects.filter(campaign__state=CampaignState.CLOSED, ended_at=None)
    for pk in ended.values_list("pk", flat=True):
        yield f"grant {pk} is open although its campaign is closed"


@ledger_check("shoots.plans")
def plans() -> Iterable[str]:
    """Nobody is planned outside the hours that the booking holds at that station."""
    held = set(Hold.objects.values_list("booking", "station", "day", "start"))
    for entry in PlanEntry.objects.exclude(booking__state=BookingState.DONE).order_by("pk"):
        moment = dt.datetime.combine(entry.day, entry.start)
        moment -= dt.timedelta(minutes=moment.minute % 30)
        end = dt.datetime.combine(entry.day, entry.end)
        while moment < end:
            if (entry.booking_id, entry.station_id, entry.day, moment.time()) not in held:
                yield f"plan entry {entry.pk} lies outside the hours of booking {entry.booking_id}"
                break
            moment += HALF_HOUR


@ledger_check("shoots.waitlist")
def waitlist() -> Iterable[str]:
    """Entries ↔ history; an offer is a booking of the unit that waited, and nothing is offered to who did not wait."""
    yield from history_disagrees(WaitlistEntry, first="")
    strange = WaitlistEntry.objects.filter(state=WaitlistState.OFFERED).exclude(
        Exists(BookingUnit.objects.filter(booking=OuterRef("booking"), unit=OuterRef("unit")))
    )
    for pk in strange.values_list("pk", flat=True):
        yield f"waiting list entry {pk} was offered a booking of somebody else"
    unasked = Booking.objects.filter(state=BookingState.OFFERED, waitlist_entry=None)
    for pk in unasked.values_list("pk", flat=True):
        yield f"booking {pk} is offered, but nobody waited for it"
