"""Fees (R12): what is due, taken, waived, paid back. The studio collects from the student; the university does not."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError, MissingReason
from photocampus.events import history_of, move_state, record, subject_type
from photocampus.models import Event, User
from sessions.models import Attendance, AttendanceState, BookingKind, Fee, FeeKind, FeeState
from sessions.parties import require_studio
from units.models import Campaign, Studio

FEE_MOVES: dict[str, set[str]] = {
    FeeState.DUE: {FeeState.TAKEN, FeeState.WAIVED},
    FeeState.TAKEN: {FeeState.REFUNDED},
    FeeState.WAIVED: {FeeState.DUE},
    FeeState.REFUNDED: {FeeState.DUE},
}
SETTLED = (FeeState.TAKEN, FeeState.WAIVED, FeeState.REFUNDED)
NEEDS_REASON = {FeeState.WAIVED, FeeState.REFUNDED}
MOST_YUAN = Decimal(9999)


class NoSuchService(DomainError):
    code = "no_such_service"
    message = _("A further service needs a name and a price above 0 and at most %(most)s yuan.")


class NotHere(DomainError):
    code = "not_here"
    message = _("This person has not checked in at this shoot.")


class PictureNotTaken(DomainError):
    code = "picture_not_taken"
    message = _("This person has not been photographed, so no fee is due.")


def shooting_fee(kind: str, campaign: Campaign) -> tuple[FeeKind, Decimal]:
    """R12: 20 yuan in a group, also in an organised make-up; 30 yuan alone. Both numbers are the campaign's."""
    if kind == BookingKind.INDIVIDUAL:
        return FeeKind.SINGLE, campaign.fee_single
    return FeeKind.GROUP, campaign.fee_group


def payee_of(studio: Studio) -> str:
    """To whom the fee is paid; stands beside every price before the shoot."""
    return studio.payee or studio.name


def charge_shooting_fee(attendance: Attendance, *, by: User | None) -> Fee:
    """Write the fee due when the person has been photographed; harmless when repeated.

    One that was waived or paid back for want of a picture falls due again, one that the studio forgoes does not.
    """
    kind, _amount = shooting_fee(attendance.booking.kind, attendance.booking.campaign)
    fee, created = Fee.objects.get_or_create(
        attendance=attendance, kind=kind, defaults={"amount": attendance.fee_due}
    )
    if created:
        record(fee, "fee_due", by=by, new=FeeState.DUE, data={"amount": str(fee.amount)})
    elif fee.state in (FeeState.WAIVED, FeeState.REFUNDED) and not is_forgone(fee):
        # It was waived or paid back because nobody was photographed; now somebody was.
        move_fee(fee=fee, to=FeeState.DUE, by=by)
    return fee


def is_forgone(fee: Fee) -> bool:
    """Whether the studio waived it or paid it back though the person had been photographed: that stands for a retake."""
    if fee.state not in (FeeState.WAIVED, FeeState.REFUNDED):
        return False
    event = history_of(fee).filter(kind=f"state_{fee.state}").last()
    return event is not None and bool(event.data.get("photographed"))


@transaction.atomic
def move_fee(*, fee: Fee, to: str, by: User | None, reason: str = "") -> None:
    """Take, waive, refund, or make due again; refuses what the table does not know and waiving without a reason.

    What was settled before a fee fell due again stays in its history (`earlier_settlements`). Raises `PictureNotTaken`
    and `NotHere` where nothing may be due.
    """
    fee = (
        Fee.objects.select_for_update(of=("self",))
        .select_related("attendance__booking__studio")
        .get(pk=fee.pk)
    )
    if by is not None:
        require_studio(by, fee.attendance.booking.studio)
    if to in NEEDS_REASON and not reason.strip():
        raise MissingReason()
    if to == FeeState.DUE:
        _may_be_due(fee)
    settled: dict[str, Any] = {"settled_at": None, "settled_by": None}
    data: dict[str, Any] = {"amount": str(fee.amount)}
    if to != FeeState.DUE:
        settled = {"settled_at": clock.now(), "settled_by": by}
        data["photographed"] = fee.attendance.state == AttendanceState.PHOTOGRAPHED
    move_state(fee, to, moves=FEE_MOVES, by=by, reason=reason.strip(), data=data, **settled)


def _may_be_due(fee: Fee) -> None:
    state = fee.attendance.state
    if fee.kind == FeeKind.OTHER and state not in (AttendanceState.CHECKED_IN, AttendanceState.PHOTOGRAPHED):
        raise NotHere()
    if fee.kind != FeeKind.OTHER and state != AttendanceState.PHOTOGRAPHED:
        raise PictureNotTaken()


def earlier_settlements(fees: Collection[Fee]) -> dict[int, list[Event]]:
    """Fee → how it was settled before, oldest first: everything of which its row, that knows the last, no longer tells."""
    events = Event.objects.filter(
        subject_type=subject_type(Fee),
        subject_id__in=[fee.pk for fee in fees],
        kind__in=[f"state_{state}" for state in SETTLED],
    )
    found: dict[int, list[Event]] = defaultdict(list)
    for event in events.select_related("by").order_by("id"):
        found[event.subject_id].append(event)
    for fee in fees:
        if fee.state != FeeState.DUE and found[fee.pk]:
            found[fee.pk].pop()
    return found


@transaction.atomic
def add_service(*, attendance: Attendance, label: str, amount: Decimal, by: User) -> Fee:
    """A further service that the student chose (R12): a fee of its own kind, never preselected, never in the package."""
    attendance = (
        Attendance.objects.select_for_update(of=("self",))
        .select_related("booking__studio")
        .get(pk=attendance.pk)
    )
    require_studio(by, attendance.booking.studio)
    if attendance.state not in (AttendanceState.CHECKED_IN, AttendanceState.PHOTOGRAPHED):
        raise NotHere()
    label = label.strip()
    if not label or not Decimal(0) < amount <= MOST_YUAN:
        raise NoSuchService(most=MOST_YUAN)
    try:
        with transaction.atomic():
            fee = Fee.objects.create(
                attendance=attendance, kind=FeeKind.OTHER, label=label[:60], amount=amount
            )
    except IntegrityError:
        raise ChangedMeanwhile() from None
    record(fee, "fee_due", by=by, new=FeeState.DUE, data={"amount": str(amount)})
    return fee


def drop_unpaid_fee(attendance: Attendance, *, by: User | None, reason: str) -> None:
    """Nobody pays for a picture that was not taken: what is due is waived; what was taken must be paid back by hand."""
    for fee in Fee.objects.filter(attendance=attendance, state=FeeState.DUE).exclude(kind=FeeKind.OTHER):
        move_fee(fee=fee, to=FeeState.WAIVED, by=by, reason=reason)
