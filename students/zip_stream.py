"""A ZIP file in pieces: entries stored as they are, fixed dates, the same bytes for the same entries.

`zipfile` wants one open file from beginning to end. Here the head of an entry is made from its name, size and
CRC alone, so a long archive can be built in committed pieces, resumed, measured beforehand, and streamed.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FIXED_DATE = (0 << 9) | (1 << 5) | 1  # 1980-01-01, the first day that a ZIP file can name
UTF8_NAMES = 0x0800
STORED = 0
LIMIT_32 = 0xFFFFFFFF
LIMIT_16 = 0xFFFF


@dataclass(frozen=True)
class Entry:
    """One stored file: its name in the archive, the CRC-32 and the number of its bytes."""

    name: str
    crc: int
    size: int

    def raw_name(self) -> bytes:
        return self.name.encode()

    def flags(self) -> int:
        return 0 if self.name.isascii() else UTF8_NAMES


def entry_head(entry: Entry) -> bytes:
    """The bytes that stand directly before the content of an entry."""
    if entry.size >= LIMIT_32:
        raise ValueError("an entry of 4 GB or more is not supported")
    name = entry.raw_name()
    return (
        struct.pack(
            "<4sHHHHHLLLHH",
            b"PK\x03\x04",
            20,
            entry.flags(),
            STORED,
            0,
            FIXED_DATE,
            entry.crc,
            entry.size,
            entry.size,
            len(name),
            0,
        )
        + name
    )


def entry_length(entry: Entry) -> int:
    """Head and content together, in bytes."""
    return 30 + len(entry.raw_name()) + entry.size


def closing(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The directory at the end of the archive; entries in the order of writing, from offset 0."""
    offset = length = count = 0
    for entry in entries:
        piece = _directory_entry(entry, offset)
        offset += entry_length(entry)
        length += len(piece)
        count += 1
        yield piece
    yield _end(count=count, length=length, start=offset)


def _directory_entry(entry: Entry, offset: int) -> bytes:
    name = entry.raw_name()
    extra = struct.pack("<HHQ", 1, 8, offset) if offset >= LIMIT_32 else b""
    return (
        struct.pack(
            "<4sHHHHHHLLLHHHHHLL",
            b"PK\x01\x02",
            45 if extra else 20,
            45 if extra else 20,
            entry.flags(),
            STORED,
            0,
            FIXED_DATE,
            entry.crc,
            entry.size,
            entry.size,
            len(name),
            len(extra),
            0,
            0,
            0,
            0,
            LIMIT_32 if extra else offset,
        )
        + name
        + extra
    )


def _end(*, count: int, length: int, start: int) -> bytes:
    big = b""
    if count >= LIMIT_16 or start >= LIMIT_32 or length >= LIMIT_32:
        big = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
        big += struct.pack("<4sLQL", b"PK\x06\x07", 0, start + length, 1)
    return big + struct.pack(
        "<4sHHHHLLH",
        b"PK\x05\x06",
        0,
        0,
        min(count, LIMIT_16),
        min(count, LIMIT_16),
        min(length, LIMIT_32),
        min(start, LIMIT_32),
        0,
    )
