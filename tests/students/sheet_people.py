"""Many people with pictures and findings at once, for the contact sheet."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from photocampus.models import User
from students.models import Finding, Graduate, Photo, Rendition
from students.portraits import portrait_jpeg
from tests import factories as make
from units.models import Campaign, Studio, Unit


def add_pictures(campaign: Campaign, unit: Unit, studio: Studio, by: User, count: int) -> list[Graduate]:
    """So many graduates, each with a photo, a small rendition (all of one file) and what was measured on it."""
    people = make.make_graduates(count, campaign, unit)
    file = default_storage.save("sheet.jpg", ContentFile(portrait_jpeg(1, size=(240, 320))))
    photos = Photo.objects.bulk_create(
        Photo(enrolment=person.enrolment, campaign=campaign, studio=studio, origin="attendance", size=1,
              sha256=f"{person.pk:064x}", width=1200, height=1600, format="JPEG", by=by)
        for person in people
    )  # fmt: skip
    small = campaign.image_profiles.get(name="small")
    Rendition.objects.bulk_create(
        Rendition(photo=photo, profile=small, file=file, sha256=f"{photo.pk:016x}".ljust(64, "a"), size=1,
                  width=240, height=320, made_with="test")
        for photo in photos
    )  # fmt: skip
    Finding.objects.bulk_create(row for photo in photos for row in measured(photo))
    for person, photo in zip(people, photos, strict=True):
        person.picture = photo
    Graduate.objects.bulk_update(people, ["picture"], batch_size=200)
    return people


def measured(photo: Photo) -> list[Finding]:
    """A head that is tilted by seven degrees, otherwise within its bounds."""
    eyes = {"left_eye": [190.0, 244.0], "right_eye": [290.0, 256.0], "frame": [480, 640]}
    rows = [
        ("face", 1, 1, 1, "", {}),
        ("eye_line", 250, 200, 300, "", eyes),
        ("tilt", 6.8, None, 3, "head_tilt", {"tilt": 6.8}),
        ("centring", 0, None, 24, "", {"offset": 0.0}),
        ("face_width", 240, 180, 300, "", {}),
        ("top_of_head", 80, 50, 110, "", {}),
        ("background_colour", 0.01, None, 0.06, "", {"rgb": [100, 197, 255]}),
        ("sharpness", 0.9, 0.35, None, "", {}),
    ]
    return [
        Finding(photo=photo, check_name=name, measure=measure, low=low, high=high, code=code, data=data,
                severity="refuse" if code else "note")
        for name, measure, low, high, code, data in rows
    ]  # fmt: skip
