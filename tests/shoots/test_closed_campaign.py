"""A closed campaign: nothing is agreed in it any more, and the studio sees nobody."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from photocampus import clock
from photocampus.ledger import disagreements
from sessions import booking as acts
from sessions.campaign_open import CampaignNotOpen
from sessions.expectations import grant_units
from sessions.models import Booking, Hold, WaitlistEntry
from sessions.studio_days import open_individual_day
from sessions.waitlist import accept_offer, join_waitlist
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_world
from tests.shoots.test_holding_races import at_once
from units.campaigns import close_campaign
from units.models import Campaign, CampaignState, StudioGrant

pytestmark = pytest.mark.django_db
NEXT = DAY + dt.timedelta(days=1)
NAMED = {"companion_name": "陈老师", "companion_phone": "13900000001"}


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def shut(world: World) -> None:
    """Closed, with whatever was under negotiation still there."""
    Campaign.objects.filter(pk=world.campaign.pk).update(state=CampaignState.CLOSED)


def test_nothing_is_agreed_in_a_closed_campaign_and_no_studio_gets_its_people(world: World) -> None:
    steps = {
        "asked": [
            lambda b: acts.confirm_booking(booking=b, agreed_load=50, by=world.photographer),
            lambda b: acts.propose_hours(
                booking=b, hours=hours(world.bays[1]), agreed_load=50, by=world.photographer
            ),
        ],
        "proposed": [
            lambda b: acts.accept_proposal(booking=b, by=world.coordinator),
            lambda b: acts.counter_proposal(booking=b, hours=hours(world.bays[1]), by=world.coordinator),
        ],
        "confirmed": [
            lambda b: acts.move_booking(booking=b, hours=hours(world.bays[1]), by=world.coordinator)
        ],
        "offered": [lambda b: accept_offer(booking=b, by=world.coordinator)],
    }
    booking = ask(world, **NAMED)
    shut(world)
    for state, ways in steps.items():
        Booking.objects.filter(pk=booking.pk).update(state=state, agreed_load=50)
        for step in ways:
            with pytest.raises(CampaignNotOpen):
                step(Booking.objects.get(pk=booking.pk))
    with pytest.raises(CampaignNotOpen):
        grant_units(booking=booking, units=[world.unit], by=world.photographer)
    assert not StudioGrant.objects.exists() and not booking.attendances.exists()


def test_nothing_begins_in_a_campaign_that_was_closed_after_the_page_was_loaded(world: World) -> None:
    busy = ask(world, [*hours(*world.bays), *hours(*world.bays, start="13:00", end="17:00")])
    Campaign.objects.filter(pk=world.campaign.pk).update(state=CampaignState.CLOSED)
    assert world.campaign.state == CampaignState.PUBLISHED
    fields = {"campaign": world.campaign, "studio": world.studio}
    steps = [
        lambda: ask(world, hours(world.bays[0], day=NEXT), units=[world.other], by=world.rival),
        lambda: open_individual_day(
            hours=hours(world.bays[0], day=NEXT), seats=2, by=world.photographer, **fields
        ),
        lambda: join_waitlist(unit=world.other, kind="group", day=DAY, by=world.rival, **fields),
    ]
    for step in steps:
        with pytest.raises(CampaignNotOpen):
            step()
    assert Booking.objects.get() == busy and not WaitlistEntry.objects.exists()
    assert not Hold.objects.exclude(booking=busy).exists()


@pytest.mark.django_db(transaction=True)
def test_a_request_made_while_the_campaign_is_closed_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes waits for the request that was judged before, and then sees it."""
    with clock.at(NOW):
        world = make_world()
    judged, hold = threading.Event(), acts.hold_hours

    def hold_slowly(**fields: Any) -> None:
        judged.set()
        time.sleep(0.5)
        hold(**fields)

    def close() -> None:
        judged.wait(timeout=20)
        close_campaign(campaign=world.campaign, by=world.staff)

    monkeypatch.setattr(acts, "hold_hours", hold_slowly)
    booking, _closed = at_once(lambda: ask(world), close)
    assert isinstance(booking, Booking)
    booking.refresh_from_db()
    assert booking.state == "withdrawn" and not Hold.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_request_does_not_wait_for_a_roster_that_is_being_written() -> None:
    with clock.at(NOW):
        world = make_world()
    writing, asked = threading.Event(), threading.Event()

    def write_roster() -> bool:
        with transaction.atomic():
            Campaign.objects.select_for_update(no_key=True).get(pk=world.campaign.pk)
            writing.set()
            return asked.wait(timeout=20)

    def ask_meanwhile() -> Booking:
        writing.wait(timeout=20)
        booking = ask(world)
        asked.set()
        return booking

    was_asked, booking = at_once(write_roster, ask_meanwhile)
    assert was_asked is True and isinstance(booking, Booking)


def test_closing_a_campaign_ends_what_nobody_confirmed(world: World) -> None:
    asked, firm = ask(world), confirmed(world, hours(world.bays[1]), units=[world.other], by=world.rival)
    close_campaign(campaign=world.campaign, by=world.staff)
    asked.refresh_from_db()
    firm.refresh_from_db()
    assert (asked.state, firm.state) == ("withdrawn", "confirmed")
    assert set(Hold.objects.values_list("booking", flat=True)) == {firm.pk}
    last = asked.messages.latest("pk")
    assert last.note and last.by == world.staff
    assert list(disagreements()) == []


@pytest.mark.parametrize("state", ["asked", "confirmed"])
def test_pages_of_a_closed_campaign_offer_no_step_that_would_be_refused(world: World, state: str) -> None:
    booking = ask(world, **NAMED) if state == "asked" else confirmed(world)
    shut(world)
    for user, side, other in (
        (world.photographer, f"studio/{world.studio.code}", "confirm"),
        (world.coordinator, f"unit/{world.unit.code}", "accept"),
    ):
        browser = Client()
        browser.force_login(user)
        address = f"/{side}/{world.campaign.code}/bookings/{booking.public_id}/"
        page = browser.get(address).content.decode()
        assert f"{address}{other}/" not in page and f"{address}hours/" not in page
        assert browser.get(f"{address}hours/").status_code == 302
