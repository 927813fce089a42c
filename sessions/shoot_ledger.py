"""Checks of shoot days: attendance ↔ shots, attendance ↔ fees, receipts without a gap, states ↔ history."""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db.models import Count, F, Max, Min, Model, OuterRef, Q, Subquery
from django.utils import timezone

from photocampus.events import subject_type
from photocampus.ledger import ledger_check
from photocampus.models import Event
from sessions.fees import is_forgone
from sessions.models import (
    Attendance,
    AttendanceState,
    BookingKind,
    BookingState,
    Fee,
    FeeKind,
    FeeState,
    Receipt,
    ReceiptCounter,
    Shot,
)
from sessions.shots import shot_code

HERE = (AttendanceState.CHECKED_IN, AttendanceState.PHOTOGRAPHED)
# Of who is photographed, this is a decision of the studio with a reason. Before the picture, it was for want of one.
FREED = (FeeState.WAIVED, FeeState.REFUNDED)


def history_disagrees(model: type[Model], *, first: str, prefix: str = "state_") -> Iterator[str]:
    """Rows whose state is not the one that the last row of their history says; without history they stand at `first`."""
    events = Event.objects.filter(
        subject_type=subject_type(model), subject_id=OuterRef("pk"), kind__startswith=prefix
    ).order_by("-id")
    rows = model._default_manager.annotate(last_event=Subquery(events.values("new")[:1]))
    wrong = rows.filter(Q(last_event__isnull=True) & ~Q(state=first) | ~Q(last_event=F("state")))
    for pk, state, last in wrong.order_by("pk").values_list("pk", "state", "last_event"):
        if (last or first) != state:
            yield f"{subject_type(model)} {pk} is “{state}”, its history says “{last or first}”"


@ledger_check("shoots.attendance_history")
def attendance_history() -> Iterable[str]:
    yield from history_disagrees(Attendance, first=AttendanceState.EXPECTED)


@ledger_check("shoots.fee_history")
def fee_history() -> Iterable[str]:
    yield from history_disagrees(Fee, first=FeeState.DUE)


@ledger_check("shoots.attendance")
def attendance_facts() -> Iterable[str]:
    """Who is here was compared; who was photographed has one valid shot of that day; a shoot that is done waits for nobody."""
    rows = Attendance.objects.annotate(valid=Count("shots", filter=Q(shots__voided_at=None)))
    for row in rows.filter(state__in=HERE).exclude(id_compared=True).order_by("pk"):
        yield f"attendance {row.pk} is “{row.state}” without an equal ID number"
    for row in rows.filter(state=AttendanceState.PHOTOGRAPHED).exclude(valid=1).order_by("pk"):
        yield f"attendance {row.pk} is photographed with {row.valid} valid shot numbers"
    for row in rows.exclude(state__in=HERE).filter(valid__gt=0).order_by("pk"):
        yield f"attendance {row.pk} is “{row.state}” but has a valid shot number"
    for row in rows.exclude(state=AttendanceState.PHOTOGRAPHED).filter(photographed_at__isnull=False):
        yield f"attendance {row.pk} is “{row.state}” but has a time of the picture"
    open_states = (AttendanceState.EXPECTED, AttendanceState.CHECKED_IN)
    for row in rows.filter(booking__state=BookingState.DONE, state__in=open_states).order_by("pk"):
        yield f"attendance {row.pk} is still “{row.state}” though the shoot is done"


@ledger_check("shoots.shots")
def shot_numbers() -> Iterable[str]:
    """Numbers of a station, day and series run from 1 without a gap; the printed code fits; a person's shot is of the right studio."""
    groups = (
        Shot.objects.order_by()
        .values("station", "station__code", "day", "series")
        .annotate(people=Count("pk"), first=Min("number"), last=Max("number"))
    )
    for group in groups:
        if group["first"] != 1 or group["last"] != group["people"]:
            where = f"{group['station__code']} {group['day']} {group['series']}".rstrip()
            yield f"station {where}: {group['people']} shots, numbered {group['first']} to {group['last']}"
    for shot in Shot.objects.select_related("station", "attendance__booking").order_by("pk"):
        if shot.code != shot_code(shot.station.code, shot.day, shot.series, shot.number):
            yield f"shot {shot.pk} prints as {shot.code}"
        if shot.station.studio_id != shot.attendance.booking.studio_id:
            yield f"shot {shot.pk} is of another studio's station"
        taken = shot.attendance.photographed_at
        if taken and shot.voided_at is None and timezone.localtime(taken).date() != shot.day:
            yield f"shot {shot.pk} is of another day than the picture of attendance {shot.attendance_id}"


