"""R22: who is party to a problem, what each may do, and that nothing is decided behind somebody's back."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from photocampus import clock
from photocampus.access import visible_to
from photocampus.errors import ChangedMeanwhile, IllegalMove, NotAllowed
from photocampus.events import history_of
from photocampus.ledger import disagreements
from photocampus.models import Notification, User
from photocampus.told import tell_waiting
from photocampus.waiting import Scope, waiting_items
from sessions import problems as acts
from sessions.models import Booking, Delivery, Problem, ProblemMessage, ProblemState
from sessions.problem_parties import NotOfSide, SideNotParty, sides_of
from sessions.problem_view import ProblemLine, with_subjects
from sessions.retention import clear_shoots_and_deliveries
from students.models import Graduate
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, make_world
from units.models import StudioGrant

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
LATER = dt.date(2018, 3, 30)


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW), translation.override("en"):
        yield make_world(6, 2)


@pytest.fixture
def booking(world: World) -> Booking:
    return confirmed(world)


def make_problem(world: World, subject: Booking | Delivery | Graduate, **fields) -> Problem:
    defaults = {"title": "插座没有电", "text": "三号教室", "owner_side": "studio", "by": world.coordinator}
    return acts.raise_problem(subject=subject, **{**defaults, **fields})


def person_of(world: World) -> Graduate:
    return Graduate.objects.filter(enrolment__unit=world.unit).order_by("pk")[0]


def seen_by(user: User) -> list[Problem]:
    return list(visible_to(user, Problem))


def make_delivery(world: World, **fields) -> Delivery:
    defaults = {
        "campaign": world.campaign,
        "studio": world.studio,
        "unit": world.unit,
        "number": 1,
        "prepared_by": world.photographer,
    }
    return Delivery.objects.create(**{**defaults, **fields})


# -- who sees what


def test_parties_of_a_confirmed_booking_see_its_problem_and_nobody_else(
    world: World, booking: Booking
) -> None:
    problem = make_problem(world, booking)
    stranger = make.make_photographer(make.make_studio(campaign=world.campaign))
    for user in (world.coordinator, world.photographer, world.staff):
        assert seen_by(user) == [problem]
    assert seen_by(world.rival) == seen_by(stranger) == []
    assert sides_of(problem) == ["unit", "studio", "staff"]


def test_studio_without_a_grant_neither_sees_nor_acts_nor_owns(world: World) -> None:
    booking = ask(world)
    with pytest.raises(SideNotParty):
        make_problem(world, booking)
    problem = make_problem(world, booking, owner_side="staff")
    assert seen_by(world.photographer) == []
    with pytest.raises(NotAllowed):
        acts.say(problem=problem, text="我们看不到", by=world.photographer)
    with pytest.raises(NotAllowed):
        make_problem(world, booking, owner_side="unit", by=world.photographer)


def test_studio_loses_its_problems_with_the_grant(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking)
    StudioGrant.objects.update(ended_at=clock.now())
    assert seen_by(world.photographer) == []
    with pytest.raises(NotAllowed):
        acts.settle(problem=problem, answer="好了", by=world.photographer)
    assert sides_of(problem) == ["unit", "staff"]


def test_problem_about_a_person_is_the_studios_only_when_it_is_drawn_in(
    world: World, booking: Booking
) -> None:
    alone = make_problem(world, person_of(world), owner_side="staff")
    shared = make_problem(world, person_of(world), studio=world.studio)
    assert seen_by(world.photographer) == [shared]
    assert seen_by(world.coordinator) == [shared, alone]
    other = make.make_studio(campaign=world.campaign)
    with pytest.raises(acts.StudioWithoutGrant):
        make_problem(world, person_of(world), studio=other)


def test_joint_booking_is_a_matter_of_every_unit(world: World) -> None:
    booking = confirmed(world, units=[world.unit, world.other], by=world.staff)
    problem = make_problem(world, booking)
    assert seen_by(world.rival) == [problem]
    acts.say(problem=problem, text="我们也遇到了", by=world.rival)
    with pytest.raises(NotAllowed):  # neither owner nor raiser
        make_problem(world, person_of(world), owner_side="staff", by=world.rival)


def test_college_sees_and_answers_for_its_admissions_unit(world: World) -> None:
    branch = make.make_unit(kind="admissions", college=world.unit)
    delivery = make_delivery(world, unit=branch)
    problem = make_problem(world, delivery, owner_side="staff", by=make.make_coordinator(branch))
    assert seen_by(world.coordinator) == [problem]
    acts.settle(problem=problem, answer="已由学院补齐", by=world.coordinator)
    assert seen_by(world.rival) == []


def test_individual_day_has_no_unit(world: World, booking: Booking) -> None:
    day = make.make_booking(world.campaign, world.studio, kind="individual", by=world.photographer)
    problem = make_problem(world, day, owner_side="staff", by=world.photographer)
    assert sides_of(problem) == ["studio", "staff"] and seen_by(world.coordinator) == []
    assert seen_by(world.photographer) == [problem]


# -- what is said


def test_shoot_day_must_be_one_of_the_bookings(world: World, booking: Booking) -> None:
    assert make_problem(world, booking, day=DAY).day == DAY
    with pytest.raises(acts.NotAShootDay):
        make_problem(world, booking, day=DAY + dt.timedelta(days=1))


@pytest.mark.parametrize("text", ["11010519491231002X", "身份证 110105 19491231 0021 有误"])
def test_id_numbers_stay_out_of_every_text(world: World, booking: Booking, text: str) -> None:
    with pytest.raises(acts.NumberInText):
        make_problem(world, booking, text=text)
    problem = make_problem(world, booking)
    for act in (
        lambda: acts.say(problem=problem, text=text, by=world.coordinator),
        lambda: acts.settle(problem=problem, answer=text, by=world.coordinator),
        lambda: acts.take_up(problem=problem, text=text, by=world.photographer),
    ):
        with pytest.raises(acts.NumberInText):
            act()
    assert problem.messages.count() == 1


def test_capture_code_keeps_names_from_the_studio(world: World, booking: Booking) -> None:
    world.campaign.identity_mode = "capture_code"
    world.campaign.save()
    booking.refresh_from_db()
    person = person_of(world)
    name, number = person.enrolment.student.name, person.enrolment.student_number
    for text in (f"{name}没有来", f"学号{number}的照片"):
        with pytest.raises(acts.NameInText):
            make_problem(world, booking, text=text)
        with pytest.raises(acts.NameInText):
            make_problem(world, person, studio=world.studio, title=text)
    make_problem(world, person, owner_side="staff", text=f"{name}改名了")  # the studio has no part in it
    make_problem(world, person, studio=world.studio)
    [row] = with_subjects(visible_to(world.photographer, Problem))
    about = ProblemLine(row, names=False).about
    assert name not in about and number not in about and "会计1班" in about
    assert name in ProblemLine(row, names=True).about


def test_nothing_written_is_refused(world: World, booking: Booking) -> None:
    with pytest.raises(acts.NothingWritten):
        make_problem(world, booking, text=" ")
    problem = make_problem(world, booking)
    with pytest.raises(acts.NothingWritten):
        acts.settle(problem=problem, answer="", by=world.photographer)
    assert Problem.objects.get().state == ProblemState.OPEN


# -- the moves


def test_problem_goes_its_way_with_history_and_thread(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking, due=LATER)
    acts.take_up(problem=problem, by=world.photographer)
    problem.refresh_from_db()
    assert (problem.state, problem.owner) == ("in_work", world.photographer)
    acts.settle(problem=problem, answer="已换插座", by=world.photographer)
    problem.refresh_from_db()
    assert problem.settled_at == clock.now()
    acts.reopen(problem=problem, reason="又跳闸了", by=world.coordinator)
    problem.refresh_from_db()
    assert (problem.state, problem.settled_at, problem.owner) == ("reopened", None, world.photographer)
    acts.take_up(problem=problem, by=world.photographer)
    kinds = [event.kind for event in history_of(problem)]
    assert kinds == ["state_open", "state_in_work", "state_settled", "state_reopened", "state_in_work"]
    assert not any("插座" in f"{event.reason}{event.data}" for event in history_of(problem))
    assert [row.step for row in problem.messages.all()] == [
        "raised",
        "in_work",
        "settled",
        "reopened",
        "in_work",
    ]
    assert list(disagreements(["shoots.problems"])) == []


ALL_MOVES = {
    "take_up": lambda p, w: acts.take_up(problem=p, by=w.photographer),
    "settle": lambda p, w: acts.settle(problem=p, answer="好了", by=w.staff),
    "reopen": lambda p, w: acts.reopen(problem=p, reason="没有好", by=w.coordinator),
}


@pytest.mark.parametrize(
    ("state", "forbidden"),
    [
        ("open", ["reopen"]),
        ("in_work", ["take_up", "reopen"]),
        ("settled", ["take_up", "settle"]),
        ("reopened", ["reopen"]),
    ],
)
def test_every_other_move_is_forbidden(
    world: World, booking: Booking, state: str, forbidden: list[str]
) -> None:
    problem = make_problem(world, booking)
    way = {"in_work": ["take_up"], "settled": ["settle"], "reopened": ["settle", "reopen"]}
    for move in way.get(state, []):
        ALL_MOVES[move](problem, world)
    for move in forbidden:
        with pytest.raises(IllegalMove):
            ALL_MOVES[move](problem, world)
    assert Problem.objects.get().state == state


def test_settled_problem_takes_no_message_and_no_owner(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking)
    acts.settle(problem=problem, answer="好了", by=world.coordinator)
    with pytest.raises(acts.ProblemSettled):
        acts.say(problem=problem, text="还有一句", by=world.coordinator)
    with pytest.raises(acts.ProblemSettled):
        acts.hand_over(problem=problem, side="staff", person=None, due=None, by=world.coordinator)


def test_only_owner_raiser_and_staff_direct_a_problem(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking, owner_side="staff")
    for act in (
        lambda: acts.settle(problem=problem, answer="好了", by=world.photographer),
        lambda: acts.take_up(problem=problem, by=world.photographer),
        lambda: acts.take_up(problem=problem, by=world.coordinator),
        lambda: acts.hand_over(problem=problem, side="unit", person=None, due=None, by=world.photographer),
    ):
        with pytest.raises(NotAllowed):
            act()
    acts.take_up(problem=problem, by=world.staff)


# -- owner and due date


def test_owner_is_a_side_or_one_of_its_people(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking)
    colleague = make.make_coordinator(world.unit)
    acts.hand_over(problem=problem, side="unit", person=colleague, due=LATER, by=world.coordinator)
    problem.refresh_from_db()
    assert (problem.owner_side, problem.owner, problem.due) == ("unit", colleague, LATER)
    with pytest.raises(NotOfSide):  # a foreign unit's coordinator
        acts.hand_over(problem=problem, side="unit", person=world.rival, due=None, by=world.coordinator)
    with pytest.raises(NotOfSide):  # the other side names its own people
        acts.hand_over(
            problem=problem, side="studio", person=world.photographer, due=None, by=world.coordinator
        )
    acts.hand_over(problem=problem, side="studio", person=world.photographer, due=None, by=world.staff)
    with pytest.raises(acts.DuePassed):
        acts.hand_over(problem=problem, side="studio", person=None, due=dt.date(2018, 3, 19), by=world.staff)
    last = history_of(problem).last()
    assert (last.kind, last.old, last.new) == ("problem_handed_over", "unit", "studio")
    assert last.data["due_before"] == LATER.isoformat()


def test_handing_over_twice_changes_nothing(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking)
    for _n in range(2):
        acts.hand_over(problem=problem, side="staff", person=None, due=LATER, by=world.coordinator)
    assert [event.kind for event in history_of(problem)] == ["state_open", "problem_handed_over"]


def test_faster_decision_about_the_owner_stands(world: World, booking: Booking) -> None:
    problem = make_problem(world, booking)
    shown = (problem.owner_side, None, None)
    acts.hand_over(problem=problem, side="staff", person=None, due=None, by=world.staff, seen=shown)
    with pytest.raises(ChangedMeanwhile):
        acts.hand_over(problem=problem, side="unit", person=None, due=None, by=world.coordinator, seen=shown)
    assert Problem.objects.get().owner_side == "staff"


def test_faster_move_stands(world: World, booking: Booking, monkeypatch) -> None:
    """Compare-and-set decides, not the look before it: somebody settles between look and write."""
    problem = make_problem(world, booking)
    look = acts._locked

    def look_and_be_late(row: Problem) -> Problem:
        found = look(row)
        Problem.objects.filter(pk=row.pk).update(state="settled", settled_at=clock.now())
        return found

    monkeypatch.setattr(acts, "_locked", look_and_be_late)
    with pytest.raises(ChangedMeanwhile):
        acts.take_up(problem=problem, by=world.photographer)
    with pytest.raises(ChangedMeanwhile):
        Problem.objects.update(state="open", settled_at=None)
        acts.hand_over(problem=problem, side="staff", person=None, due=None, by=world.staff)


# -- what the database forbids


@pytest.mark.parametrize(
    "change",
    [
        {"booking": None},
        {"delivery": True},
        {"state": "gone"},
        {"state": "settled"},
        {"owner_side": "me"},
        {"studio": None},
        {"title": ""},
    ],
)
def test_database_forbids_impossible_problems(world: World, booking: Booking, change: dict) -> None:
    problem = make_problem(world, booking)
    if "delivery" in change:
        change = {"delivery": make_delivery(world)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Problem.objects.filter(pk=problem.pk).update(**change)


def test_ledger_finds_a_state_without_history(world: World, booking: Booking) -> None:
    Problem.objects.filter(pk=make_problem(world, booking).pk).update(state="in_work")
    assert len(list(disagreements(["shoots.problems"]))) == 2  # history and thread


# -- start pages and retention


def test_start_pages_count_what_each_side_has_to_see_to(world: World, booking: Booking) -> None:
    make_problem(world, booking, due=LATER)
    make_problem(world, booking, owner_side="unit")
    settled = make_problem(world, booking, owner_side="staff")
    acts.settle(problem=settled, answer="好了", by=world.staff)

    def counts(role: str, user: User, today: dt.date = TODAY, **place) -> dict[str, tuple[int, str]]:
        scope = Scope(user, today, world.campaign, **place)
        items = [item for item in waiting_items(role, scope) if "problems/" in item.url]
        return {item.label: (item.count, item.urgency) for item in items}

    assert counts("studio", world.photographer, studio=world.studio) == {"Problems to see to": (1, "")}
    assert counts("unit", world.coordinator, unit=world.unit) == {"Problems to see to": (1, "")}
    assert counts("unit", world.rival, unit=world.other) == counts("staff", world.staff) == {}
    late = LATER + dt.timedelta(days=1)
    assert counts("studio", world.photographer, late, studio=world.studio) == {
        "Problems to see to": (1, "now")
    }
    assert counts("staff", world.staff, late) == {"Overdue problems of others": (1, "soon")}


def test_retention_empties_what_was_written(world: World, booking: Booking) -> None:
    make_problem(world, booking)
    for _n in range(2):
        clear_shoots_and_deliveries(world.campaign)
    assert Problem.objects.get().title == "—"
    assert list(ProblemMessage.objects.values_list("text", "data")) == [("", {})]


def test_every_party_is_told_of_every_step_through_its_own_door(world: World, booking: Booking) -> None:
    college = make.make_unit()
    world.unit.kind, world.unit.college = "admissions", college
    world.unit.save()
    keeper = make.make_coordinator(college)
    Notification.objects.all().delete()

    def told() -> dict[str, str]:
        tell_waiting()
        found = {row.user.username: row.url for row in Notification.objects.select_related("user")}
        Notification.objects.all().delete()
        return found

    told()
    problem = make_problem(world, booking)
    doors = {
        world.staff: f"/office/{world.campaign.code}",
        world.photographer: f"/studio/{world.studio.code}/{world.campaign.code}",
        world.coordinator: f"/unit/{world.unit.code}/{world.campaign.code}",
        keeper: f"/unit/{college.code}/{world.campaign.code}",
    }

    def all_but(author: User) -> dict[str, str]:
        return {
            user.username: f"{door}/problems/{problem.public_id}/"
            for user, door in doors.items()
            if user != author
        }

    assert told() == all_but(world.coordinator)
    acts.take_up(problem=problem, by=world.photographer)
    assert told() == all_but(world.photographer)
    acts.say(problem=problem, text="在路上", by=keeper)
    assert told() == all_but(keeper)
    acts.hand_over(problem=problem, side="staff", person=None, due=None, by=world.coordinator)
    assert told() == all_but(world.coordinator)
    alone = make_problem(world, person_of(world), owner_side="staff")
    assert world.photographer.username not in told()
    acts.settle(problem=alone, answer="好了", by=world.staff)
    assert set(told()) == {world.coordinator.username, keeper.username}
