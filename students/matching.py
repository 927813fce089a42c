"""Whose picture a file is, by its name alone. Only people whose unit the studio holds a grant for can be found at all."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol

from django.db.models import Exists, OuterRef, QuerySet

from students.digests import id_digest
from students.models import Graduate, IdType, IngestBatch, MatchMode
from students.models.people import GraduateQuerySet
from units.models import Campaign, IdentityMode, Studio, StudioGrant

TOKEN = re.compile(r"[0-9A-Za-z]+")
ID_CARD = re.compile(r"(?<![0-9A-Za-z])(\d{17}[\dXx])(?![0-9A-Za-z])")
PERMIT = re.compile(r"(?<![0-9A-Za-z])([HM]\d{8}(?:\d{2})?|\d{8})(?![0-9A-Za-z])")
RESIDENT_TYPES = (IdType.ID_CARD, IdType.RESIDENCE_PERMIT)
PERMIT_TYPES = (IdType.HK_MACAO_PERMIT, IdType.TAIWAN_PERMIT)
MIN_NUMBER = 4  # shorter pieces of a name are counters, not student numbers


@dataclass(frozen=True)
class Match:
    """The person, or the reason why there is none; `shot` is the number by which a shoot knows the picture."""

    graduate: Graduate | None = None
    reason: str = ""
    shot: str = ""


# (campaign, studio, file name without folder and extension) → a match, or None when the name holds no such number
Matcher = Callable[[Campaign, Studio, str], Match | None]
_matchers: dict[str, Matcher] = {}


def register_matcher(mode: str, find: Matcher) -> None:
    """Let another app say whose a name is; `find` may return anybody, the grant is checked here."""
    _matchers[mode] = find


@dataclass(frozen=True)
class ListedShot:
    """One shot number of a station and day, as issued. `group` and `group_name` are the person's class."""

    code: str
    at: dt.datetime | None
    group: str
    group_name: str
    graduate: Graduate
    is_void: bool = False


class IssuedShot(NamedTuple):
    """A valid shot number in the order of issue; `line` names the station and day that it belongs to."""

    code: str
    line: str
    graduate: int


@dataclass(frozen=True)
class ShootDay:
    """A station and day with so many shot numbers."""

    station: str
    day: dt.date
    count: int


class ShotLists(Protocol):
    """What a later app knows of shot numbers; a file's order is compared with it."""

    def days(self, studio: Studio, campaign: Campaign) -> list[ShootDay]: ...

    def shots(self, studio: Studio, campaign: Campaign, station: str, day: dt.date) -> list[ListedShot]: ...

    def issued(self, studio: Studio, campaign: Campaign) -> list[IssuedShot]: ...


_shot_lists: list[ShotLists] = []


def register_shot_lists(lists: ShotLists) -> None:
    _shot_lists[:] = [lists]


def shot_lists() -> ShotLists:
    """Registered by the app of shoots when the program starts."""
    return _shot_lists[0]


def granted_graduates(studio: Studio, campaign: Campaign) -> GraduateQuerySet:
    """Everybody of the campaign whose unit has given the studio a grant that is still open."""
    grants = StudioGrant.objects.filter(
        studio=studio, campaign=campaign, unit=OuterRef("enrolment__unit"), ended_at=None
    )
    return Graduate.objects.filter(Exists(grants), campaign=campaign).select_related(
        "enrolment__student", "enrolment__unit", "enrolment__class_group", "picture"
    )


def people_of_batch(batch: IngestBatch) -> QuerySet[Graduate]:
    people = granted_graduates(batch.studio, batch.campaign)
    return people.filter(enrolment__unit=batch.unit_id) if batch.unit_id else people


def stem_of(name: str) -> str:
    """The last part of the name without its extension, full-width characters unified."""
    plain = unicodedata.normalize("NFKC", name).replace("\\", "/")
    return PurePosixPath(plain).stem.strip()


