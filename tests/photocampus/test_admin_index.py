"""The admin's start page shows what waits for academic affairs, in the portal's frame."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils.translation import gettext

from photocampus import clock
from photocampus import waiting as registry
from photocampus.models import Role, School
from photocampus.waiting import Scope, WaitingItem, waiting
from tests.factories import make_campaign, make_school, make_staff, make_user
from units.campaigns import change_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def only_item(monkeypatch):
    registry.load_finders()
    monkeypatch.setattr(registry, "_finders", {"unit": [], "studio": [], "staff": []})

    @waiting(role="staff", order=10)
    def item(scope: Scope) -> WaitingItem:
        return WaitingItem("等待审核的图像", 42, "/there/", urgency="soon")


def test_admin_index_lists_what_waits_per_campaign(client, only_item):
    make_school()
    campaign = make_campaign()
    client.force_login(make_staff())
    page = client.get(reverse("admin:index")).content.decode()
    for text in (campaign.name, "等待审核的图像", "42", 'href="/there/"'):
        assert text in page
    assert reverse("students:units", args=[campaign.code]) in page


def test_admin_carries_no_inline_style_or_script(client):
    make_school()
    client.force_login(make_staff())
    page = client.get(reverse("admin:index")).content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


def test_admin_says_that_it_is_the_demonstration(client):
    make_school()
    School.objects.update(demo_date=dt.date(2018, 4, 17))
    clock.forget()
    client.force_login(make_staff())
    assert "2018-04-17" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("role", [Role.UNIT, Role.STUDIO])
def test_admin_is_for_academic_affairs_only(client, role):
    make_school()
    client.force_login(make_user(role))
    for name in ("admin:index", "admin:login", "admin:password_change"):
        assert client.get(reverse(name)).status_code == 404


def test_admin_has_no_login_of_its_own(client):
    make_school()
    assert client.get(reverse("admin:login")).headers["Location"] == "/login/?next=/admin/"
    chain = client.get(reverse("admin:index"), follow=True).redirect_chain
    assert chain[-1][0] == "/login/?next=/admin/"
    client.force_login(make_staff())
    assert client.get(reverse("admin:password_change")).headers["Location"] == reverse("password_change")


def test_history_tells_in_words(client):
    make_school()
    boss, campaign = make_staff(), make_campaign()
    change_campaign(campaign=campaign, by=boss, threshold=80)
    client.force_login(boss)
    page = client.get(reverse("admin:units_campaign_history", args=[campaign.pk]))
    row = page.context["events"][0]
    assert row["what"] == gettext("Campaign changed") and row["pairs"][0][1:] == ("100", "80")
