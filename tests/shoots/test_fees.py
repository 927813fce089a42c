"""Fees (R12): what is due, every move and refusal, and the sums."""

from decimal import Decimal

import pytest

from photocampus.errors import IllegalMove, MissingReason, NotAllowed
from sessions.cash import fees_of, sum_up
from sessions.fees import NoSuchService, NotHere, add_service, move_fee, payee_of, shooting_fee
from sessions.models import BookingKind, Fee, FeeKind, FeeState
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
