"""The unit's page with its numbers, rule and telephones; the studio's list of units."""

import datetime as dt

import pytest
from django.urls import reverse

from photocampus import clock
from sessions.models import Hold, RouteOverride
from sessions.routes import route_of_unit
from students.models import Category, Exemption
from tests.factories import (
    make_booking,
    make_campaign,
    make_coordinator,
    make_graduate,
    make_graduates,
    make_grant,
    make_photographer,
    make_school,
    make_staff,
    make_station,
    make_studio,
    make_unit,
)
from units.models import Acknowledgement, Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    make_school()
    return make_campaign(booking_by=dt.date(2018, 4, 20), threshold=3)


def overview(unit, campaign) -> str:
    return reverse("shoots:overview", args=[unit.code, campaign.code])


@pytest.mark.parametrize(("people", "label"), [(2, "到店集体拍摄"), (3, "到校集体拍摄"), (4, "到校集体拍摄")])
def test_route_stands_on_the_page_with_the_number_and_the_rule(client, campaign, people, label):
    unit = make_unit()
    make_graduates(people, campaign, unit)
    client.force_login(make_coordinator(unit))
    answer = client.get(overview(unit, campaign))
    route = answer.context["route"]
    assert route.verdict.counted == people
    assert f"计入人数 {people} 人" in answer.content.decode()
    assert "通知第二部分第 2 条" in answer.content.decode()
    assert (route.verdict.by_rule == "on_site") == (people >= 3)


def test_route_counts_exempt_but_not_early_people(campaign):
    unit = make_unit()
    make_graduates(2, campaign, unit)
    make_graduate(campaign, unit, exemption=Exemption.EARLIER_PICTURE)
    make_graduate(campaign, unit, category=Category.EARLY)
    route = route_of_unit(unit, campaign)
    assert (route.verdict.counted, route.to_photograph) == (3, 3)


def test_override_stands_beside_the_rule_with_its_reason(client, campaign):
    unit, staff = make_unit(), make_staff()
    make_graduates(2, campaign, unit)
    RouteOverride.objects.create(campaign=campaign, unit=unit, route="on_site", reason="两个校区", by=staff)
    client.force_login(make_coordinator(unit))
    page = client.get(overview(unit, campaign)).content.decode()
    assert "两个校区" in page
    assert route_of_unit(unit, campaign).verdict.overridden


def test_page_names_studio_telephone_address_and_way(client, campaign):
    unit = make_unit()
    make_studio(campaign=campaign, phone="010-12345678", address="示范路 2 号", directions="地铁 2 号线")
    client.force_login(make_coordinator(unit))
    page = client.get(overview(unit, campaign)).content.decode()
    for text in ("010-12345678", "示范路 2 号", "地铁 2 号线"):
        assert text in page


def test_next_dates_hold_deadlines_and_bookings_that_are_ahead(client, campaign):
    unit, studio = make_unit(), make_studio(campaign=campaign)
    booking = make_booking(campaign, studio, unit)
    station = make_station(studio)
    for hour in (10, 11):
        Hold.objects.create(booking=booking, station=station, day=dt.date(2018, 4, 24), start=dt.time(hour))
    client.force_login(make_coordinator(unit))
    with clock.at(dt.date(2018, 4, 17)):
        dates = client.get(overview(unit, campaign)).context["dates"]
        assert [date.day for date in dates] == [
            dt.date(2018, 4, 20),
            dt.date(2018, 4, 24),
            dt.date(2018, 7, 15),
        ]
    with clock.at(dt.date(2018, 5, 1)):
        assert len(client.get(overview(unit, campaign)).context["dates"]) == 1


def test_staff_read_any_units_page_and_strangers_none(client, campaign):
    unit = make_unit()
    client.force_login(make_staff())
    answer = client.get(overview(unit, campaign))
    assert answer.status_code == 200
    assert "只读" in answer.content.decode()
    studio = make_studio(campaign=campaign)
    make_grant(studio, unit, campaign)
    for stranger in (make_coordinator(make_unit()), make_photographer(studio)):
        client.force_login(stranger)
        assert client.get(overview(unit, campaign)).status_code == 404


def test_college_reads_the_page_of_its_admissions_unit(client, campaign):
    college = make_unit()
    admissions = make_unit(kind="admissions", college=college)
    client.force_login(make_coordinator(college))
    assert client.get(overview(admissions, campaign)).status_code == 200
    assert overview(admissions, campaign) in client.get(overview(college, campaign)).content.decode()


def acknowledge(unit, campaign, by) -> None:
    notice = Notice.objects.filter(campaign=campaign).first() or Notice.objects.create(
        campaign=campaign,
        title="通知",
        body="x",
        issuer="教务处",
        issued_on=dt.date(2018, 2, 1),
        published_at=clock.now(),
        published_by=by,
    )
    Acknowledgement.objects.create(
        notice=notice, unit=unit, contact_name="孙老师", contact_phone="13900001111", by=by
    )


def test_studio_sees_telephones_of_granted_units_only(client, campaign):
    studio, granted, other = (
        make_studio(campaign=campaign),
        make_unit(name="甲学院"),
        make_unit(name="乙学院"),
    )
    make_grant(studio, granted, campaign)
    make_booking(campaign, studio, granted, companion_name="钱老师", companion_phone="13900002222")
    for unit in (granted, other):
        acknowledge(unit, campaign, make_staff())
    client.force_login(make_photographer(studio))
    page = client.get(reverse("shoots:studio-units", args=[studio.code, campaign.code])).content.decode()
    assert "甲学院" in page
    assert "乙学院" not in page
    assert "13900001111" in page
    assert "13900002222" in page


def test_studio_list_of_another_studio_is_not_found(client, campaign):
    studio = make_studio(campaign=campaign)
    client.force_login(make_photographer(make_studio(campaign=campaign)))
    url = reverse("shoots:studio-units", args=[studio.code, campaign.code])
    assert client.get(url).status_code == 404


def test_studio_list_query_count_is_constant(client, campaign):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    studio = make_studio(campaign=campaign)
    client.force_login(make_photographer(studio))
    url = reverse("shoots:studio-units", args=[studio.code, campaign.code])
    make_grant(studio, make_unit(), campaign)
    client.get(url)
    with CaptureQueriesContext(connection) as first:
        client.get(url)
    for _ in range(2):
        unit = make_unit()
        make_grant(studio, unit, campaign)
        make_graduates(2, campaign, unit)
        make_coordinator(unit)
    with CaptureQueriesContext(connection) as second:
        client.get(url)
    assert len(first) == len(second)