def allowed_modes(campaign: Campaign, match: str) -> tuple[str, ...]:
    """Which numbers may be looked for: where the studio must not know people, only shot numbers (design §5)."""
    if campaign.identity_mode != IdentityMode.ID_CARD or match == MatchMode.SEQUENCE:
        return (MatchMode.SHOT_NUMBER,)
    if match == MatchMode.AUTO:
        return (MatchMode.SHOT_NUMBER, MatchMode.ID_NUMBER, MatchMode.STUDENT_NUMBER)
    return (match,)


def match_name(batch: IngestBatch, name: str) -> Match:
    """Find the person. Numbers of several kinds in one name must agree, else nothing is filed.

    A shot or ID number that is nobody's here contradicts any other. Pieces that might be student numbers do not: dates
    and counters look like them.
    """
    stem = stem_of(name)
    found: list[Match] = []
    for mode in allowed_modes(batch.campaign, batch.match):
        match = _FINDERS[mode](batch, stem)
        if match is None:
            continue
        if match.graduate is None and mode != MatchMode.STUDENT_NUMBER:
            return match
        found.append(match)
    people = {match.graduate.pk: match for match in found if match.graduate}
    if len(people) > 1:
        return Match(reason="ambiguous")
    if people:
        shot = next((match.shot for match in found if match.shot), "")
        (match,) = people.values()
        return Match(graduate=match.graduate, shot=shot)
    return found[0] if found else Match(reason="no_number")


def match_shot_number(batch: IngestBatch, code: str) -> Match:
    """The person of a shot number, whatever the file's name is."""
    return _by_shot(batch, code) or Match(reason="unknown_number")


def person_of_shot(studio: Studio, campaign: Campaign, code: str) -> Match | None:
    """Who was photographed under a number that somebody names, if the studio may see that person; None if nobody."""
    find = _matchers.get(MatchMode.SHOT_NUMBER)
    match = find(campaign, studio, code) if find else None
    if match is None or match.graduate is None:
        return None
    person = granted_graduates(studio, campaign).filter(pk=match.graduate.pk).first()
    return Match(person, shot=match.shot) if person else None


def _by_shot(batch: IngestBatch, stem: str) -> Match | None:
    find = _matchers.get(MatchMode.SHOT_NUMBER)
    match = find(batch.campaign, batch.studio, stem) if find else None
    if match is None or match.graduate is None:
        return match
    person = people_of_batch(batch).filter(pk=match.graduate.pk).first()
    return Match(person, shot=match.shot) if person else Match(reason="unknown_number")


def _by_id_number(batch: IngestBatch, stem: str) -> Match | None:
    numbers = [(kind, number) for number in ID_CARD.findall(stem) for kind in RESIDENT_TYPES]
    if batch.match == MatchMode.ID_NUMBER:
        numbers += [(kind, number) for number in PERMIT.findall(stem) for kind in PERMIT_TYPES]
    if not numbers:
        return None
    digests = [(kind, id_digest(kind, number)) for kind, number in numbers]
    people = people_of_batch(batch).filter(
        enrolment__student__id_digest__in=[digest for _kind, digest in digests]
    )
    rows = [
        row for row in people if (row.enrolment.student.id_type, row.enrolment.student.id_digest) in digests
    ]
    return _only(rows)


def _by_student_number(batch: IngestBatch, stem: str) -> Match | None:
    tokens = {token for token in [*TOKEN.findall(stem), stem] if is_number(token)}
    if not tokens:
        return None
    return _only(list(people_of_batch(batch).filter(enrolment__student_number__in=tokens)))


def is_number(token: str) -> bool:
    """Long enough, with a digit in it, and no ID number."""
    return len(token) >= MIN_NUMBER and any(map(str.isdigit, token)) and not ID_CARD.fullmatch(token)


def _only(rows: list[Graduate]) -> Match:
    if not rows:
        return Match(reason="unknown_number")
    return Match(rows[0]) if len(rows) == 1 else Match(reason="ambiguous")


_FINDERS: dict[str, Callable[[IngestBatch, str], Match | None]] = {
    MatchMode.SHOT_NUMBER: _by_shot,
    MatchMode.ID_NUMBER: _by_id_number,
    MatchMode.STUDENT_NUMBER: _by_student_number,
}
