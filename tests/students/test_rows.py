import datetime as dt

import pytest
from django.utils import translation

from photocampus.crypto import mask
from students import row_problems
from students.identity import make_gb_number
from students.roster_columns import (
    BY_FIELD,
    COLUMNS,
    FIELDS,
    DoubleHeading,
    MissingHeadings,
    map_headings,
    recognised,
)
from students.rows import RowChecker, Words

TODAY = dt.date(2018, 4, 17)
HEADINGS = [column.heading for column in COLUMNS]
GOOD_ID = make_gb_number("11010519960307003")


def words(allowed=None):
    units = {"计算机学院": "cs", "cs": "cs", "外国语学院": "fl"}
    terms = {(2018, 1): "2018-01", (2018, 7): "2018-07"}
    return Words(units, frozenset(allowed) if allowed else None, terms, None, TODAY)


def checker(**kwargs):
    return RowChecker(map_headings(HEADINGS), words(**kwargs), mask=mask)


def cells(**changes):
    good = {
        "student_number": "2014031001", "name": "张三", "gender": "男", "id_type": "居民身份证", "id_number": GOOD_ID,
        "unit": "计算机学院", "class_name": "计科1401", "level": "本科", "term": "2018年7月", "birth_date": "1996-03-07",
        "major_code": "080901", "major_name": "计算机科学与技术", "study_form": "普通全日制", "length": "4",
        "entry_date": "2014.9.1", "expected_graduation": "2018年7月1日", "candidate_number": "14110101900001",
        "category": "毕业生", "phone": "138 0013 8000",
    }  # fmt: skip
    return [(good | changes)[field] for field in FIELDS]


def problems(**changes):
    return [(f.field, f.problem.code) for f in checker().check(2, cells(**changes)).problems]


def test_a_good_line_becomes_clean_values():
    checked = checker().check(2, cells())
    assert checked.problems == []
    assert checked.values._asdict() == {
        "student_number": "2014031001", "name": "张三", "gender": "M", "id_type": "id_card", "id_number": GOOD_ID,
        "unit": "cs", "class_name": "计科1401", "level": "本科", "term": "2018-07", "birth_date": "1996-03-07",
        "major_code": "080901", "major_name": "计算机科学与技术", "study_form": "普通全日制", "length": "4",
        "entry_date": "2014-09-01", "expected_graduation": "2018-07-01", "candidate_number": "14110101900001",
        "category": "graduate", "phone": "13800138000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"student_number": ""}, ("student_number", "required")),
        ({"student_number": "2" * 16}, ("student_number", "too_wide")),
        ({"student_number": 2.0140310012014031e17}, ("student_number", "digits_lost")),
        ({"student_number": "2014 0310/01"}, ("student_number", "student_number_form")),
        ({"name": "  "}, ("name", "required")),
        ({"name": "张3"}, ("name", "name_form")),
        ({"name": "张" * 21}, ("name", "too_wide")),
        ({"gender": "未知"}, ("gender", "gender_unknown")),
        ({"gender": "女"}, ("gender", "gender_disagrees")),
        ({"id_type": "学生证"}, ("id_type", "id_type_unknown")),
        ({"id_number": ""}, ("id_number", "required")),
        ({"id_number": 1.10105199603070e17}, ("id_number", "digits_lost")),
        ({"id_number": GOOD_ID[:-1] + "0"}, ("id_number", "gb_check_digit")),
        ({"unit": "不存在学院"}, ("unit", "unit_unknown")),
        ({"class_name": ""}, ("class_name", "required")),
        ({"class_name": "计" * 13}, ("class_name", "too_wide")),
        ({"class_name": "㛃班"}, ("class_name", "outside_gbk")),
        ({"level": ""}, ("level", "required")),
        ({"term": "2019年1月"}, ("term", "term_unknown")),
        ({"term": "夏季"}, ("term", "term_form")),
        ({"birth_date": "1996-03-08"}, ("birth_date", "birth_date_disagrees")),
        ({"birth_date": "7.3.1996"}, ("birth_date", "date_form")),
        ({"entry_date": "2014-02-30"}, ("entry_date", "date_form")),
        ({"category": "结业"}, ("category", "category_unknown")),
        ({"phone": "电话"}, ("phone", "phone_form")),
        ({"candidate_number": 1.4110101900001e18}, ("candidate_number", "digits_lost")),
    ],
)
def test_every_refusal_names_its_column(changes, expected):
    assert problems(**changes) == [expected]


