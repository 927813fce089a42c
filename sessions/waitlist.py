"""The waiting list of a day as its units use it: joining as a group, leaving, accepting what is offered (see `offers`)."""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError, NotAllowed
from photocampus.events import move_state, record
from photocampus.models import User
from sessions.booking import NobodyWaits, NotContracted
from sessions.booking_cover import require_need
from sessions.calendar import capacity
from sessions.campaign_open import keep_published, require_published
from sessions.conversation import MOVES, answer_by, locked, tell, tell_why
from sessions.expectations import people_of
from sessions.hours import (
    Day,
    OutsideWindow,
    StudioClosed,
    availability,
    calendar_of,
    fill_day,
    held_hours,
    is_stale,
    require_open,
    station_kind,
)
from sessions.models import Booking, BookingKind, BookingState, WaitlistEntry
from sessions.offers import ENTRY_MOVES, W, open_entries
from sessions.parties import require_unit
from sessions.routes import require_kind
from units.models import Campaign, Contract, Studio, Unit


class ListClosed(DomainError):
    code = "list_closed"
    message = _("The waiting list of %(day)s is closed: hours are offered until the day before.")


class RoomLeft(DomainError):
    code = "room_left"
    message = _("There is room for %(people)d people on %(day)s: please ask for the free hours.")


class TooManyPeople(DomainError):
    code = "too_many_people"
    message = _(
        "On %(day)s the studio takes at most %(most)d people, even when nothing is held; %(people)d never fit."
    )


class WrongCount(DomainError):
    code = "wrong_count"
    message = _("The group has between 1 and %(most)d people.")


class AlreadyWaiting(DomainError):
    code = "already_waiting"
    message = _("The unit is on the waiting list of %(day)s already.")


class OfferOver(DomainError):
    code = "offer_over"
    message = _("The offer was open until %(until)s; the hours go to the next on the list.")


@transaction.atomic
def join_waitlist(
    *,
    campaign: Campaign,
    studio: Studio,
    unit: Unit,
    kind: str,
    day: dt.date,
    by: User,
    people: int | None = None,
) -> WaitlistEntry:
    """The unit waits for room on one day, for all of its people or for a group of `people` of them.

    Raises `RoomLeft` while the day has room for them, `TooManyPeople` when it never has, `ListClosed`, `WrongCount`,
    `AlreadyWaiting`, and what asking for hours on the day would raise.
    """
    require_unit(by, [unit])
    keep_published(campaign.pk)
    if not Contract.objects.filter(studio=studio, campaign=campaign).exists():
        raise NotContracted(studio=studio.short_name)
    if kind == BookingKind.INDIVIDUAL:
        raise NotAllowed()
    require_kind(campaign=campaign, units=[unit], kind=kind)
    people = _checked_people(campaign, unit, kind, people)
    _require_full(_open_day(campaign, studio, kind, day), people)
    try:
        with transaction.atomic():
            entry = WaitlistEntry.objects.create(
                campaign=campaign,
                studio=studio,
                unit=unit,
                kind=kind,
                day=day,
                people=people,
                joined_by=by,
                joined_at=clock.now(),
            )
    except IntegrityError:
        raise AlreadyWaiting(day=day) from None
    record(
        entry,
        "state_waiting",
        by=by,
        new=W.WAITING,
        data={"unit": unit.code, "day": str(day), "people": people},
    )
    return entry


def _checked_people(campaign: Campaign, unit: Unit, kind: str, people: int | None) -> int:
    """The size of the group: everybody who is to be photographed unless a part of them is meant."""
    most = people_of(campaign, [unit], kind)
    if not most:
        raise NobodyWaits()
    if people is None:
        return most
    if not 1 <= people <= most:
        raise WrongCount(most=most)
    return people


def _open_day(campaign: Campaign, studio: Studio, kind: str, day: dt.date) -> Day:
    """The day as it is now. Raises `ListClosed`, `OutsideWindow`, `StudioClosed` when nobody can wait for it."""
    if day <= clock.today():
        raise ListClosed(day=day)
    if not campaign.contains(day):
        raise OutsideWindow(day=day, first=campaign.window_start, last=campaign.window_end)
    if day_off := calendar_of(studio).day_off(day):
        raise StudioClosed(why=day_off.kind, day=day, name=day_off.name or "—")
    return availability(studio=studio, campaign=campaign, kind=kind, first=day, last=day)[0]


def whole_day(day: Day) -> int:
    """How many people the stations that work on the day take if nothing is held."""
    return sum(
        min(capacity(day.starts, station.rate), station.daily_load)
        for station in day.stations
        if station.pk not in day.off
    )


