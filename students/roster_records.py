"""What the database knows about the people of one block of lines: a handful of queries, plain tuples (design §6)."""

# ruff: noqa: S608  (only the names of our own tables and columns are put into statements, never a value)

import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models

from students.bulk import among, is_sqlite, listed, select, table
from students.deferrals import HandedIn
from students.models import (
    ClassGroup,
    Decision,
    Enrolment,
    ExportRow,
    Graduate,
    IdType,
    Photo,
    Student,
    SubmissionItem,
)
from units.models import Campaign, Term, Unit


class Known(NamedTuple):
    """An enrolment on record, its person, and its place in the campaign if it has one."""

    student_number: str
    enrolment_id: int
    unit_id: int
    class_name: str
    level: str
    major_code: str
    major_name: str
    study_form: str
    length: str
    entry_date: Any
    expected_graduation: Any
    candidate_number: str
    student_id: int
    name: str
    gender: str
    id_type: str
    id_digest: str
    birth_date: Any
    phone: str
    graduate_id: int | None
    term: str | None
    category: str | None
    roster_state: str | None


class Person(NamedTuple):
    """Somebody on record, found by the document's digest."""

    student_id: int
    id_type: str
    id_digest: str
    name: str
    birth_date: Any
    phone: str


class Earlier(NamedTuple):
    """An enrolment's latest place in another campaign."""

    enrolment_id: int
    graduate_id: int
    term: str
    category: str
    roster_state: str
    picture_id: int | None
    origin: str | None


@dataclass(frozen=True)
class Scope:
    """One campaign and what an upload may touch; `allowed` are ids of units, None means all.

    `colleges` gives for each unit the one that submits its people (R7): its college, or itself.
    """

    campaign_id: int
    allowed: frozenset[int] | None
    unit_ids: dict[str, int]
    unit_codes: dict[int, str]
    terms: dict[str, int]
    colleges: dict[int, int]

    @classmethod
    def of(cls, campaign: Campaign, unit: Unit | None) -> "Scope":
        rows = list(Unit.objects.values_list("code", "pk", "college"))
        units = {code: pk for code, pk, _college in rows}
        return cls(
            campaign.pk,
            frozenset({unit.pk}) if unit else None,
            units,
            {pk: code for code, pk in units.items()},
            dict(Term.objects.filter(campaign=campaign).values_list("code", "pk")),
            {pk: college or pk for _code, pk, college in rows},
        )


@dataclass
class Facts:
    """The answers to a block's questions."""

    known: dict[str, Known] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)
    people: dict[tuple[str, str], Person] = field(default_factory=dict)
    levels: set[tuple[int, str]] = field(default_factory=set)
    frozen: set[int] = field(default_factory=set)
    submitted: set[int] = field(default_factory=set)
    handed_in: dict[int, HandedIn] = field(default_factory=dict)
    batched: set[int] = field(default_factory=set)
    earlier: dict[int, Earlier] = field(default_factory=dict)
    refused_pictures: set[int] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)
    numbers: dict[int, str] = field(default_factory=dict)


def columns(alias: str, model: type[models.Model], names: str) -> str:
    return ", ".join(f"{alias}.{model._meta.get_field(n).column}" for n in names.split())  # type: ignore[union-attr]


def known_enrolments(scope: Scope, numbers: Iterable[str], *, lock: bool = False) -> dict[str, Known]:
    """By student number: the one diff query of a block. `lock` keeps the rows until the transaction ends."""
    sql = (
        f"SELECT {columns('e', Enrolment, 'student_number id unit')}, c.name, "
        + columns("e", Enrolment, "level major_code major_name study_form length entry_date")
        + ", "
        + columns("e", Enrolment, "expected_graduation candidate_number")
        + f", {columns('s', Student, 'id name gender id_type id_digest birth_date phone')}"
        f", g.id, t.code, g.category, g.roster_state FROM {table(Enrolment)} e"
        f" JOIN {table(Student)} s ON s.id = e.student_id JOIN {table(ClassGroup)} c ON c.id = e.class_group_id"
        f" LEFT JOIN {table(Graduate)} g ON g.enrolment_id = e.id AND g.campaign_id = %s"
        f" LEFT JOIN {table(Term)} t ON t.id = g.term_id WHERE {among('e.student_number')} ORDER BY e.id"
    )
    if lock and not is_sqlite():
        sql += " FOR UPDATE OF e, s"
    return {row[0]: Known(*row) for row in select(sql, [scope.campaign_id, listed(numbers)])}


