"""One click takes an upload back, as long as nothing later rests on it."""

import datetime as dt

import pytest
from django.db import transaction

from photocampus import clock
from photocampus.errors import IllegalMove
from photocampus.events import history_of
from sessions.models import Fee
from students.models import (
    Completeness,
    Correction,
    Enrolment,
    Graduate,
    RosterState,
    Student,
    UploadState,
)
from students.roster_edit import edit_graduate, set_roster_state
from students.roster_undo import ChangedSince, RestsOnIt, _Undoing, ask_undo
from students.roster_uploads import decide_gone
from students.submissions import submit_images, verify_items
from tests.factories import (
    make_attendance,
    make_booking,
    make_coordinator,
    make_staff,
    make_studio,
    make_unit,
    run_jobs,
)
from tests.rosters import people, person
from tests.students.register_people import accept, make_photo
from tests.students.roster_help import Place, counts, roster_dump, row

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2018, 3, 20, 12)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(NOON):
        yield


@pytest.fixture
def place(db):
    return Place()


def undo(upload, by):
    with clock.at(NOON + dt.timedelta(hours=2)):
        ask_undo(upload=upload, by=by)
        run_jobs()
    upload.refresh_from_db()
    return upload


def test_undo_takes_new_people_away_and_leaves_nothing(place):
    upload = place.load(people(3))
    assert undo(upload, place.by).state == UploadState.UNDONE
    assert (Graduate.objects.count(), Enrolment.objects.count(), Student.objects.count()) == (0, 0, 0)
    assert counts(place.upload(people(3))) == {"new": 3}


def test_undo_gives_every_changed_field_its_old_value(place):
    place.load([*people(8), person(20, unit="计算机学院")])
    Graduate.objects.filter(pk=place.graduate(5).pk).update(roster_state=RosterState.LEFT)
    before = roster_dump()
    rows = people(7)
    rows[0] |= {
        "class_name": "新班",
        "phone": "13900000000",
        "major_name": "软件工程",
        "entry_date": "2015-09-01",
    }
    rows[1] |= {"name": "改名", "category": "提前"}
    for index, source in ((2, 4), (3, 3)):
        rows[index] |= {name: person(source)[name] for name in ("id_number", "birth_date", "gender")}
    rows[5] |= {"term": "2018年1月"}
    rows.append(person(30))
    upload = place.upload(rows, completeness=Completeness.UNIT)
    assert counts(upload) == {"new": 1, "changed": 6, "unchanged": 1, "gone": 2}
    gone = row(upload, "gone")[0]
    decide_gone(upload=upload, lines=[gone.line], fate=RosterState.DEFERRED, reason="延期", by=place.by)
    upload = place.apply(upload)
    assert roster_dump() != before
    assert undo(upload, place.by).state == UploadState.UNDONE
    assert roster_dump() == before


def test_undo_of_a_transfer_brings_the_person_back(place):
    place.load(people(1))
    before = roster_dump()
    other = make_unit("fl", name="外国语学院")
    by = make_coordinator(other)
    upload = place.apply(place.upload([person(1, unit="外国语学院")], unit=other, by=by), by=by)
    assert place.graduate(1).enrolment.unit == other
    undo(upload, by)
    assert roster_dump() == before


def test_an_upload_is_undone_once(place):
    upload = undo(place.load(people(1)), place.by)
    with pytest.raises(IllegalMove):
        ask_undo(upload=upload, by=place.by)


def test_a_portal_edit_after_it_forbids_undo_and_is_named(place):
    upload = place.load(people(2))
    graduate = place.graduate(1)
    with clock.at(NOON + dt.timedelta(hours=1)):
        edit_graduate(
            graduate=graduate, cells=person(1, id_type="id_card", class_name="门户改班"), by=place.by
        )
    with pytest.raises(ChangedSince) as caught:
        undo(upload, place.by)
    assert (caught.value.data["people"], caught.value.data["by"]) == (1, place.by)
    assert "13:00" in caught.value.data["when"]


def test_a_changed_state_forbids_undo(place):
    upload = place.load(people(2))
    set_roster_state(graduate=place.graduate(2), to=RosterState.LEFT, reason="退学", by=place.by)
    with pytest.raises(ChangedSince):
        undo(upload, place.by)


def test_a_later_upload_that_changed_the_same_people_forbids_undo_until_it_is_undone(place):
    first = place.load(people(2))
    second = place.load([person(1, class_name="新班")])
    with pytest.raises(ChangedSince):
        undo(first, place.by)
    undo(second, place.by)
    assert undo(first, place.by).state == UploadState.UNDONE


def test_a_later_upload_of_other_people_does_not_forbid_undo(place):
    first = place.load(people(2))
    place.load(people(2, first=10))
    assert undo(first, place.by).state == UploadState.UNDONE
    assert Graduate.objects.count() == 2


def expect(place, number, kind="group", **fields):
    studio = make_studio(campaign=place.campaign)
    booking = make_booking(place.campaign, studio, place.unit, kind=kind)
    return booking, make_attendance(booking, place.graduate(number), **fields)


