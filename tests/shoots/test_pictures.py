"""Shot numbers in file names, and the attendance that a picture belongs to."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus import clock
from sessions.models import AttendancePhoto, Booking, BookingState, Shot
from sessions.pictures import match_shot
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.makeup import make_up_list
from students.models import IngestFile, IngestState
from tests import factories as make
from tests.students import odd_pictures as odd

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2018, 4, 17)


@pytest.fixture
def place():
    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        person = make.make_graduate(campaign, unit)
        station = make.make_station(studio, "A2")

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    booking = make.make_booking(Place.campaign, Place.studio, Place.unit)
    Place.attendance = make.make_attendance(
        booking, Place.person, state="photographed", photographed_at=clock.now()
    )
    Place.shot = shot(Place, 31)
    return Place


def shot(place, number, **fields):
    return Shot.objects.create(
        station=place.station,
        day=DAY,
        number=number,
        code=f"A2-0417-{number:03d}",
        attendance=place.attendance,
        issued_by=place.photographer,
        **fields,
    )


def put(place, name, seed=1):
    batch = open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer)
    add_upload(batch=batch, upload=SimpleUploadedFile(name, odd.jpeg(seed, 600, 800)), by=place.photographer)
    start_ingest(batch=batch, by=place.photographer)
    make.run_jobs()
    return IngestFile.objects.get(batch=batch)


@pytest.mark.parametrize("name", ["A2-0417-031.jpg", "a2-0417-31_DSC0042.JPG", "day1/A2-0417-031 (2).jpg"])
def test_shot_number_finds_the_person_and_ties_the_attendance(place, name):
    row = put(place, name.rpartition("/")[2])
    assert row.state == IngestState.FILED
    link = AttendancePhoto.objects.get(photo=row.photo)
    assert (link.attendance, link.shot) == (place.attendance, place.shot)


def test_student_number_ties_the_picture_to_the_same_attendance(place):
    row = put(place, f"{place.person.enrolment.student_number}.jpg")
    assert AttendancePhoto.objects.get(photo=row.photo).attendance == place.attendance


def test_void_and_unknown_shot_numbers_stay_in_the_tray(place):
    shot(place, 30, voided_at=clock.now(), void_reason="x")
    assert put(place, "A2-0417-030.jpg").reason == "shot_voided"
    assert put(place, "A2-0417-999.jpg", 2).reason == "unknown_number"


def test_shots_of_another_studio_are_not_found(place):
    other = make.make_studio(campaign=place.campaign)
    match = match_shot(place.campaign, other, "A2-0417-031")
    assert match is not None and match.graduate is None


def test_contradicting_numbers_in_one_name_are_not_filed(place):
    other = make.make_graduate(place.campaign, place.unit)
    row = put(place, f"A2-0417-031_{other.enrolment.student_number}.jpg")
    assert (row.state, row.reason) == (IngestState.TRAY, "ambiguous")


def test_shot_number_of_nobody_beside_a_student_number_is_not_filed(place):
    shot(place, 30, voided_at=clock.now(), void_reason="x")
    number = place.person.enrolment.student_number
    unknown = put(place, f"{number}_A2-0417-999.jpg")
    assert (unknown.state, unknown.reason) == (IngestState.TRAY, "unknown_number")
    void = put(place, f"{number}_A2-0417-030.jpg", 2)
    assert (void.state, void.reason) == (IngestState.TRAY, "shot_voided")
    assert put(place, f"{number}_A2-0417-031.jpg", 3).state == IngestState.FILED
    assert put(place, f"{number}-0417-001.jpg", 4).state == IngestState.FILED  # a day and a counter


def test_photographed_without_a_picture_is_on_the_make_up_list_until_it_comes(place):
    assert not make_up_list(place.campaign).exists()
    Booking.objects.update(state=BookingState.DONE)
    assert [person.makeup_reason for person in make_up_list(place.campaign)] == ["not_in"]
    put(place, "A2-0417-031.jpg")
    assert not make_up_list(place.campaign).exists()
