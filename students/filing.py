"""Filing a picture under its person: the photo, its renditions and findings, the choice, the end of older decisions.

Files are written under names that follow from the incoming file's key, before the rows; a process that dies in
between leaves files that the next attempt overwrites, never a second set.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from students.check_bounds import NOTE, REFUSE, Result, weighed
from students.decisions import withdraw_decisions
from students.faces import get_detector
from students.looks import MARK as LOOKS
from students.models import (
    Decision,
    Exemption,
    Finding,
    Graduate,
    IngestFile,
    Origin,
    Photo,
    Rendition,
    RosterState,
    Stage,
    SubmissionItem,
)
from students.models.pictures import photo_name, rendition_name
from students.near_pictures import part_from_twins, rejoin_twins
from students.processing import Processed, Rendered, rules_of
from students.profiles import ProfileSpec
from students.renditions import MADE_WITH
from students.submissions import OPEN_ITEMS
from units.models import Campaign, ImageProfile


class NotFiled(DomainError):
    """Why a picture stays in the tray although its person is known."""

    code = "not_filed"
    messages = {
        "exempt": _("This person needs no new picture: the earlier one of the same level is used."),
        "not_active": _("This person is deferred, has transferred or has left."),
        "submitted": _(
            "This person's picture has been submitted; it can be replaced only after it has been returned."
        ),
        "same_as_other": _("The same file is filed under another person already."),
        "smaller_copy": _(
            "This is the picture that the person has already, with fewer pixels. It does not fit the profile, or that"
            " picture has been decided on, or has such a file. Discard it; or assign it by hand, if it shall take the"
            " picture's place."
        ),
        "too_small": _(
            "This file has too few pixels for the registration image, and the person's present picture has enough."
            " Please send a larger file; or assign this one by hand, if it shall take the picture's place."
        ),
    }

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        self.message = self.messages[code]


class PictureChanged(Exception):
    """The person has another picture, or that has other finished parts, than the file was compared with."""


# The studio's finished files of a picture, each by its row and its hash.
Parts = frozenset[tuple[int, str]]


@dataclass(frozen=True)
class Profiles:
    """The newest version of each of a campaign's profiles, as rows and as plain values."""

    rows: dict[str, ImageProfile]
    specs: tuple[ProfileSpec, ...]


# Decisions that lapse with the picture they are about.
RESTS_ON_PICTURE = (Stage.ACCEPTANCE, Stage.VERIFICATION)

# Called in the transaction that files a photo, with the graduate, the photo and the shot number in the name, if any.
FiledListener = Callable[[Graduate, Photo, str], None]
_listeners: list[FiledListener] = []


