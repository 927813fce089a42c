"""The what-if of routes: pure numbers, and a page that changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from photocampus import clock
from photocampus.models import Event
from sessions.models import Booking, RouteOverride
from sessions.routes import override_route
from sessions.whatif import Scenario, UnitCount, changes, mergeable, with_merges, work_out
from tests import factories as make
from tests.shoots.booking_world import NOW, World, make_world

BASE = Scenario(threshold=100, rate=20, load=100, hours=6, crews=2, bays=2)


def unit(code: str, people: int, campus: str = "东校区", **fields) -> UnitCount:
    return UnitCount(code, f"第{code}学院", campus, **{"counted": people, "people": people, **fields})


def test_line_includes_its_own_number() -> None:
    outcome = work_out([unit("1", 99), unit("2", 100)], BASE)
    assert [shoot.route for shoot in outcome.shoots] == ["studio", "on_site"]
    assert (outcome.travelling, outcome.on_site, outcome.people) == (99, 1, 199)


def test_units_of_one_campus_together_reach_the_line_and_nobody_travels() -> None:
    units = [unit("1", 60), unit("2", 40), unit("3", 30, "西校区"), unit("4", 300)]
    before, after = work_out(units, BASE), work_out(units, with_merges(units, BASE))
    assert (len(before.shoots), before.travelling) == (4, 130)
    assert (len(after.shoots), after.travelling) == (3, 30)
    [first, second] = changes(before, after)
    assert (first.unit.code, first.after, first.needs_decision) == ("1", "on_site", True)
    assert [partner.code for partner in second.partners] == ["1"]


def test_units_that_stay_below_the_line_together_travel_in_one_shoot() -> None:
    units = [unit("1", 30), unit("2", 40)]
    before, after = work_out(units, BASE), work_out(units, with_merges(units, BASE))
    assert (len(before.shoots), len(after.shoots)) == (2, 1)
    assert before.travelling == after.travelling == 70
    assert not any(change.needs_decision for change in changes(before, after))


def test_only_undecided_small_units_on_a_named_campus_may_be_merged() -> None:
    units = [
        unit("1", 60),
        unit("2", 40, ""),
        unit("3", 50, decided="on_site"),
        unit("4", 100),
        unit("5", 0),
    ]
    assert [row.code for row in mergeable(units, 100)] == ["1"]
    everything = replace(BASE, merged=frozenset("12345"))
    assert not any(shoot.is_joint for shoot in work_out(units, everything).shoots)


def test_people_who_count_decide_and_people_to_be_photographed_travel() -> None:
    outcome = work_out([UnitCount("1", "甲", "", 99, 120), UnitCount("2", "乙", "", 100, 3)], BASE)
    assert [shoot.route for shoot in outcome.shoots] == ["studio", "on_site"]
    assert outcome.travelling == 120


def test_station_days_are_whole_on_site_and_shared_in_the_studio() -> None:
    assert work_out([unit("1", 101), unit("2", 101)], BASE).station_days == 4
    assert work_out([unit("1", 50), unit("2", 50), unit("3", 1)], BASE).station_days == 2
    slow = replace(BASE, rate=10)  # 60 people a day
    assert work_out([unit("1", 101)], slow).station_days == 2
    assert work_out([], BASE).station_days == work_out([], BASE).days == 0


def test_second_studio_halves_the_days_and_not_the_station_days() -> None:
    units = [unit(str(n), 400) for n in range(4)]
    one, two = work_out(units, BASE), work_out(units, replace(BASE, studios=2))
    assert (one.station_days, one.days) == (16, 8)
    assert (two.station_days, two.days) == (16, 4)
    inside = [unit(str(n), 80) for n in range(10)]
    assert work_out(inside, BASE).days == 4 and work_out(inside, replace(BASE, studios=2)).days == 2


def test_moved_line_changes_routes_but_not_decisions() -> None:
    units = [unit("1", 90), unit("2", 120), unit("3", 95, decided="studio")]
    before, after = work_out(units, BASE), work_out(units, replace(BASE, threshold=90))
    assert [change.unit.code for change in changes(before, after)] == ["1"]


def test_same_input_gives_the_same_outcome_in_any_order() -> None:
    units = [unit("1", 60), unit("2", 40), unit("3", 300)]
    scenario = with_merges(units, BASE)
    assert work_out(units, scenario) == work_out(units[::-1], scenario)


# -- the page


@pytest.fixture
def world(db: None) -> Iterator[World]:
    make.make_school()
    make.make_campaign(threshold=6)
    with clock.at(NOW):
        found = make_world(4, 3)
        for row in (found.unit, found.other):
            row.campus = "东校区"
            row.save()
        yield found


def client_of(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_page_shows_before_and_after_and_changes_nothing(world: World) -> None:
    here = f"/office/{world.campaign.code}/what-if/"
    staff, events = client_of(world.staff), Event.objects.count()
    page = staff.get(here)
    assert page.context["before"].travelling == page.context["after"].travelling == 7
    page = staff.get(f"{here}?merge=1&threshold=6&rate=20&load=100&studios=2")
    assert (page.context["before"].travelling, page.context["after"].travelling) == (7, 0)
    assert [change.needs_decision for change in page.context["changes"]] == [True, True]
    assert f"/office/{world.campaign.code}/routes/{world.unit.code}/" in page.content.decode()
    page = staff.get(f"{here}?merge=1&leave={world.other.code}")
    assert page.context["after"].travelling == 7
    assert staff.get(f"{here}?threshold=0&rate=x").status_code == 422
    assert staff.post(here).status_code == 405
    world.campaign.refresh_from_db()
    assert world.campaign.threshold == 6 and Event.objects.count() == events
    assert not Booking.objects.exists() and not RouteOverride.objects.exists()


def test_page_is_for_academic_affairs_and_needs_a_constant_number_of_queries(world: World) -> None:
    here = f"/office/{world.campaign.code}/what-if/?merge=1"
    assert client_of(world.coordinator).get(here).status_code == 404
    staff = client_of(world.staff)
    staff.get(here)
    with CaptureQueriesContext(connection) as first:
        staff.get(here)
    for _n in range(3):
        make.make_graduates(2, world.campaign, make.make_unit(campus="西校区"))
    with CaptureQueriesContext(connection) as second:
        staff.get(here)
    assert len(first) == len(second)


def test_decisions_stay_in_every_scenario(world: World) -> None:
    override_route(
        unit=world.unit, campaign=world.campaign, route="on_site", reason="行动不便", by=world.staff
    )
    page = client_of(world.staff).get(f"/office/{world.campaign.code}/what-if/?merge=1")
    assert page.context["after"].travelling == 3


# -- the list of routes


def test_routes_are_filtered_sorted_and_exported(world: World) -> None:
    staff, here = client_of(world.staff), f"/office/{world.campaign.code}/routes/"

    def codes(query: str) -> list[str]:
        return [entry.unit.code for entry in staff.get(f"{here}?{query}").context["entries"]]

    make.make_graduates(6, world.campaign, make.make_unit("zz"))
    override_route(
        unit=world.other, campaign=world.campaign, route="on_site", reason="行动不便", by=world.staff
    )
    assert codes("order=people")[0] == "zz"
    assert codes("show=studio") == [world.unit.code]
    assert codes("show=decided") == [world.other.code]
    assert set(codes("show=unbooked")) == {world.unit.code, world.other.code, "zz"}
    assert codes("show=flagged") == []
    sheet = staff.get(f"/office/{world.campaign.code}/routes.xlsx?show=studio")
    assert sheet.status_code == 200 and sheet.content[:2] == b"PK"
    assert client_of(world.coordinator).get(f"/office/{world.campaign.code}/routes.xlsx").status_code == 404
