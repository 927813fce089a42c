"""Seats on individual days (R5, R18): people choose a half hour themselves instead of calling the studio."""

import datetime as dt
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import move_state, record
from photocampus.models import User
from sessions.expectations import remove_expected
from sessions.fees import shooting_fee
from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    Hold,
)
from sessions.reshoots import check_may_be_photographed, may_shoot_on
from sessions.shoots import lock_booking
from students.models import Decision, Graduate, Outcome, Stage
from units.models import StudioGrant

OPEN = (BookingState.CONFIRMED, BookingState.UNDER_WAY)
TAKING = (AttendanceState.EXPECTED, AttendanceState.CHECKED_IN, AttendanceState.PHOTOGRAPHED)


class NoSuchSeat(DomainError):
    code = "no_such_seat"
    message = _("The studio has not opened %(day)s %(start)s for individuals.")


class SeatsGone(DomainError):
    code = "seats_gone"
    message = _("The last seat on %(day)s at %(start)s has just been taken. Please choose another half hour.")


class SeatOver(DomainError):
    code = "seat_over"
    message = _("%(day)s %(start)s is over.")


class NoSeatNeeded(DomainError):
    code = "no_seat_needed"
    message = _("You need no seat: your picture has been taken. If it is refused, you can choose one here.")


class GroupFirst(DomainError):
    code = "group_first"
    message = _("You are expected with your class. Only who misses that shoot goes to the studio alone.")


class SeatInUse(DomainError):
    code = "seat_in_use"
    message = _("You have checked in already; this seat can no longer be changed.")


class PhotographedHere(DomainError):
    code = "photographed_here"
    message = _(
        "You were photographed on one of these days already. "
        "Come again on any of them without a seat: the studio takes the picture once more."
    )


@dataclass
class HalfHourSeats:
    """One half hour of an individual day: how many seats there are and how many are taken."""

    booking: Booking
    day: dt.date
    start: dt.time
    seats: int
    taken: int = 0
    is_mine: bool = False

    @property
    def left(self) -> int:
        return max(self.seats - self.taken, 0)

    @property
    def value(self) -> str:
        """How a form names this half hour."""
        return f"{self.booking.public_id}/{self.day:%Y-%m-%d}/{self.start:%H%M}"


@dataclass
class SeatDay:
    day: dt.date
    booking: Booking
    half_hours: list[HalfHourSeats] = field(default_factory=list)


def open_bookings(graduate: Graduate) -> QuerySet[Booking]:
    """Individual days of the studios that may see this graduate's unit."""
    granted = StudioGrant.objects.filter(
        studio=OuterRef("studio"),
        campaign=graduate.campaign_id,
        unit=graduate.enrolment.unit_id,
        ended_at=None,
    )
    return Booking.objects.filter(
        Exists(granted),
        campaign=graduate.campaign_id,
        kind=BookingKind.INDIVIDUAL,
        state__in=OPEN,
        seats_per_half_hour__gt=0,
    ).select_related("studio", "campaign")


def open_seats(graduate: Graduate) -> list[SeatDay]:
    """Half hours from now on, day by day, with the seats left; three queries. Days beyond the person's time are left out."""
    now = clock.now()
    bookings = {booking.pk: booking for booking in open_bookings(graduate)}
    holds = (
        Hold.objects.filter(booking__in=bookings, day__gte=now.date())
        .order_by("day", "start")
        .values_list("booking", "day", "start")
        .distinct()
    )
    taken = seats_taken(list(bookings))
    mine = set(
        Attendance.objects.filter(
            booking__in=bookings, graduate=graduate, state__in=TAKING, seat_start__isnull=False
        ).values_list("booking", "day", "seat_start")
    )
    days: dict[tuple[dt.date, int], SeatDay] = {}
    for pk, day, start in holds:
        booking = bookings[pk]
        if moment_of(day, start) <= now or not may_shoot_on(booking.campaign, day, graduate.reshoot_until):
            continue
        key = (pk, day, start)
        half = HalfHourSeats(booking, day, start, booking.seats_per_half_hour, taken.get(key, 0), key in mine)
        days.setdefault((day, pk), SeatDay(day, booking)).half_hours.append(half)
    return [days[key] for key in sorted(days)]


def seats_taken(bookings: list[int]) -> dict[tuple[int, dt.date, dt.time], int]:
    """(booking, day, half hour) → people who have a seat there."""
    rows = (
        Attendance.objects.filter(booking__in=bookings, state__in=TAKING, seat_start__isnull=False)
        .order_by()
        .values_list("booking", "day", "seat_start")
        .annotate(people=Count("pk"))
    )
    return {(pk, day, start): people for pk, day, start, people in rows}


def moment_of(day: dt.date, start: dt.time) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, start))


def check_needs_seat(graduate: Graduate) -> None:
    """R5: alone go those who missed their group's shoot or whose picture was refused. Raises `NoSeatNeeded`, `GroupFirst`."""
    rows = Attendance.objects.filter(graduate=graduate, booking__campaign=graduate.campaign_id)
    waiting = rows.filter(
        state__in=[AttendanceState.EXPECTED, AttendanceState.CHECKED_IN], booking__state__in=OPEN
    ).exclude(booking__kind=BookingKind.INDIVIDUAL)
    if waiting.exists():
        raise GroupFirst()
    photographed = rows.filter(state=AttendanceState.PHOTOGRAPHED).exists()
    if (photographed or graduate.picture_id) and not is_refused(graduate):
        raise NoSeatNeeded()


