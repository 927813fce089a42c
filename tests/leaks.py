"""Looks for ID and telephone numbers where none may lie in clear: files, archives inside files, database dumps.

`python -m tests.leaks FOLDER…` reads the numbers from the configured database and searches the folders.
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

RUN = re.compile(rb"[0-9A-Za-z]{8,}")
LONGEST = 40
DEEPEST = 4


@dataclass(frozen=True)
class Leak:
    """Where a number lies in clear; the number itself is not repeated in full."""

    place: str
    encoding: str
    start: str

    def __str__(self) -> str:
        return f"{self.place} ({self.encoding}): {self.start}…"


class Needles:
    """The numbers to look for. Every run of letters and digits is cut into pieces of their lengths."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self.numbers = {number.upper().encode() for number in numbers if len(number) >= 8}
        self.lengths = sorted({len(number) for number in self.numbers})

    def found_in(self, data: bytes) -> set[bytes]:
        found = set()
        for match in RUN.finditer(data):
            run = match.group().upper()
            if run in self.numbers:
                found.add(run)
            for length in self.lengths if len(run) <= LONGEST else (18, 11):
                for start in range(len(run) - length + 1):
                    if run[start : start + length] in self.numbers:
                        found.add(run[start : start + length])
        return found


def search_bytes(data: bytes, place: str, needles: Needles, depth: int = 0) -> Iterator[Leak]:
    """UTF-8 (and every encoding that contains ASCII, GBK too), UTF-16, and what is packed inside."""
    for number in needles.found_in(data):
        yield Leak(place, "bytes", number[:6].decode())
    if data.count(b"\0") * 10 > len(data):
        for number in needles.found_in(data.replace(b"\0", b"")):
            yield Leak(place, "UTF-16", number[:6].decode())
    if depth < DEEPEST:
        for inner_place, inner in unpacked(data, place):
            yield from search_bytes(inner, inner_place, needles, depth + 1)


def unpacked(data: bytes, place: str) -> Iterator[tuple[str, bytes]]:
    """Members of a ZIP (also names), and what gzip, bz2 or zlib packed."""
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                yield f"{place}!names", "\n".join(archive.namelist()).encode()
                for name in archive.namelist():
                    yield f"{place}!{len(name)}", archive.read(name)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
            return
    for magic, unpack in (
        (b"\x1f\x8b", gzip.decompress),
        (b"BZh", bz2.decompress),
        (b"\x78", zlib.decompress),
    ):
        if data.startswith(magic):
            try:
                yield f"{place}!unpacked", unpack(data)
            except (OSError, EOFError, ValueError, zlib.error):
                return


def search_folder(folder: Path, needles: Needles) -> Iterator[Leak]:
    """Every file below `folder`, its name included."""
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        yield from search_bytes(place.encode(), f"name of {place[:12]}", needles)
        if path.is_file():
            yield from search_bytes(path.read_bytes(), place, needles)


def known_numbers() -> list[str]:
    """All ID and telephone numbers of the configured database, in clear."""
    from photocampus.models import User
    from sessions.models import Booking
    from students.models import Student
    from units.models import Acknowledgement

    secrets = [
        *Student.objects.values_list("id_number", flat=True),
        *Student.objects.values_list("phone", flat=True),
        *User.objects.values_list("phone", flat=True),
        *Booking.objects.values_list("companion_phone", flat=True),
        *Acknowledgement.objects.values_list("contact_phone", flat=True),
    ]
    return [secret.reveal() for secret in secrets if secret]


def main(folders: list[str]) -> int:
    import django

    django.setup()
    numbers = known_numbers()
    needles = Needles(numbers)
    leaks = [leak for folder in folders for leak in search_folder(Path(folder), needles)]
    for leak in leaks:
        print(leak)
    print(f"{len(numbers)} numbers looked for, found in {len(leaks)} places")
    return 1 if leaks else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
