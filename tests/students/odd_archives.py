"""Uploads that hold odd archives and odd names, each with what must become of every file in it.

Whatever must not be filed carries the number of one person, the victim, and a picture that would be filed at once: if
a refusal failed, that person's picture would change.
"""

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from tests.students import odd_pictures as odd
from tests.students.odd_base import segment, with_segments, zipped

TRAILING_BACKSLASH = b"\x81\x5c".decode("gbk")
FILED, TRAY, REFUSED, KNOWN, UNPACKED = "filed", "tray", "refused", "known", "unpacked"


@dataclass(frozen=True)
class Sent:
    """A file that is sent, and what becomes of it or of its members: (name, state, reason). `filed`: number → bytes."""

    name: str
    data: bytes
    becomes: tuple[tuple[str, str, str], ...]
    filed: tuple[tuple[str, bytes], ...] = ()


@dataclass
class People:
    """Numbers of people without a picture, one after the other; and the victim's, who has one."""

    victim: str
    free: Iterator[str]
    made: int = 0

    def picture(self) -> bytes:
        """A picture whose bytes come once."""
        self.made += 1
        return with_segments(odd.jpeg(5, 600, 800), segment(0xFE, b"number %d" % self.made))


@dataclass(frozen=True)
class Entry:
    """One entry of an archive, with its name in the bytes that stand in the file."""

    name: bytes
    data: bytes
    flags: int = 0
    mode: int = 0o100644
    packed: bool = False


