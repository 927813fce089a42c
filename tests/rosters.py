"""Roster files of invented people, for tests and benchmarks."""

import csv
import io
import random
from collections.abc import Sequence
from typing import Any

from photocampus.sheets import sheet_bytes
from students.identity import make_gb_number
from students.roster_columns import COLUMNS, FIELDS

HEADINGS = [column.heading for column in COLUMNS]
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红健波宁欣怡子涵浩宇思佳"


def person(number: int, **changes: Any) -> dict[str, Any]:
    """The cells of one invented student by field; the same number gives the same person."""
    source = random.Random(number)
    gender = number % 2
    year, month, day = 1994 + number % 4, 1 + number // 4 % 12, 1 + number // 48 % 28
    order = 2 * (number // 1344 % 499) + 1 + (1 - gender)
    area = ("110105", "310101", "440106", "510104")[number // 670_656 % 4]
    code = make_gb_number(f"{area}{year}{month:02d}{day:02d}{order:03d}")
    return {
        "student_number": f"2014{number:08d}",
        "name": source.choice(SURNAMES) + "".join(source.choices(GIVEN, k=source.choice((1, 2, 2)))),
        "gender": "男" if int(code[16]) % 2 else "女",
        "id_type": "居民身份证",
        "id_number": code,
        "unit": "计算机学院",
        "class_name": f"计科14{number // 40:04d}",
        "level": "本科",
        "term": "2018年7月",
        "birth_date": f"{year}-{month:02d}-{day:02d}",
        "major_code": "080901",
        "major_name": "计算机科学与技术",
        "study_form": "普通全日制",
        "length": "4",
        "entry_date": "20140901",
        "expected_graduation": "2018年7月1日",
        "candidate_number": f"14110105{number:06d}",
        "category": "毕业生",
        "phone": f"138{number:08d}",
        **changes,
    }


def people(count: int, first: int = 1, **changes: Any) -> list[dict[str, Any]]:
    return [person(number, **changes) for number in range(first, first + count)]


def lines(rows: Sequence[dict[str, Any]]) -> list[list[Any]]:
    return [[row.get(field, "") for field in FIELDS] for row in rows]


def xlsx(rows: Sequence[dict[str, Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    return sheet_bytes(headings=headings, rows=lines(rows))


def csv_file(rows: Sequence[dict[str, Any]], encoding: str = "utf-8-sig") -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEADINGS)
    writer.writerows(lines(rows))
    return buffer.getvalue().encode(encoding)
