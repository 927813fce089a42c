"""R9: an exemption rests on the earlier picture. A refusal ends it, by whomever; taking the refusal back restores it."""

import pytest

from photocampus.events import history_of
from photocampus.ledger import disagreements
from sessions.checkin import check_in
from students.acceptance import accept_pictures, refuse_pictures
from students.answers import apply_answer
from students.filing import must_be_fileable
from students.makeup import make_up_list
from students.models import Exemption, Graduate, RefusalCode
from students.reference import ensure_export_profile
from students.roster_edit import InSubmission, PictureRefused, decide_exemption
from students.submissions import return_item
from tests import factories as make
from tests.shoots.shoot_day import at, make_shoot_day
from tests.students import test_answers as register
from tests.students.register_people import World, make_code, make_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    ensure_export_profile()
    make_code("background_uneven")
    return World()


def exempt(person: Graduate) -> Graduate:
    Graduate.objects.filter(pk=person.pk).update(exemption=Exemption.EARLIER_PICTURE)
    person.refresh_from_db()
    return person


def seen(person: Graduate) -> list[tuple[str, str]]:
    person.refresh_from_db()
    assert person.picture is not None
    return [(person.public_id, person.picture.public_id)]


def listed(person: Graduate) -> list[str]:
    person.refresh_from_db()
    return [row.makeup_reason for row in make_up_list(person.campaign) if row.pk == person.pk]


def refuse(world: World, person: Graduate) -> None:
    code = RefusalCode.objects.get(code="background_uneven")
    refuse_pictures(unit=world.college, seen=seen(person), code=code, by=world.coordinator)


def test_refused_by_the_register_the_earlier_picture_serves_no_longer(world):
    person = exempt(world.verified(1)[0])
    batch = register.build(world)
    data = register.answer(register.row(person, "照片退回:背景不均匀"))
    apply_answer(batch=batch, data=data, by=world.staff)
    assert listed(person) == ["refused"]
    must_be_fileable(person, "0" * 64)
    event = history_of(person).get(kind="exemption_ended")
    assert (event.old, event.new, event.by) == (Exemption.EARLIER_PICTURE, Exemption.NONE, world.staff)
    assert event.data["code"] == "background_uneven" and "背景" in event.reason


def test_refused_by_the_unit_or_returned_by_staff_alike(world):
    by_unit, by_staff = exempt(world.graduate()), exempt(world.graduate())
    refuse(world, by_unit)
    item = world.submit().items.get(graduate=by_staff)
    code = RefusalCode.objects.get(code="background_uneven")
    return_item(item=item, code=code, by=world.staff)
    assert (listed(by_unit), listed(by_staff)) == (["refused"], ["refused"])


def test_people_counted_by_the_rule_stay_and_those_to_be_photographed_grow_by_one(world):
    person = exempt(world.graduate())
    people = Graduate.objects.filter(campaign=world.campaign)
    assert (people.counting_for_route().count(), people.to_be_photographed().count()) == (1, 0)
    refuse(world, person)
    assert (people.counting_for_route().count(), people.to_be_photographed().count()) == (1, 1)


def test_refusal_taken_back_restores_the_exemption(world):
    person = world.graduate(accepted=False)
    Graduate.objects.filter(pk=person.pk).update(exemption=Exemption.STAFF_DECISION)
    refuse(world, person)
    assert accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator) == 1
    assert listed(person) == [] and person.exemption == Exemption.STAFF_DECISION
    assert history_of(person).filter(kind="exemption_restored").count() == 1


def test_accepting_a_new_picture_restores_nothing(world):
    person = exempt(world.graduate())
    refuse(world, person)
    make_photo(person, by=world.staff, studio=world.studio)
    accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator)
    person.refresh_from_db()
    assert person.exemption == Exemption.NONE


def test_what_staff_decided_meanwhile_stands(world):
    person = exempt(world.graduate())
    refuse(world, person)
    decide_exemption(graduate=person, exempt=False, reason="须重拍", by=world.staff)
    accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator)
    person.refresh_from_db()
    assert person.exemption == Exemption.NONE


def test_refusal_of_an_older_picture_leaves_the_exemption(world):
    """CHSI may answer about a picture in whose place academic affairs have chosen another meanwhile."""
    person = exempt(world.verified(1)[0])
    batch = register.build(world)
    data = register.answer(register.row(person, "照片退回:背景不均匀"))
    make_photo(person, by=world.staff, studio=world.studio)
    apply_answer(batch=batch, data=data, by=world.staff)
    person.refresh_from_db()
    assert person.exemption == Exemption.EARLIER_PICTURE


def test_refused_picture_is_no_ground_for_an_exemption(world):
    person = world.graduate()
    refuse(world, person)
    with pytest.raises(PictureRefused):
        decide_exemption(graduate=person, exempt=True, reason="2016年已采集", by=world.staff)
    person.refresh_from_db()
    assert person.exemption == Exemption.NONE


