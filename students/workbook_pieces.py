"""A large workbook as a row of small ones, so that reading it needs the memory of one piece (design §7).

The reader holds a whole sheet at a time, about two kilobytes a line. Lines of a sheet are cut out of its XML between
rows and given to the reader in an otherwise equal workbook; rows carry their own numbers, so nothing shifts.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO

PIECE_BYTES = 12 * 1024 * 1024
_CHUNK = 1 << 20
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
_DATA_STARTS = re.compile(rb"<((?:\w+:)?)sheetData[^>/]*>\s*<(?:\w+:)?row\s[^>]*\br=[\"'][0-9]")


def pieces(data: bytes) -> Iterator[bytes]:
    """The workbook itself if it is small or of an unusual build, else pieces of it in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [part for part in archive.infolist() if _SHEETS.fullmatch(part.filename)]
        if len(sheets) == 1 and sheets[0].file_size > PIECE_BYTES:
            with archive.open(sheets[0]) as stream:
                head = stream.read(_CHUNK)
                if found := _DATA_STARTS.search(head):
                    yield from _cut(archive, sheets[0], stream, head, found)
                    return
    yield data


def _cut(
    archive: zipfile.ZipFile,
    sheet: zipfile.ZipInfo,
    stream: IO[bytes],
    head: bytes,
    found: "re.Match[bytes]",
) -> Iterator[bytes]:
    prefix = found[1]
    start = head.index(b">", found.start()) + 1
    opening, row_end = head[:start], b"</" + prefix + b"row>"
    closing = b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"
    others = [
        (part.filename, archive.read(part)) for part in archive.infolist() if part.filename != sheet.filename
    ]
    buffer = bytearray(head[start:])
    while chunk := stream.read(_CHUNK):
        buffer += chunk
        if len(buffer) >= PIECE_BYTES:
            end = buffer.rfind(row_end) + len(row_end)
            if end >= len(row_end):
                with memoryview(buffer) as view:
                    piece = _workbook(others, sheet.filename, opening, view[:end], closing)
                yield piece
                del buffer[:end], piece
    # What is left ends with the sheet's own closing tags.
    yield _workbook(others, sheet.filename, opening, buffer, b"")


def _workbook(
    others: list[tuple[str, bytes]], name: str, opening: bytes, rows: "bytearray | memoryview", closing: bytes
) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for other, content in others:
            archive.writestr(other, content)
        with archive.open(name, "w") as part:
            part.write(opening)
            part.write(rows)
            part.write(closing)
    return target.getvalue()
