"""The graduate's own page: closed until the own number was typed, throttled, never kept by anybody, and useful."""

import pytest
from django.urls import reverse

from photocampus.errors import MissingReason
from photocampus.models import AccessLog, Event
from sessions.deliveries import prepare_for_receipt, send_delivery
from sessions.me import NothingReported, UnknownPart, open_reports, report_wrong_data, settle_report
from sessions.models import BookingKind, Delivery, DeliveryState, Receipt
from sessions.seats import seat_of
from students.models import Graduate, Student
from tests import factories as make
from tests.shoots.shoot_day import DAY, MORNING, ShootDay, at, make_photo, make_plan, make_shoot_day
from units.models import Campaign, CampaignState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def school():
    make.make_school()


@pytest.fixture
def day():
    with at(9, 40):
        yield make_shoot_day(2)


def url(graduate: Graduate, name: str = "me", *more: str) -> str:
    return reverse(f"shoots:{name}", args=[graduate.me_token, *more])


def own_number(graduate: Graduate) -> str:
    return Student.objects.get(enrolments__graduates=graduate).id_number.reveal()


def open_page(client, graduate: Graduate):
    return client.post(url(graduate), {"number": own_number(graduate)})


class TestDoor:
    def test_closed_page_shows_masked_data_only(self, client, day: ShootDay):
        graduate = day.graduates[0]
        answer = client.get(url(graduate))
        text = answer.content.decode()
        student = graduate.enrolment.student
        assert answer.status_code == 200 and "110105**********" in text
        assert student.name not in text and own_number(graduate) not in text
        assert graduate.enrolment.student_number not in text and day.studio.address not in text

    def test_never_kept_nor_indexed(self, client, day: ShootDay):
        for answer in (client.get(url(day.graduates[0])), open_page(client, day.graduates[0])):
            assert answer["Cache-Control"] == "no-store" and "noindex" in answer["X-Robots-Tag"]
            assert answer["Referrer-Policy"] == "no-referrer"

    def test_unknown_token_and_unpublished_campaign(self, client, day: ShootDay):
        assert client.get(reverse("shoots:me", args=["x" * 24])).status_code == 404
        Campaign.objects.update(state=CampaignState.CLOSED)
        assert client.get(url(day.graduates[0])).status_code == 404

    def test_own_number_opens_and_is_never_written_back(self, client, day: ShootDay):
        graduate = day.graduates[0]
        number = own_number(graduate)
        assert open_page(client, graduate).status_code == 302
        text = client.get(url(graduate)).content.decode()
        assert graduate.enrolment.student.name in text and number not in text
        assert number not in url(graduate)

    def test_other_number_does_not_open(self, client, day: ShootDay):
        first, second = day.graduates
        answer = client.post(url(first), {"number": own_number(second)})
        assert answer.status_code == 200 and own_number(second) not in answer.content.decode()
        assert first.enrolment.student.name not in client.get(url(first)).content.decode()

    def test_one_page_opens_no_other_and_closes_after_half_an_hour(self, client, day: ShootDay):
        first, second = day.graduates
        open_page(client, first)
        assert second.enrolment.student.name not in client.get(url(second)).content.decode()
        with at(10, 11):
            assert first.enrolment.student.name not in client.get(url(first)).content.decode()

    def test_five_wrong_numbers_pause_this_page_at_this_address_only(self, client, day: ShootDay):
        first, second = day.graduates
        for _attempt in range(5):
            client.post(url(first), {"number": own_number(second)})
        assert open_page(client, first).status_code == 200  # even the right one waits
        assert (
            client.post(url(first), {"number": own_number(first)}, REMOTE_ADDR="10.0.0.9").status_code == 302
        )
        assert open_page(client, second).status_code == 302
        with at(9, 56):
            assert open_page(client, first).status_code == 302
        assert AccessLog.objects.filter(action="me_id_differs", subject_id=first.pk).count() == 5

    @pytest.mark.parametrize("name", ["me-picture", "me-code"])
    def test_parts_are_closed_too(self, client, day: ShootDay, name):
        make_photo(day, day.graduates[0])
        assert client.get(url(day.graduates[0], name)).status_code == 404
        open_page(client, day.graduates[0])
        assert client.get(url(day.graduates[0], name)).status_code == 200

    def test_acts_are_closed_too(self, client, day: ShootDay):
        answer = client.post(url(day.graduates[0], "me-act", "report"), {"part": "name"}, follow=True)
        assert answer.request["PATH_INFO"] == url(day.graduates[0]) and "再次输入" in answer.content.decode()
        assert not Event.objects.filter(kind="data_reported_wrong").exists()
        open_page(client, day.graduates[0])
        assert client.post(url(day.graduates[0], "me-act", "nonsense")).status_code == 404


