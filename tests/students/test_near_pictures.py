"""The same picture under two people is a finding on both; strangers of one layout are not."""

from __future__ import annotations

import importlib
import io
import itertools

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from students import near_pictures
from students.faces import get_detector
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.looks import MARK, NEAR, bits_apart, bits_of, look_of
from students.models import Finding, Photo
from students.near_pictures import CHECK, mark_all_near_pictures, mark_near_pictures, part_from_twins
from students.portraits import draw_portrait
from students.rederive import start_rederive
from tests import factories as make
from tests.students import odd_pictures as odd


def sent_again(picture: Image.Image) -> Image.Image:
    """What a messenger makes of a picture: smaller, and JPEG at quality 60."""
    small = picture.resize((picture.width * 4 // 5, picture.height * 4 // 5), Image.Resampling.LANCZOS)
    return Image.open(io.BytesIO(odd.saved(small, "JPEG", quality=60)))


def test_drawn_strangers_are_never_near_and_a_picture_sent_again_always_is():
    pictures = [draw_portrait(seed, size=(240, 320)).image for seed in range(40)]
    looks = [look_of(picture) for picture in pictures]
    assert all(len(bits_of(look)) == 64 and len(look) <= 128 for look in looks)
    assert min(bits_apart(*pair) for pair in itertools.combinations(looks, 2)) > NEAR
    for seed in range(12):
        picture = draw_portrait(seed, size=(480, 640)).image
        assert bits_apart(look_of(sent_again(picture)), look_of(picture)) <= NEAR / 2
    assert bits_of(look_of(Image.new("RGB", (240, 320), "white"))) == bytes(64)


@pytest.fixture
def place(db, monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)

    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        people = make.make_graduates(3, campaign, unit)

        def put(self, person, picture, quality=93):
            batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.photographer)
            name = f"{person.enrolment.student_number}.jpg"
            upload = SimpleUploadedFile(name, odd.saved(picture, "JPEG", quality=quality))
            add_upload(batch=batch, upload=upload, by=self.photographer)
            start_ingest(batch=batch, by=self.photographer)
            make.run_jobs()
            person.refresh_from_db()
            return batch

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    return Place()


def marked() -> dict[int, str]:
    return {row.photo_id: row.data["photo"] for row in Finding.objects.filter(check_name=CHECK)}


def test_one_picture_under_two_people_is_a_finding_on_both_until_one_is_replaced(place):
    first, second, third = place.people
    place.put(first, odd.drawing(1, 300, 400))
    place.put(third, odd.drawing(3, 300, 400))
    assert marked() == {}
    batch = place.put(second, sent_again(odd.drawing(1, 300, 400)))
    both = {
        first.picture_id: second.picture.public_id,
        second.picture_id: first.picture.public_id,
    }
    assert marked() == both
    assert mark_near_pictures(batch) == 2 and marked() == both  # repeated after a kill, it is the same
    finding = Finding.objects.get(photo=first.picture, check_name=CHECK)
    assert (finding.code, finding.severity) == ("not_this_person", "look")
    place.put(second, odd.drawing(2, 300, 400))
    assert first.picture_id not in marked()


def test_pictures_filed_before_looks_were_compared_are_compared_when_derived_again(place):
    first, second, third = place.people
    place.put(first, odd.drawing(1, 300, 400))
    place.put(second, odd.drawing(2, 300, 400))
    place.put(third, sent_again(odd.drawing(1, 300, 400)))
    both = marked()
    looks = dict(Photo.objects.values_list("pk", "look"))
    assert set(both) == {first.picture_id, third.picture_id} and all(looks.values())
    Finding.objects.filter(check_name=CHECK).delete()
    Photo.objects.exclude(pk=third.picture_id).update(look="")
    name = "students.migrations.0010_pictures_without_a_look_are_checked_again"
    importlib.import_module(name).forget_checks(apps, None)
    job = start_rederive(campaign=place.campaign, by=make.make_staff())
    make.run_jobs()
    job.refresh_from_db()
    assert job.result["compared"] == 2 and job.result["made"] == 0
    assert dict(Photo.objects.values_list("pk", "look")) == looks and marked() == both


def test_new_picture_of_the_same_person_is_no_double(place):
    first = place.people[0]
    place.put(first, sent_again(odd.drawing(1, 300, 400)))
    place.put(first, odd.drawing(1, 300, 400))
    assert marked() == {} and first.enrolment.photos.count() == 2


def test_copies_in_another_size_and_compression_are_found_whatever_the_crop(place, monkeypatch):
    """The crop follows the face that is found and the number of pixels; the look does not."""
    monkeypatch.setattr("students.ingest_job.get_detector", get_detector)
    first, second, third = place.people
    picture = draw_portrait(4, size=(1500, 2000)).image
    place.put(first, picture)
    place.put(second, picture.resize((480, 640), Image.Resampling.LANCZOS), quality=80)
    place.put(third, picture, quality=75)
    assert set(marked()) == {person.picture_id for person in place.people}
    measures = Finding.objects.filter(check_name=CHECK).values_list("measure", flat=True)
    assert max(measures) <= NEAR / 2


def test_of_three_near_pictures_two_stay_marked_when_one_is_replaced(place):
    first, second, third = place.people
    for person, quality in zip(place.people, (93, 90, 85), strict=True):
        place.put(person, odd.drawing(1, 300, 400), quality)
    assert set(marked()) == {person.picture_id for person in place.people}
    place.put(second, odd.drawing(2, 300, 400))
    assert {key: marked()[key] for key in (first.picture_id, third.picture_id)} == {
        first.picture_id: third.picture.public_id,
        third.picture_id: first.picture.public_id,
    }
    assert second.picture_id not in marked()


def test_looks_of_an_older_kind_are_not_compared_until_derived_again(place):
    first, second, _third = place.people
    place.put(first, odd.drawing(1, 300, 400))
    new = first.picture.look
    old = bits_of(new).hex()  # as it was stored before
    Photo.objects.filter(pk=first.picture_id).update(look=old, checked_with="older")
    place.put(second, odd.drawing(1, 300, 400), quality=90)
    assert new.startswith(MARK) and marked() == {}
    # What was found by the older kind is not believed any more.
    Finding.objects.create(
        photo=second.picture, check_name=CHECK, code="not_this_person", severity="look", data={"photo": "x"}
    )
    assert mark_all_near_pictures(place.campaign) == 0 and marked() == {}
    start_rederive(campaign=place.campaign, by=make.make_staff())
    make.run_jobs()
    assert set(marked()) == {first.picture_id, second.picture_id}


@pytest.mark.django_db(transaction=True)
def test_while_all_pictures_are_compared_nothing_is_locked_and_replaced_ones_are_left_out(place, monkeypatch):
    first, second, third = place.people
    for person, quality in zip(place.people, (93, 90, 85), strict=True):
        place.put(person, odd.drawing(1, 300, 400), quality)
    compare = near_pictures._nearest
    inside = []

    def replace_one(rows, filed):
        found = compare(rows, filed)
        inside.append(connection.in_atomic_block)
        if len(inside) == 1:
            place.put(second, odd.drawing(2, 300, 400))
        return found

    monkeypatch.setattr(near_pictures, "_nearest", replace_one)
    assert mark_all_near_pictures(place.campaign) == 2
    assert not inside[0]
    chosen = {person.picture_id for person in place.people}
    assert {photo: twin for photo, twin in marked().items() if photo in chosen} == {
        first.picture_id: third.picture.public_id,
        third.picture_id: first.picture.public_id,
    }


@pytest.mark.django_db(transaction=True)
def test_picture_filed_while_all_are_compared_is_marked_too(place, monkeypatch):
    first, second, _third = place.people
    place.put(first, odd.drawing(1, 300, 400))
    compare = near_pictures._nearest
    calls = []

    def file_another(rows, filed):
        found = compare(rows, filed)
        calls.append(rows)
        if len(calls) == 1:
            place.put(second, odd.drawing(1, 300, 400), quality=90)
        return found

    monkeypatch.setattr(near_pictures, "_nearest", file_another)
    assert mark_all_near_pictures(place.campaign) == 2
    assert marked() == {
        first.picture_id: second.picture.public_id,
        second.picture_id: first.picture.public_id,
    }


def test_twins_of_a_replaced_picture_are_found_by_an_index(place, django_assert_max_num_queries):
    place.put(place.people[0], odd.drawing(1, 300, 400))
    photo = place.people[0].picture
    with django_assert_max_num_queries(10) as queries:
        part_from_twins(photo)
    search = next(row["sql"] for row in queries.captured_queries if "near_identical" in row["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{search}")
        plan = str(cursor.fetchall())
    assert "finding_near_identical" in plan
