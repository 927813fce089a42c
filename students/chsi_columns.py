"""The columns of the national register of diplomas (CHSI): what they mean and what fits into them.

Pure: no model is imported here. Widths are bytes in GBK, because the register's files are DBF. A value is
never cut and no character is ever replaced: what does not fit is a `Misfit` that names column and cause.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

GBK = "gbk"
OUTSIDE = "outside_gbk"
IMAGE_NAME = "image_name"
IMAGE_MISSING = "image_missing"
IMAGE_CHANGED = "image_changed"
TOO_WIDE = "too_wide"
MISSING = "missing"
CONTROL = "control_character"

CAUSES: dict[str, str | Promise] = {
    OUTSIDE: _("%(column)s (%(meaning)s): the register's files cannot carry %(characters)s."),
    TOO_WIDE: _("%(column)s (%(meaning)s): %(have)d bytes, the register allows %(allowed)d."),
    MISSING: _("%(column)s (%(meaning)s) is empty."),
    CONTROL: _("%(column)s (%(meaning)s) holds an invisible control character."),
    IMAGE_NAME: _(
        "The image has no usable file name: %(column)s is empty, doubled or holds a forbidden character."
    ),
    IMAGE_MISSING: _("The file of the small image is missing in the storage."),
    IMAGE_CHANGED: _("The file of the small image is not the one that was verified."),
}


@dataclass(frozen=True)
class Column:
    """One column: its pinyin name, Chinese heading, width in GBK bytes, and the fact that fills it."""

    name: str
    heading: str
    width: int
    source: str
    meaning: str | Promise
    required: bool = False


CATALOGUE: dict[str, Column] = {
    column.name: column
    for column in (
        Column("YXDM", "院校代码", 5, "school_code", _("school code"), required=True),
        Column("YXMC", "院校名称", 40, "school_name", _("school name"), required=True),
        Column("KSH", "考生号", 18, "candidate_number", _("candidate number")),
        Column("XH", "学号", 15, "student_number", _("student number"), required=True),
        Column("XM", "姓名", 40, "name", pgettext_lazy("person", "name"), required=True),
        Column("XB", "性别", 2, "gender", _("gender"), required=True),
        Column("CSRQ", "出生日期", 8, "birth_date", _("date of birth"), required=True),
        Column("SFZH", "身份证号", 18, "id_number", _("ID number"), required=True),
        Column("ZYDM", "专业代码", 6, "major_code", _("major code")),
        Column("ZYMC", "专业名称", 50, "major_name", _("major")),
        Column("CC", "层次", 12, "level", _("education level"), required=True),
        Column("XZ", "学制", 3, "length_of_study", _("length of study")),
        Column("XXXS", "学习形式", 10, "study_form", _("study form")),
        Column("RXRQ", "入学日期", 8, "entry_date", _("date of entry")),
        Column("BH", "班级", 24, "class_name", _("class")),
        Column("YJBYRQ", "预计毕业日期", 8, "expected_graduation", _("expected graduation")),
        Column("BZ", "备注", 40, "remark", _("remark")),
    )
}
DEFAULT_COLUMNS: tuple[str, ...] = tuple(CATALOGUE)


@dataclass(frozen=True)
class Field:
    """A column as one export profile wants it: which catalogue column, under which heading, how wide."""

    column: Column
    heading: str
    width: int


@dataclass(frozen=True)
class Misfit:
    """Why a value cannot go into the register's file. Holds no value, so it may be shown and stored."""

    column: str
    cause: str
    characters: str = ""
    have: int = 0
    allowed: int = 0

    def as_data(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "cause": self.cause,
            "characters": self.characters,
            "have": self.have,
            "allowed": self.allowed,
        }

    def __str__(self) -> str:
        meaning = CATALOGUE[self.column].meaning if self.column in CATALOGUE else self.column
        return str(CAUSES[self.cause]) % {**self.as_data(), "meaning": meaning}


def describe_misfit(data: Mapping[str, Any]) -> str:
    """The sentence for a misfit that was stored by `as_data`, in the reader's language."""
    return str(Misfit(**data))


def fields_from_profile(columns: Iterable[str | Mapping[str, Any]]) -> list[Field]:
    """Turn an export profile's list into fields, in its order.

    An entry is a pinyin name, or {"name": …, "heading": …, "width": …} where a template of the register calls
    a column otherwise or makes it wider. Raises ValueError for a name outside the catalogue, a heading that
    stands twice, and a width that no DBF field can have.
    """
    fields: list[Field] = []
    for entry in columns:
        given: Mapping[str, Any] = {"name": entry} if isinstance(entry, str) else entry
        name = str(given.get("name", "")).upper()
        if name not in CATALOGUE:
            raise ValueError(_("The register has no column “%(name)s”.") % {"name": name})
        column = CATALOGUE[name]
        width = int(given.get("width") or column.width)
        if not 1 <= width <= 254:
            raise ValueError(_("%(name)s: a width is 1 to 254 bytes.") % {"name": name})
        fields.append(Field(column, str(given.get("heading") or name), width))
    headings = [field.heading for field in fields]
    if not fields or len(set(headings)) != len(headings):
        raise ValueError(_("A profile needs columns, each heading once."))
    return fields


def is_dbf_name(name: str) -> bool:
    """Whether a heading can be a field name of a DBF file."""
    return name.isascii() and 1 <= len(name) <= 10


def characters_outside_gbk(text: str) -> str:
    """The characters of a text that GBK lacks, each once, in their order."""
    found: list[str] = []
    for character in text:
        if character in found:
            continue
        try:
            character.encode(GBK)
        except UnicodeEncodeError:
            found.append(character)
    return "".join(found)


def check_value(field: Field, text: str) -> Misfit | None:
    """Say why a value cannot be written into a column; None if it can."""
    if not text:
        return Misfit(field.column.name, MISSING) if field.column.required else None
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        return Misfit(field.column.name, CONTROL)
    try:
        have = len(text.encode(GBK))
    except UnicodeEncodeError:
        return Misfit(field.column.name, OUTSIDE, characters=characters_outside_gbk(text))
    if have > field.width:
        return Misfit(field.column.name, TOO_WIDE, have=have, allowed=field.width)
    return None


def fit_row(fields: Sequence[Field], facts: Mapping[str, str]) -> tuple[list[str], list[Misfit]]:
    """One person's values in the order of the fields, and everything about them that does not fit.

    `facts` maps the sources of the catalogue to texts; a missing source is an empty value.
    """
    values: list[str] = []
    misfits: list[Misfit] = []
    for field in fields:
        text = str(facts.get(field.column.source, "") or "").strip()
        values.append(text)
        if misfit := check_value(field, text):
            misfits.append(misfit)
    return values, misfits
