"""From a spreadsheet's cell to clean text (design §7): pure functions, one small thing each.

Cells come as text (CSV), or as text, number, date or truth value (XLSX, XLS).
"""

import datetime as dt
import re
import unicodedata
from typing import Any

DOT = "·"
EXCEL_EPOCH = dt.date(1899, 12, 30)
EXACT_FLOAT_LIMIT = 10**15  # a spreadsheet keeps 15 digits; every further one is already lost

_MARKS = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff"
_DIRTY = re.compile(rf"[\s\u0000-\u001f\u007f-\u00a0\u3000\uff01-\uff5e{_MARKS}]")
_INVISIBLE = re.compile(rf"[\u0000-\u0008\u000e-\u001f\u007f-\u009f{_MARKS}]")
_BLANKS = re.compile(r"[\s\u3000]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,3}")

_HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_GAP = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_SURE_DOTS = re.compile(r"\s*[·•・‧∙⋅･᛫⸱]\s*")
_HAN_DOT = re.compile(rf"(?<=[{_HAN}])\s*[·•・‧∙⋅･᛫●⸱.．。]\s*(?=[{_HAN}])")

_DATE_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DATE_PARTS = re.compile(
    r"([0-9]{4})\s*[-./年]\s*([0-9]{1,2})\s*[-./月]\s*([0-9]{1,2})\s*日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
)
_MONTH_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})")
_MONTH_PARTS = re.compile(r"([0-9]{4})\s*[-./年]\s*([0-9]{1,2})\s*月?(?:\s*(?:毕业|批次|批))?")
_MONTH_ALONE = re.compile(r"([0-9]{1,2})\s*月(?:\s*(?:毕业|批次|批))?")


def text_of(cell: Any) -> str:
    """Clean text of any cell: half-width, no stray blanks; whole numbers without `.0`; dates as ISO."""
    if type(cell) is str:
        return clean_text(cell) if cell else ""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return clean_text(str(cell))


def clean_text(text: str) -> str:
    """Full-width letters, digits and signs become plain; blanks are trimmed, runs of them become one."""
    if _DIRTY.search(text):
        text = _INVISIBLE.sub("", text.translate(_FULL_WIDTH))
        text = _BLANKS.sub(" ", text).strip()
    # A leading apostrophe is how spreadsheets mark a number kept as text.
    return text[1:].strip() if text[:1] in ("'", "‘", "’") else text


def clean_name(text: str) -> str:
    """One form of the dot in names, no blanks between Chinese characters; those in foreign names stay."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    if " " in text:
        text = _HAN_GAP.sub("", text)
    text = _HAN_DOT.sub(DOT, text)
    return _SURE_DOTS.sub(DOT, text)


def is_lost_number(cell: Any) -> bool:
    """Whether the cell held a long number as a number, so that its last digits are gone.

    A spreadsheet's number cannot keep 16 digits; text such as 1.10105E+17 is what a CSV keeps of one.
    """
    if type(cell) is str:
        return ("E" in cell or "e" in cell) and len(cell) < 30 and bool(_SCIENTIFIC.fullmatch(cell.strip()))
    return isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= EXACT_FLOAT_LIMIT


def outside_gbk(text: str) -> str:
    """The characters of `text` that the register's files cannot carry, each once; empty if there are none."""
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return "".join(dict.fromkeys(character for character in text if not _fits_gbk(character)))
    return ""


def _fits_gbk(character: str) -> bool:
    try:
        character.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def gbk_length(text: str) -> int:
    """Bytes in the register's files; a character they cannot carry counts as two."""
    return len(text) if text.isascii() else sum(1 if character.isascii() else 2 for character in text)


def parse_date(cell: Any) -> dt.date | None:
    """20150901, 2015-09-01, 2015.9.1, 2015/9/1, 2015年9月1日, an Excel date or its serial number; else None."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if cell != int(cell):
            return None
        if 3_000 <= cell < 100_000:  # 1908 to 2173 as days since 1899-12-30
            return EXCEL_EPOCH + dt.timedelta(days=int(cell))
    text = text_of(cell)
    found = _DATE_DIGITS.fullmatch(text) or _DATE_PARTS.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups())
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def parse_month(cell: Any) -> tuple[int | None, int] | None:
    """(year, month) of 201807, 2018-07, 2018年7月, 2018年7月毕业, a date; (None, 7) of 7月; else None."""
    if isinstance(cell, dt.date):
        return cell.year, cell.month
    text = text_of(cell)
    if found := _MONTH_DIGITS.fullmatch(text) or _MONTH_PARTS.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        return (year, month) if 1 <= month <= 12 else None
    if found := _MONTH_ALONE.fullmatch(text):
        return (None, int(found[1])) if 1 <= int(found[1]) <= 12 else None
    day = parse_date(cell)
    return (day.year, day.month) if day else None