def people_with(digests: Collection[str]) -> dict[tuple[str, str], Person]:
    if not digests:
        return {}
    names = columns("s", Student, "id id_type id_digest name birth_date phone")
    # With the type, so that the unique index on (type, digest) finds them.
    types = ", ".join(["%s"] * len(IdType.values))
    where = f"s.id_type IN ({types}) AND {among('s.id_digest')}"
    sql = f"SELECT {names} FROM {table(Student)} s WHERE {where} ORDER BY s.id"
    rows = [Person(*row) for row in select(sql, [*IdType.values, listed(digests)])]
    return {(person.id_type, person.id_digest): person for person in rows}


def levels_of(student_ids: Collection[int]) -> set[tuple[int, str]]:
    if not student_ids:
        return set()
    return set(Enrolment.objects.filter(student__in=list(student_ids)).values_list("student_id", "level"))


def frozen_students(student_ids: Collection[int]) -> set[int]:
    """Students of whom any enrolment's identity is frozen, in whatever campaign (R21)."""
    if not student_ids:
        return set()
    found = Graduate.objects.filter(
        enrolment__student__in=list(student_ids), identity_frozen_at__isnull=False
    )
    return set(found.values_list("enrolment__student_id", flat=True))


def submitted_graduates(graduate_ids: Collection[int]) -> set[int]:
    """Those of them whose picture is handed in and neither returned nor withdrawn."""
    return set(handed_in(graduate_ids))


def handed_in(graduate_ids: Collection[int]) -> dict[int, HandedIn]:
    """The same with the open image and its state: graduate → it."""
    if not graduate_ids:
        return {}
    sql = (
        f"SELECT i.graduate_id, i.id, i.state FROM {table(SubmissionItem)} i"
        f" WHERE i.state IN ('submitted', 'verified') AND {among('i.graduate_id', numbers=True)}"
    )
    rows = [HandedIn(*row) for row in select(sql, [listed(graduate_ids)])]
    return {row.graduate: row for row in rows}


def batched_graduates(graduate_ids: Collection[int]) -> set[int]:
    """Those of them whom a batch for the register holds."""
    if not graduate_ids:
        return set()
    rows = ExportRow.objects.filter(graduate__in=list(graduate_ids), is_live=True)
    return set(rows.values_list("graduate_id", flat=True))


def lock_graduates(graduate_ids: Collection[int]) -> None:
    """Keep their places until the transaction ends: nobody submits their pictures meanwhile."""
    if graduate_ids and not is_sqlite():
        where = among("g.id", numbers=True)
        select(
            f"SELECT g.id FROM {table(Graduate)} g WHERE {where} ORDER BY g.id FOR UPDATE",
            [listed(graduate_ids)],
        )


def earlier_places(scope: Scope, enrolment_ids: Collection[int]) -> dict[int, Earlier]:
    """The latest place of each enrolment in another campaign."""
    if not enrolment_ids:
        return {}
    sql = (
        f"SELECT g.enrolment_id, g.id, t.code, g.category, g.roster_state, g.picture_id, p.origin"
        f" FROM {table(Graduate)} g JOIN {table(Term)} t ON t.id = g.term_id"
        f" LEFT JOIN {table(Photo)} p ON p.id = g.picture_id AND p.enrolment_id = g.enrolment_id"
        f" WHERE g.campaign_id <> %s AND {among('g.enrolment_id', numbers=True)} ORDER BY t.code, g.id"
    )
    rows = [Earlier(*row) for row in select(sql, [scope.campaign_id, listed(enrolment_ids)])]
    return {row.enrolment_id: row for row in rows}


def decided(graduate_ids: Collection[int], **lookup: str) -> set[int]:
    if not graduate_ids:
        return set()
    rows = Decision.objects.filter(graduate__in=list(graduate_ids), is_current=True, **lookup)
    return set(rows.values_list("graduate_id", flat=True))


def sealed_numbers(student_ids: Collection[int]) -> dict[int, str]:
    """Stored (encrypted) ID numbers, for lines that change one."""
    if not student_ids:
        return {}
    sql = f"SELECT s.id, s.id_number FROM {table(Student)} s WHERE {among('s.id', numbers=True)}"
    return dict(select(sql, [listed(student_ids)]))  # type: ignore[arg-type]


def digest_of(id_type: str, number: str) -> str:
    """As `students.digests.id_digest`, for numbers in canonical form."""
    return hmac.digest(settings.DIGEST_KEY, f"id:{id_type}:{number}".encode(), "sha256").hex()
