"""The bytes of an incoming file in the storage: one object, or the pieces it was sent in, read as one file.

An object store can neither append nor join, so pieces are never put together: whoever reads the file sees one, which can
be sought in, and of which two pieces at most are open.
"""

import io
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from typing import IO, Any, cast

from django.core.files.storage import default_storage

from students.models import IngestFile, IngestPiece

BUFFER = 1 << 18
MOST_OPEN = 2  # an object store's client holds an open object in memory


def open_stored(row: IngestFile) -> IO[bytes]:
    """The row's bytes, whichever way they lie there. Raises `OSError` when they are gone."""
    if not row.piece_bytes:
        return default_storage.open(str(row.file.name), "rb")
    pieces = row.pieces.filter(has_arrived=True).order_by("number")
    raw = Pieces([(piece.stored_name, piece.size) for piece in pieces])
    # Plain reads may end at a piece's end; the buffer goes on until it has what was asked for.
    return cast(IO[bytes], io.BufferedReader(raw, BUFFER))


def delete_pieces(row: IngestFile) -> None:
    """Objects first: a process that dies in between leaves rows that say what is still to be deleted."""
    if row.piece_bytes:
        for piece in row.pieces.all():
            delete_piece(piece)


def delete_piece(piece: IngestPiece) -> None:
    default_storage.delete(piece.stored_name)
    IngestPiece.objects.filter(pk=piece.pk).delete()


def release_pieces(row: IngestFile) -> list[str]:
    """Forget the pieces within a transaction; returns the objects to delete when it is committed."""
    names = [piece.stored_name for piece in row.pieces.all()]
    row.pieces.all().delete()
    return names


class Pieces(io.RawIOBase):
    """Objects of the storage, each given by name and size, as one file that is read only."""

    def __init__(self, parts: Sequence[tuple[str, int]]) -> None:
        self.names = [name for name, _size in parts]
        self.ends = list(accumulate(size for _name, size in parts))
        self.size = self.ends[-1] if self.ends else 0
        self.at = 0
        self.opened: OrderedDict[int, IO[bytes]] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("cannot seek before the beginning")
        self.at = start + offset
        return self.at

    def readinto(self, buffer: Any) -> int:
        if self.at >= self.size:
            return 0
        index = bisect_right(self.ends, self.at)
        file = self._piece(index)
        begin = self.ends[index - 1] if index else 0
        file.seek(self.at - begin)
        data = file.read(min(len(buffer), self.ends[index] - self.at))
        if not data:
            raise OSError("a piece is shorter than it was")
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)

    def _piece(self, index: int) -> IO[bytes]:
        if index not in self.opened:
            while len(self.opened) >= MOST_OPEN:
                self.opened.popitem(last=False)[1].close()
            self.opened[index] = default_storage.open(self.names[index], "rb")
        self.opened.move_to_end(index)
        return self.opened[index]

    def close(self) -> None:
        while self.opened:
            self.opened.popitem()[1].close()
        super().close()
