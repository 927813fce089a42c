"""Corrections of identity after the check-in: the unit asks, academic affairs decide (R21)."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.crypto import mask
from photocampus.errors import ChangedMeanwhile, DomainError, MissingReason, NotAllowed
from photocampus.events import move_state, record
from photocampus.models import Role, User
from students.digests import id_digest
from students.identity import Problem, check_agreement, check_birth_date, check_number
from students.models import Correction, CorrectionState, Graduate, Student
from students.roster_columns import GENDER_WORDS
from students.roster_edit import BadLine
from students.roster_uploads import check_may_change
from students.rows import Finding, judge_date, judge_id_number, judge_name
from students.staging import plain_findings

FIELDS = ("name", "gender", "birth_date", "id_type", "id_number")
MOVES = {CorrectionState.ASKED: {CorrectionState.DONE, CorrectionState.REFUSED}}


class NothingToCorrect(DomainError):
    code = "nothing_to_correct"
    message = _("Nothing differs from the data on record.")


class CorrectionOpen(DomainError):
    code = "correction_open"
    message = _("A correction for this person is already waiting for a decision.")


class NumberOfAnother(DomainError):
    code = "number_of_another"
    message = _("This ID number belongs to another person on record.")


def ask_correction(*, graduate: Graduate, values: Mapping[str, str], reason: str, by: User) -> Correction:
    """Ask that name, gender, date of birth or document be changed to these values; only what differs is kept.

    Raises `BadLine` for values that cannot be right, `NothingToCorrect`, `CorrectionOpen`.
    """
    check_may_change(campaign=graduate.campaign, unit=graduate.enrolment.unit, by=by)
    if not reason.strip():
        raise MissingReason()
    student = graduate.enrolment.student
    wanted = _checked(student, values)
    changes = {field: value for field, value in wanted.items() if value != current(student, field)}
    if not changes:
        raise NothingToCorrect()
    _refuse_taken(student, wanted)
    try:
        with transaction.atomic():
            correction = Correction.objects.create(
                graduate=graduate, changes=json.dumps(changes), reason=reason.strip(), asked_by=by
            )
            record(
                graduate, "correction_asked", by=by, reason=reason.strip(), data={"fields": sorted(changes)}
            )
    except IntegrityError:
        raise CorrectionOpen() from None
    return correction


def decide_correction(*, correction: Correction, accept: bool, answer: str, by: User) -> None:
    """Carry it out or refuse it (with an answer). Judged anew against what is on record now; staff only."""
    if by.role != Role.STAFF:
        raise NotAllowed()
    if not accept and not answer.strip():
        raise MissingReason()
    with transaction.atomic():
        correction = Correction.objects.select_for_update().get(pk=correction.pk)
        to = CorrectionState.DONE if accept else CorrectionState.REFUSED
        now = clock.now()
        move_state(
            correction,
            to,
            moves=MOVES,
            by=by,
            reason=answer.strip(),
            answer=answer.strip(),
            decided_by=by,
            decided_at=now,
        )
        changes = changes_of(correction)
        if accept:
            _carry_out(correction.graduate, changes)
        kind = "correction_done" if accept else "correction_refused"
        record(correction.graduate, kind, by=by, reason=answer.strip(), data={"fields": sorted(changes)})


def _carry_out(graduate: Graduate, changes: Mapping[str, str]) -> None:
    student = Student.objects.select_for_update().get(pk=graduate.enrolment.student_id)
    wanted = {field: changes.get(field, current(student, field)) for field in FIELDS}
    _refuse_taken(student, wanted)
    student.name, student.gender, student.id_type = wanted["name"], wanted["gender"], wanted["id_type"]
    student.birth_date = dt.date.fromisoformat(wanted["birth_date"]) if wanted["birth_date"] else None
    student.id_number = wanted["id_number"]
    student.id_digest = id_digest(student.id_type, wanted["id_number"])
    try:
        with transaction.atomic():
            student.save(update_fields=["name", "gender", "birth_date", "id_type", "id_number", "id_digest"])
    except IntegrityError:
        raise ChangedMeanwhile() from None


def current(student: Student, field: str) -> str:
    """What is on record, as plain text."""
    if field == "id_number":
        return student.id_number.reveal()
    if field == "birth_date":
        return student.birth_date.isoformat() if student.birth_date else ""
    return str(getattr(student, field))


def changes_of(correction: Correction) -> dict[str, str]:
    secret = correction.changes
    return json.loads(secret if isinstance(secret, str) else secret.reveal())


def shown_changes(correction: Correction) -> list[tuple[str, str, str]]:
    """(field, on record, asked for), ID numbers masked."""
    student = correction.graduate.enrolment.student
    shown = []
    for field, new in changes_of(correction).items():
        old = current(student, field)
        shown.append((field, mask(old), mask(new)) if field == "id_number" else (field, old, new))
    return shown


def _checked(student: Student, values: Mapping[str, str]) -> dict[str, str]:
    """All identity fields, cleaned; what is blank stays as it is on record."""
    findings: list[Finding] = []
    wanted = {field: current(student, field) for field in FIELDS}
    if text := values.get("gender", ""):
        wanted["gender"] = GENDER_WORDS.get(text, text)
    if values.get("id_type"):
        wanted["id_type"] = values["id_type"]
    for field, judge in (("name", judge_name), ("birth_date", judge_date), ("id_number", judge_id_number)):
        if values.get(field):
            wanted[field], problem = judge(values[field])
            if problem:
                findings.append(Finding(field, "", problem))
    today = clock.today()
    checked = check_number(wanted["id_type"], wanted["id_number"], today=today)
    wanted["id_number"] = checked.number
    if checked.problem:
        findings.append(Finding("id_number", "", checked.problem))
    if checked.birth_date and not values.get("birth_date"):
        wanted["birth_date"] = checked.birth_date.isoformat()
    day = dt.date.fromisoformat(wanted["birth_date"]) if wanted["birth_date"] else None
    for field, problem in check_agreement(checked, birth_date=day, gender=wanted["gender"]):
        findings.append(Finding(field, "", problem))
    if day and not checked.birth_date and (late := check_birth_date(day, today=today)):
        findings.append(Finding("birth_date", "", late))
    if wanted["gender"] not in ("M", "F"):
        findings.append(Finding("gender", "", Problem.of("gender_unknown")))
    if findings:
        raise BadLine(plain_findings(findings))
    return wanted


def _refuse_taken(student: Student, wanted: Mapping[str, Any]) -> None:
    digest = id_digest(wanted["id_type"], wanted["id_number"])
    others = Student.objects.filter(id_type=wanted["id_type"], id_digest=digest).exclude(pk=student.pk)
    if others.exists():
        raise NumberOfAnother()
