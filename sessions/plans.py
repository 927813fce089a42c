"""The plan of one booking: from its confirmed hours by the planner, then adjusted by the unit (R15).

The planner itself is pure (`sessions.planner`); here rows become its input and its answer becomes rows.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError, NotAllowed
from photocampus.events import record
from photocampus.lists import join_words
from photocampus.models import User
from sessions.calendar import clock_time
from sessions.models import (
    BlockedHours,
    Booking,
    BookingKind,
    BookingState,
    PlanChange,
    PlanEntry,
)
from sessions.paces import paces_of
from sessions.parties import require_unit
from sessions.plan_rows import entries_of, problem_of, stations_of, to_entry
from sessions.plan_rules import OPEN, standings_of
from sessions.planner import (
    Entry,
    Forecast,
    Interval,
    Lack,
    Plan,
    Problem,
    Shortfall,
    forecast,
    make_plan,
    slots_of,
)
from students.models import ClassGroup

PLANNABLE = (BookingState.CONFIRMED, BookingState.UNDER_WAY)
LACKS: dict[str, Any] = {
    Lack.HOURS: _(
        "The hours held take %(people)d people too few: about %(hours)s more station hours are needed."
    ),
    Lack.WORKLOAD: _(
        "The agreed people per station and day are too few for %(people)d people: agree on more, "
        "or hold another day (about %(hours)s station hours)."
    ),
    Lack.BLOCKED: _(
        "%(people)d people cannot be placed because their classes cannot come in the hours that are left "
        "(%(groups)s); about %(hours)s more station hours at other times are needed."
    ),
    Lack.LOCKED: _(
        "Locked entries no longer fit the hours or the agreed numbers: %(groups)s. Unlock them first."
    ),
}


class PlanImpossible(DomainError):
    """There is no plan; says what is lacking, for how many people, and how many hours would be needed."""

    code = "plan_impossible"

    def __init__(self, shortfall: Shortfall, names: dict[str, str]) -> None:
        groups = join_words(names.get(key, key) for key in shortfall.groups) or "—"
        super().__init__(
            people=shortfall.people, hours=f"{shortfall.hours:g}", groups=groups, lack=shortfall.lack
        )
        self.message = LACKS[shortfall.lack]


class NotPlannable(DomainError):
    code = "not_plannable"
    message = _("A plan is made from confirmed hours; this booking is “%(state)s”.")


class NobodyToPlan(DomainError):
    code = "nobody_to_plan"
    message = _("Nobody is expected at this shoot.")


def locked_booking(booking: Booking, by: User) -> Booking:
    """The booking as it is now, locked, if its plan may be changed and by this person."""
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    require_unit(by, list(booking.units.all()))
    if booking.state not in PLANNABLE:
        raise NotPlannable(state=booking.get_state_display())
    if booking.kind == BookingKind.INDIVIDUAL:
        raise NotAllowed()  # people take seats
    return booking


@transaction.atomic
def generate_plan(*, booking: Booking, by: User) -> Plan:
    """Make the plan, or make it again: locked entries and those over or under way stay, all others are placed anew.

    Repeating it without a change gives the same plan. Raises `PlanImpossible` with what is missing; then the old plan
    stays as it was. What was changed by hand before can no longer be undone.
    """
    booking = locked_booking(booking, by)
    rows = entries_of(booking)
    standings = standings_of(booking, rows)
    over = [row for row in rows if standings[row.pk] != OPEN]
    locked = [row for row in rows if row.is_locked and row not in over]
    problem, names = problem_of(booking, locked)
    if not problem.groups:
        raise NobodyToPlan()
    plan = make_plan(what_is_left(problem, over))
    if plan.shortfall:
        raise PlanImpossible(plan.shortfall, names)
    store_entries(booking, plan.entries, keep=[*over, *locked])
    record(
        booking,
        "plan_made",
        by=by,
        data={"entries": len(plan.entries), "locked": len(locked), "over": len(over)},
    )
    return plan


def what_is_left(problem: Problem, over: Collection[PlanEntry]) -> Problem:
    """The problem without the time that is gone: what is over counts for its class, and no begun hour is filled.

    Who came before the hour began has had the hour: nobody else is planned into it.
    """
    now = clock.now().replace(tzinfo=None)
    gone: dict[str, list[Interval]] = {}
    slots = slots_of(problem.stations)
    ahead = set()
    for slot in slots:
        if dt.datetime.combine(slot.day, clock_time(slot.start)) <= now:
            gone.setdefault(slot.station, []).append(Interval(slot.day, slot.start, slot.end))
        else:
            ahead.add((slot.day, slot.start, slot.end, slot.station))
    entries = [to_entry(row) for row in over]
    early = [entry for entry in entries if (entry.day, entry.start, entry.end, entry.station) in ahead]
    done: dict[str, int] = {}
    for entry in entries:
        done[entry.group] = done.get(entry.group, 0) + entry.count
    return replace(
        problem,
        # Who was marked absent since makes a class smaller than what was planned for it.
        groups=tuple(
            replace(group, size=max(group.size, done.get(group.key, 0))) for group in problem.groups
        ),
        stations=tuple(
            replace(station, pauses=(*station.pauses, *gone.get(station.key, ())))
            for station in problem.stations
        ),
        locked=(*problem.locked, *early),
        done=tuple(entry for entry in entries if entry not in early),
    )


def store_entries(
    booking: Booking,
    entries: Collection[Entry],
    keep: Collection[PlanEntry] = (),
    stayed: Collection[str] = (),
) -> None:
    """Make the booking's rows these entries; those in `keep` are left alone. What was before can no longer be undone.

    A class that stays where it was keeps its row, so that addresses and open pages stay valid. `stayed` are classes
    that are where they are because as few as possible were to move.
    """
    PlanChange.objects.filter(booking=booking).delete()
    stations = {station.code: station for station in stations_of(booking).values()}
    kept = {_key(row) for row in keep}
    old = {_key(row): row for row in entries_of(booking)}
    rows = []
    for entry in entries:
        station, start = stations[entry.station], clock_time(entry.start)
        key = (int(entry.group), station.pk, entry.day, start)
        row = old.pop(key, None)
        if key in kept:
            continue
        if row is None:
            row = PlanEntry(booking=booking, class_group_id=key[0], station=station, day=key[2], start=start)
        row.end = clock_time(entry.end)
        row.people, row.is_locked = entry.count, entry.locked
        row.why = {"stayed": True} if entry.group in stayed else {}
        rows.append(row)
    gone = [row.pk for key, row in old.items() if key not in kept]
    PlanEntry.objects.filter(pk__in=gone).delete()
    PlanEntry.objects.bulk_create(row for row in rows if row.pk is None)
    PlanEntry.objects.bulk_update(
        [row for row in rows if row.pk is not None], ["end", "people", "is_locked", "why"], batch_size=200
    )


def _key(row: PlanEntry) -> tuple[int, int, dt.date, dt.time]:
    return row.class_group_id, row.station_id, row.day, row.start


@transaction.atomic
def block_hours(
    *, booking: Booking, class_group: ClassGroup, day: dt.date, start: dt.time, end: dt.time, by: User
) -> BlockedHours:
    """The unit says when a class of its own cannot come; the plan is not changed by itself."""
    require_unit(by, [class_group.unit])
    if start >= end:
        raise NotAllowed()
    row, _created = BlockedHours.objects.update_or_create(
        campaign=booking.campaign, class_group=class_group, day=day, start=start, defaults={"end": end}
    )
    record(class_group, "hours_blocked", by=by, new=f"{day} {start:%H:%M}–{end:%H:%M}")
    return row


@transaction.atomic
def unblock_hours(*, blocked: BlockedHours, by: User) -> None:
    require_unit(by, [blocked.class_group.unit])
    record(blocked.class_group, "hours_unblocked", by=by, old=f"{blocked.day} {blocked.start:%H:%M}")
    blocked.delete()


def forecast_of(booking: Booking, rows: Iterable[PlanEntry]) -> Forecast:
    """When each class and day will be over: median and the bound that holds in nine of ten cases."""
    return forecast([to_entry(row) for row in rows], paces_of(list(stations_of(booking).values())))
