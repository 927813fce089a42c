"""Takes the register's answer back in: who passed, who did not, whose image is refused and why (R7).

A file is read, shown (`plan_answer`), then applied. The same file twice changes nothing. People are found by student
number and ID number of the frozen rows, so that a later correction of the roster does not lose them. A person who
stands in several rows is answered once, with the words of all of them, or not at all when they disagree.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock, crypto
from photocampus.errors import DomainError
from photocampus.events import build_event, move_state, record, record_many
from photocampus.models import User
from students.batch_build import thaw_values
from students.batch_files import hash_chunks
from students.batches import BATCH_MOVES, BatchNotFrozen, FilesRemoved, must_be_staff, report_batch
from students.chsi_answers import OTHER_REASON, AnswerRow, Reading, Verdict, read_answer, read_remark
from students.chsi_columns import fields_from_profile
from students.decisions import withdraw_decisions, write_decisions
from students.models import (
    Answer,
    AnswerFile,
    AnswerState,
    BatchPart,
    BatchState,
    ExportBatch,
    ExportRow,
    Graduate,
    Outcome,
    RefusalCode,
    Stage,
)
from students.submissions import refuse_pictures

ANSWERABLE = (BatchState.FROZEN, BatchState.REPORTED, BatchState.ANSWERED)
FILE_CONTEXT = "students_answerfile"
BLOCK = 2000
BETWEEN_REMARKS = "；"  # the words are the register's, and so is the language

UNKNOWN_PERSON = "unknown_person"
OTHER_ID = "other_id"
NO_ANSWER = "no_answer"
UNREADABLE = "unreadable"
CONTRADICTION = "contradiction"
SUPERSEDED = "superseded"
UNKNOWN_CODE = "unknown_code"

PROBLEMS = {
    UNKNOWN_PERSON: _("no such student number in this batch"),
    OTHER_ID: _("the ID number is not the one that was reported"),
    NO_ANSWER: _("no answer in this row"),
    UNREADABLE: _("the answer is not understood"),
    CONTRADICTION: _("another row of the file answers otherwise for the same person"),
    SUPERSEDED: _("this person's image was refused or freed before; the row changes nothing"),
    UNKNOWN_CODE: _("the catalogue has no such refusal code"),
}


class NotPreviewed(DomainError):
    code = "not_previewed"
    message = _("This answer was applied or discarded already.")


@dataclass(frozen=True)
class RowProblem:
    """A row of the file that changes nothing, and why. `student_number` is as the file has it."""

    line: int
    student_number: str
    cause: str

    def __str__(self) -> str:
        return str(PROBLEMS[self.cause])


@dataclass(frozen=True)
class Change:
    """What the file would do to one row of the batch; `line` is the first of the file that is about this person."""

    line: int
    row: ExportRow
    student_number: str
    name: str
    reading: Reading
    code: RefusalCode | None

    @property
    def answer_label(self) -> str:
        return str(Answer(str(self.reading.verdict)).label)


@dataclass
class AnswerPlan:
    """Everything an answer would do. `changes` and `unchanged` are people, `problems` are rows of the file."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """People by verdict, and rows by what happened to them; small enough for a log."""
        verdicts = Counter(str(change.reading.verdict) for change in self.changes)
        return {**verdicts, "unchanged": self.unchanged, "problems": len(self.problems)}


@dataclass
class _Known:
    row: ExportRow
    id_number: str
    name: str


@dataclass(frozen=True)
class _Heard:
    """One row of the file, understood, and the person of the batch whom it is about."""

    line: int
    student_number: str
    person: _Known
    reading: Reading


def plan_answer(*, batch: ExportBatch, data: bytes) -> AnswerPlan:
    """Read an answer file against a batch, changing nothing.

    Raises BatchNotFrozen and the refusals of `chsi_answers.read_answer`.
    """
    if batch.state not in ANSWERABLE:
        raise BatchNotFrozen()
    if not BatchPart.objects.filter(file__batch=batch).exists():
        raise FilesRemoved()
    answers = read_answer(data)
    codes = {code.code: code for code in RefusalCode.objects.all()}
    plan = AnswerPlan()
    for rows in _by_person(answers, _known_rows(batch), plan.problems):
        change, cause = _judge(rows, codes)
        if change is None:
            plan.problems += [RowProblem(one.line, one.student_number, cause) for one in rows]
        elif _is_same(change):
            plan.unchanged += 1
        else:
            plan.changes.append(change)
    plan.problems.sort(key=lambda problem: problem.line)
    return plan


def _known_rows(batch: ExportBatch) -> dict[str, _Known]:
    """The batch's people by the student number that was reported."""
    names = [one.column.name for one in fields_from_profile(batch.layout["columns"])]
    rows = batch.rows.select_related("graduate__enrolment__student")
    known = {}
    for row in rows.iterator(chunk_size=2000):
        cells = dict(zip(names, thaw_values(row)[0], strict=True))
        enrolment = row.graduate.enrolment
        number = cells.get("XH") or enrolment.student_number
        identity = cells.get("SFZH") or enrolment.student.id_number.reveal()
        known[number] = _Known(row, identity.upper(), cells.get("XM") or enrolment.student.name)
    return known


