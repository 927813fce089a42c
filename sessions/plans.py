"""The plan of one booking: from its confirmed hours by the planner, then adjusted by the unit (R15).

The planner itself is pure (`sessions.planner`); here rows become its input and its answer becomes rows.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError, NotAllowed
from photocampus.events import record
from photocampus.models import User
from sessions.calendar import clock_time, minutes, runs
from sessions.models import (
    Attendance,
    AttendanceState,
    BlockedHours,
    Booking,
    BookingKind,
    BookingState,
    PlanEntry,
    Station,
)
from sessions.parties import require_unit
from sessions.planner import (
    Entry,
    Forecast,
    Group,
    Interval,
    Lack,
    Pace,
    Plan,
    Problem,
    Shortfall,
    Slot,
    StationHours,
    explain,
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
        groups = "、".join(names.get(key, key) for key in shortfall.groups) or "—"
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


class HourFull(DomainError):
    code = "hour_full"
    message = _("%(day)s %(start)s at %(station)s takes %(capacity)d people; %(wanted)d would come.")


class HourNotHeld(DomainError):
    code = "hour_not_held"
    message = _("This booking holds no hour at %(station)s on %(day)s from %(start)s.")


class LoadExceeded(DomainError):
    code = "load_exceeded"
    message = _("%(agreed)d people are agreed for %(station)s on %(day)s; %(wanted)d would come.")


class ClassTooSmall(DomainError):
    code = "class_too_small"
    message = _("%(name)s has %(size)d people here; %(wanted)d would be planned.")


class ClassCannotCome(DomainError):
    code = "class_cannot_come"
    message = _("%(name)s cannot come on %(day)s from %(start)s to %(end)s.")


class NotEnoughPeople(DomainError):
    code = "not_enough_people"
    message = _("Move at least one and at most %(people)d people.")


class EntryOver(DomainError):
    code = "entry_over"
    message = _("This hour is over; it is no longer changed.")


def class_sizes(booking: Booking) -> dict[ClassGroup, int]:
    """People expected per class, in class order (two queries); absent ones no longer need an hour."""
    rows = (
        Attendance.objects.filter(booking=booking)
        .exclude(state=AttendanceState.ABSENT)
        .order_by()
        .values_list("graduate__enrolment__class_group")
        .annotate(n=Count("pk"))
    )
    sizes = dict(rows)
    classes = ClassGroup.objects.filter(pk__in=sizes).select_related("unit").order_by("unit__code", "name")
    return {group: sizes[group.pk] for group in classes}


def stations_of(booking: Booking) -> dict[int, Station]:
    return {
        station.pk: station
        for station in Station.objects.filter(holds__booking=booking).distinct().order_by("code")
    }


def station_hours(booking: Booking, stations: dict[int, Station]) -> tuple[StationHours, ...]:
    """The booking's holds as the planner's stations, with the agreed people per day."""
    held: dict[tuple[int, dt.date], list[dt.time]] = {}
    for station, day, start in booking.holds.values_list("station", "day", "start"):
        held.setdefault((station, day), []).append(start)
    intervals: dict[int, list[Interval]] = {pk: [] for pk in stations}
    for (pk, day), starts in sorted(held.items()):
        intervals[pk] += [Interval(day, minutes(span.start), minutes(span.end)) for span in runs(starts)]
    return tuple(
        StationHours(station.code, station.rate, tuple(intervals[pk]), booking.agreed_load)
        for pk, station in stations.items()
    )


def problem_of(booking: Booking, locked: Iterable[PlanEntry] = ()) -> tuple[Problem, dict[str, str]]:
    """The planner's input, and the names of the classes by key."""
    sizes = class_sizes(booking)
    blocked: dict[int, list[Interval]] = {}
    for row in BlockedHours.objects.filter(campaign=booking.campaign_id, class_group__in=sizes):
        interval = Interval(row.day, minutes(row.start), minutes(row.end))
        blocked.setdefault(row.class_group_id, []).append(interval)
    problem = Problem(
        groups=tuple(
            Group(str(group.pk), size, tuple(sorted(blocked.get(group.pk, []))))
            for group, size in sizes.items()
        ),
        stations=station_hours(booking, stations_of(booking)),
        locked=tuple(to_entry(row) for row in locked),
    )
    return problem, {str(group.pk): group.name for group in sizes}


