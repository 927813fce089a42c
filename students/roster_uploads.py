"""What people do with a roster file: upload, say what "gone" means, apply, discard (design §7)."""

import hashlib
from collections.abc import Collection
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import crypto
from photocampus.errors import DomainError, MissingReason
from photocampus.events import move_state, record
from photocampus.jobs import start_job
from photocampus.lists import join_words
from photocampus.models import Job, Role, User
from students import tables
from students.models import Completeness, Graduate, RosterRow, RosterState, RosterUpload, RowKind, UploadState
from students.roster_columns import map_headings
from students.roster_read import FILE_CONTEXT, MOVES, find_headings
from students.roster_records import submitted_graduates
from units.access import own_unit_ids
from units.models import Campaign, CampaignState, Unit

QUICK_BYTES = 1024 * 1024
FATES = (RosterState.LEFT, RosterState.DEFERRED, RosterState.TRANSFERRED)


class NotYourUnit(DomainError):
    code = "not_your_unit"
    message = _("You may change the roster of your own unit only.")


class CampaignNotOpen(DomainError):
    code = "campaign_not_open"
    message = _("The campaign “%(campaign)s” is not open: its roster cannot be changed.")


class NothingToApply(DomainError):
    code = "nothing_to_apply"
    message = _("This preview holds nothing to apply.")


class GoneUndecided(DomainError):
    code = "gone_undecided"
    message = _("%(people)d graduates of this list are not shown as gone in this upload.")


class GoneSubmitted(DomainError):
    code = "in_submission"
    message = _(
        "The pictures of %(names)s are submitted to academic affairs; ask them to return these first."
    )


def check_may_change(*, campaign: Campaign, unit: Unit | None, by: User) -> None:
    """Coordinators change their own unit's roster, staff everybody's; only while the campaign is published or drafted."""
    if campaign.state == CampaignState.CLOSED or (
        campaign.state == CampaignState.DRAFT and by.role != Role.STAFF
    ):
        raise CampaignNotOpen(campaign=campaign.name)
    if by.role == Role.STAFF:
        return
    if by.role != Role.UNIT or unit is None or not own_unit_ids(by).filter(unit=unit).exists():
        raise NotYourUnit()


def start_upload(
    *, campaign: Campaign, unit: Unit | None, file: BinaryIO, name: str, completeness: str, by: User
) -> RosterUpload:
    """Keep the file encrypted and start reading it. `unit` None: for all units, by staff.

    Refuses at once what is no readable file (`tables.BadTable`), before anything is kept.
    """
    check_may_change(campaign=campaign, unit=unit, by=by)
    data = file.read(tables.max_bytes() + 1)
    tables.check_file(data, name=name)
    if len(data) <= QUICK_BYTES:
        # Small enough to say at once that headings are missing.
        headings, _rows = find_headings(tables.open_table(data, name=name))
        map_headings(headings)
    sealed = crypto.encrypt_bytes(data, context=FILE_CONTEXT)
    upload = RosterUpload(
        campaign=campaign,
        unit=unit,
        file_name=name[-100:],
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        completeness=Completeness(completeness),
        by=by,
    )
    upload.file.save("file", ContentFile(sealed), save=False)
    stored = upload.file.name
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
            record(upload, "uploaded", by=by, new=upload.completeness, data={"sha256": upload.sha256})
            upload.job = _start("students.roster_read", upload, by, gettext("Reading a roster"))
            upload.save(update_fields=["job"])
    except BaseException:
        default_storage.delete(str(stored))
        raise
    return upload


def ask_apply(*, upload: RosterUpload, by: User) -> Job:
    """Start applying all good lines and the decided part of those gone. Raises `IllegalMove` unless it is previewed."""
    with transaction.atomic():
        upload = _locked(upload, by)
        decided = upload.rows.filter(kind=RowKind.GONE).exclude(fate="").count()
        if not (upload.counts.get(RowKind.NEW) or upload.counts.get(RowKind.CHANGED) or decided):
            raise NothingToApply()
        move_state(upload, UploadState.APPLYING, moves=MOVES, by=by)
        job = _start("students.roster_apply", upload, by, gettext("Applying a roster"))
        RosterUpload.objects.filter(pk=upload.pk).update(job=job)
    return job


def decide_gone(*, upload: RosterUpload, lines: Collection[int], fate: str, reason: str, by: User) -> None:
    """Say what became of these graduates: left, deferred or transferred, with a reason; "" takes it back.

    Raises `GoneSubmitted` for those whose picture is handed in, as `set_roster_state` would.
    """
    with transaction.atomic():
        upload = _locked(upload, by)
        if upload.state != UploadState.PREVIEWED:
            raise NothingToApply()
        if fate and fate not in FATES:
            raise MissingReason()
        if fate and not reason.strip():
            raise MissingReason()
        rows = upload.rows.filter(kind=RowKind.GONE, line__in=list(lines))
        if fate:
            _refuse_submitted(rows)
        found = rows.update(fate=fate, fate_reason=reason.strip()[:200] if fate else "")
        if found != len(set(lines)):
            raise GoneUndecided(people=len(set(lines)) - found)
        record(upload, "gone_decided", by=by, new=fate, reason=reason, data={"people": found})


def _refuse_submitted(rows: QuerySet[RosterRow]) -> None:
    gone = [pk for pk in rows.values_list("graduate", flat=True) if pk is not None]
    if submitted := submitted_graduates(gone):
        people = Graduate.objects.filter(pk__in=sorted(submitted)[:10]).order_by("enrolment__student_number")
        raise GoneSubmitted(names=join_words(people.values_list("enrolment__student__name", flat=True)))


def discard_upload(*, upload: RosterUpload, by: User) -> None:
    """Forget a preview: its lines and its file go away, the record that there was one stays."""
    with transaction.atomic():
        upload = _locked(upload, by)
        move_state(upload, UploadState.DISCARDED, moves=MOVES, by=by)
        upload.rows.all().delete()
        name = upload.file.name
        if name:
            transaction.on_commit(lambda: default_storage.delete(name))


def _locked(upload: RosterUpload, by: User) -> RosterUpload:
    locked = RosterUpload.objects.select_for_update().get(pk=upload.pk)
    check_may_change(campaign=locked.campaign, unit=locked.unit, by=by)
    return locked


def _start(kind: str, upload: RosterUpload, by: User, label: str) -> Job:
    return start_job(kind, by=by, args={"upload": upload.pk}, label=label, url=upload_url(upload))


def upload_url(upload: RosterUpload) -> str:
    """The page of the upload, for whom it belongs to."""
    if upload.unit_id is None:
        return reverse("students:office-upload", args=[upload.campaign.code, upload.public_id])
    assert upload.unit is not None
    return reverse("students:upload", args=[upload.unit.code, upload.campaign.code, upload.public_id])
