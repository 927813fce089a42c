"""Large files on their way from a browser, piece by piece: what is acknowledged is never sent again.

A file is known by the SHA-256 over the SHA-256 values of its pieces. So each piece is proved when it arrives, the whole by
the hashes alone when the last one does, and nothing is read or copied a second time. Pieces come in any order, several at
once, from two tabs, and after any pause; the row of the file, locked, decides what counts.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone

from photocampus.errors import ChangedMeanwhile
from photocampus.jobs import crash_point
from photocampus.models import User
from photocampus.uploads import TooLarge, must_not_exceed
from students.ingest import (
    TRAY_STATES,
    clean_name,
    drop_broken,
    move_to_batch,
    must_belong_to,
    next_position,
)
from students.ingest_uploads import (
    ARRIVED,
    BLOCK,
    SHA256,
    BadOffer,
    Incoming,
    Offer,
    Readable,
    UploadBroken,
)
from students.models import IngestBatch, IngestFile, IngestPiece, IngestState
from students.models.pictures import incoming_name
from students.stored_files import delete_piece

KEPT = timedelta(days=7)  # pieces of a file to which none was added
ATTEMPT = timedelta(days=1)  # longer than any request


class WrongFile(UploadBroken):
    """All pieces are there and right, and are another file together."""


@dataclass(frozen=True)
class Piece:
    """What a browser says about the piece that it sends."""

    number: int
    sha256: str


class IncomingPiece(Incoming):
    """The bytes of one piece."""

    def __init__(self, stream: Readable, limit_name: str, length: int) -> None:
        super().__init__(stream, limit_name)
        self.length = length

    def must_be_within(self) -> None:
        if self.count > self.length:
            raise UploadBroken()


@dataclass(frozen=True)
class Progress:
    there: int
    in_all: int

    @property
    def is_whole(self) -> bool:
        return self.there == self.in_all


def pieces_there(*, batch: IngestBatch, offers: Iterable[Offer], by: User) -> dict[str, list[int]]:
    """Of each offered file that broke off: the numbers of the pieces that need not be sent."""
    must_belong_to(batch.studio, by)
    there: dict[str, list[int]] = {}
    for offer in offers:
        if offer.in_pieces and (row := _under_way(batch, offer).first()):
            arrived = row.pieces.filter(has_arrived=True)
            there[offer.sha256] = list(arrived.order_by("number").values_list("number", flat=True))
    return there


def receive_piece(
    *, batch: IngestBatch, file: Offer, piece: Piece, size: int, stream: Readable, by: User
) -> Progress:
    """Write one piece into the storage while it arrives. A piece that is there already changes nothing.

    Raises `BadOffer` for what cannot be a piece of this file, `TooLarge`, `UploadBroken`, `ChangedMeanwhile`; then
    nothing of the piece stays, and nothing of a file that is too large or is another one than it said.
    """
    must_belong_to(batch.studio, by)
    _must_be_possible(file, piece, size)
    row = _row_of(batch, file)
    if (
        row.state != IngestState.UPLOADING
        or row.pieces.filter(number=piece.number, has_arrived=True).exists()
    ):
        while stream.read(BLOCK):
            pass  # an answer before the end would break the connection
        return _settle(row, batch)
    attempt = IngestPiece.objects.create(file=row, number=piece.number, size=size, sha256=piece.sha256)
    crash_point("piece.owned")
    try:
        _write(attempt, stream, file)
        crash_point("piece.written")
        progress = _settle(row, batch, attempt)
    except (TooLarge, WrongFile):
        drop_broken(row)
        raise
    except OSError as error:
        if not IngestFile.objects.filter(pk=row.pk, state=IngestState.UPLOADING).exists():
            raise ChangedMeanwhile() from error  # given up, and the half piece was taken away under us
        raise
    finally:
        # It counts by now, or was taken away with its file, or nobody needs it.
        if not IngestPiece.objects.filter(pk=attempt.pk, has_arrived=True).exists():
            delete_piece(attempt)
    crash_point("piece.counted")
    return progress


def _must_be_possible(file: Offer, piece: Piece, size: int) -> None:
    step = settings.UPLOAD_PIECE_BYTES
    last = (file.size - 1) // step
    right = step if piece.number < last else file.size - last * step
    hashes = SHA256.fullmatch(file.sha256) and SHA256.fullmatch(piece.sha256)
    if not hashes or not file.in_pieces or not 0 <= piece.number <= last or size != right:
        raise BadOffer()
    # Which kind it is, the first piece tells.
    largest = max("picture", "archive", key=lambda kind: settings.UPLOAD_LIMITS[kind])
    must_not_exceed(file.size, largest, name=clean_name(file.name))


def _write(attempt: IngestPiece, stream: Readable, file: Offer) -> None:
    content = IncomingPiece(stream, clean_name(file.name), attempt.size)
    if attempt.number == 0:
        content.judge(file.size)
    default_storage.save(attempt.stored_name, content)
    if content.count != attempt.size or content.digest.hexdigest() != attempt.sha256:
        raise UploadBroken()


def _under_way(batch: IngestBatch, file: Offer) -> QuerySet[IngestFile]:
    """The file as it is under way in one of this user's uploads, whatever the options: they are those of the last one."""
    return IngestFile.objects.filter(
        batch__studio=batch.studio_id,
        batch__campaign=batch.campaign_id,
        batch__by=batch.by_id,
        state=IngestState.UPLOADING,
        pieces_sha256=file.sha256,
        piece_bytes=settings.UPLOAD_PIECE_BYTES,
        size=file.size,
    ).order_by("pk")


