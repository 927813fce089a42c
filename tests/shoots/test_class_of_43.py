"""One class from the plan to the bag, by the real use cases: every count agrees, and damage by hand is named."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator

import pytest

from photocampus.ledger import disagreements
from sessions.cash import fees_of, sum_up
from sessions.checkin import mark_photographed
from sessions.deliveries import (
    Missing,
    deliverable,
    prepare_delivery,
    receive_delivery,
    send_delivery,
    supply_missing,
)
from sessions.fees import move_fee
from sessions.models import (
    Attendance,
    AttendanceState,
    Delivery,
    DeliveryItem,
    DeliveryItemState,
    DeliveryState,
    Fee,
    FeeState,
    Receipt,
    Shot,
)
from sessions.places import places_of
from sessions.shoots import finish_shoot
from sessions.shots import issue_shot, void_shot
from tests import factories as make
from tests.shoots.shoot_day import DAY, ShootDay, at, make_photo, make_plan, make_shoot_day

pytestmark = pytest.mark.django_db
MINE = [
    "shoots.attendance",
    "shoots.attendance_history",
    "shoots.deliveries",
    "shoots.delivery_files",
    "shoots.delivery_history",
    "shoots.fee_history",
    "shoots.fees",
    "shoots.receipts",
    "shoots.shots",
]


def found() -> list[str]:
    return [str(row) for row in disagreements(MINE)]


@pytest.fixture
def day():
    """43 expected at 20 an hour, two of them absent."""
    yield from shoot_of(43)


@pytest.fixture
def small_day():
    """The same with 12."""
    yield from shoot_of(12)


def shoot_of(people_count: int) -> Iterator[ShootDay]:
    """Two absent, one photographed under a second number, all fees but one taken; all pictures accepted."""
    came = people_count - 2
    with at(9, 40):
        day = make_shoot_day(people_count)
        make_plan(day, rate=20)
        people = day.attendances
        for row in people[:came]:
            day.photograph(row)
        void_shot(shot=Shot.objects.get(attendance=people[4]), reason="闭眼", by=day.photographer)
        people[4].refresh_from_db()
        issue_shot(attendance=people[4], station=day.station, by=day.photographer)
        mark_photographed(attendance=people[4], by=day.photographer)
        for fee in Fee.objects.order_by("pk")[: came - 1]:
            move_fee(fee=fee, to=FeeState.TAKEN, by=day.photographer)
    with at(16, 50):
        finish_shoot(booking=day.booking, by=day.photographer)
        for row in people[:came]:
            make_photo(day, row.graduate)
        yield day


def delivered(day: ShootDay) -> Delivery:
    """Prepared, sent and received; the ninth bag lacks one 2-inch print."""
    delivery = prepare_delivery(studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.photographer)
    assert make.run_jobs() == 1
    delivery.refresh_from_db()
    send_delivery(delivery=delivery, by=day.photographer)
    ninth = delivery.items.get(position=9)
    missing = {ninth.graduate.public_id: Missing(prints_2in=1)}
    receive_delivery(delivery=delivery, missing=missing, by=day.coordinator)
    delivery.refresh_from_db()
    return delivery


def test_plan_places_43_people_at_20_an_hour(day: ShootDay):
    places = places_of(day.booking)
    starts = [f"{places[row.pk].start:%H:%M}" for row in day.attendances]
    assert [starts.count(start) for start in ("09:30", "10:30", "11:30")] == [20, 20, 3]
    assert starts == sorted(starts)
    assert f"{places[day.attendances[20].pk].report_at(15):%H:%M}" == "10:15"


def test_console_receipts_fees_delivery_and_ledger_agree(day: ShootDay):
    states = [row.state for row in day.attendances]
    assert (states.count(AttendanceState.PHOTOGRAPHED), states.count(AttendanceState.ABSENT)) == (41, 2)
    assert Shot.objects.count() == 42 and Shot.objects.filter(voided_at=None).count() == 41
    assert sorted(Shot.objects.values_list("number", flat=True)) == list(range(1, 43))
    cash = sum_up(fees_of(day.booking, DAY))
    assert (cash.taken, cash.due) == (800, 20)
    assert Receipt.objects.count() == 0  # a group's pictures go to the unit
    delivery = delivered(day)
    assert delivery.state == DeliveryState.INCOMPLETE
    items = list(delivery.items.select_related("graduate__enrolment"))
    assert len(items) == 41 and {(item.prints_2in, item.prints_1in) for item in items} == {(6, 4)}
    numbers = [item.graduate.enrolment.student_number for item in items]
    assert numbers == sorted(numbers)
    assert [item.missing for item in items if item.missing] == [{"prints_2in": 1}]
    assert found() == []
    supply_missing(
        item=delivery.items.get(state=DeliveryItemState.MISSING), by=day.photographer, note="已补洗"
    )
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.RECEIVED
    assert found() == [] and not deliverable(day.studio, day.campaign).exists()


def test_archive_holds_every_image_under_its_hash(day: ShootDay):
    delivery = delivered(day)
    with delivery.files.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        assert archive.testzip() is None
        listing = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
        assert len(listing) == 82 and len(archive.namelist()) == 83
        for line in listing:
            assert hashlib.sha256(archive.read(line["file"])).hexdigest() == line["sha256"]
    first = day.graduates[0].enrolment
    assert listing[0]["file"] == f"{first.class_group.name}/small/{first.student_number}.jpg"


def rows(model, **where):
    return model.objects.filter(**where)


DAMAGE = {
    "attendance made photographed": (
        lambda: rows(Attendance, state="absent").update(
            state="photographed", photographed_at="2018-04-17T10:00Z"
        ),
        "shoots.attendance_history: shoots.attendance",
    ),
    "valid shot voided": (
        lambda: rows(Shot, number=3).update(voided_at="2018-04-17T10:00Z", void_reason="x"),
        "is photographed with 0 valid shot numbers",
    ),
    "shot renumbered": (lambda: rows(Shot, number=11).update(number=50), "11 shots, numbered 1 to 50"),
    "printed number changed": (
        lambda: rows(Shot, number=7).update(code="A2-0417-077"),
        "prints as A2-0417-077",
    ),
    "fee changed": (lambda: Fee.objects.filter(pk=Fee.objects.first().pk).update(amount=25), "is charged 25"),
    "fee made taken": (lambda: rows(Fee, state="due").update(state="taken"), "its history says “due”"),
    "bag settled": (
        lambda: rows(DeliveryItem, state="missing").update(state="received"),
        "its history says “missing”",
    ),
    "delivery made received": (
        lambda: Delivery.objects.update(state="received"),
        "its history says “incomplete”",
    ),
    "missing print forgotten": (
        lambda: rows(DeliveryItem, state="missing").update(missing={}),
        "without saying what was missing",
    ),
    "archive hash changed": (lambda: Delivery.objects.update(files_sha256="0" * 64), "differs from its hash"),
    "delivery renumbered": (lambda: Delivery.objects.update(number=3), "1 deliveries, numbered 3 to 3"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_ledger_names_a_row_damaged_by_hand(small_day: ShootDay, name: str):
    delivered(small_day)
    assert found() == []
    damage, sentence = DAMAGE[name]
    assert damage()
    assert any(sentence in line for line in found()), found()
