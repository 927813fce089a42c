"""The rows of a plan as the planner's input, and what the pages ask of them: sizes, hours held, who has no hour yet."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Count

from sessions.calendar import minutes, runs
from sessions.hours import HalfHour
from sessions.models import (
    Attendance,
    AttendanceState,
    BlockedHours,
    Booking,
    PlanEntry,
    Station,
)
from sessions.outages import Span, recorded, spans_of, with_outages
from sessions.planner import Entry, Group, Interval, Problem, Slot, StationHours, slots_of
from students.models import ClassGroup


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


def stations_with(hours: Iterable[HalfHour]) -> dict[int, Station]:
    rows = Station.objects.filter(pk__in={hour.station for hour in hours}).order_by("code")
    return {station.pk: station for station in rows}


def station_hours(
    booking: Booking,
    stations: dict[int, Station],
    spans: Collection[Span] | None = None,
    hours: Iterable[HalfHour] | None = None,
) -> tuple[StationHours, ...]:
    """The booking's hours as the planner's stations, with the agreed people per day.

    Stations take nobody while they are out of work, as recorded, or as in `spans` if these are given. `hours` are
    others than those held.
    """
    held: dict[tuple[int, dt.date], list[dt.time]] = {}
    wanted = None if hours is None else [(hour.station, hour.day, hour.start) for hour in hours]
    for station, day, start in wanted or booking.holds.values_list("station", "day", "start"):
        held.setdefault((station, day), []).append(start)
    intervals: dict[int, list[Interval]] = {pk: [] for pk in stations}
    for (pk, day), starts in sorted(held.items()):
        intervals[pk] += [Interval(day, minutes(span.start), minutes(span.end)) for span in runs(starts)]
    found = tuple(
        StationHours(station.code, station.rate, tuple(intervals[pk]), booking.agreed_load)
        for pk, station in stations.items()
    )
    return with_outages(found, spans_of(recorded(booking)) if spans is None else spans)


def problem_of(
    booking: Booking,
    locked: Iterable[PlanEntry] = (),
    sizes: dict[ClassGroup, int] | None = None,
    spans: Collection[Span] | None = None,
    hours: Collection[HalfHour] | None = None,
) -> tuple[Problem, dict[str, str]]:
    """The planner's input, and the names of the classes by key.

    `sizes` and `spans` if they are known already; `hours` if it is about others than those held.
    """
    sizes = class_sizes(booking) if sizes is None else sizes
    blocked: dict[int, list[Interval]] = {}
    for row in BlockedHours.objects.filter(campaign=booking.campaign_id, class_group__in=sizes):
        interval = Interval(row.day, minutes(row.start), minutes(row.end))
        blocked.setdefault(row.class_group_id, []).append(interval)
    stations = stations_of(booking) if hours is None else stations_with(hours)
    problem = Problem(
        groups=tuple(
            Group(str(group.pk), size, tuple(sorted(blocked.get(group.pk, []))))
            for group, size in sizes.items()
        ),
        stations=station_hours(booking, stations, spans, hours),
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


def slots_of_booking(booking: Booking) -> list[Slot]:
    """The hours that can be planned, with their places."""
    return slots_of(station_hours(booking, stations_of(booking)))


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