@transaction.atomic
def _row_of(batch: IngestBatch, file: Offer) -> IngestFile:
    """The file's row: under way, or whole since another tab sent it, or a new one."""
    IngestBatch.objects.select_for_update().get(pk=batch.pk)  # two first pieces at once make one row
    if row := _under_way(batch, file).first():
        return row
    there = Q(state__in=ARRIVED) | (Q(state__in=TRAY_STATES) & ~Q(file=""))
    same = IngestFile.objects.filter(there, pieces_sha256=file.sha256, batch__studio=batch.studio_id)
    if row := same.filter(batch__campaign=batch.campaign_id).first():
        return row
    return IngestFile.objects.create(
        batch=batch,
        position=next_position(batch),
        name=clean_name(file.name),
        size=file.size,
        piece_bytes=settings.UPLOAD_PIECE_BYTES,
        pieces_sha256=file.sha256,
        state=IngestState.UPLOADING,
    )


# Not in one transaction with what follows a refusal: objects are deleted only for rows that are committed.
@transaction.atomic
def _settle(row: IngestFile, batch: IngestBatch, attempt: IngestPiece | None = None) -> Progress:
    """Let the piece count, and with the last one the file. Raises `ChangedMeanwhile`, `WrongFile`."""
    IngestBatch.objects.select_for_update().get(pk=batch.pk)
    row = IngestFile.objects.select_for_update().get(pk=row.pk)
    if row.state == IngestState.DISCARDED:
        raise ChangedMeanwhile()
    if row.state != IngestState.UPLOADING:
        return Progress(row.pieces_in_all, row.pieces_in_all)
    arrived = row.pieces.filter(has_arrived=True)
    if attempt is not None and not arrived.filter(number=attempt.number).exists():
        changed = IngestPiece.objects.filter(pk=attempt.pk).update(has_arrived=True)
        if not changed:
            raise ChangedMeanwhile()
    if row.batch_id != batch.pk:
        move_to_batch(row, batch)  # reading began, or other options were chosen
    hashes = list(arrived.order_by("number").values_list("sha256", flat=True))
    if len(hashes) == row.pieces_in_all:
        if hash_over(hashes) != row.pieces_sha256:
            raise WrongFile()
        row.state, row.file.name = IngestState.WAITING, incoming_name(row, "")
        row.save(update_fields=["state", "file"])
    return Progress(len(hashes), row.pieces_in_all)


def hash_over(hashes: Sequence[str]) -> str:
    """What a file in pieces is known by."""
    return hashlib.sha256(bytes.fromhex("".join(hashes))).hexdigest()


def unfinished_files(batch: IngestBatch) -> list[tuple[IngestFile, int]]:
    """What of the upload broke off in pieces: each file with the percentage that is there, rounded down."""
    under_way = batch.files.filter(state=IngestState.UPLOADING).exclude(piece_bytes=0)
    arrived = Sum("pieces__size", filter=Q(pieces__has_arrived=True), default=0)
    return [
        (row, 100 * row.arrived // row.size)
        for row in under_way.annotate(arrived=arrived).order_by("position")
    ]


def sweep_pieces() -> int:
    """Delete pieces that nobody will ask for: of files given up, of attempts that died, of what is settled."""
    now = timezone.now()
    under_way = IngestFile.objects.filter(state=IngestState.UPLOADING).exclude(piece_bytes=0)
    last = under_way.annotate(last=Max("pieces__created_at"))
    dropped = sum(drop_broken(row) for row in last.filter(Q(last=None) | Q(last__lt=now - KEPT)))
    dead = Q(has_arrived=False, created_at__lt=now - ATTEMPT)
    left = Q(file__file="") & ~Q(file__state=IngestState.UPLOADING)
    for piece in IngestPiece.objects.filter(dead | left):
        delete_piece(piece)
        dropped += 1
    return dropped
