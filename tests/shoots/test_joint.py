"""Several units in one shoot: asked for by their common coordinator or by academic affairs, seen by all of them."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from photocampus import clock
from photocampus.events import history_of
from photocampus.models import Event, User
from sessions import booking as acts
from sessions.models import Booking, PlanEntry, Route
from sessions.plans import generate_plan
from sessions.routes import override_route
from sessions.studio_days import open_individual_day
from sessions.told import both_sides
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_venue, make_world, name
from tests.shoots.test_booking_pages import MORNING, client, studio, text, unit
from units.models import Membership, Unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        world = make_world()
        Unit.objects.update(campus="东校区")
        yield world


def both(world: World) -> User:
    """The first unit's coordinator, who also looks after the other."""
    Membership.objects.create(user=world.coordinator, unit=world.other)
    return world.coordinator


def sent(world: World, *units: Unit, **fields: object) -> dict[str, object]:
    chosen = {"with": [row.code for row in units], "h": [MORNING], "picking": "1"}
    return {**chosen, "studio": world.studio.code, "kind": "group", **fields}


def office(world: World) -> str:
    return f"/office/{world.campaign.code}/joint/"


def another(world: World, people: int = 4, campus: str = "东校区") -> Unit:
    row = make.make_unit()
    Unit.objects.filter(pk=row.pk).update(campus=campus)
    make.make_graduates(people, world.campaign, row, class_name="社工1班")
    row.refresh_from_db()
    return row


def test_coordinator_of_two_units_asks_for_both(world: World) -> None:
    browser = client(both(world))
    page = text(browser.get(unit(world, f"bookings/new/?picking=1&h={MORNING}")))
    assert f'name="with" value="{world.other.code}"' in page and '<dd class="num">43</dd>' in page
    page = text(browser.get(unit(world, f"bookings/new/?with={world.other.code}&picking=1&h={MORNING}")))
    assert '<dd class="num">48</dd>' in page and f'value="{MORNING}"' in page
    assert f"with={world.other.code}" in page  # the calendar's links keep the choice
    twice = sent(world, world.other, world.other, world.unit)
    assert browser.post(unit(world, "bookings/new/"), twice).status_code == 302
    booking = Booking.objects.get()
    assert booking.people == 48 and set(booking.units.all()) == {world.unit, world.other}


def test_only_own_units_of_the_same_route_are_offered_and_taken(world: World) -> None:
    browser = client(world.coordinator)
    page = text(browser.get(unit(world, f"bookings/new/?with={world.other.code}&picking=1&h={MORNING}")))
    assert world.other.name not in page and '<dd class="num">43</dd>' in page
    text(browser.post(unit(world, "bookings/new/"), sent(world, world.other)), 409)
    both(world)
    override_route(
        unit=world.other, campaign=world.campaign, route=Route.ON_SITE, reason="路远", by=world.staff
    )
    page = text(browser.get(unit(world, f"bookings/new/?with={world.other.code}")))
    assert f'name="with" value="{world.other.code}"' not in page
    refused = text(browser.post(unit(world, "bookings/new/"), sent(world, world.other)), 409)
    assert world.other.name in refused and not Booking.objects.exists()
    # A make-up is open to both, whatever their routes.
    page = text(browser.get(unit(world, f"bookings/new/?kind=makeup&with={world.other.code}&picking=1")))
    assert f'name="with" value="{world.other.code}" checked' in page and '<dd class="num">48</dd>' in page


