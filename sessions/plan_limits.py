"""What a plan broke since it was made: a station's rate fell, a class cannot come any more (R15)."""

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Prefetch

from photocampus import clock
from photocampus.events import record
from photocampus.models import User
from sessions.hours import HalfHour
from sessions.models import FIRM_STATES, BlockedHours, Booking, Hold, PlanEntry, Station
from sessions.plan_rows import station_hours
from sessions.plan_rules import OPEN, HourFull, HourNotHeld, breaches, frame_of_slots, standings_of
from sessions.planner import Slot, slots_of
from students.models import ClassGroup


def broken_rules(
    booking: Booking, rows: list[PlanEntry], held: Iterable[Slot], groups: Iterable[ClassGroup]
) -> list[str]:
    """Each broken rule in words. One query.

    Classes that shrank have notes of their own. Entries beside the grid of hours are no breach: a disturbance left them,
    or the booking holds every half hour of them; who lost a half hour was placed anew when it was given up.
    """
    blocked = BlockedHours.objects.filter(campaign=booking.campaign_id, class_group__in=groups)
    frame = replace(frame_of_slots(held), load=booking.agreed_load, blocked=tuple(blocked))
    return [
        str(breach.error)
        for (rule, *_place), breach in breaches(frame, rows).items()
        if rule != "class" and not isinstance(breach.error, HourNotHeld)
    ]


def report_broken_plans(station: Station, by: User | None) -> None:
    """Tell both sides of each shoot to come whose plan holds more people than this station now takes in an hour.

    The plan stays as it is: its page names the hours, and the unit decides whom it moves. Three queries and one more for
    each shoot that is under way, besides what is written.
    """
    entries = PlanEntry.objects.select_related("class_group", "station")
    coming = Booking.objects.filter(
        state__in=FIRM_STATES, plan_entries__station=station, plan_entries__day__gte=clock.today()
    )
    bookings = list(coming.distinct().order_by("pk").prefetch_related(Prefetch("plan_entries", entries)))
    held: dict[int, list[HalfHour]] = {}
    for hold in Hold.objects.filter(station=station, booking__in=bookings):
        held.setdefault(hold.booking_id, []).append(HalfHour(station.pk, hold.day, hold.start))
    for booking in bookings:
        if full := _full_hours(booking, station, held.get(booking.pk, [])):
            record(booking, "plan_broken", by=by, data={"station": station.code, "hours": full})


def _full_hours(booking: Booking, station: Station, hours: list[HalfHour]) -> int:
    """In how many of these hours more people are still to come than the station takes."""
    if not hours:
        return 0
    rows = list(booking.plan_entries.all())
    standings = standings_of(booking, rows)
    here = [row for row in rows if row.station_id == station.pk and standings[row.pk] == OPEN]
    slots = slots_of(station_hours(booking, {station.pk: station}, spans=(), hours=hours))
    found = breaches(frame_of_slots(slots), here).values()
    return sum(1 for breach in found if isinstance(breach.error, HourFull))
