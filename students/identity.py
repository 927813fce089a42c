"""What a number on a document must look like, and what it says about its holder (design §5).

Pure rules: no model, no database. A problem is a `Problem` with a stable code and the data of its sentence;
the sentence is looked up when somebody reads it, so that stored problems appear in the reader's language.
"""

import datetime as dt
import re
from functools import lru_cache
from typing import NamedTuple

from stdnum import numdb
from stdnum.cn import ric

RESIDENT = "id_card"
RESIDENCE_PERMIT = "residence_permit"
HK_MACAO_PERMIT = "hk_macao_permit"
TAIWAN_PERMIT = "taiwan_permit"
PASSPORT = "passport"

GB_TYPES = frozenset({RESIDENT, RESIDENCE_PERMIT})
EARLIEST_BIRTH = dt.date(1930, 1, 1)
YOUNGEST_YEARS = 14
RESIDENCE_AREAS = ("81", "82", "83")

MALE, FEMALE = "M", "F"

_GB_FORM = re.compile(r"[0-9]{17}[0-9X]")
_HK_MACAO_FORM = re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?")
_TAIWAN_FORM = re.compile(r"[0-9]{8}")
_PASSPORT_FORM = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,17}")
_SEPARATORS = re.compile(r"[\s\-()（）]+")


class Problem(NamedTuple):
    """Why a value is refused, or (as a warning) what to look at."""

    code: str
    data: tuple[tuple[str, str | int], ...] = ()

    @classmethod
    def of(cls, code: str, **data: str | int) -> "Problem":
        return cls(code, tuple(data.items()))


class CheckedNumber(NamedTuple):
    """A number in its canonical form with what it tells; `problem` is set exactly if it is refused."""

    number: str
    birth_date: dt.date | None = None
    gender: str = ""
    problem: Problem | None = None
    warning: Problem | None = None


def compact(number: str) -> str:
    """Capital letters, no blanks, hyphens or brackets: the form that is stored, digested and compared."""
    text = number.strip().upper()
    return _SEPARATORS.sub("", text) if not text.isalnum() else text


def canonical(id_type: str, number: str) -> str:
    """`compact`, and without the two renewal digits of a travel permit of Hong Kong or Macao."""
    text = compact(number)
    if id_type == HK_MACAO_PERMIT and len(text) == 11 and _HK_MACAO_FORM.fullmatch(text):
        return text[:9]
    return text


def check_number(id_type: str, number: str, *, today: dt.date) -> CheckedNumber:
    """Judge `number` as a document of `id_type`; never raises."""
    text = canonical(id_type, number)
    if id_type in GB_TYPES:
        return _check_gb(id_type, text, today)
    if id_type == HK_MACAO_PERMIT:
        problem = None if _HK_MACAO_FORM.fullmatch(text) else Problem.of("hk_macao_form")
    elif id_type == TAIWAN_PERMIT:
        problem = None if _TAIWAN_FORM.fullmatch(text) else Problem.of("taiwan_form")
    else:
        problem = None if _PASSPORT_FORM.fullmatch(text) else Problem.of("passport_form")
    return CheckedNumber(text, problem=problem)


def _check_gb(id_type: str, text: str, today: dt.date) -> CheckedNumber:
    """GB 11643-1999: area, birth date, order (odd for men), check digit by ISO 7064 MOD 11-2.

    `stdnum.cn.ric.validate` is not used: it refuses every area missing from its list, among them the 83 of
    the residence permits, where design §5 asks for a warning. Its check digit and its list of areas are.
    """
    if len(text) == 15 and text.isdigit():
        return CheckedNumber(text, problem=Problem.of("gb_fifteen"))
    if not _GB_FORM.fullmatch(text):
        return CheckedNumber(text, problem=Problem.of("gb_form", length=len(text)))
    if text[17] != ric.calc_check_digit(text):
        return CheckedNumber(text, problem=Problem.of("gb_check_digit"))
    is_permit_area = text[:2] in RESIDENCE_AREAS
    if id_type == RESIDENCE_PERMIT and not is_permit_area:
        return CheckedNumber(text, problem=Problem.of("not_residence_permit"))
    if id_type == RESIDENT and is_permit_area:
        return CheckedNumber(text, problem=Problem.of("is_residence_permit"))
    try:
        birth = dt.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return CheckedNumber(text, problem=Problem.of("gb_birth_date"))
    warning = None if is_permit_area or is_known_area(text[:6]) else Problem.of("gb_area", area=text[:6])
    gender = MALE if int(text[16]) % 2 else FEMALE
    return CheckedNumber(text, birth, gender, check_birth_date(birth, today=today), warning)


def check_birth_date(birth: dt.date, *, today: dt.date) -> Problem | None:
    """From 1930 to 14 years ago, the 14th birthday included."""
    if birth < EARLIEST_BIRTH:
        return Problem.of("birth_too_early", year=EARLIEST_BIRTH.year)
    if birth > years_before(today, YOUNGEST_YEARS):
        return Problem.of("birth_too_late", years=YOUNGEST_YEARS)
    return None


def check_agreement(
    checked: CheckedNumber, *, birth_date: dt.date | None, gender: str
) -> list[tuple[str, Problem]]:
    """Birth date and gender inside a number must agree with the roster; gives (field, problem) pairs."""
    found = []
    if checked.birth_date and birth_date and checked.birth_date != birth_date:
        found.append(("birth_date", Problem.of("birth_date_disagrees")))
    if checked.gender and gender and checked.gender != gender:
        found.append(("gender", Problem.of("gender_disagrees")))
    return found


@lru_cache(maxsize=64)
def years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


@lru_cache(maxsize=8192)
def is_known_area(area: str) -> bool:
    """Whether the six digits were ever an area code of a county, city or province."""
    known = numdb.get("cn/loc").info(area)
    return bool(known) and len(known) > 1 and "county" in known[-1][1]


def make_gb_number(seventeen: str) -> str:
    """The 18 characters that belong to 17 digits (for templates and invented people)."""
    return seventeen + ric.calc_check_digit(seventeen + "0")