def test_untouched_expectations_go_with_new_people(place):
    upload = place.load(people(2))
    booking, _row = expect(place, 1)
    assert undo(upload, place.by).state == UploadState.UNDONE
    assert not booking.attendances.exists() and not Graduate.objects.exists()
    assert history_of(booking).get(kind="expected_people").data == {"added": 0, "removed": 1}


@pytest.mark.parametrize(
    ("kind", "fields"), [("group", {"state": "absent"}), ("individual", {"seat_start": dt.time(9, 30)})]
)
def test_what_somebody_did_at_a_shoot_forbids_undo_of_new_people(place, kind, fields):
    upload = place.load(people(2))
    expect(place, 1, kind, **fields)
    with pytest.raises(RestsOnIt) as caught:
        undo(upload, place.by)
    assert caught.value.data["people"] == 1


def test_a_fee_at_an_expected_attendance_forbids_undo_of_new_people(place):
    upload = place.load(people(1))
    _booking, attendance = expect(place, 1)
    Fee.objects.create(attendance=attendance, kind="group", amount=20)
    with pytest.raises(RestsOnIt):
        undo(upload, place.by)


def hand_in(place, unit=None, *, term="2018-07", verified=True):
    """Everybody of the unit with a picture, submitted (and verified) an hour after noon."""
    unit = unit or place.unit
    with clock.at(NOON + dt.timedelta(hours=1)):
        submission = submit_images(
            college=unit,
            term=place.campaign.terms.get(code=term),
            by=place.by if unit == place.unit else make_coordinator(unit),
        )
        if verified:
            verify_items(submission=submission, by=make_staff())


def picture(place, number):
    graduate = place.graduate(number)
    make_photo(graduate, by=place.by, studio=make_studio(campaign=place.campaign))
    accept(graduate, place.by)


@pytest.mark.parametrize("verified", [True, False])
def test_a_submission_in_the_new_term_forbids_undo(place, verified):
    place.load(people(1))
    picture(place, 1)
    upload = place.load([person(1, term="2018年1月")])
    hand_in(place, term="2018-01", verified=verified)
    with pytest.raises(RestsOnIt) as caught:
        undo(upload, place.by)
    assert caught.value.data["people"] == 1 and place.graduate(1).term.code == "2018-01"


def test_a_submission_of_who_is_back_forbids_undo(place):
    place.load(people(1))
    picture(place, 1)
    set_roster_state(graduate=place.graduate(1), to=RosterState.LEFT, reason="退学", by=place.by)
    upload = place.load(people(1))
    hand_in(place)
    with pytest.raises(RestsOnIt):
        undo(upload, place.by)
    assert place.graduate(1).roster_state == RosterState.ACTIVE


def test_a_submission_by_the_new_college_forbids_undo(place):
    place.load(people(1))
    picture(place, 1)
    other = make_unit("fl", name="外国语学院")
    by = make_coordinator(other)
    upload = place.apply(place.upload([person(1, unit="外国语学院")], unit=other, by=by), by=by)
    hand_in(place, other)
    with pytest.raises(RestsOnIt):
        undo(upload, by)
    assert place.graduate(1).enrolment.unit == other


def test_a_submission_that_came_between_look_and_lock_forbids_undo(place):
    place.load(people(1))
    picture(place, 1)
    upload = place.load([person(1, name="改名")])
    work = _Undoing(upload)
    work.prepare()
    hand_in(place)
    with pytest.raises(RestsOnIt), transaction.atomic():
        work.write(place.by)


def test_a_submission_does_not_forbid_undo_of_what_it_does_not_rest_on(place):
    place.load(people(1))
    picture(place, 1)
    upload = place.load([person(1, class_name="新班", phone="13900000000")])
    hand_in(place)
    assert undo(upload, place.by).state == UploadState.UNDONE


def test_undo_of_a_transfer_tells_both_units(place):
    place.load(people(2))
    other = make_unit("fl", name="外国语学院")
    by = make_coordinator(other)
    rows = [person(n, unit="外国语学院") for n in (1, 2)]
    undo(place.apply(place.upload(rows, unit=other, by=by), by=by), by)
    back = history_of(place.unit).get(kind="people_transferred_in")
    away = history_of(other).get(kind="people_transferred_out")
    assert (back.old, away.new, back.data["people"], away.data["people"]) == (
        other.name,
        place.unit.name,
        2,
        2,
    )


def test_a_check_in_forbids_undo_of_changes(place):
    place.load(people(1))
    upload = place.load([person(1, name="改名")])
    Graduate.objects.update(identity_frozen_at=clock.now() + dt.timedelta(minutes=5))
    with pytest.raises(RestsOnIt):
        undo(upload, place.by)


def test_a_correction_forbids_undo_of_new_people(place):
    upload = place.load(people(1))
    Correction.objects.create(graduate=place.graduate(1), changes="{}", reason="x", asked_by=place.by)
    with pytest.raises(RestsOnIt):
        undo(upload, place.by)


def test_another_level_added_later_forbids_undo_of_the_person(place):
    upload = place.load(people(1))
    same = {f: person(1)[f] for f in ("id_number", "birth_date", "gender", "name", "phone")}
    place.load([person(5, **same, level="硕士")])
    with pytest.raises(RestsOnIt):
        undo(upload, place.by)
    assert Graduate.objects.count() == 2
