"""Roster files that leave: the template, and the refused lines as the same file with a column 原因."""

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from photocampus.access_log import log_access
from photocampus.lists import join_parts
from photocampus.models import User
from photocampus.sheets import csv_bytes, sheet_bytes
from students.identity import make_gb_number
from students.models import RosterUpload, RowKind
from students.roster_columns import BY_FIELD, COLUMNS, FIELDS, REASON_HEADING
from students.row_problems import sentence
from students.staging import payload_sealer, unpack
from students.tables import CSV
from units.models import Campaign, Unit

EXAMPLES = (
    ("张三", "男", "居民身份证", make_gb_number("11010519960307003"), "2018年7月", "毕业生"),
    ("阿依努尔·买买提", "女", "居民身份证", make_gb_number("65010219970115004"), "2018年7月", "毕业生"),
    ("陈小明", "男", "港澳居民来往内地通行证", "H00000000", "2018年1月", "提前"),
)


def template_bytes(campaign: Campaign, unit: Unit | None) -> bytes:
    """XLSX with every heading, required ones marked, a line of notes, and examples of invented people on a second sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "名单"
    sheet.freeze_panes = "A2"
    required, optional = PatternFill("solid", fgColor="FFF2CC"), PatternFill("solid", fgColor="EDEDED")
    for index, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(index)
        cell = sheet[f"{letter}1"]
        cell.value = column.heading
        cell.font = Font(bold=True)
        cell.fill = required if column.required else optional
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.heading) + 4)
        # Whole columns as text, so that long numbers keep their digits.
        sheet.column_dimensions[letter].number_format = "@"
        for row in range(2, 202):
            sheet[f"{letter}{row}"].number_format = "@"
    _examples(book, campaign, unit)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _examples(book: Workbook, campaign: Campaign, unit: Unit | None) -> None:
    sheet = book.create_sheet("填写说明")
    sheet.append(["列", "是否必填", "说明"])
    for column in COLUMNS:
        sheet.append([column.heading, "必填" if column.required else "选填", column.note])
    sheet.append([])
    sheet.append(["示例（虚构人员）"])
    sheet.append([column.heading for column in COLUMNS])
    terms = [f"{code[:4]}年{int(code[5:])}月" for code in campaign.terms.values_list("code", flat=True)]
    for number, (name, gender, id_type, id_number, term, category) in enumerate(EXAMPLES, start=1):
        cells = {
            "student_number": f"20140000{number:04d}", "name": name, "gender": gender, "id_type": id_type,
            "id_number": id_number, "unit": unit.name if unit else "示例学院", "class_name": "示例1班", "level": "本科",
            "term": term if term in terms or not terms else terms[-1], "category": category,
            "major_name": "会计学", "study_form": "开放教育", "entry_date": "2014-09-01",
        }  # fmt: skip
        sheet.append([cells.get(field, "") for field in FIELDS])
    for letter, width in (("A", 16), ("B", 12), ("C", 60)):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=False)
    for cell in sheet[1]:
        cell.font = Font(bold=True)


def refused_file(*, upload: RosterUpload, by: User) -> tuple[str, bytes]:
    """(file name, content) of the refused lines, in the file's own columns; logged as a full download first.

    Cells are what was uploaded, unmasked: they are to be corrected and uploaded again.
    """
    layout = json.loads(upload.layout.reveal()) if upload.layout else {"kind": "xlsx", "headings": []}
    headings = [*layout["headings"], REASON_HEADING]
    rows = list(_refused_rows(upload, len(layout["headings"])))
    if layout["kind"] == CSV:
        name, content = "refused.csv", csv_bytes(headings=headings, rows=rows)
    else:
        name, content = "refused.xlsx", sheet_bytes(headings=headings, rows=rows, title="未通过")
    log_access(
        "roster_refused",
        by=by,
        subject=upload,
        purpose=REASON_HEADING,
        rows=len(rows),
        full=True,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return name, content


def _refused_rows(upload: RosterUpload, width: int) -> Iterator[list[Any]]:
    sealer = payload_sealer()
    for row in upload.rows.filter(kind=RowKind.REFUSED).order_by("line").iterator(chunk_size=2000):
        _values, rest = unpack(sealer.open(row.payload.sealed))
        cells = [*rest.get("cells", []), *[""] * width][:width]
        reasons = [
            f"{BY_FIELD[f].heading}:{sentence(code, data)}" for f, _shown, code, data in rest["findings"]
        ]
        yield [*("" if cell is None else cell for cell in cells), join_parts(reasons)]
