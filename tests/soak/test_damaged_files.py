"""Files damaged at random: each is taken, or refused with one of our own sentences; nothing else ever comes out."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

import pytest

from photocampus.errors import DomainError
from students.archives import Archive
from students.chsi_answers import read_answer
from students.imaging import decode, read_header
from students.tables import open_table
from tests import rosters
from tests.students import odd_pictures

LARGEST = 5_000_000


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to four injuries: flipped bytes, a hole, something inserted or repeated, the end cut off."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(max(1, len(out)))
        length = chance.choice([1, 2, 4, 16, 256])
        kind = chance.randrange(5)
        if kind == 0:
            for place in range(start, min(start + length, len(out))):
                out[place] = chance.randrange(256)
        elif kind == 1:
            out[start : start + length] = bytes(length)
        elif kind == 2:
            out[start:start] = chance.randbytes(length)
        elif kind == 3:
            out[start:start] = out[start : start + length]
        else:
            del out[max(1, start) :]
    return bytes(out)


def see_picture(data: bytes) -> None:
    file = io.BytesIO(data)
    decode(file, read_header(file), at_least=(480, 640))


def see_table(data: bytes) -> None:
    for _line, _cells in open_table(data, name="名单.xlsx").rows:
        pass


def see_archive(data: bytes) -> None:
    archive = Archive(io.BytesIO(data), largest=LARGEST)
    for member in archive.members():
        for _block in archive.read(member.index):
            pass
    archive.close()


def see_answer(data: bytes) -> None:
    read_answer(data)


def zipped(compression: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for number in range(5):
            archive.writestr(f"照片/2014{number:04}.jpg", odd_pictures.jpeg(number, 120, 160))
    return out.getvalue()


def originals() -> list[tuple[str, Callable[[bytes], None], bytes]]:
    people = rosters.people(30)
    return [
        ("baseline", see_picture, odd_pictures.jpeg(1, 600, 800)),
        ("progressive", see_picture, odd_pictures.progressive()),
        ("cmyk", see_picture, odd_pictures.cmyk()),
        ("png", see_picture, odd_pictures.saved(odd_pictures.drawing(), "PNG")),
        ("tiff", see_picture, odd_pictures.saved(odd_pictures.drawing(), "TIFF", compression="tiff_lzw")),
        ("xlsx", see_table, rosters.xlsx(people)),
        ("csv", see_table, rosters.csv_file(people, "gb18030")),
        ("stored", see_archive, zipped(zipfile.ZIP_STORED)),
        ("deflated", see_archive, zipped(zipfile.ZIP_DEFLATED)),
        ("answer", see_answer, rosters.xlsx(people)),
    ]


@pytest.mark.parametrize(("name", "see", "data"), originals(), ids=[row[0] for row in originals()])
def test_damaged_file_is_taken_or_refused_in_our_words(name, see, data, rounds):
    outcomes = {"taken": 0, "refused": 0}
    for seed in range(rounds(2000)):
        broken = damaged(data, random.Random(f"{name} {seed}"))
        try:
            see(broken)
            outcomes["taken"] += 1
        except DomainError as refusal:
            assert str(refusal), seed
            outcomes["refused"] += 1
        except Exception as error:
            pytest.fail(f"{name}, seed {seed}: {type(error).__name__}: {error}")
    assert sum(outcomes.values()) == rounds(2000)
