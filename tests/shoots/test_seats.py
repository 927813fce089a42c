"""Seats on individual days: who may choose one, changing, giving back, every refusal; extensions by staff (R2)."""

import datetime as dt

import pytest

from photocampus.errors import MissingReason, NotAllowed
from photocampus.events import history_of
from sessions.checkin import check_in
from sessions.models import Attendance, AttendanceState, Booking, BookingKind, BookingState, Hold
from sessions.reshoots import Exempt, NotOnRoster, OutsideWindow
from sessions.seats import (
    GroupFirst,
    NoSeatNeeded,
    NoSuchSeat,
    PhotographedHere,
    SeatInUse,
    SeatOver,
    SeatsGone,
    give_back_seat,
    open_seats,
    seat_of,
    take_seat,
)
from sessions.shoots import start_shoot
from students.decisions import write_decisions
from students.extensions import NotAnExtension, extend_reshoot
from students.models import Exemption, Graduate, Outcome, RefusalCode, RosterState, Stage
from tests import factories as make
from tests.shoots.shoot_day import DAY, MORNING, ShootDay, at, make_photo, make_shoot_day
from units.models import StudioGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def day():
    """An individual day with one seat in each half hour; two people who were photographed nowhere."""
    with at(9):
        day = make_shoot_day(0, kind=BookingKind.INDIVIDUAL, started=False, seats_per_half_hour=1)
        day.graduates = make.make_graduates(2, day.campaign, day.unit)
        yield day


def sit(day: ShootDay, who: int = 0, when: int = 2, /, **other) -> Attendance:
    seat = {"booking": day.booking, "day": DAY, "start": MORNING[when], **other}
    return take_seat(graduate=day.graduates[who], **seat)


def another_round(day: ShootDay, later: int = 1) -> Booking:
    booking = make.make_booking(day.campaign, day.studio, kind=BookingKind.INDIVIDUAL, seats_per_half_hour=2)
    for start in MORNING:
        Hold.objects.create(
            station=day.station, booking=booking, day=DAY + dt.timedelta(days=later), start=start
        )
    return booking


def test_seat_costs_the_single_price_and_is_shown_as_taken(day: ShootDay):
    row = sit(day)
    assert (row.state, row.fee_due, row.day, row.seat_start) == ("expected", 30, DAY, MORNING[2])
    assert seat_of(day.graduates[0]) == row
    left = [half.left for half in open_seats(day.graduates[1])[0].half_hours]
    assert left == [1, 1, 0, 1, 1]
    assert [half.is_mine for half in open_seats(day.graduates[0])[0].half_hours].index(True) == 2


def test_full_half_hour_is_refused_and_the_old_seat_stays(day: ShootDay):
    sit(day, 0, 2)
    sit(day, 1, 3)
    with pytest.raises(SeatsGone):
        sit(day, 0, 3)
    assert seat_of(day.graduates[0]).seat_start == MORNING[2]


def test_changing_frees_the_old_seat_also_on_another_day(day: ShootDay):
    sit(day, 0, 2)
    sit(day, 0, 4)
    sit(day, 1, 2)
    later = another_round(day)
    sit(day, 0, 0, booking=later, day=DAY + dt.timedelta(days=1))
    assert seat_of(day.graduates[0]).booking == later
    assert Attendance.objects.filter(graduate=day.graduates[0]).count() == 1


def test_given_back_is_free_for_others(day: ShootDay):
    assert not give_back_seat(graduate=day.graduates[0])
    sit(day, 0, 2)
    assert give_back_seat(graduate=day.graduates[0]) and seat_of(day.graduates[0]) is None
    sit(day, 1, 2)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"start": dt.time(13, 0)}, NoSuchSeat),
        ({"day": DAY + dt.timedelta(days=1)}, NoSuchSeat),
        ({"day": DAY - dt.timedelta(days=1)}, NoSuchSeat),
    ],
)
def test_hours_that_were_not_opened(day: ShootDay, changes, refusal):
    with pytest.raises(refusal):
        sit(day, **changes)


@pytest.mark.parametrize("state", [BookingState.CANCELLED, BookingState.DONE])
def test_days_that_are_cancelled_or_done(day: ShootDay, state):
    Booking.objects.update(state=state)
    with pytest.raises(NoSuchSeat):
        sit(day)