def on_photo_filed(listener: FiledListener) -> FiledListener:
    """Let a later app tie a picture to where it was taken."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def spec_of(row: ImageProfile) -> ProfileSpec:
    def bounds(low: int | None, high: int | None) -> tuple[int, int] | None:
        return None if low is None or high is None else (low, high)

    return ProfileSpec(
        name=row.name,
        version=row.version,
        width=row.width,
        height=row.height,
        min_bytes=row.min_bytes,
        max_bytes=row.max_bytes,
        min_quality=row.min_quality,
        dpi=row.dpi,
        backgrounds=tuple(tuple(colour) for colour in row.backgrounds),
        hairline=bounds(row.hairline_min, row.hairline_max),
        eyes=bounds(row.eyes_min, row.eyes_max),
        face=bounds(row.face_min, row.face_max),
        checks=row.checks,
    )


def profiles_of(campaign: Campaign) -> Profiles:
    rows: dict[str, ImageProfile] = {}
    for row in campaign.image_profiles.order_by("version", "pk"):
        rows[row.name] = row
    return Profiles(rows, tuple(spec_of(row) for row in rows.values()))


def checked_with(profiles: Profiles) -> str:
    """What renditions and findings of a picture follow from besides its bytes: profiles, program, detector."""
    rows = sorted(profiles.rows.values(), key=lambda row: row.pk)
    versions = " ".join(f"{row.name}:{row.pk}v{row.version}" for row in rows)
    detector = get_detector()
    return f"{MADE_WITH} {LOOKS}{versions} {detector.name if detector else 'no faces'}"[:200]


def must_be_fileable(graduate: Graduate, sha256: str) -> None:
    """Raises `NotFiled` where a new picture would be wrong for this person (R9, R21, submissions)."""
    if graduate.roster_state != RosterState.ACTIVE:
        raise NotFiled("not_active")
    if graduate.exemption != Exemption.NONE:
        raise NotFiled("exempt")
    if SubmissionItem.objects.filter(graduate=graduate, state__in=OPEN_ITEMS).exists():
        raise NotFiled("submitted")
    of_another = Q(sha256=sha256, taken_back_at=None) & ~Q(enrolment=graduate.enrolment_id)
    if Photo.objects.filter(of_another).exists():
        raise NotFiled("same_as_other")


def write_files(row: IngestFile, file: IO[bytes], processed: Processed, profiles: Profiles) -> None:
    """Put the original and the renditions into the storage, over whatever an interrupted attempt left there."""
    photo = _unsaved_photo(row)
    file.seek(0)
    put_file(photo_name(photo, ""), File(file))
    for rendered in processed.renditions:
        rendition = Rendition(photo=photo, profile=profiles.rows[rendered.profile.name])
        put_file(rendition_name(rendition, ""), ContentFile(rendered.data))


def remove_files(row: IngestFile, profiles: Profiles) -> None:
    """Take away what an interrupted attempt may have left for a file that was not filed."""
    photo = _unsaved_photo(row)
    names = [photo_name(photo, "")]
    names += [
        rendition_name(Rendition(photo=photo, profile=profile), "") for profile in profiles.rows.values()
    ]
    for name in names:
        if default_storage.exists(name):
            default_storage.delete(name)


def is_filed(row: IngestFile) -> bool:
    """Whether the files that are written for it are a photo's."""
    return Photo.objects.filter(public_id=_unsaved_photo(row).public_id).exists()


def finished_parts(photo: Photo | None) -> Parts:
    """What a new picture would carry over from this one (`students.filing_parts`)."""
    if photo is None:
        return frozenset()
    return frozenset(photo.renditions.filter(is_studio_file=True).values_list("pk", "sha256"))


def _unsaved_photo(row: IngestFile) -> Photo:
    return Photo(public_id=row.photo_key or row.public_id)


def put_file(name: str, content: File) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    saved = default_storage.save(name, content)
    if saved != name:
        raise OSError("the storage gave another name than the one asked for")


@transaction.atomic
def file_photo(
    *,
    row: IngestFile,
    graduate: Graduate,
    processed: Processed,
    sha256: str,
    size: int,
    profiles: Profiles,
    shot: str,
    by: User,
    parts: Parts,
) -> Photo:
    """Write the rows of a photo whose files lie in the storage, and choose it. The older picture stays as history.

    Decisions on the older picture are no longer current (they stay). Raises `NotFiled`, and `PictureChanged` where
    `graduate` does not hold the picture that the person has under the lock, or its finished `parts` are others there.
    """
    seen = graduate.picture_id
    graduate = _lock(graduate)
    if graduate.picture_id != seen or finished_parts(graduate.picture) != parts:
        raise PictureChanged()
    must_be_fileable(graduate, sha256)
    header = processed.header
    photo = _unsaved_photo(row)
    photo.enrolment = graduate.enrolment
    photo.campaign = row.batch.campaign
    photo.studio = row.batch.studio
    photo.origin = _origin(row, processed)
    photo.original.name = photo_name(photo, "")
    photo.sha256, photo.size = sha256, size
    photo.width, photo.height, photo.format = header.width, header.height, header.format
    photo.captured_at = timezone.make_aware(header.captured_at) if header.captured_at else None
    photo.look = processed.look
    photo.checked_with = checked_with(profiles)
    photo.by, photo.created_at = by, clock.now()
    photo.save(force_insert=True)
    Rendition.objects.bulk_create(
        rendition_row(photo, rendered, profiles) for rendered in processed.renditions
    )
    Finding.objects.bulk_create(
        finding_row(photo, result) for result in (*processed.results, *window_result(photo, profiles))
    )
    choose_picture(graduate=graduate, photo=photo, by=by)
    for listener in _listeners:
        listener(graduate, photo, shot)
    return photo