@ledger_check("shoots.fees")
def fees() -> Iterable[str]:
    """Who was photographed owes or paid exactly the fee due, of the kind of the shoot; who was not, owes nothing."""
    due = Fee.objects.filter(attendance=OuterRef("pk")).exclude(kind=FeeKind.OTHER)
    rows = Attendance.objects.annotate(
        charged=Subquery(due.values("amount")[:1]),
        charged_kind=Subquery(due.values("kind")[:1]),
        charged_state=Subquery(due.values("state")[:1]),
        settled_at=Subquery(due.values("settled_at")[:1]),
    ).select_related("booking")
    for row in rows.filter(state=AttendanceState.PHOTOGRAPHED).order_by("pk"):
        wanted = FeeKind.SINGLE if row.booking.kind == BookingKind.INDIVIDUAL else FeeKind.GROUP
        if row.charged is None:
            yield f"attendance {row.pk} was photographed without a fee"
        elif row.charged != row.fee_due or row.charged_kind != wanted:
            yield (
                f"attendance {row.pk} is charged {row.charged} ({row.charged_kind}), "
                f"due are {row.fee_due} ({wanted.value})"
            )
        elif row.charged_state in FREED and _was_freed_too_early(row):
            yield f"attendance {row.pk} was photographed after its fee was “{row.charged_state}”, nothing is due"
    owing = [FeeState.DUE, FeeState.TAKEN]
    absent = [AttendanceState.EXPECTED, AttendanceState.ABSENT]
    for row in rows.filter(state__in=absent, charged_state__in=owing).order_by("pk"):
        yield f"attendance {row.pk} is “{row.state}” but its fee is “{row.charged_state}”"
    for pk in Fee.objects.filter(~Q(state=FeeState.DUE), settled_at=None).values_list("pk", flat=True):
        yield f"fee {pk} is settled without a time"
    for pk in Fee.objects.filter(state=FeeState.DUE, settled_at__isnull=False).values_list("pk", flat=True):
        yield f"fee {pk} is due but has a time of settlement"


def _was_freed_too_early(row: Attendance) -> bool:
    """For want of a picture that there is now; `settled_at` is that of the shooting fee."""
    settled_at: dt.datetime | None = getattr(row, "settled_at", None)
    if settled_at is None or row.photographed_at is None or settled_at >= row.photographed_at:
        return False
    return not any(is_forgone(fee) for fee in row.fees.exclude(kind=FeeKind.OTHER))


@ledger_check("shoots.receipts")
def receipts() -> Iterable[str]:
    """Numbers run from 1 to the counter without a gap, for people photographed alone, dates in order."""
    groups = (
        Receipt.objects.order_by()
        .values("studio", "campaign")
        .annotate(people=Count("pk"), first=Min("number"), last=Max("number"))
    )
    found = {(row["studio"], row["campaign"]): row for row in groups}
    counters = {(row.studio_id, row.campaign_id): row.last for row in ReceiptCounter.objects.all()}
    for key in sorted(found.keys() | counters.keys()):
        group = found.get(key, {"people": 0, "first": 1, "last": 0})
        where = f"studio {key[0]}, campaign {key[1]}"
        if group["first"] != 1 or group["last"] != group["people"]:
            yield f"{where}: {group['people']} receipts, numbered {group['first']} to {group['last']}"
        if counters.get(key, 0) != group["last"]:
            yield f"{where}: the counter stands at {counters.get(key, 0)}, the last receipt is {group['last']}"
    rows = Receipt.objects.select_related("attendance__booking").order_by("pk")
    for row in rows:
        if row.attendance.booking.kind != BookingKind.INDIVIDUAL:
            yield f"receipt {row.pk} is for somebody of a group"
        if row.voided_at is None and row.attendance.state not in HERE:
            yield f"receipt {row.pk} is for somebody who is “{row.attendance.state}”"
        if row.attendance.booking.studio_id != row.studio_id:
            yield f"receipt {row.pk} is of another studio than its shoot"
    with_receipt = Receipt.objects.values("attendance")
    alone = Attendance.objects.filter(
        booking__kind=BookingKind.INDIVIDUAL, state=AttendanceState.PHOTOGRAPHED
    )
    for pk in alone.exclude(pk__in=with_receipt).order_by("pk").values_list("pk", flat=True):
        yield f"attendance {pk} was photographed alone without a receipt"
