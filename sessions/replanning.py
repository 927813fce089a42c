"""After a disturbance (R17): the rest of a shoot's plan anew, shown before and after."""

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

from django.db import transaction
from django.db.models import Q

from photocampus.events import record
from photocampus.models import User
from sessions.calendar import minutes
from sessions.models import Attendance, AttendanceState, Booking, PlanEntry, Station
from sessions.plan_rows import entries_of, problem_of, to_entry
from sessions.planner import Interval, Problem, Replanned, replan
from sessions.plans import PlanImpossible, store_entries


def replan_rest(
    *,
    booking: Booking,
    moment: dt.datetime,
    pauses: Collection[tuple[Station | None, dt.time, dt.time]],
    by: User,
    apply: bool,
) -> Replanned:
    """R17: the rest of the plan from a moment on, with stations out of work for the given times (None: all).

    With `apply` false nothing is written, so that people can compare before and after. What is over stays. Raises
    `PlanImpossible`.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update().get(pk=booking.pk)
        problem, names = problem_of(booking)
        out = _with_pauses(problem, pauses, moment.date())
        entries = [to_entry(row) for row in entries_of(booking)]
        answer = replan(out, entries, (moment.date(), minutes(moment.time())), _done_in_hour(booking, moment))
        if answer.plan.shortfall:
            raise PlanImpossible(answer.plan.shortfall, names)
        if apply:
            store_entries(booking, out, answer.plan.entries)
            record(booking, "replanned", by=by, new=f"{moment:%H:%M}", data={"moved": len(answer.moved)})
    return answer


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