def is_refused(graduate: Graduate) -> bool:
    """The newest decision on the chosen picture is a no and no later acceptance stands."""
    accepted = Decision.objects.filter(
        graduate=graduate,
        stage=Stage.ACCEPTANCE,
        outcome=Outcome.YES,
        photo=graduate.picture_id,
        is_current=True,
    )
    refused = Decision.objects.filter(
        graduate=graduate, outcome=Outcome.NO, photo=graduate.picture_id, is_current=True
    )
    return refused.exists() and not accepted.exists()


@transaction.atomic
def take_seat(
    *, graduate: Graduate, booking: Booking, day: dt.date, start: dt.time, by: User | None = None
) -> Attendance:
    """Take a seat, or change to another one: the old one is given back only if the new one is free.

    Seats are counted under the booking's lock, so the last one goes to one person. Refused: no such half hour, over,
    none left, nobody to photograph (R9, roster), outside the window (R2), a group shoot is still to come.
    """
    graduate = (
        Graduate.objects.select_for_update(of=("self",)).select_related("enrolment").get(pk=graduate.pk)
    )
    shown = {"day": day, "start": f"{start:%H:%M}"}
    if not open_bookings(graduate).filter(pk=booking.pk).exists():
        raise NoSuchSeat(**shown)
    booking = lock_booking(booking)
    if booking.state not in OPEN or not Hold.objects.filter(booking=booking, day=day, start=start).exists():
        raise NoSuchSeat(**shown)
    if moment_of(day, start) <= clock.now():
        raise SeatOver(**shown)
    check_may_be_photographed(graduate, booking.campaign, day)
    check_needs_seat(graduate)
    if taken_by_others(booking, day, start, graduate) >= booking.seats_per_half_hour:
        raise SeatsGone(**shown)
    _give_back(graduate, keep=booking, by=by)
    return _sit(graduate, booking, day, start, by)


def taken_by_others(booking: Booking, day: dt.date, start: dt.time, graduate: Graduate) -> int:
    """Seats of this half hour that other people have; counted under the booking's lock."""
    rows = Attendance.objects.filter(booking=booking, day=day, seat_start=start, state__in=TAKING)
    return rows.exclude(graduate=graduate).count()


def _sit(graduate: Graduate, booking: Booking, day: dt.date, start: dt.time, by: User | None) -> Attendance:
    row = Attendance.objects.select_for_update().filter(booking=booking, graduate=graduate).first()
    old = ""
    if row is None:
        _kind, amount = shooting_fee(booking.kind, booking.campaign)
        try:
            with transaction.atomic():
                row = Attendance.objects.create(
                    booking=booking, graduate=graduate, fee_due=amount, day=day, seat_start=start
                )
        except IntegrityError:
            raise ChangedMeanwhile() from None
    else:
        old = f"{row.day} {row.seat_start:%H:%M}" if row.seat_start else ""
        _sit_again(row, day, start, by)
    record(graduate, "seat_taken", by=by, old=old, new=f"{day} {start:%H:%M}")
    return row


def _sit_again(row: Attendance, day: dt.date, start: dt.time, by: User | None) -> None:
    """Another half hour of the same round; who was marked absent is expected again."""
    if row.state == AttendanceState.PHOTOGRAPHED:
        raise PhotographedHere()
    if row.state == AttendanceState.CHECKED_IN:
        raise SeatInUse()
    row.day, row.seat_start = day, start
    row.save(update_fields=["day", "seat_start"])
    if row.state == AttendanceState.ABSENT:
        moves = {AttendanceState.ABSENT: {AttendanceState.EXPECTED}}
        move_state(row, AttendanceState.EXPECTED, moves=moves, by=by, absent_reason="")


def _give_back(graduate: Graduate, *, keep: Booking | None, by: User | None) -> int:
    rows = Attendance.objects.filter(
        graduate=graduate,
        booking__kind=BookingKind.INDIVIDUAL,
        booking__campaign=graduate.campaign_id,
        state=AttendanceState.EXPECTED,
    )
    if keep is not None:
        rows = rows.exclude(booking=keep)
    return remove_expected(rows)


@transaction.atomic
def give_back_seat(*, graduate: Graduate, by: User | None = None) -> bool:
    """Free the seat again; harmless when there is none."""
    graduate = Graduate.objects.select_for_update().get(pk=graduate.pk)
    gone = _give_back(graduate, keep=None, by=by)
    if gone:
        record(graduate, "seat_given_back", by=by)
    return bool(gone)


def seat_of(graduate: Graduate) -> Attendance | None:
    """The seat that is still to come."""
    return (
        Attendance.objects.filter(
            graduate=graduate,
            booking__kind=BookingKind.INDIVIDUAL,
            booking__state__in=OPEN,
            state=AttendanceState.EXPECTED,
            seat_start__isnull=False,
        )
        .select_related("booking__studio")
        .order_by("day", "seat_start")
        .first()
    )
