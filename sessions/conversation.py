"""The steps of a booking's conversation: which may follow which, how each is written down, until when it may be answered."""

import datetime as dt

from photocampus import clock
from photocampus.models import User
from sessions.hours import held_hours, stretches
from sessions.models import Booking, BookingMessage
from sessions.models import BookingState as S
from units.models import Campaign

CLOSED = {S.DECLINED, S.WITHDRAWN, S.LAPSED}
MOVES: dict[str, set[str]] = {
    S.OFFERED: {S.ASKED, *CLOSED},
    S.ASKED: {S.PROPOSED, S.CONFIRMED, *CLOSED},
    S.PROPOSED: {S.COUNTERED, S.CONFIRMED, *CLOSED},
    S.COUNTERED: {S.PROPOSED, S.CONFIRMED, *CLOSED},
    S.CONFIRMED: {S.CANCELLED},  # under way and done: the day itself, see sessions/shoots.py
}


def locked(booking: Booking) -> Booking:
    """The row as it is now, locked until the transaction ends."""
    return Booking.objects.select_for_update().get(pk=booking.pk)


def tell(booking: Booking, step: str, by: User | None, note: str = "") -> None:
    """Write a step into the conversation, with the hours as they are held now."""
    hours = [
        [s.station.code, f"{s.day}", f"{s.start:%H:%M}", f"{s.end:%H:%M}"]
        for s in stretches(held_hours(booking))
    ]
    BookingMessage.objects.create(booking=booking, step=step, note=note.strip(), hours=hours, by=by)


def tell_why(booking: Booking, reason: str, by: User) -> str:
    """Why these hours are asked for though there is room for everybody; both sides read it. Gives the reason."""
    reason = reason.strip()[:300]
    BookingMessage.objects.create(booking=booking, step="more", note=reason, by=by)
    return reason


def answer_by(campaign: Campaign) -> dt.datetime:
    """Until when hours stay held that somebody still has to answer for."""
    return clock.now() + dt.timedelta(days=campaign.hold_days)
