"""Reading a roster file into staged lines: short committed pieces, repeatable, killed and resumed at will (design §6).

The file is read from its beginning each time, because doubles must be found across all of it; what is staged
already is only counted. Nothing about people changes here.
"""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count

from photocampus import clock, crypto
from photocampus.crypto import mask
from photocampus.errors import DomainError
from photocampus.events import move_state, record
from students.bulk import insert_rows
from students.models import ClassGroup, Completeness, Graduate, RosterRow, RosterUpload, RowKind, UploadState
from students.roster_columns import HEADING_SEARCH_LINES, map_headings, recognised
from students.roster_diff import PENDING, Diff, Line, Staged
from students.roster_records import Scope
from students.roster_settle import settle
from students.rows import Checked, RowChecker, Values, Words
from students.staging import pack, payload_sealer, plain_findings
from students.tables import BadTable, Table, open_table, refuse
from units.models import Campaign, Term, Unit

BLOCK = 2000
GONE_LINES = 1_000_000  # graduates who are gone have no line in the file; theirs begin here
FILE_CONTEXT = "students_rosterupload.file"
ROW_FIELDS = ("upload", "line", "kind", "tags", "payload", "graduate", "fate", "fate_reason")

MOVES = {
    UploadState.READING: {UploadState.PREVIEWED, UploadState.FAILED, UploadState.DISCARDED},
    UploadState.PREVIEWED: {UploadState.APPLYING, UploadState.READING, UploadState.DISCARDED},
    UploadState.APPLYING: {UploadState.APPLIED, UploadState.READING, UploadState.PREVIEWED},
    UploadState.APPLIED: {UploadState.UNDONE},
}


class Discarded(Exception):
    """Somebody threw the upload away while it was being read: nothing more of it is kept."""


class Progress(Protocol):
    """What a running piece of work reports to: a `JobContext`, or `Quiet` where nobody watches."""

    def progress(self, done: int, total: int, note: str = "") -> None: ...
    def hold(self) -> None: ...
    def checkpoint(self, name: str) -> None: ...


