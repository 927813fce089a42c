"""Finding a person at the shoot: one field for what is typed and what a scanner types (code, shot, card, name)."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from django.db.models import QuerySet
from pypinyin import Style, lazy_pinyin

from sessions.models import Attendance, Booking, Receipt, Shot
from sessions.shots import normal_code
from students.digests import id_digest
from students.models import Graduate, IdType

ME_ADDRESS = re.compile(r"/me/([A-Za-z0-9_-]{10,40})")
RECEIPT_FORM = re.compile(r"[Rr]0*(\d{1,6})")
ID_FORM = re.compile(r"(?=(?:.*\d){6})[A-Za-z0-9]{8,18}")
MOST = 30


@dataclass
class Found:
    """People of this shoot who fit, and people of granted units who fit but are not on its list.

    `is_id` says that the ID number itself was typed or scanned, so that it has been compared already.
    """

    attendances: list[Attendance] = field(default_factory=list)
    others: list[Graduate] = field(default_factory=list)
    is_id: bool = False

    @property
    def one(self) -> Attendance | None:
        return self.attendances[0] if len(self.attendances) == 1 and not self.others else None


@lru_cache(maxsize=20_000)
def initials(name: str) -> str:
    """`王小明` → `wxm`; letters of other scripts stay."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower().replace(" ", "")


@lru_cache(maxsize=20_000)
def full_pinyin(name: str) -> str:
    return "".join(lazy_pinyin(name)).lower().replace(" ", "")


def find_people(
    *, booking: Booking, attendances: list[Attendance], people: QuerySet[Graduate], typed: str, by_name: bool
) -> Found:
    """Who is meant by `typed`. `attendances` are the shoot's, `people` whom the user may see at all.

    `by_name` is off where the campaign hides people: then only codes and shot numbers are understood.
    """
    text = typed.strip()
    if not text:
        return Found()
    if match := ME_ADDRESS.search(text):
        return _of_graduates(attendances, people.filter(me_token=match.group(1)))
    if code := normal_code(text):
        shots = Shot.objects.filter(code=code, station__studio=booking.studio_id, attendance__booking=booking)
        keys = set(shots.values_list("attendance", flat=True))
        return Found([row for row in attendances if row.pk in keys])
    if match := RECEIPT_FORM.fullmatch(text):
        keys = set(
            Receipt.objects.filter(number=int(match.group(1)), attendance__booking=booking).values_list(
                "attendance", flat=True
            )
        )
        return Found([row for row in attendances if row.pk in keys])
    if not by_name:
        return Found()
    found = _of_graduates(attendances, people.filter(enrolment__student_number=text))
    if found.attendances or found.others:
        return found
    if ID_FORM.fullmatch(text.replace(" ", "")):
        found = _of_graduates(attendances, people.filter(enrolment__student__id_digest__in=digests(text)))
        found.is_id = True
        if found.attendances or found.others:
            return found
    return Found([row for row in attendances if fits(row.graduate.enrolment.student.name, text)][:MOST])


def digests(number: str) -> list[str]:
    """Under which digests the number may lie: one for each kind of document."""
    return [id_digest(kind, number) for kind in IdType.values]


def fits(name: str, text: str) -> bool:
    """Part of the name, the initials, or the pinyin from its beginning."""
    wanted = text.lower().replace(" ", "")
    return wanted in name.lower() or initials(name).startswith(wanted) or full_pinyin(name).startswith(wanted)


def _of_graduates(attendances: list[Attendance], graduates: QuerySet[Graduate]) -> Found:
    rows = list(
        graduates.select_related("enrolment__student", "enrolment__class_group", "enrolment__unit")[:MOST]
    )
    here = {row.graduate_id: row for row in attendances}
    return Found(
        [here[row.pk] for row in rows if row.pk in here], [row for row in rows if row.pk not in here]
    )
