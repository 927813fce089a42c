"""What the booking's pages of both sides show alike: the conversation, and how many people fit."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from photocampus.lists import join_parts
from sessions.booking import expected_people
from sessions.calendar import capacity
from sessions.condensed import condensed, rows_said
from sessions.hours import HalfHour
from sessions.models import Booking, BookingState, Station

STEPS: dict[str, Any] = {
    BookingState.OFFERED: _("Offered from the waiting list"),
    BookingState.ASKED: _("Asked"),
    BookingState.PROPOSED: _("The studio proposed"),
    BookingState.COUNTERED: _("The unit asked for other hours"),
    BookingState.CONFIRMED: _("Confirmed"),
    BookingState.UNDER_WAY: _("Under way"),
    BookingState.DONE: _("Done"),
    BookingState.DECLINED: _("Declined"),
    BookingState.WITHDRAWN: _("Withdrawn"),
    BookingState.CANCELLED: _("Cancelled"),
    BookingState.LAPSED: _("Lapsed: nobody confirmed in time"),
    "moved": _("Moved"),
    "opened": _("Opened for individuals"),
    "more": _("Why another shoot is needed"),
    "note": _("Message"),
}
TONES = {"confirmed": "good", "done": "good", "declined": "bad", "cancelled": "bad", "lapsed": "bad"}


@dataclass(frozen=True)
class Said:
    """One step of the conversation, as the timeline shows it."""

    when: Any
    title: str
    text: str
    by: str
    tone: str
    url: str = ""


def conversation(booking: Booking) -> list[Said]:
    """Everything said and done, oldest first."""
    return [
        Said(
            row.at,
            str(STEPS.get(row.step, row.step)),
            " · ".join(part for part in (row.note, lines_of(row.hours)) if part),
            row.by.name if row.by else "",
            TONES.get(row.step, ""),
        )
        for row in booking.messages.select_related("by")
    ]


def lines_of(hours: list[list[str]]) -> str:
    """The hours that a step was about, in one line."""
    return join_parts(condensed(rows_said(hours)))


@dataclass(frozen=True)
class PeopleFacts:
    """For how many people the hours are needed, and how many they take."""

    people: int
    by_rate: int
    by_load: int

    @property
    def room(self) -> int:
        return min(self.by_rate, self.by_load)

    @property
    def is_enough(self) -> bool:
        return self.room >= self.people


def people_facts(booking: Booking, hours: list[HalfHour], load: int | None = None) -> PeopleFacts:
    """Both limits: what the hours take at the stations' rates, and the agreed (or usual) people per station and day."""
    stations = Station.objects.in_bulk({hour.station for hour in hours})
    by_place: dict[tuple[int, Any], list[Any]] = {}
    for hour in hours:
        by_place.setdefault((hour.station, hour.day), []).append(hour.start)
    limit = load or booking.agreed_load
    by_rate = by_load = 0
    for (pk, _day), starts in by_place.items():
        rated = capacity(starts, stations[pk].rate)
        by_rate += rated
        by_load += min(rated, limit or stations[pk].daily_load)
    return PeopleFacts(expected_people(booking), by_rate, by_load)
