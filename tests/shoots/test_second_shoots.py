"""Several shoots of one unit: each expects whom it has room for, and who missed one is expected at the next."""

import datetime as dt
from collections.abc import Iterator

import pytest

from photocampus import clock
from photocampus.chores import run_due_chores
from photocampus.events import history_of
from photocampus.ledger import disagreements
from sessions import booking as acts
from sessions import checkin, waitlist
from sessions.expectations import expect_at_shoots_to_come, expect_people
from sessions.models import Attendance, Booking, Hold, PlanEntry
from sessions.plans import generate_plan
from sessions.shoots import finish_shoot, start_shoot
from students.models import Graduate
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_world

pytestmark = pytest.mark.django_db
NEXT, LATER = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=3)
DURING = dt.datetime.combine(DAY, dt.time(10, 0))


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def expected(booking: Booking) -> int:
    return Attendance.objects.filter(booking=booking, state="expected").count()


def classes(booking: Booking) -> dict[str, int]:
    """Class → people expected."""
    names = Attendance.objects.filter(booking=booking, state="expected").values_list(
        "graduate__enrolment__class_group__name", flat=True
    )
    return {name: list(names).count(name) for name in sorted(set(names))}


def one_hour(world: World) -> Booking:
    return confirmed(world, hours(world.bays[0], end="10:30"))  # 20 places


def planned(booking: Booking, world: World) -> int:
    generate_plan(booking=booking, by=world.coordinator)
    return sum(PlanEntry.objects.filter(booking=booking).values_list("people", flat=True))


def is_sound() -> bool:
    return not [row for row in Graduate.objects.all() if row.attendances.filter(state="expected").count() > 1]


def test_the_rest_of_a_unit_comes_through_the_waiting_list(world: World) -> None:
    first = one_hour(world)
    assert expected(first) == 43  # alone, it shows the shortage
    place = make.make_unit()
    make.make_graduates(60, world.campaign, place)
    full = [*hours(*world.bays, day=NEXT), *hours(*world.bays, day=NEXT, start="13:00", end="17:00")]
    blocking = ask(world, full, units=[place], by=make.make_coordinator(place))
    entry = waitlist.join_waitlist(
        campaign=world.campaign, studio=world.studio, unit=world.unit, kind="group", day=NEXT, by=world.coordinator,
        people=23,
    )  # fmt: skip
    acts.decline_booking(booking=blocking, reason="检修", by=world.photographer)
    entry.refresh_from_db()
    second = entry.booking
    assert second is not None
    waitlist.accept_offer(booking=second, by=world.coordinator)
    acts.name_companion(booking=second, name="陈老师", phone="13900000001", by=world.coordinator)
    assert acts.expected_people(second) == 29  # before the confirmation: whom it would be for
    acts.confirm_booking(booking=second, agreed_load=100, by=world.photographer)
    assert (classes(first), classes(second)) == ({"会计2班": 14}, {"会计1班": 29})
    assert (planned(first, world), planned(second, world)) == (14, 29)
    assert is_sound() and not list(disagreements())


def test_a_class_is_split_only_where_it_fits_nowhere_whole(world: World) -> None:
    first = one_hour(world)
    second = confirmed(world, hours(world.bays[0], day=NEXT, end="10:30"))
    assert (classes(first), classes(second)) == ({"会计1班": 6, "会计2班": 14}, {"会计1班": 23})  # 3 too many
    third = confirmed(world, hours(world.bays[0], day=LATER, end="10:30"))
    assert [expected(row) for row in (first, second, third)] == [20, 20, 3] and is_sound()
    again = [set(row.attendances.values_list("pk", flat=True)) for row in (first, second, third)]
    expect_people(world.campaign, [world.unit.pk], None)
    assert [set(row.attendances.values_list("pk", flat=True)) for row in (first, second, third)] == again


def test_the_agreed_people_per_day_limit_a_shoot_too(world: World) -> None:
    first = confirmed(world, load=15)  # 50 places by the hours
    second = confirmed(world, hours(world.bays[0], day=NEXT), reason="分两天")
    assert (classes(first), classes(second)) == ({"会计2班": 14}, {"会计1班": 29})


def test_who_is_planned_stays(world: World) -> None:
    first = confirmed(world)
    assert planned(first, world) == 43
    second = confirmed(world, hours(world.bays[0], day=NEXT), reason="分两天")
    acts.move_booking(booking=first, hours=hours(world.bays[0], end="10:30"), by=world.coordinator)
    in_plan = sum(PlanEntry.objects.filter(booking=first).values_list("people", flat=True))
    assert expected(first) >= in_plan > 0 and expected(first) + expected(second) == 43
    assert expected(second) > 0 and is_sound()


def test_who_joins_a_class_that_is_planned_comes_with_it(world: World) -> None:
    early = confirmed(world, hours(world.bays[0], end="10:00"))  # 10 places
    with_class = confirmed(world, hours(world.bays[0], day=NEXT, end="12:00"))
    Graduate.objects.filter(enrolment__class_group__name="会计2班").update(roster_state="left")
    expect_people(world.campaign, [world.unit.pk], None)
    assert (classes(early), classes(with_class)) == ({}, {"会计1班": 29})
    assert planned(with_class, world) == 29
    make.make_graduates(2, world.campaign, world.unit, class_name="会计1班")
    expect_people(world.campaign, [world.unit.pk], None)
    assert (classes(early), classes(with_class)) == ({}, {"会计1班": 31})


