"""XLSX and DBF for the register: read by other people's readers, equal bytes for equal rows."""

import io
import zipfile
from datetime import date

import dbf
import openpyxl
import pytest

from students.chsi_columns import DEFAULT_COLUMNS, fields_from_profile
from students.chsi_files import write_dbf, write_xlsx

HEADINGS = ["XH", "XM", "SFZH"]
ROWS = [["001512345678901", "王小明", "110105199001011234"], ["=1+1", "阿卜杜拉·买买提 <&>", ""]]


def read_xlsx(data):
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return [[cell.value or "" for cell in row] for row in sheet.iter_rows()], sheet


def test_workbook_is_read_back_as_text_only():
    rows, sheet = read_xlsx(write_xlsx(HEADINGS, ROWS, title="CHSI"))
    assert rows == [HEADINGS, *ROWS]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value}
    assert kinds <= {"s", "inlineStr"}
    assert sheet["C2"].number_format == "@"


def test_workbook_is_read_by_calamine_too():
    import python_calamine

    book = python_calamine.load_workbook(io.BytesIO(write_xlsx(HEADINGS, ROWS, title="CHSI")))
    assert book.get_sheet_by_index(0).to_python()[1] == ROWS[0]


def test_workbook_bytes_hold_no_clock():
    data = write_xlsx(HEADINGS, ROWS, title="CHSI")
    assert data == write_xlsx(HEADINGS, ROWS, title="CHSI")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_workbook_with_many_columns_names_its_cells():
    rows, _sheet = read_xlsx(write_xlsx([f"h{n}" for n in range(30)], [["x"] * 30], title="CHSI"))
    assert rows[1] == ["x"] * 30


def test_table_is_read_back_by_another_reader(tmp_path):
    fields = fields_from_profile(DEFAULT_COLUMNS)
    row = dict.fromkeys(DEFAULT_COLUMNS, "") | {
        "XH": "2015001",
        "XM": "阿卜杜拉·买买提",
        "SFZH": "11010519900101123X",
    }
    path = tmp_path / "x.dbf"
    path.write_bytes(write_dbf(fields, [list(row.values())], stamp=date(2018, 7, 1)))
    with dbf.Table(str(path)).open() as table:
        assert (table.codepage.name, table.last_update, len(table)) == ("cp936", date(2018, 7, 1), 1)
        assert [(name, *table.field_info(name)[:2]) for name in table.field_names] == [
            (one.heading, ord("C"), one.width) for one in fields
        ]
        assert {name: table[0][name].strip() for name in table.field_names} == row


def test_table_never_writes_a_question_mark_and_never_cuts():
    fields = fields_from_profile(["XM"])
    with pytest.raises(UnicodeEncodeError):
        write_dbf(fields, [["䶮"]], stamp=date(2018, 7, 1))
    with pytest.raises(ValueError, match="too wide"):
        write_dbf(fields, [["王" * 21]], stamp=date(2018, 7, 1))


def test_table_needs_short_field_names():
    with pytest.raises(ValueError):
        write_dbf(fields_from_profile([{"name": "XM", "heading": "姓名"}]), [], stamp=date(2018, 7, 1))
    with pytest.raises(ValueError):
        write_dbf(fields_from_profile([{"name": "XM", "heading": "A" * 11}]), [], stamp=date(2018, 7, 1))
