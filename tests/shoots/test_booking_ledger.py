"""check_ledger on bookings: each damaged row is named (Done-when 8)."""

import datetime as dt

import pytest
from django.db import connection

from photocampus.events import record
from photocampus.ledger import disagreements
from sessions.models import BookingMessage, Hold, PlanEntry, WaitlistEntry
from tests.factories import (
    make_booking,
    make_campaign,
    make_class,
    make_grant,
    make_photographer,
    make_station,
    make_studio,
    make_unit,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 4, 17)


@pytest.fixture
def booking():
    """A confirmed booking of one unit with two half hours, told in its conversation, granted, and planned."""
    campaign, unit = make_campaign(), make_unit()
    studio = make_studio(campaign=campaign)
    station = make_station(studio)
    booking = make_booking(campaign, studio, unit)
    record(booking, "state_confirmed", by=make_photographer(studio), new="confirmed")
    make_grant(studio, unit, campaign)
    for start in (dt.time(9, 30), dt.time(10)):
        Hold.objects.create(station=station, booking=booking, day=DAY, start=start)
    hours = [[station.code, f"{DAY}", "09:30", "10:30"]]
    BookingMessage.objects.create(booking=booking, step="confirmed", hours=hours)
    group = make_class(unit)
    PlanEntry.objects.create(
        booking=booking,
        class_group=group,
        station=station,
        day=DAY,
        start=dt.time(9, 30),
        end=dt.time(10, 30),
        people=20,
    )
    entry = WaitlistEntry.objects.create(
        campaign=campaign,
        studio=studio,
        unit=unit,
        kind="group",
        day=DAY,
        people=9,
        joined_by=booking.asked_by,
    )
    record(entry, "state_waiting", by=None, new="waiting")
    make_unit()
    return booking


def found():
    return {one.check for one in disagreements() if one.check.startswith("shoots.")}


def test_sound_booking_is_quiet(booking):
    assert found() == set()


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("UPDATE shoots_booking SET state = 'asked'", "shoots.booking_history"),
        ("UPDATE shoots_booking SET state = 'cancelled'", "shoots.holds"),
        ("DELETE FROM shoots_hold", "shoots.holds"),
        ("DELETE FROM shoots_hold WHERE start = '10:00:00'", "shoots.holds"),
        ("UPDATE shoots_hold SET day = '2018-04-18'", "shoots.plans"),
        ("UPDATE units_studiogrant SET ended_at = given_at", "shoots.grants"),
        ("UPDATE units_campaign SET state = 'closed'", "shoots.grants"),
        ("UPDATE shoots_booking SET state = 'offered'", "shoots.waitlist"),
        ("UPDATE shoots_waitlistentry SET state = 'left'", "shoots.waitlist"),
        (
            "UPDATE shoots_waitlistentry SET state = 'offered', booking_id = (SELECT MIN(id) FROM shoots_booking), "
            "unit_id = (SELECT MAX(id) FROM units_unit)",
            "shoots.waitlist",
        ),
    ],
)
def test_row_damaged_by_hand_is_named(booking, sql, check):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0
    assert check in found()


def test_hold_at_another_studios_station_is_named(booking):
    Hold.objects.update(station=make_station(make_studio()))
    assert "shoots.holds" in found()
