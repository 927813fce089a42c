"""Files on their way from a browser: asked for by their hash before they are sent, written and hashed as they come.

What is there already is never sent again, also after browser, network or portal died in the middle: an upload whose
reading was not started yet is continued, a file that broke off is sent anew into the same row. Large files come in pieces
(`students.piece_uploads`), of which each is one.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import record
from photocampus.models import User
from photocampus.uploads import must_not_exceed
from students.archives import is_zip
from students.ingest import (
    BROKEN,
    TRAY_STATES,
    clean_name,
    drop_broken,
    must_belong_to,
    next_position,
    open_batch,
)
from students.models import IngestBatch, IngestFile, IngestState
from units.models import Campaign, Studio

SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_OFFERED = 500
BLOCK = 1 << 18
# In these states the portal has the bytes, or has done with them.
ARRIVED = (
    IngestState.WAITING,
    IngestState.WORKING,
    IngestState.UNPACKED,
    IngestState.HELD,
    IngestState.FILED,
    IngestState.KNOWN,
)


class UploadBroken(DomainError):
    code = BROKEN
    message = _("The upload of this file broke off.")


class BadOffer(DomainError):
    code = "bad_offer"
    message = _("The list of files to send cannot be understood.")


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class Offer:
    """A file that a browser could send: its name, and the SHA-256 of its bytes in hexadecimal.

    Of a file that comes in pieces, the SHA-256 of the SHA-256 values of its pieces: a browser can hash gigabytes only so.
    """

    name: str
    sha256: str
    size: int = 0

    @property
    def in_pieces(self) -> bool:
        return self.size > settings.UPLOAD_PIECE_BYTES


@dataclass(frozen=True)
class Known:
    """What is there of an offered file; `renamed` when it came under another name before and stays as it is."""

    state: str
    renamed: bool = False


class Incoming(File):
    """What a storage is given: a stream that can be read once, hashed and counted on its way, never held in memory."""

    def __init__(self, stream: Readable, limit_name: str) -> None:
        super().__init__(None)
        self.stream, self.limit_name = stream, limit_name
        self.digest, self.count, self.kind = hashlib.sha256(), 0, ""
        self.head = b""

    def judge(self, size: int) -> None:
        """Look at the first bytes and the announced size of the whole file. Raises `TooLarge`."""
        while len(self.head) < 4 and (more := self.stream.read(4 - len(self.head))):
            self.head += more
        self.kind = "archive" if is_zip(self.head) else "picture"
        must_not_exceed(size, self.kind, name=self.limit_name)

    def must_be_within(self) -> None:
        """What came so far. Raises `TooLarge`."""
        must_not_exceed(self.count, self.kind, name=self.limit_name)

    def read(self, size: int = BLOCK) -> bytes:
        block, self.head = self.head, b""
        block = block or self.stream.read(BLOCK if size is None or size < 0 else size)
        self.digest.update(block)
        self.count += len(block)
        self.must_be_within()
        return block

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while block := self.read():
            yield block

    def seek(self, *_args: Any) -> int:
        # Storages go to the beginning before they read; anything else cannot be had from a stream.
        if self.count:
            raise OSError("an incoming file can be read only once")
        return 0

    def seekable(self) -> bool:
        return False


@transaction.atomic
def continue_or_open(*, studio: Studio, campaign: Campaign, by: User, **options: Any) -> IngestBatch:
    """The user's last upload with the same options if its reading was never started, else a new one."""
    must_belong_to(studio, by)
    begun = unfinished_uploads(studio, campaign, by).filter(**options).first()
    return begun or open_batch(studio=studio, campaign=campaign, by=by, **options)


def unfinished_uploads(studio: Studio, campaign: Campaign, by: User) -> Any:
    """Uploads of this user that broke off before anything was read, the newest first."""
    own = IngestBatch.objects.filter(studio=studio, campaign=campaign, by=by, job=None, source="")
    return own.order_by("-pk")


