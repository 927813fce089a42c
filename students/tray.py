"""What could not be filed: assigned by hand, tried again, or discarded (R11: by the studio's own people)."""

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import record
from photocampus.models import Job, User
from students.ingest import TRAY_STATES, must_belong_to, start_ingest
from students.matching import granted_graduates, person_of_shot
from students.models import Graduate, IngestFile, IngestState
from students.stored_files import release_pieces
from units.models import Campaign, IdentityMode, Studio


class NotInTray(DomainError):
    code = "not_in_tray"
    message = _("This file is no longer in the tray.")


class NotGranted(DomainError):
    code = "not_granted"
    message = _("This person does not belong to a unit that the studio works for.")


class NoSuchShot(DomainError):
    code = "no_such_shot"
    message = _("Nobody was photographed under the shot number %(code)s, or it is void.")


def tray_of(studio: Studio, campaign: Campaign) -> QuerySet[IngestFile]:
    """Everything that waits for a decision, the newest upload first."""
    return (
        IngestFile.objects.filter(batch__studio=studio, batch__campaign=campaign, state__in=TRAY_STATES)
        .select_related("batch", "batch__by")
        .order_by("-batch", "position")
    )


@transaction.atomic
def assign_file(*, file: IngestFile, by: User, graduate: Graduate | None = None, shot: str = "") -> Job:
    """File this picture under that person, or under that shot number: through the same job as any other.

    Where the studio must not know people, only a shot number will do. Raises `NotInTray`, `NotGranted`, `NoSuchShot`.
    """
    row = _lock(file, by)
    person, code = _whose(row, graduate, shot)
    _again(row, assigned=person, shot=code, assigned_by=by, assigned_at=clock.now())
    record(row, "file_assigned", by=by, new=person.public_id, reason=row.reason, data={"shot": code})
    return start_ingest(batch=row.batch, by=by)


def _whose(row: IngestFile, graduate: Graduate | None, shot: str) -> tuple[Graduate, str]:
    studio, campaign = row.batch.studio, row.batch.campaign
    if shot:
        match = person_of_shot(studio, campaign, shot)
        if match is None or match.graduate is None or graduate not in (None, match.graduate):
            raise NoSuchShot(code=shot[:24])
        return match.graduate, match.shot
    by_name = campaign.identity_mode == IdentityMode.ID_CARD
    if graduate is None or not by_name:
        raise NotGranted()
    if not granted_graduates(studio, campaign).filter(pk=graduate.pk).exists():
        raise NotGranted()
    return graduate, ""


@transaction.atomic
def retry_file(*, file: IngestFile, by: User) -> Job:
    """Read the file again, because the roster or the grants have changed. Raises `NotInTray`."""
    row = _lock(file, by)
    _again(row)
    record(row, "file_retried", by=by, old=row.reason)
    return start_ingest(batch=row.batch, by=by)


@transaction.atomic
def retry_all(*, studio: Studio, campaign: Campaign, by: User) -> list[Job]:
    """Read everything in the tray again that has a file."""
    must_belong_to(studio, by)
    rows = list(tray_of(studio, campaign).exclude(file="").select_for_update(of=("self",)))
    for row in rows:
        _again(row)
    batches = {row.batch_id: row.batch for row in rows}
    return [start_ingest(batch=batch, by=by) for batch in batches.values()]


@transaction.atomic
def discard_file(*, file: IngestFile, by: User) -> None:
    """Take a file out of the tray and delete its bytes; the row stays. Harmless when repeated."""
    row = IngestFile.objects.select_for_update(of=("self",)).select_related("batch__studio").get(pk=file.pk)
    must_belong_to(row.batch.studio, by)
    if row.state == IngestState.DISCARDED:
        return
    if row.state not in TRAY_STATES:
        raise NotInTray()
    names = {name for name in (row.file.name, row.preview.name, *release_pieces(row)) if name}
    row.state, row.file, row.preview = IngestState.DISCARDED, "", ""
    row.save(update_fields=["state", "file", "preview"])
    record(row, "file_discarded", by=by, old=row.reason)
    transaction.on_commit(lambda: _delete(names))


def _delete(names: set[str]) -> None:
    for name in names:
        default_storage.delete(name)


def _lock(file: IngestFile, by: User) -> IngestFile:
    row = (
        IngestFile.objects.select_for_update(of=("self",))
        .select_related("batch__studio", "batch__campaign")
        .get(pk=file.pk)
    )
    must_belong_to(row.batch.studio, by)
    if row.state not in TRAY_STATES or not row.file:
        raise NotInTray()
    return row


def _again(row: IngestFile, **assignment: object) -> None:
    """Back to the job, in one compare-and-set; whatever was assigned by hand before is forgotten."""
    nobody = {"assigned": None, "assigned_by": None, "assigned_at": None, "shot": ""}
    taken = IngestFile.objects.filter(pk=row.pk, state__in=TRAY_STATES).update(
        state=IngestState.WAITING, tries=0, job=None, reason="", is_ordered=False, **(nobody | assignment)
    )
    if not taken:
        raise ChangedMeanwhile()
