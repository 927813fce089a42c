"""The same picture under two people is a finding on both; strangers of one layout are not."""

from __future__ import annotations

import importlib
import io
import itertools

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.models import Finding, Photo
from students.near_pictures import CHECK, NEAR, bits_apart, look_of, mark_near_pictures
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
    assert all(len(look) == 128 for look in looks)
    assert min(bits_apart(*pair) for pair in itertools.combinations(looks, 2)) > NEAR
    for picture, look in zip(pictures, looks, strict=True):
        assert bits_apart(look_of(sent_again(picture)), look) <= NEAR
    assert look_of(Image.new("RGB", (240, 320), "white")) == "0" * 128


@pytest.fixture
def place(db, monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)

    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        people = make.make_graduates(3, campaign, unit)

        def put(self, person, picture):
            batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.photographer)
            name = f"{person.enrolment.student_number}.jpg"
            upload = SimpleUploadedFile(name, odd.saved(picture, "JPEG", quality=93))
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
    place.put(first, odd.drawing(1, 300, 400))
    place.put(first, sent_again(odd.drawing(1, 300, 400)))
    assert marked() == {} and first.enrolment.photos.count() == 2
