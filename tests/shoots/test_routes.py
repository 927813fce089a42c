"""R4: crossing the line flags, staff decide; nothing is rebooked silently."""

from collections.abc import Iterator

import pytest

from photocampus import clock
from photocampus.errors import MissingReason, NotAllowed
from photocampus.events import history_of
from sessions.models import RouteOverride
from sessions.routes import end_override, keep_booking, override_route, route_of_unit, routes_of
from students.hooks import roster_changed
from students.models import Category, Exemption, Graduate, RosterState
from tests import factories as make
from tests.shoots.booking_world import NOW, World, ask, hours, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world(100)


def leave(world: World, count: int) -> None:
    rows = Graduate.objects.filter(enrolment__unit=world.unit, roster_state=RosterState.ACTIVE)[:count]
    Graduate.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
        roster_state=RosterState.LEFT
    )
    roster_changed(world.campaign, [world.unit.pk], world.coordinator)


def test_early_students_do_not_count_and_exempt_ones_do(world: World) -> None:
    people = list(Graduate.objects.filter(enrolment__unit=world.unit).values_list("pk", flat=True))
    Graduate.objects.filter(pk=people[0]).update(exemption=Exemption.EARLIER_PICTURE)
    entry = route_of_unit(world.unit, world.campaign)
    assert (entry.verdict.counted, entry.route, entry.to_photograph) == (100, "on_site", 99)
    Graduate.objects.filter(pk=people[1]).update(category=Category.EARLY)
    entry = route_of_unit(world.unit, world.campaign)
    assert (entry.verdict.counted, entry.route, entry.to_photograph) == (99, "studio", 99)


def test_crossing_the_line_flags_the_booking_and_coming_back_clears_it(world: World) -> None:
    booking = ask(world, hours(world.crews[0]), kind="on_site")
    leave(world, 1)
    booking.refresh_from_db()
    assert (booking.flag, booking.state, booking.holds.count()) == ("route", "asked", 5)
    assert "99" in booking.flag_note
    make.make_graduate(world.campaign, world.unit)
    roster_changed(world.campaign, [world.unit.pk], None)
    booking.refresh_from_db()
    assert booking.flag == ""
    kinds = [event.kind for event in history_of(booking)]
    assert kinds == ["state_asked", "flagged", "flag_cleared"]


def test_kept_booking_is_not_flagged_again(world: World) -> None:
    booking = ask(world, hours(world.crews[0]), kind="on_site")
    leave(world, 1)
    with pytest.raises(MissingReason):
        keep_booking(booking=booking, reason=" ", by=world.staff)
    with pytest.raises(NotAllowed):
        keep_booking(booking=booking, reason="x", by=world.coordinator)
    keep_booking(booking=booking, reason="场地已落实", by=world.staff)
    leave(world, 1)
    booking.refresh_from_db()
    assert booking.flag == ""
    assert route_of_unit(world.unit, world.campaign).override.reason == "场地已落实"
    assert history_of(booking).last().reason == "场地已落实"


def test_override_needs_staff_and_reason_and_is_logged(world: World) -> None:
    with pytest.raises(NotAllowed):
        override_route(
            unit=world.unit, campaign=world.campaign, route="studio", reason="x", by=world.coordinator
        )
    with pytest.raises(MissingReason):
        override_route(unit=world.unit, campaign=world.campaign, route="studio", reason="", by=world.staff)
    booking = ask(world, hours(world.crews[0]), kind="on_site")
    override_route(unit=world.unit, campaign=world.campaign, route="studio", reason="无场地", by=world.staff)
    override_route(
        unit=world.unit, campaign=world.campaign, route="studio", reason="仍无场地", by=world.staff
    )
    booking.refresh_from_db()
    assert booking.flag == "route"
    assert route_of_unit(world.unit, world.campaign).route == "studio"
    assert RouteOverride.objects.filter(ended_at=None).count() == 1
    end_override(unit=world.unit, campaign=world.campaign, reason="恢复", by=world.staff)
    end_override(unit=world.unit, campaign=world.campaign, reason="恢复", by=world.staff)
    booking.refresh_from_db()
    assert booking.flag == "" and route_of_unit(world.unit, world.campaign).route == "on_site"
    kinds = [event.kind for event in history_of(world.unit)]
    assert kinds == ["route_overridden", "route_overridden", "route_override_ended"]


def test_routes_of_many_units_need_a_fixed_number_of_queries(world: World, django_assert_num_queries) -> None:
    for _n in range(3):
        make.make_unit()
    with django_assert_num_queries(4):
        assert len(routes_of(world.campaign)) == 5
