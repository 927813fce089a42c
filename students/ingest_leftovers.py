"""What uploads leave in the storage: copies of settled files, half-written files of attempts that died.

Nothing here stops an upload: what cannot be deleted is logged, and its row keeps the names for a later sweep.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.files.storage import default_storage
from django.db.models import Q

from photocampus.models import Job
from students.filing import Profiles, remove_files
from students.ingest_sources import Sources
from students.models import IngestBatch, IngestFile, IngestState
from students.models.pictures import incoming_name, preview_name
from students.stored_files import delete_pieces

logger = logging.getLogger("photocampus.ingest")


@contextmanager
def _logged(row: IngestFile) -> Iterator[None]:
    try:
        yield
    except Exception:
        logger.exception("what incoming file %s left could not be deleted", row.public_id)


def clear_settled(row: IngestFile) -> None:
    """Delete the incoming copy of what is settled. Repeated by `sweep_batch` where it failed or a process died before."""
    with _logged(row):
        for name in {row.file.name, row.preview.name, preview_name(row, "")} - {"", None}:
            _delete(str(name))
        delete_pieces(row)
        if row.file or row.preview:
            # Only these names: what was taken back meanwhile has others.
            names = {"file": row.file.name or "", "preview": row.preview.name or ""}
            IngestFile.objects.filter(pk=row.pk, **names).update(file="", preview="")


def clear_unfiled(row: IngestFile, profiles: Profiles) -> None:
    """Delete what was written for a file that was not filed after all; the next attempt writes over what stays."""
    with _logged(row):
        remove_files(row, profiles)


def sweep_batch(
    batch: IngestBatch, *, job: Job, profiles: Profiles, sources: Sources, clear: Callable[[IngestFile], None]
) -> None:
    """Take away what dead attempts left: half-written files of claimed rows, copies of settled ones, read archives."""
    for row in batch.files.filter(state=IngestState.WORKING, job=job):
        clear_unfiled(row, profiles)
        with _logged(row):
            for name in (preview_name(row, ""), "" if row.file else incoming_name(row, "")):
                if name:
                    _delete(name)
    settled = Q(state__in=[IngestState.FILED, IngestState.KNOWN, IngestState.DISCARDED])
    archives = Q(state=IngestState.UNPACKED) | Q(
        state=IngestState.REFUSED, reason__startswith="archive_", member=None
    )
    still_read = [IngestState.WAITING, IngestState.WORKING, IngestState.HELD]
    for row in batch.files.filter(settled | archives).exclude(file="", preview=""):
        if row.state == IngestState.UNPACKED:
            if row.members.filter(state__in=still_read).exists():
                continue
            sources.forget(row)
        clear(row)


def _delete(name: str) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
