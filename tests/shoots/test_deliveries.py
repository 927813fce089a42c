"""Deliveries: who is packed, every forbidden move and refusal, files, and a worker killed in the middle."""

import csv
import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from photocampus.errors import IllegalMove, MissingReason, NotAllowed
from photocampus.jobs import run_job
from photocampus.models import Job, JobState
from sessions.deliveries import (
    FilesNotReady,
    Missing,
    MoreThanPacked,
    NoGrant,
    NotDeliverable,
    NothingMissing,
    NothingToDeliver,
    NotInDelivery,
    cancel_delivery,
    deliverable,
    prepare_delivery,
    prepare_for_receipt,
    receive_delivery,
    send_delivery,
    supply_missing,
)
from sessions.delivery_files import folder_name, manifest_csv
from sessions.models import BookingKind, Delivery, DeliveryItem, DeliveryState, Receipt
from students.decisions import withdraw_decisions
from students.models import Enrolment, Exemption, Graduate, Rendition, RosterState, Stage
from tests import factories as make
from tests.shoots.shoot_day import ShootDay, at, make_photo, make_shoot_day
from units.models import StudioGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def day():
    """Three photographed in a group, the pictures of two accepted."""
    with at(15):
        day = make_shoot_day()
        for row in day.attendances:
            day.photograph(row)
        for graduate in day.graduates[:2]:
            make_photo(day, graduate)
        make_photo(day, day.graduates[2], accepted=False)
        yield day


def prepare(day: ShootDay) -> Delivery:
    delivery = prepare_delivery(studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.photographer)
    make.run_jobs()
    delivery.refresh_from_db()
    return delivery


class TestWho:
    def test_accepted_only_and_later_ones_in_a_further_delivery(self, day: ShootDay):
        first = prepare(day)
        assert {item.graduate for item in first.items.all()} == set(day.graduates[:2])
        with pytest.raises(NothingToDeliver):
            prepare(day)
        make_photo(day, day.graduates[2], text="again")
        second = prepare(day)
        assert [item.graduate for item in second.items.all()] == [day.graduates[2]]
        assert (first.number, second.number) == (1, 2)

    def test_new_picture_of_the_same_person_is_delivered_again_the_old_one_never(self, day: ShootDay):
        prepare(day)
        make_photo(day, day.graduates[0], text="retaken")
        second = prepare(day)
        assert [item.graduate for item in second.items.all()] == [day.graduates[0]]

    @pytest.mark.parametrize(
        "changes",
        [{"roster_state": RosterState.LEFT}, {"exemption": Exemption.EARLIER_PICTURE}, {"picture": None}],
    )
    def test_left_exempt_and_without_picture_are_not_packed(self, day: ShootDay, changes):
        Graduate.objects.filter(pk=day.graduates[0].pk).update(**changes)
        assert list(deliverable(day.studio, day.campaign)) == [day.graduates[1]]

    def test_withdrawn_acceptance_missing_file_and_other_studio(self, day: ShootDay):
        withdraw_decisions(graduate_pks=[day.graduates[0].pk], stage=Stage.ACCEPTANCE)
        Rendition.objects.filter(photo__enrolment=day.graduates[1].enrolment, profile__name="large").delete()
        assert not deliverable(day.studio, day.campaign).exists()
        assert not deliverable(make.make_studio(campaign=day.campaign), day.campaign).exists()

    def test_package_is_the_campaigns(self, day: ShootDay):
        day.campaign.prints_2in, day.campaign.includes_large = 8, False
        day.campaign.save()
        delivery = prepare(day)
        assert {item.prints_2in for item in delivery.items.all()} == {8} and len(delivery.manifest) == 2

    def test_grant_and_role(self, day: ShootDay):
        with pytest.raises(NotAllowed):
            prepare_delivery(studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.coordinator)
        StudioGrant.objects.all().delete()
        with pytest.raises(NoGrant):
            prepare(day)

    def test_individuals_get_their_own(self):
        with at(10):
            alone = make_shoot_day(2, kind=BookingKind.INDIVIDUAL)
            rows = [alone.photograph(row) for row in alone.attendances]
            receipts = list(Receipt.objects.order_by("number"))
            with pytest.raises(NotDeliverable):
                prepare_for_receipt(receipt=receipts[0], by=alone.photographer)
            make_photo(alone, rows[0].graduate)
            with pytest.raises(NothingToDeliver):
                prepare(alone)
            delivery = prepare_for_receipt(receipt=receipts[0], by=alone.photographer)
            assert [item.graduate for item in delivery.items.all()] == [rows[0].graduate]
            with pytest.raises(NotDeliverable):
                prepare_for_receipt(receipt=receipts[0], by=alone.photographer)


