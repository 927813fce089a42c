"""The calendars we write, read by a library that is not ours: identifiers, moves, cancellations, zone, and who gets them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from ical.calendar import Calendar
from ical.calendar_stream import CalendarStream, IcsCalendarStream
from ical.event import EventStatus

from photocampus import clock
from photocampus.feeds import make_feed, reader_of, revoke_feed
from photocampus.models import CalendarFeed, Event
from photocampus.told import tell_waiting
from photocampus.told_mail import send_due_mail
from sessions import booking as use
from sessions.ical import calendar_file, days_of, shoots_of
from tests.shoots.booking_world import DAY, NOW, hours, make_world

LATER = DAY + dt.timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def world(db):
    with clock.at(NOW):
        yield make_world()


@pytest.fixture
def booking(world):
    return confirmed(world)


def confirmed(world, day=DAY, **when):
    booking = use.ask_booking(
        campaign=world.campaign,
        studio=world.studio,
        units=[world.unit],
        kind="group",
        hours=[
            *hours(*world.bays, day=day, **when),
            *hours(world.bays[0], day=day, start="13:00", end="14:00"),
        ],
        by=world.coordinator,
        companion_name="王陪同",
        companion_phone="13900000000",
        reason="分批到店",
    )
    use.confirm_booking(booking=booking, agreed_load=60, by=world.photographer)
    booking.refresh_from_db()
    return booking


def read(content: bytes) -> Calendar:
    """Strictly: the library parses by RFC 5545's grammar and types every property. One calendar, lines of 75 bytes."""
    assert content.endswith(b"\r\n") and b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    (calendar,) = CalendarStream.from_ics(content.decode()).calendars
    return calendar


def feed(user) -> Calendar:
    answer = Client().get(reverse("shoots:feed", args=[make_feed(user=user)]))
    assert answer.status_code == 200 and answer["Content-Type"] == "text/calendar; charset=utf-8"
    return read(answer.content)


def test_feed_is_valid_and_says_when_where_and_in_which_zone(world, booking):
    calendar = feed(world.coordinator)
    assert calendar.version == "2.0" and calendar.prodid.startswith("-//photocampus//")
    assert [zone.tz_id for zone in calendar.timezones] == ["Asia/Shanghai"]
    (event,) = calendar.events
    assert event.uid == f"{booking.public_id}-1@photocampus"
    assert event.dtstart == dt.datetime(2018, 4, 17, 9, 30, tzinfo=ZONE)
    assert event.dtend == dt.datetime(2018, 4, 17, 14, 0, tzinfo=ZONE)
    assert event.dtstart.utcoffset() == dt.timedelta(hours=8)
    assert event.sequence == booking.sequence and event.status == EventStatus.CONFIRMED
    assert world.studio.address in event.location and world.unit.name in event.summary
    assert "A1: 09:30–12:00、13:00–14:00\nA2: 09:30–12:00" in event.description
    assert event.last_modified == event.dtstamp
    assert str(event.url).endswith(f"/unit/{world.unit.code}/2018/bookings/{booking.public_id}/")


def test_a_client_follows_a_move_and_a_cancellation(world, booking):
    (before,) = feed(world.coordinator).events
    with clock.at(NOW + dt.timedelta(hours=1)):
        use.move_booking(booking=booking, hours=hours(world.bays[0], day=LATER), by=world.photographer)
        (moved,) = feed(world.coordinator).events
    assert moved.uid == before.uid and moved.sequence > before.sequence
    assert moved.dtstart == dt.datetime(2018, 4, 18, 9, 30, tzinfo=ZONE)
    assert moved.last_modified - before.last_modified == dt.timedelta(hours=1)
    with clock.at(NOW + dt.timedelta(hours=2)):
        use.cancel_booking(booking=booking, reason="停电", by=world.coordinator)
        (gone,) = feed(world.coordinator).events
        (at_the_studio,) = feed(world.photographer).events
    assert gone.uid == before.uid and gone.sequence > moved.sequence
    assert gone.status == EventStatus.CANCELLED and gone.dtstart == moved.dtstart
    assert at_the_studio.status == EventStatus.CANCELLED
    assert "停电" not in gone.description


def test_a_day_that_falls_away_is_cancelled_and_a_new_one_added(world, booking):
    use.move_booking(
        booking=booking, hours=[*hours(*world.bays), *hours(*world.bays, day=LATER)], by=world.photographer
    )
    first, second = sorted(feed(world.coordinator).events, key=lambda event: event.uid)
    assert (first.status, second.status) == (EventStatus.CONFIRMED, EventStatus.CONFIRMED)
    use.move_booking(booking=booking, hours=hours(*world.bays, day=LATER), by=world.photographer)
    left, fallen = sorted(feed(world.coordinator).events, key=lambda event: event.uid)
    assert (left.uid, left.dtstart.day, left.status) == (first.uid, 18, EventStatus.CONFIRMED)
    assert (fallen.uid, fallen.dtstart.day, fallen.status) == (second.uid, 18, EventStatus.CANCELLED)
    assert fallen.sequence > second.sequence


