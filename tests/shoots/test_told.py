"""Who is told of what in bookings, plans, deliveries, submissions and notices; and that no kind is forgotten."""

import datetime as dt

import pytest
from django.utils import timezone

from photocampus import clock
from photocampus.events import record
from photocampus.models import Notification
from photocampus.told import sentence, tell_waiting
from sessions import booking as use
from sessions.holding import release_lapsed
from sessions.routes import set_flag
from students.corrections import ask_correction, decide_correction
from students.models import Graduate
from tests.shoots.booking_world import DAY, NOW, hours, make_world

LATER = DAY + dt.timedelta(days=1)


@pytest.fixture
def world(db):
    with clock.at(NOW):
        yield make_world()


def told_now():
    """(user, kind) of everything told since the last look."""
    tell_waiting()
    rows = Notification.objects.filter(read_at=None).select_related("event", "user")
    found = {(row.user, row.event.kind) for row in rows}
    Notification.objects.update(read_at=clock.now())
    return found


def ask(world, **options):
    return use.ask_booking(
        campaign=world.campaign,
        studio=world.studio,
        units=[world.unit],
        kind="group",
        hours=hours(*world.bays),
        by=world.coordinator,
        companion_name="王老师",
        companion_phone="13900000000",
        **options,
    )


def test_the_conversation_of_a_booking_tells_the_other_side(world):
    unit, studio = world.coordinator, world.photographer
    booking = ask(world)
    tell_waiting()
    held = timezone.localtime(booking.held_until)
    assert Notification.objects.get().facts["until"] == f"{held:%Y-%m-%d} 10:00"
    assert told_now() == {(studio, "state_asked")}
    use.propose_hours(
        booking=booking, hours=hours(*world.bays, day=LATER), agreed_load=60, by=world.photographer
    )
    tell_waiting()
    row = Notification.objects.get(user=unit, event__kind="state_proposed")
    assert row.facts["when"] == f"{LATER} 09:30–12:00"  # the hours after the exchange
    assert row.url == f"/unit/{world.unit.code}/2018/bookings/{booking.public_id}/"
    assert told_now() == {(unit, "state_proposed")}
    use.counter_proposal(booking=booking, hours=hours(*world.bays), by=unit)
    assert told_now() == {(studio, "state_countered")}
    use.say(booking=booking, note="电梯坏了", by=unit)
    assert told_now() == {(studio, "said")}
    use.confirm_booking(booking=booking, agreed_load=60, by=studio)
    assert told_now() == {(unit, "state_confirmed")}
    use.move_booking(booking=booking, hours=hours(*world.bays, day=LATER), by=studio)
    assert told_now() == {(unit, "moved"), (world.staff, "moved")}
    booking.refresh_from_db()
    set_flag(booking, "hours", "", None)
    assert told_now() == {(user, "flagged") for user in (unit, studio, world.staff)}
    use.cancel_booking(booking=booking, reason="停电", by=unit)
    row = Notification.objects.filter(event__kind="state_cancelled").first()
    assert told_now() >= {(studio, "state_cancelled"), (world.staff, "state_cancelled")}
    row = Notification.objects.get(event__kind="state_cancelled", user=studio)
    assert row.facts["when"] == f"{LATER} 09:30–12:00"  # still said, though given back
    assert "停电" not in str(row.facts)


def test_refusals_withdrawals_and_lapses_are_told(world):
    unit, studio = world.coordinator, world.photographer
    booking = ask(world)
    use.withdraw_booking(booking=booking, by=unit)
    assert told_now() == {(studio, "state_asked"), (studio, "state_withdrawn")}
    booking = ask(world)
    use.decline_booking(booking=booking, reason="满", by=studio)
    assert told_now() == {(studio, "state_asked"), (unit, "state_declined")}
    ask(world)
    told_now()
    with clock.at(NOW + dt.timedelta(days=world.campaign.hold_days, minutes=1)):
        release_lapsed()
    assert told_now() == {(unit, "state_lapsed"), (studio, "state_lapsed")}


def test_a_rivals_coordinator_is_told_nothing(world):
    booking = ask(world)
    use.confirm_booking(booking=booking, agreed_load=60, by=world.photographer)
    tell_waiting()
    assert not Notification.objects.filter(user=world.rival).exists()


def test_the_plan_is_told_once_until_it_is_read(world):
    booking = ask(world)
    use.confirm_booking(booking=booking, agreed_load=60, by=world.photographer)
    told_now()
    for kind in ("plan_made", "plan_moved", "plan_moved"):
        record(booking, kind, by=world.coordinator)
    tell_waiting()
    assert Notification.objects.filter(event__kind__startswith="plan_").count() == 1
    assert told_now() == {(world.photographer, "plan_made")}


def test_a_correction_goes_to_the_office_and_back_without_a_name(world):
    graduate = (
        Graduate.objects.filter(enrolment__unit=world.unit).select_related("enrolment__student").first()
    )
    correction = ask_correction(
        graduate=graduate, values={"name": "改名"}, reason="名字不对", by=world.coordinator
    )
    assert told_now() == {(world.staff, "correction_asked")}
    decide_correction(correction=correction, accept=True, answer="", by=world.staff)
    tell_waiting()
    row = Notification.objects.select_related("event").get(event__kind="correction_done")
    student = graduate.enrolment.student
    text = sentence(row) + row.url + str(row.facts)
    assert row.user == world.coordinator
    for secret in (student.name, "改名", student.id_number.reveal(), graduate.enrolment.student_number):
        assert secret not in text
