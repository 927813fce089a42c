"""Spreadsheets that leave: text stays text, and nothing becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_sheet(
    target: BinaryIO,
    *,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    title: str = "Sheet1",
    widths: Sequence[int] = (),
) -> None:
    """Write one sheet to `target` row by row; strings are stored as text cells, also those that begin like a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.append([_cell(sheet, heading, bold=True) for heading in headings])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    book.save(target)


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    if not bold and not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=None)
    cell.value = _printable(str(value))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    elif cell.value.startswith(FORMULA_STARTS):
        cell.quotePrefix = True
    return cell


def _printable(text: str) -> str:
    """XML knows no control characters; a cell ends at 32,767 characters."""
    return "".join(char for char in text if char >= " " or char in "\t\n")[:32_767]


def sheet_bytes(**sheet: Any) -> bytes:
    """`write_sheet` into memory, for small ones."""
    buffer = io.BytesIO()
    write_sheet(buffer, **sheet)
    return buffer.getvalue()


def csv_bytes(*, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a mark, so that spreadsheet programs read Chinese; cells that begin like a formula get an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([_csv_safe(heading) for heading in headings])
    for row in rows:
        writer.writerow([_csv_safe(value) for value in row])
    return buffer.getvalue().encode("utf-8-sig")


def write_report(path: Path, *, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The report of a command, in the form that the name of the file asks for: XLSX or CSV."""
    make = sheet_bytes if path.suffix.lower() == ".xlsx" else csv_bytes
    path.write_bytes(make(headings=headings, rows=rows))


def _csv_safe(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