def test_office_asks_for_small_units_of_one_campus(world: World) -> None:
    far = another(world, campus="西校区")
    browser = client(world.staff)
    routes = text(browser.get(f"/office/{world.campaign.code}/routes/"))
    assert office(world) in routes
    merged = text(browser.get(f"/office/{world.campaign.code}/what-if/?merge=on"))
    assert f"{office(world)}?kind=group&amp;with={world.unit.code}&amp;with={world.other.code}" in merged
    page = text(
        browser.get(office(world) + f"?with={world.unit.code}&with={world.other.code}&with={far.code}")
    )
    assert page.count(" checked") == 2 and far.name not in page
    text(browser.post(office(world), sent(world, world.unit, world.other, far)), 409)
    assert "至少" in text(browser.post(office(world), sent(world, world.unit, world.unit)), 409)
    text(browser.post(office(world), sent(world, world.unit, world.other, h=[])), 409)
    text(browser.post(office(world), sent(world, world.unit, world.other, companion_phone="x")), 422)
    assert not Booking.objects.exists()
    answer = browser.post(office(world), sent(world, world.unit, world.other))
    booking = Booking.objects.get()
    assert answer["Location"] == studio(world, f"bookings/{booking.public_id}/")
    assert booking.people == 48 and booking.asked_by == world.staff
    told = {reader.user for reader in both_sides(Event.objects.get(kind="state_asked"))}
    assert {row.pk for row in (world.coordinator, world.rival, world.photographer)} <= told
    acts.take_off_booking(booking=booking, reason="改期", by=world.staff)
    confirmed(world, units=[far], by=make.make_coordinator(far))
    taken = text(browser.post(office(world), sent(world, world.unit, world.other)), 409)
    assert taken.count(f'name="with" value="{world.other.code}"') >= 2  # what is free instead keeps the units


def test_office_sees_whose_route_needs_a_decision(world: World) -> None:
    browser = client(world.staff)
    page = text(browser.get(office(world) + f"?kind=on_site&with={world.unit.code}"))
    assert f"/office/{world.campaign.code}/routes/{world.unit.code}/" in page and " checked" not in page
    refused = sent(world, world.unit, world.other, kind="on_site", h=["C1_2018-04-17_0930_1200"])
    assert world.unit.name in text(browser.post(office(world), refused), 409)
    for row in (world.unit, world.other):
        override_route(unit=row, campaign=world.campaign, route=Route.ON_SITE, reason="合并", by=world.staff)
    room = make_venue(world.other)
    chosen = f"?kind=on_site&with={world.unit.code}&with={world.other.code}"
    assert room.name in text(browser.get(office(world) + chosen))
    assert browser.post(office(world), {**refused, "venue": room.pk}).status_code == 302
    booking = Booking.objects.get()
    assert booking.kind == "on_site" and booking.venue == room


def test_every_unit_sees_the_joint_shoot_and_any_of_them_acts(world: World) -> None:
    booking = confirmed(world, units=[world.unit, world.other], by=world.staff)
    rival = client(world.rival)
    place = f"/unit/{world.other.code}/{world.campaign.code}/bookings/"
    for browser, list_page in ((client(world.coordinator), unit(world, "bookings/")), (rival, place)):
        for page in (list_page, f"{list_page}{booking.public_id}/"):
            shown = text(browser.get(page))
            assert world.unit.name in shown and world.other.name in shown
    generate_plan(booking=booking, by=world.rival)
    classes = {"会计1班", "会计2班", "法学1班"}
    assert set(PlanEntry.objects.values_list("class_group__name", flat=True)) == classes
    for browser, page in ((client(world.coordinator), unit(world, "bookings/")), (rival, place)):
        plan = text(browser.get(f"{page}{booking.public_id}/plan/"))
        assert all(group in plan for group in classes)
    # Each may cancel for all; who coordinates neither gets nowhere.
    third = make.make_coordinator(another(world))
    assert client(third).get(f"{place}{booking.public_id}/").status_code == 404
    with pytest.raises(acts.NotAllowed):
        acts.cancel_booking(booking=booking, reason="停电", by=third)
    assert rival.post(f"{place}{booking.public_id}/cancel/", {"reason": "停电"}).status_code == 302
    booking.refresh_from_db()
    assert booking.state == "cancelled"
    assert world.other.name in text(
        client(world.coordinator).get(unit(world, "bookings/"))
    )  # among the earlier


