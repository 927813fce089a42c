"""Who is behind which deadline, 催办 with one click and once a day, and reminders that come by themselves."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from photocampus import clock
from photocampus.errors import NotAllowed
from photocampus.models import Event, Notification, Reminded
from photocampus.told import sentence, tell_waiting
from sessions.booking import confirm_booking
from students.sign_off import sign_off_class
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, make_world
from tests.shoots.test_told import ask
from units.deadlines import all_deadlines, deadline_named, units_behind
from units.models import Campaign, Membership, Urging
from units.urging import (
    CampaignNotRunning,
    NobodyBehind,
    NoSuchDeadline,
    RemindedToday,
    remind_of_deadlines,
    urge_units,
)

BY = dt.date(2018, 4, 10)
KEYS = ["acknowledge_by", "roster_by", "sign_off_by", "booking_by", "acceptance_by", "submission_by"]


@pytest.fixture
def world(db):
    with clock.at(NOW):
        world = make_world()
        Campaign.objects.update(**dict.fromkeys(KEYS, BY))
        world.campaign.refresh_from_db()
        yield world


def behind(world, key):
    return {row.unit: row.missing for row in units_behind(world.campaign, deadline_named(key))}


def test_each_step_of_the_work_has_its_deadline():
    assert [entry.key for entry in all_deadlines()] == KEYS


def test_behind_is_who_has_not_done_the_step(world):
    unit, other = world.unit, world.other
    assert behind(world, "sign_off_by") == {unit: 2, other: 1}
    assert behind(world, "booking_by") == {unit: 43, other: 5}
    assert behind(world, "acceptance_by") == behind(world, "submission_by") == {unit: 43, other: 5}
    assert behind(world, "roster_by") == {}
    late = make.make_unit("zz")
    admissions = make.make_unit("ad", kind="admissions", college=unit)
    make.make_graduates(2, world.campaign, admissions)
    assert behind(world, "roster_by") == {late: 1}
    assert behind(world, "submission_by") == {unit: 45, other: 5}  # the college submits for it
    sign_off_class(
        campaign=world.campaign,
        class_group=unit.classes.first(),
        checked_on=clock.today(),
        by=world.coordinator,
    )
    assert behind(world, "sign_off_by")[unit] == 1
    confirm_booking(booking=ask(world), agreed_load=60, by=world.photographer)
    assert unit not in behind(world, "booking_by")


def test_one_click_reminds_everybody_behind_once_a_day(world):
    done = urge_units(campaign=world.campaign, key="booking_by", by=world.staff)
    assert (done.units, done.already) == (2, 0)
    tell_waiting()
    rows = {row.user: row for row in Notification.objects.select_related("event")}
    assert set(rows) == {world.coordinator, world.rival}
    with translation.override("en"):
        assert sentence(rows[world.rival]) == (
            f"Academic affairs remind {world.other.name}: “Shoot booked” is due on 2018-04-10. "
            "Still open: 5 (people without a confirmed shoot)."
        )
    assert rows[world.rival].url == f"/unit/{world.other.code}/2018/bookings/"
    with pytest.raises(RemindedToday):
        urge_units(campaign=world.campaign, key="booking_by", by=world.staff)
    third = make.make_unit("zz")
    make.make_graduates(1, world.campaign, third)
    done = urge_units(campaign=world.campaign, key="booking_by", by=world.staff)
    assert (done.units, done.already) == (1, 2)
    assert urge_units(campaign=world.campaign, key="sign_off_by", by=world.staff).units == 3
    with clock.at(NOW + dt.timedelta(days=1)):
        assert urge_units(campaign=world.campaign, key="booking_by", by=world.staff).units == 3
    assert Urging.objects.filter(deadline="booking_by").count() == 6
    assert Event.objects.filter(kind="urged", data__deadline="booking_by", by=world.staff).count() == 6


def test_reminding_is_refused_where_it_makes_no_sense(world):
    with pytest.raises(NotAllowed):
        urge_units(campaign=world.campaign, key="booking_by", by=world.coordinator)
    with pytest.raises(NoSuchDeadline):
        urge_units(campaign=world.campaign, key="window_end", by=world.staff)
    with pytest.raises(NobodyBehind):
        urge_units(campaign=world.campaign, key="roster_by", by=world.staff)
    Campaign.objects.update(booking_by=None)
    with pytest.raises(NoSuchDeadline):
        urge_units(campaign=world.campaign, key="booking_by", by=world.staff)
    Campaign.objects.update(state="closed")
    with pytest.raises(CampaignNotRunning):
        urge_units(campaign=world.campaign, key="sign_off_by", by=world.staff)
    assert not Urging.objects.exists()


def test_near_deadlines_are_reminded_of_by_themselves_once(world):
    Campaign.objects.update(**{**dict.fromkeys(KEYS), "booking_by": BY})
    counts = []
    for day in (BY - dt.timedelta(days=8), BY - dt.timedelta(days=7), BY - dt.timedelta(days=5),
                BY - dt.timedelta(days=1), BY, BY + dt.timedelta(days=1)):  # fmt: skip
        with clock.at(day):
            counts.append((remind_of_deadlines(), remind_of_deadlines()))
    assert counts == [(0, 0), (2, 0), (0, 0), (2, 0), (0, 0), (0, 0)]
    assert Reminded.objects.count() == Event.objects.filter(kind="deadline_near").count() == 4
    tell_waiting()
    row = Notification.objects.filter(user=world.rival).select_related("event").first()
    assert "截止" in sentence(row)


def staff_client(world):
    client = Client()
    client.force_login(world.staff, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_page_lists_who_is_behind_and_reminds(world):
    Membership.objects.filter(user=world.rival).update(ended_at=clock.now())
    client, url = staff_client(world), reverse("units:deadlines", args=["2018"])
    dues = {due.entry.key: due for due in client.get(url).context["dues"]}
    assert (dues["booking_by"].waiting, dues["booking_by"].unreachable, dues["booking_by"].left) == (2, 1, 21)
    answer = client.post(reverse("units:urge", args=["2018", "booking_by"]))
    assert answer["Location"] == url + "#booking_by"
    page = client.get(url)
    due = next(due for due in page.context["dues"] if due.entry.key == "booking_by")
    assert due.waiting == 0 and [row.last_urged for row in due.rows] == [NOW.date(), NOW.date()]
    assert reverse("units:urge", args=["2018", "booking_by"]) not in page.content.decode()
    client.post(reverse("units:urge", args=["2018", "booking_by"]))
    assert Urging.objects.count() == 2


def test_page_costs_the_same_queries_for_any_number_of_units(world):
    client, counts = staff_client(world), []
    client.get(reverse("units:deadlines", args=["2018"]))
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("units:deadlines", args=["2018"]))
        counts.append(len(queries))
        unit = make.make_unit()
        make.make_coordinator(unit)
        make.make_graduates(2, world.campaign, unit)
        Urging.objects.create(
            campaign=world.campaign, unit=unit, deadline="booking_by", day=DAY, missing=1, by=world.staff
        )
    assert len(set(counts)) == 1, counts
