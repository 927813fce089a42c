"""Calendars changed in the admin: checked, traced, and bookings that lose their hours are flagged."""

import datetime as dt

import pytest
from django.urls import reverse

from photocampus import clock
from photocampus.models import Event
from sessions.models import Booking, Closure, DayException, Hold
from sessions.routes import FLAG_HOURS
from tests import factories as make
from units.campaigns import change_campaign

pytestmark = pytest.mark.django_db
DAY = dt.date(2018, 4, 17)


@pytest.fixture
def booked(client):
    make.make_school()
    client.force_login(make.make_staff())
    campaign = make.make_campaign()
    studio = make.make_studio(campaign=campaign)
    station = make.make_station(studio)
    booking = make.make_booking(campaign, studio, make.make_unit())
    Hold.objects.create(station=station, booking=booking, day=DAY, start=dt.time(9, 30))
    with clock.at(dt.date(2018, 4, 1)):
        yield booking


def flag():
    return Booking.objects.get().flag


def test_closure_flags_bookings_until_it_is_taken_out(client, booked):
    data = {"studio": booked.studio_id, "first": "2018-04-16", "last": "2018-04-18", "reason": "检修"}
    assert client.post(reverse("admin:shoots_closure_add"), data).status_code == 302
    assert flag() == FLAG_HOURS
    closure = Closure.objects.get()
    client.post(reverse("admin:shoots_closure_act", args=[closure.pk, "take-out"]))
    assert flag() == "" and Event.objects.filter(kind="taken_out").exists()


def test_exceptional_day_takes_only_half_hours(client, booked):
    address = reverse("admin:shoots_dayexception_add")
    data = {"studio": booked.studio_id, "day": "2018-04-17", "reason": ""}
    for bad in ('["x"]', '[["9", "12:00"]]', '[["12:00", "09:00"]]', '[["09:10", "12:00"]]', '{"a": 1}', "5"):
        assert client.post(address, {**data, "openings": bad}).status_code == 200, bad
    assert (
        client.post(address, {**data, "openings": '[["13:00", "17:00"], ["10:00", "12:00"]]'}).status_code
        == 302
    )
    assert DayException.objects.get().openings == [["10:00", "12:00"], ["13:00", "17:00"]]
    assert flag() == FLAG_HOURS


def test_narrower_window_flags_hours_outside(booked):
    change_campaign(campaign=booked.campaign, by=make.make_staff(), window_end=dt.date(2018, 4, 16))
    assert flag() == FLAG_HOURS
