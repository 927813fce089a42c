"""Graduates with accepted pictures, for the tests of submissions, batches and answers."""

import hashlib
import io
import itertools

from django.core.files.base import ContentFile
from PIL import Image

from photocampus.models import User
from students.decisions import write_decisions
from students.models import Graduate, Outcome, Photo, RefusalCode, Rendition, Stage, Submission
from students.submissions import submit_images, verify_items
from tests.factories import (
    make_campaign,
    make_coordinator,
    make_graduate,
    make_school,
    make_staff,
    make_studio,
)
from tests.factories import make_unit as make_any_unit
from units.models import Campaign, Studio, Unit

_numbers = itertools.count(1)


def jpeg(number: int, size: tuple[int, int] = (240, 320)) -> bytes:
    """A small JPEG, different for each number."""
    image = Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, 200))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    return out.getvalue()


def make_code(code: str = "eyes_closed") -> RefusalCode:
    return RefusalCode.objects.get_or_create(
        code=code, defaults={"group": "x", "label_zh": code, "label_en": code}
    )[0]


def make_photo(graduate: Graduate, *, by: User, studio: Studio, small: tuple[int, int] = (240, 320)) -> Photo:
    """A photo with its small rendition, chosen as the graduate's picture."""
    number = next(_numbers)
    data = jpeg(number, small) + number.to_bytes(4, "big")
    digest = hashlib.sha256(data).hexdigest()
    photo = Photo(
        enrolment=graduate.enrolment,
        campaign=graduate.campaign,
        studio=studio,
        origin="attendance",
        sha256=digest,
        size=len(data),
        width=small[0],
        height=small[1],
        format="JPEG",
        by=by,
    )
    photo.original.save("x", ContentFile(data), save=False)
    photo.save()
    profile = graduate.campaign.image_profiles.get(name="small")
    rendition = Rendition(
        photo=photo,
        profile=profile,
        sha256=digest,
        size=len(data),
        width=small[0],
        height=small[1],
        made_with="test",
    )
    rendition.file.save("x", ContentFile(data), save=False)
    rendition.save()
    graduate.picture = photo
    graduate.save(update_fields=["picture"])
    return photo


def accept(graduate: Graduate, by: User) -> None:
    assert graduate.picture_id is not None
    pairs = [(graduate.pk, graduate.picture_id)]
    write_decisions(pairs=pairs, stage=Stage.ACCEPTANCE, outcome=Outcome.YES, by=by)


class World:
    """A school, a campaign, one college with its coordinator, a studio and staff."""

    campaign: Campaign
    college: Unit

    def __init__(self, **campaign: object) -> None:
        make_school()
        self.campaign = make_campaign(**campaign)
        self.term = self.campaign.terms.get(code="2018-07")
        self.college = make_any_unit()
        self.coordinator = make_coordinator(self.college)
        self.studio = make_studio(campaign=self.campaign)
        self.staff = make_staff()

    def graduate(self, *, accepted: bool = True, unit: Unit | None = None, **fields: object) -> Graduate:
        graduate = make_graduate(self.campaign, unit or self.college, **fields)
        make_photo(graduate, by=self.staff, studio=self.studio)
        if accepted:
            accept(graduate, self.coordinator)
        # As the database has it: numbers are secrets there, and plain text in what was just made.
        return Graduate.objects.get(pk=graduate.pk)

    def graduates(self, count: int, **fields: object) -> list[Graduate]:
        return [self.graduate(**fields) for _ in range(count)]

    def submit(self, **given: object) -> Submission:
        return submit_images(college=self.college, term=self.term, by=self.coordinator, **given)

    def verified(self, count: int, **fields: object) -> list[Graduate]:
        """People who are submitted and verified, ready for a batch."""
        people = self.graduates(count, **fields)
        verify_items(submission=self.submit(), by=self.staff)
        return people