def test_office_takes_a_joint_request_off_with_a_reason_that_both_sides_read(world: World) -> None:
    browser, fields = client(world.staff), {"units": [world.unit, world.other], "by": world.staff}
    open_one = ask(world, **fields)
    firm = confirmed(world, hours(world.bays[1], day=DAY + dt.timedelta(days=1)), reason="分两天", **fields)
    for booking, state, kind in (
        (open_one, "withdrawn", "state_withdrawn"),
        (firm, "cancelled", "state_cancelled"),
    ):
        here = f"/office/{world.campaign.code}/bookings/{booking.public_id}/"
        for page in (
            unit(world, f"bookings/{booking.public_id}/"),
            studio(world, f"bookings/{booking.public_id}/"),
        ):
            assert here in text(browser.get(page))
            assert here not in text(
                client(world.photographer if "/studio/" in page else world.coordinator).get(page)
            )
        assert "4月1" in text(browser.get(here))
        assert "原因" in text(browser.post(here, {"act": "off", "reason": " "}), 409)
        text(browser.post(here, {"act": "keep", "reason": "x"}), 404)  # nothing is flagged
        assert browser.post(here, {"act": "off", "reason": "改为分别到店"}).status_code == 302
        booking.refresh_from_db()
        assert booking.state == state and not booking.holds.exists()
        event = history_of(booking).get(kind=kind)
        assert (event.by, event.reason) == (world.staff, "改为分别到店")
        told = {reader.user for reader in both_sides(event)}
        assert {row.pk for row in (world.coordinator, world.rival, world.photographer)} <= told
        assert "改为分别到店" in text(
            client(world.rival).get(
                f"/unit/{world.other.code}/{world.campaign.code}/bookings/{booking.public_id}/"
            )
        )
        assert 'value="off"' not in text(browser.get(here))
        text(browser.post(here, {"act": "off", "reason": "再来"}), 409)


def test_only_the_office_takes_off_what_is_no_day_for_individuals(world: World) -> None:
    single = ask(world)
    for by in (world.coordinator, world.photographer):
        with pytest.raises(acts.NotAllowed):
            acts.take_off_booking(booking=single, reason="x", by=by)
    acts.take_off_booking(booking=single, reason="单位撤并", by=world.staff)
    single.refresh_from_db()
    assert single.state == "withdrawn"
    day = open_individual_day(
        studio=world.studio, campaign=world.campaign, hours=hours(world.bays[0]), seats=2, by=world.photographer
    )  # fmt: skip
    with pytest.raises(acts.NotAllowed):
        acts.take_off_booking(booking=day, reason="x", by=world.staff)
    page = text(client(world.staff).get(f"/office/{world.campaign.code}/bookings/{day.public_id}/"))
    assert 'value="off"' not in page


def test_a_day_that_is_too_small_offers_no_waiting_list_to_several(world: World) -> None:
    booking = confirmed(world, hours(*world.bays) + hours(*world.bays, start="13:00", end="17:00"))
    name(world, booking)
    browser = client(both(world))
    address = unit(world, f"bookings/new/?picking=1&day={DAY}")
    assert "waitlist/join/" in text(browser.get(address))
    assert "waitlist/join/" not in text(browser.get(f"{address}&with={world.other.code}"))


def test_pages_need_the_same_queries_for_two_and_four_units(world: World) -> None:
    both(world)
    confirmed(world, units=[world.unit, world.other])
    ask(
        world,
        hours(world.bays[1], start="13:00", end="14:00"),
        units=[world.unit, world.other],
        kind="makeup",
    )
    pages = [
        (client(world.coordinator), unit(world, "bookings/")),
        (client(world.coordinator), unit(world, f"bookings/new/?kind=makeup&with={world.other.code}")),
        (client(world.staff), office(world) + f"?with={world.unit.code}&with={world.other.code}"),
    ]

    def counts() -> list[int]:
        found = []
        for browser, address in pages:
            browser.get(address)
            with CaptureQueriesContext(connection) as captured:
                text(browser.get(address))
            found.append(len(captured))
        return found

    before = counts()
    more = [another(world), another(world)]
    for row in more:
        Membership.objects.create(user=world.coordinator, unit=row)
    confirmed(world, hours(world.bays[1]), units=more)
    acts.ask_booking(
        campaign=world.campaign,
        studio=world.studio,
        units=[world.unit, world.other, *more],
        kind="makeup",
        hours=hours(world.bays[0], start="13:00", end="15:00"),
        by=world.coordinator,
    )
    assert counts() == before