def has_room(day: Day, people: int) -> bool:
    return fill_day(day, people)[1] == 0


def _require_full(day: Day, people: int) -> None:
    if (most := whole_day(day)) < people:
        raise TooManyPeople(day=day.day, most=most, people=people)
    if has_room(day, people):
        raise RoomLeft(day=day.day, people=people)


@transaction.atomic
def leave_waitlist(*, entry: WaitlistEntry, by: User) -> None:
    """The unit waits no longer. Raises `IllegalMove` when it was offered hours meanwhile: those it can pass on."""
    entry = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
    require_unit(by, [entry.unit])
    move_state(entry, W.LEFT, moves=ENTRY_MOVES, by=by)


@transaction.atomic
def accept_offer(*, booking: Booking, by: User, note: str = "", reason: str = "") -> None:
    """The unit takes the offered hours: from now on this is its request, and the studio answers next.

    Raises `OfferOver` after the deadline, `CampaignNotOpen`, and what asking for these hours would raise if calendar or route changed, or
    if the unit has room for everybody meanwhile.
    """
    booking = locked(booking)
    units = list(booking.units.all())
    require_unit(by, units)
    is_more = False
    require_published(booking.campaign_id)
    if booking.state == BookingState.OFFERED:
        if is_stale(booking):
            raise OfferOver(until=f"{booking.held_until:%Y-%m-%d %H:%M}")
        require_kind(campaign=booking.campaign, units=units, kind=booking.kind)
        hours = held_hours(booking)
        require_open(
            studio=booking.studio, campaign=booking.campaign, kind=booking.kind, hours=hours, held=hours
        )
        is_more = require_need(
            campaign=booking.campaign,
            units=units,
            kind=booking.kind,
            hours=hours,
            reason=reason,
            but=booking,
        )
    move_state(
        booking,
        BookingState.ASKED,
        moves={BookingState.OFFERED: MOVES[BookingState.OFFERED]},
        by=by,
        reason=note,
        held_until=answer_by(booking.campaign),
        asked_by=by,
        asked_at=clock.now(),
    )
    tell(booking, BookingState.ASKED, by, note)
    if is_more:
        tell_why(booking, reason, by)


@dataclass(frozen=True)
class Place:
    """An entry with its place on the list of its day (1 is first), among those of the same kind of station."""

    entry: WaitlistEntry
    place: int
    of: int


def places(rows: QuerySet[WaitlistEntry]) -> list[Place]:
    """The waiting entries of `rows` with their places, in two queries."""
    mine = list(
        rows.filter(state=W.WAITING).select_related("unit", "studio", "campaign").order_by("day", "pk")
    )
    queues: dict[tuple[int, bool, dt.date], list[int]] = {}
    everybody = WaitlistEntry.objects.filter(
        state=W.WAITING, studio__in={e.studio_id for e in mine}, day__in={e.day for e in mine}
    )
    for pk, studio, kind, day in everybody.order_by("pk").values_list("pk", "studio", "kind", "day"):
        queues.setdefault((studio, kind == BookingKind.ON_SITE, day), []).append(pk)
    found = []
    for entry in mine:
        queue = queues[entry.studio_id, entry.kind == BookingKind.ON_SITE, entry.day]
        found.append(Place(entry, queue.index(entry.pk) + 1, len(queue)))
    return found


@dataclass(frozen=True)
class FullDay:
    """A day into which a group does not fit: how many groups wait for it, and at which place this unit does (0: not).

    `most` is what the day takes when nothing is held, `group` the largest group of the unit that could ever fit.
    """

    day: dt.date
    waiting: int
    place: int
    most: int
    group: int
    never: bool


def full_day(
    campaign: Campaign, studio: Studio, unit: Unit, kind: str, day: dt.date, people: int
) -> FullDay | None:
    """None when the group fits, or when nobody can wait for the day."""
    try:
        row = _open_day(campaign, studio, kind, day)
    except DomainError:
        return None
    most = whole_day(row)
    group = min(people, most)
    if not group or has_room(row, group):
        return None
    line = list(
        open_entries(studio, [day])
        .filter(kind__in=_served_by_the_same(kind))
        .values_list("unit", "kind", "campaign")
    )
    mine = (unit.pk, kind, campaign.pk)
    place = line.index(mine) + 1 if mine in line else 0
    return FullDay(day, len(line), place, most, group, most < people)


def _served_by_the_same(kind: str) -> list[str]:
    """The kinds of shoot that use the same stations."""
    return [other for other in BookingKind.values if station_kind(other) == station_kind(kind)]
