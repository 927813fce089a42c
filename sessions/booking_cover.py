"""Whether units ask for people who have a shoot already: a second one needs a reason, one at the same time is refused.

Counted are the shoots asked for or agreed of the same sort (group shoots, or make-ups), as far as their hours are still to
come, at the agreed people per station and day. An offer from the waiting list counts once it is accepted.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.lists import join_parts
from sessions.condensed import words_of
from sessions.expectations import without_picture
from sessions.hours import HalfHour, room_in, stretches
from sessions.models import Booking, BookingKind, Hold
from sessions.models import BookingState as S
from sessions.routes import GROUP_BOOKING
from units.models import Campaign, Unit

RUNNING = (S.ASKED, S.PROPOSED, S.COUNTERED, S.CONFIRMED, S.UNDER_WAY)


class SameTime(DomainError):
    code = "same_time"
    message = _(
        "There is a shoot for all %(people)d people at the same time already (%(hours)s). "
        "Please move that one instead of asking for another."
    )


class MoreThanNeeded(DomainError):
    code = "more_than_needed"
    message = _(
        "Shoots asked for or agreed have room for %(room)d people; %(people)d are to be photographed. "
        "Please say why another one is needed."
    )


@dataclass(frozen=True)
class Cover:
    """For how many people the running shoots of some units have room, and how many are still to be photographed."""

    people: int = 0
    room: int = 0
    bookings: list[Booking] = field(default_factory=list)
    hours: dict[tuple[dt.date, dt.time], list[HalfHour]] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Everybody has a place already."""
        return bool(self.bookings) and self.room >= self.people


def cover_of(campaign: Campaign, units: Collection[Unit], kind: str, but: Booking | None = None) -> Cover:
    """One query where nothing is booked, else the same number for any number of bookings and units."""
    kinds = [BookingKind.MAKEUP] if kind == BookingKind.MAKEUP else GROUP_BOOKING
    rows = Booking.objects.filter(campaign=campaign, kind__in=kinds, state__in=RUNNING, units__in=list(units))
    if but is not None:
        rows = rows.exclude(pk=but.pk)
    bookings = list(
        rows.distinct()
        .order_by("pk")
        .select_related("studio", "campaign")
        .prefetch_related("units", "holds__station")
    )
    if not bookings:
        return Cover()
    hours: dict[tuple[dt.date, dt.time], list[HalfHour]] = {}
    for booking in bookings:
        for hold in _to_come(booking):
            hour = HalfHour(hold.station_id, hold.day, hold.start)
            hours.setdefault((hold.day, hold.start), []).append(hour)
    ours = {unit.pk for unit in units}
    everybody = [unit for booking in bookings for unit in booking.units.all()]
    counted = without_picture(campaign, [*units, *everybody]).order_by().values_list("enrolment__unit")
    people = dict(counted.annotate(many=Count("pk")))
    room = 0
    for booking in bookings:
        others = sum(people.get(unit.pk, 0) for unit in booking.units.all() if unit.pk not in ours)
        room += max(_room_in(booking) - others, 0)  # a joint shoot keeps the places of its other units
    return Cover(sum(people.get(pk, 0) for pk in ours), room, bookings, hours)


def _to_come(booking: Booking) -> list[Hold]:
    return [hold for hold in booking.holds.all() if hold.day >= clock.today()]


def _room_in(booking: Booking) -> int:
    """How many people the booking's hours take, within the agreed (or usual) people per station and day."""
    holds = _to_come(booking)
    hours = [HalfHour(hold.station_id, hold.day, hold.start) for hold in holds]
    return room_in(hours, {hold.station_id: hold.station for hold in holds}, booking.agreed_load)


def require_need(
    *,
    campaign: Campaign,
    units: Collection[Unit],
    kind: str,
    hours: Iterable[HalfHour],
    reason: str,
    but: Booking | None = None,
) -> bool:
    """Whether the request comes on top of enough room, and the reason is what makes it right.

    Raises `SameTime` and `MoreThanNeeded`.
    """
    cover = cover_of(campaign, units, kind, but)
    if not cover.is_full:
        return False
    moments = {(hour.day, hour.start) for hour in hours}
    if same := [hour for moment in moments for hour in cover.hours.get(moment, ())]:
        raise SameTime(people=cover.people, hours=join_parts(words_of(stretches(same))))
    if not reason.strip():
        raise MoreThanNeeded(people=cover.people, room=cover.room)
    return True
