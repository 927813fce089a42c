"""The demonstration's date moves forward only, by academic affairs only, and never in real life."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from photocampus import clock
from photocampus.demo_clock import NoDemonstration, OnlyForward, advance_demo_date
from photocampus.models import Event, School
from tests import factories as make


@pytest.fixture
def demonstration(db: None) -> School:
    return make.make_school(demo_date=dt.date(2018, 4, 17))


def test_date_moves_forward_with_a_trace(demonstration: School) -> None:
    advance_demo_date(days=7, by=make.make_staff())
    clock.forget()
    assert clock.today() == dt.date(2018, 4, 24)
    event = Event.objects.get(kind="demo_date_advanced")
    assert (event.old, event.new) == ("2018-04-17", "2018-04-24")


@pytest.mark.parametrize("days", [0, -1, 400])
def test_date_never_moves_back_nor_far(demonstration: School, days: int) -> None:
    with pytest.raises(OnlyForward):
        advance_demo_date(days=days, by=make.make_staff())


def test_real_portal_has_no_such_date(db: None) -> None:
    make.make_school()
    with pytest.raises(NoDemonstration):
        advance_demo_date(days=1, by=make.make_staff())


def test_button_leads_back_to_the_page(demonstration: School) -> None:
    client = Client()
    client.force_login(make.make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(reverse("demo-date"), {"days": "1", "next": "/jobs/"})
    assert answer["Location"] == "/jobs/"
    assert client.post(reverse("demo-date"), {"days": "1", "next": "//elsewhere.example/"})["Location"] == "/"
