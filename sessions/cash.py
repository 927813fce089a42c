"""The cash of a shoot: sums by day, kind and state, as a table and as a spreadsheet.

A fee that was taken and paid back, and then fell due again because the person came back, stands there twice: as it was
paid back, and as it is now.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from photocampus.models import User
from sessions.fees import earlier_settlements
from sessions.models import Booking, Fee, FeeKind, FeeState

ZERO = Decimal(0)


@dataclass(frozen=True)
class CashItem:
    """A fee as it stands, or as it stood before it fell due again. `day` is the one whose cash it belongs to."""

    fee: Fee
    state: str
    day: dt.date | None
    settled_at: dt.datetime | None
    settled_by: User | None


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


def fees_of(booking: Booking, day: dt.date | None = None) -> list[CashItem]:
    """Fees of the shoot, in class and student-number order, what was paid back before first."""
    fees = list(
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
    earlier = earlier_settlements(fees)
    items = []
    for fee in fees:
        for event in earlier[fee.pk]:
            if event.new == FeeState.REFUNDED:
                items.append(CashItem(fee, event.new, day_of(event.at), event.at, event.by))
        on = day_of(fee.attendance.photographed_at or fee.settled_at)
        items.append(CashItem(fee, fee.state, on, fee.settled_at, fee.settled_by))
    return [item for item in items if day is None or item.day == day]


def day_of(moment: dt.datetime | None) -> dt.date | None:
    """The day on which the person was photographed; without a picture the day on which the fee was settled."""
    return timezone.localtime(moment).date() if moment else None


def sum_up(items: Iterable[CashItem]) -> CashSummary:
    """One line per kind; further services together in one."""
    lines = {kind.value: CashLine(kind.value, str(kind.label)) for kind in FeeKind}
    for item in items:
        lines[item.fee.kind].add(item.state, item.fee.amount)
    return CashSummary([line for line in lines.values() if line.people])


def cash_rows(items: Iterable[CashItem], *, names: bool) -> Iterator[list[Any]]:
    """Rows of the spreadsheet; without names where the campaign hides them."""
    for item in items:
        fee, enrolment = item.fee, item.fee.attendance.graduate.enrolment
        yield [
            item.day.isoformat() if item.day else "",
            enrolment.class_group.name,
            enrolment.student_number if names else "",
            enrolment.student.name if names else "",
            str(FeeKind(fee.kind).label),
            fee.label,
            float(fee.amount),
            str(FeeState(item.state).label),
            timezone.localtime(item.settled_at).strftime("%Y-%m-%d %H:%M") if item.settled_at else "",
            str(item.settled_by or ""),
        ]


def cash_headings() -> list[str]:
    return [
        _("Day"), _("Class"), _("Student number"), _("Name"), _("Kind"), _("Service"), _("Amount (yuan)"),
        _("State"), _("Settled at"), _("By"),
    ]  # fmt: skip
