"""One person at the shoot: compared, checked in, photographed or absent; and people who come unexpected (R8)."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError, MissingReason
from photocampus.events import move_state, record
from photocampus.models import User
from sessions.expectations import expect_elsewhere
from sessions.fees import charge_shooting_fee, drop_unpaid_fee, shooting_fee
from sessions.models import (
    Attendance,
    AttendancePhoto,
    AttendanceState,
    Booking,
    BookingState,
    FeeState,
)
from sessions.parties import require_studio
from sessions.receipts import issue_receipt, void_receipt
from sessions.reshoots import check_may_be_photographed
from sessions.shoots import NotUnderWay, is_alone, lock_booking
from students.digests import id_digest
from students.models import Graduate
from students.taking_back import put_aside
from units.models import StudioGrant

ATTENDANCE_MOVES: dict[str, set[str]] = {
    AttendanceState.EXPECTED: {AttendanceState.CHECKED_IN, AttendanceState.ABSENT},
    AttendanceState.ABSENT: {AttendanceState.CHECKED_IN, AttendanceState.EXPECTED},
    AttendanceState.CHECKED_IN: {AttendanceState.PHOTOGRAPHED, AttendanceState.ABSENT},
    AttendanceState.PHOTOGRAPHED: {AttendanceState.CHECKED_IN},
}


class NothingTyped(DomainError):
    code = "nothing_typed"
    message = _("Type or scan the number of the ID card first.")


class NotGranted(DomainError):
    code = "not_granted"
    message = _("The studio has no confirmed shoot with this person's unit.")


class AlreadyExpected(DomainError):
    code = "already_expected"
    message = _("This person is on the list of this shoot already.")


class NoShotNumber(DomainError):
    code = "no_shot_number"
    message = _("Issue a shot number first.")


class HasShotNumber(DomainError):
    code = "has_shot_number"
    message = _("This person has the valid shot number %(code)s. Void it first, with a reason.")


class FeeWasTaken(DomainError):
    code = "fee_was_taken"
    message = _("The fee was taken from this person. Pay it back first.")


def lock_attendance(attendance: Attendance, by: User) -> Attendance:
    """The row as it is now with its booking, locked; only for the studio, and only while the shoot is under way."""
    row = (
        Attendance.objects.select_for_update(of=("self",))
        .select_related("booking__campaign", "booking__studio", "graduate__enrolment__student")
        .get(pk=attendance.pk)
    )
    require_studio(by, row.booking.studio)
    if row.booking.state != BookingState.UNDER_WAY:
        raise NotUnderWay()
    return row


def is_own_number(graduate: Graduate, typed: str) -> bool:
    """Compare a typed or scanned ID number with the stored one by digest; nothing is decrypted or shown."""
    student = graduate.enrolment.student
    return id_digest(student.id_type, typed) == student.id_digest


@transaction.atomic
def check_in(*, attendance: Attendance, typed: str, by: User) -> bool:
    """Compare the ID number and, if it is equal, let the person in; True for equal.

    A difference is recorded (never the number) and changes nothing else. The first check-in freezes the identity
    (R21). Refused: outside the window without an extension (R2), exempt (R9), no longer on the roster.
    """
    if not typed.strip():
        raise NothingTyped()
    row = lock_attendance(attendance, by)
    check_may_be_photographed(row.graduate, row.booking.campaign, clock.today())
    if not is_own_number(row.graduate, typed):
        if row.state in (AttendanceState.EXPECTED, AttendanceState.ABSENT):
            Attendance.objects.filter(pk=row.pk).update(id_compared=False)
        record(row, "id_differs", by=by)
        return False
    now, was_absent = clock.now(), row.state == AttendanceState.ABSENT
    move_state(
        row,
        AttendanceState.CHECKED_IN,
        moves={**ATTENDANCE_MOVES, AttendanceState.PHOTOGRAPHED: set()},
        by=by,
        id_compared=True,
        checked_in_at=now,
        day=now.date(),
        absent_reason="",
    )
    freeze_identity(row.graduate, by=by)
    if was_absent:
        _follow(row, by)
    return True


def _follow(row: Attendance, by: User) -> None:
    """Whoever became absent, or came after all, is expected at the other shoots of the unit, or no longer."""
    expect_elsewhere(row.booking, by, [row.graduate.enrolment.unit_id])


def freeze_identity(graduate: Graduate, *, by: User) -> None:
    """R21: from the first check-in on, name and number change only through a correction. Harmless when repeated."""
    now = clock.now()
    if Graduate.objects.filter(pk=graduate.pk, identity_frozen_at=None).update(identity_frozen_at=now):
        record(graduate, "identity_frozen", by=by)


@transaction.atomic
def mark_photographed(*, attendance: Attendance, by: User) -> Attendance:
    """checked in → photographed. Needs a valid shot number; writes the fee due, and the receipt of who came alone."""
    row = lock_attendance(attendance, by)
    if row.state == AttendanceState.CHECKED_IN and not row.shots.filter(voided_at=None).exists():
        raise NoShotNumber()
    move_state(row, AttendanceState.PHOTOGRAPHED, moves=ATTENDANCE_MOVES, by=by, photographed_at=clock.now())
    charge_shooting_fee(row, by=by)
    if is_alone(row.booking):
        issue_receipt(attendance=row, by=by)
    return row


@transaction.atomic
def mark_absent(*, attendance: Attendance, by: User, reason: str = "") -> bool:
    """Did not come, or left before the picture (then with a reason): goes on the make-up list.

    A picture that came in under a number struck out since is put aside, unless the unit has decided on it; True if so.
    Of several, none comes back.
    """
    row = lock_attendance(attendance, by)
    if row.state == AttendanceState.CHECKED_IN:
        if not reason.strip():
            raise MissingReason()
        if shot := row.shots.filter(voided_at=None).first():
            raise HasShotNumber(code=shot.code)
        if row.fees.filter(state=FeeState.TAKEN).exists():
            raise FeeWasTaken()
        drop_unpaid_fee(row, by=by, reason=reason)
        void_receipt(row, by=by, reason=reason)
    move_state(
        row,
        AttendanceState.ABSENT,
        moves={**ATTENDANCE_MOVES, AttendanceState.PHOTOGRAPHED: set()},
        by=by,
        reason=reason.strip(),
        absent_reason=reason.strip()[:200],
    )
    was_put_aside = _put_void_pictures_aside(row, by)
    _follow(row, by)
    return was_put_aside


def _put_void_pictures_aside(row: Attendance, by: User) -> bool:
    """Nobody retakes it now, so nothing would ever supersede it; nor does one come back that was struck out before it."""
    links = AttendancePhoto.objects.filter(attendance=row, photo__chosen_by=row.graduate_id)
    void = links.exclude(shot__voided_at=None).select_related("photo", "shot")
    seen: list[int] = []
    while (link := void.exclude(pk__in=seen).first()) and link.shot:
        if not put_aside(graduate=row.graduate, photo=link.photo, by=by, reason=link.shot.void_reason):
            break
        seen.append(link.pk)
    return bool(seen)


@transaction.atomic
def expect_again(*, attendance: Attendance, by: User) -> None:
    """absent → expected: marked by mistake, or seen in the corridor."""
    row = lock_attendance(attendance, by)
    if row.state != AttendanceState.ABSENT:
        # Going back from "checked in" is done by voiding or by "absent", never silently.
        move_state(row, AttendanceState.EXPECTED, moves={}, by=by)
    move_state(row, AttendanceState.EXPECTED, moves=ATTENDANCE_MOVES, by=by, absent_reason="")
    _follow(row, by)


@transaction.atomic
def add_walk_in(*, booking: Booking, graduate: Graduate, by: User) -> Attendance:
    """Put a graduate of a granted unit on the list of a shoot that is under way.

    Refused: the studio has no grant for the unit, exempt (R9), outside the window (R2), on the list already.
    """
    booking = lock_booking(booking)
    require_studio(by, booking.studio)
    if booking.state != BookingState.UNDER_WAY:
        raise NotUnderWay()
    graduate = Graduate.objects.select_related("enrolment").get(pk=graduate.pk, campaign=booking.campaign_id)
    if not has_grant(booking, graduate):
        raise NotGranted()
    check_may_be_photographed(graduate, booking.campaign, clock.today())
    if Attendance.objects.filter(booking=booking, graduate=graduate).exists():
        raise AlreadyExpected()
    _kind, amount = shooting_fee(booking.kind, booking.campaign)
    try:
        with transaction.atomic():
            row = Attendance.objects.create(
                booking=booking, graduate=graduate, fee_due=amount, day=clock.today()
            )
    except IntegrityError:
        raise ChangedMeanwhile() from None
    record(row, "walk_in", by=by, new=AttendanceState.EXPECTED)
    return row


def has_grant(booking: Booking, graduate: Graduate) -> bool:
    """Whether the booking's studio may see this graduate's unit in this campaign now."""
    return StudioGrant.objects.filter(
        studio=booking.studio_id, campaign=booking.campaign_id, unit=graduate.enrolment.unit_id, ended_at=None
    ).exists()