def to_entry(row: PlanEntry) -> Entry:
    return Entry(
        row.day,
        minutes(row.start),
        minutes(row.end),
        row.station.code,
        str(row.class_group_id),
        row.people,
        row.is_locked,
    )


def entries_of(booking: Booking) -> list[PlanEntry]:
    """The rows of the plan with class and station, in order of time."""
    rows = PlanEntry.objects.filter(booking=booking).select_related("class_group__unit", "station")
    return list(rows.order_by("day", "start", "station__code", "class_group__name"))


def _locked_booking(booking: Booking, by: User) -> Booking:
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    require_unit(by, list(booking.units.all()))
    if booking.state not in PLANNABLE:
        raise NotPlannable(state=booking.get_state_display())
    if booking.kind == BookingKind.INDIVIDUAL:
        raise NotAllowed()  # people take seats
    return booking


@transaction.atomic
def generate_plan(*, booking: Booking, by: User) -> Plan:
    """Make the plan, or make it again: locked entries stay, all others are placed anew.

    Repeating it without a change gives the same plan. Raises `PlanImpossible` with what is missing; then the old plan
    stays as it was.
    """
    booking = _locked_booking(booking, by)
    rows = entries_of(booking)
    kept = [row for row in rows if row.is_locked]
    problem, names = problem_of(booking, kept)
    if not problem.groups:
        raise NobodyToPlan()
    plan = make_plan(problem)
    if plan.shortfall:
        raise PlanImpossible(plan.shortfall, names)
    store_entries(booking, problem, plan.entries, keep=kept)
    record(booking, "plan_made", by=by, data={"entries": len(plan.entries), "locked": len(kept)})
    return plan


def store_entries(
    booking: Booking, problem: Problem, entries: Collection[Entry], keep: Collection[PlanEntry] = ()
) -> None:
    """Replace the booking's rows by these entries; those in `keep` are left alone."""
    PlanEntry.objects.filter(booking=booking).exclude(pk__in=[row.pk for row in keep]).delete()
    stations = {station.code: station for station in stations_of(booking).values()}
    known = {(row.class_group_id, row.station_id, row.day, row.start) for row in keep}
    reasons: dict[str, list[dict[str, Any]]] = {}
    new = []
    for entry in entries:
        station, start = stations[entry.station], clock_time(entry.start)
        if (int(entry.group), station.pk, entry.day, start) in known:
            continue
        if entry.group not in reasons:
            reasons[entry.group] = [
                {"because": r.because, "earlier": r.earlier, "people": r.people}
                for r in explain(problem, list(entries), entry.group)
            ]
        new.append(
            PlanEntry(
                booking=booking,
                class_group_id=int(entry.group),
                station=station,
                day=entry.day,
                start=start,
                end=clock_time(entry.end),
                people=entry.count,
                is_locked=entry.locked,
                why={"reasons": reasons[entry.group]},
            )
        )
    PlanEntry.objects.bulk_create(new)


@transaction.atomic
def set_locked(*, entry: PlanEntry, locked: bool, by: User) -> None:
    """A locked entry stays where it is when the plan is made again."""
    _locked_booking(entry.booking, by)
    if PlanEntry.objects.filter(pk=entry.pk).exclude(is_locked=locked).update(is_locked=locked):
        record(entry.booking, "plan_locked" if locked else "plan_unlocked", by=by, new=str(entry))