def test_only_agreed_shoots_of_the_own_units_are_in_a_feed(world, booking):
    use.ask_booking(
        campaign=world.campaign, studio=world.studio, units=[world.other], kind="group",
        hours=hours(world.bays[0], day=LATER), by=world.rival,
    )  # fmt: skip
    assert feed(world.rival).events == []
    assert [len(feed(user).events) for user in (world.coordinator, world.photographer, world.staff)] == [
        1,
        1,
        1,
    ]


def test_nothing_in_a_calendar_is_about_a_graduate_or_the_companion(world, booking):
    content = calendar_file(shoots_of(world.coordinator), reader=world.coordinator).replace(b"\r\n ", b"")
    student = booking.attendances.first().graduate.enrolment.student
    for secret in ("王陪同", "13900000000", student.name, student.id_number.reveal()):
        assert secret not in content.decode()


def test_feed_costs_the_same_queries_for_any_number_of_shoots(world, booking):
    token, counts = make_feed(user=world.coordinator), []
    Client().get(reverse("shoots:feed", args=[token]))  # what is remembered between requests is there now
    for day in (LATER, DAY + dt.timedelta(days=2), DAY + dt.timedelta(days=3)):
        with CaptureQueriesContext(connection) as queries:
            Client().get(reverse("shoots:feed", args=[token]))
        counts.append(len(queries))
        confirmed(world, day)
    assert len(set(counts)) == 1


def test_address_is_secret_renewed_and_revoked(world, booking, caplog):
    user = world.coordinator
    first = make_feed(user=user)
    assert first not in str(CalendarFeed.objects.values()) and reader_of(first) == user
    second = make_feed(user=user)
    assert reader_of(first) is None and reader_of(second) == user
    revoke_feed(user=user)
    revoke_feed(user=user)
    assert reader_of(second) is None
    for token in (first, second, "x" * 24):
        assert Client().get(reverse("shoots:feed", args=[token])).status_code == 404
    assert not [token for token in (first, second) if token in caplog.text]
    assert list(Event.objects.filter(kind__startswith="calendar_").values_list("kind", flat=True)) == [
        "calendar_address_made",
        "calendar_address_renewed",
        "calendar_address_revoked",
    ]
    third = make_feed(user=user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert reader_of(third) is None


def test_a_feed_that_did_not_change_is_not_sent_again(world, booking):
    url, client = reverse("shoots:feed", args=[make_feed(user=world.coordinator)]), Client()
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    use.cancel_booking(booking=booking, reason="停电", by=world.coordinator)
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 200


def test_own_address_is_made_shown_once_and_revoked_on_the_page(world, booking):
    client = Client()
    client.force_login(world.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("shoots:calendar-address")
    assert client.get(url).context["feed"] is None
    shown = client.post(url, {"act": "make"}).context["address"]
    assert reader_of(shown.rpartition("/")[2].removesuffix(".ics")) == world.coordinator
    page = client.get(url)
    assert page.context["feed"] and shown not in page.content.decode()
    client.post(url, {"act": "revoke"})
    assert client.get(url).context["feed"] is None


@pytest.mark.parametrize("side", ["unit", "studio"])
def test_file_of_a_booking_is_offered_on_its_page(world, booking, side):
    client = Client()
    user, code = (
        (world.coordinator, world.unit.code) if side == "unit" else (world.photographer, world.studio.code)
    )
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse(f"shoots:{side}-booking", args=[code, "2018", booking.public_id]))
    url = reverse(f"shoots:{side}-booking-calendar", args=[code, "2018", booking.public_id])
    assert url in page.content.decode()
    assert [event.uid for event in read(client.get(url).content).events] == [
        f"{booking.public_id}-1@photocampus"
    ]


def test_the_mail_of_a_confirmation_carries_the_file(world, settings):
    settings.EMAIL_URL = "smtp://mail"
    world.coordinator.email = "unit@example.org"
    world.coordinator.save(update_fields=["email"])
    booking = confirmed(world)
    tell_waiting()
    send_due_mail()
    (message,) = mail.outbox
    (name, content, kind) = message.attachments[0]
    assert (name, kind) == ("shoot.ics", "text/calendar")
    calendar = IcsCalendarStream.calendar_from_ics(content)
    assert calendar.events[0].uid == f"{booking.public_id}-1@photocampus"
    assert "已确认" in message.subject


def test_days_of_hours_join_what_adjoins():
    rows = [
        ["A1", "2018-04-18", "10:00", "10:30"],
        ["A1", "2018-04-17", "09:30", "10:00"],
        ["A1", "2018-04-17", "10:00", "10:30"],
    ]
    first, second = days_of(rows)
    assert (first.start, first.end, first.hours) == (dt.time(9, 30), dt.time(10, 30), "A1: 09:30–10:30")
    assert second.day == dt.date(2018, 4, 18)
