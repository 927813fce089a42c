"""Every list of shoots, receipts, deliveries and reports takes the same number of queries for one row and for three."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions.deliveries import prepare_delivery, prepare_for_receipt, receive_delivery, send_delivery
from sessions.me import report_wrong_data
from sessions.models import BookingKind, Receipt
from tests import factories as make
from tests.shoots.shoot_day import ShootDay, at, make_photo, make_shoot_day

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def school():
    make.make_school()


def add_shoot(day: ShootDay) -> None:
    make.make_attendance(make.make_booking(day.campaign, day.studio, day.unit), day.graduates[0])


def add_delivery(day: ShootDay) -> None:
    make_photo(day, make.make_graduate(day.campaign, day.unit))
    prepare_delivery(studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.photographer)
    make.run_jobs()


def add_receipt(day: ShootDay) -> None:
    """One more person photographed alone, whose prints were collected."""
    row = day.photograph(
        make.make_attendance(day.booking, make.make_graduate(day.campaign, day.unit), fee_due=30)
    )
    make_photo(day, row.graduate)
    delivery = prepare_for_receipt(receipt=Receipt.objects.get(attendance=row), by=day.photographer)
    make.run_jobs()
    send_delivery(delivery=delivery, by=day.photographer)
    receive_delivery(delivery=delivery, missing={}, by=None)


def add_report(day: ShootDay) -> None:
    report_wrong_data(graduate=make.make_graduate(day.campaign, day.unit), part="name")


LISTS = {
    "shoots": (add_shoot, "studio"),
    "studio-deliveries": (add_delivery, "studio"),
    "unit-deliveries": (add_delivery, "unit"),
    "receipts": (add_receipt, "studio"),
    "hand-over": (add_receipt, "unit"),
    "reports": (add_report, "unit"),
}


@pytest.mark.parametrize("name", LISTS)
def test_list_takes_the_same_queries_for_one_and_for_three(client, name: str):
    add, side = LISTS[name]
    with at(9, 40):
        day = make_shoot_day(1, kind=BookingKind.INDIVIDUAL)
        client.force_login(day.photographer if side == "studio" else day.coordinator)
        place = day.studio if side == "studio" else day.unit
        url = reverse(f"shoots:{name}", args=[place.code, day.campaign.code])
        add(day)
        client.get(url)  # warms up
        counts = []
        for more in (0, 2):
            for _row in range(more):
                add(day)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]