class Quiet:
    """Progress for callers that simply wait."""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Nobody watches."""

    def hold(self) -> None:
        """Nobody else can have taken over."""

    def checkpoint(self, name: str) -> None:
        """Nobody kills."""


def read_roster(*, upload: RosterUpload, progress: Progress | None = None) -> None:
    """Stage the file and finish with a preview, or as unreadable with the reason. Goes on where an earlier try stopped."""
    progress = progress or Quiet()
    upload = RosterUpload.objects.select_related("campaign", "unit", "by").get(pk=upload.pk)
    if upload.state != UploadState.READING:
        return
    try:
        reader = _Reader(upload, progress)
        reader.stage()
    except Discarded:
        return
    except (BadTable, crypto.Undecryptable) as error:
        _give_up(upload, error)
        return
    progress.checkpoint("roster.staged")
    _finish(upload, reader, progress)
    progress.checkpoint("roster.previewed")


def words_for(campaign: Campaign, unit: Unit | None) -> Words:
    """What cells may say in this campaign; `unit` None: of any unit."""
    units: dict[str, str] = {}
    for code, name in Unit.objects.filter(is_active=True).values_list("code", "name"):
        units[code] = code
        units[name] = code
        units[name.replace(" ", "")] = code
    terms = {
        (int(code[:4]), int(code[5:])): code
        for code in Term.objects.filter(campaign=campaign).values_list("code", flat=True)
    }
    allowed = frozenset({unit.code}) if unit else None
    return Words(units, allowed, terms, None, clock.today())


def file_bytes(upload: RosterUpload) -> bytes:
    with upload.file.open("rb") as stream:
        return crypto.decrypt_bytes(stream.read(), context=FILE_CONTEXT)


class _Reader:
    """One pass over the file."""

    def __init__(self, upload: RosterUpload, progress: Progress) -> None:
        self.upload = upload
        self.progress = progress
        name = upload.file_name.reveal() if upload.file_name else ""
        table = open_table(file_bytes(upload), name=name)
        self.total = table.height
        self.headings, self.rows = find_headings(table)
        self.checker = RowChecker(
            map_headings(self.headings), words_for(upload.campaign, upload.unit), mask=mask
        )
        self.scope = Scope.of(upload.campaign, upload.unit)
        self.diff = Diff(self.scope)
        self.sealer = payload_sealer()
        self.units: set[str] = set()
        self.classes: set[tuple[str, str]] = set()
        self.last_line = 0
        self.layout = json.dumps({"kind": table.kind, "headings": [str(h) for h in self.headings]})

    def stage(self) -> None:
        """Check every line; stage, block by block, those that are not staged yet."""
        done_before = self.upload.read_line
        block: list[tuple[int, list[Any], Checked]] = []
        for line, cells in self.rows:
            checked = self.checker.check(line, cells)
            self.last_line = line
            if checked.values:
                self.units.add(checked.values.unit)
                self.classes.add((checked.values.unit, checked.values.class_name))
            if line <= done_before:
                continue
            block.append((line, cells, checked))
            if len(block) >= BLOCK:
                self._write(block)
                block = []
        if block:
            self._write(block)
        if not self.last_line:
            raise refuse("empty")

    def _write(self, block: Sequence[tuple[int, list[Any], Checked]]) -> None:
        """One piece: the block's meaning and how far we are, in one transaction."""
        good = [
            Line(line, checked.values, plain_findings(checked.warnings) if checked.warnings else [])
            for line, _cells, checked in block
            if checked.values is not None
        ]
        meaning = {staged.line: staged for staged in self.diff.block(good)}
        rows = []
        for line, cells, checked in block:
            staged = meaning.get(line)
            if staged is None:
                rest = {
                    "findings": plain_findings(checked.problems),
                    "student_number": checked.student_number,
                }
                staged = Staged(line, RowKind.REFUSED, [], None, rest, None)
            if staged.kind == RowKind.REFUSED or PENDING in staged.tags:
                staged.rest["cells"] = [plain_cell(cell) for cell in cells]
            rows.append(self._row(staged))
        self.progress.checkpoint("roster.block")
        with transaction.atomic():
            self.progress.hold()
            locked = RosterUpload.objects.select_for_update().get(pk=self.upload.pk)
            if locked.state != UploadState.READING:
                raise Discarded
            insert_rows(RosterRow, ROW_FIELDS, rows)
            self.upload.read_line = block[-1][0]
            self.upload.layout = self.layout
            self.upload.save(update_fields=["read_line", "layout"])
            self.progress.checkpoint("roster.block.open")
        self.progress.progress(min(block[-1][0], self.total), self.total)

    def _row(self, staged: Staged) -> tuple[Any, ...]:
        return staged_row(self.upload.pk, staged, self.sealer)


def staged_row(upload_id: int, staged: Staged, sealer: crypto.Sealer) -> tuple[Any, ...]:
    """The tuple for `ROW_FIELDS`."""
    payload = sealer.seal(pack(staged.values, staged.rest) or "\x1e{}")
    tags = json.dumps(staged.tags) if staged.tags else "[]"
    return (upload_id, staged.line, str(staged.kind), tags, payload, staged.graduate_id, "", "")


def find_headings(table: Table) -> tuple[list[Any], Iterator[tuple[int, list[Any]]]]:
    """The line of headings, which titles may precede, and the lines after it."""
    seen: list[tuple[int, list[Any]]] = []
    rows = table.rows
    best, best_count = 0, 0
    for line, cells in rows:
        seen.append((line, cells))
        count = recognised(cells)
        if count > best_count:
            best, best_count = len(seen) - 1, count
        if len(seen) >= HEADING_SEARCH_LINES or count >= 9:
            break
    if not seen:
        raise refuse("empty")
    headings = seen[best][1]

    def after() -> Iterator[tuple[int, list[Any]]]:
        yield from seen[best + 1 :]
        yield from rows

    return headings, after()


