"""Rows of attendance that nobody touched: only these go when the people they were made for come off the roster."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.models import QuerySet

from sessions.checkin import add_walk_in, check_in, expect_again, mark_absent
from sessions.expectations import count_expected, drop_expected, forget_expected
from sessions.models import Attendance
from tests import factories as make
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
