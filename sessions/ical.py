"""Shoots as calendar entries (RFC 5545): one entry per day of a booking, followed through moves and cancellations.

The identifier of an entry is the booking's public one with the number of its day, so that a move to other hours changes the
entry a calendar already holds. `SEQUENCE` is the booking's; what was called off stays, as `STATUS:CANCELLED`. Nothing in it
is about a graduate or the companion.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Calendar, Timezone
from icalendar import Event as Entry

from photocampus.access import visible_to
from photocampus.events import subject_type
from photocampus.lists import join_words
from photocampus.models import Event, Role, User
from sessions.models import FIRM_STATES, Booking, BookingKind, BookingState, Hold

ZONE = ZoneInfo(settings.TIME_ZONE)
HALF_HOUR = dt.timedelta(minutes=30)
# Steps of the conversation after which the hours were agreed.
AGREED = (BookingState.CONFIRMED, BookingState.UNDER_WAY, "moved", "opened")
REFRESH = dt.timedelta(hours=1)


@dataclass(frozen=True)
class ShootDay:
    """One day of a booking: from its first to its last half hour; `hours` names stations and times."""

    day: dt.date
    start: dt.time
    end: dt.time
    hours: str


def shoots_of(user: User) -> QuerySet[Booking]:
    """What stands in this person's calendar: agreed shoots, and agreed ones that were called off."""
    agreed = Q(state__in=FIRM_STATES) | Q(state=BookingState.CANCELLED, confirmed_at__isnull=False)
    return visible_to(user, Booking).filter(agreed).distinct()


def calendar_file(bookings: QuerySet[Booking], *, reader: User, name: str = "") -> bytes:
    """The calendar with these bookings, in the language of the moment; the same number of queries for any number."""
    rows = list(
        bookings.select_related("campaign", "studio", "venue__unit")
        .prefetch_related("units", "messages")
        .order_by("pk")
    )
    keys = [booking.pk for booking in rows]
    holds: dict[int, list[Hold]] = {}
    for hold in Hold.objects.filter(booking__in=keys).select_related("station").order_by("day", "start"):
        holds.setdefault(hold.booking_id, []).append(hold)
    changed = dict(
        Event.objects.filter(subject_type=subject_type(Booking), subject_id__in=keys)
        .values_list("subject_id")
        .annotate(Max("at"))
        .order_by()
    )
    entries = []
    for booking in rows:
        at = changed.get(booking.pk) or booking.confirmed_at or booking.asked_at
        entries += entries_of(booking, holds.get(booking.pk, []), at, reader)
    return _calendar(entries, name)


def entries_of(booking: Booking, holds: list[Hold], changed: dt.datetime, reader: User) -> list[Entry]:
    """The booking's days; days it had once and has no longer are cancelled."""
    agreed = [days_of(row.hours) for row in booking.messages.all() if row.step in AGREED and row.hours]
    now = days_of(
        [[h.station.code, f"{h.day}", f"{h.start:%H:%M}", f"{_after(h.start):%H:%M}"] for h in holds]
    )
    if booking.state == BookingState.CANCELLED:
        now = []
    entries = [_entry(booking, n, day, changed, reader) for n, day in enumerate(now, 1)]
    most = max((len(days) for days in agreed), default=0)
    for n in range(len(now) + 1, most + 1):
        last = next(days for days in reversed(agreed) if len(days) >= n)
        entry = _entry(booking, n, last[n - 1], changed, reader)
        entry["STATUS"] = "CANCELLED"
        entries.append(entry)
    return entries


def _after(start: dt.time) -> dt.time:
    return (dt.datetime.combine(dt.date.min, start) + HALF_HOUR).time()