@transaction.atomic
def move_entry(
    *, entry: PlanEntry, station: Station, day: dt.date, start: dt.time, by: User, people: int | None = None
) -> PlanEntry:
    """Move an entry, or `people` of it (a split), to another hour or station; into one where the class already is, the
    two are joined. Locked afterwards, so that planning again keeps what people decided.

    Every hard rule is checked at once: hours held, places in the hour, agreed workload, hours in which the class
    cannot come. Raises `HourNotHeld`, `HourFull`, `LoadExceeded`, `ClassCannotCome`, `NotEnoughPeople`, `EntryOver`.
    """
    booking = _locked_booking(entry.booking, by)
    entry = PlanEntry.objects.select_related("class_group", "station", "booking").get(pk=entry.pk)
    _require_future(entry.day, entry.start)
    _require_future(day, start)
    moving = entry.people if people is None else people
    if not 1 <= moving <= entry.people:
        raise NotEnoughPeople(people=entry.people)
    if (station.pk, day, start) == (entry.station_id, entry.day, entry.start):
        return entry
    old = str(entry)
    entry.people -= moving
    _write_rest(entry)
    target = _put(booking, entry.class_group, station, day, start, moving)
    check_rules(booking)
    record(booking, "plan_moved", by=by, old=old, new=str(target), data={"people": moving})
    return target


@transaction.atomic
def add_entry(
    *,
    booking: Booking,
    class_group: ClassGroup,
    station: Station,
    day: dt.date,
    start: dt.time,
    people: int,
    by: User,
) -> PlanEntry:
    """Plan people of a class who have no hour yet, by hand. Refusals as in `move_entry`, and `ClassTooSmall`."""
    booking = _locked_booking(booking, by)
    if people < 1:
        raise NotEnoughPeople(people=class_sizes(booking).get(class_group, 0))
    _require_future(day, start)
    entry = _put(booking, class_group, station, day, start, people)
    check_rules(booking)
    record(booking, "plan_added", by=by, new=str(entry), data={"people": people})
    return entry


@transaction.atomic
def remove_entry(*, entry: PlanEntry, by: User) -> None:
    """Take an entry out of the plan; its people have no hour until they are planned again."""
    booking = _locked_booking(entry.booking, by)
    _require_future(entry.day, entry.start)
    record(booking, "plan_removed", by=by, old=str(entry), data={"people": entry.people})
    entry.delete()


def _require_future(day: dt.date, start: dt.time) -> None:
    now = clock.now()
    if (day, start) < (now.date(), now.time().replace(tzinfo=None)) and day <= now.date():
        raise EntryOver()


def _write_rest(entry: PlanEntry) -> None:
    if entry.people:
        entry.is_locked = True
        entry.save(update_fields=["people", "is_locked"])
    else:
        entry.delete()


def _put(
    booking: Booking, group: ClassGroup, station: Station, day: dt.date, start: dt.time, people: int
) -> PlanEntry:
    slot = slot_at(booking, station, day, start)
    row = PlanEntry.objects.filter(
        booking=booking, class_group=group, station=station, day=day, start=start
    ).first()
    if row:
        row.people += people
        row.is_locked = True
        row.save(update_fields=["people", "is_locked"])
        return row
    return PlanEntry.objects.create(
        booking=booking,
        class_group=group,
        station=station,
        day=day,
        start=start,
        end=clock_time(slot.end),
        people=people,
        is_locked=True,
        why={"reasons": [{"because": "locked", "earlier": 0, "people": 0}]},
    )


def slots_of_booking(booking: Booking) -> list[Slot]:
    """The hours that can be planned, with their places."""
    return slots_of(station_hours(booking, stations_of(booking)))


def slot_at(booking: Booking, station: Station, day: dt.date, start: dt.time) -> Slot:
    for slot in slots_of_booking(booking):
        if (slot.station, slot.day, slot.start) == (station.code, day, minutes(start)):
            return slot
    raise HourNotHeld(station=station.code, day=day, start=f"{start:%H:%M}")


