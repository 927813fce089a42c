"""A room that changes under a confirmed on-site shoot: the booking is flagged, never silently broken (R14, R4)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.utils.translation import gettext

from photocampus import clock
from photocampus.lists import join_parts
from photocampus.models import User
from sessions.hours import HalfHour, held_hours
from sessions.models import Booking, BookingKind, BookingState
from sessions.rooms import Judgement, by_crews, crews_of, judge_venue
from sessions.routes import FLAG_ROOM, lower_flag, raise_flag
from units.models import Campaign

RETIRED = "retired"


@dataclass(frozen=True)
class RoomView:
    """The room of a booking as both sides' pages show it: judged for the crews that come, and for every number of them."""

    judged: Judgement
    rows: list[Judgement]
    is_retired: bool

    @property
    def missing(self) -> list[str]:
        return [str(lack) for lack in self.judged.missing]

    @property
    def warnings(self) -> list[str]:
        return [str(lack) for lack in self.judged.warnings]


def room_view(booking: Booking, hours: Collection[HalfHour]) -> RoomView | None:
    """None without a room or without hours."""
    if booking.venue is None or not hours:
        return None
    crews, last = crews_of(hours), max(hour.day for hour in hours)
    return RoomView(
        judge_venue(booking.venue, booking.campaign, crews, last),
        by_crews(booking.venue, booking.campaign, crews, last),
        not booking.venue.is_active,
    )


def lacks_of(booking: Booking) -> tuple[list[str], str]:
    """Keys of what the room of this booking lacks now, and the sentence for its flag."""
    view = room_view(booking, held_hours(booking))
    if view is None or booking.venue is None:
        return [], ""
    keys = [lack.key for lack in view.judged.missing]
    words = view.missing
    if view.is_retired:
        keys.append(RETIRED)
        words.append(gettext("it is no longer offered"))
    note = gettext("The room “%(venue)s” no longer fits this shoot with %(crews)d crews: %(missing)s.")
    return keys, note % {
        "venue": booking.venue.name,
        "crews": view.judged.crews,
        "missing": join_parts(words),
    }


def confirmed_on_site() -> QuerySet[Booking]:
    """Confirmed shoots to come that name a room."""
    rows = Booking.objects.filter(
        kind=BookingKind.ON_SITE, state=BookingState.CONFIRMED, venue__isnull=False
    ).annotate(last_day=Max("holds__day"))
    return rows.filter(last_day__gte=clock.today()).select_related("campaign", "venue")


def flag_unfit_rooms(bookings: Iterable[Booking], by: User | None) -> int:
    """Flag bookings whose room is no longer enough, take the flag from those whose room is again. What academic affairs
    kept with a reason stays kept until something else is missing. Returns how many are flagged. Other flags stand."""
    flagged = 0
    for booking in bookings:
        keys, note = lacks_of(booking)
        is_accepted = set(keys) <= set(booking.room_kept)
        if booking.room_kept and not keys:
            _keep(booking, [])
        if is_accepted:
            lower_flag(booking, FLAG_ROOM, by)
        else:
            raise_flag(booking, FLAG_ROOM, note, by)
            flagged += 1
    return flagged


def accept_room(booking: Booking) -> None:
    """Academic affairs keep the booking with the room as it is."""
    _keep(booking, lacks_of(booking)[0])


def _keep(booking: Booking, keys: list[str]) -> None:
    Booking.objects.filter(pk=booking.pk).update(room_kept=keys)
    booking.room_kept = keys


def follow_room_numbers(campaign: Campaign, fields: Collection[str], by: User | None) -> None:
    """Listener of the campaign (see `units.hooks`): rooms are judged by other numbers now."""
    if any(name.startswith("room_") for name in fields):
        flag_unfit_rooms(confirmed_on_site().filter(campaign=campaign), by)