def days_of(hours: Iterable[list[str]]) -> list[ShootDay]:
    """Rows of station, day, from, until (as the conversation keeps them) → days in order, adjoining times joined."""
    by_day: dict[str, dict[str, list[list[str]]]] = {}
    for station, day, start, end in sorted(hours, key=lambda row: (row[1], row[0], row[2])):
        spans = by_day.setdefault(day, {}).setdefault(station, [])
        if spans and spans[-1][1] == start:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    found = []
    for day, stations in sorted(by_day.items()):
        times = [time for spans in stations.values() for span in spans for time in span]
        text = "\n".join(
            f"{station}: " + join_words(f"{start}–{end}" for start, end in spans)
            for station, spans in stations.items()
        )
        first, last = dt.time.fromisoformat(min(times)), dt.time.fromisoformat(max(times))
        found.append(ShootDay(dt.date.fromisoformat(day), first, last, text))
    return found


def _entry(booking: Booking, number: int, day: ShootDay, changed: dt.datetime, reader: User) -> Entry:
    entry = Entry()
    entry.add("uid", f"{booking.public_id}-{number}@photocampus")
    entry.add("sequence", booking.sequence)
    entry.add("dtstamp", changed.astimezone(dt.UTC))
    entry.add("last-modified", changed.astimezone(dt.UTC))
    entry.add("created", booking.asked_at.astimezone(dt.UTC))
    entry.add("dtstart", dt.datetime.combine(day.day, day.start, ZONE))
    entry.add("dtend", dt.datetime.combine(day.day, day.end, ZONE))
    entry.add("summary", summary_of(booking))
    entry.add("location", location_of(booking))
    entry.add("description", _description(booking, day))
    entry.add("status", "CONFIRMED")
    if url := page_of(booking, reader):
        entry.add("url", settings.BASE_URL + url)
    return entry


def summary_of(booking: Booking) -> str:
    units = join_words(unit.name for unit in booking.units.all())
    facts = {"kind": booking.get_kind_display(), "units": units or booking.studio.short_name}
    return _("Graduates' photographs (%(kind)s): %(units)s") % facts


def location_of(booking: Booking) -> str:
    """The room with its address for a shoot on site, else the studio."""
    if booking.kind == BookingKind.ON_SITE and booking.venue:
        parts = [
            booking.venue.unit.name,
            booking.venue.name,
            booking.venue.address or booking.venue.unit.address,
        ]
    elif booking.kind == BookingKind.ON_SITE:
        parts = [unit.address or unit.name for unit in booking.units.all()]
    else:
        parts = [booking.studio.name, booking.studio.address]
    return " ".join(part for part in parts if part)


def _description(booking: Booking, day: ShootDay) -> str:
    lines = [
        day.hours,
        _("Studio: %(name)s, %(phone)s") % {"name": booking.studio.name, "phone": booking.studio.phone},
    ]
    if booking.kind != BookingKind.ON_SITE and booking.studio.directions:
        lines.append(booking.studio.directions)
    if booking.campaign.dress:
        lines.append(_("Dress: %(dress)s") % {"dress": booking.campaign.dress})
    return "\n".join(lines)


def page_of(booking: Booking, reader: User) -> str:
    """The booking's page on the reader's side."""
    code, key = booking.campaign.code, booking.public_id
    if reader.role == Role.UNIT:
        units = list(booking.units.all())
        return reverse("shoots:unit-booking", args=[units[0].code, code, key]) if units else ""
    return reverse("shoots:studio-booking", args=[booking.studio.code, code, key])


def _calendar(entries: list[Entry], name: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", f"-//photocampus//shoots//{(get_language() or 'en').upper()}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    if name:
        calendar.add("name", name)  # RFC 7986
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", REFRESH)
    calendar.add_component(_zone(entries))
    for entry in entries:
        calendar.add_component(entry)
    return calendar.to_ical()


def _zone(entries: list[Entry]) -> Timezone:
    """The zone's rules for the years of the entries."""
    years = [entry.decoded("dtstart").year for entry in entries] or [2018]
    zone = Timezone.from_tzid(
        settings.TIME_ZONE, first_date=dt.date(min(years), 1, 1), last_date=dt.date(max(years) + 1, 12, 31)
    )
    zone.pop("COMMENT", None)  # says until when the library looked
    return zone
