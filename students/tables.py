"""Reading spreadsheets that strangers made: XLSX, XLS, CSV (UTF-8, GB18030), in bounded memory, never by executing
or fetching anything (design §7).

What can be known cheaply is checked before anything is parsed: kind by content, size unpacked, encryption, document
types (the door of external entities), and cells placed so far out that an honest reader would allocate gigabytes.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import python_calamine
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from students.workbook_pieces import pieces

MAX_UNPACKED = 256 * 1024 * 1024
MAX_PARTS = 2000
MAX_ROWS = 200_000
MAX_COLUMNS = 52

XLSX, XLS, CSV = "xlsx", "xls", "csv"

_CHUNK = 1 << 20
_OVERLAP = 64
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
# A cell beyond column AZ or row 200,000. Readers allocate the whole rectangle, so one such cell costs gigabytes.
_FAR_CELL = re.compile(rb"""[ ]r=["'](?:[A-Z]{3}|[B-Z][A-Z]|[A-Z]{1,2}(?:[2-9][0-9]{5}|[0-9]{7}))""")


def max_bytes() -> int:
    """The largest file that is read, `PHOTOCAMPUS_MAX_SPREADSHEET_MB`."""
    return int(settings.UPLOAD_LIMITS["spreadsheet"])


class BadTable(DomainError):
    """The file as a whole cannot be read; nothing was taken from it."""

    code = "bad_table"
    message = _("This file cannot be read as a table.")


class _Bad:
    """The sentences of `BadTable`, by code."""

    empty = _("The file is empty.")
    too_large = _("The file is larger than %(limit)d MB.")
    not_xlsx = _(
        "The file is not an XLSX workbook, although its name says so. Open it and save it again as XLSX."
    )
    not_xls = _(
        "The file is not an XLS workbook, although its name says so. Open it and save it again as XLSX."
    )
    not_table = _("The file is neither an XLSX or XLS workbook nor CSV text.")
    encrypted = _("The file is protected with a password. Save it without one and upload it again.")
    damaged = _("The file is damaged or incomplete and cannot be opened.")
    entities = _(
        "The file contains document types or entities, which no spreadsheet program writes. It was refused."
    )
    unpacked = _("The file is small but unpacks to more than %(limit)d MB. It was refused.")
    too_many_rows = _(
        "The sheet has cells beyond row %(rows)d or column %(columns)d. Split it, or delete what is far out."
    )
    no_sheet = _("The workbook has no visible sheet with content.")
    encoding = _("The text is neither UTF-8 nor GB18030. Save the file as XLSX, or as CSV in UTF-8.")


def refuse(code: str, **data: Any) -> BadTable:
    """The refusal with this code; its sentence is translated when it is shown."""
    error = BadTable(**data)
    error.code = code
    error.message = getattr(_Bad, code)
    return error


@dataclass
class Table:
    """A table being read. `rows` gives (line as the spreadsheet shows it, cells); blank rows are left out."""

    kind: str
    rows: Iterator[tuple[int, list[Any]]]
    height: int


def open_table(data: bytes, *, name: str = "") -> Table:
    """The first visible sheet with content, or the CSV's records. Raises `BadTable` with one clear sentence."""
    kind, rows = check_file(data, name=name)
    if kind == CSV:
        return _open_csv(data)
    if kind == XLS:
        sheet = _open_sheet(data)
        if sheet is None:
            raise refuse("no_sheet")
        return Table(kind, _number(sheet), sheet.height)
    return Table(kind, _workbook_rows(data), rows)


def check_file(data: bytes, *, name: str = "") -> tuple[str, int]:
    """The kind of the file by its content, and of an XLSX the number of its rows.

    Raises `BadTable` for what can be known to be bad without parsing it.
    """
    if not data.strip(b"\x00 \r\n\t"):
        raise refuse("empty")
    if len(data) > max_bytes():
        raise refuse("too_large", limit=max_bytes() >> 20)
    suffix = name.lower().rpartition(".")[2]
    if data[:4] == b"PK\x03\x04":
        return XLSX, check_archive(data)
    if data[:8] == _OLE:
        return XLS, 0
    if suffix in ("xlsx", "xlsm"):
        raise refuse("not_xlsx")
    if suffix == "xls":
        raise refuse("not_xls")
    decode(data)
    return CSV, 0


