"""After a disturbance (R17): the rest of a shoot's plan anew, shown before and after.

Disturbances add up: every re-plan keeps to all that are recorded and not over, and one that ends early offers the
classes it moved their hours again.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.events import record
from photocampus.models import User
from sessions.calendar import minutes
from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    Disturbance,
    PlanEntry,
    Station,
)
from sessions.outages import Span, in_force, recorded, span_from, span_of, spans_of, with_outages
from sessions.parties import require_side
from sessions.plan_edits import note_of
from sessions.plan_rows import entries_of, problem_of, to_entry
from sessions.planner import Entry, Interval, Problem, Replanned, replan, slots_of
from sessions.plans import PLANNABLE, NotPlannable, PlanImpossible, store_entries
from sessions.shoots import EndsBefore, write_disturbance

Pause = tuple[Station | None, dt.time, dt.time | None]  # None: every station; until the end of the day


@dataclass(frozen=True)
class Outages:
    """What people say when they plan anew: stations that are out of work, by a new disturbance and by those recorded.

    `until` is until when those recorded are expected to last, by primary key, where that has changed. `back` is one
    that is over: the classes that it moved get their hours again where these are still to come.
    """

    pauses: Collection[Pause] = ()
    what: str = ""
    until: Mapping[int, dt.time] = field(default_factory=dict)
    back: Disturbance | None = None


def seal_of(answer: Replanned) -> str:
    """What a page says it showed of a new plan; another plan has another seal."""
    lines = [f"{e.day} {e.start} {e.end} {e.station} {e.group} {e.count}" for e in answer.plan.entries]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def replan_rest(
    *,
    booking: Booking,
    moment: dt.datetime,
    outages: Outages,
    by: User,
    apply: bool,
    compared: str = "",
) -> Replanned:
    """R17: the rest of the plan from a moment on, with the stations that can work then.

    With `apply` false nothing is written, so that people can compare before and after; `compared` is the seal of what
    they saw. Applied, a new disturbance is recorded with the plan. What is over stays. Both sides may, since a
    disturbance is handled together. Raises `PlanImpossible`, `NotPlannable`, `EndsBefore`, and `ChangedMeanwhile` when
    the answer is no longer the one that was compared.
    """
    with transaction.atomic():
        booking = Booking.objects.select_for_update().get(pk=booking.pk)
        require_side(by, booking)
        if booking.state not in PLANNABLE:
            raise NotPlannable(state=booking.get_state_display())
        if booking.kind == BookingKind.INDIVIDUAL:
            raise NotAllowed()
        rows = entries_of(booking)
        answer, names = _answer(booking, rows, moment, outages)
        if answer.plan.shortfall:
            raise PlanImpossible(answer.plan.shortfall, names)
        if apply and compared not in ("", seal_of(answer)):
            raise ChangedMeanwhile()
        if apply:
            _write_outages(booking, rows, answer, moment.date(), outages, by)
            stay = set(names) - set(answer.moved)
            store_entries(booking, answer.plan.entries, stayed=stay)
            record(booking, "replanned", by=by, new=f"{moment:%H:%M}", data={"moved": len(answer.moved)})
    return answer


@transaction.atomic
def record_outages(*, booking: Booking, day: dt.date, outages: Outages, by: User) -> None:
    """Write down what stops the work without a new plan: there is no room for one. The plan shows whom it hits."""
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    require_side(by, booking)
    if booking.state not in PLANNABLE:
        raise NotPlannable(state=booking.get_state_display())
    _record(booking, day, outages, by)


def _answer(
    booking: Booking, rows: list[PlanEntry], moment: dt.datetime, outages: Outages
) -> tuple[Replanned, dict[str, str]]:
    spans = [
        *spans_of(recorded(booking), outages.until),
        *(span_from(station, moment.date(), start, end) for station, start, end in outages.pauses),
    ]
    problem, names = problem_of(booking, spans=spans)
    at = (moment.date(), minutes(moment.time()))
    planned = [to_entry(row) for row in rows]
    running = _undisturbed(problem, planned, at)
    entries = [replace(e, end=at[1]) if e in running else e for e in planned]
    problem = _closed(problem, running, at)
    wished = with_old_hours(booking, entries, outages.back, moment) if outages.back else entries
    done = _done_in_hour(booking, moment)
    answer = replan(problem, wished, at, done, _soonest(booking))
    if answer.plan.shortfall:  # tight: then people who wait there already go on at once
        answer = replan(problem, wished, at, done)
    if outages.back:
        answer = replace(answer, moved=_moved(entries, answer, at))
    return _uncut(answer, running, at), names


def _undisturbed(problem: Problem, entries: Sequence[Entry], at: tuple[dt.date, int]) -> list[Entry]:
    """What is running and goes on as planned: it is not torn because some other station is out of work."""
    whole = {(slot.day, slot.start, slot.end, slot.station) for slot in slots_of(problem.stations)}
    return [
        e
        for e in entries
        if (e.day, e.start) < at < (e.day, e.end) and (e.day, e.start, e.end, e.station) in whole
    ]


def _closed(problem: Problem, running: Collection[Entry], at: tuple[dt.date, int]) -> Problem:
    """Nobody else comes into the rest of these hours."""
    spans = [Span(e.station, Interval(e.day, at[1], e.end)) for e in running]
    return replace(problem, stations=with_outages(problem.stations, spans))


def _uncut(answer: Replanned, running: Collection[Entry], at: tuple[dt.date, int]) -> Replanned:
    """The hours that go on with their real end again."""
    ends = {(e.day, e.start, at[1], e.station, e.group): e for e in running}

    def real(entry: Entry) -> Entry:
        return ends.get((entry.day, entry.start, entry.end, entry.station, entry.group), entry)

    plan = replace(answer.plan, entries=tuple(sorted(map(real, answer.plan.entries))))
    return replace(answer, plan=plan, kept=tuple(sorted(map(real, answer.kept))))


def _soonest(booking: Booking) -> tuple[dt.date, int]:
    """The first moment for which people can be told to be there in time."""
    notice = clock.now() + dt.timedelta(minutes=booking.campaign.report_minutes)
    return notice.date(), minutes(notice.time())


def with_old_hours(
    booking: Booking, entries: Sequence[Entry], over: Disturbance, moment: dt.datetime
) -> list[Entry]:
    """The plan as it should be now that a disturbance is over: who was moved by it comes when it was planned before.

    Only classes whose old hours are all still to come, with the time they need to be there, and at stations that work
    then; and only those that nobody has decided about since. Whoever of them the disturbance kept from an hour that is gone is placed anew.
    """
    at, soonest = (moment.date(), minutes(moment.time())), _soonest(booking)
    others = spans_of(in_force(booking))
    result = list(entries)
    for group, old in _old_entries(over).items():
        now = [e for e in entries if e.group == group and (e.day, e.start) >= at]
        ahead = [e for e in old if (e.day, e.start) >= soonest]
        decided = any(e.locked and e not in old for e in now)
        if not ahead or decided or sum(e.count for e in ahead) > sum(e.count for e in now):
            continue
        if any(at <= (e.day, e.start) < soonest for e in old):
            continue  # a part could not be told in time: better all of them stay
        if any(span.stops(e.station, e.day, e.start, e.end) for span in others for e in ahead):
            continue
        result = [e for e in result if e not in now] + ahead
    return sorted(result)


def _old_entries(over: Disturbance) -> dict[str, list[Entry]]:
    codes = dict(Station.objects.filter(holds__booking=over.booking_id).distinct().values_list("pk", "code"))
    found: dict[str, list[Entry]] = {}
    for note in over.plan_before:
        if note["station"] not in codes:
            continue
        start, end = dt.time.fromisoformat(note["start"]), dt.time.fromisoformat(note["end"])
        entry = Entry(
            dt.date.fromisoformat(note["day"]),
            minutes(start),
            minutes(end),
            codes[note["station"]],
            str(note["group"]),
            note["people"],
            note["locked"],
        )
        found.setdefault(entry.group, []).append(entry)
    return found


def _moved(before: Sequence[Entry], answer: Replanned, at: tuple[dt.date, int]) -> tuple[str, ...]:
    """Classes of which somebody comes at another time or place than planned now."""
    planned: dict[tuple, int] = {}
    for e in before:
        if (e.day, e.end) > at:
            key = (e.group, e.day, max((e.day, e.start), at)[1], e.station)
            planned[key] = planned.get(key, 0) + e.count
    kept = set(answer.kept)
    now: dict[tuple, int] = {}
    for e in answer.plan.entries:
        if e not in kept:
            key = (e.group, e.day, e.start, e.station)
            now[key] = now.get(key, 0) + e.count
    return tuple(sorted({key[0] for key, people in now.items() if people > planned.get(key, 0)}))


def _write_outages(
    booking: Booking,
    rows: list[PlanEntry],
    answer: Replanned,
    day: dt.date,
    outages: Outages,
    by: User,
) -> None:
    """Record what is new, and with every disturbance that lasts the hours of the classes that have to move now."""
    lasting = _record(booking, day, outages, by)
    if not outages.back:
        _remember(lasting, [row for row in rows if str(row.class_group_id) in answer.moved])


def _record(booking: Booking, day: dt.date, outages: Outages, by: User) -> list[Disturbance]:
    lasting = in_force(booking)
    for row in lasting:
        if (end := outages.until.get(row.pk)) is not None:
            _expect_until(row, end, by)
    what = outages.what.strip() or gettext("No work possible")
    for station, start, end in outages.pauses:
        began = timezone.make_aware(dt.datetime.combine(day, start))
        lasting.append(
            write_disturbance(booking=booking, what=what, by=by, station=station, began=began, until=end)
        )
    return lasting


def _expect_until(row: Disturbance, end: dt.time, by: User) -> None:
    began = timezone.localtime(row.began_at)
    until = dt.datetime.combine(began.date(), end, tzinfo=began.tzinfo)
    if until == row.until:
        return
    if until <= began:
        raise EndsBefore()
    row.until = until
    row.save(update_fields=["until"])
    record(row.booking, "disturbance_longer", by=by, new=f"{end:%H:%M}", reason=row.what)


def _remember(lasting: list[Disturbance], moved: list[PlanEntry]) -> None:
    """Each disturbance keeps the hours of the classes that it hits; of those that only make room, all of them do.

    The hours before the first move are those that count.
    """
    hit: dict[int, set[int]] = {}
    for row in lasting:
        span = span_of(row)
        groups = {e.class_group_id for e in moved if span and span.stops(*_hour(e))}
        hit[row.pk] = groups
    by_none = {e.class_group_id for e in moved}.difference(*hit.values())
    for row in lasting:
        known = {note["group"] for note in row.plan_before}
        new = (hit[row.pk] | by_none) - known
        if new:
            notes = [note_of(entry) for entry in moved if entry.class_group_id in new]
            row.plan_before = [*row.plan_before, *notes]
            row.save(update_fields=["plan_before"])


def _hour(entry: PlanEntry) -> tuple[str, dt.date, int, int]:
    return entry.station.code, entry.day, minutes(entry.start), minutes(entry.end)


def _done_in_hour(booking: Booking, moment: dt.datetime) -> dict[str, int]:
    """How many of each class were really photographed in the hour that is running.

    Nothing is known of a moment to come, nor when nobody counts at the console: then the share of the hour counts.
    """
    done: dict[str, int] = {}
    if booking.state != BookingState.UNDER_WAY or moment > clock.now().replace(tzinfo=None):
        return done
    rows = PlanEntry.objects.filter(
        booking=booking, day=moment.date(), start__lt=moment.time(), end__gt=moment.time()
    )
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


def planned_from(booking: Booking, outages: Outages, day: dt.date) -> dt.datetime:
    """From when on is planned anew: the beginning of the first stretch that hits the plan, or now if that is over."""
    now = clock.now().replace(tzinfo=None, second=0, microsecond=0)
    spans = [span_from(station, day, start, end) for station, start, end in outages.pauses]
    entries = [to_entry(row) for row in entries_of(booking)]
    hit = [
        span
        for span in spans_of(in_force(booking), outages.until)
        if any(span.stops(e.station, e.day, e.start, e.end) for e in entries)
    ]
    begins = [moment_of(span) for span in [*spans, *hit]]
    return max(min(begins, default=now), now)


def moment_of(span: Span) -> dt.datetime:
    start = span.interval.start
    return dt.datetime.combine(span.interval.day, dt.time(start // 60, start % 60))
