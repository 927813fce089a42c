"""Coordinators from a spreadsheet: preview by line, all good lines at once."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus import small_tables
from photocampus.errors import NotAllowed
from photocampus.models import Role, User
from photocampus.sheets import sheet_bytes
from tests import factories as make
from units import account_import
from units.access import own_unit_ids

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make.make_staff()


def read(rows, headings=account_import.HEADINGS):
    data = sheet_bytes(headings=headings, rows=rows)
    return account_import.read_coordinators(SimpleUploadedFile("x.xlsx", data))


def test_preview_and_import(staff):
    first, second = make.make_unit("A1"), make.make_unit("A2")
    known = make.make_coordinator(first, username="known", name="老李")
    rows = read([
        ["wang", "王老师", first.name, "13800000000", "w@example.org"],
        ["wang", "王老师", "A2", "", ""],
        ["known", "老李", "A1", "", ""],
        ["known", "老李", "A2", "", ""],
    ])  # fmt: skip
    assert [line.kind for line in account_import.preview_coordinators(rows)] == ["new", "add", "known", "add"]
    issued = account_import.import_coordinators(rows=rows, by=staff)
    assert [account.user.username for account in issued] == ["wang"]
    wang = User.objects.get(username="wang")
    assert wang.must_change_password and wang.phone.reveal() == "13800000000"
    assert {row["unit"] for row in own_unit_ids(wang)} == {first.pk, second.pk}
    assert own_unit_ids(known).count() == 2
    assert {line.kind for line in account_import.preview_coordinators(rows)} == {"known"}
    with pytest.raises(account_import.NothingToImport):
        account_import.import_coordinators(rows=rows, by=staff)


def test_preview_refuses_line_by_line(staff):
    unit = make.make_unit("A1")
    make.make_user(Role.STUDIO, username="cam", name="摄影师")
    make.make_coordinator(unit, username="taken", name="别人")
    rows = read([
        ["", "甲", "A1", "", ""],
        ["b", "", "A1", "", ""],
        ["c", "丙", "没有的学院", "", ""],
        ["d d", "丁", "A1", "", ""],
        ["e", "戊", "A1", "电话", ""],
        ["f", "己", "A1", "", "nonsense"],
        ["cam", "摄影师", "A1", "", ""],
        ["taken", "王", "A1", "", ""],
        ["g", "庚", "A1", "", ""],
        ["g", "辛", "A1", "", ""],
    ])  # fmt: skip
    lines = account_import.preview_coordinators(rows)
    assert [line.number for line in lines if line.problems] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert len(account_import.import_coordinators(rows=rows, by=staff)) == 1
    assert User.objects.filter(username="g", name="庚").exists()


def test_import_needs_the_permission(staff):
    make.make_unit("A1")
    rows = read([["wang", "王老师", "A1", "", ""]])
    with pytest.raises(NotAllowed):
        account_import.import_coordinators(rows=rows, by=make.make_user(Role.UNIT))


def test_preview_takes_three_queries(django_assert_num_queries):
    make.make_unit("A1")
    rows = read([[f"u{n}", "王", "A1", "", ""] for n in range(20)])
    with django_assert_num_queries(3):
        account_import.preview_coordinators(rows)


def test_template_reads_back():
    upload = SimpleUploadedFile("t.xlsx", account_import.template_bytes())
    assert account_import.read_coordinators(upload)[0][1]["username"] == "zhangsan"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_common_encodings(encoding):
    data = "工号,姓名,单位\n 0012 ,王老师,会计学院\n".encode(encoding)
    rows = account_import.read_coordinators(SimpleUploadedFile("x.csv", data))
    assert rows == [(2, {"username": "0012", "name": "王老师", "unit": "会计学院", "phone": "", "email": ""})]


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (small_tables.MAX_UNPACKED + 1))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data, error",
    [
        (b"", small_tables.UnreadableTable),
        (b"PK\x03\x04 no archive", small_tables.UnreadableTable),
        (b"\xd0\xcf\x11\xe0 no workbook", small_tables.UnreadableTable),
        (b"\x00\x01\x02", small_tables.UnreadableTable),
        (b"a,b\n1,2\n", small_tables.MissingColumns),
        (b"x" * (small_tables.MAX_BYTES + 1), small_tables.TableTooLarge),
    ],
)
def test_bad_files_are_refused(data, error):
    with pytest.raises(error):
        account_import.read_coordinators(SimpleUploadedFile("x.xlsx", data))


def test_a_list_is_no_larger_than_a_spreadsheet_may_be(settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "spreadsheet": 100}
    with pytest.raises(small_tables.TableTooLarge):
        account_import.read_coordinators(SimpleUploadedFile("x.csv", b"a" * 101))


def test_bomb_is_refused():
    with pytest.raises(small_tables.TableTooLarge):
        account_import.read_coordinators(SimpleUploadedFile("x.xlsx", bomb()))