def plain_cell(cell: Any) -> Any:
    """A raw cell as JSON holds it, looking as it did in the file."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    if isinstance(cell, (dt.datetime, dt.date)):
        return cell.isoformat()[:10]
    return cell if isinstance(cell, (str, int, float, bool)) or cell is None else str(cell)


def _finish(upload: RosterUpload, reader: _Reader, progress: Progress) -> None:
    """Decide what depends on several lines, find who is gone, count, and show the preview."""
    gone = list(_gone(upload, reader))
    with transaction.atomic():
        progress.hold()
        upload = RosterUpload.objects.select_for_update().get(pk=upload.pk)
        if upload.state != UploadState.READING:
            return
        upload.rows.filter(kind=RowKind.GONE).delete()
        insert_rows(RosterRow, ROW_FIELDS, gone)
        settle(upload)
        counts: dict[str, int | bool] = dict(count_rows(upload))
        if upload.counts.get("stale"):
            counts["stale"] = True
        move_state(
            upload,
            UploadState.PREVIEWED,
            moves=MOVES,
            by=upload.by,
            data=counts,
            counts=counts,
            revision=upload.revision + 1,
        )


def count_rows(upload: RosterUpload) -> dict[str, int]:
    """Lines of each kind."""
    counted = dict(upload.rows.order_by().values_list("kind").annotate(Count("pk")))
    return {kind: counted.get(kind, 0) for kind in RowKind.values}


def _gone(upload: RosterUpload, reader: _Reader) -> Iterator[tuple[Any, ...]]:
    """Active graduates of what the file is complete for who are on no line of it, refused lines included."""
    if upload.completeness == Completeness.ADDS:
        return
    units = [reader.scope.unit_ids[code] for code in reader.units]
    if upload.unit_id is not None:
        units = [upload.unit_id]
    graduates = Graduate.objects.active().filter(campaign=upload.campaign_id, enrolment__unit__in=units)
    if upload.completeness == Completeness.CLASSES:
        named = {(reader.scope.unit_ids[unit], name) for unit, name in reader.classes}
        classes = ClassGroup.objects.filter(unit__in=units).values_list("pk", "unit_id", "name")
        graduates = graduates.filter(
            enrolment__class_group__in=[pk for pk, unit, name in classes if (unit, name) in named]
        )
    present = reader.checker.doubles.numbers
    people = graduates.with_people().order_by("enrolment__class_group__name", "enrolment__student_number")
    line = GONE_LINES
    for graduate in people.iterator(chunk_size=BLOCK):
        if hash(graduate.enrolment.student_number) in present:
            continue
        line += 1
        staged = Staged(line, RowKind.GONE, [], values_of(graduate), {}, graduate.pk)
        yield staged_row(upload.pk, staged, reader.sealer)


def values_of(graduate: Graduate) -> Values:
    """What a list shows of a graduate on record; without numbers, which nobody needs here."""
    enrolment = graduate.enrolment
    student = enrolment.student
    shown = {
        "student_number": enrolment.student_number,
        "name": student.name,
        "gender": student.gender,
        "id_type": student.id_type,
        "unit": enrolment.unit.code,
        "class_name": enrolment.class_group.name,
        "level": enrolment.level,
        "term": graduate.term.code,
        "category": graduate.category,
    }
    return Values(**{field: shown.get(field, "") for field in Values._fields})


def _give_up(upload: RosterUpload, error: DomainError) -> None:
    """The file as a whole is refused: one sentence, and nothing of it stays."""
    with transaction.atomic():
        upload = RosterUpload.objects.select_for_update().get(pk=upload.pk)
        if upload.state != UploadState.READING:
            return
        upload.rows.all().delete()
        move_state(
            upload, UploadState.FAILED, moves=MOVES, by=upload.by, data={"code": error.code}, error=str(error)
        )
        record(upload, "file_refused", by=upload.by, new=error.code)
        name = upload.file.name
        if name:
            transaction.on_commit(lambda: default_storage.delete(name))
