"""Pictures on their way in (R11): an upload of files or ZIPs by the studio, or a folder of the server. One way for all.

A batch is opened, files are put into it, and a job reads them (`students.ingest_job`). Nothing is decoded in a request.
"""

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError, NotAllowed
from photocampus.events import record
from photocampus.jobs import start_job
from photocampus.models import Job, Role, User
from students.models import IngestBatch, IngestFile, IngestState, MatchMode, Origin
from students.models.pictures import incoming_name
from students.stored_files import delete_pieces
from units.models import Campaign, CampaignState, Studio, StudioGrant, StudioMembership, Unit

JOB_KIND = "students.ingest"
NAME_LIMIT = 255
BROKEN = "upload_broken"


class ScansOff(DomainError):
    code = "scans_off"
    message = _("This campaign accepts no scanned prints.")


class CampaignNotOpen(DomainError):
    code = "campaign_not_open"
    message = _("The campaign is not open: pictures can be put in only while it is published.")


class NoGrant(DomainError):
    code = "no_grant"
    message = _("The studio has no right to see this unit's people; a confirmed booking gives it.")


class NobodyYet(DomainError):
    code = "no_grant_at_all"
    message = _("The studio works for no unit of this campaign; a confirmed booking gives it the right.")


class NoFiles(DomainError):
    code = "no_files"
    message = _("There is nothing to read: no file was chosen.")


def must_belong_to(studio: Studio, by: User) -> None:
    """R11: only the studio's own people put pictures in. Raises `NotAllowed`."""
    belongs = StudioMembership.objects.filter(user=by, studio=studio, ended_at=None).exists()
    if by.role != Role.STUDIO or not belongs:
        raise NotAllowed()


@transaction.atomic
def open_batch(
    *,
    studio: Studio,
    campaign: Campaign,
    by: User,
    match: str = MatchMode.AUTO,
    origin: str = Origin.ATTENDANCE,
    unit: Unit | None = None,
    source: Path | None = None,
    station: str = "",
    day: dt.date | None = None,
) -> IngestBatch:
    """An empty batch. With `unit` only that unit's people are matched; with `source` the job lists a folder or ZIP.

    `station` and `day` say whose shot numbers the order of frames is compared with (`MatchMode.SEQUENCE`).

    Raises `NotAllowed`, `CampaignNotOpen`, `ScansOff`, `NoGrant`, `NobodyYet`.
    """
    must_belong_to(studio, by)
    if campaign.state != CampaignState.PUBLISHED:
        raise CampaignNotOpen()
    if origin == Origin.SCAN and not campaign.scans_allowed:
        raise ScansOff()
    grants = StudioGrant.objects.filter(studio=studio, campaign=campaign, ended_at=None)
    if unit is not None and not grants.filter(unit=unit).exists():
        raise NoGrant()
    if not grants.exists():
        raise NobodyYet()
    batch = IngestBatch.objects.create(
        studio=studio,
        campaign=campaign,
        by=by,
        match=match,
        origin=origin,
        unit=unit,
        source=str(source.resolve()) if source else "",
        station=station,
        day=day,
    )
    record(batch, "batch_opened", by=by, data={"match": match, "origin": origin})
    return batch


def next_position(batch: IngestBatch) -> int:
    last: int | None = batch.files.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def clean_name(name: str) -> str:
    """Without control characters, shortened from the left: the end holds the number."""
    return "".join(char for char in name if char.isprintable())[-NAME_LIMIT:]


@transaction.atomic
def start_ingest(*, batch: IngestBatch, by: User) -> Job:
    """Let a worker read what waits in the batch. Harmless when repeated: a file is claimed by one job only."""
    batch = IngestBatch.objects.select_for_update().select_related("studio", "campaign").get(pk=batch.pk)
    must_belong_to(batch.studio, by)
    give_up_broken(batch)
    if not batch.source and not batch.files.exclude(state=IngestState.DISCARDED).exists():
        raise NoFiles()
    url = reverse("students:picture-batch", args=[batch.studio.code, batch.campaign.code, batch.public_id])
    job = start_job(
        JOB_KIND,
        by=by,
        args={"batch": batch.pk},
        label=f"{batch.studio.short_name} {batch.campaign.code}",
        url=url,
        total=batch.files.filter(state=IngestState.WAITING).count(),
    )
    batch.job = job
    batch.save(update_fields=["job"])
    return job


def give_up_broken(batch: IngestBatch) -> None:
    """Uploads that broke off with their process. A large file of which pieces are there goes on in an upload of its own."""
    under_way = batch.files.filter(state=IngestState.UPLOADING).order_by("position")
    for row in under_way.filter(piece_bytes=0):
        drop_broken(row)
    if in_pieces := list(under_way.exclude(piece_bytes=0)):
        other = _upload_like(batch)
        for row in in_pieces:
            move_to_batch(row, other)


def _upload_like(batch: IngestBatch) -> IngestBatch:
    """An upload that is not read yet, of the same user with the same options."""
    fields = ("studio", "campaign", "by", "match", "origin", "unit", "station", "day")
    options = {name: getattr(batch, name) for name in fields}
    begun = IngestBatch.objects.filter(job=None, source="", **options).exclude(pk=batch.pk)
    if other := begun.order_by("-pk").first():
        return other
    other = IngestBatch.objects.create(**options)
    record(other, "batch_opened", by=batch.by, data={"match": batch.match, "origin": batch.origin})
    return other


def move_to_batch(row: IngestFile, batch: IngestBatch) -> None:
    """Put a file that is under way at the end of another upload; positions are counted under that one's lock."""
    IngestBatch.objects.select_for_update().get(pk=batch.pk)
    row.batch, row.position = batch, next_position(batch)
    row.save(update_fields=["batch", "position"])


def drop_broken(row: IngestFile) -> bool:
    """An upload that broke off: the row stays with its reason, half a file does not. False if somebody did it before."""
    broken = IngestFile.objects.filter(pk=row.pk, state=IngestState.UPLOADING)
    changed = broken.update(state=IngestState.DISCARDED, reason=BROKEN, file="")
    if row.piece_bytes:
        if changed:  # else they may be a whole file by now
            delete_pieces(row)
        return bool(changed)
    name = incoming_name(row, "")
    if default_storage.exists(name):
        default_storage.delete(name)
    return bool(changed)


TRAY_STATES = (IngestState.TRAY, IngestState.REFUSED)
OPEN_STATES = (IngestState.UPLOADING, IngestState.WAITING, IngestState.WORKING)


def counts_of_batches() -> dict[str, Any]:
    """Annotations for a list of batches."""
    return {
        "files_in_all": Count("files", filter=~Q(files__state=IngestState.UNPACKED)),
        "files_open": Count("files", filter=Q(files__state__in=OPEN_STATES)),
        "files_held": Count("files", filter=Q(files__state=IngestState.HELD)),
        "files_filed": Count("files", filter=Q(files__state=IngestState.FILED)),
        "files_known": Count("files", filter=Q(files__state=IngestState.KNOWN)),
        "files_tray": Count("files", filter=Q(files__state__in=TRAY_STATES)),
        "files_discarded": Count("files", filter=Q(files__state=IngestState.DISCARDED)),
    }