class TestUse:
    def test_when_where_price_and_payee(self, client, day: ShootDay):
        make_plan(day, rate=1)
        graduate = day.graduates[1]
        open_page(client, graduate)
        text = client.get(url(graduate)).content.decode()
        wanted = (
            "2018-04-17 10:30",
            "10:15",
            "A2",
            "深色正装",
            day.studio.address,
            day.studio.phone,
            day.studio.name,
        )
        assert [word for word in wanted if word not in text] == []
        assert "20" in text

    def test_wrong_data_reach_the_unit_without_numbers(self, client, day: ShootDay):
        graduate = day.graduates[0]
        open_page(client, graduate)
        note = f"我的证件号是{own_number(graduate)},名字是繁体"
        client.post(url(graduate, "me-act", "report"), {"part": "id_number", "note": note})
        event = Event.objects.get(kind="data_reported_wrong")
        assert (event.new, event.reason) == ("id_number", "我的证件号是***,名字是繁体")
        client.force_login(day.coordinator)
        reports = reverse("shoots:reports", args=[day.unit.code, day.campaign.code])
        assert "名字是繁体" in client.get(reports).content.decode()
        client.post(f"{reports}{graduate.public_id}/", {"answer": "已申请更正"})
        assert not open_reports(day.unit, day.campaign).exists()
        report_wrong_data(graduate=graduate, part="name")
        assert list(open_reports(day.unit, day.campaign)) == [graduate]

    def test_report_that_cannot_be_taken_is_answered_as_an_error(self, client, day: ShootDay):
        open_page(client, day.graduates[0])
        answer = client.post(
            url(day.graduates[0], "me-act", "report"), {"part": "name", "note": "字" * 201}, follow=True
        )
        assert "message-error" in answer.content.decode() and "200" in answer.content.decode()
        assert not Event.objects.filter(kind="data_reported_wrong").exists()

    def test_refusals_of_reports(self, day: ShootDay):
        with pytest.raises(UnknownPart):
            report_wrong_data(graduate=day.graduates[0], part="weather")
        with pytest.raises(NothingReported):
            settle_report(graduate=day.graduates[0], answer="x", by=day.coordinator)
        with pytest.raises(MissingReason):
            settle_report(graduate=day.graduates[0], answer="", by=day.coordinator)

    def test_seat_is_chosen_changed_and_given_back(self, client):
        with at(9):
            day = make_shoot_day(0, kind=BookingKind.INDIVIDUAL, started=False, seats_per_half_hour=1)
            graduate = make.make_graduate(day.campaign, day.unit)
            open_page(client, graduate)
            for start in (MORNING[1], MORNING[3]):
                seat = f"{day.booking.public_id}/{DAY}/{start:%H%M}"
                assert f'value="{seat}"' in client.get(url(graduate)).content.decode()
                client.post(url(graduate, "me-act", "seat"), {"seat": seat})
                assert seat_of(graduate).seat_start == start
            client.post(url(graduate, "me-act", "give-back"))
            assert seat_of(graduate) is None
            for seat in (
                "nonsense",
                f"{day.booking.public_id}/{DAY}/09²",
                f"{day.booking.public_id}/{DAY}/09{'9' * 20}",
            ):
                assert client.post(url(graduate, "me-act", "seat"), {"seat": seat}).status_code == 404

    def test_receipt_and_collection_with_something_missing(self, client):
        with at(9, 40):
            day = make_shoot_day(1, kind=BookingKind.INDIVIDUAL)
            row = day.photograph(day.attendances[0])
            make_photo(day, row.graduate)
            delivery = prepare_for_receipt(receipt=Receipt.objects.get(), by=day.photographer)
            make.run_jobs()
            send_delivery(delivery=delivery, by=day.photographer)
            open_page(client, row.graduate)
            text = client.get(url(row.graduate)).content.decode()
            assert "00001" in text and "2018-04-22" in text
            data = {"delivery": delivery.public_id, f"1in-{row.graduate.public_id}": "2"}
            client.post(url(row.graduate, "me-act", "collected"), data)
            delivery = Delivery.objects.get()
            assert delivery.state == DeliveryState.INCOMPLETE and Receipt.objects.get().collected_at
            assert delivery.items.get().missing == {"prints_1in": 2}
