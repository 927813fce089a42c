"""The tray: candidates and assignments, by person and by shot number."""

import pytest

from sessions.models import AttendancePhoto
from students.matching import shot_lists
from students.models import (
    Exemption,
    Graduate,
    IngestFile,
)
from students.tray import NoSuchShot, NotGranted, NotInTray, assign_file
from students.tray_candidates import candidates_for, find_choices, known_people
from tests import factories as make
from tests.students.tray_place import TrayPlace, picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_faces(monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)


@pytest.fixture(autouse=True)
def on_commit_runs(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    place = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "media")},
    }
    settings.STORAGES = {**settings.STORAGES, "default": place}


@pytest.fixture
def place():
    return TrayPlace()


def assign(place, row, person=None, shot=""):
    return assign_file(file=row, graduate=person, shot=shot, by=place.photographer)


def choices_of(place, row):
    row = IngestFile.objects.select_related("batch__studio", "batch__campaign").get(pk=row.pk)
    return candidates_for(row, known_people(place.studio, place.campaign))


# ---- candidates


def test_a_slip_in_the_name_finds_the_person_with_the_reason(place):
    number = place.people[1].enrolment.student_number
    row = place.put((f"{number[:-2]}{number[-1]}{number[-2]}.jpg", picture(1)))
    (row,) = row.values()
    first = choices_of(place, row)[0]
    assert (first.key, first.graduate, first.shot) == ("1", place.people[1], "A2-0417-002")
    assert first.words == ("学号有两位颠倒",) or "exchanged" in first.words[0]


def test_neighbours_by_name_and_time_say_who_stands_between(place):
    first, third = place.people[0], place.people[2]
    rows = place.put(
        (place.name_of(first), picture(1, 60)),
        ("zz.jpg", picture(2, 120)),
        (place.name_of(third), picture(3, 180)),
    )
    best = choices_of(place, rows["zz.jpg"])[0]
    assert best.graduate == place.people[1]
    names = [person.enrolment.student.name for person in (first, third)]
    assert any(all(name in words for name in names) for words in best.words)


def test_who_is_missing_in_the_class_of_an_upload_is_offered(place):
    first, *others = place.people
    elsewhere = make.make_unit()
    make.make_grant(place.studio, elsewhere, place.campaign)
    stranger = make.make_graduate(place.campaign, elsewhere)
    (row,) = place.put(("who.jpg", picture(1)), unit=place.unit).values()
    assert [choice.graduate for choice in choices_of(place, row)] == place.people
    rows = place.put(
        *((f"x{seed}.jpg", picture(seed)) for seed in range(70, 76)), (place.name_of(first), picture(2))
    )
    found = [choice.graduate for choice in choices_of(place, rows["x70.jpg"])]
    assert sorted(person.pk for person in found) == [person.pk for person in others] and stranger not in found


def test_exempt_people_and_people_without_a_grant_are_no_candidates(place):
    stranger = make.make_graduate(place.campaign, make.make_unit())
    exempt = place.people[0]
    Graduate.objects.filter(pk=exempt.pk).update(exemption=Exemption.EARLIER_PICTURE)
    rows = place.put((place.name_of(stranger), picture(1)), ("a" + place.name_of(exempt), picture(2)))
    for row in rows.values():
        people = [choice.graduate for choice in choices_of(place, row)]
        assert stranger not in people and exempt not in people


def test_in_capture_code_mode_candidates_are_shot_numbers_alone():
    place = TrayPlace(identity_mode="capture_code")
    (row,) = place.put(("A2-0471-003.jpg", picture(1)), match="shot_number").values()
    choices = choices_of(place, row)
    assert choices[0].shot == "A2-0417-003" and choices[0].ties_shot
    assert all(choice.graduate is None for choice in choices)
    known = known_people(place.studio, place.campaign)
    assert all(not person.name and not person.number for person in known.people)
    found = find_choices(place.studio, place.campaign, "0417-00", known)
    assert [(choice.key, choice.shot, choice.graduate) for choice in found] == [
        (str(number), f"A2-0417-00{number}", None) for number in range(1, 5)
    ]
    name = place.people[0].enrolment.student.name
    assert find_choices(place.studio, place.campaign, name, known) == []


