"""Where the bytes of an incoming file are: in the storage, inside an archive, or in a folder of the server."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from students.archives import Archive, Member, is_litter
from students.models import IngestBatch, IngestFile
from students.stored_files import open_stored

IN_MEMORY = 4 * 1024 * 1024


class SourceGone(DomainError):
    code = "source_gone"
    message = _("The folder or archive is no longer where it was.")


class FileTooLarge(DomainError):
    code = "file_too_large"
    message = _("The file is larger than the allowed %(limit)d MB.")


def largest_picture() -> int:
    return int(settings.UPLOAD_LIMITS["picture"])


class Sources:
    """Opens the files of one batch; archives stay open as long as the job runs, so that each is read in place once."""

    def __init__(self, batch: IngestBatch) -> None:
        self.batch = batch
        self.root = Path(batch.source.reveal()) if batch.source else None
        self._archives: dict[int, Archive] = {}
        self._handles: list[IO[bytes]] = []
        self._shown: dict[str, Path] = {}

    def __enter__(self) -> "Sources":
        return self

    def __exit__(self, *_error: object) -> None:
        for archive in self._archives.values():
            archive.close()
        for handle in self._handles:
            handle.close()

    def archive(self, row: IngestFile | None) -> Archive:
        """The archive that a row stands for, or the one that the batch reads from the server. Raises `BadArchive`."""
        key = row.pk if row else 0
        if key not in self._archives:
            handle = self._open_archive(row)
            self._handles.append(handle)
            self._archives[key] = Archive(handle, largest=largest_picture())
        return self._archives[key]

    def _open_archive(self, row: IngestFile | None) -> IO[bytes]:
        if row is not None:
            return self._open_whole(row)
        if self.root is None or not self.root.is_file():
            raise SourceGone()
        return self.root.open("rb")

    def start_of(self, row: IngestFile) -> bytes:
        """The first bytes of a file that is no member: an archive is known by them, and may be larger than any picture."""
        with self._open_whole(row) as file:
            return file.read(4)

    def _open_whole(self, row: IngestFile) -> IO[bytes]:
        if row.file:
            return open_stored(row)
        try:
            return self._path_of(row).open("rb")
        except OSError:
            raise SourceGone() from None

    def forget(self, row: IngestFile) -> None:
        """Close an archive so that its file may be deleted."""
        if archive := self._archives.pop(row.pk, None):
            archive.close()

    @contextmanager
    def open(self, row: IngestFile) -> Iterator[IO[bytes]]:
        """The row's bytes as a file that can be read twice. Raises `BadArchive`, `SourceGone`, `FileTooLarge`."""
        if row.file:
            with open_stored(row) as file:
                yield file
        elif row.member is not None:
            with _spooled(self.archive(row.archive).read(row.member)) as spool:
                yield spool
        else:
            with self._open_path(row) as file:
                yield file

    def _open_path(self, row: IngestFile) -> IO[bytes]:
        path = self._path_of(row)
        try:
            if path.stat().st_size > largest_picture():
                raise FileTooLarge(limit=largest_picture() >> 20)
            return path.open("rb")
        except OSError:
            raise SourceGone() from None  # taken away, or not ours to read

    def _path_of(self, row: IngestFile) -> Path:
        if self.root is None:
            raise SourceGone()
        name = row.name.reveal()
        path = self.root / name
        if not path.is_file():
            # Names that are not UTF-8 on the disk are known by what they read as.
            self._shown = self._shown or {shown_path(self.root, found): found for found in self._files()}
            path = self._shown.get(name, path)
        if not path.is_file() or not path.resolve().is_relative_to(self.root.resolve()):
            raise SourceGone()
        return path

    def listing(self) -> list[Member]:
        """What the batch's folder or archive on the server holds, in the order of names."""
        if self.root is None:
            return []
        if self.root.is_file():
            return self.archive(None).members()
        if not self.root.is_dir():
            raise SourceGone()
        names = [(path, shown_path(self.root, path)) for path in self._files()]
        return [Member(-1, name, path.stat().st_size) for path, name in names if not is_litter(name)]

    def _files(self) -> list[Path]:
        found = sorted(self.root.rglob("*")) if self.root else []
        return [path for path in found if path.is_file() and not path.is_symlink()]


def shown_path(root: Path, path: Path) -> str:
    """The path below the root as text; a disk filled from a Chinese machine may hold names in GBK."""
    raw = os.fsencode(path.relative_to(root).as_posix())
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


@contextmanager
def _spooled(blocks: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """Blocks in memory, or above four megabytes in a nameless temporary file."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(settings.FILE_UPLOAD_TEMP_DIR)) as spool:
        for block in blocks:
            spool.write(block)
        spool.seek(0)
        yield spool  # type: ignore[misc]


def digest_of(file: IO[bytes]) -> tuple[str, int]:
    """SHA-256 and length; leaves the file at its beginning."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := file.read(1 << 18):
        digest.update(block)
        size += len(block)
    file.seek(0)
    return digest.hexdigest(), size
