"""What could not be filed: assigned by hand, tried again, or discarded (R11: by the studio's own people)."""

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import record
from photocampus.models import Job, User
from students.ingest import TRAY_STATES, must_belong_to, start_ingest
from students.matching import granted_graduates
from students.models import Graduate, IngestFile, IngestState
from students.stored_files import release_pieces
from units.models import Campaign, Studio

MOST_FOUND = 12


class NotInTray(DomainError):
    code = "not_in_tray"
    message = _("This file is no longer in the tray.")


class NotGranted(DomainError):
    code = "not_granted"
    message = _("This person does not belong to a unit that the studio works for.")


def tray_of(studio: Studio, campaign: Campaign) -> QuerySet[IngestFile]:
    """Everything that waits for a decision, the newest upload first."""
    return (
        IngestFile.objects.filter(batch__studio=studio, batch__campaign=campaign, state__in=TRAY_STATES)
        .select_related("batch", "batch__by")
        .order_by("-batch", "position")
    )


def find_people(studio: Studio, campaign: Campaign, words: str) -> list[Graduate]:
    """People of the granted units by student number or name, for assigning by hand."""
    words = words.strip()
    if len(words) < 2:
        return []
    found = (
        granted_graduates(studio, campaign)
        .active()
        .filter(Q(enrolment__student_number__contains=words) | Q(enrolment__student__name__contains=words))
    )
    return list(found.order_by("enrolment__student_number")[:MOST_FOUND])


@transaction.atomic
def assign_file(*, file: IngestFile, graduate: Graduate, by: User) -> Job:
    """File this picture under that person: it goes through the same job as any other. Raises `NotInTray`, `NotGranted`."""
    row = _lock(file, by)
    if not granted_graduates(row.batch.studio, row.batch.campaign).filter(pk=graduate.pk).exists():
        raise NotGranted()
    _again(row, assigned=graduate)
    record(row, "file_assigned", by=by, new=graduate.public_id, reason=row.reason)
    return start_ingest(batch=row.batch, by=by)


@transaction.atomic
def retry_file(*, file: IngestFile, by: User) -> Job:
    """Read the file again, because the roster or the grants have changed. Raises `NotInTray`."""
    row = _lock(file, by)
    _again(row, assigned=None)
    record(row, "file_retried", by=by, old=row.reason)
    return start_ingest(batch=row.batch, by=by)


@transaction.atomic
def retry_all(*, studio: Studio, campaign: Campaign, by: User) -> list[Job]:
    """Read everything in the tray again that has a file."""
    must_belong_to(studio, by)
    rows = list(tray_of(studio, campaign).exclude(file="").select_for_update(of=("self",)))
    for row in rows:
        _again(row, assigned=None)
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
    names = [name for name in (row.file.name, row.preview.name) if name] + release_pieces(row)
    row.state, row.file, row.preview = IngestState.DISCARDED, "", ""
    row.save(update_fields=["state", "file", "preview"])
    record(row, "file_discarded", by=by, old=row.reason)
    transaction.on_commit(lambda: _delete(names))


def _delete(names: list[str]) -> None:
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


def _again(row: IngestFile, *, assigned: Graduate | None) -> None:
    taken = IngestFile.objects.filter(pk=row.pk, state__in=TRAY_STATES).update(
        state=IngestState.WAITING, tries=0, assigned=assigned, job=None, reason="", is_ordered=False
    )
    if not taken:
        raise ChangedMeanwhile()