def test_search_finds_people_and_shot_numbers(place):
    known = known_people(place.studio, place.campaign)

    def find(words):
        return [choice.graduate for choice in find_choices(place.studio, place.campaign, words, known)]

    second = place.people[1]
    assert find(second.enrolment.student_number) == [second]
    assert second in find(second.enrolment.student.name)
    assert find("a2-0417-002") == [second]
    assert find("A2-0417") == place.people
    assert find("x") == [] and find("nobody") == []
    place.put((place.name_of(place.people[0]), picture(1)))
    surname = "测"
    for person in place.people:
        student = person.enrolment.student
        student.name = surname + student.name
        student.save()
    assert find(surname) == [*place.people[1:], place.people[0]]  # who has a picture comes last
    assert find_choices(place.studio, place.campaign, "a2-0417-002", known)[0].ties_shot


def test_candidates_take_the_same_number_of_queries_for_few_and_many(place, django_assert_num_queries):
    rows = place.put(
        (place.name_of(place.people[0]), picture(1, 60)),
        ("2014x.jpg", picture(2, 120)),
        (place.name_of(place.people[2]), picture(3, 180)),
    )
    row = IngestFile.objects.select_related("batch__studio", "batch__campaign").get(pk=rows["2014x.jpg"].pk)

    def ask():
        return candidates_for(row, known_people(place.studio, place.campaign))

    ask()
    with django_assert_num_queries(7):
        assert ask()[0].graduate == place.people[1]
    for number in range(5, 40):
        person = make.make_graduate(place.campaign, place.unit)
        place.shoot(person, number)
    with django_assert_num_queries(7):
        assert ask()[0].graduate == place.people[1]


# ---- assignment


def test_assigned_by_shot_number_the_picture_is_tied_to_that_shot(place):
    person = place.people[1]
    other_day = place.shoot(make.make_graduate(place.campaign, place.unit), 9)
    (row,) = place.put(("who.jpg", picture(1))).values()
    with pytest.raises(NoSuchShot):
        assign(place, row, person, other_day.code)  # the number of somebody else
    with pytest.raises(NoSuchShot):
        assign(place, row, shot="A2-0417-777")
    assign(place, row, shot="a2-0417-2")
    make.run_jobs()
    row.refresh_from_db()
    link = AttendancePhoto.objects.get(photo=row.photo)
    assert (row.shot, link.shot.code, row.photo) == (
        "A2-0417-002",
        "A2-0417-002",
        place.again(person).picture,
    )


def test_in_capture_code_mode_only_a_shot_number_assigns():
    place = TrayPlace(identity_mode="capture_code")
    (row,) = place.put(("who.jpg", picture(1)), match="shot_number").values()
    with pytest.raises(NotGranted):
        assign(place, row, place.people[0])
    assign(place, row, shot="A2-0417-001")
    make.run_jobs()
    picture_ = place.again(place.people[0]).picture
    assert picture_ and AttendancePhoto.objects.get(photo=picture_).shot.code == "A2-0417-001"


def test_shot_of_an_ungranted_unit_or_a_void_one_is_nobodys(place):
    stranger = make.make_graduate(place.campaign, make.make_unit())
    place.shoot(stranger, 8)
    shot = place.shoot(make.make_graduate(place.campaign, place.unit), 9)
    shot.voided_at, shot.void_reason = shot.issued_at, "x"
    shot.save()
    (row,) = place.put(("who.jpg", picture(1))).values()
    for code in ("A2-0417-008", "A2-0417-009"):
        with pytest.raises(NoSuchShot):
            assign(place, row, shot=code)
    issued = shot_lists().issued(place.studio, place.campaign)
    assert [one.code for one in issued if one.code.endswith("9")] == []


def test_somebody_outside_the_uploads_unit_may_be_chosen_by_hand(place):
    other = make.make_unit()
    make.make_grant(place.studio, other, place.campaign)
    person = make.make_graduate(place.campaign, other)
    (row,) = place.put(("who.jpg", picture(1)), unit=place.unit).values()
    assign(place, row, person)
    make.run_jobs()
    assert place.again(person).picture is not None


def test_of_two_who_assign_one_file_the_second_is_refused(place):
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, place.people[0])
    with pytest.raises(NotInTray):
        assign(place, row, place.people[1])
