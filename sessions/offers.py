"""Hours that became free are offered to whoever waits for the day: the first that fits is served first.

An offer is a booking in state offered: it holds the hours until its deadline, is accepted in one click (and is then an
ordinary request), passed on, or lapses; then the hours go to the next.
"""

import datetime as dt
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import move_state, record
from photocampus.models import User
from sessions.conversation import tell
from sessions.expectations import people_of
from sessions.holding import insert_holds
from sessions.hours import Day, HalfHour, availability, fill_day, room_in
from sessions.models import Booking, BookingState, BookingUnit, Station, WaitlistEntry, WaitlistState
from sessions.routes import require_kind
from units.models import CampaignState, Studio

W = WaitlistState
ENTRY_MOVES: dict[str, set[str]] = {W.WAITING: {W.OFFERED, W.LEFT, W.OVER}}


def open_entries(studio: Studio, days: Collection[dt.date] | None = None) -> QuerySet[WaitlistEntry]:
    """Who waits for a day that is still to come, in the order in which they are served."""
    rows = WaitlistEntry.objects.filter(
        studio=studio, state=W.WAITING, day__gt=clock.today(), campaign__state=CampaignState.PUBLISHED
    )
    return (rows if days is None else rows.filter(day__in=days)).order_by("day", "pk")


def offer_freed_hours(studio: Studio, days: Collection[dt.date] | None = None) -> int:
    """Offer whatever is free on these days (all by default) to who waits for them; returns how many got an offer.

    Called in the transaction in which hours became free, so that nobody else is faster, and now and then by the worker.
    Per day the first that fits is served, then the next that fits into the rest. Harmless when repeated.
    """
    waiting = open_entries(studio, days).select_related("campaign", "studio", "unit", "joined_by")
    if not waiting.exists():
        return 0
    offered = 0
    with transaction.atomic():
        seen: dict[tuple[int, str, dt.date], Day] = {}
        # Whoever is being served elsewhere at this moment is left out: two transactions never wait for each other.
        for entry in waiting.select_for_update(of=("self",), skip_locked=True):
            key = (entry.campaign_id, entry.kind, entry.day)
            if key not in seen:
                seen[key] = _day_of(entry)
            if _offer(entry, seen[key]):
                offered += 1
                seen.clear()  # bays serve groups and make-ups alike
    return offered


def _day_of(entry: WaitlistEntry) -> Day:
    """What nobody holds, not even past a deadline: an offer takes nothing from anybody."""
    return availability(
        studio=entry.studio,
        campaign=entry.campaign,
        kind=entry.kind,
        first=entry.day,
        last=entry.day,
        with_stale=False,
    )[0]


def _offer(entry: WaitlistEntry, day: Day) -> bool:
    """Hold hours for the entry if its people fit into what is free on the day."""
    people = min(entry.people, people_of(entry.campaign, [entry.unit], entry.kind))
    hours, left = fill_day(day, people)
    if not hours or left:
        return False
    try:
        require_kind(campaign=entry.campaign, units=[entry.unit], kind=entry.kind)
        with transaction.atomic():
            _hold_for(entry, hours, people)
    except (DomainError, IntegrityError):  # its route changed, or somebody took an hour at this very moment
        return False
    return True


def _hold_for(entry: WaitlistEntry, hours: list[HalfHour], people: int) -> None:
    begins = min(dt.datetime.combine(hour.day, hour.start) for hour in hours)
    now = clock.now()
    until = now + dt.timedelta(hours=entry.campaign.offer_hours)
    booking = Booking.objects.create(
        campaign=entry.campaign,
        studio=entry.studio,
        kind=entry.kind,
        state=BookingState.OFFERED,
        people=people,
        held_until=min(until, begins.replace(tzinfo=now.tzinfo)),
        asked_by=entry.joined_by,
        asked_at=now,
    )
    BookingUnit.objects.create(booking=booking, unit=entry.unit)
    insert_holds(booking, hours)
    tell(booking, BookingState.OFFERED, None)
    record(
        booking,
        "state_offered",
        by=None,
        new=BookingState.OFFERED,
        data={"half_hours": len(hours), "people": people, "until": f"{booking.held_until:%Y-%m-%d %H:%M}"},
    )
    move_state(
        entry, W.OFFERED, moves=ENTRY_MOVES, by=None, booking=booking, data={"booking": booking.public_id}
    )


def end_waiting(*, today: dt.date | None = None) -> int:
    """Close the lists of days that have come and of campaigns that are closed; returns how many waited in vain."""
    day = today or clock.today()
    rows = WaitlistEntry.objects.filter(state=W.WAITING)
    over = rows.filter(day__lte=day) | rows.exclude(campaign__state=CampaignState.PUBLISHED)
    if not over.exists():
        return 0
    with transaction.atomic():
        entries = list(over.select_for_update(of=("self",), skip_locked=True))
        for entry in entries:
            move_state(entry, W.OVER, moves=ENTRY_MOVES, by=None)
    return len(entries)


def offer_wherever_free() -> int:
    """For the worker: every studio somebody waits for. Finds what no change of the calendar announced."""
    studios = Studio.objects.filter(pk__in=WaitlistEntry.objects.filter(state=W.WAITING).values("studio"))
    return sum(offer_freed_hours(studio) for studio in studios)


@transaction.atomic
def drop_served(*, booking: Booking, hours: Collection[HalfHour], by: User) -> int:
    """Units that got room for their group on a day wait no longer for it; returns how many entries that ends."""
    rows = WaitlistEntry.objects.filter(
        state=W.WAITING,
        campaign=booking.campaign_id,
        studio=booking.studio_id,
        kind=booking.kind,
        unit__in=booking.units.all(),
        day__in={hour.day for hour in hours},
    )
    entries = list(rows.select_for_update(skip_locked=True))
    stations = Station.objects.in_bulk({hour.station for hour in hours}) if entries else {}
    served = [
        entry
        for entry in entries
        if room_in([hour for hour in hours if hour.day == entry.day], stations) >= entry.people
    ]
    for entry in served:
        move_state(entry, W.LEFT, moves=ENTRY_MOVES, by=by, data={"booking": booking.public_id})
    return len(served)