class TestMoves:
    def test_nothing_is_sent_before_its_files_are_ready(self, day: ShootDay):
        delivery = prepare_delivery(
            studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.photographer
        )
        with pytest.raises(FilesNotReady):
            send_delivery(delivery=delivery, by=day.photographer)

    def test_forbidden_moves(self, day: ShootDay):
        delivery = prepare(day)
        with pytest.raises(IllegalMove):
            receive_delivery(delivery=delivery, missing={}, by=day.coordinator)
        send_delivery(delivery=delivery, by=day.photographer)
        with pytest.raises(IllegalMove):
            send_delivery(delivery=delivery, by=day.photographer)
        with pytest.raises(IllegalMove):
            cancel_delivery(delivery=delivery, by=day.photographer, reason="x")
        receive_delivery(delivery=delivery, missing={}, by=day.coordinator)
        with pytest.raises(IllegalMove):
            receive_delivery(delivery=delivery, missing={}, by=day.coordinator)
        with pytest.raises(NothingMissing):
            supply_missing(item=delivery.items.first(), by=day.photographer)

    def test_who_receives(self, day: ShootDay):
        delivery = prepare(day)
        send_delivery(delivery=delivery, by=day.photographer)
        for user in (day.photographer, make.make_staff(), make.make_coordinator(make.make_unit()), None):
            with pytest.raises(NotAllowed):
                receive_delivery(delivery=delivery, missing={}, by=user)

    def test_college_receives_for_its_admissions_unit(self, day: ShootDay):
        college = make.make_unit()
        day.unit.kind, day.unit.college = "admissions", college
        day.unit.save()
        delivery = prepare(day)
        send_delivery(delivery=delivery, by=day.photographer)
        receive_delivery(delivery=delivery, missing={}, by=make.make_coordinator(college))

    def test_missing_is_named_within_what_was_packed(self, day: ShootDay):
        delivery = prepare(day)
        send_delivery(delivery=delivery, by=day.photographer)
        key = day.graduates[0].public_id
        with pytest.raises(MoreThanPacked):
            receive_delivery(delivery=delivery, missing={key: Missing(prints_2in=7)}, by=day.coordinator)
        with pytest.raises(NotInDelivery):
            other = {day.graduates[2].public_id: Missing(small=True)}
            receive_delivery(delivery=delivery, missing=other, by=day.coordinator)
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.SENT
        both = {graduate.public_id: Missing(prints_1in=1) for graduate in day.graduates[:2]}
        receive_delivery(delivery=delivery, missing=both, by=day.coordinator)
        for item in delivery.items.all():
            delivery.refresh_from_db()
            assert delivery.state == DeliveryState.INCOMPLETE
            supply_missing(item=item, by=day.photographer)
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.RECEIVED

    def test_cancelled_people_go_into_another_one(self, day: ShootDay):
        delivery = prepare(day)
        with pytest.raises(MissingReason):
            cancel_delivery(delivery=delivery, by=day.photographer, reason="")
        cancel_delivery(delivery=delivery, by=day.photographer, reason="袋子装错")
        again = prepare(day)
        assert again.number == 2 and again.items.count() == 2
        assert DeliveryItem.objects.filter(is_open=True).count() == 2


class TestFiles:
    @pytest.mark.parametrize(
        ("bag", "folder"),
        [
            ("会计1班", "会计1班"),
            ("=1+1班", "_=1+1班"),
            ("@班", "_@班"),
            ("-1班", "_-1班"),
            ("+1班", "_+1班"),
            ("..", "_"),
            (".", "_"),
            ("...  ", "_"),
            ("../../x", "_.._x"),
            ("二班. .", "二班"),
            (" 三班 ", "三班"),
            (".ssh", "ssh"),
            ("con", "_con"),
            ("LPT1.班", "_LPT1.班"),
            ("console", "console"),
            ("a:b\r\n\x00c", "a_b___c"),
        ],
    )
    def test_folder_of_a_bag_is_a_plain_name_everywhere(self, bag, folder):
        assert folder_name(bag) == folder

    def test_archive_of_a_class_with_an_odd_name_unpacks_below_itself_and_holds_no_formula(
        self, day: ShootDay
    ):
        for graduate, name in zip(day.graduates[:2], ("=1+1班", ".."), strict=True):
            Enrolment.objects.filter(pk=graduate.enrolment_id).update(
                class_group=make.make_class(day.unit, name)
            )
        delivery = prepare(day)
        with delivery.files.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            text = archive.read("manifest.csv").decode("utf-8-sig")
        assert {name.split("/")[0] for name in names} == {"_", "_=1+1班", "manifest.csv"}
        lines = list(csv.DictReader(io.StringIO(text)))
        assert [line["file"] for line in lines] == names[:-1]
        assert not [line for line in text.splitlines() if line.startswith(("=", "+", "-", "@"))]

    def test_list_of_an_archive_measured_with_another_name_holds_no_formula_either(self):
        line = {"name": "=1+1班/small/1.jpg", "size": 7, "sha256": "0" * 64}
        listing = manifest_csv(Delivery(manifest=[line])).decode("utf-8-sig")
        assert listing.splitlines()[1].startswith("'=1+1班/small/1.jpg,7,")

    def test_damaged_image_stops_the_archive_and_names_the_line(self, day: ShootDay):
        rendition = Rendition.objects.filter(
            photo__enrolment=day.graduates[1].enrolment, profile__name="small"
        ).get()
        with default_storage.open(rendition.file.name, "wb") as stream:
            stream.write(b"other bytes")
        delivery = prepare(day)
        job = Job.objects.get(pk=delivery.job_id)
        assert (job.state, job.error_code) == (JobState.FAILED, "file_damaged") and not delivery.files

    def test_half_an_archive_left_behind_is_replaced(self, day: ShootDay):
        delivery = prepare_delivery(
            studio=day.studio, campaign=day.campaign, unit=day.unit, by=day.photographer
        )
        default_storage.save(f"deliveries/{delivery.public_id}/files.zip", ContentFile(b"PK half"))
        make.run_jobs()
        delivery.refresh_from_db()
        folder = default_storage.listdir(f"deliveries/{delivery.public_id}")[1]
        assert folder == ["files.zip"] and delivery.files_sha256

    def test_second_run_changes_nothing(self, day: ShootDay):
        delivery = prepare(day)
        before = (delivery.files_sha256, delivery.manifest)
        Job.objects.filter(pk=delivery.job_id).update(
            state=JobState.QUEUED, finished_at=None, lease_until=None
        )
        assert run_job(delivery.job_id, heartbeat=False)
        delivery.refresh_from_db()
        assert (delivery.files_sha256, delivery.manifest) == before
