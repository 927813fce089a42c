"""Bad files each get one clear refusal; good ones come out line by line."""

import io
import zipfile

import pytest

from students import tables
from students.tables import BadTable, open_table
from tests import rosters

GOOD = rosters.xlsx(rosters.people(3))


def code(data, name="roster.xlsx"):
    with pytest.raises(BadTable) as caught:
        list(open_table(data, name=name).rows)
    assert str(caught.value)
    return caught.value.code


def changed(part, edit, data=GOOD):
    """The workbook with one part edited."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item.filename, edit(content) if item.filename == part else content)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_xlsx_gives_lines_as_the_spreadsheet_numbers_them():
    table = open_table(GOOD, name="a.xlsx")
    assert (table.kind, [line for line, _cells in table.rows]) == ("xlsx", [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "a.xlsx", "empty"),
        (b"\n \r\n", "a.csv", "empty"),
        (b"this is not a workbook", "a.xlsx", "not_xlsx"),
        (b"<html><table></table></html>", "a.xls", "not_xls"),
        (b"\x00\x01\x02binary", "a.csv", "not_table"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff", "a.csv", "not_table"),
        (GOOD[: len(GOOD) // 2], "a.xlsx", "damaged"),
        (b"PK\x03\x04 nothing behind it", "a.xlsx", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "a.xls", "damaged"),
    ],
)
def test_files_that_are_not_what_they_say(data, name, expected):
    assert code(data, name) == expected


def test_a_zip_that_is_no_workbook():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert code(out.getvalue()) == "not_xlsx"


def test_external_entities_are_refused():
    bad = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    assert code(changed(SHEET, lambda xml: bad + xml.partition(b"?>")[2])) == "entities"
    late = b'<?xml version="1.0"?><!--' + b"x" * 3_000_000 + b"--><!DOCTYPE x []>"
    assert code(changed(SHEET, lambda xml: late + xml.partition(b"?>")[2])) == "entities"


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(tables, "MAX_UNPACKED", 1_000_000)
    assert code(changed(SHEET, lambda xml: xml + b" " * 5_000_000)) == "unpacked"


def test_a_part_that_lies_about_its_size_is_damaged():
    data = bytearray(changed(SHEET, lambda xml: xml + b" " * 5_000_000))
    position = data.rfind(b"PK\x01\x02")
    while position >= 0:
        length = int.from_bytes(data[position + 28 : position + 30], "little")
        if data[position + 46 : position + 46 + length].decode() == SHEET:
            data[position + 24 : position + 28] = (1000).to_bytes(4, "little")
        position = data.rfind(b"PK\x01\x02", 0, position)
    assert code(bytes(data)) == "damaged"


def test_an_encrypted_zip_is_named_as_such():
    data = bytearray(GOOD)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(mark)
        while position >= 0:
            data[position + offset] |= 1
            position = data.find(mark, position + 4)
    assert code(bytes(data)) == "encrypted"


@pytest.mark.parametrize("cell", [b"XFD1", b"ZZ7", b"A1048576", b"BA2"])
def test_a_cell_far_out_is_refused_instead_of_allocating_gigabytes(cell):
    far = b'<row r="9"><c r="' + cell + b'" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    assert code(changed(SHEET, lambda xml: xml.replace(b"</sheetData>", far))) == "too_many_rows"


def test_too_large_a_file(settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "spreadsheet": 100}
    assert code(GOOD) == "too_large"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_usual_encoding(encoding):
    data = '学号,姓名\r\n1,"㛃,\n䶮"\r\n\r\n2,李四\r\n'.encode(encoding)
    assert [cells for _line, cells in open_table(data, name="a.csv").rows] == [
        ["学号", "姓名"], ["1", "㛃,\n䶮"], ["2", "李四"],
    ]  # fmt: skip


def test_csv_with_tabs_or_semicolons():
    for delimiter in "\t;":
        data = f"学号{delimiter}姓名\n1{delimiter}张三\n".encode()
        assert [cells for _line, cells in open_table(data, name="a.txt").rows][1] == ["1", "张三"]


def test_a_large_workbook_is_read_in_pieces_with_the_same_result(monkeypatch):
    data = rosters.xlsx(rosters.people(200))
    whole = list(open_table(data).rows)
    monkeypatch.setattr("students.workbook_pieces.PIECE_BYTES", 20_000)
    monkeypatch.setattr("students.workbook_pieces._CHUNK", 4_000)
    from students.workbook_pieces import pieces

    assert len(list(pieces(data))) > 5
    table = open_table(data)
    assert (list(table.rows), table.height) == (whole, 201)


def test_lines_and_columns_are_counted_from_the_corner():
    import openpyxl

    book = openpyxl.Workbook()
    book.active["C4"], book.active["D6"] = "x", 5
    out = io.BytesIO()
    book.save(out)
    assert list(open_table(out.getvalue()).rows) == [(4, ["", "", "x", ""]), (6, ["", "", "", 5.0])]
