"""ZIP files from outside: judged by their directory before anything is unpacked, read in place, member by member.

A hostile archive (names that climb out of their folder, bombs, archives within archives, encryption) is refused whole,
with one reason; nothing of it is written anywhere.
"""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError

MAX_MEMBERS = 50_000
MAX_RATIO = 60  # pictures hardly shrink; a thousand to one is a bomb
SUSPECT_FROM = 4 * 1024 * 1024  # bytes; smaller members cannot do harm
NESTED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x2041  # bits of the flags: a password, strong encryption, a hidden directory
# Office and other documents are ZIP files, too; a roster lying beside the pictures is one file, not ten.
DOCUMENT = {"[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype"}
LITTER = {".ds_store", "thumbs.db", "desktop.ini"}


class BadArchive(DomainError):
    """The archive cannot be taken. `code` says why."""

    code = "archive_damaged"
    messages = {
        "archive_document": _(
            "This is a document such as an Excel or Word file, not an archive of pictures."
        ),
        "archive_damaged": _("This is not a ZIP file, or it is damaged."),
        "archive_encrypted": _("The ZIP file is encrypted. Please send it without a password."),
        "archive_unsafe_names": _(
            "The ZIP file holds names that lead out of its folder. Nothing of it was taken."
        ),
        "archive_bomb": _("The ZIP file unpacks to far more than it says. Nothing of it was taken."),
        "archive_nested": _("The ZIP file holds further archives. Please send the pictures in one."),
        "archive_too_many": _("The ZIP file holds more than %(limit)d files."),
        "archive_method": _(
            "The ZIP file is packed in an unusual way. Please pack it again with the system's own tool."
        ),
        "archive_empty": _("The ZIP file holds no files."),
    }

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(**data)
        self.code = code
        self.message = self.messages[code]


@dataclass(frozen=True)
class Member:
    index: int  # among all entries of the archive
    name: str
    size: int


def is_zip(start: bytes) -> bool:
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


class Archive:
    """An opened ZIP file that has passed judgement. Raises `BadArchive`."""

    def __init__(self, file: IO[bytes], *, largest: int) -> None:
        self.largest = largest
        try:
            self.zip = zipfile.ZipFile(file)
        except Exception:
            # Damaged directories make the reader stumble in many ways of their own.
            raise BadArchive("archive_damaged") from None
        self.infos = self.zip.infolist()
        self.size = file.seek(0, os.SEEK_END)
        self._judge()

    def close(self) -> None:
        self.zip.close()

    def members(self) -> list[Member]:
        """The files worth looking at, in the archive's order, without what systems leave behind."""
        return [
            Member(index, readable_name(info), info.file_size)
            for index, info in enumerate(self.infos)
            if not info.is_dir() and not is_litter(readable_name(info))
        ]

    def read(self, index: int) -> Iterator[bytes]:
        """One member in blocks; `BadArchive` when it is damaged or grows beyond what its entry says."""
        info = self.infos[index]
        left = min(info.file_size, self.largest)
        try:
            with self.zip.open(info) as stream:
                while block := stream.read(1 << 18):
                    left -= len(block)
                    if left < 0:
                        raise BadArchive("archive_bomb")
                    yield block
        except BadArchive:
            raise
        except Exception:
            raise BadArchive("archive_damaged") from None

    def _judge(self) -> None:
        if len(self.infos) > MAX_MEMBERS:
            raise BadArchive("archive_too_many", limit=MAX_MEMBERS)
        if any(info.filename in DOCUMENT for info in self.infos):
            raise BadArchive("archive_document")
        offsets: set[int] = set()
        for info in self.infos:
            name = readable_name(info)
            if info.flag_bits & ENCRYPTED:
                raise BadArchive("archive_encrypted")
            if is_unsafe(name) or info.external_attr >> 28 == 0xA:  # a symbolic link
                raise BadArchive("archive_unsafe_names")
            if info.compress_type not in READABLE:
                raise BadArchive("archive_method")
            if name.lower().endswith(NESTED):
                raise BadArchive("archive_nested")
            if info.file_size > SUSPECT_FROM and info.file_size > MAX_RATIO * max(1, info.compress_size):
                raise BadArchive("archive_bomb")
            # Two entries that share their bytes are how small archives grow without limit.
            if info.header_offset in offsets:
                raise BadArchive("archive_bomb")
            offsets.add(info.header_offset)
        self._must_not_swell()
        if not self.members():
            raise BadArchive("archive_empty")

    def _must_not_swell(self) -> None:
        """Many small members are a bomb, too; and no member's bytes can be more than the archive has."""
        packed = sum(info.compress_size for info in self.infos)
        if packed > self.size:
            raise BadArchive("archive_damaged")
        unpacked = sum(info.file_size for info in self.infos)
        if unpacked > SUSPECT_FROM and unpacked > MAX_RATIO * max(1, packed):
            raise BadArchive("archive_bomb")


def readable_name(info: zipfile.ZipInfo) -> str:
    """The member's name; without the UTF-8 flag it was written in GBK on most Chinese machines."""
    if info.flag_bits & 0x800:
        return info.orig_filename if isinstance(info.orig_filename, str) else info.filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def is_unsafe(name: str) -> bool:
    plain = name.replace("\\", "/")
    parts = PurePosixPath(plain).parts
    return "\0" in name or plain.startswith("/") or ".." in parts or (len(plain) > 1 and plain[1] == ":")


def is_litter(name: str) -> bool:
    """What systems put beside pictures: shadows of macOS, thumbnails of Windows, hidden files."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    last = parts[-1].lower() if parts else ""
    return "__MACOSX" in parts or last in LITTER or last.startswith(("._", "."))