def test_another_picture_that_serves_is_looked_at_anew(world):
    person = world.graduate(accepted=False)
    earlier = person.picture
    make_photo(person, by=world.staff, studio=world.studio)
    accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator)
    decide_exemption(graduate=person, exempt=True, reason="2016年已采集", by=world.staff, photo=earlier)
    person.refresh_from_db()
    assert (person.picture, person.exemption) == (earlier, Exemption.STAFF_DECISION)
    assert not person.decisions.filter(is_current=True).exists()
    assert history_of(person).filter(kind="picture_replaced", new=earlier.public_id).exists()


def test_picture_that_is_submitted_gives_its_place_to_none(world):
    person = world.graduate()
    earlier, present = person.picture, make_photo(person, by=world.staff, studio=world.studio)
    accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator)
    world.submit()
    with pytest.raises(InSubmission):
        decide_exemption(graduate=person, exempt=True, reason="2016年已采集", by=world.staff, photo=earlier)
    person.refresh_from_db()
    assert (person.picture, person.exemption) == (present, Exemption.NONE)


def test_unit_is_told_when_somebody_else_ended_it(world, django_capture_on_commit_callbacks):
    person = exempt(world.graduate())
    item = world.submit().items.get(graduate=person)
    code = RefusalCode.objects.get(code="background_uneven")
    with django_capture_on_commit_callbacks(execute=True):
        return_item(item=item, code=code, by=world.staff)
    told = world.coordinator.notifications.filter(event__kind="exemption_ended")
    assert [note.event.subject_id for note in told] == [person.pk]


def test_expected_at_the_confirmed_shoot_and_let_in(world):
    with at(9, 40):
        day = make_shoot_day(1)
        make_code("background_uneven")
        person = exempt(make.make_graduate(day.campaign, day.unit))
        photo = make_photo(person, by=day.photographer, studio=day.studio)
        code = RefusalCode.objects.get(code="background_uneven")
        refuse_pictures(
            unit=day.unit, seen=[(person.public_id, photo.public_id)], code=code, by=day.coordinator
        )
        row = day.booking.attendances.get(graduate=person)
        assert check_in(attendance=row, typed=day.number_of(row), by=day.photographer)


def in_next_campaign(person: Graduate, **fields) -> Graduate:
    """The early student graduates a year later, exempt by the early picture."""
    later = make.make_campaign("2019")
    term = later.terms.get(code="2018-07")
    again = make.make_graduate(later, enrolment=person.enrolment, term=term, picture=person.picture, **fields)
    return exempt(again)


def test_refusal_in_an_earlier_campaign_ends_the_exemption_in_the_later_one(world):
    person = world.graduate(accepted=False)
    Graduate.objects.filter(pk=person.pk).update(category="early")
    again = in_next_campaign(person)
    refuse(world, person)
    again.refresh_from_db()
    assert again.exemption == Exemption.NONE
    event = history_of(again).get(kind="exemption_ended")
    assert (event.by, event.data["photo"]) == (world.coordinator, again.picture_id)
    accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator)
    again.refresh_from_db()
    assert again.exemption == Exemption.EARLIER_PICTURE


def test_acceptance_in_an_earlier_campaign_restores_nothing_that_the_later_one_refused(world):
    person = world.graduate(accepted=False)
    again = in_next_campaign(person)
    refuse(world, person)
    refuse(world, again)
    accept_pictures(unit=world.college, seen=seen(person), by=world.coordinator)
    again.refresh_from_db()
    assert again.exemption == Exemption.NONE


def test_refusal_reaches_nobody_who_is_exempt_by_another_picture_or_has_left(world):
    person, left = world.graduate(accepted=False), world.graduate(accepted=False)
    again = in_next_campaign(person)
    gone = in_next_campaign(left, roster_state="left")
    make_photo(again, by=world.staff, studio=world.studio)
    refuse(world, person)
    refuse(world, left)
    for place in (again, gone):
        place.refresh_from_db()
        assert place.exemption == Exemption.EARLIER_PICTURE


def test_ledger_names_who_is_exempt_by_an_earlier_picture_and_has_none(world):
    person = exempt(world.graduate())
    by_paper = world.graduate()
    Graduate.objects.filter(pk=by_paper.pk).update(exemption=Exemption.STAFF_DECISION, picture=None)
    assert list(disagreements(["students.exemptions"])) == []
    Graduate.objects.filter(pk=person.pk).update(picture=None)
    found = [str(row) for row in disagreements(["students.exemptions"])]
    assert len(found) == 1 and f"graduate {person.pk}" in found[0]


def test_ledger_names_who_is_exempt_with_a_refused_picture(world):
    person = world.graduate()
    refuse(world, person)
    assert list(disagreements(["students.exemptions"])) == []
    exempt(person)
    found = [str(row) for row in disagreements(["students.exemptions"])]
    assert len(found) == 1 and f"graduate {person.pk}" in found[0]
