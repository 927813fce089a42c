"""The frozen files of a batch: sealed parts in storage that add up to the same bytes each time.

A part is a few megabytes, encrypted (design §5: numbers are encrypted at rest, also in files), so a download needs no
more memory than one part, and the first byte leaves after one part was opened.
"""

import hashlib
from collections.abc import Iterable, Iterator

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from photocampus import crypto
from students.models import BatchFile, BatchPart, ExportBatch, PartKind


def part_context(file: BatchFile, position: int) -> str:
    """Binds the sealed bytes to their place: a part copied elsewhere does not open."""
    return f"students_batchpart:{file.public_id}:{position}"


def part_name(file: BatchFile, position: int) -> str:
    return f"batches/{file.batch.public_id}/{file.public_id}-{position:05d}"


def write_part(*, file: BatchFile, position: int, kind: PartKind, data: bytes) -> BatchPart:
    """Seal and store the next part of a file. Runs in the piece's transaction, which holds the job.

    A worker killed between the storage and the commit leaves a file under this name and no row: it is written anew.
    """
    name = part_name(file, position)
    if default_storage.exists(name):
        default_storage.delete(name)
    sealed = crypto.encrypt_bytes(data, context=part_context(file, position))
    saved = default_storage.save(name, ContentFile(sealed))
    return BatchPart.objects.create(file=file, position=position, kind=kind, sealed=saved, size=len(data))


def read_part(part: BatchPart, file: BatchFile) -> bytes:
    """Raises Undecryptable for a damaged part, FileNotFoundError for a missing one."""
    with part.sealed.open("rb") as stream:
        return crypto.decrypt_bytes(stream.read(), context=part_context(file, part.position))


def stream_file(file: BatchFile) -> Iterator[bytes]:
    """The plain bytes of a batch's file, part by part. The parts are listed before the first byte leaves."""
    parts = list(file.parts.order_by("position"))
    return (read_part(part, file) for part in parts)


def hash_chunks(chunks: Iterable[bytes]) -> tuple[str, int]:
    """SHA-256 and number of bytes."""
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def remove_strays(batch: ExportBatch) -> None:
    """Delete what killed or given-up attempts left in the batch's folder without a row."""
    folder = f"batches/{batch.public_id}"
    kept = set(BatchPart.objects.filter(file__batch=batch).values_list("sealed", flat=True))
    try:
        _folders, names = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if f"{folder}/{name}" not in kept:
            default_storage.delete(f"{folder}/{name}")
