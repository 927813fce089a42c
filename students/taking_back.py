"""Undo of what was assigned by hand: the file waits in the tray again, and the person has what there was before.

A picture that was filed is taken from the person as long as nothing rests on it. Its row stays as history; its files
change their owner instead of being copied: the original is the tray's file again, the largest rendition its preview.
"""

from collections.abc import Callable, Iterable

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import history_of, record
from photocampus.fields import new_public_id
from photocampus.models import User
from students.decisions import withdraw_decisions
from students.filing import RESTS_ON_PICTURE
from students.ingest import TRAY_STATES, must_belong_to
from students.models import (
    Decision,
    Exemption,
    ExportRow,
    Graduate,
    IngestFile,
    IngestState,
    Outcome,
    Photo,
    Rendition,
    SubmissionItem,
)
from students.near_pictures import part_from_twins, rejoin_twins
from units.models import Campaign, Studio

REASON = "taken_back"
OPEN_TO_UNDO = (IngestState.WAITING, IngestState.WORKING, IngestState.FILED)


class NotTakenBack(DomainError):
    """Why an assignment stands."""

    code = "not_taken_back"
    messages = {
        "not_by_hand": _("This file was not assigned by hand."),
        "known": _(
            "The same picture was filed under this person before; the assignment has changed nothing."
        ),
        "chosen_again": _(
            "An earlier picture was chosen again. To go back, assign the other picture to this person again."
        ),
        "part": _(
            "This file has become a part of the picture that the person had already. Take that picture back: this file"
            " comes back with it."
        ),
        "accepted": _("The unit has accepted this picture. Only a new picture can take its place."),
        "submitted": _("This picture has been submitted. Only a new picture can take its place."),
        "delivered": _("This picture has been packed for delivery. Only a new picture can take its place."),
        "elsewhere": _("This picture is used in another campaign."),
        "exempt": _(
            "This person needs no new picture because of this one. Ask academic affairs to end that exemption first."
        ),
        "gone": _("The file of this picture is no longer stored."),
    }

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        self.message = self.messages[code]


# Called in the transaction with the photo; raises `NotTakenBack` where something of a later app rests on it.
Objection = Callable[[Photo], None]
_objections: list[Objection] = []


def on_taking_back(objection: Objection) -> Objection:
    """Let a later app keep a picture where it is."""
    if objection not in _objections:
        _objections.append(objection)
    return objection


def assigned_files(studio: Studio, campaign: Campaign) -> QuerySet[IngestFile]:
    """What was assigned by hand and can be taken back, the newest assignment first."""
    rows = IngestFile.objects.filter(batch__studio=studio, batch__campaign=campaign, state__in=OPEN_TO_UNDO)
    return rows.exclude(assigned=None).order_by(F("assigned_at").desc(nulls_last=True), "-pk")


def last_assignment(studio: Studio, campaign: Campaign, by: User) -> IngestFile | None:
    """The user's own newest assignment that stands; taken back, it is the one before it."""
    rows = assigned_files(studio, campaign).filter(assigned_by=by)
    return rows.select_related("assigned__enrolment__student").first()


@transaction.atomic
def take_back(*, file: IngestFile, by: User) -> None:
    """Undo an assignment by hand, whether the file waits, is being read or is filed. Harmless when repeated.

    Raises `NotTakenBack` where something rests on the picture, `ChangedMeanwhile` where somebody was faster.
    """
    row = (
        IngestFile.objects.select_for_update(of=("self",))
        .select_related("batch__studio", "batch__campaign", "assigned")
        .get(pk=file.pk)
    )
    must_belong_to(row.batch.studio, by)
    person = row.assigned
    if person is None:
        if row.state not in TRAY_STATES:
            raise NotTakenBack("not_by_hand")
        return
    if row.state == IngestState.FILED:
        _take_from_person(row, person, by)
    elif row.state in (IngestState.WAITING, *TRAY_STATES):
        # Not read yet, or read and not filed.
        to = IngestState.TRAY if row.state == IngestState.WAITING else row.state
        _set(row, state=to, reason=row.reason or _reason_before(row))
    elif row.state == IngestState.WORKING:
        # The job finds out before it writes, and puts the file back itself.
        _set(row, reason=_reason_before(row))
    elif (row.state, row.reason) == (IngestState.KNOWN, "chosen_again"):
        raise NotTakenBack("chosen_again")
    else:
        raise NotTakenBack("known" if row.state == IngestState.KNOWN else "not_by_hand")
    record(row, "file_taken_back", by=by, old=person.public_id)


