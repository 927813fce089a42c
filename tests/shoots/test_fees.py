"""Fees (R12): what is due, every move and refusal, and the sums."""

from decimal import Decimal

import pytest
from django.utils import timezone

from photocampus.errors import IllegalMove, MissingReason, NotAllowed
from photocampus.events import history_of
from photocampus.ledger import disagreements
from sessions.cash import cash_rows, fees_of, sum_up
from sessions.checkin import mark_absent, mark_photographed
from sessions.fees import (
    NoSuchService,
    NotHere,
    PictureNotTaken,
    add_service,
    move_fee,
    payee_of,
    shooting_fee,
)
from sessions.history import attendances as told_of
from sessions.models import Attendance, BookingKind, Fee, FeeKind, FeeState, Shot
from sessions.shots import issue_shot, void_shot
from tests import factories as make
from tests.shoots.shoot_day import DAY, ShootDay, at, make_shoot_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def day():
    with at(9, 40):
        yield make_shoot_day()


@pytest.mark.parametrize(
    ("kind", "fee"),
    [
        (BookingKind.ON_SITE, (FeeKind.GROUP, 20)),
        (BookingKind.GROUP, (FeeKind.GROUP, 20)),
        (BookingKind.MAKEUP, (FeeKind.GROUP, 20)),
        (BookingKind.INDIVIDUAL, (FeeKind.SINGLE, 30)),
    ],
)
def test_price_by_kind_of_shoot(kind, fee):
    assert shooting_fee(kind, make.make_campaign()) == fee


def test_prices_are_the_campaigns():
    campaign = make.make_campaign("2019", fee_group=Decimal(22), fee_single=Decimal(33))
    assert shooting_fee(BookingKind.GROUP, campaign)[1] == 22
    assert shooting_fee(BookingKind.INDIVIDUAL, campaign)[1] == 33


def test_fee_is_due_once_photographed_and_nothing_else_is_preselected(day: ShootDay):
    assert not Fee.objects.exists()
    day.photograph(day.attendances[0])
    assert [(fee.kind, fee.amount, fee.state) for fee in Fee.objects.all()] == [("group", 20, "due")]


MOVES = {
    (FeeState.DUE, FeeState.TAKEN),
    (FeeState.DUE, FeeState.WAIVED),
    (FeeState.TAKEN, FeeState.REFUNDED),
    (FeeState.WAIVED, FeeState.DUE),
    (FeeState.REFUNDED, FeeState.DUE),
}


@pytest.mark.parametrize("old", FeeState.values)
@pytest.mark.parametrize("new", FeeState.values)
def test_every_move(day: ShootDay, old, new):
    day.photograph(day.attendances[0])
    Fee.objects.update(state=old)
    if (old, new) in MOVES:
        move_fee(fee=Fee.objects.get(), to=new, by=day.photographer, reason="x")
        fee = Fee.objects.get()
        assert (fee.state, fee.settled_by is None) == (new, new == FeeState.DUE)
    else:
        with pytest.raises(IllegalMove):
            move_fee(fee=Fee.objects.get(), to=new, by=day.photographer, reason="x")


def test_waiving_and_paying_back_need_a_reason(day: ShootDay):
    day.photograph(day.attendances[0])
    with pytest.raises(MissingReason):
        move_fee(fee=Fee.objects.get(), to=FeeState.WAIVED, by=day.photographer)
    move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=day.photographer)
    with pytest.raises(MissingReason):
        move_fee(fee=Fee.objects.get(), to=FeeState.REFUNDED, by=day.photographer, reason=" ")


def test_only_the_studio_takes_money(day: ShootDay):
    day.photograph(day.attendances[0])
    other = make.make_photographer(make.make_studio(campaign=day.campaign))
    for user in (day.coordinator, other, make.make_staff()):
        with pytest.raises(NotAllowed):
            move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=user)


def test_further_services_are_their_own_kind(day: ShootDay):
    row = day.attendances[0]
    with pytest.raises(NotHere):
        add_service(attendance=row, label="加洗", amount=Decimal(15), by=day.photographer)
    row = day.photograph(row)
    for label, amount in (("", 15), ("加洗", 0), ("加洗", -1), ("加洗", 10_000)):
        with pytest.raises(NoSuchService):
            add_service(attendance=row, label=label, amount=Decimal(amount), by=day.photographer)
    add_service(attendance=row, label="加洗", amount=Decimal(15), by=day.photographer)
    move_fee(fee=Fee.objects.get(kind=FeeKind.OTHER), to=FeeState.TAKEN, by=day.photographer)
    summary = sum_up(fees_of(day.booking, DAY))
    assert (summary.taken, summary.due) == (15, 20)
    assert [line.kind for line in summary.lines] == ["group", "other"]


def test_payee_is_the_studio_or_whom_it_names(day: ShootDay):
    assert payee_of(day.studio) == day.studio.name
    day.studio.payee = "样例公司收款处"
    assert payee_of(day.studio) == "样例公司收款处"