def offer_files(*, batch: IngestBatch, offers: Sequence[Offer], by: User) -> dict[str, Known]:
    """Which of the offered files need not be sent, by hash. Harmless when repeated.

    What waits in the tray joins this upload where the name or the way of matching is a new one: the bytes are not sent
    again, but the new name counts. Raises `BadOffer`.
    """
    must_belong_to(batch.studio, by)
    if len(offers) > MOST_OFFERED or not all(SHA256.fullmatch(offer.sha256) for offer in offers):
        raise BadOffer()
    whole = {offer.sha256: offer for offer in offers if not offer.in_pieces}
    parted = {offer.sha256: offer for offer in offers if offer.in_pieces}
    asked = Q(sha256__in=list(whole)) | Q(pieces_sha256__in=list(parted))
    rows = IngestFile.objects.filter(asked, batch__studio=batch.studio_id, batch__campaign=batch.campaign_id)
    known: dict[str, Known] = {}
    for row in rows.select_related("batch").order_by("pk"):
        offer = whole.get(row.sha256) or parted[row.pieces_sha256]
        renamed = last_part(row.name.reveal()) != last_part(offer.name)
        if row.state in ARRIVED:
            known[offer.sha256] = Known(row.state, renamed=renamed and row.state == IngestState.FILED)
        elif row.state in TRAY_STATES and row.file and offer.sha256 not in known:
            if renamed or row.batch.match != batch.match:
                _take_over(row, batch, offer.name, by)
            known[offer.sha256] = Known(IngestState.WAITING)
    return known


def last_part(name: str) -> str:
    return PurePosixPath(clean_name(name).replace("\\", "/")).name


@transaction.atomic
def _take_over(row: IngestFile, batch: IngestBatch, name: str, by: User) -> None:
    IngestBatch.objects.select_for_update().get(pk=batch.pk)
    old = row.batch.public_id
    taken = IngestFile.objects.filter(pk=row.pk, state__in=TRAY_STATES, batch=row.batch_id)
    row.batch, row.position, row.name = batch, next_position(batch), clean_name(name)
    changed = taken.update(
        batch=batch,
        position=row.position,
        name=row.name,
        state=IngestState.WAITING,
        tries=0,
        reason="",
        is_pinned=False,
        is_ordered=False,
        assigned=None,
        assigned_by=None,
        assigned_at=None,
        job=None,
    )
    if not changed:
        raise ChangedMeanwhile()
    record(row, "file_sent_again", by=by, old=old, new=batch.public_id)


def receive_file(
    *, batch: IngestBatch, name: str, size: int, stream: Readable, by: User, sha256: str = ""
) -> IngestFile:
    """Write one file, a picture or a ZIP, into the storage under a random name while it arrives.

    `size` and, where the browser could say it, `sha256` must come true. Raises `TooLarge`, `UploadBroken`,
    `ChangedMeanwhile`; then nothing of the file stays.
    """
    must_belong_to(batch.studio, by)
    content = Incoming(stream, clean_name(name))
    content.judge(size)
    # The row is there before the file: what a dead process leaves in the storage has an owner.
    row = _row_for(batch, name, size, sha256)
    try:
        row.file.save("", content, save=False)
        if content.count != size or sha256 not in ("", content.digest.hexdigest()):
            raise UploadBroken()
        row.sha256, row.state = content.digest.hexdigest(), IngestState.WAITING
        fields: Mapping[str, Any] = {"file": row.file.name, "sha256": row.sha256, "state": row.state}
        if not IngestFile.objects.filter(pk=row.pk, state=IngestState.UPLOADING).update(**fields):
            raise ChangedMeanwhile()
    except BaseException as error:
        if not drop_broken(row) and isinstance(error, OSError):
            raise ChangedMeanwhile() from error  # reading began, and the half file was taken away under us
        raise
    return row


def add_upload(*, batch: IngestBatch, upload: UploadedFile, by: User) -> IngestFile:
    """The same for a file of a plain form, which has arrived as a whole. Raises `TooLarge`."""
    upload.seek(0)
    return receive_file(batch=batch, name=upload.name or "", size=upload.size or 0, stream=upload, by=by)


@transaction.atomic
def _row_for(batch: IngestBatch, name: str, size: int, sha256: str) -> IngestFile:
    """A new row, or the one of an earlier attempt at the same bytes that broke off."""
    IngestBatch.objects.select_for_update().get(pk=batch.pk)  # positions are counted under this lock
    if sha256:
        broken = batch.files.filter(sha256=sha256, state=IngestState.DISCARDED, reason=BROKEN).first()
        if broken:
            broken.state, broken.reason, broken.name, broken.size = (
                IngestState.UPLOADING,
                "",
                clean_name(name),
                size,
            )
            broken.save(update_fields=["state", "reason", "name", "size"])
            return broken
    return IngestFile.objects.create(
        batch=batch,
        position=next_position(batch),
        name=clean_name(name),
        size=size,
        sha256=sha256,
        state=IngestState.UPLOADING,
    )
