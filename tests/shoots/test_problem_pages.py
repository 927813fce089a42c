"""The pages of problems: raised where the subject is, the same thread behind three doors, names only where they may be."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from photocampus import clock
from photocampus.models import User
from sessions import problems as acts
from sessions.models import Booking, Problem
from students.models import Graduate
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, confirmed, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Iterator[World]:
    make.make_school()
    with clock.at(NOW):
        yield make_world(6, 2)


@pytest.fixture
def booking(world: World) -> Booking:
    return confirmed(world)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def door(world: World, side: str) -> str:
    code = world.campaign.code
    return {
        "unit": f"/unit/{world.unit.code}/{code}/problems/",
        "studio": f"/studio/{world.studio.code}/{code}/problems/",
        "office": f"/office/{code}/problems/",
    }[side]


def raised(world: World, booking: Booking, **fields) -> Problem:
    defaults = {"title": "插座没有电", "text": "三号教室", "owner_side": "studio", "by": world.coordinator}
    return acts.raise_problem(subject=booking, **{**defaults, **fields})


def test_coordinator_raises_from_the_booking_and_the_studio_settles(world: World, booking: Booking) -> None:
    unit, studio = client_of(world.coordinator), client_of(world.photographer)
    page = unit.get(f"/unit/{world.unit.code}/{world.campaign.code}/bookings/{booking.public_id}/")
    address = page.context["problems"].raise_url
    assert unit.get(address).status_code == 200
    answer = unit.post(
        address,
        {"title": "插座没有电", "text": "三号教室", "owner_side": "studio", "due": "2018-03-30"},
        follow=True,
    )
    assert "三号教室" in answer.content.decode()
    here = door(world, "studio")
    listed = studio.get(here).content.decode()
    assert "插座没有电" in listed
    problem = Problem.objects.get()
    assert studio.post(f"{here}{problem.public_id}/take-up/", {"text": ""}).status_code == 302
    assert studio.post(f"{here}{problem.public_id}/settle/", {"text": "已换插座"}).status_code == 302
    assert (
        unit.post(f"{door(world, 'unit')}{problem.public_id}/reopen/", {"text": "又断了"}).status_code == 302
    )
    problem.refresh_from_db()
    assert (problem.state, problem.owner) == ("reopened", world.photographer)
    thread = client_of(world.staff).get(f"{door(world, 'office')}{problem.public_id}/").content.decode()
    assert all(text in thread for text in ("三号教室", "已换插座", "又断了"))


def test_problem_is_raised_on_every_kind_of_subject_page(world: World, booking: Booking) -> None:
    person = Graduate.objects.filter(enrolment__unit=world.unit)[0]
    where = f"{world.campaign.code}"
    unit, studio, staff = (client_of(u) for u in (world.coordinator, world.photographer, world.staff))
    graduate = unit.get(f"/unit/{world.unit.code}/{where}/graduates/{person.public_id}/").content.decode()
    assert f"{door(world, 'unit')}new/?graduate={person.public_id}" in graduate
    seen = staff.get(f"/unit/{world.unit.code}/{where}/graduates/{person.public_id}/").content.decode()
    assert f"{door(world, 'office')}new/?graduate={person.public_id}" in seen
    with clock.at(dt.datetime.combine(DAY, dt.time(9))):
        console = studio.get(f"/studio/{world.studio.code}/{where}/shoots/{booking.public_id}/")
    assert console.context["problems"].raise_url.endswith(f"?booking={booking.public_id}&day=2018-04-17")
    raised_by_studio = studio.post(
        f"{door(world, 'studio')}new/?graduate={person.public_id}",
        {"title": "证件不符", "text": "请核对", "owner_side": "unit"},
    )
    assert raised_by_studio.status_code == 302
    assert Problem.objects.get().studio == world.studio
    assert "证件不符" in unit.get(door(world, "unit")).content.decode()
    history = unit.get(f"/unit/{world.unit.code}/{where}/graduates/{person.public_id}/").content.decode()
    assert "证件不符" in history


def test_foreign_subjects_and_unknown_ones_open_nothing(world: World, booking: Booking) -> None:
    rival = client_of(world.rival)
    here = f"/unit/{world.other.code}/{world.campaign.code}/problems/new/"
    person = Graduate.objects.filter(enrolment__unit=world.unit)[0]
    for query in (f"?booking={booking.public_id}", f"?graduate={person.public_id}", "?delivery=x"):
        assert rival.get(here + query).status_code == 404
        assert rival.post(here + query, {"title": "x", "text": "x", "owner_side": "staff"}).status_code == 404
    assert Problem.objects.count() == 0
    unit = client_of(world.coordinator)
    wrong = f"{door(world, 'unit')}new/?booking={booking.public_id}&day=yesterday"
    assert unit.get(wrong).status_code == 404


def test_refusals_are_shown_where_they_arise(world: World, booking: Booking) -> None:
    unit = client_of(world.coordinator)
    address = f"{door(world, 'unit')}new/?booking={booking.public_id}"
    number = {"title": "号码", "text": "11010519491231002X", "owner_side": "studio"}
    assert unit.post(address, number).status_code == 409
    assert unit.post(address, {"title": "x"}).status_code == 422
    problem = raised(world, booking)
    page = f"{door(world, 'unit')}{problem.public_id}/"
    assert unit.post(f"{page}take-up/", {}).status_code == 409  # the studio owns it
    assert unit.post(f"{page}settle/", {"text": ""}).status_code == 422
    assert unit.post(f"{page}nonsense/", {}).status_code == 404
    # The page showed the studio as owner; academic affairs were faster.
    acts.hand_over(problem=problem, side="staff", person=None, due=None, by=world.staff)
    stale = {"owner": "unit", "due": "", "seen": "studio||"}
    assert unit.post(f"{page}owner/", stale).status_code == 409
    problem.refresh_from_db()
    assert problem.owner_side == "staff"


def test_owner_form_offers_only_the_own_people_by_name(world: World, booking: Booking) -> None:
    problem = raised(world, booking)
    page = client_of(world.coordinator).get(f"{door(world, 'unit')}{problem.public_id}/")
    values = [value for value, _label in page.context["shown"]["owner"].fields["owner"].choices]
    assert values == ["unit", f"unit:{world.coordinator.username}", "studio", "staff"]
    sent = {"owner": f"unit:{world.coordinator.username}", "due": "2018-04-01", "seen": "studio||"}
    client_of(world.coordinator).post(f"{door(world, 'unit')}{problem.public_id}/owner/", sent)
    problem.refresh_from_db()
    assert (problem.owner, problem.due) == (world.coordinator, dt.date(2018, 4, 1))


def test_capture_code_pages_of_the_studio_hold_no_name(world: World, booking: Booking) -> None:
    world.campaign.identity_mode = "capture_code"
    world.campaign.save()
    person = Graduate.objects.filter(enrolment__unit=world.unit)[0]
    problem = acts.raise_problem(
        subject=person,
        studio=world.studio,
        title="照片偏暗",
        text="请重新处理",
        owner_side="studio",
        by=world.coordinator,
    )
    studio, here = client_of(world.photographer), door(world, "studio")
    addresses = (here, f"{here}{problem.public_id}/", f"{here}new/?graduate={person.public_id}")
    secrets = (person.enrolment.student.name, person.enrolment.student_number)
    for address in addresses:
        text = studio.get(address).content.decode()
        assert "会计1班" in text and not [secret for secret in secrets if secret in text], address
    assert secrets[0] in client_of(world.coordinator).get(door(world, "unit")).content.decode()


def test_tabs_filter(world: World, booking: Booking) -> None:
    mine = raised(world, booking, title="我来办")
    acts.take_up(problem=mine, by=world.photographer)
    raised(world, booking, title="过期的", owner_side="unit", due=NOW.date())
    done = raised(world, booking, title="已办结")
    acts.settle(problem=done, answer="好了", by=world.staff)
    studio = client_of(world.photographer)
    expected = {
        "open": {"我来办", "过期的"},
        "ours": {"我来办"},
        "mine": {"我来办"},
        "overdue": {"过期的"},
        "settled": {"已办结"},
        "all": {"我来办", "过期的", "已办结"},
    }
    with clock.at(NOW + dt.timedelta(days=1)):
        for show, titles in expected.items():
            page = studio.get(f"{door(world, 'studio')}?show={show}")
            assert {line.problem.title for line in page.context["lines"]} == titles, show
            assert {key: count for key, _label, count in page.context["tabs"]}[show] == len(titles)


def test_list_query_count_is_constant(world: World, booking: Booking) -> None:
    clients = {
        "unit": client_of(world.coordinator),
        "studio": client_of(world.photographer),
        "office": client_of(world.staff),
    }
    people = list(Graduate.objects.filter(enrolment__unit=world.unit))

    def queries() -> dict[str, int]:
        found = {}
        for side, client in clients.items():
            with CaptureQueriesContext(
                connection,
            ) as caught:
                assert client.get(door(world, side)).status_code == 200
            found[side] = len(caught)
        return found

    def raise_some(person: Graduate) -> None:
        raised(world, booking)
        raised(world, person, studio=world.studio)

    raise_some(people[0])
    queries()
    first = queries()
    for person in people[1:4]:
        raise_some(person)
    assert queries() == first


def test_staff_read_on_the_units_page_and_answer_on_their_own(world: World, booking: Booking) -> None:
    problem = raised(world, booking)
    staff = client_of(world.staff)
    page = staff.get(f"{door(world, 'unit')}{problem.public_id}/")
    assert page.status_code == 200 and page.context["shown"] == {}
    assert f"{door(world, 'office')}{problem.public_id}/" in page.content.decode()
    assert staff.post(f"{door(world, 'unit')}{problem.public_id}/say/", {"text": "x"}).status_code == 404
    staff.post(f"{door(world, 'office')}{problem.public_id}/say/", {"text": "教务处已知悉"})
    assert problem.messages.last().side == "staff"
