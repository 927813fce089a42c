"""What the console of a shoot shows: people in the order of the plan, the counts, and the one at the desk."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    Fee,
    FeeKind,
    FeeState,
    Receipt,
    Shot,
)
from sessions.places import Place, places_of
from units.models import Campaign, IdentityMode

SHOWN = ("", *AttendanceState.values)


def shows_names(campaign: Campaign) -> bool:
    """Where the campaign works with capture codes, no page of the studio has a name or a number (design §5)."""
    return campaign.identity_mode == IdentityMode.ID_CARD


@dataclass
class PersonRow:
    """One line of the console. Name and numbers are empty where the campaign hides them, so no template can show them."""

    attendance: Attendance
    place: Place | None
    names: bool
    order: int = 0

    @property
    def key(self) -> str:
        return self.attendance.public_id

    @property
    def state(self) -> str:
        return self.attendance.state

    @property
    def name(self) -> str:
        return (
            self.attendance.graduate.enrolment.student.name
            if self.names
            else f"{self.class_name} · {self.order}"
        )

    @property
    def student_number(self) -> str:
        return self.attendance.graduate.enrolment.student_number if self.names else ""

    @property
    def masked_id(self) -> str:
        return str(self.attendance.graduate.enrolment.student.id_number) if self.names else ""

    @property
    def id_type(self) -> str:
        return self.attendance.graduate.enrolment.student.get_id_type_display() if self.names else ""

    @property
    def class_name(self) -> str:
        return self.attendance.graduate.enrolment.class_group.name

    @property
    def unit_name(self) -> str:
        return self.attendance.graduate.enrolment.unit.name

    @property
    def shots(self) -> list[Shot]:
        return sorted(self.attendance.shots.all(), key=lambda shot: shot.pk)

    @property
    def shot(self) -> Shot | None:
        return next((shot for shot in self.shots if shot.voided_at is None), None)

    @property
    def fees(self) -> list[Fee]:
        return sorted(self.attendance.fees.all(), key=lambda fee: fee.pk)

    @property
    def fee(self) -> Fee | None:
        """The fee of the shoot itself."""
        return next((fee for fee in self.fees if fee.kind != FeeKind.OTHER), None)

    @property
    def receipt(self) -> Receipt | None:
        return getattr(self.attendance, "receipt", None)

    @property
    def step(self) -> str:
        """What comes next: check_in, shot, photographed, fee, or "" when all is done."""
        if self.state in (AttendanceState.EXPECTED, AttendanceState.ABSENT):
            return "check_in"
        if self.state == AttendanceState.CHECKED_IN:
            return "photographed" if self.shot else "shot"
        return "fee" if any(fee.state == FeeState.DUE for fee in self.fees) else ""


@dataclass
class PeopleGroup:
    """One class in one hour."""

    start: dt.time | None
    day: dt.date | None
    station: str
    class_name: str
    rows: list[PersonRow] = field(default_factory=list)


@dataclass
class ConsoleView:
    rows: list[PersonRow]
    counts: dict[str, int]
    taken: Decimal
    due: Decimal

    def row_of(self, public_id: str) -> PersonRow | None:
        return next((row for row in self.rows if row.key == public_id), None)

    def groups(self, state: str = "") -> list[PeopleGroup]:
        """Rows by day, hour and class; only those of one state when one is named."""
        found: dict[tuple[object, ...], PeopleGroup] = {}
        for row in self.rows:
            if state and row.state != state:
                continue
            place = row.place
            key = (
                (place.day, place.start, place.station, row.class_name)
                if place
                else (None, None, "", row.class_name)
            )
            if key not in found:
                found[key] = PeopleGroup(
                    place.start if place else None,
                    place.day if place else row.attendance.day,
                    place.station if place else "",
                    row.class_name,
                )
            found[key].rows.append(row)
        return list(found.values())


def attendances_of(booking: Booking) -> list[Attendance]:
    """The people of a shoot with everything a line shows; four queries however many there are."""
    rows = (
        Attendance.objects.filter(booking=booking)
        .select_related(
            "graduate__enrolment__student",
            "graduate__enrolment__class_group",
            "graduate__enrolment__unit",
            "receipt",
        )
        .prefetch_related("shots", "fees")
        .order_by("graduate__enrolment__class_group__name", "graduate__enrolment__student_number")
    )
    return list(rows)


def console_view(booking: Booking, *, attendances: list[Attendance] | None = None) -> ConsoleView:
    """Everything the console shows of a shoot."""
    places = places_of(booking)
    names = shows_names(booking.campaign)
    people = attendances_of(booking) if attendances is None else attendances
    rows = [PersonRow(row, places.get(row.pk), names, order) for order, row in enumerate(people, start=1)]
    rows.sort(key=_in_order_of_plan)
    counts = dict.fromkeys(AttendanceState.values, 0)
    for row in rows:
        counts[row.state] += 1
    fees = [fee for row in rows for fee in row.fees]
    return ConsoleView(rows, counts, sum_of(fees, FeeState.TAKEN), sum_of(fees, FeeState.DUE))


def _in_order_of_plan(row: PersonRow) -> tuple[bool, str, str, str, int]:
    """Day, hour and station; who has no place stands at the end."""
    if row.place is None:
        return True, "", "", "", row.order
    return False, row.place.day.isoformat(), row.place.start.isoformat(), row.place.station, row.order


def sum_of(fees: Iterable[Fee], state: str) -> Decimal:
    return sum((fee.amount for fee in fees if fee.state == state), Decimal(0))
