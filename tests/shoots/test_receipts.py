"""Receipts (R5): for individuals only, numbers without a gap, collection dates, hand-over."""

import datetime as dt

import pytest
from django.db import transaction

from photocampus.errors import NotAllowed
from sessions.checkin import check_in, mark_absent, mark_photographed
from sessions.deliveries import prepare_for_receipt, receive_delivery, send_delivery
from sessions.models import BookingKind, Closure, Receipt, ReceiptCounter, Shot, WeeklyHours
from sessions.receipts import (
    AlreadyDone,
    NeverOpen,
    NotAlone,
    NotCollected,
    NotPhotographed,
    ReceiptVoid,
    collection_date,
    hand_over,
    issue_receipt,
)
from sessions.shots import issue_shot, void_shot
from tests import factories as make
from tests.shoots.shoot_day import ShootDay, at, make_photo, make_shoot_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def day():
    with at(9, 40):
        yield make_shoot_day(kind=BookingKind.INDIVIDUAL)


@pytest.mark.parametrize(
    ("photographed", "collect"),
    [
        ("2018-04-17", "2018-04-22"),  # Wednesday to Sunday are five opening days
        ("2018-04-18", "2018-04-24"),  # the Monday does not count
        ("2018-04-27", "2018-05-05"),  # nor do the holiday of 29 April to 1 May and its Monday
    ],
)
def test_collection_date_counts_opening_days_only(day: ShootDay, photographed, collect):
    found = collection_date(day.studio, day.campaign, dt.date.fromisoformat(photographed))
    assert found == dt.date.fromisoformat(collect)


def test_closure_postpones_and_never_open_refuses(day: ShootDay):
    Closure.objects.create(studio=day.studio, first=dt.date(2018, 4, 18), last=dt.date(2018, 4, 22))
    assert collection_date(day.studio, day.campaign, dt.date(2018, 4, 17)) == dt.date(2018, 4, 28)
    WeeklyHours.objects.filter(studio=day.studio).delete()
    row = day.attendances[0]
    check_in(attendance=row, typed=day.number_of(row), by=day.photographer)
    issue_shot(attendance=row, station=day.station, by=day.photographer)
    with pytest.raises(NeverOpen):
        mark_photographed(attendance=row, by=day.photographer)
    row.refresh_from_db()
    assert row.state == "checked_in" and not ReceiptCounter.objects.filter(last__gt=0).exists()


def test_numbers_have_no_gap_even_when_one_is_rolled_back(day: ShootDay):
    rows = day.attendances
    day.photograph(rows[0])
    with pytest.raises(RuntimeError), transaction.atomic():
        day.photograph(rows[1])
        raise RuntimeError
    day.photograph(rows[2])
    assert list(Receipt.objects.values_list("number", flat=True)) == [1, 2]


def test_groups_get_none_and_nobody_before_the_picture():
    with at(9, 40):
        group = make_shoot_day(1)
        row = group.photograph(group.attendances[0])
        with pytest.raises(NotAlone):
            issue_receipt(attendance=row, by=group.photographer)
        alone = make_shoot_day(1, kind=BookingKind.INDIVIDUAL)
        with pytest.raises(NotPhotographed):
            issue_receipt(attendance=alone.attendances[0], by=alone.photographer)


def test_same_receipt_after_a_second_number_and_void_when_absent(day: ShootDay):
    row = day.photograph(day.attendances[0])
    first = Receipt.objects.get()
    void_shot(shot=Shot.objects.get(), reason="闭眼", by=day.photographer)
    mark_absent(attendance=row, by=day.photographer, reason="先走了")
    first.refresh_from_db()
    assert first.voided_at is not None
    with pytest.raises(ReceiptVoid):
        hand_over(receipt=first, by=day.coordinator)
    day.photograph(row)
    first.refresh_from_db()
    assert first.voided_at is None and Receipt.objects.count() == 1


def test_hand_over_comes_after_collection_and_once(day: ShootDay):
    row = day.photograph(day.attendances[0])
    receipt = Receipt.objects.get()
    with pytest.raises(NotCollected):
        hand_over(receipt=receipt, by=day.coordinator)
    make_photo(day, row.graduate)
    delivery = prepare_for_receipt(receipt=receipt, by=day.photographer)
    make.run_jobs()
    send_delivery(delivery=delivery, by=day.photographer)
    receive_delivery(delivery=delivery, missing={}, by=None)
    for user in (day.photographer, make.make_coordinator(make.make_unit())):
        with pytest.raises(NotAllowed):
            hand_over(receipt=receipt, by=user)
    hand_over(receipt=receipt, by=day.coordinator)
    with pytest.raises(AlreadyDone):
        hand_over(receipt=receipt, by=day.coordinator)
