"""Holding half hours: the database decides who was first; a lapsed hold gives way in the same transaction."""

import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterable
from typing import Any, ParamSpec, TypeVar, cast

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.events import move_state
from photocampus.lists import join_parts
from photocampus.models import User
from sessions.hours import HalfHour, free_instead, held_hours, holder_name, hours_text, stale
from sessions.models import OPEN_STATES, Booking, BookingMessage, BookingState, Hold
from sessions.routes import set_flag
from units.models import Studio

LAPSE = {state: {BookingState.LAPSED} for state in OPEN_STATES}
P = ParamSpec("P")
R = TypeVar("R")
# Called in the transaction in which hours became free: the studio, and the days (None: any day may have more room).
FreedListener = Callable[[Studio, Collection[dt.date] | None], object]
_listeners: list[FreedListener] = []


def on_hours_freed(listener: FreedListener) -> FreedListener:
    """Register who wants to know of hours that became free; called when the app is ready."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def hours_freed(studio: Studio, days: Collection[dt.date] | None = None) -> None:
    for listener in _listeners:
        listener(studio, days)


class HoursTaken(DomainError):
    """Somebody was first. `data` has the hours taken, by whom, and ways to get as many hours nearby."""

    code = "hours_taken"
    message = _("Already held: %(taken)s. Nothing was booked; nearest free hours: %(nearest)s.")

    def __init__(self, *, alternatives: list[list[HalfHour]], **data: Any) -> None:
        nearest = hours_text(alternatives[0]) if alternatives else str(_("none within 30 days"))
        super().__init__(nearest=nearest, alternatives=alternatives, **data)


class NoHours(DomainError):
    code = "no_hours"
    message = _("Please choose at least one half hour.")


class HoursLost(Exception):
    """Inside a use case: somebody else holds one of the hours. `holding` makes the refusal of it, after the rollback."""

    def __init__(self, booking: Booking, wanted: list[HalfHour]) -> None:
        super().__init__()
        self.booking, self.wanted = booking, wanted


def holding(use_case: Callable[P, R]) -> Callable[P, R]:
    """Around every use case that holds its `hours`: what must not happen while others wait for its transaction.

    Before it, lapsed holds on the hours go in a transaction of their own: so they are gone, and offered to whoever waits
    for the day, even if the use case is refused. After it, the refusal looks for free hours nearby, which takes a while.
    """

    @functools.wraps(use_case)
    def act(*args: P.args, **kwargs: P.kwargs) -> R:
        if hours := cast("Collection[HalfHour]", kwargs.get("hours") or ()):
            release_lapsed(on=hours, but=cast("Booking | None", kwargs.get("booking")))
        try:
            return use_case(*args, **kwargs)
        except HoursLost as lost:
            raise taken(booking=lost.booking, wanted=lost.wanted, by=cast("User", kwargs["by"])) from None

    return act


def hold_hours(*, booking: Booking, hours: Collection[HalfHour]) -> None:
    """Hold all of these half hours for the booking, or none. Call inside a transaction of a use case under `holding`.

    Lapsed holds of others on them are released first. Ends in `HoursTaken` when anybody else holds one of them:
    the unique constraint decides, not an earlier look.
    """
    wanted = sorted(set(hours))  # one order for everybody, so that two askers never wait for each other
    if not wanted:
        raise NoHours()
    release_lapsed(on=wanted, but=booking)
    try:
        with transaction.atomic():
            insert_holds(booking, wanted)
    except IntegrityError:
        raise HoursLost(booking, wanted) from None


def look_first(*, booking: Booking, hours: Collection[HalfHour]) -> None:
    """Refuse without any lock what is plainly held: who comes too late does not keep those waiting who come in time.

    `booking` need not be saved: it only says for whom the hours would be. Decides nothing in favour of anybody.
    """
    wanted = sorted(set(hours))
    if wanted and _held(wanted).exclude(booking=booking.pk).exists():
        raise HoursLost(booking, wanted)


def insert_holds(booking: Booking, hours: Collection[HalfHour]) -> None:
    """The rows themselves; the database refuses (`IntegrityError`) what is held already."""
    Hold.objects.bulk_create(
        Hold(booking=booking, station_id=hour.station, day=hour.day, start=hour.start)
        for hour in sorted(set(hours))
    )


def _held(hours: Iterable[HalfHour]) -> QuerySet[Hold]:
    match = Q()
    for hour in hours:
        match |= Q(station=hour.station, day=hour.day, start=hour.start)
    return Hold.objects.filter(match)


def exchange_hours(*, booking: Booking, hours: Collection[HalfHour]) -> bool:
    """Hold new hours instead of the old ones in one transaction; the old ones are freed only if the new are held.

    Gives False when nothing changes. Ends in `HoursTaken` (see `hold_hours`), and then everything stays as it was.
    """
    old, new = set(held_hours(booking)), set(hours)
    if not new:
        raise NoHours()
    if old == new:
        return False
    with transaction.atomic():
        if added := new - old:
            hold_hours(booking=booking, hours=added)
        release(booking, old - new)
    return True


def release(booking: Booking, hours: Iterable[HalfHour]) -> None:
    """Give some hours of the booking back."""
    days = set()
    for hour in hours:
        Hold.objects.filter(booking=booking, station=hour.station, day=hour.day, start=hour.start).delete()
        days.add(hour.day)
    if days:
        hours_freed(booking.studio, days)


def release_all(booking: Booking) -> int:
    """Give all hours of the booking back."""
    days = set(Hold.objects.filter(booking=booking).values_list("day", flat=True))
    released = Hold.objects.filter(booking=booking).delete()[0]
    if days:
        hours_freed(booking.studio, days)
    return released


def release_lapsed(*, on: Collection[HalfHour] = (), but: Booking | None = None) -> int:
    """Let every unconfirmed booking past its deadline lapse (of those that hold one of the hours in `on`, if given).

    Harmless when repeated. Returns how many lapsed.
    """
    bookings = Booking.objects.filter(stale())
    if on:
        days = {hour.day for hour in on}
        holds = Hold.objects.filter(station__in={hour.station for hour in on}, day__in=days)
        bookings = bookings.filter(pk__in=holds.values("booking"))
    if but is not None:
        bookings = bookings.exclude(pk=but.pk)
    if not bookings.exists():  # no write lock for nothing
        return 0
    lapsed = 0
    with transaction.atomic():
        for booking in bookings.select_for_update(of=("self",)).select_related("studio").order_by("pk"):
            move_state(booking, BookingState.LAPSED, moves=LAPSE, by=None, held_until=None)
            BookingMessage.objects.create(booking=booking, step=BookingState.LAPSED)
            set_flag(booking, "", "", None)
            release_all(booking)
            lapsed += 1
    return lapsed


def taken(*, booking: Booking, wanted: list[HalfHour], by: User) -> HoursTaken:
    """The refusal: which hours, held by whom as the asker may know, and what is free nearby."""
    holds = _held(wanted).exclude(booking=booking.pk).select_related("booking")
    by_booking: dict[int, tuple[Booking, list[HalfHour]]] = {}
    for hold in holds:
        entry = by_booking.setdefault(hold.booking_id, (hold.booking, []))
        entry[1].append(HalfHour(hold.station_id, hold.day, hold.start))
    lost = [hour for _booking, hours in by_booking.values() for hour in hours]
    text = join_parts(
        gettext("%(hours)s (%(holder)s)") % {"hours": hours_text(hours), "holder": holder_name(holder, by)}
        for holder, hours in by_booking.values()
    )
    return HoursTaken(
        taken=text or hours_text(wanted),
        hours=lost,
        alternatives=free_instead(
            studio=booking.studio,
            campaign=booking.campaign,
            kind=booking.kind,
            wanted=wanted,
            taken=lost or wanted,
        ),
    )
