"""Days at the desk with everything in random order: what the console says stays true at every step."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from photocampus.errors import DomainError
from photocampus.ledger import disagreements
from sessions.checkin import FeeWasTaken, check_in, expect_again, mark_absent, mark_photographed
from sessions.fees import move_fee
from sessions.models import Attendance, AttendanceState, Fee, FeeState, Shot
from sessions.shoots import finish_shoot
from sessions.shots import issue_shot, void_shot
from tests.shoots.shoot_day import ShootDay, at, make_shoot_day

pytestmark = pytest.mark.django_db
PEOPLE = 12
STEPS = 120


def act(day: ShootDay, chance: random.Random) -> None:
    """One thing that somebody at the desk does, possible at this moment or not."""
    row = chance.choice(day.attendances)
    by = day.photographer
    what = chance.randrange(8)
    if what == 0:
        check_in(attendance=row, typed=day.number_of(row), by=by)
    elif what == 1:
        assert not check_in(attendance=row, typed="110101190001010000", by=by)
    elif what == 2:
        issue_shot(attendance=row, station=day.station, by=by)
    elif what == 3:
        mark_photographed(attendance=row, by=by)
    elif what == 4 and (shot := Shot.objects.filter(attendance=row).last()):
        void_shot(shot=shot, reason="眨眼", by=by)
    elif what == 5:
        mark_absent(attendance=row, by=by, reason=chance.choice(["", "身体不适"]))
    elif what == 6:
        expect_again(attendance=row, by=by)
    elif what == 7 and (fee := Fee.objects.filter(attendance=row).last()):
        move_fee(fee=fee, to=chance.choice(FeeState.values), reason=chance.choice(["", "退还"]), by=by)


def assert_true(day: ShootDay) -> None:
    """Numbers have no gap and no double, nobody holds two, nobody is photographed without one."""
    shots = list(Shot.objects.filter(station=day.station).order_by("number"))
    assert [shot.number for shot in shots] == list(range(1, len(shots) + 1))
    valid = Counter(shot.attendance_id for shot in shots if shot.voided_at is None)
    assert set(valid.values()) <= {1}
    for row in day.attendances:
        if row.state == AttendanceState.PHOTOGRAPHED:
            assert valid[row.pk] == 1
            assert Fee.objects.filter(attendance=row).count() == 1
        if row.state in (AttendanceState.EXPECTED, AttendanceState.ABSENT):
            assert valid[row.pk] == 0


def send_home(day: ShootDay, row: Attendance) -> None:
    """Who was let in and leaves without a picture gets the money back before that."""
    for fee in row.fees.filter(state=FeeState.TAKEN):
        with pytest.raises(FeeWasTaken):
            mark_absent(attendance=row, by=day.photographer, reason="未拍摄即离开")
        move_fee(fee=fee, to=FeeState.REFUNDED, reason="未拍摄，退还", by=day.photographer)
    mark_absent(attendance=row, by=day.photographer, reason="未拍摄即离开")


def test_day_in_random_order_stays_true(rounds):
    for seed in range(rounds(150)):
        chance = random.Random(seed)
        with at(9, 40):
            day = make_shoot_day(PEOPLE)
            for _ in range(STEPS):
                try:
                    act(day, chance)
                except DomainError as refusal:
                    assert str(refusal)
                assert_true(day)
            for row in day.attendances:
                if row.state == AttendanceState.CHECKED_IN:
                    if row.shots.filter(voided_at=None).exists():
                        mark_photographed(attendance=row, by=day.photographer)
                    else:
                        send_home(day, row)
            finish_shoot(booking=day.booking, by=day.photographer)
            assert {row.state for row in day.attendances} <= {
                AttendanceState.PHOTOGRAPHED,
                AttendanceState.ABSENT,
            }
            assert list(disagreements()) == [], seed
