"""All units at a glance, for academic affairs only, with the same number of queries however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from students.unit_list import UnitRow, sorted_rows, unit_rows
from tests.factories import (
    make_campaign,
    make_coordinator,
    make_graduates,
    make_photographer,
    make_school,
    make_staff,
    make_studio,
    make_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    make_school()
    return make_campaign()


def test_list_shows_every_unit_with_its_people(client, campaign):
    small, large = make_unit(name="小学院"), make_unit(name="大学院")
    make_graduates(1, campaign, small)
    make_graduates(3, campaign, large)
    client.force_login(make_staff())
    page = client.get(reverse("students:units", args=[campaign.code]))
    assert [row.counting for row in page.context["rows"]] == [1, 3]
    assert "小学院" in page.content.decode()


def test_list_query_count_is_constant(client, campaign):
    client.force_login(make_staff())
    url = reverse("students:units", args=[campaign.code])
    make_graduates(1, campaign, make_unit())
    client.get(url)
    with CaptureQueriesContext(connection) as first:
        client.get(url)
    for _ in range(3):
        make_graduates(2, campaign, make_unit())
    with CaptureQueriesContext(connection) as second:
        client.get(url)
    assert len(first) == len(second)


def test_list_finds_and_sorts(client, campaign):
    first, second = make_unit("a1", name="甲学院"), make_unit("b2", name="乙学院")
    make_graduates(1, campaign, first)
    make_graduates(2, campaign, second)
    rows = unit_rows(campaign)
    assert [row.unit for row in sorted_rows(rows, "people")] == [second, first]
    assert [row.unit for row in sorted_rows(rows, "nonsense")] == [first, second]
    client.force_login(make_staff())
    answer = client.get(reverse("students:units", args=[campaign.code]), {"q": "乙"})
    assert [row.unit for row in answer.context["rows"]] == [second]


def test_unit_without_people_has_an_empty_bar(campaign):
    unit = make_unit()
    (row,) = unit_rows(campaign)
    assert isinstance(row, UnitRow)
    assert (row.unit, row.counting, row.progress.total, row.left) == (unit, 0, 0, 0)


def test_list_is_for_academic_affairs_only(client, campaign):
    url = reverse("students:units", args=[campaign.code])
    for user in (make_coordinator(make_unit()), make_photographer(make_studio(campaign=campaign))):
        client.force_login(user)
        assert client.get(url).status_code == 404
