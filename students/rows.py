"""One line of a roster: from cells to values, or to the reasons why not (design §5, §7).

Pure functions, one per column: a cell in, a value and perhaps a problem out. No form, model instance or query per row:
100,000 lines pass in a few seconds. What repeats from line to line (class, major, term …) is judged once and remembered.
"""

import datetime as dt
import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from photocampus.lists import join_words
from students import identity
from students.cells import (
    clean_name,
    gbk_length,
    is_lost_number,
    outside_gbk,
    parse_date,
    parse_month,
    text_of,
)
from students.identity import Problem
from students.roster_columns import BY_FIELD, CATEGORY_WORDS, FIELDS, GENDER_WORDS, ID_TYPE_WORDS

MEMO_LIMIT = 20_000
SECRET_FIELDS = frozenset({"id_number", "phone"})

_STUDENT_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]*")
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_PHONE_SIGNS = re.compile(r"[\s\-()]+")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_LONG_DIGITS = re.compile(r"[0-9]{11,}[0-9Xx]?")

_INDEX = {field: index for index, field in enumerate(FIELDS)}
_NUMBER, _NAME, _GENDER = _INDEX["student_number"], _INDEX["name"], _INDEX["gender"]
_ID_TYPE, _ID_NUMBER, _BIRTH, _LEVEL = (_INDEX[f] for f in ("id_type", "id_number", "birth_date", "level"))


class Values(NamedTuple):
    """A line that passed. Dates are ISO text, the unit is its code, the term its code; "" means: not stated."""

    student_number: str
    name: str
    gender: str
    id_type: str
    id_number: str
    unit: str
    class_name: str
    level: str
    term: str
    birth_date: str
    major_code: str
    major_name: str
    study_form: str
    length: str
    entry_date: str
    expected_graduation: str
    candidate_number: str
    category: str
    phone: str


class Finding(NamedTuple):
    """One problem or warning at one column; `shown` is the cell's text, masked where it is or may be a number."""

    field: str
    shown: str
    problem: Problem


class Checked(NamedTuple):
    """What became of one line. `values` is None exactly if `problems` is not empty."""

    student_number: str
    values: Values | None
    problems: list[Finding]
    warnings: list[Finding]


class Words(NamedTuple):
    """What this campaign and this upload understand.

    `units`: every name and code of a unit → its code; `allowed`: codes this upload may fill (None: all);
    `terms`: (year, month) → code of the term; `levels`: word → stored level (None: any text).
    """

    units: Mapping[str, str]
    allowed: frozenset[str] | None
    terms: Mapping[tuple[int, int], str]
    levels: Mapping[str, str] | None
    today: dt.date


Judged = tuple[str, Problem | None]


def too_wide(field: str, text: str) -> Problem | None:
    width = BY_FIELD[field].width
    if not width or 2 * len(text) <= width or (have := gbk_length(text)) <= width:
        return None
    return Problem.of("too_wide", have=have, allowed=width)


def judge_student_number(cell: Any) -> Judged:
    if is_lost_number(cell):
        return "", Problem.of("digits_lost")
    text = text_of(cell)
    if not text:
        return "", Problem.of("required")
    if len(text) > 15:
        return "", Problem.of("too_wide", have=len(text), allowed=15)
    if not _STUDENT_NUMBER.fullmatch(text):
        return "", Problem.of("student_number_form")
    return text, None


def judge_name(cell: Any) -> Judged:
    text = clean_name(text_of(cell))
    if not text:
        return "", Problem.of("required")
    if not text.isalpha() and (_DIGIT.search(text) or not _LETTER.search(text)):
        return text, Problem.of("name_form")
    return text, too_wide("name", text)


def judge_id_number(cell: Any) -> Judged:
    """Only what the cell itself tells; the type's rules follow when the type is known."""
    if is_lost_number(cell):
        return "", Problem.of("digits_lost")
    text = text_of(cell)
    return (text, None) if text else ("", Problem.of("required"))


def judge_phone(cell: Any) -> Judged:
    text = _PHONE_SIGNS.sub("", text_of(cell))
    if not text:
        return "", None
    if is_lost_number(cell):
        return "", Problem.of("digits_lost")
    if not _PHONE.fullmatch(text):
        return "", Problem.of("phone_form")
    text = text.removeprefix("+86")
    return (text[2:] if len(text) == 13 and text.startswith("86") else text), None


def judge_date(cell: Any) -> Judged:
    if cell is None or cell == "" or not text_of(cell):
        return "", None
    day = parse_date(cell)
    if day is None or not 1900 < day.year < 2200:
        return "", Problem.of("date_form")
    return day.isoformat(), None


