"""The demonstration's way through the use cases, as far as it goes without pictures."""

from __future__ import annotations

from unittest import mock

import pytest
from django.core.management import call_command

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.jobs import JobState
from photocampus.models import Event, Job, School, User
from sessions.demo import opening, shooting
from sessions.demo.scene import TODAY, DemoFailed
from sessions.demo.steps import NotEmpty, make_demo
from sessions.models import Attendance, Booking, WaitlistEntry
from sessions.offers import offer_wherever_free
from sessions.routes import route_of_unit
from students.models import Graduate, SignOff
from tests import factories as make
from units.models import Acknowledgement, Campaign, Unit

SIZE = {"units": 5, "graduates": 330, "seed": 7, "say": lambda text: None}


@pytest.mark.django_db(transaction=True)
def test_demonstration_takes_each_step_at_its_date_by_the_proper_role() -> None:
    make_demo(**SIZE, until="plan")
    assert School.objects.get().demo_date == TODAY
    campaign = Campaign.objects.get()
    routes = {
        route_of_unit(unit, campaign).verdict.counted: route_of_unit(unit, campaign).verdict.route
        for unit in Unit.objects.order_by("code")[:3]
    }
    assert routes == {99: "studio", 100: "on_site", 101: "on_site"}
    assert Acknowledgement.objects.exists() and SignOff.objects.exists()
    assert Booking.objects.filter(state="confirmed").exists() and Attendance.objects.exists()
    assert {event.by.role for event in Event.objects.filter(kind="state_asked")} == {"unit"}
    assert {event.by.role for event in Event.objects.filter(kind="state_confirmed")} == {"studio"}
    entry = WaitlistEntry.objects.get()
    assert entry.state == "waiting" and entry.day > TODAY and entry.joined_by.role == "unit"
    with clock.at(TODAY):
        assert offer_wherever_free() == 0  # the day is full, so that the unit goes on waiting
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert Graduate.objects.count() > 300
    assert max(Event.objects.values_list("at", flat=True)).date() <= TODAY


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("module", "use_case"),
    [
        (opening, "publish_campaign"),
        (opening, "ask_apply"),
        (shooting, "confirm_booking"),
        (shooting, "generate_plan"),
    ],
)
def test_demonstration_fails_without_a_use_case(module: object, use_case: str) -> None:
    with mock.patch.object(module, use_case), pytest.raises((DomainError, DemoFailed)):
        make_demo(**SIZE, until="plan")


@pytest.mark.django_db
def test_demonstration_goes_into_an_empty_database_only() -> None:
    make.make_school()
    with pytest.raises(NotEmpty):
        make_demo(**SIZE, until="campaign")
    with pytest.raises(SystemExit) as ended:
        call_command("demo")
    assert ended.value.code == 2 and not User.objects.exists()