def check_archive(data: bytes) -> int:
    """Refuse bombs, passwords, document types and far-out cells by streaming through the parts, keeping none.

    Gives the number of rows in the largest sheet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise refuse("encrypted")
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise refuse("unpacked", limit=MAX_UNPACKED >> 20)
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise refuse("not_xlsx")
            return max(_check_part(archive, part) for part in parts)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError):
        raise refuse("damaged") from None
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise refuse("damaged") from None
        raise


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """One part: zipfile stops at the declared size and compares the checksum, so a part that lies is damaged."""
    if not part.filename.endswith((".xml", ".rels", ".vml")):
        return 0
    rows = 0
    is_sheet = part.filename.startswith("xl/worksheets/")
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            if b"<!" in window and _DOCTYPE.search(window):
                raise refuse("entities")
            if is_sheet and _FAR_CELL.search(window):
                raise refuse("too_many_rows", rows=MAX_ROWS, columns=MAX_COLUMNS)
            rows += chunk.count(b"<row ") if is_sheet else 0
            tail = chunk[-_OVERLAP:]
    return rows


def _workbook_rows(data: bytes) -> Iterator[tuple[int, list[Any]]]:
    """Lines of the first visible sheet with content; a large workbook is read piece by piece."""
    found = False
    for piece in pieces(data):
        sheet = _open_sheet(piece)
        if sheet is not None:
            found = True
            yield from _number(sheet)
        # Before the next piece is cut, nothing of this one is left.
        del piece, sheet
    if not found:
        raise refuse("no_sheet")


def _open_sheet(data: bytes) -> python_calamine.CalamineSheet | None:
    """The first visible sheet with content."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for meta in workbook.sheets_metadata:
            if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            if meta.visible != python_calamine.SheetVisibleEnum.Visible:
                continue
            sheet = workbook.get_sheet_by_name(meta.name)
            if sheet.height:
                if sheet.total_height > MAX_ROWS or sheet.width > MAX_COLUMNS:
                    raise refuse("too_many_rows", rows=MAX_ROWS, columns=MAX_COLUMNS)
                return sheet
    except BadTable:
        raise
    except python_calamine.PasswordError:
        raise refuse("encrypted") from None
    except BaseException as error:
        # The reader is written in Rust; its panics are no Exception. Ctrl-C and exits stay what they are.
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)):
            raise
        raise refuse("encrypted" if _ENCRYPTED in data else "damaged") from None
    return None


def _number(sheet: python_calamine.CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Lines with content, as the spreadsheet numbers them; columns left of the first used one are put back."""
    left = [""] * (sheet.start or (0, 0))[1]
    for line, row in enumerate(sheet.iter_rows(), start=1):
        if any(cell != "" for cell in row):
            yield line, [*left, *row] if left else row


def _open_csv(data: bytes) -> Table:
    text = decode(data)
    head = text[: text.find("\n") + 1 or len(text)]
    delimiter = max(",\t;", key=head.count)
    height = text.count("\n") + 1
    return Table(CSV, _csv_rows(text, delimiter), height)


def decode(data: bytes) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else GB18030."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in data:
        raise refuse("not_table")
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refuse("not_table" if _looks_binary(data) else "encoding")


def _looks_binary(data: bytes) -> bool:
    head = data[:4096]
    return sum(byte < 32 and byte not in (9, 10, 13) for byte in head) > len(head) // 100


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[Any]]]:
    try:
        for line, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1):
            if line > MAX_ROWS or len(row) > MAX_COLUMNS * 10:
                raise refuse("too_many_rows", rows=MAX_ROWS, columns=MAX_COLUMNS)
            if any(row):
                yield line, row[:MAX_COLUMNS]
    except csv.Error:
        raise refuse("damaged") from None