def test_who_missed_a_shoot_is_expected_at_the_next(world: World) -> None:
    first, makeup = confirmed(world), confirmed(world, hours(world.bays[1], day=LATER), kind="makeup")
    assert (expected(first), expected(makeup)) == (43, 0)
    with clock.at(DURING):
        start_shoot(booking=first, by=world.photographer)
        row = first.attendances.order_by("pk").first()
        assert row is not None
        checkin.mark_absent(attendance=row, by=world.photographer)
        assert (expected(first), expected(makeup)) == (42, 1)
        checkin.expect_again(attendance=row, by=world.photographer)
        assert (expected(first), expected(makeup)) == (43, 0)
        assert finish_shoot(booking=first, by=world.photographer) == 43
    assert expected(makeup) == 43
    events = history_of(makeup).filter(kind="expected_people")
    assert events.values_list("data", flat=True).last() == {"added": 43, "removed": 0}
    assert planned(makeup, world) == 43 and not list(disagreements())


def test_who_is_absent_and_comes_after_all_is_expected_nowhere_else(world: World) -> None:
    first, makeup = confirmed(world), confirmed(world, hours(world.bays[1], day=LATER), kind="makeup")
    with clock.at(DURING):
        start_shoot(booking=first, by=world.photographer)
        row = first.attendances.select_related("graduate__enrolment__student").order_by("pk").first()
        assert row is not None
        checkin.mark_absent(attendance=row, by=world.photographer)
        number = row.graduate.enrolment.student.id_number.reveal()
        assert checkin.check_in(attendance=row, typed=number, by=world.photographer)
    assert expected(makeup) == 0


def test_people_of_a_cancelled_shoot_go_to_the_other_one(world: World) -> None:
    first, second = one_hour(world), confirmed(world, hours(world.bays[0], day=NEXT))
    assert (expected(first), expected(second)) == (14, 29)
    acts.cancel_booking(booking=second, reason="停电", by=world.photographer)
    assert (expected(first), expected(second)) == (43, 0)


def test_a_shoot_under_way_keeps_its_people_and_gets_no_others(world: World) -> None:
    first = one_hour(world)
    with clock.at(DURING):
        start_shoot(booking=first, by=world.photographer)
        second = confirmed(world, hours(world.bays[0], day=NEXT))
        assert (expected(first), expected(second)) == (43, 0)
        make.make_graduates(2, world.campaign, world.unit, class_name="会计2班")
        expect_people(world.campaign, [world.unit.pk], None)
        assert (expected(first), expected(second)) == (43, 2)
        finish_shoot(booking=first, by=world.photographer)
    assert expected(second) == 45


def test_who_walks_in_from_another_unit_stays_on_the_list(world: World) -> None:
    first = confirmed(world)
    confirmed(world, hours(world.bays[1], day=LATER), units=[world.other], by=world.rival)
    makeup = confirmed(world, hours(world.bays[1], day=LATER + dt.timedelta(days=1)), kind="makeup")
    stranger = Graduate.objects.filter(enrolment__unit=world.other).order_by("pk")[0]
    with clock.at(DURING):
        start_shoot(booking=first, by=world.photographer)
        walk_in = checkin.add_walk_in(booking=first, graduate=stranger, by=world.photographer)
        checkin.mark_absent(attendance=first.attendances.order_by("pk")[0], by=world.photographer)
    assert Attendance.objects.filter(pk=walk_in.pk, state="expected").exists() and expected(makeup) == 1


def test_a_joint_shoot_keeps_places_for_who_has_no_other(world: World) -> None:
    joint = confirmed(
        world, hours(world.bays[0], end="10:30"), units=[world.unit, world.other], by=world.staff
    )
    own = confirmed(world, hours(world.bays[0], day=NEXT))
    assert classes(joint) == {"会计2班": 14, "法学1班": 5} and classes(own) == {"会计1班": 29}


def test_a_shoot_whose_days_passed_without_a_beginning_keeps_nobody(world: World) -> None:
    first, second = one_hour(world), confirmed(world, hours(world.bays[0], day=LATER))
    assert (expected(first), expected(second)) == (14, 29)
    with clock.at(dt.datetime.combine(NEXT, dt.time(9, 0))):
        expect_at_shoots_to_come()
    assert (expected(first), expected(second)) == (0, 43)


def test_the_worker_finds_whom_nobody_announced(world: World) -> None:
    first, makeup = confirmed(world), confirmed(world, hours(world.bays[1], day=LATER), kind="makeup")
    Attendance.objects.filter(booking=first).delete()
    Hold.objects.filter(booking=first).delete()
    Booking.objects.filter(pk=first.pk).update(state="cancelled")
    with clock.at(dt.datetime.combine(LATER, dt.time(8, 0))):
        run_due_chores()
    assert expected(makeup) == 43