def _by_person(
    answers: Iterable[AnswerRow], known: Mapping[str, _Known], problems: list[RowProblem]
) -> Iterable[list[_Heard]]:
    """What the file says of each person of the batch, in the order of the file; other rows go to `problems`."""
    people: dict[int, list[_Heard]] = {}
    for answer in answers:
        heard, cause = _hear(answer, known)
        if heard is None:
            problems.append(RowProblem(answer.line, answer.student_number, cause))
        else:
            people.setdefault(heard.person.row.pk, []).append(heard)
    return people.values()


def _hear(answer: AnswerRow, known: Mapping[str, _Known]) -> tuple[_Heard | None, str]:
    person = known.get(answer.student_number)
    if person is None:
        return None, UNKNOWN_PERSON
    if person.id_number != answer.id_number:
        return None, OTHER_ID
    if not answer.text:
        return None, NO_ANSWER
    reading = read_remark(answer.text)
    if reading is None:
        return None, UNREADABLE
    return _Heard(answer.line, answer.student_number, person, reading), ""


def _judge(rows: Sequence[_Heard], codes: Mapping[str, RefusalCode]) -> tuple[Change | None, str]:
    """All rows of one person as one answer, or why they are none; the order of the rows makes no difference."""
    readings = {one.reading for one in rows}
    if len({reading.verdict for reading in readings}) > 1:
        return None, CONTRADICTION
    # A reason of the catalogue goes before one that nobody knows.
    ranked = sorted(readings, key=lambda one: (one.code not in codes or one.code == OTHER_REASON, one.reason))
    reading = replace(ranked[0], reason=BETWEEN_REMARKS.join(one.reason for one in ranked))
    code = None
    if reading.verdict == Verdict.IMAGE_REFUSED:
        code = codes.get(reading.code) or codes.get(OTHER_REASON)
        if code is None:
            return None, UNKNOWN_CODE
    first = rows[0]
    change = Change(first.line, first.person.row, first.student_number, first.person.name, reading, code)
    if not change.row.is_live and not _is_same(change):
        return None, SUPERSEDED
    return change, ""


def _is_same(change: Change) -> bool:
    row = change.row
    return (
        row.answer == change.reading.verdict
        and row.answer_code_id == (change.code.pk if change.code else None)
        and row.answer_text == change.reading.reason[:200]
    )


def apply_answer(*, batch: ExportBatch, data: bytes, by: User) -> AnswerPlan:
    """Apply an answer file in one transaction and say what it did.

    A refused image frees the person for a later batch with a new picture: the open submission item closes with the
    code, the unit's acceptance lapses, the person stands on the make-up list. A batch nobody marked as reported is
    marked by its answer. When every row has an answer, the batch is answered. Raises like `plan_answer`, NotAllowed.
    """
    must_be_staff(by)
    with transaction.atomic():
        batch = ExportBatch.objects.select_for_update().get(pk=batch.pk)
        plan = plan_answer(batch=batch, data=data)
        if batch.state == BatchState.FROZEN and (plan.changes or plan.unchanged):
            report_batch(batch=batch, by=by, channel=batch.channel, studio=batch.studio)
            batch.refresh_from_db()
        _write_answers(plan.changes)
        _record_answers(plan.changes, batch, by)
        _decide_passed(plan.changes, by)
        _refuse_images(plan.changes, by)
        _close_if_answered(batch, by)
        if plan.changes:
            record(batch, "answer_applied", by=by, data=plan.counts)
    return plan


def _write_answers(changes: Iterable[Change]) -> None:
    """Rows with the same answer in one statement: nearly all of them say "passed"."""
    now = clock.now()
    alike: dict[tuple[Verdict, int | None, str], list[int]] = {}
    for change in changes:
        key = (change.reading.verdict, change.code.pk if change.code else None, change.reading.reason[:200])
        alike.setdefault(key, []).append(change.row.pk)
    for (verdict, code, text), rows in alike.items():
        for start in range(0, len(rows), BLOCK):
            ExportRow.objects.filter(pk__in=rows[start : start + BLOCK]).update(
                answer=verdict,
                answer_code=code,
                answer_text=text,
                answered_at=now,
                is_live=verdict != Verdict.IMAGE_REFUSED,
            )


