"""What waits for a person now: the registry, and the start pages it fills."""

import datetime as dt
from itertools import pairwise

import pytest
from django.urls import reverse

from photocampus import waiting as registry
from photocampus.navigation import navigation
from photocampus.waiting import Scope, WaitingItem, scopes_of, urgency, waiting, waiting_items
from tests.factories import (
    make_campaign,
    make_coordinator,
    make_photographer,
    make_school,
    make_staff,
    make_studio,
    make_unit,
)
from units.models import CampaignState, Membership

pytestmark = pytest.mark.django_db
TODAY = dt.date(2018, 4, 17)


@pytest.fixture
def own_items(monkeypatch):
    """Only the items of the test, whatever the apps have registered."""
    registry.load_finders()
    monkeypatch.setattr(registry, "_finders", {"unit": [], "studio": [], "staff": []})


@pytest.fixture
def campaign():
    make_school()
    return make_campaign()


def scope(user, campaign, **place) -> Scope:
    return Scope(user=user, today=TODAY, campaign=campaign, **place)


def test_urgency_turns_amber_a_week_before_and_red_on_the_day():
    assert urgency(None, TODAY) == ""
    assert urgency(TODAY + dt.timedelta(days=8), TODAY) == ""
    assert urgency(TODAY + dt.timedelta(days=7), TODAY) == "soon"
    assert urgency(TODAY + dt.timedelta(days=1), TODAY) == "soon"
    assert urgency(TODAY, TODAY) == "now"
    assert urgency(TODAY - dt.timedelta(days=1), TODAY) == "now"


def test_items_come_in_the_order_of_the_steps_without_the_empty_ones(own_items, campaign):
    @waiting(role="unit", order=90)
    def later(scope: Scope) -> WaitingItem:
        return WaitingItem("later", 2, "/later/")

    @waiting(role="unit", order=10)
    def first(scope: Scope) -> list[WaitingItem]:
        return [WaitingItem("first", 1, "/first/"), WaitingItem("none", 0, "/none/")]

    @waiting(role="unit", order=20)
    def nothing(scope: Scope) -> None:
        return None

    unit = make_unit()
    user = make_coordinator(unit)
    items = waiting_items("unit", scope(user, campaign, unit=unit))
    assert [item.label for item in items] == ["first", "later"]
    assert waiting_items("studio", scope(user, campaign)) == []


def test_scopes_are_own_units_times_published_campaigns(campaign):
    unit, other = make_unit(), make_unit()
    user = make_coordinator(unit)
    ended = Membership.objects.create(user=user, unit=other)
    draft = make_campaign("2019", state=CampaignState.DRAFT)
    assert {item.unit for item in scopes_of(user)} == {unit, other}
    ended.ended_at = dt.datetime(2018, 3, 1, tzinfo=dt.UTC)
    ended.save(update_fields=["ended_at"])
    assert [(item.unit, item.campaign) for item in scopes_of(user)] == [(unit, campaign)]
    assert draft not in {item.campaign for item in scopes_of(user)}


def test_scopes_of_studio_and_staff(campaign):
    studio = make_studio(campaign=campaign)
    make_studio(campaign=campaign)
    assert [item.studio for item in scopes_of(make_photographer(studio))] == [studio]
    assert [item.campaign for item in scopes_of(make_staff())] == [campaign]


def test_unit_start_lists_what_waits_with_count_and_link(client, own_items, campaign):
    unit = make_unit(name="甲学院")

    @waiting(role="unit", order=10)
    def item(scope: Scope) -> WaitingItem:
        return WaitingItem("照片待认可", 124, "/there/", hint="拍摄日", urgency="now")

    client.force_login(make_coordinator(unit))
    page = client.get(reverse("units:unit-start")).content.decode()
    for text in ("甲学院", "照片待认可", "124", 'href="/there/"', 'class="is-now"'):
        assert text in page
    assert reverse("shoots:overview", args=[unit.code, campaign.code]) in page


def test_start_without_a_campaign_says_so(client):
    make_school()
    client.force_login(make_coordinator(make_unit()))
    assert "暂无工作" in client.get(reverse("units:unit-start")).content.decode()


def test_start_pages_belong_to_their_roles(client, campaign):
    studio = make_studio(campaign=campaign)
    unit_start, studio_start = reverse("units:unit-start"), reverse("units:studio-start")
    client.force_login(make_photographer(studio))
    assert client.get(unit_start).status_code == 404
    assert client.get(studio_start).status_code == 200
    client.force_login(make_coordinator(make_unit()))
    assert client.get(studio_start).status_code == 404
    client.force_login(make_staff())
    assert client.get(unit_start).headers["Location"] == reverse("students:units", args=[campaign.code])


def test_navigation_marks_the_longest_matching_address(client, campaign):
    client.force_login(make_coordinator(make_unit()))
    answer = client.get(reverse("jobs"))
    active = [item for item in answer.context["nav"] if item.active]
    assert [item.url for item in active] == [reverse("jobs")]


def test_navigation_keeps_sections_together(client, campaign):
    for user in (
        make_coordinator(make_unit()),
        make_photographer(make_studio(campaign=campaign)),
        make_staff(),
    ):
        client.force_login(user)
        sections = [item.section for item in client.get(reverse("jobs")).context["nav"]]
        changes = sum(1 for before, after in pairwise(sections) if before != after)
        assert changes == len(set(sections)) - 1


def test_navigation_is_empty_for_visitors(rf):
    assert navigation(rf.get("/")) == []
