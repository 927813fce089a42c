"""Reads what the register sends back: which row is whose, and what the remark says.

Pure: no model is imported here. The register answers in the file that it was sent, with its verdict in the
remark (BZ), or in a list with Chinese headings. Nothing is written to disk while reading: it has ID numbers.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from photocampus.crypto import mask
from photocampus.errors import DomainError
from photocampus.lists import join_words
from students.tables import open_table

LARGEST_FILE = 64 * 1024 * 1024

# Headings of answers as they occur; compared without blanks and in capitals.
HEADINGS: dict[str, tuple[str, ...]] = {
    "student_number": ("XH", "学号", "学生学号"),
    "id_number": ("SFZH", "ZJHM", "身份证号", "身份证号码", "证件号码", "证件号", "公民身份号码"),
    "name": ("XM", "姓名", "学生姓名"),
    "text": ("BZ", "备注", "核验结果", "审核结果", "校验结果", "结果", "反馈", "反馈信息", "SHJG", "HYJG"),
    "reason": ("原因", "退回原因", "未通过原因", "不合格原因", "问题说明", "说明", "YY"),
}
NEEDED = ("student_number", "id_number", "text")


class AnswerFileRefused(DomainError):
    code = "answer_file_refused"
    message = _("This DBF file is damaged or incomplete. Save the register's answer again.")


class AnswerFileTooLarge(DomainError):
    code = "answer_file_too_large"
    message = _("This file is larger than an answer of the register can be (%(megabytes)d MB).")


class AnswerColumnsMissing(DomainError):
    code = "answer_columns_missing"
    message = _("The file lacks these columns of an answer: %(columns)s.")


class AnswerEmpty(DomainError):
    code = "answer_empty"
    message = _("The file holds no row with a student number.")


class Verdict(StrEnum):
    """What the register says about one person."""

    PASSED = "passed"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    ABNORMAL = "abnormal"
    IMAGE_REFUSED = "image_refused"


@dataclass(frozen=True)
class AnswerRow:
    """One row of an answer, cleaned; `line` is the line in the file, headings counted."""

    line: int
    student_number: str
    id_number: str
    name: str
    text: str


@dataclass(frozen=True)
class Reading:
    """A remark understood: the verdict, the refusal code when an image is refused, the words as they came."""

    verdict: Verdict
    code: str
    reason: str


def read_answer(data: bytes) -> list[AnswerRow]:
    """All rows of an answer file. The kind of file is found from its bytes, not from its name.

    Raises AnswerFileTooLarge, AnswerFileRefused, AnswerColumnsMissing, AnswerEmpty, and BadTable of `tables`.
    """
    if len(data) > LARGEST_FILE:
        raise AnswerFileTooLarge(megabytes=LARGEST_FILE // 1024 // 1024)
    table = _read_table(data)
    head, places = _find_headings(table)
    rows = []
    for line, cells in table[head + 1 :]:
        row = _answer_row(line, cells, places)
        if row.student_number or row.id_number:
            rows.append(row)
    if not rows:
        raise AnswerEmpty()
    return rows


def _answer_row(line: int, cells: Sequence[str], places: dict[str, int]) -> AnswerRow:
    def cell(key: str) -> str:
        place = places.get(key)
        return cells[place] if place is not None and place < len(cells) else ""

    text, reason = cell("text"), cell("reason")
    if reason and reason not in text:
        text = f"{text}:{reason}" if text else reason
    return AnswerRow(line, cell("student_number"), cell("id_number").upper(), cell("name"), text)


def _find_headings(table: Sequence[tuple[int, list[str]]]) -> tuple[int, dict[str, int]]:
    """The headings may stand under a title: the first of ten rows that names them all, by its index, counts."""
    lacking: Sequence[str] = NEEDED
    for number, (_line, cells) in enumerate(table[:10]):
        names = [re.sub(r"\s", "", cell).upper() for cell in cells]
        places: dict[str, int] = {}
        for key, known in HEADINGS.items():
            for name in known:
                if name in names:
                    places[key] = names.index(name)
                    break
        missing = [key for key in NEEDED if key not in places]
        if not missing:
            return number, places
        if len(missing) < len(lacking):
            lacking = missing
    raise AnswerColumnsMissing(columns=join_words("/".join(HEADINGS[key][:2]) for key in lacking))


def _read_table(data: bytes) -> list[tuple[int, list[str]]]:
    if not _looks_like_dbf(data):
        return [(line, [_cell_text(cell) for cell in cells]) for line, cells in open_table(data).rows]
    try:
        return list(enumerate(read_dbf(data), start=1))
    except (ValueError, struct.error, IndexError):
        raise AnswerFileRefused() from None


def _cell_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip().strip("'").strip()


def _looks_like_dbf(data: bytes) -> bool:
    if len(data) < 65 or data[0] not in (0x03, 0x30, 0x31, 0x32, 0x83, 0x8B, 0xF5):
        return False
    length = struct.unpack_from("<H", data, 8)[0]
    return 65 <= length <= len(data) and 1 <= data[2] <= 12 and 1 <= data[3] <= 31


def read_dbf(data: bytes) -> Iterator[list[str]]:
    """The rows of a dBase or FoxPro table as text, its field names first; deleted rows are left out.

    Text is read as GB18030, of which GBK is a part. Raises ValueError for a table that is cut short.
    """
    count, start, length = struct.unpack_from("<LHH", data, 4)
    fields: list[tuple[str, int]] = []
    place = 32
    while place + 32 <= start and data[place] != 0x0D:
        name = data[place : place + 11].split(b"\0", 1)[0].decode("gb18030").strip()
        fields.append((name, data[place + 16]))
        place += 32
    if not fields or 1 + sum(width for _name, width in fields) != length:
        raise ValueError("field widths and record length disagree")
    if start + count * length > len(data):
        raise ValueError("the table is cut short")
    yield [name for name, _width in fields]
    for number in range(count):
        record = data[start + number * length : start + (number + 1) * length]
        if record[:1] == b"*":
            continue
        cells, place = [], 1
        for _name, width in fields:
            cells.append(record[place : place + width].rstrip(b"\0 ").decode("gb18030").strip())
            place += width
        yield cells


_IMAGE = re.compile("图像|照片|相片|像片|影像|头像")
_BAD = re.compile(
    "不合格|不通过|未通过|没有通过|退回|不符|不清|不一致|重新|重拍|重传|异常|有误|错误|不规范|无法|拒|缺失|过大|过小|遮挡"
)
_NOT_PASSED = re.compile("未通过|不通过|没有通过|未核验通过")
_UNCERTAIN = re.compile("不确定|待定|待核|待确认|无法确定")
_ABNORMAL = re.compile("异常")
_PASSED = re.compile("通过|合格|成功")
# Passports have up to two letters before their digits, some two and only six digits; residence cards have three.
_LONG_NUMBER = re.compile(r"[A-Za-z]{0,3}\d{7,}[Xx]?|(?<![A-Za-z])[A-Za-z]{2}\d{6}")
_WRITTEN_CODE = re.compile(r"[\[((]([a-z][a-z0-9_]{2,39})[\]))]")

# Words of the register's answers and the code of the catalogue that they mean; the first that fits counts.
REASONS: tuple[tuple[str, str], ...] = (
    ("pixels", "像素|分辨率|尺寸不|尺寸有误|宽高|长宽"),
    ("bytes", "字节|文件大小|文件过大|文件过小|KB|[0-9]K"),
    ("dpi", "(?i:dpi)"),
    ("format", "格式|无法打开|打不开|(?i:jpe?g)"),
    ("re_photographed", "翻拍"),
    ("earlier_picture", "旧照|以前的照片|重复使用|往年"),
    ("beautified", "美颜|修饰|修图|美化|(?i:ps)"),
    ("not_this_person", "非本人|不是本人|不是同一人|人像不符|与本人不符|人证不符"),
    ("already_captured", "已采集|重复采集"),
    ("earlier_level", "前一层次|上一学历|其他层次"),
    ("background_uneven", "背景不均|背景有阴影|背景渐变|背景杂"),
    ("background_colour", "背景"),
    ("clothing_colour", "服装.{0,6}背景|衣服.{0,6}背景|衣着颜色|服装颜色|浅色|白色衣"),
    ("clothing_pattern", "花纹|图案|条纹"),
    ("bare_shoulders", "露肩|吊带|无袖"),
    ("eyes_closed", "闭眼|眼睛闭"),
    ("eyes_covered", "遮眼|遮挡眼|刘海|眼睛被"),
    ("glasses_glare", "反光"),
    ("glasses_frame", "镜框"),
    ("glasses_tinted", "墨镜|有色眼镜|变色镜|太阳镜"),
    ("mouth_open", "张嘴|露齿|张口"),
    ("ear_covered", "耳"),
    ("head_covering", "帽|头巾"),
    ("accessory", "饰品|首饰|项链|耳环|饰物"),
    ("make_up", "浓妆|化妆|美瞳"),
    ("head_tilt", "歪头|头部倾斜|头偏|倾斜"),
    ("shoulders", "肩"),
    ("turned", "侧脸|侧面|未正对|不正"),
    ("highlight", "高光|过曝|过亮|曝光"),
    ("half_lit", "阴阳脸"),
    ("shadow", "阴影|过暗|偏暗"),
    ("head_cut", "头部不全|头顶被|裁切|不完整|头部缺"),
    ("head_too_large", "头部过大|头像过大|人像过大|比例过大"),
    ("hairline", "头顶|发际"),
    ("eye_line", "眼睛位置|眼位"),
    ("face_width", "脸部|面部过|脸宽|头部过小|人像过小"),
)
OTHER_REASON = "other"


def read_remark(text: str) -> Reading | None:
    """Understand a remark of the register; None when it says nothing or cannot be understood.

    A sentence that finds fault with the picture is a refused image, also when it says "not passed": the
    person then needs a new picture, while any other "not passed" is a matter of data. Refusals are read
    before "passed", whose word is a part of "not passed" in Chinese. Numbers of people that the register repeats in
    its remark come out masked: remarks are shown and kept in clear.
    """
    text = _LONG_NUMBER.sub(lambda found: mask(found.group()), " ".join(text.split()))
    if not text:
        return None
    about_image = bool(_IMAGE.search(text))
    code = _reason_code(text)
    bad = bool(_BAD.search(text))
    if about_image and (bad or (code != OTHER_REASON and not _PASSED.search(text))):
        return Reading(Verdict.IMAGE_REFUSED, code, text)
    if _NOT_PASSED.search(text):
        if code != OTHER_REASON and _WRITTEN_CODE.search(text):
            return Reading(Verdict.IMAGE_REFUSED, code, text)
        return Reading(Verdict.FAILED, "", text)
    if _UNCERTAIN.search(text):
        return Reading(Verdict.UNCERTAIN, "", text)
    if _ABNORMAL.search(text):
        return Reading(Verdict.ABNORMAL, "", text)
    if _PASSED.search(text) and not bad:
        return Reading(Verdict.PASSED, "", text)
    if code != OTHER_REASON:
        return Reading(Verdict.IMAGE_REFUSED, code, text)
    return None


def _reason_code(text: str) -> str:
    if written := _WRITTEN_CODE.search(text):
        return written.group(1)
    for code, words in REASONS:
        if re.search(words, text):
            return code
    return OTHER_REASON
