"""A folder or an archive becomes rows, one for each file in it. The caller holds the lease, and the lock on the batch."""

from collections.abc import Iterable

from students.archives import Member
from students.ingest import clean_name, next_position
from students.models import IngestBatch, IngestFile

AT_ONCE = 1000


def add_listed(batch: IngestBatch, members: Iterable[Member]) -> None:
    """What the batch's folder or archive on the server holds."""
    IngestFile.objects.bulk_create(
        (
            IngestFile(
                batch=batch,
                position=position,
                # A folder's file is opened again by its name, a member by its place.
                name=clean_name(member.name) if member.index >= 0 else member.name,
                member=member.index if member.index >= 0 else None,
                size=member.size,
            )
            for position, member in enumerate(members)
        ),
        batch_size=AT_ONCE,
    )


def add_members(batch: IngestBatch, archive: IngestFile, members: Iterable[Member]) -> None:
    """What an archive among the batch's files holds."""
    first = next_position(batch)
    IngestFile.objects.bulk_create(
        (
            IngestFile(
                batch=batch,
                position=first + offset,
                name=clean_name(member.name),
                archive=archive,
                member=member.index,
                size=member.size,
            )
            for offset, member in enumerate(members)
        ),
        batch_size=AT_ONCE,
    )
