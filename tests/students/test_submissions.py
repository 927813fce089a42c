"""Submission by the college and verification by academic affairs (R7)."""

import pytest

from photocampus.errors import IllegalMove, MissingReason, NotAllowed
from photocampus.events import history_of
from students.models import Decision, ItemState, Stage, Submission, SubmissionItem
from students.submissions import (
    ItemsChanged,
    NobodyReady,
    NotACollege,
    NothingToVerify,
    NotReady,
    VerificationBegun,
    people_of,
    return_item,
    submit_images,
    verify_items,
    with_standing,
    withdraw_submission,
)
from tests.factories import make_coordinator, make_graduate, make_unit
from tests.students.register_people import World, accept, make_code, make_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


def standing(world, graduate):
    return with_standing(people_of(world.college, world.term), world.campaign).get(pk=graduate.pk).standing


def current(graduate):
    return {(d.stage, d.outcome) for d in Decision.objects.filter(graduate=graduate, is_current=True)}


def test_submission_takes_everybody_who_is_ready_and_nobody_else(world):
    ready = world.graduates(2)
    hindered = {
        "not_accepted": world.graduate(accepted=False),
        "no_picture": make_graduate(world.campaign, world.college),
    }
    small = world.graduate()
    photo = make_photo(small, by=world.staff, studio=world.studio, small=(150, 210))
    accept(small, world.coordinator)
    assert small.picture == photo
    world.graduate(category="early")
    world.graduate(roster_state="deferred")
    submission = world.submit()
    assert [item.graduate_id for item in submission.items.all()] == [one.pk for one in ready]
    assert {key: standing(world, one) for key, one in hindered.items()} == {key: key for key in hindered}
    assert standing(world, small) == "no_small_image"
    assert standing(world, ready[0]) == "submitted"


def test_college_submits_the_people_of_its_admissions_units_which_cannot_themselves(world):
    admissions = make_unit(kind="admissions", college=world.college)
    graduate = world.graduate(unit=admissions)
    with pytest.raises(NotACollege):
        submit_images(college=admissions, term=world.term, by=make_coordinator(admissions))
    assert world.submit().items.get().graduate == graduate


def test_submissions_are_numbered_per_college_and_term_and_later_ones_add(world):
    first, other_college = world.graduates(1), make_unit()
    other = world.graduate(unit=other_college)
    assert world.submit().number == 1
    second = world.graduate()
    assert [(s.number, s.items.get().graduate) for s in [world.submit()]] == [(2, second)]
    submission = submit_images(college=other_college, term=world.term, by=make_coordinator(other_college))
    assert (submission.number, submission.items.get().graduate) == (1, other)
    assert first[0].submission_items.count() == 1


def test_submission_without_anybody_ready_is_refused(world):
    with pytest.raises(NobodyReady):
        world.submit()
    assert Submission.objects.count() == 0


def test_named_person_who_is_not_ready_is_named(world):
    graduate = world.graduate(accepted=False)
    with pytest.raises(NotReady) as refusal:
        world.submit(graduates=[graduate.pk])
    assert graduate.enrolment.student.name in str(refusal.value)


def test_only_chosen_classes_are_submitted(world):
    world.graduate(class_name="甲班")
    chosen = world.graduate(class_name="乙班")
    submission = world.submit(classes=[chosen.enrolment.class_group_id])
    assert submission.items.get().graduate == chosen


@pytest.mark.parametrize("who", ["staff", "stranger"])
def test_only_the_colleges_own_coordinator_submits(world, who):
    world.graduate()
    by = world.staff if who == "staff" else make_coordinator(make_unit())
    with pytest.raises(NotAllowed):
        submit_images(college=world.college, term=world.term, by=by)


def test_withdrawn_people_may_be_submitted_again(world):
    graduate = world.graduate()
    submission = world.submit()
    with pytest.raises(MissingReason):
        withdraw_submission(submission=submission, by=world.coordinator, reason=" ")
    withdraw_submission(submission=submission, by=world.coordinator, reason="名单有误")
    submission.refresh_from_db()
    assert (submission.state, submission.items.get().state) == ("withdrawn", "withdrawn")
    assert world.submit().number == 2
    assert graduate.submission_items.count() == 2
    with pytest.raises(IllegalMove):
        withdraw_submission(submission=submission, by=world.coordinator, reason="再次")


