"""Pieces that add up to a ZIP file which zipfile and the usual tools open."""

import io
import zipfile
import zlib

from students import zip_stream
from students.zip_stream import Entry, closing, entry_head, entry_length


def build(files):
    entries, out = [], bytearray()
    for name, data in files:
        entry = Entry(name, zlib.crc32(data), len(data))
        before = len(out)
        out += entry_head(entry) + data
        assert len(out) - before == entry_length(entry)
        entries.append(entry)
    for piece in closing(entries):
        out += piece
    return bytes(out)


FILES = [("a.jpg", b"\xff\xd8" + b"x" * 5000), ("照片.jpg", b"y"), ("empty.txt", b"")]


def test_archive_opens_and_holds_the_files_with_fixed_dates():
    with zipfile.ZipFile(io.BytesIO(build(FILES))) as archive:
        assert archive.testzip() is None
        assert [(entry.filename, archive.read(entry)) for entry in archive.infolist()] == FILES
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_archive_is_the_same_bytes_each_time():
    assert build(FILES) == build(FILES)


def test_empty_archive_opens():
    assert zipfile.ZipFile(io.BytesIO(build([]))).namelist() == []


def test_more_than_65535_entries_open():
    files = [(f"{n}.jpg", b"x") for n in range(65_536)]
    with zipfile.ZipFile(io.BytesIO(build(files))) as archive:
        assert len(archive.namelist()) == 65_536
        assert archive.read("65535.jpg") == b"x"


def test_offsets_beyond_the_32_bit_limit_open(monkeypatch):
    # Nobody writes 4 GB in a test: the limit is lowered instead, so that the long form is taken early.
    monkeypatch.setattr(zip_stream, "LIMIT_32", 4000)
    entries, out = [], bytearray()
    for name, data in [("a", b"x" * 3000), ("b", b"y" * 3000), ("c", b"z" * 30)]:
        entry = Entry(name, zlib.crc32(data), len(data))
        out += entry_head(entry) + data
        entries.append(entry)
    directory = b"".join(closing(entries))
    assert directory.count(b"PK\x06\x06") == 1
    assert (6000 + 62).to_bytes(8, "little") in directory