def word_judge(words: Mapping[str, str], code: str, *, required: bool = True) -> Callable[[Any], Judged]:
    """A column whose cells are words of a list; compared without blanks and in small letters."""

    def judge(cell: Any) -> Judged:
        text = text_of(cell).replace(" ", "")
        if not text:
            return "", Problem.of("required") if required else None
        found = words.get(text) or words.get(text.lower())
        return (found, None) if found else ("", Problem.of(code))

    return judge


def text_judge(field: str, *, required: bool) -> Callable[[Any], Judged]:
    def judge(cell: Any) -> Judged:
        if is_lost_number(cell):
            return "", Problem.of("digits_lost")
        text = text_of(cell)
        if not text:
            return "", Problem.of("required") if required else None
        if bad := outside_gbk(text):
            return text, Problem.of("outside_gbk", characters=bad)
        return text, too_wide(field, text)

    return judge


def unit_judge(words: Words) -> Callable[[Any], Judged]:
    def judge(cell: Any) -> Judged:
        text = text_of(cell)
        if not text:
            return "", Problem.of("required")
        code = words.units.get(text) or words.units.get(text.replace(" ", ""))
        if code is None:
            return "", Problem.of("unit_unknown")
        if words.allowed is not None and code not in words.allowed:
            return "", Problem.of("unit_not_yours")
        return code, None

    return judge


def term_judge(words: Words) -> Callable[[Any], Judged]:
    names = join_words(sorted(words.terms.values()))

    def judge(cell: Any) -> Judged:
        if not text_of(cell):
            return "", Problem.of("required")
        found = parse_month(cell)
        if found is None:
            return "", Problem.of("term_form", terms=names)
        year, month = found
        codes = [c for (y, m), c in words.terms.items() if m == month and year in (None, y)]
        return (codes[0], None) if len(codes) == 1 else ("", Problem.of("term_unknown", terms=names))

    return judge


def judges_for(words: Words) -> tuple[dict[str, Callable[[Any], Judged]], dict[str, Callable[[Any], Judged]]]:
    """One function per column: those whose cells repeat from line to line, and those whose cells do not."""
    levels = words.levels
    repeated: dict[str, Callable[[Any], Judged]] = {
        "gender": word_judge(GENDER_WORDS, "gender_unknown"),
        "id_type": word_judge(ID_TYPE_WORDS, "id_type_unknown"),
        "unit": unit_judge(words),
        "class_name": text_judge("class_name", required=True),
        "level": word_judge(levels, "level_unknown") if levels else text_judge("level", required=True),
        "term": term_judge(words),
        "birth_date": judge_date,
        "major_code": text_judge("major_code", required=False),
        "major_name": text_judge("major_name", required=False),
        "study_form": text_judge("study_form", required=False),
        "length": text_judge("length", required=False),
        "entry_date": judge_date,
        "expected_graduation": judge_date,
        "category": word_judge(CATEGORY_WORDS, "category_unknown", required=False),
    }
    once: dict[str, Callable[[Any], Judged]] = {
        "student_number": judge_student_number,
        "name": judge_name,
        "id_number": judge_id_number,
        "candidate_number": text_judge("candidate_number", required=False),
        "phone": judge_phone,
    }
    return repeated, once


def shown(field: str, cell: Any, mask: Callable[[str], str]) -> str:
    """A cell as a person may see it again: numbers masked, also those that strayed into another column."""
    text = text_of(cell)[:60]
    if not text:
        return ""
    if field in SECRET_FIELDS:
        return mask(text)
    return _LONG_DIGITS.sub(lambda found: mask(found[0]), text)