def _lock(graduate: Graduate) -> Graduate:
    rows = Graduate.objects.select_for_update(of=("self",)).select_related("enrolment", "picture")
    return rows.get(pk=graduate.pk)


@transaction.atomic
def choose_again(*, graduate: Graduate, photo: Photo, by: User) -> None:
    """Make an earlier picture the person's again. Harmless when repeated. Raises `NotFiled`."""
    graduate = _lock(graduate)
    if graduate.picture_id != photo.pk:
        must_be_fileable(graduate, photo.sha256)
        choose_picture(graduate=graduate, photo=photo, by=by)
        rejoin_twins(photo)


def finding_row(photo: Photo, result: Result) -> Finding:
    return Finding(
        photo=photo,
        check_name=result.check,
        code=result.code,
        severity=result.severity,
        measure=result.measure,
        low=result.low,
        high=result.high,
        data=dict(result.data),
    )


def window_result(photo: Photo, profiles: Profiles) -> list[Result]:
    """R2: the camera's clock says that the picture is older than its campaign's window; a profile says how much that weighs.

    Scans are of no known day.
    """
    taken = photo.captured_at
    if taken is None or photo.origin == Origin.SCAN:
        return []
    day = timezone.localdate(taken)
    early = day < photo.campaign.window_start
    code, severity = ("earlier_picture", REFUSE) if early else ("", NOTE)
    result = Result("captured", code=code, severity=severity, data={"day": day.isoformat()})
    return [weighed(result, rules_of(profiles.specs))]


def _origin(row: IngestFile, processed: Processed) -> str:
    size = processed.header.width, processed.header.height
    finished = [item for item in processed.renditions if item.is_studio_file]
    # Not the smaller files that are carried over from an earlier picture.
    if row.batch.origin == Origin.ATTENDANCE and any((item.width, item.height) == size for item in finished):
        return Origin.STUDIO_FILE
    return row.batch.origin


def rendition_row(photo: Photo, rendered: Rendered, profiles: Profiles) -> Rendition:
    rendition = Rendition(
        photo=photo,
        profile=profiles.rows[rendered.profile.name],
        sha256=hashlib.sha256(rendered.data).hexdigest(),
        size=len(rendered.data),
        width=rendered.width,
        height=rendered.height,
        quality=rendered.quality,
        is_studio_file=rendered.is_studio_file,
        made_with="" if rendered.is_studio_file else MADE_WITH[:80],
        created_at=clock.now(),
    )
    rendition.file.name = rendition_name(rendition, "")
    return rendition


def choose_picture(*, graduate: Graduate, photo: Photo, by: User) -> None:
    """Make `photo` the person's picture. The caller holds the lock on the graduate."""
    old = graduate.picture
    graduate.picture = photo
    graduate.save(update_fields=["picture"])
    lapsed: list[int] = []
    if old is not None:
        part_from_twins(old)
        current = Decision.objects.filter(graduate=graduate, stage__in=RESTS_ON_PICTURE, is_current=True)
        lapsed = list(current.order_by("pk").values_list("pk", flat=True))
        for stage in RESTS_ON_PICTURE:
            withdraw_decisions(graduate_pks=[graduate.pk], stage=stage)
    record(
        graduate,
        "picture_replaced" if old else "picture_filed",
        by=by,
        old=old.public_id if old else "",
        new=photo.public_id,
        # By these a picture that was filed by mistake can be taken back as if it had never come.
        data={"origin": str(photo.origin), "lapsed": lapsed},
    )