def test_all_problems_of_a_line_are_reported_at_once():
    assert problems(gender="", unit="x", phone="x") == [
        ("gender", "required"), ("unit", "unit_unknown"), ("phone", "phone_form"),
    ]  # fmt: skip


def test_unit_of_somebody_else_is_refused():
    found = checker(allowed={"fl"}).check(2, cells())
    assert [(f.field, f.problem.code) for f in found.problems] == [("unit", "unit_not_yours")]


def test_blank_optional_cells_state_nothing():
    checked = checker().check(2, cells(birth_date="", major_code="", category="", phone=None))
    assert checked.problems == []
    assert (checked.values.birth_date, checked.values.category, checked.values.phone) == (
        "1996-03-07",
        "",
        "",
    )


def test_other_documents():
    checked = checker().check(2, cells(id_type="回乡证", id_number="H1234567801", birth_date="19960307"))
    assert (checked.values.id_type, checked.values.id_number) == ("hk_macao_permit", "H12345678")
    assert problems(id_type="护照", id_number="E1234567", birth_date="20100101") == [
        ("birth_date", "birth_too_late")
    ]


def test_doubles_name_the_earlier_line():
    check = checker()
    assert check.check(2, cells()).problems == []
    again = check.check(3, cells())
    assert [(f.field, f.problem.code, dict(f.problem.data)) for f in again.problems] == [
        ("student_number", "number_twice", {"line": 2})
    ]
    name = check.check(4, cells(student_number="2014031002", name="李四"))
    assert [f.problem.code for f in name.problems] == ["two_names"]
    level = check.check(5, cells(student_number="2014031003"))
    assert [f.problem.code for f in level.problems] == ["id_twice_at_level"]
    assert check.check(6, cells(student_number="2014031004", level="硕士")).problems == []
    assert [
        f.problem.code for f in check.check(7, cells(student_number="2014031005", level="硕士")).problems
    ] == ["id_twice_at_level"]
    passport = {"id_type": "护照", "id_number": "E1234567", "gender": "男"}
    assert (
        check.check(8, cells(student_number="2014031006", birth_date="19960307", **passport)).problems == []
    )
    two = check.check(9, cells(student_number="2014031007", birth_date="19960308", level="硕士", **passport))
    assert [f.problem.code for f in two.problems] == ["two_birth_dates"]


def test_a_refused_line_does_not_claim_its_id_number():
    check = checker()
    assert check.check(2, cells(gender="")).problems
    assert check.check(3, cells(student_number="2014031009")).problems == []


def test_numbers_are_shown_masked_also_in_the_wrong_column():
    found = checker().check(2, cells(student_number=GOOD_ID, id_number="13800138000", phone="x13800138000"))
    shown = {f.field: f.shown for f in found.problems}
    assert GOOD_ID not in "".join(shown.values())
    assert "13800138000" not in "".join(shown.values())
    assert shown["student_number"].startswith("110105***")


def test_character_outside_gbk_in_a_name_is_kept_and_warned():
    checked = checker().check(2, cells(name="王㛃"))
    assert checked.values.name == "王㛃"
    assert [(w.field, w.problem.code, dict(w.problem.data)) for w in checked.warnings] == [
        ("name", "outside_gbk", {"characters": "㛃"})
    ]


def test_headings_in_any_order_with_aliases_and_stray_signs():
    positions = map_headings(
        [
            "备注",
            "姓 名",
            "＊学号",
            "性别",
            "证件类型",
            "身份证号码",
            "学院",
            "班级名称",
            "层次(必填)",
            "毕业批次",
        ]
    )
    assert positions["name"] == 1
    assert positions["student_number"] == 2
    assert (positions["id_number"], positions["unit"], positions["level"]) == (5, 6, 8)
    assert "phone" not in positions
    assert recognised(["2018届毕业生名单", "", ""]) == 0


def test_missing_headings_are_named():
    with pytest.raises(MissingHeadings) as caught, translation.override("en"):
        map_headings(["学号", "姓名", "备注"])
    assert "性别, 证件类型, 证件号码, 单位, 班级, 层次, 毕业批次" in caught.value.data["missing"]
    with pytest.raises(DoubleHeading):
        map_headings([*HEADINGS, "学号"])


def test_an_exact_heading_wins_over_its_other_name():
    positions = map_headings([*HEADINGS, "学院"])
    assert positions["unit"] == HEADINGS.index("单位")


def test_every_problem_has_a_sentence():
    for code, data in [
        ("too_wide", {"have": 3, "allowed": 2}),
        ("required", {}),
        ("number_twice", {"line": 2}),
    ]:
        assert row_problems.sentence(code, data)
    assert BY_FIELD["id_number"].required
