"""The columns of a roster file: their headings, other names people give them, and the words in their cells (design §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from photocampus.lists import join_words
from students import identity
from students.cells import text_of
from students.tables import BadTable


@dataclass(frozen=True)
class Column:
    """One column: the field it fills, its heading, other headings, and the register's width in GBK bytes (0: none)."""

    field: str
    heading: str
    label: str | Promise
    aliases: tuple[str, ...] = ()
    required: bool = False
    width: int = 0
    note: str = ""


COLUMNS = (
    Column("student_number", "学号", _("student number"), ("学生学号", "学籍号", "xh"), True, 15, "最多15位字母或数字，设为文本格式"),
    Column("name", "姓名", pgettext_lazy("person", "name"), ("学生姓名", "xm"), True, 40, "与证件一致；少数民族姓名间隔点用“·”"),
    Column("gender", "性别", _("gender"), ("xb",), True, 0, "男 或 女"),
    Column("id_type", "证件类型", _("ID type"), ("证件类别", "身份证件类型"), True, 0,
           "居民身份证、港澳台居民居住证、港澳居民来往内地通行证、台湾居民来往大陆通行证、护照"),
    Column("id_number", "证件号码", _("ID number"),
           ("证件号", "身份证号", "身份证号码", "身份证件号", "身份证件号码", "sfzh"), True, 18, "必须设为文本格式，数字格式会丢失末几位"),
    Column("unit", "单位", _("unit"), ("单位名称", "所在单位", "学院", "院系", "招生单位", "单位代码"), True, 0, "单位的全称或代码"),
    Column("class_name", "班级", _("class"), ("班级名称", "所在班级", "行政班", "班号", "bh"), True, 24),
    Column("level", "层次", _("education level"), ("培养层次", "学历层次", "cc"), True, 12, "如 本科、专科"),
    Column("term", "毕业批次", _("term"), ("批次", "毕业年月"), True, 0, "如 2018年7月"),
    Column("birth_date", "出生日期", _("date of birth"), ("出生年月日", "生日", "csrq"), False, 0, "如 19960307 或 1996-03-07"),
    Column("major_code", "专业代码", _("major code"), ("zydm",), False, 6),
    Column("major_name", "专业名称", _("major"), ("专业", "zymc"), False, 50),
    Column("study_form", "学习形式", _("study form"), ("xxxs",), False, 10),
    Column("length", "学制", _("length of study"), ("xz",), False, 3),
    Column("entry_date", "入学日期", _("date of entry"), ("入学时间", "rxrq"), False, 0),
    Column("expected_graduation", "预计毕业日期", _("expected graduation"), ("预计毕业时间", "yjbyrq"), False, 0),
    Column("candidate_number", "考生号", _("candidate number"), ("ksh",), False, 18),
    Column("category", "类别", _("category"), ("学生类别",), False, 0, "毕业生 或 提前；不填为毕业生"),
    Column("phone", "手机号", _("mobile number"), ("手机", "手机号码", "联系电话", "电话"), False, 0),
)  # fmt: skip
BY_FIELD = {column.field: column for column in COLUMNS}
FIELDS = tuple(column.field for column in COLUMNS)
REASON_HEADING = "原因"

GENDER_WORDS = {
    "男": identity.MALE, "男性": identity.MALE, "m": identity.MALE, "male": identity.MALE, "1": identity.MALE,
    "女": identity.FEMALE, "女性": identity.FEMALE, "f": identity.FEMALE, "female": identity.FEMALE,
    "2": identity.FEMALE,
}  # fmt: skip

ID_TYPE_WORDS = {
    word: id_type
    for id_type, words in {
        identity.RESIDENT: ("居民身份证", "身份证", "二代身份证", "中华人民共和国居民身份证", "id_card"),
        identity.RESIDENCE_PERMIT: (
            "港澳台居民居住证", "居住证", "港澳居民居住证", "台湾居民居住证", "香港居民居住证", "澳门居民居住证",
            "港澳台居住证", "residence_permit",
        ),
        identity.HK_MACAO_PERMIT: (
            "港澳居民来往内地通行证", "港澳通行证", "港澳来往内地通行证", "回乡证", "港澳居民通行证", "hk_macao_permit",
        ),
        identity.TAIWAN_PERMIT: (
            "台湾居民来往大陆通行证", "台湾来往大陆通行证", "台胞证", "台湾居民通行证", "taiwan_permit",
        ),
        identity.PASSPORT: ("护照", "外国护照", "外国人护照", "passport"),
    }.items()
    for word in words
}  # fmt: skip

GRADUATE, EARLY = "graduate", "early"
CATEGORY_WORDS = {
    "毕业生": GRADUATE, "应届毕业生": GRADUATE, "应届": GRADUATE, "毕业": GRADUATE, "graduate": GRADUATE,
    "提前": EARLY, "提前采集": EARLY, "提前拍摄": EARLY, "early": EARLY,
}  # fmt: skip


class MissingHeadings(BadTable):
    code = "missing_headings"
    message = _(
        "These required headings are missing: %(missing)s. Found were: %(found)s."
        " The template shows every heading."
    )


class DoubleHeading(BadTable):
    code = "double_heading"
    message = _("The heading %(heading)s appears more than once: columns %(first)d and %(second)d.")


_NAMES: dict[str, tuple[str, bool]] = {}
for _column in COLUMNS:
    _NAMES[_column.heading] = (_column.field, True)
    for _alias in _column.aliases:
        _NAMES[_alias] = (_column.field, False)

HEADING_SEARCH_LINES = 10


def heading_of(cell: Any) -> str:
    """A heading without blanks, stars, colons or a remark in brackets, in small letters."""
    text = text_of(cell).replace(" ", "").strip("*:").lower()
    return text.partition("(")[0] or text


def recognised(cells: Sequence[Any]) -> int:
    """How many cells of this line are headings we know; the line with most is the line of headings."""
    return sum(heading_of(cell) in _NAMES for cell in cells)


def map_headings(cells: Sequence[Any]) -> dict[str, int]:
    """Field → position. An exact heading wins over another name of it.

    Raises `MissingHeadings` naming them, `DoubleHeading` if one heading stands twice.
    """
    exact: dict[str, int] = {}
    other: dict[str, int] = {}
    for position, cell in enumerate(cells):
        name = heading_of(cell)
        if name not in _NAMES:
            continue
        field, is_exact = _NAMES[name]
        if is_exact and field in exact:
            raise DoubleHeading(heading=name, first=exact[field] + 1, second=position + 1)
        (exact if is_exact else other).setdefault(field, position)
    found = other | exact
    if missing := [column.heading for column in COLUMNS if column.required and column.field not in found]:
        shown = [text_of(cell)[:20] for cell in cells if text_of(cell)][:30]
        raise MissingHeadings(missing=join_words(missing), found=join_words(shown) or "—")
    return found
