"""What the studio decides about its calendar: closures, exceptional days, stations, and days opened for individuals."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError, NotAllowed
from photocampus.events import record
from photocampus.lists import join_words
from photocampus.models import User
from sessions.booking import NotContracted, cancel_booking
from sessions.calendar import StudioCalendar
from sessions.campaign_open import keep_published
from sessions.holding import hold_hours, holding, hours_freed
from sessions.hours import HalfHour, calendar_of, require_open
from sessions.models import (
    ACTIVE_STATES,
    Attendance,
    Booking,
    BookingKind,
    BookingMessage,
    BookingState,
    Closure,
    DayException,
    Hold,
    Station,
    StationDayOff,
)
from sessions.parties import require_studio
from sessions.plan_limits import report_broken_plans
from sessions.routes import FLAG_HOURS, flags_of, kept_hours, lower_flag, raise_flag
from units.models import Campaign, Contract, Studio

MOST_DAYS = 8  # named in the sentence of a flag


class DaysInWrongOrder(DomainError):
    code = "days_in_wrong_order"
    message = _("The last day lies before the first.")


class SpansInWrongOrder(DomainError):
    code = "spans_in_wrong_order"
    message = _("Hours must begin on a half hour and end after they begin.")


class AlreadyEntered(DomainError):
    code = "already_entered"
    message = _("There is already an entry for this day.")


class SeatsTaken(DomainError):
    code = "seats_taken"
    message = _("%(people)d people have taken a seat on this day. Move them first.")


@transaction.atomic
def add_closure(*, studio: Studio, first: dt.date, last: dt.date, reason: str, by: User) -> Closure:
    """Close the studio on these days, both included; bookings on them are flagged, never broken."""
    require_studio(by, studio)
    if last < first:
        raise DaysInWrongOrder()
    closure = Closure.objects.create(studio=studio, first=first, last=last, reason=reason.strip())
    record(studio, "closure_added", by=by, new=f"{first} – {last}", reason=reason)
    calendar_changed(studio, by)
    return closure


@transaction.atomic
def remove_closure(*, closure: Closure, by: User) -> None:
    require_studio(by, closure.studio)
    record(closure.studio, "closure_removed", by=by, old=str(closure))
    studio = closure.studio
    closure.delete()
    calendar_changed(studio, by)


@transaction.atomic
def set_exception(
    *, studio: Studio, day: dt.date, spans: Collection[tuple[dt.time, dt.time]], reason: str, by: User
) -> DayException:
    """Give one day hours of its own (none: closed): a Monday is opened, a day ends early. Replaces an earlier one."""
    require_studio(by, studio)
    ordered = sorted(spans)
    for start, end in ordered:
        if start >= end or start.minute % 30 or end.minute % 30:
            raise SpansInWrongOrder()
    openings = [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in ordered]
    row, _created = DayException.objects.update_or_create(
        studio=studio, day=day, defaults={"openings": openings, "reason": reason.strip()}
    )
    record(studio, "exception_set", by=by, new=f"{day} {openings}", reason=reason)
    calendar_changed(studio, by)
    return row


@transaction.atomic
def remove_exception(*, exception: DayException, by: User) -> None:
    require_studio(by, exception.studio)
    record(exception.studio, "exception_removed", by=by, old=str(exception.day))
    studio = exception.studio
    exception.delete()
    calendar_changed(studio, by)


@transaction.atomic
def save_station(*, studio: Studio, by: User, station: Station | None = None, **fields: Any) -> Station:
    """Add a station or change its name, rate, daily load, or whether it works at all.

    Of a lower rate both sides of the shoots hear whose plans exceed it.
    """
    require_studio(by, studio)
    station = station or Station(studio=studio)
    is_new = station.pk is None
    # Of the row, because a form may have written the new rate into `station`.
    before = Station.objects.select_for_update().filter(pk=station.pk).first()
    for name, value in fields.items():
        setattr(station, name, value)
    try:
        with transaction.atomic():
            station.save()
    except IntegrityError:
        raise AlreadyEntered() from None
    record(station, "station_added" if is_new else "station_changed", by=by, new=station.code)
    calendar_changed(studio, by)
    if before is not None and station.rate < before.rate:
        report_broken_plans(station, by)
    return station


@transaction.atomic
def add_day_off(*, station: Station, day: dt.date, reason: str, by: User) -> StationDayOff:
    """A station does not work on a day; bookings that hold hours on it are flagged."""
    require_studio(by, station.studio)
    row, _created = StationDayOff.objects.update_or_create(
        station=station, day=day, defaults={"reason": reason.strip()}
    )
    record(station, "day_off_added", by=by, new=str(day), reason=reason)
    calendar_changed(station.studio, by)
    return row


@transaction.atomic
def remove_day_off(*, day_off: StationDayOff, by: User) -> None:
    require_studio(by, day_off.station.studio)
    record(day_off.station, "day_off_removed", by=by, old=str(day_off.day))
    studio = day_off.station.studio
    day_off.delete()
    calendar_changed(studio, by)


def calendar_changed(studio: Studio, by: User | None) -> int:
    """Whatever changed in the studio's hours: bookings that lost theirs are flagged, new room goes to who waits.

    Returns how many bookings are flagged.
    """
    flagged = flag_shut_hours(studio, by)
    hours_freed(studio)
    return flagged


def flag_shut_hours(studio: Studio, by: User | None) -> int:
    """Flag every booking to come that holds an hour outside the studio's hours, a station's days or the window;
    take the flag from those that are right again. Returns how many are flagged."""
    bookings, shut = shut_hours(studio, calendar_of(studio))
    for pk, booking in bookings.items():
        if pk in shut:
            note = shut_note(shut[pk])
            if FLAG_HOURS in flags_of(booking) or kept_hours(booking) != note:
                raise_flag(booking, FLAG_HOURS, note, by)
        else:
            lower_flag(booking, FLAG_HOURS, by)
    return len(shut)


def shut_hours(
    studio: Studio, calendar: StudioCalendar
) -> tuple[dict[int, Booking], dict[int, set[dt.date]]]:
    """The bookings with hours to come, and those of them that hold hours on which nobody works by this calendar."""
    off = set(StationDayOff.objects.filter(station__studio=studio).values_list("station", "day"))
    holds = Hold.objects.filter(
        station__studio=studio, day__gte=clock.today(), booking__state__in=ACTIVE_STATES
    )
    shut: dict[int, set[dt.date]] = {}
    bookings: dict[int, Booking] = {}
    for hold in holds.select_related("booking__campaign", "station"):
        bookings[hold.booking_id] = hold.booking
        works = calendar.is_open(hold.day, hold.start) and (hold.station_id, hold.day) not in off
        if not (works and hold.station.is_active and hold.booking.campaign.contains(hold.day)):
            shut.setdefault(hold.booking_id, set()).add(hold.day)
    return bookings, shut


def shut_note(days: Collection[dt.date]) -> str:
    """Why a booking is flagged, in the portal's own language whoever looks: the same days make the same sentence."""
    inside = sorted(days)
    with translation.override(settings.LANGUAGE_CODE):
        shown = join_words(f"{day:%m-%d}" for day in inside[:MOST_DAYS]) + (
            "…" if len(inside) > MOST_DAYS else ""
        )
        sentence = gettext("Hours on %(days)s are no longer within the studio's working hours.")
    return sentence % {"days": shown}


