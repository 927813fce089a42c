"""After a disturbance (R17): the rest of a shoot's plan anew, shown before and after."""

import datetime as dt
import hashlib
from collections.abc import Collection
from dataclasses import replace

from django.db import transaction
from django.db.models import Q

from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.events import record
from photocampus.models import Role, User
from sessions.calendar import minutes
from sessions.models import Attendance, AttendanceState, Booking, BookingKind, PlanEntry, Station
from sessions.parties import require_studio, require_unit
from sessions.plan_rows import entries_of, problem_of, to_entry
from sessions.planner import Interval, Problem, Replanned, replan
from sessions.plans import PLANNABLE, NotPlannable, PlanImpossible, store_entries


def seal_of(answer: Replanned) -> str:
    """What a page says it showed of a new plan; another plan has another seal."""
    lines = [f"{e.day} {e.start} {e.end} {e.station} {e.group} {e.count}" for e in answer.plan.entries]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def replan_rest(
    *,
    booking: Booking,
    moment: dt.datetime,
    pauses: Collection[tuple[Station | None, dt.time, dt.time]],
    by: User,
    apply: bool,
    compared: str = "",
) -> Replanned:
    """R17: the rest of the plan from a moment on, with stations out of work for the given times (None: all).

    With `apply` false nothing is written, so that people can compare before and after; `compared` is the seal of what
    they saw. What is over stays. Both sides may, since a disturbance is handled together. Raises `PlanImpossible`,
    `NotPlannable`, and `ChangedMeanwhile` when the answer is no longer the one that was compared.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update().get(pk=booking.pk)
        _require_side(booking, by)
        problem, names = problem_of(booking)
        out = _with_pauses(problem, pauses, moment.date())
        entries = [to_entry(row) for row in entries_of(booking)]
        answer = replan(out, entries, (moment.date(), minutes(moment.time())), _done_in_hour(booking, moment))
        if answer.plan.shortfall:
            raise PlanImpossible(answer.plan.shortfall, names)
        if apply and compared not in ("", seal_of(answer)):
            raise ChangedMeanwhile()
        if apply:
            store_entries(booking, out, answer.plan.entries)
            record(booking, "replanned", by=by, new=f"{moment:%H:%M}", data={"moved": len(answer.moved)})
    return answer


def _require_side(booking: Booking, by: User) -> None:
    if by.role == Role.STUDIO:
        require_studio(by, booking.studio)
    else:
        require_unit(by, list(booking.units.all()))
    if booking.state not in PLANNABLE:
        raise NotPlannable(state=booking.get_state_display())
    if booking.kind == BookingKind.INDIVIDUAL:
        raise NotAllowed()


def _with_pauses(
    problem: Problem, pauses: Collection[tuple[Station | None, dt.time, dt.time]], day: dt.date
) -> Problem:
    return replace(
        problem,
        stations=tuple(
            replace(
                station,
                pauses=tuple(
                    Interval(day, minutes(start), minutes(end))
                    for only, start, end in pauses
                    if only is None or only.code == station.key
                ),
            )
            for station in problem.stations
        ),
    )


def _done_in_hour(booking: Booking, moment: dt.datetime) -> dict[str, int]:
    """How many of each class were really photographed in the hour that is running."""
    rows = PlanEntry.objects.filter(
        booking=booking, day=moment.date(), start__lt=moment.time(), end__gt=moment.time()
    )
    done: dict[str, int] = {}
    for row in rows:
        total = Attendance.objects.filter(
            booking=booking,
            graduate__enrolment__class_group=row.class_group_id,
            state=AttendanceState.PHOTOGRAPHED,
        ).count()
        before = PlanEntry.objects.filter(booking=booking, class_group=row.class_group_id).filter(
            Q(day__lt=row.day) | Q(day=row.day, start__lt=row.start)
        )
        done[str(row.class_group_id)] = max(total - sum(before.values_list("people", flat=True)), 0)
    return done
