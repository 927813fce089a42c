"""Who is expected at a shoot: what the worker finds, and what goes when people come off the roster."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from photocampus import clock
from sessions import expectations
from sessions.checkin import add_walk_in, check_in, expect_again, mark_absent
from sessions.expectations import count_expected, drop_expected, expect_at_shoots_to_come, forget_expected
from sessions.models import Attendance
from students.models import Enrolment
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, confirmed, hours, make_world
from tests.shoots.shoot_day import ShootDay, at, make_shoot_day

pytestmark = pytest.mark.django_db


def come(day: ShootDay) -> Attendance:
    late = make.make_graduate(day.campaign, day.unit)
    return add_walk_in(booking=day.booking, graduate=late, by=day.photographer)


def differ(day: ShootDay) -> Attendance:
    first, other = day.attendances[:2]
    assert not check_in(attendance=first, typed=day.number_of(other), by=day.photographer)
    return first


def return_to_list(day: ShootDay) -> Attendance:
    row = day.attendances[0]
    mark_absent(attendance=row, by=day.photographer)
    expect_again(attendance=row, by=day.photographer)
    return row


@pytest.mark.parametrize("touch", [come, differ, return_to_list])
def test_what_somebody_did_with_an_expected_person_stays(touch: Callable[[ShootDay], Attendance]) -> None:
    with at(9, 40):
        day = make_shoot_day(3)
        row = touch(day)
    people = list(Attendance.objects.values_list("graduate", flat=True))
    untouched = Attendance.objects.exclude(pk=row.pk).count()
    assert count_expected(people) == untouched
    drop_expected(people, day.coordinator)
    assert Attendance.objects.get() == row
    assert Attendance.objects.get().state == "expected"


@pytest.mark.parametrize("take_back", ["forget_expected", "drop_expected"])
def test_who_checks_in_at_that_moment_stays(monkeypatch: pytest.MonkeyPatch, take_back: str) -> None:
    """The lock waits for the check-in, which has been committed when the row is read."""
    with at(9, 40):
        day = make_shoot_day(2)
    row = day.attendances[0]
    lock = QuerySet.select_for_update

    def lock_after_check_in(rows: QuerySet, **options: object) -> QuerySet:
        Attendance.objects.filter(pk=row.pk).update(state="checked_in", id_compared=True)
        return lock(rows, **options)

    monkeypatch.setattr(QuerySet, "select_for_update", lock_after_check_in)
    with transaction.atomic():
        if take_back == "forget_expected":
            forget_expected(day.booking)
        else:
            drop_expected([graduate.pk for graduate in day.graduates], day.coordinator)
    assert list(day.booking.attendances.all()) == [row]


def test_the_worker_locks_nothing_where_everybody_is_in_step() -> None:
    with clock.at(NOW):
        confirmed(make_world())
        with CaptureQueriesContext(connection) as queries:
            assert expect_at_shoots_to_come() == 0
    assert queries and all(query["sql"].startswith("SELECT") for query in queries)
    assert not [query for query in queries if "FOR NO KEY UPDATE" in query["sql"]]


def test_the_worker_locks_only_shoots_that_could_have_people_in_common(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with clock.at(NOW):
        world = make_world()
        shoots = [
            confirmed(world, hours(world.bays[0])),
            confirmed(world, hours(world.bays[1], day=DAY + dt.timedelta(days=1)), kind="makeup"),
        ]
        confirmed(world, hours(world.bays[1]), units=[world.other], by=world.rival)
        Attendance.objects.filter(pk=shoots[0].attendances.earliest("pk").pk).delete()
        locked, act = [], expectations._bring_in_step
        monkeypatch.setattr(
            expectations, "_bring_in_step", lambda *args: locked.append(args[1]) or act(*args)
        )
        assert expect_at_shoots_to_come() == 1
    assert locked == [{shoot.pk for shoot in shoots}]


@pytest.mark.parametrize("is_later", [False, True])
def test_the_worker_brings_who_changed_the_unit_to_the_shoot_of_the_new_one(is_later: bool) -> None:
    with clock.at(NOW):
        world = make_world()
        old = confirmed(world, hours(world.bays[0]))
        new = confirmed(world, hours(world.bays[1]), units=[world.other], by=world.rival)
        if is_later:
            old, new = new, old
        row = old.attendances.earliest("pk")
        group = new.attendances.earliest("pk").graduate.enrolment.class_group
        Enrolment.objects.filter(graduates=row.graduate).update(unit=group.unit, class_group=group)
        assert expect_at_shoots_to_come() == 2
    assert Attendance.objects.get(graduate=row.graduate).booking == new
