"""Writes the register's XLSX and DBF files as bytes, the same bytes for the same rows.

Both are written here rather than by openpyxl and dbf, because those put the rows in clear into temporary
files, which ID numbers must never reach, and stamp the files with the clock. What comes back: `chsi_answers`.
"""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from students.chsi_columns import GBK, Field, is_dbf_name

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
FIXED_STAMP = "1980-01-01T00:00:00Z"
CODEPAGE_GBK = 0x7A  # "Chinese Simplified (PRC) Windows" in the table of dBase and FoxPro language drivers
DBASE_III = 0x03

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_PARTS: dict[str, str] = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml"'
        ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties"'
        ' Target="docProps/core.xml"/>'
        "</Relationships>"
    ),
    "docProps/core.xml": (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{FIXED_STAMP}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{FIXED_STAMP}</dcterms:modified>'
        "</cp:coreProperties>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>"
    ),
    # Style 1 is the number format "text": Excel keeps an ID number as typed even after an edit.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


def write_xlsx(headings: Sequence[str], rows: Iterable[Sequence[str]], *, title: str) -> bytes:
    """A workbook of one sheet. Every cell is text, none a formula; equal input gives equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in _PARTS.items():
            archive.writestr(_entry(name), _HEAD + text)
        archive.writestr(
            _entry("xl/workbook.xml"),
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name={quoteattr(title[:31])} sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        with archive.open(_entry("xl/worksheets/sheet1.xml"), "w") as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><cols>'.encode())
            sheet.write(
                f'<col min="1" max="{len(headings)}" width="18" style="1" customWidth="1"/></cols>'.encode()
            )
            sheet.write(b"<sheetData>")
            names = [_column_letters(index) for index in range(len(headings))]
            sheet.write(_row_xml(1, names, headings))
            for number, row in enumerate(rows, start=2):
                sheet.write(_row_xml(number, names, row))
            sheet.write(b"</sheetData></worksheet>")
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, FIXED_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 0  # the same on every operating system
    return entry


def _column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _row_xml(number: int, names: Sequence[str], cells: Sequence[str]) -> bytes:
    parts = [f'<row r="{number}">']
    for name, cell in zip(names, cells, strict=True):
        if cell:
            text = escape(cell)
            parts.append(
                f'<c r="{name}{number}" s="1" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
            )
    parts.append("</row>")
    return "".join(parts).encode()


def write_dbf(fields: Sequence[Field], rows: Iterable[Sequence[str]], *, stamp: date) -> bytes:
    """A dBase III table in GBK, all columns of type C; `stamp` is the date in its header.

    The caller has checked the values (`chsi_columns.fit_row`): a character outside GBK raises
    UnicodeEncodeError and a value that is too wide ValueError: nothing is ever written as `?` or cut.
    """
    names = [field.heading.encode("ascii", "replace") for field in fields]
    if not all(is_dbf_name(field.heading) for field in fields):
        raise ValueError("field names of a DBF file are 1 to 10 letters of ASCII")
    widths = [field.width for field in fields]
    body = bytearray()
    count = 0
    for row in rows:
        body += b" "
        for text, width in zip(row, widths, strict=True):
            data = text.encode(GBK)
            if len(data) > width:
                raise ValueError("value too wide")
            body += data.ljust(width)
        count += 1
    head = struct.pack(
        "<BBBBLHH17xBxx",
        DBASE_III,
        stamp.year - 1900,
        stamp.month,
        stamp.day,
        count,
        32 + 32 * len(fields) + 1,
        1 + sum(widths),
        CODEPAGE_GBK,
    )
    columns = b"".join(
        struct.pack("<11sc4xBB14x", name, b"C", width, 0) for name, width in zip(names, widths, strict=True)
    )
    return head + columns + b"\r" + bytes(body) + b"\x1a"
