"""Calendars changed in the admin: checked, traced, and bookings that lose their hours are flagged."""

import datetime as dt

import pytest
from django.urls import reverse

from photocampus import clock
from photocampus.chores import run_due_chores
from photocampus.models import Event
from sessions import studio_days
from sessions.booking import propose_hours
from sessions.booking_forms import StationForm
from sessions.hours import HalfHour, read_stretches
from sessions.models import Booking, Closure, DayException, Hold, Station
from sessions.routes import FLAG_HOURS, end_override, flags_of, keep_booking, override_route
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


def test_both_flags_hold_at_once_and_go_one_by_one(booked):
    """R4 and a changed calendar: neither hides the other."""
    staff = make.make_staff()
    change_campaign(campaign=booked.campaign, by=staff, window_end=dt.date(2018, 4, 16))
    unit = booked.units.get()
    override_route(unit=unit, campaign=booked.campaign, route="on_site", reason="校区搬迁", by=staff)
    assert flag() == "hours route" and len(flags_of(Booking.objects.get())) == 2
    change_campaign(campaign=booked.campaign, by=staff, window_end=dt.date(2018, 5, 16))
    assert flag() == "route"
    change_campaign(campaign=booked.campaign, by=staff, window_end=dt.date(2018, 4, 16))
    end_override(unit=unit, campaign=booked.campaign, reason="恢复", by=staff)
    assert flag() == "hours"


def test_kept_booking_is_flagged_again_only_for_other_days(booked):
    staff, photographer = make.make_staff(), make.make_photographer(booked.studio)
    station = booked.studio.stations.get()
    Hold.objects.create(station=station, booking=booked, day=dt.date(2018, 4, 18), start=dt.time(9, 30))
    studio_days.add_closure(studio=booked.studio, first=DAY, last=DAY, reason="检修", by=photographer)
    keep_booking(booking=Booking.objects.get(), reason="当日加班", by=staff)
    assert run_due_chores(all_of_them=True)["calendars"] == 1 and flag() == ""
    studio_days.add_day_off(station=station, day=dt.date(2018, 4, 18), reason="", by=photographer)
    assert flag() == FLAG_HOURS and "04-18" in Booking.objects.get().flag_note


def test_hours_kept_stay_kept_when_something_else_is_kept_later(booked):
    staff, photographer = make.make_staff(), make.make_photographer(booked.studio)
    studio_days.add_closure(studio=booked.studio, first=DAY, last=DAY, reason="检修", by=photographer)
    keep_booking(booking=Booking.objects.get(), reason="当日加班", by=staff)
    override_route(
        unit=booked.units.get(), campaign=booked.campaign, route="on_site", reason="校区搬迁", by=staff
    )
    assert flag() == "route"
    keep_booking(booking=Booking.objects.get(), reason="照旧到店", by=staff)
    assert studio_days.flag_shut_hours(booked.studio, None) == 1 and flag() == ""


@pytest.mark.parametrize("code", ["A_3", "A-3", "A 3", "一号"])
def test_station_code_that_no_address_or_shot_number_can_carry_is_refused(client, booked, code):
    fields = {
        "code": code,
        "name": "3号机位",
        "kind": "bay",
        "rate": 20,
        "daily_load": 120,
        "is_active": "on",
    }
    page = client.post(reverse("admin:shoots_station_add"), {**fields, "studio": booked.studio_id})
    assert page.status_code == 200 and not StationForm(fields).is_valid()
    assert StationForm({**fields, "code": "B12a"}).is_valid()
    assert not Station.objects.filter(code=code).exists()


def test_station_with_an_old_code_can_still_be_changed_and_booked(client, booked):
    station = make.make_station(booked.studio, "A_3")
    fields = {"name": "旧机位", "kind": "bay", "rate": 20, "daily_load": 120}
    form = StationForm(fields, instance=station)
    assert form.is_valid() and form.cleaned_data["code"] == "A_3"
    (hour, *_rest) = read_stretches(["A_3_2018-04-17_0930_1000"], [station])
    assert hour == HalfHour(station.pk, DAY, dt.time(9, 30))


def test_line_that_goes_to_another_studio_concerns_both(client, booked):
    other = make.make_studio(campaign=booked.campaign)
    closure = Closure.objects.create(studio=other, first=DAY, last=DAY)
    data = {"studio": booked.studio_id, "first": f"{DAY}", "last": f"{DAY}", "reason": ""}
    assert client.post(reverse("admin:shoots_closure_change", args=[closure.pk]), data).status_code == 302
    assert flag() == FLAG_HOURS
    client.post(reverse("admin:shoots_closure_change", args=[closure.pk]), {**data, "studio": other.pk})
    assert flag() == ""


def test_holidays_published_after_the_booking_flag_it(booked, monkeypatch):
    """Nobody changes a row then: the regular look at the calendars finds it."""
    monkeypatch.setattr("sessions.calendar.days_off", lambda year: {DAY: "临时假日"})
    assert flag() == ""
    run_due_chores(all_of_them=True)
    assert flag() == FLAG_HOURS


def test_new_hours_of_an_open_request_take_the_flag_away(booked):
    """Found by the model of booking: proposals left the flag of hours that were no longer held."""
    station, photographer = booked.studio.stations.get(), make.make_photographer(booked.studio)
    Booking.objects.filter(pk=booked.pk).update(state="asked")
    studio_days.add_closure(studio=booked.studio, first=DAY, last=DAY, reason="检修", by=photographer)
    assert flag() == FLAG_HOURS
    other = [HalfHour(station.pk, dt.date(2018, 4, 18), dt.time(9, 30))]
    propose_hours(booking=Booking.objects.get(), hours=other, agreed_load=50, by=photographer)
    assert flag() == ""