def pay_back_and_leave(day: ShootDay) -> Attendance:
    """Photographed and paid at 9:40; struck out, paid back and gone at 10:00."""
    row = day.photograph(day.attendances[0])
    move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=day.photographer)
    with at(10):
        void_shot(shot=Shot.objects.get(), reason="停电", by=day.photographer)
        move_fee(fee=Fee.objects.get(), to=FeeState.REFUNDED, by=day.photographer, reason="未拍成")
        mark_absent(attendance=row, by=day.photographer, reason="有课")
    return day.attendances[0]


def found() -> list[str]:
    return [str(row) for row in disagreements(["shoots.fees", "shoots.fee_history"])]


def test_fee_paid_back_is_due_again_when_the_person_comes_back(day: ShootDay):
    row = pay_back_and_leave(day)
    with at(11):
        day.photograph(row)
    fee = Fee.objects.get()
    assert (fee.state, fee.settled_at, fee.settled_by) == (FeeState.DUE, None, None)
    kinds = [event.kind for event in history_of(fee)]
    assert kinds == ["fee_due", "state_taken", "state_refunded", "state_due"]
    assert found() == []


def test_cash_sheet_keeps_what_was_paid_back_before(day: ShootDay):
    """Twice taken, once paid back: one fee stays with the studio, and the sheet shows both."""
    row = pay_back_and_leave(day)
    with at(11):
        day.photograph(row)
        before = sum_up(fees_of(day.booking, DAY))
        move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=day.photographer)
        after = sum_up(fees_of(day.booking, DAY))
        rows = list(cash_rows(fees_of(day.booking), names=True))
    assert (before.due, before.taken, after.due, after.taken) == (20, 0, 0, 20)
    (line,) = after.lines
    assert line.people == {FeeState.TAKEN: 1, FeeState.REFUNDED: 1}
    assert line.sums == {FeeState.TAKEN: 20, FeeState.REFUNDED: 20}
    assert [(cells[0], cells[6], cells[8]) for cells in rows] == [
        ("2018-04-17", 20.0, "2018-04-17 10:00"),
        ("2018-04-17", 20.0, "2018-04-17 11:00"),
    ]
    assert rows[0][7] != rows[1][7] and rows[0][9] == rows[1][9] == str(day.photographer)
    assert found() == []


def test_cash_of_one_payment_back_has_one_line(day: ShootDay):
    pay_back_and_leave(day)
    (line,) = sum_up(fees_of(day.booking)).lines
    assert (line.people, line.kept) == ({FeeState.REFUNDED: 1}, 0)


def test_persons_history_tells_every_payment(day: ShootDay):
    row = pay_back_and_leave(day)
    with at(11):
        day.photograph(row)
        move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=day.photographer)
    entries = [entry for entry in told_of(row.graduate) if "¥" in entry.text]
    assert [f"{timezone.localtime(entry.when):%H:%M}" for entry in entries] == ["09:40", "10:00", "11:00"]
    assert len({str(entry.title) for entry in entries}) == 2


def test_nobody_owes_for_a_picture_that_was_not_taken(day: ShootDay):
    pay_back_and_leave(day)
    with pytest.raises(PictureNotTaken):
        move_fee(fee=Fee.objects.get(), to=FeeState.DUE, by=day.photographer)


@pytest.mark.parametrize("state", [FeeState.WAIVED, FeeState.REFUNDED])
def test_what_the_studio_forgoes_is_not_due_for_a_retake(day: ShootDay, state: str):
    row = day.photograph(day.attendances[0])
    if state == FeeState.REFUNDED:
        move_fee(fee=Fee.objects.get(), to=FeeState.TAKEN, by=day.photographer)
    move_fee(fee=Fee.objects.get(), to=state, by=day.photographer, reason="家庭困难")
    with at(10):
        void_shot(shot=Shot.objects.get(), reason="闭眼", by=day.photographer)
        row = day.attendances[0]
        issue_shot(attendance=row, station=day.station, by=day.photographer)
        mark_photographed(attendance=row, by=day.photographer)
    assert Fee.objects.get().state == state
    assert sum_up(fees_of(day.booking)).due == 0
    assert found() == []


def test_ledger_names_a_fee_paid_back_before_the_picture_that_it_is_for(
    day: ShootDay, monkeypatch: pytest.MonkeyPatch
):
    """Paid back after the picture it is a decision of the studio; before it, the fee is owed."""
    row = pay_back_and_leave(day)
    other = day.photograph(day.attendances[1])
    fee = Fee.objects.get(attendance=other)
    move_fee(fee=fee, to=FeeState.TAKEN, by=day.photographer)
    with at(10):
        move_fee(fee=fee, to=FeeState.REFUNDED, by=day.photographer, reason="多收")
    assert found() == []
    monkeypatch.setattr("sessions.checkin.charge_shooting_fee", lambda row, by: None)
    with at(11):
        day.photograph(row)
    assert [f"attendance {row.pk}" in text for text in found()] == [True]
