"""Who is expected at a shoot: rows of attendance, kept in step with the roster until the day."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from photocampus.events import record
from photocampus.models import User
from sessions.fees import shooting_fee
from sessions.models import (
    ACTIVE_STATES,
    FIRM_STATES,
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    Fee,
    PlanEntry,
    Receipt,
    Shot,
)
from students.models import Decision, Graduate, Outcome
from units.models import Campaign, StudioGrant, Unit

GROUP_KINDS = (BookingKind.ON_SITE, BookingKind.GROUP, BookingKind.MAKEUP)
WAITS = (AttendanceState.EXPECTED, AttendanceState.CHECKED_IN)


def without_picture(campaign: Campaign, units: Iterable[Unit]) -> QuerySet[Graduate]:
    """People of these units who must be photographed (again): nobody took their picture yet, or it was refused."""
    taken = Attendance.objects.filter(graduate=OuterRef("pk"), state=AttendanceState.PHOTOGRAPHED)
    refused = Decision.objects.filter(graduate=OuterRef("pk"), outcome=Outcome.NO, is_current=True)
    people = Graduate.objects.filter(campaign=campaign, enrolment__unit__in=list(units)).to_be_photographed()
    return people.filter(~Exists(taken) | Exists(refused))


def people_of(campaign: Campaign, units: Collection[Unit], kind: str) -> int:
    """How many are to be photographed: everybody of the units, or at a make-up who is still without a picture."""
    if kind == BookingKind.MAKEUP:
        return without_picture(campaign, units).count()
    return Graduate.objects.filter(campaign=campaign, enrolment__unit__in=units).to_be_photographed().count()


def to_expect(booking: Booking) -> QuerySet[Graduate]:
    """Whom the booking is for: everybody of its units without a picture who waits at no other firm shoot.

    A make-up is for those who missed theirs or were refused, hence also for the people of a shoot that is over.
    """
    waiting = Attendance.objects.filter(
        graduate=OuterRef("pk"), state__in=WAITS, booking__state__in=ACTIVE_STATES
    ).exclude(booking=booking)
    return without_picture(booking.campaign, booking.units.all()).filter(~Exists(waiting))


@transaction.atomic
def expect_graduates(*, booking: Booking, by: User | None) -> tuple[int, int]:
    """Bring the booking's expected people in step with the roster; gives (added, removed).

    Adds who is missing, removes who is only expected and no longer to be photographed here. Whoever checked in, was
    photographed or marked absent stays. Does nothing for individual days (people take seats) and shoots that are over.
    Harmless when repeated; three queries and one insert.
    """
    if booking.kind not in GROUP_KINDS or booking.state not in (
        BookingState.CONFIRMED,
        BookingState.UNDER_WAY,
    ):
        return 0, 0
    wanted = set(to_expect(booking).values_list("pk", flat=True))
    rows = dict(Attendance.objects.filter(booking=booking).values_list("graduate", "state"))
    gone = [g for g, state in rows.items() if state == AttendanceState.EXPECTED and g not in wanted]
    _kind, fee = shooting_fee(booking.kind, booking.campaign)
    new = [Attendance(booking=booking, graduate_id=g, fee_due=fee) for g in sorted(wanted - rows.keys())]
    Attendance.objects.bulk_create(new, batch_size=2000)
    removed = remove_expected(Attendance.objects.filter(booking=booking, graduate__in=gone))
    if new or removed:
        record(booking, "expected_people", by=by, data={"added": len(new), "removed": removed})
    return len(new), removed


def remove_expected(rows: QuerySet[Attendance]) -> int:
    """Take expectations back that left no trace: no shot, no fee, no receipt."""
    traceless = rows.filter(state=AttendanceState.EXPECTED).exclude(
        Exists(Shot.objects.filter(attendance=OuterRef("pk")))
        | Exists(Fee.objects.filter(attendance=OuterRef("pk")))
        | Exists(Receipt.objects.filter(attendance=OuterRef("pk")))
    )
    return traceless.delete()[0]


def forget_expected(booking: Booking) -> None:
    """The shoot does not take place: nobody is expected, and there is no plan."""
    remove_expected(Attendance.objects.filter(booking=booking))
    PlanEntry.objects.filter(booking=booking).delete()


def grant_units(*, booking: Booking, units: Iterable[Unit], by: User) -> None:
    """Let the booking's studio see these units' people in the campaign. Harmless when repeated."""
    for unit in units:
        grant, created = StudioGrant.objects.get_or_create(
            studio=booking.studio,
            unit=unit,
            campaign=booking.campaign,
            ended_at=None,
            defaults={"given_by": by},
        )
        if created:
            record(grant, "grant_given", by=by, data={"booking": booking.public_id})


def follow_roster(campaign: Campaign, unit_ids: Collection[int], by: User | None) -> None:
    """The roster of these units changed: expected people of their firm shoots follow."""
    bookings = Booking.objects.filter(
        campaign=campaign, units__in=list(unit_ids), state__in=FIRM_STATES[:2], kind__in=GROUP_KINDS
    )
    for booking in bookings.distinct().select_related("campaign"):
        expect_graduates(booking=booking, by=by)