def _set(row: IngestFile, **fields: object) -> None:
    """One compare-and-set: what the row was, and whom it was assigned to."""
    known = IngestFile.objects.filter(pk=row.pk, state=row.state, assigned=row.assigned_id)
    if not known.update(
        assigned=None, assigned_by=None, assigned_at=None, shot="", is_ordered=False, **fields
    ):
        raise ChangedMeanwhile()


def _reason_before(row: IngestFile) -> str:
    """Why the file was in the tray before it was assigned."""
    event = history_of(row).filter(kind="file_assigned").last()
    return (event.reason if event else "") or REASON


def _take_from_person(row: IngestFile, person: Graduate, by: User) -> None:
    graduate = Graduate.objects.select_for_update(of=("self",)).select_related("picture").get(pk=person.pk)
    photo = Photo.objects.select_for_update().get(pk=row.photo_id)
    _must_be_free(row, photo, graduate)
    if graduate.picture_id == photo.pk:
        _choose_earlier(graduate, photo, by)
    _return_files(row, photo, by)


def _must_be_free(row: IngestFile, photo: Photo, graduate: Graduate) -> None:
    """Raises `NotTakenBack` where the picture is not this file's own or somebody relies on it."""
    if photo.public_id != (row.photo_key or row.public_id):
        raise NotTakenBack("part")
    if not photo.original:
        raise NotTakenBack("gone")
    if Decision.objects.filter(photo=photo, is_current=True, outcome=Outcome.YES).exists():
        raise NotTakenBack("accepted")
    submitted = SubmissionItem.objects.filter(photo=photo).exists()
    if submitted or ExportRow.objects.filter(photo=photo).exists():
        raise NotTakenBack("submitted")
    if Graduate.objects.filter(picture=photo).exclude(pk=graduate.pk).exists():
        raise NotTakenBack("elsewhere")
    if graduate.picture_id == photo.pk and graduate.exemption != Exemption.NONE:
        raise NotTakenBack("exempt")
    for objection in _objections:
        objection(photo)


def put_aside(*, graduate: Graduate, photo: Photo, by: User, reason: str) -> bool:
    """A picture that was struck out is the person's no longer; False if it stays, decided on or a ground for exemption.

    Other than after `take_back` it keeps its files, as history. For use cases with a transaction of their own.
    """
    graduate = Graduate.objects.select_for_update(of=("self",)).select_related("picture").get(pk=graduate.pk)
    if graduate.picture_id != photo.pk or graduate.exemption != Exemption.NONE:
        return False
    if Decision.objects.filter(photo=photo, is_current=True).exists():
        return False
    _choose_earlier(graduate, photo, by, kind="picture_put_aside", reason=reason)
    return True


def _choose_earlier(
    graduate: Graduate, photo: Photo, by: User, *, kind: str = "picture_taken_back", reason: str = ""
) -> None:
    """The picture before it is the person's again, with the decisions that lapsed when it was replaced."""
    earlier, lapsed = _before(graduate, photo)
    if not Graduate.objects.filter(pk=graduate.pk, picture=photo).update(picture=earlier):
        raise ChangedMeanwhile()
    part_from_twins(photo)
    for stage in RESTS_ON_PICTURE:
        withdraw_decisions(graduate_pks=[graduate.pk], stage=stage)
    back: list[int] = []
    if earlier is not None:
        rejoin_twins(earlier)
        back = _bring_back(graduate, earlier, lapsed)
    record(
        graduate,
        kind,
        by=by,
        reason=reason,
        old=photo.public_id,
        new=earlier.public_id if earlier else "",
        data={"decisions": back},
    )


