"""The cash of a shoot: sums by day, kind and state, as a table and as a spreadsheet."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from sessions.models import Booking, Fee, FeeKind, FeeState

ZERO = Decimal(0)


@dataclass
class CashLine:
    """One kind of fee: how many and how much is due, taken, waived, paid back."""

    kind: str
    label: str
    people: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, state: str, amount: Decimal) -> None:
        self.people[state] = self.people.get(state, 0) + 1
        self.sums[state] = self.sums.get(state, ZERO) + amount

    @property
    def kept(self) -> Decimal:
        """What stays with the studio; money that was paid back does not."""
        return self.sums.get(FeeState.TAKEN, ZERO)


@dataclass
class CashSummary:
    """All fees of one shoot, or those of one day of it."""

    lines: list[CashLine]

    @property
    def due(self) -> Decimal:
        return sum((line.sums.get(FeeState.DUE, ZERO) for line in self.lines), ZERO)

    @property
    def taken(self) -> Decimal:
        return sum((line.kept for line in self.lines), ZERO)


def fees_of(booking: Booking, day: dt.date | None = None) -> list[Fee]:
    """Fees of the shoot, the day being that of the picture; in class and student-number order."""
    fees = (
        Fee.objects.filter(attendance__booking=booking)
        .select_related(
            "attendance__graduate__enrolment__student", "attendance__graduate__enrolment__class_group"
        )
        .select_related("settled_by")
        .order_by(
            "attendance__graduate__enrolment__class_group__name",
            "attendance__graduate__enrolment__student_number",
            "pk",
        )
    )
    return [fee for fee in fees if day is None or day_of(fee) == day]


def day_of(fee: Fee) -> dt.date | None:
    """The day on which the person was photographed; else the day on which the fee was settled."""
    moment = fee.attendance.photographed_at or fee.settled_at
    return timezone.localtime(moment).date() if moment else None


def sum_up(fees: Iterable[Fee]) -> CashSummary:
    """One line per kind; further services together in one."""
    lines = {kind.value: CashLine(kind.value, str(kind.label)) for kind in FeeKind}
    for fee in fees:
        lines[fee.kind].add(fee.state, fee.amount)
    return CashSummary([line for line in lines.values() if line.people])


def cash_rows(fees: Iterable[Fee], *, names: bool) -> Iterator[list[Any]]:
    """Rows of the spreadsheet; without names where the campaign hides them."""
    for fee in fees:
        enrolment = fee.attendance.graduate.enrolment
        day = day_of(fee)
        yield [
            day.isoformat() if day else "",
            enrolment.class_group.name,
            enrolment.student_number if names else "",
            enrolment.student.name if names else "",
            str(FeeKind(fee.kind).label),
            fee.label,
            float(fee.amount),
            str(FeeState(fee.state).label),
            timezone.localtime(fee.settled_at).strftime("%Y-%m-%d %H:%M") if fee.settled_at else "",
            str(fee.settled_by or ""),
        ]


def cash_headings() -> list[str]:
    return [
        _("Day"), _("Class"), _("Student number"), _("Name"), _("Kind"), _("Service"), _("Amount (yuan)"),
        _("State"), _("Settled at"), _("By"),
    ]  # fmt: skip