def check_rules(booking: Booking) -> None:
    """Every hard rule over the whole plan of the booking; refuses with the first that is broken."""
    rows = entries_of(booking)
    room = {(slot.station, slot.day, slot.start): slot for slot in slots_of_booking(booking)}
    hours: dict[tuple[str, dt.date, int], int] = {}
    loads: dict[tuple[str, dt.date], int] = {}
    placed: dict[int, int] = {}
    for row in rows:
        place = (row.station.code, row.day, minutes(row.start))
        hours[place] = hours.get(place, 0) + row.people
        loads[place[:2]] = loads.get(place[:2], 0) + row.people
        placed[row.class_group_id] = placed.get(row.class_group_id, 0) + row.people
    for (station, day, start), wanted in hours.items():
        shown = {"station": station, "day": day, "start": f"{clock_time(start):%H:%M}"}
        if (station, day, start) not in room:
            raise HourNotHeld(**shown)
        if wanted > room[station, day, start].capacity:
            raise HourFull(capacity=room[station, day, start].capacity, wanted=wanted, **shown)
    for (station, day), wanted in loads.items():
        if booking.agreed_load and wanted > booking.agreed_load:
            raise LoadExceeded(agreed=booking.agreed_load, station=station, day=day, wanted=wanted)
    _check_classes(booking, rows, placed)


def _check_classes(booking: Booking, rows: list[PlanEntry], placed: dict[int, int]) -> None:
    sizes = {group.pk: (group.name, size) for group, size in class_sizes(booking).items()}
    for pk, wanted in placed.items():
        name, size = sizes.get(pk, ("—", 0))
        if wanted > size:
            raise ClassTooSmall(name=name, size=size, wanted=wanted)
    blocked = BlockedHours.objects.filter(campaign=booking.campaign_id, class_group__in=list(placed))
    for hours in blocked.select_related("class_group"):
        for row in rows:
            same = row.class_group_id == hours.class_group_id and row.day == hours.day
            if same and row.start < hours.end and hours.start < row.end:
                raise ClassCannotCome(
                    name=hours.class_group.name,
                    day=row.day,
                    start=f"{hours.start:%H:%M}",
                    end=f"{hours.end:%H:%M}",
                )


@transaction.atomic
def block_hours(
    *, booking: Booking, class_group: ClassGroup, day: dt.date, start: dt.time, end: dt.time, by: User
) -> BlockedHours:
    """The unit says when a class cannot come; the plan is not changed by itself."""
    require_unit(by, list(booking.units.all()))
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


def unplanned(booking: Booking, rows: Iterable[PlanEntry]) -> dict[ClassGroup, int]:
    """Classes with people who have no hour, or (negative) more hours than people since the roster changed."""
    placed: dict[int, int] = {}
    for row in rows:
        placed[row.class_group_id] = placed.get(row.class_group_id, 0) + row.people
    sizes = class_sizes(booking)
    found = {group: size - placed.get(group.pk, 0) for group, size in sizes.items()}
    known = {group.pk for group in sizes}
    for row in rows:
        if row.class_group_id not in known:
            found[row.class_group] = -placed[row.class_group_id]
    return {group: rest for group, rest in found.items() if rest}


def forecast_of(booking: Booking, rows: Iterable[PlanEntry]) -> Forecast:
    """When each class and day will be over: median and the bound that holds in nine of ten cases."""
    paces = {station.code: Pace.of_rate(station.rate) for station in stations_of(booking).values()}
    return forecast([to_entry(row) for row in rows], paces)


REASONS: dict[str, Any] = {
    "locked": _("fixed by the unit"),
    "first": _("the first hour there is"),
    "cannot_come": _("%(earlier)d earlier hours: the class cannot come"),
    "taken": _("%(earlier)d earlier hours have too few places left (%(people)d at most)"),
    "workload": _("%(earlier)d earlier hours are beyond the agreed people per day"),
    "together": _("%(earlier)d earlier hours would have torn the class apart"),
    "split_days": _("no day has room for the whole class (%(people)d at most)"),
    "split_stations": _("one station has too few places in the hour, so two share the class"),
}


def reasons_of(entry: PlanEntry) -> list[str]:
    """Why the entry is where it is, in the reader's language."""
    return [
        str(REASONS[reason["because"]]) % reason
        for reason in entry.why.get("reasons", [])
        if reason.get("because") in REASONS
    ]