class RowChecker:
    """Checks lines of one file. Holds what earlier lines said, so that doubles are found (design §5)."""

    def __init__(self, positions: Mapping[str, int], words: Words, *, mask: Callable[[str], str]) -> None:
        repeated, once = judges_for(words)
        judges = repeated | once
        # With a column that repeats goes a memory: the same cell gets the same answer without another look.
        self.plan: list[tuple[int, str, int, Callable[[Any], Judged], dict[Any, Judged] | None]] = [
            (_INDEX[f], f, positions[f], judges[f], {} if f in repeated else None)
            for f in FIELDS
            if f in positions
        ]
        self.positions = positions
        self.today = words.today
        self.mask = mask
        self.width = max(positions.values()) + 1
        self.doubles = Doubles()

    def check(self, line: int, cells: Sequence[Any]) -> Checked:
        """Every column's problems at once, then what the columns say about each other and about earlier lines."""
        if len(cells) < self.width:
            cells = [*cells, *[""] * (self.width - len(cells))]
        out = [""] * len(FIELDS)
        problems: list[Finding] = []
        warnings: list[Finding] = []
        for index, field, position, judge, memory in self.plan:
            cell = cells[position]
            if memory is None:
                value, problem = judge(cell)
            elif (known := memory.get(cell)) is not None:
                value, problem = known
            else:
                value, problem = answer = judge(cell)
                if len(memory) < MEMO_LIMIT:
                    memory[cell] = answer
            out[index] = value
            if problem is not None:
                problems.append(Finding(field, shown(field, cell, self.mask), problem))
        self._check_identity(out, cells, problems, warnings)
        self._check_doubles(line, out, cells, problems)
        if out[_NAME] and (bad := outside_gbk(out[_NAME])):
            warnings.append(Finding("name", out[_NAME], Problem.of("outside_gbk", characters=bad)))
        return Checked(out[_NUMBER], None if problems else Values(*out), problems, warnings)

    def _find(self, field: str, cells: Sequence[Any], problem: Problem) -> Finding:
        position = self.positions.get(field)
        return Finding(field, "" if position is None else shown(field, cells[position], self.mask), problem)

    def _check_identity(
        self, out: list[str], cells: Sequence[Any], problems: list[Finding], warnings: list[Finding]
    ) -> None:
        id_type, number, birth = out[_ID_TYPE], out[_ID_NUMBER], out[_BIRTH]
        if not id_type or not number:
            return
        checked = identity.check_number(id_type, number, today=self.today)
        out[_ID_NUMBER] = checked.number
        if checked.problem:
            problems.append(self._find("id_number", cells, checked.problem))
            return
        if checked.warning:
            warnings.append(self._find("id_number", cells, checked.warning))
        day = dt.date.fromisoformat(birth) if birth else None
        for field, problem in identity.check_agreement(checked, birth_date=day, gender=out[_GENDER]):
            problems.append(self._find(field, cells, problem))
        if checked.birth_date:
            out[_BIRTH] = checked.birth_date.isoformat()
        elif day and (late := identity.check_birth_date(day, today=self.today)):
            problems.append(self._find("birth_date", cells, late))

    def _check_doubles(
        self, line: int, out: list[str], cells: Sequence[Any], problems: list[Finding]
    ) -> None:
        """The first line with a number stands; a later one that contradicts it is refused and names it."""
        if out[_NUMBER] and (first := self.doubles.number(out[_NUMBER], line)) != line:
            problems.append(self._find("student_number", cells, Problem.of("number_twice", line=first)))
        if problems:
            return
        found = self.doubles.person(
            line, out[_ID_TYPE] + out[_ID_NUMBER], name=out[_NAME], birth=out[_BIRTH], level=out[_LEVEL]
        )
        if found:
            problems.append(self._find(found[0], cells, found[1]))


class Doubles:
    """What earlier lines said about numbers and people, in a few dozen bytes a line.

    Keys are 64-bit hashes: among 100,000 lines two different numbers meet with a chance of one in a thousand million.
    """

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.ordinals: dict[int, int] = {}
        self.lines = array("I")
        self.names = array("q")
        self.births = array("q")
        self.levels: dict[int, int] = {}

    def number(self, student_number: str, line: int) -> int:
        """The first line with this student number."""
        return self.numbers.setdefault(hash(student_number), line)

    def person(
        self, line: int, person: str, *, name: str, birth: str, level: str
    ) -> tuple[str, Problem] | None:
        """The field and problem of a line that contradicts an earlier one with the same document."""
        key = hash(person)
        ordinal = self.ordinals.setdefault(key, len(self.lines))
        if ordinal == len(self.lines):
            self.lines.append(line)
            self.names.append(hash(name))
            self.births.append(int(birth.replace("-", "")) if birth else 0)
            self.levels[hash((key, level))] = line
            return None
        if self.names[ordinal] != hash(name):
            return "name", Problem.of("two_names", line=self.lines[ordinal])
        born, known = int(birth.replace("-", "")) if birth else 0, self.births[ordinal]
        if born and known and born != known:
            return "birth_date", Problem.of("two_birth_dates", line=self.lines[ordinal])
        if (earlier := self.levels.setdefault(hash((key, level)), line)) != line:
            return "id_number", Problem.of("id_twice_at_level", line=earlier)
        return None