def archive_of(*entries: Entry) -> bytes:
    """A ZIP file with names and flags that a writer would not write."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, entry in enumerate(entries):
            info = zipfile.ZipInfo(f"{number:0{len(entry.name)}d}")
            info.external_attr, info.create_system = entry.mode << 16, 3
            info.compress_type = zipfile.ZIP_DEFLATED if entry.packed else zipfile.ZIP_STORED
            archive.writestr(info, entry.data)
    data = bytearray(out.getvalue())
    at = len(data) - 22
    count, _size, start = struct.unpack_from("<HII", data, at + 10)
    assert count == len(entries)
    for entry in entries:
        header = struct.unpack_from("<I", data, start + 42)[0]
        for place, flags in ((start + 46, start + 8), (header + 30, header + 6)):
            data[place : place + len(entry.name)] = entry.name
            struct.pack_into("<H", data, flags, entry.flags)
        start += 46 + len(entry.name)
    return bytes(data)


def sent_files(people: People) -> Iterator[Sent]:
    yield from refused_archives(people)
    yield from read_archives(people)
    yield from misnamed(people)
    yield from odd_loose_files(people)


def refused_archives(people: People) -> Iterator[Sent]:
    """Refused whole, and nothing of them stays."""
    mine, picture = f"{people.victim}.jpg", people.picture
    good = Entry(mine.encode(), picture())
    noughts = bytes(5 << 20)
    swelling = [Entry(f"{mine}.{number}".encode(), bytes(3 << 20), packed=True) for number in range(3)]
    names = {
        "climbs": f"../{mine}",
        "climbs-inside": f"a/../../{mine}",
        "climbs-back": f"a\\..\\..\\{mine}",
        "absolute": f"/srv/{mine}",
        "absolute-back": f"\\srv\\{mine}",
        "drive": f"C:\\{mine}",
        "drive-forward": f"c:/{mine}",
        "share": f"\\\\server\\share\\{mine}",
        "nought": f"{people.victim}\0.jpg",
        "nought-late": f"{mine}\0.txt",
    }
    for name, member in names.items():
        evil = archive_of(good, Entry(member.encode(), picture()))
        yield refused(f"{name}.zip", evil, "archive_unsafe_names")
    link = Entry(b"link.jpg", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)
    hidden = Entry(mine.encode(), picture(), flags=0x2000)
    nested = zipped({mine: picture()})
    whole = archive_of(good)
    bad_text = Entry(b"\xff\xfe" + mine.encode(), picture(), flags=0x800)
    table = {
        "link": (archive_of(good, link), "archive_unsafe_names"),
        "locked": (archive_of(good, Entry(mine.encode(), picture(), flags=1)), "archive_encrypted"),
        "strongly-locked": (
            archive_of(good, Entry(mine.encode(), picture(), flags=0x41)),
            "archive_encrypted",
        ),
        "hidden-directory": (archive_of(good, hidden), "archive_encrypted"),
        "nested": (archive_of(good, Entry(b"more.zip", nested)), "archive_nested"),
        "nested-other": (archive_of(good, Entry(b"more.TGZ", picture())), "archive_nested"),
        "bomb": (archive_of(good, Entry(b"b.jpg", noughts, packed=True)), "archive_bomb"),
        "many-small-bombs": (archive_of(*swelling), "archive_bomb"),
        "lying": (lying_about_size(people), "archive_damaged"),
        "same-bytes": (two_entries_of_one_member(mine, picture()), "archive_bomb"),
        "bad-text": (archive_of(good, bad_text), "archive_damaged"),
        "cut-early": (whole[: len(whole) // 3], "archive_damaged"),
        "cut-late": (whole[:-10], "archive_damaged"),
        "only-directory": (whole[-80:], "archive_damaged"),
        "empty": (archive_of(), "archive_empty"),
        "only-folders": (archive_of(Entry(b"a/", b"", mode=0o040755)), "archive_empty"),
        "only-litter": (
            archive_of(Entry(b"__MACOSX/._a.jpg", b"x"), Entry(b".DS_Store", b"x")),
            "archive_empty",
        ),
    }
    for name, (data, reason) in table.items():
        yield refused(f"{name}.zip", data, reason)


def refused(name: str, data: bytes, reason: str) -> Sent:
    return Sent(name, data, ((name, REFUSED, reason),))


def lying_about_size(people: People) -> bytes:
    """A bomb that says that its bytes take more room than the whole archive has."""
    data = bytearray(archive_of(Entry(f"{people.victim}.jpg".encode(), bytes(5 << 20), packed=True)))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 20, 4 << 20)
    return bytes(data)


def two_entries_of_one_member(name: str, picture: bytes) -> bytes:
    data = bytearray(archive_of(Entry(name.encode(), picture), Entry(name.encode(), picture)))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 42, 0)
    return bytes(data)


def read_archives(people: People) -> Iterator[Sent]:
    """Members are filed or stay, each by itself."""
    numbers, pictures = [next(people.free) for _ in range(12)], [people.picture() for _ in range(20)]
    mine = people.victim
    expected, entries, filed = [], [], []

    def member(
        name: bytes, shown: str, state: str, reason: str = "", *, number: str = "", **more: object
    ) -> None:
        data = more.pop("data", None) or pictures.pop()
        entries.append(Entry(name, data, **more))
        expected.append((shown, state, reason))
        if state == FILED:
            filed.append((number, data))

    def good(place: int, name: str, shown: str = "", encoding: str = "utf-8", flags: int = 0x800) -> None:
        member(name.encode(encoding), shown or name, FILED, number=numbers[place], flags=flags)

    good(0, f"会计1班/张三丰-{numbers[0]}.jpg", encoding="gbk", flags=0)
    good(1, f"会计1班/李四光-{numbers[1]}.jpg", flags=0)
    good(2, as_long_as_can_be(f"{numbers[2]}.jpg"))
    deep = f"{'目' * 300}/{numbers[3]}.jpg"
    good(3, deep, deep[-255:])
    good(4, f"a\x1b[2J\n\x07/{numbers[4]}.jpg", f"a[2J/{numbers[4]}.jpg")
    good(5, f"\u202e{numbers[5]}\u2066.jpg", f"{numbers[5]}.jpg")
    good(6, f"A\\B\\{numbers[6]}.JPG")
    good(7, f"{numbers[7]}.JpEg")
    good(8, f"./{numbers[8]}")
    same = pictures.pop()
    twice = f"{numbers[9]}.jpg"
    member(twice.encode(), twice, FILED, number=numbers[9], data=same)
    member(twice.encode(), twice, KNOWN, data=same)
    member(
        f"b/{twice}".encode(), f"b/{twice}", TRAY, "second_in_batch", data=pictures.pop()[:-2] + b"\xff\xd9"
    )
    # Neither UTF-8 nor GBK: read as ZIP's own page of characters, where the two bytes are no-break spaces.
    member(
        b"\xff\xff-" + numbers[10].encode() + b".jpg",
        f"-{numbers[10]}.jpg",
        FILED,
        number=numbers[10],
    )
    # The second byte of this character is a backslash in GBK, and no way out of a folder.
    good(11, f"..{TRAILING_BACKSLASH}/{numbers[11]}.jpg", encoding="gbk", flags=0)
    for name, data, reason in (
        ("nothing", b"", "empty_file"),
        ("is-zip", zipped({f"{mine}.jpg": pictures.pop()}), "not_a_picture"),
        ("pixels", odd.png_of_size(20_000, 20_000), "too_many_pixels"),
        ("text", b"a list of names", "not_a_picture"),
        ("cut", pictures.pop()[:9000], "damaged"),
    ):
        entries.append(Entry(f"{mine}-{name}.jpg".encode(), data))
        expected.append((f"{mine}-{name}.jpg", REFUSED, reason))
    entries.append(Entry("谁.jpg".encode(), pictures.pop(), flags=0x800))
    expected.append(("谁.jpg", TRAY, "no_number"))
    litter = (
        "__MACOSX/._x.jpg",
        f"__MACOSX/{mine}.jpg",
        ".DS_Store",
        "a/Thumbs.db",
        "desktop.ini",
        f"._{mine}.jpg",
    )
    entries += [Entry(name.encode(), b"litter") for name in litter]
    entries.append(Entry("会计1班/".encode(), b"", mode=0o040755, flags=0x800))
    yield Sent("all.zip", archive_of(*entries), (("all.zip", UNPACKED, ""), *expected), tuple(filed))

    number, picture = next(people.free), people.picture()
    data = bytearray(
        archive_of(Entry(f"{number}.jpg".encode(), picture), Entry(f"{mine}.jpg".encode(), people.picture()))
    )
    data[data.rindex(b"number")] ^= 1  # in the second member: its checksum is wrong
    spoilt = ((f"{number}.jpg", FILED, ""), (f"{mine}.jpg", REFUSED, "archive_damaged"))
    yield Sent(
        "spoilt-member.ZIP", bytes(data), (("spoilt-member.ZIP", UNPACKED, ""), *spoilt), ((number, picture),)
    )


def as_long_as_can_be(end: str) -> str:
    """255 bytes, the most that file systems take."""
    whole, rest = divmod(255 - len(end), 3)
    name = "长" * whole + "-" * rest + end
    assert len(name.encode()) == 255
    return name


def misnamed(people: People) -> Iterator[Sent]:
    """Told by what they hold, not by what they are called."""
    number, picture = next(people.free), people.picture()
    members = ((f"{number}.jpg", FILED, ""),)
    name = f"{people.victim}-1.jpg"
    yield Sent(
        name, zipped({f"{number}.jpg": picture}), ((name, UNPACKED, ""), *members), ((number, picture),)
    )
    yield refused(f"{people.victim}.zip", people.picture(), "archive_damaged")
    number = next(people.free)
    both = people.picture() + zipped({f"{people.victim}.jpg": people.picture()})
    yield Sent(f"{number}.jpg", both, ((f"{number}.jpg", FILED, ""),), ((number, both),))


def odd_loose_files(people: People) -> Iterator[Sent]:
    """Pictures of odd kinds, and names that systems allow."""
    plain = odd.drawing(5, 600, 800)
    wide = plain.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    for name, data in {
        "{}.png": people.picture(),  # a JPEG in truth
        "{}.jpg": odd.saved(plain, "PNG"),
        "{}.Tiff": odd.saved(plain, "TIFF"),
        "IMG_{}.HEIC": odd.saved(plain, "HEIF"),
        "{}-16bit.png": odd.saved(wide, "PNG"),
        "{}-palette.png": odd.saved(plain.quantize(64), "PNG"),
        "{}-\u202egpj.exe": people.picture(),
    }.items():
        number = next(people.free)
        name = name.format(number)
        yield Sent(name, data, ((name.replace("\u202e", ""), FILED, ""),), ((number, data),))
    for name, data, reason in (
        ("cut.jpg", people.picture()[:9000], "damaged"),
        ("moving.png", odd.animated_png(), "several_pictures"),
        ("pages.tif", odd.two_page_tiff(), "several_pictures"),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0 thumbnails", "not_a_picture"),
    ):
        name = f"{people.victim}-{name}"
        yield refused(name, data, reason)