def test_submission_is_not_withdrawn_once_verification_began(world):
    world.graduates(2)
    submission = world.submit()
    verify_items(submission=submission, by=world.staff, items=[submission.items.first().pk])
    with pytest.raises(VerificationBegun):
        withdraw_submission(submission=submission, by=world.coordinator, reason="名单有误")


def test_verifying_decides_for_each_and_closes_the_submission_when_nothing_waits(world):
    one, two = world.graduates(2)
    submission = world.submit()
    first, second = submission.items.all()
    assert verify_items(submission=submission, by=world.staff, items=[first.pk]) == 1
    submission.refresh_from_db()
    assert submission.state == "submitted"
    assert verify_items(submission=submission, by=world.staff) == 1
    submission.refresh_from_db()
    assert submission.state == "verified"
    assert (Stage.VERIFICATION, "yes") in current(one) & current(two)
    assert [event.kind for event in history_of(one)][-2:] == ["submitted", "verification_yes"]
    with pytest.raises(NothingToVerify):
        verify_items(submission=submission, by=world.staff)
    assert second.pk


def test_only_academic_affairs_verify_and_return(world):
    world.graduate()
    submission = world.submit()
    with pytest.raises(NotAllowed):
        verify_items(submission=submission, by=world.coordinator)
    with pytest.raises(NotAllowed):
        return_item(item=submission.items.get(), code=make_code(), by=world.coordinator)


def test_person_who_left_or_has_another_picture_is_not_verified_blindly(world):
    graduate = world.graduate()
    submission = world.submit()
    make_photo(graduate, by=world.staff, studio=world.studio)
    with pytest.raises(ItemsChanged) as refusal:
        verify_items(submission=submission, by=world.staff)
    assert graduate.enrolment.student.name in str(refusal.value)


def test_returned_person_needs_acceptance_again_and_may_then_be_submitted_again(world):
    graduate = world.graduate()
    submission = world.submit()
    return_item(item=submission.items.get(), code=make_code(), by=world.staff, note="闭眼")
    submission.refresh_from_db()
    item = submission.items.get()
    assert (submission.state, item.state, item.code.code) == ("returned", "returned", "eyes_closed")
    assert current(graduate) == {(Stage.VERIFICATION, "no")}
    assert standing(world, graduate) == "not_accepted"
    make_photo(graduate, by=world.staff, studio=world.studio)
    accept(graduate, world.coordinator)
    again = world.submit()
    assert again.items.get().photo == graduate.picture
    assert current(graduate) == {(Stage.ACCEPTANCE, "yes")}
    verify_items(submission=again, by=world.staff)
    assert current(graduate) == {(Stage.ACCEPTANCE, "yes"), (Stage.VERIFICATION, "yes")}


def test_submission_of_which_one_was_returned_is_verified_by_the_rest(world):
    world.graduates(2)
    submission = world.submit()
    first, _second = submission.items.all()
    return_item(item=first, code=make_code(), by=world.staff)
    verify_items(submission=submission, by=world.staff)
    submission.refresh_from_db()
    assert submission.state == "verified"
    assert set(submission.items.values_list("state", flat=True)) == {ItemState.RETURNED, ItemState.VERIFIED}


@pytest.mark.parametrize("move", ["verify", "return", "withdraw"])
def test_withdrawn_submission_moves_no_more(world, move):
    world.graduate()
    submission = world.submit()
    withdraw_submission(submission=submission, by=world.coordinator, reason="名单有误")
    with pytest.raises((NothingToVerify, IllegalMove)):
        if move == "verify":
            verify_items(submission=submission, by=world.staff)
        elif move == "return":
            return_item(item=submission.items.get(), code=make_code(), by=world.staff)
        else:
            withdraw_submission(submission=submission, by=world.coordinator, reason="再次")


def test_submitting_takes_the_same_number_of_queries_for_one_and_for_many(
    world, django_assert_max_num_queries
):
    world.graduates(1)
    with django_assert_max_num_queries(60) as few:
        world.submit()
    world.graduates(5)
    with django_assert_max_num_queries(60) as many:
        world.submit()
    assert len(many) == len(few)


def test_database_refuses_a_second_open_item(world):
    from django.db import IntegrityError, transaction

    graduate = world.graduate()
    item = world.submit().items.get()
    second = Submission.objects.create(college=world.college, term=world.term, number=9, by=world.coordinator)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubmissionItem.objects.create(
            submission=second, graduate=graduate, photo=item.photo, rendition=item.rendition
        )
