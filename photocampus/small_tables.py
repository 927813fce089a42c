"""Reading a small spreadsheet that staff upload: headings by name, every cell as text, bounded before it is opened."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from photocampus.errors import DomainError
from photocampus.lists import join_words

MAX_BYTES = 5 * 1024 * 1024  # less if the largest spreadsheet may be smaller, see `max_bytes`
MAX_UNPACKED = 60 * 1024 * 1024
MAX_ROWS = 5000
ZIP_START, OLE_START = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class UnreadableTable(DomainError):
    code = "unreadable_table"
    message = _("This file cannot be read as XLSX, XLS or CSV.")


class TableTooLarge(DomainError):
    code = "table_too_large"
    message = _("This file is larger than such a list can be (%(rows)d rows, %(megabytes)d MB).")


def max_bytes() -> int:
    return min(MAX_BYTES, settings.UPLOAD_LIMITS["spreadsheet"])


def too_large() -> TableTooLarge:
    return TableTooLarge(rows=MAX_ROWS, megabytes=max_bytes() // (1024 * 1024))


class MissingColumns(DomainError):
    code = "missing_columns"
    message = _("The first line must hold the headings; missing: %(columns)s.")


def read_table(
    upload: UploadedFile, *, columns: Mapping[str, Sequence[str]], required: Sequence[str]
) -> list[tuple[int, dict[str, str]]]:
    """(line, values) of each row that is not empty; `columns` gives the accepted headings per name.

    Line 1 holds the headings. Raises `UnreadableTable`, `TableTooLarge`, `MissingColumns`.
    """
    upload.seek(0)
    grid = read_grid(upload.read(max_bytes() + 1))
    places = _places([clean(cell) for cell in grid[0]], columns)
    if missing := [columns[name][0] for name in required if name not in places]:
        raise MissingColumns(columns=join_words(missing))
    rows = []
    for line, cells in enumerate(grid[1:], start=2):
        values = {name: clean(cells[index]) if index < len(cells) else "" for name, index in places.items()}
        if any(values.values()):
            rows.append((line, {name: values.get(name, "") for name in columns}))
    return rows


def read_grid(data: bytes) -> list[list[object]]:
    """All cells of the first sheet; raises `UnreadableTable`, `TableTooLarge`."""
    if len(data) > max_bytes():
        raise too_large()
    grid = _grid(data)
    if not grid:
        raise UnreadableTable()
    if len(grid) > MAX_ROWS + 1:
        raise too_large()
    return grid


def _places(headings: list[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    known = {heading.lower(): name for name, accepted in columns.items() for heading in accepted}
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        name = known.get(heading.lower())
        if name is not None:
            places.setdefault(name, index)
    return places


def _grid(data: bytes) -> list[list[object]]:
    if data.startswith((ZIP_START, OLE_START)):
        _check_unpacked_size(data)
        try:
            sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
            return [list(row) for row in sheet.to_python()]
        except (CalamineError, OSError, ValueError, IndexError):
            raise UnreadableTable() from None
    return list(csv.reader(io.StringIO(_text(data))))  # type: ignore[arg-type]


def _check_unpacked_size(data: bytes) -> None:
    if not data.startswith(ZIP_START):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise UnreadableTable() from None
    if total > MAX_UNPACKED:
        raise too_large()


def _text(data: bytes) -> str:
    if b"\x00" in data:
        raise UnreadableTable()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableTable()


def clean(value: object) -> str:
    """Text without stray blanks; full-width letters and digits narrowed; whole numbers without `.0`."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    narrow = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    return " ".join(str(value).translate(narrow).replace("\u3000", " ").split())
