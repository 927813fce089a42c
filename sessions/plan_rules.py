"""The hard rules of a plan: hours held, rates, agreed people, hours in which a class cannot come, class sizes (R15).

A change is judged by what it makes worse: a plan that no longer fits (the roster shrank, hours were cut by a
disturbance) can still be repaired step by step.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from sessions.calendar import clock_time, minutes
from sessions.models import Attendance, AttendanceState, BlockedHours, Booking, BookingState, PlanEntry
from sessions.plan_rows import class_sizes, slots_of_booking
from sessions.planner import Slot

SEEN_STATES = (AttendanceState.CHECKED_IN, AttendanceState.PHOTOGRAPHED)
OPEN, UNDER_WAY, OVER = "open", "under_way", "over"
Place = tuple[str, dt.date, int]


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


class EntryOver(DomainError):
    code = "entry_over"
    message = _("This hour is over or under way; it is no longer changed.")


@dataclass(frozen=True)
class Frame:
    """What the plan of one booking must keep to, read once: places per hour (end, people), sizes, blocked hours."""

    load: int | None
    room: dict[Place, tuple[int, int]]
    sizes: dict[int, int]
    blocked: tuple[BlockedHours, ...]


def frame_of_slots(slots: Iterable[Slot]) -> Frame:
    """Nothing but the places of these hours."""
    return Frame(None, {(s.station, s.day, s.start): (s.end, s.capacity) for s in slots}, {}, ())


@dataclass(frozen=True)
class Breach:
    """A rule that the plan breaks, by how many people, and how it is said."""

    excess: int
    error: DomainError


def frame_of(booking: Booking) -> Frame:
    """Six queries, whatever the size of the plan."""
    sizes = {group.pk: size for group, size in class_sizes(booking).items()}
    blocked = BlockedHours.objects.filter(campaign=booking.campaign_id, class_group__in=sizes)
    return Frame(
        booking.agreed_load,
        {
            (slot.station, slot.day, slot.start): (slot.end, slot.capacity)
            for slot in slots_of_booking(booking)
        },
        sizes,
        tuple(blocked),
    )


def breaches(frame: Frame, rows: Iterable[PlanEntry]) -> dict[tuple, Breach]:
    """Every broken rule of the plan, by rule and place."""
    rows = list(rows)
    found: dict[tuple, Breach] = {}
    for place, wanted in people_by_hour(frame, rows).items():
        station, day, start = place
        shown = {"station": station, "day": day, "start": f"{clock_time(start):%H:%M}"}
        if place not in frame.room:
            found["hour", place] = Breach(wanted, HourNotHeld(**shown))
        elif wanted > (capacity := frame.room[place][1]):
            error = HourFull(capacity=capacity, wanted=wanted, **shown)
            found["hour", place] = Breach(wanted - capacity, error)
    loads: dict[tuple[str, dt.date], int] = {}
    for row in rows:
        loads[row.station.code, row.day] = loads.get((row.station.code, row.day), 0) + row.people
    for (station, day), wanted in loads.items():
        if frame.load and wanted > frame.load:
            exceeded = LoadExceeded(agreed=frame.load, station=station, day=day, wanted=wanted)
            found["load", station, day] = Breach(wanted - frame.load, exceeded)
    return found | _breaches_of_classes(frame, rows)


def people_by_hour(frame: Frame, rows: list[PlanEntry]) -> dict[Place, int]:
    """People per hour; an entry beside the grid, as a disturbance leaves it, takes its share of each hour it meets."""
    people: dict[Place, int] = {}
    for row in rows:
        place = (row.station.code, row.day, minutes(row.start))
        people[place] = people.get(place, 0) + row.people
        if place in frame.room:
            continue
        start, end = minutes(row.start), minutes(row.end)
        for (station, day, begin), (finish, _capacity) in frame.room.items():
            common = min(end, finish) - max(start, begin)
            if (station, day) == (row.station.code, row.day) and common > 0:
                share = -(-row.people * common // (end - start))
                people[station, day, begin] = people.get((station, day, begin), 0) + share
    return people


def _breaches_of_classes(frame: Frame, rows: list[PlanEntry]) -> dict[tuple, Breach]:
    found: dict[tuple, Breach] = {}
    placed: dict[int, int] = {}
    names = {row.class_group_id: row.class_group.name for row in rows}
    for row in rows:
        placed[row.class_group_id] = placed.get(row.class_group_id, 0) + row.people
    for pk, wanted in placed.items():
        if wanted > (size := frame.sizes.get(pk, 0)):
            small = ClassTooSmall(name=names[pk], size=size, wanted=wanted)
            found["class", pk] = Breach(wanted - size, small)
    for hours in frame.blocked:
        for row in rows:
            same = row.class_group_id == hours.class_group_id and row.day == hours.day
            if same and row.start < hours.end and hours.start < row.end:
                cannot = ClassCannotCome(
                    name=names[row.class_group_id],
                    day=row.day,
                    start=f"{hours.start:%H:%M}",
                    end=f"{hours.end:%H:%M}",
                )
                found["blocked", hours.pk, row.station_id, row.day, row.start] = Breach(row.people, cannot)
    return found


def require_no_worse(frame: Frame, before: Iterable[PlanEntry], after: Iterable[PlanEntry]) -> None:
    """Raise the first rule that the change breaks, or breaks further."""
    old = breaches(frame, before)
    for key, breach in breaches(frame, after).items():
        if breach.excess > (old[key].excess if key in old else 0):
            raise breach.error


def standings_of(booking: Booking, rows: Iterable[PlanEntry]) -> dict[int, str]:
    """Entry id → `open`, `under_way` or `over`: by the clock, and on the day by who has checked in already.

    People are counted in the order of the class's entries, as they come.
    """
    now = clock.now().replace(tzinfo=None)
    seen = _seen_by_class(booking) if booking.state == BookingState.UNDER_WAY else {}
    found: dict[int, str] = {}
    for row in sorted(rows, key=lambda row: (row.day, row.start, row.station.code)):
        here = min(seen.get(row.class_group_id, 0), row.people)
        seen[row.class_group_id] = seen.get(row.class_group_id, 0) - here
        if (
            booking.state == BookingState.DONE
            or dt.datetime.combine(row.day, row.end) <= now
            or here == row.people
        ):
            found[row.pk] = OVER
        elif here or dt.datetime.combine(row.day, row.start) <= now:
            found[row.pk] = UNDER_WAY
        else:
            found[row.pk] = OPEN
    return found


def _seen_by_class(booking: Booking) -> dict[int, int]:
    seen: dict[int, int] = {}
    rows = Attendance.objects.filter(booking=booking, state__in=SEEN_STATES)
    for pk in rows.values_list("graduate__enrolment__class_group", flat=True):
        seen[pk] = seen.get(pk, 0) + 1
    return seen


def require_future(day: dt.date, start: dt.time) -> None:
    """Nobody is sent into an hour that has begun."""
    if dt.datetime.combine(day, start) <= clock.now().replace(tzinfo=None):
        raise EntryOver()
