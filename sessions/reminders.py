"""Reminders by the clock: a shoot that comes near, and held hours that are about to lapse. Each is written once."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Min, QuerySet

from photocampus import clock
from photocampus.events import record
from photocampus.models import Reminded
from sessions.models import OPEN_STATES, Booking, BookingState
from units.models import Campaign, CampaignState

# Held hours are worth a word this long before they lapse.
LAST_CALL = dt.timedelta(days=1)


def coming_shoots(campaign: Campaign, today: dt.date) -> QuerySet[Booking]:
    """Confirmed shoots that begin within the campaign's largest number of days, with `first_day`; today's included."""
    last = today + dt.timedelta(days=campaign.reminders[0])
    firm = Booking.objects.filter(campaign=campaign, state=BookingState.CONFIRMED)
    return firm.annotate(first_day=Min("holds__day")).filter(first_day__range=(today, last))


def remind_of_shoots() -> int:
    """Write one reminder at each of the campaign's numbers of days before a shoot; who confirms late gets the next one
    only. After a move to other hours it begins again. Harmless when repeated."""
    today = clock.today()
    written = 0
    for campaign in Campaign.objects.filter(state=CampaignState.PUBLISHED):
        for booking in coming_shoots(campaign, today).order_by("pk"):
            left = (booking.first_day - today).days  # type: ignore[attr-defined]
            stage = min(number for number in campaign.reminders if number >= left)
            written += _remind_at(booking, stage)
    return written


def _remind_at(booking: Booking, stage: int) -> bool:
    """One reminder `stage` days before, unless there was one as near to the shoot already."""
    begin = f"shoot:{booking.pk}:{booking.sequence}"
    known = Reminded.objects.filter(key__startswith=f"{begin}:").values_list("key", flat=True)
    if any(int(key.rpartition(":")[2]) <= stage for key in known):
        return False
    # Written when a campaign had one number of days only: it stands for the stage it is found in.
    if Reminded.objects.filter(key=begin).update(key=f"{begin}:{stage}"):
        return False
    return _once(f"{begin}:{stage}", booking, "shoot_near")


def remind_of_holds() -> int:
    """A last call for hours that lapse within a day. Harmless when repeated."""
    now = clock.now()
    rows = Booking.objects.filter(
        state__in=OPEN_STATES, held_until__gt=now, held_until__lte=now + LAST_CALL
    ).order_by("pk")
    written = 0
    for booking in rows.select_related("campaign"):
        if booking.held_until and _is_held_long(booking):
            key = f"hold:{booking.pk}:{int(booking.held_until.timestamp())}"
            written += _once(key, booking, "hold_ends_soon")
    return written


def _is_held_long(booking: Booking) -> bool:
    """Whoever has no more than a day to answer was told the hour with the question."""
    if booking.state == BookingState.OFFERED:
        return dt.timedelta(hours=booking.campaign.offer_hours) > LAST_CALL
    return dt.timedelta(days=booking.campaign.hold_days) > LAST_CALL


def _once(key: str, booking: Booking, kind: str) -> bool:
    """Record the event unless the key is known; the database decides between two workers."""
    if Reminded.objects.filter(key=key).exists():
        return False
    try:
        with transaction.atomic():
            Reminded.objects.create(key=key)
            record(booking, kind, by=None)
    except IntegrityError:
        return False
    return True
