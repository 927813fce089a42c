"""The day of the shoot begins and ends here; what happens to one person at it is in `checkin` and `shots` (R8, R17)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import build_event, move_state, record, record_many
from photocampus.lists import join_words
from photocampus.models import User
from sessions.expectations import expect_elsewhere
from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    Disturbance,
    Hold,
    Station,
)
from sessions.parties import require_side, require_studio

SHOOT_MOVES: dict[str, set[str]] = {
    BookingState.CONFIRMED: {BookingState.UNDER_WAY},
    BookingState.UNDER_WAY: {BookingState.DONE},
}


class NotTheDay(DomainError):
    code = "not_the_day"
    message = _("This shoot is planned for %(days)s; it cannot begin on %(today)s.")


class NotUnderWay(DomainError):
    code = "not_under_way"
    message = _("The shoot is not under way. Begin it first; a shoot that is done stays as it is.")


class StillHere(DomainError):
    code = "still_here"
    message = _(
        "%(people)d checked-in people have not been photographed. Photograph them or mark them absent first."
    )


class MissingText(DomainError):
    code = "missing_text"
    message = _("Please say what happened.")


class AlreadyEnded(DomainError):
    code = "already_ended"
    message = _("This disturbance has ended already.")


class EndsBefore(DomainError):
    code = "ends_before"
    message = _("The end lies before the beginning.")


class WrongStation(DomainError):
    code = "wrong_station"
    message = _("Station %(station)s does not work at this shoot.")


def days_of(booking: Booking) -> list[dt.date]:
    """The days on which the booking holds hours, in order."""
    return list(Hold.objects.filter(booking=booking).order_by("day").values_list("day", flat=True).distinct())


def stations_of(booking: Booking) -> list[Station]:
    """The stations that hold hours of this booking; without hours all active ones of the studio."""
    held = Station.objects.filter(pk__in=Hold.objects.filter(booking=booking).values("station")).order_by(
        "code"
    )
    return list(held) or list(
        Station.objects.filter(studio=booking.studio_id, is_active=True).order_by("code")
    )


def lock_booking(booking: Booking) -> Booking:
    """The row as it is now, locked until the transaction ends."""
    return (
        Booking.objects.select_for_update(of=("self",))
        .select_related("campaign", "studio")
        .get(pk=booking.pk)
    )


@transaction.atomic
def start_shoot(*, booking: Booking, by: User) -> None:
    """confirmed → under way, on one of its days. From then on people check in."""
    booking = lock_booking(booking)
    require_studio(by, booking.studio)
    days, today = days_of(booking), clock.today()
    if booking.state == BookingState.CONFIRMED and days and today not in days:
        raise NotTheDay(days=join_words(days), today=today)
    move_state(booking, BookingState.UNDER_WAY, moves=SHOOT_MOVES, by=by)


@transaction.atomic
def finish_shoot(*, booking: Booking, by: User) -> int:
    """under way → done; whoever did not come is absent. Returns how many. Refused while somebody checked in waits."""
    booking = lock_booking(booking)
    require_studio(by, booking.studio)
    move_state(booking, BookingState.DONE, moves=SHOOT_MOVES, by=by)
    waiting = Attendance.objects.filter(booking=booking, state=AttendanceState.CHECKED_IN).count()
    if waiting:
        raise StillHere(people=waiting)
    return _absent_rest(booking, by=by, until=None)


@transaction.atomic
def close_day(*, booking: Booking, day: dt.date, by: User) -> int:
    """End one day of a shoot of several: people with a seat on that day or before who did not come are absent."""
    booking = lock_booking(booking)
    require_studio(by, booking.studio)
    if booking.state != BookingState.UNDER_WAY:
        raise NotUnderWay()
    return _absent_rest(booking, by=by, until=day)


def _absent_rest(booking: Booking, *, by: User, until: dt.date | None) -> int:
    rows = Attendance.objects.filter(booking=booking, state=AttendanceState.EXPECTED)
    if until is not None:
        rows = rows.filter(day__lte=until)
    missing = list(rows.values_list("pk", flat=True))
    reason = _t("did not come")
    changed = Attendance.objects.filter(pk__in=missing, state=AttendanceState.EXPECTED).update(
        state=AttendanceState.ABSENT, absent_reason=reason
    )
    if changed != len(missing):
        raise ChangedMeanwhile()
    expect_elsewhere(booking, by)
    record_many(
        build_event(
            Attendance(pk=pk),
            "state_absent",
            by=by,
            old=AttendanceState.EXPECTED,
            new=AttendanceState.ABSENT,
            reason=reason,
        )
        for pk in missing
    )
    return changed


@transaction.atomic
def record_disturbance(
    *,
    booking: Booking,
    what: str,
    by: User,
    station: Station | None = None,
    until: dt.time | None = None,
) -> Disturbance:
    """R17: write down a power cut or broken equipment with its time, and until when it is expected to last.

    From then on nobody is planned there; planning the rest anew is the next step of either side.
    """
    booking = lock_booking(booking)
    require_studio(by, booking.studio)
    if booking.state != BookingState.UNDER_WAY:
        raise NotUnderWay()
    if not what.strip():
        raise MissingText()
    if station is not None and station.pk not in {row.pk for row in stations_of(booking)}:
        raise WrongStation(station=station.code)
    return write_disturbance(
        booking=booking, what=what, by=by, station=station, began=clock.now(), until=until
    )


def write_disturbance(
    *,
    booking: Booking,
    what: str,
    by: User,
    station: Station | None,
    began: dt.datetime,
    until: dt.time | None,
) -> Disturbance:
    """The row and its event, for use cases that hold the booking's lock. `until` is a time of the same day."""
    end = dt.datetime.combine(began.date(), until, tzinfo=began.tzinfo) if until else None
    if end is not None and end <= began:
        raise EndsBefore()
    found = Disturbance.objects.create(
        booking=booking, station=station, what=what.strip()[:300], began_at=began, until=end, by=by
    )
    data = {"station": station.code if station else "", "until": f"{until:%H:%M}" if until else ""}
    record(booking, "disturbance", by=by, reason=found.what, data=data)
    return found


@transaction.atomic
def end_disturbance(*, disturbance: Disturbance, by: User) -> None:
    """The power is back: note when. Either side may; what was still to come is called off."""
    booking = lock_booking(disturbance.booking)
    require_side(by, booking)
    now = clock.now()
    if not Disturbance.objects.filter(pk=disturbance.pk, ended_at=None).update(ended_at=now):
        raise AlreadyEnded()
    record(booking, "disturbance_ended", by=by, reason=disturbance.what)


def is_alone(booking: Booking) -> bool:
    """Whether people come by themselves (fee, receipt and collection differ)."""
    return booking.kind == BookingKind.INDIVIDUAL
