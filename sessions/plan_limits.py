"""What a plan broke since it was made: a station's rate fell, a class cannot come any more (R15)."""

from collections.abc import Iterable
from dataclasses import replace

from photocampus import clock
from photocampus.events import record
from photocampus.models import User
from sessions.models import FIRM_STATES, BlockedHours, Booking, PlanEntry, Station
from sessions.plan_rows import entries_of, problem_of
from sessions.plan_rules import OPEN, HourFull, HourNotHeld, breaches, frame_of_slots, standings_of
from sessions.planner import Slot, slots_of
from students.models import ClassGroup


def broken_rules(
    booking: Booking,
    rows: list[PlanEntry],
    held: Iterable[Slot],
    groups: Iterable[ClassGroup],
    *,
    is_disturbed: bool = False,
) -> list[str]:
    """Each broken rule in words. One query.

    Classes that shrank have notes of their own, and so has what a disturbance left beside the hours.
    """
    blocked = BlockedHours.objects.filter(campaign=booking.campaign_id, class_group__in=groups)
    frame = replace(frame_of_slots(held), load=booking.agreed_load, blocked=tuple(blocked))
    return [
        str(breach.error)
        for (rule, *_place), breach in breaches(frame, rows).items()
        if rule != "class" and not (is_disturbed and isinstance(breach.error, HourNotHeld))
    ]


def report_broken_plans(station: Station, by: User) -> None:
    """Tell both sides of each shoot to come whose plan holds more people than this station now takes in an hour.

    The plan stays as it is: its page names the hours, and the unit decides whom it moves.
    """
    coming = Booking.objects.filter(
        state__in=FIRM_STATES, plan_entries__station=station, plan_entries__day__gte=clock.today()
    )
    for booking in coming.distinct():
        rows = entries_of(booking)
        standings = standings_of(booking, rows)
        here = [row for row in rows if row.station_id == station.pk and standings[row.pk] == OPEN]
        held = slots_of(problem_of(booking, spans=())[0].stations)
        found = [b for b in breaches(frame_of_slots(held), here).values() if isinstance(b.error, HourFull)]
        if found:
            record(booking, "plan_broken", by=by, data={"station": station.code, "hours": len(found)})
