"""Reading the register's answers: every kind of file, every verdict, every damage."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from students.catalogue import ENTRIES
from students.chsi_answers import (
    OTHER_REASON,
    REASONS,
    AnswerColumnsMissing,
    AnswerEmpty,
    AnswerFileRefused,
    read_answer,
    read_remark,
)
from students.chsi_columns import fields_from_profile
from students.chsi_files import write_dbf, write_xlsx
from students.tables import BadTable

ROWS = [
    ["2015001", "王小明", "11010519900101123x", "核验通过"],
    ["2015002", "李红", "110105199001011234", "未通过:照片背景不符"],
]


def plain(rows):
    return [(row.line, row.student_number, row.id_number, row.name, row.text) for row in rows]


EXPECTED = [
    (2, "2015001", "11010519900101123X", "王小明", "核验通过"),
    (3, "2015002", "110105199001011234", "李红", "未通过:照片背景不符"),
]


def as_xlsx(headings, rows):
    return write_xlsx(headings, rows, title="x")


def as_csv(headings, rows, encoding):
    return "\r\n".join(",".join(cells) for cells in [headings, *rows]).encode(encoding)


@pytest.mark.parametrize(
    "headings",
    [
        ["XH", "XM", "SFZH", "BZ"],
        ["学号", "姓名", "证件号码", "备注"],
        [" 学 号", "姓名", "身份证号码", "核验结果"],
    ],
)
def test_answer_is_read_from_a_workbook_by_pinyin_or_chinese_headings(headings):
    assert plain(read_answer(as_xlsx(headings, ROWS))) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_answer_is_read_from_csv(encoding):
    assert plain(read_answer(as_csv(["XH", "XM", "SFZH", "BZ"], ROWS, encoding))) == EXPECTED


def test_answer_is_read_from_dbf():
    data = write_dbf(fields_from_profile(["XH", "XM", "SFZH", "BZ"]), ROWS, stamp=date(2018, 7, 1))
    assert plain(read_answer(data)) == EXPECTED


def test_deleted_rows_of_a_dbf_are_left_out():
    data = bytearray(write_dbf(fields_from_profile(["XH", "XM", "SFZH", "BZ"]), ROWS, stamp=date(2018, 7, 1)))
    data[32 + 4 * 32 + 1] = ord("*")
    assert plain(read_answer(bytes(data))) == [(2, *EXPECTED[1][1:])]


def test_title_above_the_headings_and_a_reason_column_are_understood():
    workbook = openpyxl.Workbook()
    for row in [
        ["2018 年核验结果"],
        ["学号", "证件号码", "结果", "原因"],
        [2015001, "110105199001011234", "未通过", "照片不清晰"],
    ]:
        workbook.active.append(row)
    out = io.BytesIO()
    workbook.save(out)
    assert plain(read_answer(out.getvalue())) == [
        (3, "2015001", "110105199001011234", "", "未通过:照片不清晰")
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"PK\x03\x04 not a zip",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        as_xlsx(["XH", "SFZH", "BZ"], [["1", "2", "通过"]])[:-60],
        write_dbf(fields_from_profile(["XH", "SFZH", "BZ"]), [["1", "2", "通过"]], stamp=date(2018, 7, 1))[
            :-40
        ],
        bytes(range(128, 256)) * 3,
    ],
)
def test_damaged_or_foreign_file_is_refused_in_one_sentence(data):
    with pytest.raises((AnswerFileRefused, AnswerColumnsMissing, BadTable)):
        read_answer(data)


def test_missing_columns_are_named():
    with pytest.raises(AnswerColumnsMissing) as refusal:
        read_answer(as_xlsx(["XH", "BZ"], [["1", "通过"]]))
    assert refusal.value.data == {"columns": "SFZH/ZJHM"}


def test_answer_without_people_is_refused():
    with pytest.raises(AnswerEmpty):
        read_answer(as_xlsx(["XH", "SFZH", "BZ"], []))


def test_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr("students.tables.MAX_UNPACKED", 1_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 2_000_000)
    with pytest.raises(BadTable):
        read_answer(out.getvalue())


@pytest.mark.parametrize(
    ("text", "verdict", "code"),
    [
        ("核验通过", "passed", ""),
        ("通过", "passed", ""),
        ("核验通过,照片合格", "passed", ""),
        ("未通过", "failed", ""),
        ("核验未通过", "failed", ""),
        ("未通过:姓名与身份证号不一致", "failed", ""),
        ("不确定", "uncertain", ""),
        ("异常", "abnormal", ""),
        ("学籍异常", "abnormal", ""),
        ("未通过:照片背景不均匀", "image_refused", "background_uneven"),
        ("图像未通过 闭眼", "image_refused", "eyes_closed"),
        ("照片退回", "image_refused", "other"),
        ("照片异常:眼镜反光", "image_refused", "glasses_glare"),
        ("图像退回(head_tilt)", "image_refused", "head_tilt"),
        ("照片非本人", "image_refused", "not_this_person"),
        ("头部过大", "image_refused", "head_too_large"),
    ],
)
def test_remark_is_understood(text, verdict, code):
    reading = read_remark(text)
    assert (str(reading.verdict), reading.code, reading.reason) == (verdict, code, text)


@pytest.mark.parametrize("text", ["", "   ", "hello", "见附件"])
def test_remark_that_says_nothing_is_not_guessed(text):
    assert read_remark(text) is None


def test_every_code_that_an_answer_can_mean_is_in_the_catalogue():
    assert {code for code, _words in REASONS} | {OTHER_REASON} <= {entry.code for entry in ENTRIES}


def test_numbers_that_a_remark_repeats_are_masked():
    reading = read_remark("未通过:证件号码11010519900101123X与姓名不符,联系13800138000,学号201500")
    assert reading.reason == "未通过:证件号码110105**********3X与姓名不符,联系138****8000,学号201500"
    assert read_remark("未通过 H12345678").reason == "未通过 H1******8"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("EA1234567核验未通过", "EA******7核验未通过"),
        ("未通过:护照ea1234567", "未通过:护照ea******7"),
        ("未通过:护照AB123456", "未通过:护照AB*****6"),
        ("未通过 USA123456789012", "未通过 USA123*******12"),
        ("未通过:ID110105199001011234", "未通过:ID1101************34"),
        ("未通过:SFZH110105199001011234", "未通过:SFZH110*************34"),
    ],
)
def test_numbers_behind_letters_are_masked_too(text, shown):
    assert read_remark(text).reason == shown


@pytest.mark.parametrize(
    "text", ["照片退回:DPI不足300dpi", "图像退回(head_tilt)", "照片大小10240KB不合格", "未通过 RECORD 2018"]
)
def test_words_and_short_numbers_stay_as_they_are(text):
    assert read_remark(text).reason == text