def follow_window(campaign: Campaign, fields: Collection[str], by: User | None) -> None:
    """Listener of the campaign (see `units.hooks`): hours may now lie outside its window (R2)."""
    if {"window_start", "window_end"} & set(fields):
        for studio in Studio.objects.filter(contracts__campaign=campaign):
            calendar_changed(studio, by)


@holding
@transaction.atomic
def open_individual_day(
    *, studio: Studio, campaign: Campaign, hours: Collection[HalfHour], seats: int, by: User, note: str = ""
) -> Booking:
    """The studio opens hours for people who come alone (R5); `seats` people in each half hour take a seat themselves.

    Raises `StudioClosed`, `OutsideWindow`, `HoursTaken`, `NoHours`, `CampaignNotOpen`.
    """
    require_studio(by, studio)
    keep_published(campaign.pk)
    if not Contract.objects.filter(studio=studio, campaign=campaign).exists():
        raise NotContracted(studio=studio.short_name)
    if seats < 1:
        raise NotAllowed()
    require_open(studio=studio, campaign=campaign, kind=BookingKind.INDIVIDUAL, hours=hours)
    starts = {(hour.day, hour.start) for hour in hours}
    booking = Booking.objects.create(
        campaign=campaign,
        studio=studio,
        kind=BookingKind.INDIVIDUAL,
        state=BookingState.CONFIRMED,
        people=len(starts) * seats,
        agreed_load=len(starts) * seats or 1,
        seats_per_half_hour=seats,
        asked_by=by,
        asked_at=clock.now(),
        confirmed_at=clock.now(),
    )
    hold_hours(booking=booking, hours=hours)
    BookingMessage.objects.create(booking=booking, step="opened", note=note.strip(), by=by)
    record(booking, "individual_day_opened", by=by, new=BookingState.CONFIRMED, data={"seats": seats})
    return booking


@transaction.atomic
def close_individual_day(*, booking: Booking, reason: str, by: User) -> None:
    """Take an individual day back as long as nobody has a seat on it. Raises `SeatsTaken`."""
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    require_studio(by, booking.studio)
    if people := Attendance.objects.filter(booking=booking).count():
        raise SeatsTaken(people=people)
    cancel_booking(booking=booking, reason=reason, by=by)
