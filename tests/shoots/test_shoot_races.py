"""Two at once: two consoles issue a number, two receipts are written, the last seat is taken twice.

Each race is run as it is, and again with its constraint or its lock taken away, to show what decides it.
"""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connections
from django.db.models import QuerySet

from sessions import receipts, seats, shots
from sessions.checkin import check_in, mark_photographed
from sessions.models import Attendance, BookingKind, Receipt, ReceiptCounter, Shot
from sessions.receipts import issue_receipt
from sessions.seats import SeatsGone, take_seat
from sessions.shots import issue_shot
from tests import factories as make
from tests.constraints import without_constraint
from tests.shoots.shoot_day import DAY, MORNING, ShootDay, at, make_shoot_day

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    """Each call in a thread of its own, all started together; results or exceptions."""
    outcomes: list[object] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(index: int) -> None:
        try:
            start.wait(timeout=20)
            with at(9, 45):
                outcomes[index] = calls[index]()
        except Exception as error:
            outcomes[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


@pytest.fixture
def no_locks(monkeypatch):
    """Rows are not locked; the use cases run outside their transaction, so that SQLite locks nothing either."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)


def both_look_first(monkeypatch, module, name: str) -> None:
    """Two threads go on only after both have looked."""
    original, both = getattr(module, name), threading.Barrier(2)

    def look(*args):
        found = original(*args)
        both.wait(timeout=20)
        return found

    monkeypatch.setattr(module, name, look)


def checked_in(people: int, kind: str = BookingKind.GROUP) -> ShootDay:
    with at(9, 40):
        day = make_shoot_day(people, kind=kind)
        for row in day.attendances:
            assert check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
    return day


def numbers() -> list[int]:
    return sorted(Shot.objects.values_list("number", flat=True))


class TestShotNumbers:
    def test_four_consoles_get_four_numbers(self):
        day = checked_in(4)
        calls = [
            lambda row=row: issue_shot(attendance=row, station=day.station, by=day.photographer)
            for row in day.attendances
        ]
        outcomes = at_once(calls)
        assert all(isinstance(outcome, Shot) for outcome in outcomes), outcomes
        assert numbers() == [1, 2, 3, 4]

    def stale_console(self, monkeypatch) -> None:
        """The second console has looked before the first one wrote."""
        day = checked_in(2)
        first, second = day.attendances
        with at(9, 45):
            issue_shot(attendance=first, station=day.station, by=day.photographer)
            original, stale = shots.last_number, [0]
            monkeypatch.setattr(shots, "last_number", lambda *args: stale.pop() if stale else original(*args))
            issue_shot(attendance=second, station=day.station, by=day.photographer)

    def test_constraint_makes_the_second_look_again(self, monkeypatch):
        self.stale_console(monkeypatch)
        assert numbers() == [1, 2]

    def test_without_the_constraint_one_number_is_issued_twice(self, monkeypatch):
        with without_constraint(Shot, "shot_number_once"):
            self.stale_console(monkeypatch)
            assert numbers() == [1, 1]


class TestReceipts:
    @pytest.fixture
    def day(self) -> ShootDay:
        """Two people photographed alone, their receipts still to be written."""
        day = checked_in(2, BookingKind.INDIVIDUAL)
        with at(9, 42):
            for row in day.attendances:
                issue_shot(attendance=row, station=day.station, by=day.photographer)
                mark_photographed(attendance=row, by=day.photographer)
        Receipt.objects.all().delete()
        ReceiptCounter.objects.update(last=0)
        return day

    def both_issue(self, day: ShootDay, act: Callable[..., object]) -> list[object]:
        return at_once([lambda row=row: act(attendance=row, by=day.photographer) for row in day.attendances])

    def test_two_receipts_get_two_numbers(self, day: ShootDay):
        self.both_issue(day, issue_receipt)
        assert sorted(Receipt.objects.values_list("number", flat=True)) == [1, 2]
        assert ReceiptCounter.objects.get().last == 2

    def test_without_the_lock_both_read_the_same_counter(self, day: ShootDay, monkeypatch, no_locks):
        """The unique number then refuses the second one; with the lock nobody is refused."""
        both_look_first(monkeypatch, receipts, "locked_counter")
        outcomes = self.both_issue(day, issue_receipt.__wrapped__)
        assert Counter(type(outcome) for outcome in outcomes) == {Receipt: 1, IntegrityError: 1}, outcomes


class TestLastSeat:
    @pytest.fixture
    def day(self) -> ShootDay:
        with at(9):
            day = make_shoot_day(0, kind=BookingKind.INDIVIDUAL, started=False, seats_per_half_hour=1)
            day.graduates = make.make_graduates(2, day.campaign, day.unit)
        return day

    def both_sit(self, day: ShootDay, act: Callable[..., object]) -> list[object]:
        seat = {"booking": day.booking, "day": DAY, "start": MORNING[2]}
        return at_once([lambda person=person: act(graduate=person, **seat) for person in day.graduates])

    def test_one_gets_it_and_the_other_is_told(self, day: ShootDay):
        outcomes = self.both_sit(day, take_seat)
        assert Counter(type(outcome) for outcome in outcomes) == {Attendance: 1, SeatsGone: 1}, outcomes
        assert Attendance.objects.filter(seat_start=MORNING[2]).count() == 1

    def test_without_the_lock_it_is_taken_twice(self, day: ShootDay, monkeypatch, no_locks):
        both_look_first(monkeypatch, seats, "taken_by_others")
        outcomes = self.both_sit(day, take_seat.__wrapped__)
        assert Counter(type(outcome) for outcome in outcomes) == {Attendance: 2}, outcomes
        assert Attendance.objects.filter(seat_start=MORNING[2]).count() == 2
