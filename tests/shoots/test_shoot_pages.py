"""The studio's and the unit's pages of shoots, fees, receipts and deliveries: flow, scope, privacy, query counts."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext
from openpyxl import load_workbook

from photocampus.models import AccessLog
from sessions.models import (
    Attendance,
    AttendanceState,
    BookingKind,
    BookingState,
    Delivery,
    DeliveryItemState,
    DeliveryState,
    Fee,
    FeeState,
    PlanEntry,
    Receipt,
    Shot,
)
from students.models import Graduate, Student
from tests import factories as make
from tests.shoots.shoot_day import DAY, ShootDay, at, make_photo, make_plan, make_shoot_day
from units.models import IdentityMode, StudioGrant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def school():
    make.make_school()


@pytest.fixture
def day():
    with at(9, 40):
        yield make_shoot_day()


@pytest.fixture
def console(client, day: ShootDay):
    client.force_login(day.photographer)
    return lambda name, *more: reverse(
        f"shoots:{name}", args=[day.studio.code, day.campaign.code, day.booking.public_id, *more]
    )


class TestConsole:
    def test_one_key_flow_from_card_to_fee(self, client, day: ShootDay, console):
        """Scan the card, then Enter four times: number, photographed, fee."""
        row = day.attendances[0]
        number = day.number_of(row)
        answer = client.post(console("console-find"), {"q": number}, headers=HTMX)
        assert answer.status_code == 200 and number not in answer.content.decode()
        for act, data in (("shot", {}), ("photographed", {}), ("fee", {"fee": "0", "to": "taken"})):
            answer = client.post(console("console-act", row.public_id, act), data, headers=HTMX)
            assert answer.status_code == 200
        row.refresh_from_db()
        assert row.state == AttendanceState.PHOTOGRAPHED
        assert (Shot.objects.get().code, Fee.objects.get().state) == ("A2-0417-001", FeeState.TAKEN)
        for index in ("²", "x", "1"):  # of no fee, and not of the first one
            data = {"fee": index, "to": "refunded", "reason": "重拍"}
            assert client.post(console("console-act", row.public_id, "fee"), data).status_code == 404
        assert "A2-0417-001" in answer.content.decode()

    @pytest.mark.parametrize("how", ["code", "student_number", "name", "initials", "shot"])
    def test_person_is_found_by(self, client, day: ShootDay, console, how):
        row = day.photograph(day.attendances[1])
        graduate = row.graduate
        graduate.enrolment.student.name = "欧阳雪莲"
        graduate.enrolment.student.save(update_fields=["name"])
        typed = {
            "code": f"https://photo.example.edu/me/{graduate.me_token}/",
            "student_number": graduate.enrolment.student_number,
            "name": "雪莲",
            "initials": "oyxl",
            "shot": "a2-0417-1",
        }[how]
        answer = client.post(console("console-find"), {"q": typed})
        assert answer.url == f"{console('console')}?person={row.public_id}"
        assert "欧阳雪莲" in client.get(answer.url).content.decode()

    def test_wrong_card_says_so_and_shows_no_number(self, client, day: ShootDay, console):
        row, other = day.attendances[:2]
        typed = day.number_of(other)
        answer = client.post(
            console("console-act", row.public_id, "check-in"), {"number": typed}, headers=HTMX
        )
        text = answer.content.decode()
        assert 'role="alert"' in text and typed not in text and day.number_of(row) not in text
        row.refresh_from_db()
        assert row.state == AttendanceState.EXPECTED

    def test_number_of_a_stranger_is_not_written_back(self, client, day: ShootDay, console):
        stranger = make.make_graduate(day.campaign)
        typed = Student.objects.get(enrolments__graduates=stranger).id_number.reveal()
        answer = client.post(console("console-find"), {"q": typed}, headers=HTMX)
        assert answer.status_code == 200 and typed not in answer.content.decode()

    def test_refusals_are_shown_and_change_nothing(self, client, day: ShootDay, console):
        row = day.attendances[0]
        answer = client.post(console("console-act", row.public_id, "shot"), headers=HTMX)
        assert 'role="alert"' in answer.content.decode() and not Shot.objects.exists()
        assert client.post(console("console-act", row.public_id, "nonsense")).status_code == 404

    def test_void_absent_service_disturbance_and_finish(self, client, day: ShootDay, console):
        first, second = day.attendances[:2]
        day.photograph(first)
        client.post(console("console-act", first.public_id, "void"), {"reason": "闭眼"})
        assert Shot.objects.get().void_reason == "闭眼"
        client.post(console("console-act", first.public_id, "shot"))
        client.post(console("console-act", first.public_id, "photographed"))
        client.post(console("console-act", first.public_id, "service"), {"label": "加洗", "amount": "15"})
        assert sorted(Fee.objects.values_list("amount", flat=True)) == [15, 20]
        client.post(console("console-act", second.public_id, "absent"))
        client.post(console("console-disturbance"), {"what": "停电十分钟"})
        page = client.get(console("console")).content.decode()
        assert "停电十分钟" in page and "A2-0417-002" in page
        client.post(console("shoot-move", "finish"))
        day.booking.refresh_from_db()
        assert day.booking.state == BookingState.DONE

    @pytest.mark.parametrize("is_accepted", [False, True])
    def test_absent_says_what_became_of_the_picture(self, client, day: ShootDay, console, is_accepted):
        row = day.photograph(day.attendances[0])
        make_photo(day, row.graduate, accepted=is_accepted)
        client.post(console("console-act", row.public_id, "void"), {"reason": "闭眼"})
        act = console("console-act", row.public_id, "absent")
        page = client.post(act, {"reason": "有课"}, headers=HTMX).content.decode()
        put_aside = (
            "Marked absent; the person is on the make-up list. The picture taken under the void number is no longer"
            " used."
        )
        stays = (
            "Marked absent. The person is not on the make-up list: a picture is there or on its way, or none is"
            " needed."
        )
        assert gettext(stays if is_accepted else put_aside) in page

    def test_fee_paid_back_by_mistake_is_made_due_again(self, client, day: ShootDay, console):
        row = day.photograph(day.attendances[0])
        act, button = console("console-act", row.public_id, "fee"), 'name="to" value="due"'
        client.post(act, {"fee": "0", "to": "taken"})
        assert button not in client.get(console("console"), {"person": row.public_id}).content.decode()
        client.post(act, {"fee": "0", "to": "refunded", "reason": "点错"})
        assert button in client.get(console("console"), {"person": row.public_id}).content.decode()
        client.post(act, {"fee": "0", "to": "due"})
        assert Fee.objects.get().state == FeeState.DUE

    def test_walk_in_of_granted_unit_only(self, client, day: ShootDay, console):
        late = make.make_graduate(day.campaign, day.unit)
        stranger = make.make_graduate(day.campaign)
        found = client.post(console("console-find"), {"q": late.enrolment.student_number})
        assert late.public_id in found.content.decode()
        assert client.post(console("console-walk-in"), {"graduate": stranger.public_id}).status_code == 404
        client.post(console("console-walk-in"), {"graduate": late.public_id})
        assert Attendance.objects.filter(graduate=late, booking=day.booking).exists()
        hidden = client.post(console("console-find"), {"q": stranger.enrolment.student_number})
        assert stranger.public_id not in hidden.content.decode()

    def test_same_queries_for_few_and_many(self, client, day: ShootDay, console):
        make_plan(day, rate=20)
        counts = []
        for _round in range(3):  # the first one warms up
            with CaptureQueriesContext(connection) as queries:
                assert client.get(console("console")).status_code == 200
            counts.append(len(queries))
            for graduate in make.make_graduates(6, day.campaign, day.unit):
                day.photograph(make.make_attendance(day.booking, graduate))
        assert counts[1] == counts[2]

    def test_capture_code_campaign_shows_no_name_and_no_number(self, client, day: ShootDay, console):
        day.campaign.identity_mode = IdentityMode.CAPTURE_CODE
        day.campaign.save(update_fields=["identity_mode"])
        row = day.photograph(day.attendances[0])
        student = row.graduate.enrolment.student
        secrets = [
            student.name,
            row.graduate.enrolment.student_number,
            str(student.id_number),
            student.id_number.reveal(),
        ]
        pages = [
            client.get(f"{console('console')}?person={row.public_id}"),
            client.get(console("cash")),
            client.post(console("console-find"), {"q": student.name}, headers=HTMX),
        ]
        for page in pages:
            text = page.content.decode().replace(f'value="{student.name}"', "")
            assert [secret for secret in secrets if secret in text] == []
        assert "A2-0417-001" in pages[0].content.decode()

    def test_cash_as_spreadsheet_is_logged(self, client, day: ShootDay, console):
        day.photograph(day.attendances[0])
        answer = client.post(console("cash"))
        sheet = load_workbook(io.BytesIO(answer.content)).active
        assert [cell.value for cell in sheet[2]][6] == 20
        assert AccessLog.objects.filter(action="fees_export", rows=1).exists()


class TestScope:
    def test_other_studio_coordinator_and_ungranted_unit(self, client, day: ShootDay, console):
        url = console("console")
        assert client.get(url).status_code == 200
        StudioGrant.objects.filter(unit=day.unit).delete()
        name = day.graduates[0].enrolment.student.name
        assert name not in client.get(url).content.decode()
        act = console("console-act", day.attendances[0].public_id, "absent")
        assert client.post(act).status_code == 404
        for user in (make.make_photographer(make.make_studio(campaign=day.campaign)), day.coordinator):
            client.force_login(user)
            assert client.get(url).status_code == 404
            assert client.post(act).status_code == 404

    def test_staff_look_and_do_not_act(self, client, day: ShootDay, console):
        client.force_login(make.make_staff())
        assert client.get(console("console")).status_code == 200
        assert client.post(console("shoot-move", "finish")).status_code == 404

    def test_list_of_days(self, client, day: ShootDay):
        client.force_login(day.photographer)
        url = reverse("shoots:shoots", args=[day.studio.code, day.campaign.code])
        assert day.unit.name in client.get(url).content.decode()
        other = make.make_photographer(make.make_studio(campaign=day.campaign))
        client.force_login(other)
        assert client.get(url).status_code == 404


class TestReceiptsAndDeliveries:
    @pytest.fixture
    def alone(self):
        with at(9, 40):
            yield make_shoot_day(2, kind=BookingKind.INDIVIDUAL)

    def test_receipt_prints_with_code_and_everything_to_come_back(self, client, alone: ShootDay):
        row = alone.photograph(alone.attendances[0])
        receipt = Receipt.objects.get(attendance=row)
        client.force_login(alone.photographer)
        args = [alone.studio.code, alone.campaign.code, receipt.public_id]
        text = client.get(reverse("shoots:receipt", args=args)).content.decode()
        for wanted in ("00001", "2018-04-22", alone.studio.address, alone.studio.phone, "A2-0417-001"):
            assert wanted in text
        code = client.get(reverse("shoots:receipt-code", args=args))
        assert code["Content-Type"] == "image/svg+xml" and b"style" not in code.content
        client.force_login(make.make_photographer(make.make_studio(campaign=alone.campaign)))
        assert client.get(reverse("shoots:receipt", args=args)).status_code == 404

    def test_individual_collects_and_hands_over(self, client, alone: ShootDay):
        row = alone.photograph(alone.attendances[0])
        receipt = Receipt.objects.get(attendance=row)
        studio = [alone.studio.code, alone.campaign.code]
        client.force_login(alone.photographer)
        prepare = reverse("shoots:receipt-prepare", args=[*studio, receipt.public_id])
        client.post(prepare)
        assert not Delivery.objects.exists()  # the unit has not accepted the picture yet
        make_photo(alone, row.graduate)
        client.post(prepare)
        make.run_jobs()
        delivery = Delivery.objects.get()
        client.post(reverse("shoots:delivery-move", args=[*studio, delivery.public_id, "send"]))
        client.force_login(alone.coordinator)
        unit = [alone.unit.code, alone.campaign.code]
        done = reverse("shoots:hand-over-done", args=[*unit, receipt.public_id])
        client.post(done)
        receipt.refresh_from_db()
        assert receipt.handed_over_at is None  # not collected yet
        client.force_login(alone.photographer)
        client.post(reverse("shoots:delivery-move", args=[*studio, delivery.public_id, "collect"]))
        client.force_login(alone.coordinator)
        assert (
            receipt.attendance.graduate.enrolment.student.name
            in client.get(reverse("shoots:hand-over", args=unit)).content.decode()
        )
        client.post(done)
        receipt.refresh_from_db()
        assert receipt.collected_at and receipt.handed_over_at

    def test_unit_receives_with_one_print_missing_and_downloads(self, client, day: ShootDay):
        for row in day.attendances:
            day.photograph(row)
            make_photo(day, row.graduate)
        studio, unit = [day.studio.code, day.campaign.code], [day.unit.code, day.campaign.code]
        client.force_login(day.photographer)
        client.post(reverse("shoots:studio-deliveries", args=studio), {"unit": day.unit.code})
        make.run_jobs()
        delivery = Delivery.objects.get()
        for name in ("studio-delivery", "delivery-labels"):
            page = client.get(reverse(f"shoots:{name}", args=[*studio, delivery.public_id])).content.decode()
            assert all(graduate.enrolment.student_number in page for graduate in day.graduates)
        packing = client.post(reverse("shoots:delivery-packing-list", args=[*studio, delivery.public_id]))
        sheet = load_workbook(io.BytesIO(packing.content)).active
        assert [cell.value for cell in sheet[2]][4:6] == [6, 4]
        client.post(reverse("shoots:delivery-move", args=[*studio, delivery.public_id, "send"]))
        client.force_login(day.coordinator)
        url = reverse("shoots:unit-delivery", args=[*unit, delivery.public_id])
        assert client.get(url).status_code == 200
        person = day.graduates[1].public_id
        assert client.post(url, {f"2in-{person}": "9"}).status_code == 200  # more than packed: refused
        assert client.post(url, {f"2in-{person}": "9" * 5000}).status_code == 200
        assert delivery.items.filter(state=DeliveryItemState.MISSING).count() == 0
        client.post(url, {f"2in-{person}": "1", f"large-{person}": "on", f"1in-{person}": "²"})
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.INCOMPLETE
        files = client.post(reverse("shoots:unit-delivery-files", args=[*unit, delivery.public_id]))
        assert b"".join(files.streaming_content)[:2] == b"PK"
        assert AccessLog.objects.filter(action="delivery_files", sha256=delivery.files_sha256).count() == 1
        client.force_login(day.photographer)
        supply = reverse("shoots:delivery-move", args=[*studio, delivery.public_id, "supply"])
        client.post(supply, {"person": person})
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.RECEIVED
        client.force_login(make.make_coordinator(make.make_unit()))
        assert client.get(url).status_code == 404


def test_start_pages_name_what_waits(client):
    with at(9, 40):
        day = make_shoot_day()
        for row in day.attendances:
            day.photograph(row)
        make_photo(day, day.graduates[0])
        client.force_login(day.photographer)
        page = client.get(reverse("units:studio-start")).content.decode()
        for name in ("shoots", "studio-deliveries"):
            assert reverse(f"shoots:{name}", args=[day.studio.code, day.campaign.code]) in page
        from sessions.me import report_wrong_data

        report_wrong_data(graduate=day.graduates[0], part="name", note="应为繁体")
        client.force_login(day.coordinator)
        page = client.get(reverse("units:unit-start")).content.decode()
        assert reverse("shoots:reports", args=[day.unit.code, day.campaign.code]) in page
    assert Graduate.objects.count() == 3 and DAY.year == 2018


def test_rest_of_the_day_is_compared_before_it_is_planned_anew(client):
    with at(9, 40):
        day = make_shoot_day(8)
        make_plan(day, rate=4)  # 9:30 and 10:30
        client.force_login(day.photographer)
        url = reverse("shoots:shoot-replan", args=[day.studio.code, day.campaign.code, day.booking.public_id])
        assert client.get(url).status_code == 200
        starts = lambda: [f"{row.start:%H:%M}" for row in PlanEntry.objects.order_by("start")]  # noqa: E731
        cut = {"start": "10:30", "end": "11:00", "station": ""}
        shown = client.post(url, cut).content.decode()
        assert "04-17 11:00" in shown and starts() == ["09:30", "10:30"]
        assert client.post(url, {**cut, "end": "10:00"}).status_code == 200  # the end before the beginning
        client.post(url, {**cut, "apply": "1"})
        assert "10:30" not in starts() and sum(PlanEntry.objects.values_list("people", flat=True)) == 8
        client.force_login(make.make_staff())
        assert client.post(url, cut).status_code == 404


def test_staff_extend_the_time_of_one_person(client):
    day = make_shoot_day(1)
    graduate = day.graduates[0]
    url = reverse("students:extension", args=[graduate.public_id])
    client.force_login(day.coordinator)
    assert client.get(url).status_code == 404
    client.force_login(make.make_staff())
    assert client.post(url, {"until": "2018-07-15", "reason": "病假"}).status_code == 200
    client.post(url, {"until": "2018-08-01", "reason": "病假"})
    graduate.refresh_from_db()
    assert f"{graduate.reshoot_until}" == "2018-08-01"