def _record_answers(changes: Iterable[Change], batch: ExportBatch, by: User) -> None:
    record_many(
        build_event(
            Graduate(pk=change.row.graduate_id),
            "answered",
            by=by,
            new=change.reading.verdict,
            reason=change.reading.reason,
            data={"batch": str(batch), "code": change.code.code if change.code else ""},
        )
        for change in changes
    )


def _decide_passed(changes: Iterable[Change], by: User) -> None:
    pairs, others = [], []
    for change in changes:
        if change.reading.verdict == Verdict.PASSED:
            pairs.append((change.row.graduate_id, change.row.photo_id))
        else:
            others.append(change.row.graduate_id)
    write_decisions(pairs=pairs, stage=Stage.CHSI, outcome=Outcome.YES, by=by)
    # A "passed" that the register took back is no decision any more.
    for start in range(0, len(others), BLOCK):
        withdraw_decisions(graduate_pks=others[start : start + BLOCK], stage=Stage.CHSI)


def _refuse_images(changes: Iterable[Change], by: User) -> None:
    """All that were refused for one reason in the same words at once."""
    alike: dict[tuple[RefusalCode, str], list[tuple[int, int]]] = {}
    for change in changes:
        if change.reading.verdict == Verdict.IMAGE_REFUSED and change.code is not None:
            pair = (change.row.graduate_id, change.row.photo_id)
            alike.setdefault((change.code, change.reading.reason), []).append(pair)
    for (code, reason), pairs in alike.items():
        refuse_pictures(pairs=pairs, stage=Stage.CHSI, code=code, by=by, note=reason)


def _close_if_answered(batch: ExportBatch, by: User) -> None:
    if batch.state == BatchState.REPORTED and not batch.rows.filter(answer=Answer.NONE).exists():
        move_state(batch, BatchState.ANSWERED, moves=BATCH_MOVES, by=by)


# Between the preview and the click the file lies sealed in the storage.


@transaction.atomic
def stage_answer(
    *, batch: ExportBatch, data: bytes, file_name: str, by: User
) -> tuple[AnswerFile, AnswerPlan]:
    """Keep an answer file for the preview; a second one of the same batch replaces it. Raises like `plan_answer`."""
    must_be_staff(by)
    plan = plan_answer(batch=batch, data=data)
    for older in AnswerFile.objects.filter(batch=batch, state=AnswerState.PREVIEWED):
        discard_answer(answer=older, by=by)
    digest, size = hash_chunks([data])
    answer = AnswerFile(
        batch=batch, file_name=file_name[:200], sha256=digest, size=size, by=by, counts=plan.counts
    )
    sealed = crypto.encrypt_bytes(data, context=f"{FILE_CONTEXT}:{answer.public_id}")
    answer.sealed.save("answer", ContentFile(sealed), save=False)
    answer.save(force_insert=True)
    return answer, plan


def open_answer(answer: AnswerFile) -> bytes:
    """The staged file's bytes; raises NotPreviewed when it is gone."""
    if answer.state != AnswerState.PREVIEWED or not answer.sealed:
        raise NotPreviewed()
    with answer.sealed.open("rb") as stream:
        return crypto.decrypt_bytes(stream.read(), context=f"{FILE_CONTEXT}:{answer.public_id}")


def apply_staged_answer(*, answer: AnswerFile, by: User) -> AnswerPlan:
    """Apply what was previewed; once. The file itself is then deleted, its hash and counts stay."""
    with transaction.atomic():
        answer = AnswerFile.objects.select_for_update().get(pk=answer.pk)
        plan = apply_answer(batch=answer.batch, data=open_answer(answer), by=by)
        _close_answer(answer, AnswerState.APPLIED, plan.counts)
    return plan


@transaction.atomic
def discard_answer(*, answer: AnswerFile, by: User) -> None:
    """Forget a previewed answer without applying it."""
    must_be_staff(by)
    answer = AnswerFile.objects.select_for_update().get(pk=answer.pk)
    if answer.state != AnswerState.PREVIEWED:
        raise NotPreviewed()
    _close_answer(answer, AnswerState.DISCARDED, answer.counts)


def _close_answer(answer: AnswerFile, state: AnswerState, counts: dict[str, Any]) -> None:
    sealed = answer.sealed.name or ""
    storage = answer.sealed.storage
    answer.state = state
    answer.counts = counts
    answer.applied_at = clock.now() if state == AnswerState.APPLIED else None
    answer.sealed = ""
    answer.save(update_fields=["state", "counts", "applied_at", "sealed"])
    transaction.on_commit(lambda: storage.delete(sealed))
