"""Batches for the national register (CHSI): who goes in, how a batch moves on, who takes its files (R7).

The building itself is a job in `batch_build`; reading the register's answer back is `answers`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.access_log import log_access
from photocampus.errors import DomainError, MissingReason, NotAllowed
from photocampus.events import build_event, move_state, record, record_many
from photocampus.jobs import start_job
from photocampus.models import Role, School, User
from students.batch_files import stream_file
from students.chsi_columns import fields_from_profile
from students.models import (
    BatchFile,
    BatchState,
    Category,
    Channel,
    Decision,
    ExportBatch,
    ExportProfile,
    ExportRow,
    Graduate,
    ItemState,
    Outcome,
    RosterState,
    Stage,
    SubmissionItem,
)
from units.models import Campaign, Studio

BATCH_MOVES: Mapping[str, tuple[str, ...]] = {
    BatchState.BUILDING: (BatchState.FROZEN, BatchState.FAILED),
    BatchState.FROZEN: (BatchState.REPORTED, BatchState.FAILED),
    BatchState.REPORTED: (BatchState.ANSWERED,),
}
KEPT_STATES = (BatchState.FROZEN, BatchState.REPORTED, BatchState.ANSWERED)
DEFAULT_PROFILE = "chsi"


class NobodyToBatch(DomainError):
    code = "nobody_to_batch"
    message = _("Nobody is verified and in no batch yet.")


class BatchBeingBuilt(DomainError):
    code = "batch_being_built"
    message = _("A batch of this campaign is being built already. Wait until it is frozen.")


class UnknownProfile(DomainError):
    code = "unknown_profile"
    message = _("There is no active export profile called %(name)s.")


class SchoolUnknown(DomainError):
    code = "school_unknown"
    message = _("The school's code and name must be set up before a batch can be built.")


class BatchNotFrozen(DomainError):
    code = "batch_not_frozen"
    message = _("This batch has no files: it is still being built or was given up.")


class FilesRemoved(DomainError):
    code = "files_removed"
    message = _("Retention has ended: the files of this batch were removed, their hashes are kept.")


class ChannelNeedsStudio(DomainError):
    code = "channel_needs_studio"
    message = _("Say which studio reports this batch.")


class RowNotHeld(DomainError):
    code = "row_not_held"
    message = _(
        "Only people whom the register failed, doubted or found abnormal can be freed for a later batch."
    )


def must_be_staff(by: User | None) -> None:
    if by is None or by.role != Role.STAFF:
        raise NotAllowed()


def waiting_items(campaign: Campaign, cutoff: int | None = None) -> QuerySet[SubmissionItem]:
    """Verified images of active graduates (never early students) in no live batch, in student-number order.

    `cutoff` is the pk of the last decision that counts: a batch holds those who were verified when it was asked for.
    """
    live = ExportRow.objects.filter(graduate=OuterRef("graduate"), is_live=True)
    items = SubmissionItem.objects.filter(
        ~Exists(live),
        state=ItemState.VERIFIED,
        graduate__campaign=campaign,
        graduate__category=Category.GRADUATE,
        graduate__roster_state=RosterState.ACTIVE,
    )
    if cutoff is not None:
        decided = Decision.objects.filter(
            graduate=OuterRef("graduate"),
            stage=Stage.VERIFICATION,
            outcome=Outcome.YES,
            is_current=True,
            pk__lte=cutoff,
        )
        items = items.filter(Exists(decided))
    return items.order_by("graduate__enrolment__student_number")


def find_profile(name: str = "") -> ExportProfile:
    """The profile of this name, or the first active one. Raises UnknownProfile."""
    profiles = ExportProfile.objects.filter(is_active=True)
    wanted = name or DEFAULT_PROFILE
    profile = profiles.filter(name=wanted).first() or (None if name else profiles.first())
    if profile is None:
        raise UnknownProfile(name=wanted)
    return profile


def freeze_layout(profile: ExportProfile, cutoff: int) -> dict[str, Any]:
    """Everything about the files that is not about people, as it is now: later changes touch no built batch."""
    school = School.objects.first()
    if school is None:
        raise SchoolUnknown()
    fields_from_profile(profile.columns)
    return {
        "columns": profile.columns,
        "xlsx": profile.write_xlsx,
        "dbf": profile.write_dbf,
        "image_name": profile.image_name,
        "school_code": school.code,
        "school_name": school.name,
        "cutoff": cutoff,
    }


def start_batch(
    *, campaign: Campaign, profile: ExportProfile, by: User, leave_out: bool = False
) -> ExportBatch:
    """Begin to build a batch of all who are verified and in no batch; a job does the work.

    With `leave_out`, people whose data the register's files cannot carry are left out and named; without it they
    end the building, also named. One batch of a campaign is built at a time: the constraint decides between two
    (BatchBeingBuilt). Raises NotAllowed, NobodyToBatch, SchoolUnknown.
    """
    must_be_staff(by)
    cutoff = Decision.objects.aggregate(last=Max("pk"))["last"] or 0
    people = waiting_items(campaign, cutoff).count()
    if not people:
        raise NobodyToBatch()
    layout = freeze_layout(profile, cutoff)
    return _open_batch(
        campaign=campaign, profile=profile, by=by, leave_out=leave_out, layout=layout, people=people
    )


@transaction.atomic
def _open_batch(
    *,
    campaign: Campaign,
    profile: ExportProfile,
    by: User,
    leave_out: bool,
    layout: dict[str, Any],
    people: int,
) -> ExportBatch:
    _give_up_ended(campaign, by)
    try:
        with transaction.atomic():
            batch = ExportBatch.objects.create(
                campaign=campaign, profile=profile, by=by, leave_out=leave_out, layout=layout
            )
    except IntegrityError:
        raise BatchBeingBuilt() from None
    record(batch, "state_building", by=by, new=BatchState.BUILDING, data={"people": people})
    batch.job = start_job(
        "students.build_batch",
        by=by,
        args={"batch": batch.pk},
        label=campaign.name,
        url=reverse("admin:students_exportbatch_page", args=[batch.public_id]),
        total=2 * people,
    )
    batch.save(update_fields=["job"])
    return batch


def _give_up_ended(campaign: Campaign, by: User) -> None:
    """A batch whose job ended before it began (cancelled while it waited) must not block the campaign."""
    ended = ExportBatch.objects.filter(
        campaign=campaign, state=BatchState.BUILDING, job__finished_at__isnull=False
    )
    for batch in ended:
        give_up_batch(batch=batch, by=by, reason=batch.job.state if batch.job else "ended")


@transaction.atomic
def give_up_batch(*, batch: ExportBatch, by: User | None, reason: str) -> None:
    """End a batch that is being built, or one that is frozen and not reported; its people are free again.

    Its rows and, if it had got so far, its number stay as history. Raises MissingReason, IllegalMove.
    """
    if not reason.strip():
        raise MissingReason()
    batch = ExportBatch.objects.select_for_update().get(pk=batch.pk)
    move_state(batch, BatchState.FAILED, moves=BATCH_MOVES, by=by, reason=reason)
    batch.rows.filter(is_live=True).update(is_live=False)


@transaction.atomic
def report_batch(
    *,
    batch: ExportBatch,
    by: User,
    channel: str = Channel.ACADEMIC_AFFAIRS,
    studio: Studio | None = None,
    at: datetime | None = None,
) -> None:
    """Record that a frozen batch went to the register: by whom, through which channel, when (R7).

    Raises NotAllowed, ChannelNeedsStudio, IllegalMove.
    """
    must_be_staff(by)
    if channel == Channel.STUDIO and studio is None:
        raise ChannelNeedsStudio()
    batch = ExportBatch.objects.select_for_update().get(pk=batch.pk)
    move_state(
        batch,
        BatchState.REPORTED,
        moves=BATCH_MOVES,
        by=by,
        data={"channel": channel},
        channel=channel,
        studio=studio if channel == Channel.STUDIO else None,
        reported_by=by,
        reported_at=at or clock.now(),
    )
    graduates = batch.rows.filter(is_live=True).values_list("graduate", flat=True)
    record_many(
        build_event(Graduate(pk=graduate), "reported", by=by, data={"batch": str(batch)})
        for graduate in graduates
    )


def take_file(*, file: BatchFile, by: User | None, purpose: str) -> Iterator[bytes]:
    """Hand out a frozen file, byte for byte, and log it first: complete ID numbers leave the portal (design §5).

    Raises BatchNotFrozen, MissingReason.
    """
    batch = file.batch
    if batch.state not in KEPT_STATES or not file.sha256:
        raise BatchNotFrozen()
    if not file.parts.exists():
        raise FilesRemoved()
    if not purpose.strip():
        raise MissingReason()
    log_access(
        "batch_download",
        by=by,
        subject=batch,
        label=file.name,
        purpose=purpose,
        rows=batch.people,
        full=True,
        sha256=file.sha256,
    )
    return stream_file(file)


@transaction.atomic
def free_row(*, row: ExportRow, by: User, reason: str) -> None:
    """Let a person whom the register failed, doubted or found abnormal go into a later batch with the same image.

    For instance after the data were corrected. Raises NotAllowed, MissingReason, RowNotHeld.
    """
    must_be_staff(by)
    if not reason.strip():
        raise MissingReason()
    held = Q(answer__in=["failed", "uncertain", "abnormal"], is_live=True)
    if not ExportRow.objects.filter(held, pk=row.pk).update(is_live=False):
        raise RowNotHeld()
    record(
        Graduate(pk=row.graduate_id), "freed_from_batch", by=by, reason=reason, data={"batch": str(row.batch)}
    )