def test_group_bookings_and_ungranted_studios_have_no_seats(day: ShootDay):
    Booking.objects.update(kind=BookingKind.GROUP)
    with pytest.raises(NoSuchSeat):
        sit(day)
    Booking.objects.update(kind=BookingKind.INDIVIDUAL)
    StudioGrant.objects.all().delete()
    with pytest.raises(NoSuchSeat):
        sit(day)
    assert open_seats(day.graduates[0]) == []


def test_half_hour_that_has_begun(day: ShootDay):
    with at(10, 30), pytest.raises(SeatOver):
        sit(day, 0, 2)
    with at(10, 30):
        assert len(open_seats(day.graduates[0])[0].half_hours) == 2


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"roster_state": RosterState.LEFT}, NotOnRoster),
        ({"exemption": Exemption.STAFF_DECISION}, Exempt),
    ],
)
def test_who_is_not_photographed(day: ShootDay, changes, refusal):
    Graduate.objects.filter(pk=day.graduates[0].pk).update(**changes)
    with pytest.raises(refusal):
        sit(day)


def test_after_the_window_only_with_an_extension(day: ShootDay):
    day.campaign.window_end = DAY - dt.timedelta(days=1)
    day.campaign.save()
    assert open_seats(day.graduates[0]) == []
    with pytest.raises(OutsideWindow):
        sit(day)
    staff = make.make_staff()
    extend_reshoot(graduate=day.graduates[0], until=DAY, reason="实习在外地", by=staff)
    assert sit(day).day == DAY
    assert history_of(day.graduates[0]).filter(kind="reshoot_extended").get().reason == "实习在外地"


def test_extension_is_a_reasoned_decision_of_staff(day: ShootDay):
    graduate, staff, until = day.graduates[0], make.make_staff(), dt.date(2018, 8, 1)
    with pytest.raises(NotAllowed):
        extend_reshoot(graduate=graduate, until=until, reason="x", by=day.coordinator)
    with pytest.raises(MissingReason):
        extend_reshoot(graduate=graduate, until=until, reason=" ", by=staff)
    with pytest.raises(NotAnExtension):
        extend_reshoot(graduate=graduate, until=dt.date(2018, 7, 15), reason="x", by=staff)


def test_the_class_comes_first(day: ShootDay):
    group = make.make_booking(day.campaign, day.studio, day.unit)
    make.make_attendance(group, day.graduates[0])
    with pytest.raises(GroupFirst):
        sit(day)
    Attendance.objects.filter(booking=group).update(state=AttendanceState.ABSENT)
    sit(day)


def test_who_has_a_picture_needs_no_seat_unless_it_is_refused(day: ShootDay):
    graduate = day.graduates[0]
    photo = make_photo(day, graduate)
    with pytest.raises(NoSeatNeeded):
        sit(day)
    code = RefusalCode.objects.create(code="eyes_x", group="eyes", label_zh="闭眼", label_en="eyes closed")
    write_decisions(
        pairs=[(graduate.pk, photo.pk)],
        stage=Stage.ACCEPTANCE,
        outcome=Outcome.NO,
        by=day.coordinator,
        code=code,
    )
    sit(day)


def test_seat_of_who_checked_in_or_was_photographed_stays(day: ShootDay):
    row = sit(day)
    start_shoot(booking=day.booking, by=day.photographer)
    check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
    with pytest.raises(SeatInUse):
        sit(day, 0, 4)
    Attendance.objects.filter(pk=row.pk).update(state=AttendanceState.EXPECTED)
    day.photograph(row)
    with pytest.raises(NoSeatNeeded):
        sit(day, 0, 4)
    photo = make_photo(day, day.graduates[0], accepted=False)
    code = RefusalCode.objects.create(code="eyes_x", group="eyes", label_zh="闭眼", label_en="eyes closed")
    write_decisions(
        pairs=[(day.graduates[0].pk, photo.pk)],
        stage=Stage.ACCEPTANCE,
        outcome=Outcome.NO,
        by=day.coordinator,
        code=code,
    )
    with pytest.raises(PhotographedHere):
        sit(day, 0, 4)