def _before(graduate: Graduate, photo: Photo) -> tuple[Photo | None, list[int]]:
    """The newest earlier picture that was not taken back itself, and the decisions that lapsed with it.

    It goes strictly back in time, since an earlier picture may have been chosen again after the one that replaced it.
    """
    filed = history_of(graduate).filter(kind__in=("picture_filed", "picture_replaced"))
    key = photo.public_id
    while event := filed.filter(new=key).last():
        key, filed = event.old, filed.filter(pk__lt=event.pk)
        earlier = Photo.objects.filter(public_id=key, enrolment=graduate.enrolment_id).first()
        if earlier is not None and earlier.pk != photo.pk and earlier.taken_back_at is None:
            return earlier, list(event.data.get("lapsed", []))
    return None, []


def _bring_back(graduate: Graduate, earlier: Photo, lapsed: Iterable[int]) -> list[int]:
    """All of them or none: where somebody has decided since, the picture is looked at anew."""
    rows = list(Decision.objects.filter(pk__in=list(lapsed), graduate=graduate, photo=earlier).order_by("pk"))
    for row in rows:
        if Decision.objects.filter(graduate=graduate, stage=row.stage, pk__gt=row.pk).exists():
            return []
    Decision.objects.filter(pk__in=[row.pk for row in rows]).update(is_current=True)
    return [row.pk for row in rows]


def _return_files(row: IngestFile, photo: Photo, by: User) -> None:
    """The photo gives up its files: the original to the tray, finished parts that joined it to their own rows.

    What nobody needs is deleted after the commit. The next photo of this file gets a name of its own.
    """
    renditions = list(photo.renditions.select_related("profile").order_by("-width", "pk"))
    free = {rendition.pk: rendition.file.name for rendition in renditions if rendition.file}
    parts = photo.ingest_files.filter(state=IngestState.FILED).exclude(pk=row.pk)
    for part in parts.select_for_update(of=("self",)):
        own = _part_of(photo, part, renditions)
        _return_part(part, own, free.pop(own.pk), by)
    preview = next((free.pop(one.pk) for one in renditions if one.pk in free), "")
    original = photo.original.name
    taken = Photo.objects.filter(pk=photo.pk, taken_back_at=None)
    if not taken.update(taken_back_at=clock.now(), original=""):
        raise ChangedMeanwhile()
    Rendition.objects.filter(photo=photo).update(file="")
    _set(row, reason=_reason_before(row), **_in_tray(original, preview))
    # The same bytes, sent again meanwhile: they are still there, in the tray.
    photo.ingest_files.filter(state=IngestState.KNOWN).update(photo=None)
    left = [name for name in free.values() if name]
    transaction.on_commit(lambda: _delete(left))


def _delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def _in_tray(file: str | None, preview: str | None) -> dict[str, object]:
    return {
        "state": IngestState.TRAY,
        "photo": None,
        "photo_key": new_public_id(),
        "file": file or "",
        "preview": preview or "",
        "piece_bytes": 0,  # it may have come in pieces; it lies there as a whole now
        "job": None,
    }


def _part_of(photo: Photo, part: IngestFile, renditions: Iterable[Rendition]) -> Rendition:
    """The rendition that this file has become. Raises `NotTakenBack`."""
    joined = history_of(photo).filter(kind="studio_file_joined")
    profiles = {event.data.get("file", ""): event.data["profile"] for event in joined}
    name = profiles.get(part.public_id)
    own = next((one for one in renditions if one.profile.name == name and one.is_studio_file), None)
    if own is None or not own.file:
        raise NotTakenBack("gone")
    return own


def _return_part(part: IngestFile, own: Rendition, name: str | None, by: User) -> None:
    """What lies there is the file without its metadata, a JPEG of its own preview's size."""
    fields = _in_tray(name, name)
    _set(part, reason=REASON, sha256=own.sha256, size=own.size, **fields)
    record(part, "file_taken_back", by=by)
