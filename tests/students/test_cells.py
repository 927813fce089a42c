import datetime as dt

import pytest

from students import cells


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("２０１４０３１００１", "2014031001"),
        ("\u3000会计　专业 \t", "会计 专业"),
        ("\ufeff张\u200b三", "张三"),
        ("'2014031001", "2014031001"),
        (2014031001.0, "2014031001"),
        (3, "3"),
        (2.5, "2.5"),
        (None, ""),
        ("", ""),
        (dt.datetime(2015, 9, 1), "2015-09-01"),
        ("４年（含实习）", "4年(含实习)"),
    ],
)
def test_text_of(cell, expected):
    assert cells.text_of(cell) == expected


@pytest.mark.parametrize("dot", "·•・‧∙⋅･.．")
def test_dots_of_names_become_one(dot):
    assert cells.clean_name(cells.text_of(f"阿依努尔{dot}买买提")) == "阿依努尔·买买提"
    assert cells.clean_name(cells.text_of(f"阿依努尔 {dot} 买买提")) == "阿依努尔·买买提"


def test_blanks_of_foreign_names_stay_and_those_inside_chinese_names_go():
    assert cells.clean_name(cells.text_of("ANNA  MARIA J. SMITH ")) == "ANNA MARIA J. SMITH"
    assert cells.clean_name(cells.text_of("张　三")) == "张三"
    assert cells.clean_name("李 四 Junior") == "李四 Junior"


def test_characters_outside_gbk_are_named():
    assert cells.outside_gbk("王㛃䶮㛃") == "㛃䶮"
    assert cells.outside_gbk("王朋·李") == ""
    assert cells.gbk_length("王㛃A") == 5


@pytest.mark.parametrize(
    ("cell", "lost"),
    [
        (1.10105199603070e17, True),
        (110105199603070038, True),
        ("1.10105E+17", True),
        ("1.10105e17", True),
        (12345678.0, False),
        ("110105199603070038", False),
        ("E12345678", False),
        (True, False),
    ],
)
def test_lost_number(cell, lost):
    assert cells.is_lost_number(cell) is lost


@pytest.mark.parametrize(
    "cell",
    ["20150901", "2015-09-01", "2015-9-1", "2015.9.1", "2015/9/1", "2015年9月1日", "２０１５年０９月０１日", 20150901.0,
     42248.0, 42248, dt.date(2015, 9, 1), dt.datetime(2015, 9, 1, 0, 0), "2015-09-01 00:00:00"],
)  # fmt: skip
def test_every_listed_form_of_a_date(cell):
    assert cells.parse_date(cell) == dt.date(2015, 9, 1)


@pytest.mark.parametrize("cell", ["2015-13-01", "20150230", "1.9.2015", "soon", "", None, 12.5, 7.0])
def test_what_is_no_date(cell):
    assert cells.parse_date(cell) is None


@pytest.mark.parametrize(
    ("cell", "month"),
    [("2018年7月", (2018, 7)), ("201807", (2018, 7)), (201807.0, (2018, 7)), ("2018-07", (2018, 7)), ("2018.1", (2018, 1)),
     ("2018年1月毕业", (2018, 1)), ("7月", (None, 7)), (dt.date(2018, 7, 1), (2018, 7)), ("2018-07-01", (2018, 7)),
     ("201813", None), ("夏季", None), ("", None)],
)  # fmt: skip
def test_months_of_terms(cell, month):
    assert cells.parse_month(cell) == month
