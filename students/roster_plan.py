"""What applying an upload will write, worked out before any lock is taken: plain tuples, sealed and ready.

Each staged line is compared with the records once more; a line that means something else by now makes the whole
preview stale.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from photocampus.crypto import Sealer
from photocampus.lists import join_words
from students.bulk import NewRows, random_ids
from students.deferrals import HandedIn
from students.models import (
    Enrolment,
    Exemption,
    Graduate,
    RosterRow,
    RosterState,
    RosterUpload,
    RowKind,
    Student,
)
from students.roster_diff import (
    CORRECTED_NUMBER,
    DEFERRAL,
    EXCHANGED_NUMBER,
    GRADUATE_FIELDS,
    NEW_LEVEL,
    PENDING,
    PERSON_FIELDS,
    Diff,
    Line,
    Seen,
    Staged,
)
from students.roster_records import Scope, digest_of, submitted_graduates
from students.rows import Values
from students.staging import field_context, payload_sealer, unpack
from units.models import Campaign, Unit

BLOCK = 2000
FALLBACK_TAGS = {EXCHANGED_NUMBER: CORRECTED_NUMBER}
COMPARED = ("before", "makes", "owner", "earlier", "student", "enrolment")

STUDENT_FIELDS = ("public_id", "name", "gender", "birth_date", "id_type", "id_number", "id_digest", "phone")
ENROLMENT_FIELDS = (
    "public_id", "student", "student_number", "unit", "level", "major_code", "major_name", "study_form", "length",
    "entry_date", "expected_graduation", "candidate_number",
)  # fmt: skip
GRADUATE_COLUMNS = ("public_id", "me_token", "enrolment", "term", "category", "exemption", "picture")

DATES = ("entry_date", "expected_graduation")
ClassKey = tuple[int, str]


class Stale(Exception):
    """The records are not what the preview compared with."""


@dataclass
class Update:
    """New values of one row: `values` by model field; a class is still its key."""

    pk: int
    values: dict[str, Any]


@dataclass
class Note:
    """An event to be: about which graduate (an id, or the reference of a new one)."""

    graduate: int
    kind: str
    old: str = ""
    new: str = ""
    reason: str = ""
    fields: tuple[str, ...] = ()


@dataclass
class Plan:
    """Everything to write. New rows wait in temporary tables; others name them by reference."""

    students: NewRows = field(default_factory=lambda: NewRows(Student, STUDENT_FIELDS))
    enrolments: NewRows = field(
        default_factory=lambda: NewRows(
            Enrolment, ENROLMENT_FIELDS, extra=["class_name"], refers="student_id"
        )
    )
    graduates: NewRows = field(
        default_factory=lambda: NewRows(Graduate, GRADUATE_COLUMNS, refers="enrolment_id")
    )
    student_updates: list[Update] = field(default_factory=list)
    enrolment_updates: list[Update] = field(default_factory=list)
    graduate_updates: list[Update] = field(default_factory=list)
    gone: list[tuple[int, str, str, str]] = field(default_factory=list)
    deferred_from: list[tuple[int, int, str]] = field(default_factory=list)
    withdrawn: list[HandedIn] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    transfers: list[tuple[int, int, int]] = field(default_factory=list)
    classes: set[ClassKey] = field(default_factory=set)
    units: set[int] = field(default_factory=set)
    seen: list[Seen] = field(default_factory=list)

    def flush(self) -> None:
        for rows in (self.students, self.enrolments, self.graduates):
            rows.flush()

    def drop(self) -> None:
        for rows in (self.graduates, self.enrolments, self.students):
            rows.drop()


class Planner:
    """Turns staged lines into a `Plan`."""

    def __init__(self, campaign: Campaign, unit: Unit | None, *, clears: bool = False) -> None:
        self.scope = Scope.of(campaign, unit)
        self.diff = Diff(self.scope, clears=clears)
        self.plan = Plan()
        self.last_graduate: int | None = None
        self.id_numbers = Sealer(field_context(Student, "id_number"))
        self.phones = Sealer(field_context(Student, "phone"))
        self.public_ids: list[str] = []
        self.tokens: list[str] = []

    def __enter__(self) -> "Planner":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.plan.drop()

    def add_upload(self, upload: RosterUpload) -> Plan:
        """Everything an upload staged. Raises `Stale` when a line means something else than the preview said."""
        for block in staged_blocks(upload):
            now = self.diff.block(
                [Line(s.line, s.values, s.rest.get("warnings", [])) for s in block if s.values]
            )
            if any(not agrees(was, then) for was, then in zip(block, now, strict=True)):
                raise Stale
            self.plan.seen.append(self.diff.seen)
            for staged, digest in zip(block, self.diff.digests, strict=True):
                if staged.kind != RowKind.UNCHANGED:
                    self._add(staged, digest)
        self._add_gone(upload)
        self.plan.flush()
        return self.plan

    def add_line(self, line: Line) -> Staged:
        """One line from a form, compared and added unless it is refused or says nothing new."""
        staged = self.diff.block([line])[0]
        if staged.kind in (RowKind.NEW, RowKind.CHANGED) and PENDING not in staged.tags:
            self.plan.seen.append(self.diff.seen)
            self._add(staged, self.diff.digests[0])
            self.plan.flush()
        return staged

    def _add(self, staged: Staged, digest: str) -> None:
        values, rest = staged.values, staged.rest
        assert values is not None
        self.plan.units.add(self.scope.unit_ids[values.unit])
        makes = rest.get("makes", "")
        student = self._new_student(values, digest) if "s" in makes else rest["student"]
        enrolment = self._new_enrolment(values, student) if "e" in makes else rest["enrolment"]
        graduate = self._new_graduate(values, enrolment, rest, staged.tags) if makes else staged.graduate_id
        before = rest.get("before", {})
        if before:
            self._update(values, before, student, enrolment, graduate)
        if before or staged.tags:
            self._note(staged, graduate, before)

    def _public_id(self) -> str:
        if not self.public_ids:
            self.public_ids = random_ids(4096, 9)
        return self.public_ids.pop()

    def _token(self) -> str:
        if not self.tokens:
            self.tokens = random_ids(4096, 18)
        return self.tokens.pop()

    def _new_student(self, v: Values, digest: str) -> int:
        return self.plan.students.add((
            self._public_id(), v.name, v.gender, v.birth_date or None, v.id_type, self.id_numbers.seal(v.id_number),
            digest, self.phones.seal(v.phone),
        ))  # fmt: skip

    def _class(self, v: Values) -> ClassKey:
        key = (self.scope.unit_ids[v.unit], v.class_name)
        self.plan.classes.add(key)
        return key

    def _new_enrolment(self, v: Values, student: int) -> int:
        unit, class_name = self._class(v)
        return self.plan.enrolments.add((
            self._public_id(), student, v.student_number, unit, v.level, v.major_code, v.major_name, v.study_form,
            v.length, v.entry_date or None, v.expected_graduation or None, v.candidate_number, class_name,
        ))  # fmt: skip

    def _new_graduate(self, v: Values, enrolment: int, rest: dict[str, Any], tags: Sequence[str]) -> int:
        earlier = rest.get("earlier") or {}
        deferred = DEFERRAL in tags
        exempt = Exemption.EARLIER_PICTURE if earlier.get("exempt") else Exemption.NONE
        picture = earlier.get("picture") if deferred or earlier.get("exempt") else None
        reference = self.plan.graduates.add((
            self._public_id(), self._token(), enrolment, self.scope.terms[v.term], v.category or "graduate",
            str(exempt), picture,
        ))  # fmt: skip
        if deferred:
            self.plan.deferred_from.append((earlier["graduate"], reference, earlier["state"]))
            if "item" in earlier:
                handed = HandedIn(earlier["graduate"], earlier["item"], earlier["item_state"])
                self.plan.withdrawn.append(handed)
        self.last_graduate = reference
        return reference

    def _update(
        self, v: Values, before: dict[str, str], student: int, enrolment: int, graduate: int | None
    ) -> None:
        person: dict[str, Any] = {}
        study: dict[str, Any] = {}
        place: dict[str, Any] = {}
        for name in before:
            if name in PERSON_FIELDS:
                person |= self._person_value(name, v)
            elif name in GRADUATE_FIELDS:
                place[name] = self.scope.terms[v.term] if name == "term" else v.category
            elif name == "roster_state":
                place |= {"roster_state": str(RosterState.ACTIVE), "state_reason": ""}
            elif name in ("unit", "class_name"):
                study |= {"unit": self.scope.unit_ids[v.unit], "class_group": self._class(v)}
            else:
                study[name] = getattr(v, name) or (None if name in DATES else "")
        if "unit" in before:
            old = self.scope.unit_ids[before["unit"]]
            self.plan.units.add(old)
            self.plan.transfers.append((old, study["unit"], graduate or 0))
        for pk, values, updates in (
            (student, person, self.plan.student_updates),
            (enrolment, study, self.plan.enrolment_updates),
            (graduate, place, self.plan.graduate_updates),
        ):
            if values and pk is not None:
                updates.append(Update(pk, values))

    def _person_value(self, name: str, v: Values) -> dict[str, Any]:
        if name == "phone":
            return {"phone": self.phones.seal(v.phone)}
        if name == "birth_date":
            return {"birth_date": v.birth_date or None}
        if name in ("id_number", "id_type"):
            sealed = self.id_numbers.seal(v.id_number)
            return {"id_type": v.id_type, "id_number": sealed, "id_digest": digest_of(v.id_type, v.id_number)}
        return {name: getattr(v, name)}

    def _note(self, staged: Staged, graduate: int | None, before: dict[str, str]) -> None:
        """One event a line: named as the first of its names, with what stood there and stands now."""
        if graduate is None:
            return
        if "roster_state" in before:
            active = str(RosterState.ACTIVE)
            self.plan.notes.append(
                Note(graduate, "roster_state_active", old=before["roster_state"], new=active)
            )
            if len(before) == 1:
                return
        kind = f"roster_{staged.tags[0]}" if staged.tags else "roster_changed"
        shown = [f for f in ("name", "unit", "class_name", "term", "category") if f in before]
        values = staged.values
        assert values is not None
        self.plan.notes.append(
            Note(
                graduate,
                kind,
                old=join_words(before[f] for f in shown if before[f]),
                new=join_words(getattr(values, f) for f in shown if before[f]),
                fields=tuple(before),
            )
        )

    def _add_gone(self, upload: RosterUpload) -> None:
        rows = upload.rows.filter(kind=RowKind.GONE).exclude(fate="").order_by("line")
        decided = {row.graduate_id: row for row in rows}
        submitted = submitted_graduates([pk for pk in decided if pk is not None])
        people = Graduate.objects.filter(pk__in=list(decided)).values_list(
            "pk", "roster_state", "enrolment__unit"
        )
        for pk, state, unit in people:
            if state != RosterState.ACTIVE or pk in submitted:
                raise Stale
            row = decided.pop(pk)
            self.plan.gone.append((pk, state, row.fate, row.fate_reason))
            self.plan.units.add(unit)
        if decided:
            raise Stale


def staged_blocks(
    upload: RosterUpload, kinds: Sequence[str] = (RowKind.NEW, RowKind.CHANGED, RowKind.UNCHANGED)
) -> Iterator[list[Staged]]:
    """The upload's opened lines of these kinds, in blocks."""
    sealer = payload_sealer()
    last = 0
    while True:
        rows = list(
            RosterRow.objects.filter(upload=upload, kind__in=kinds, line__gt=last)
            .order_by("line")
            .values_list("line", "kind", "tags", "payload", "graduate_id")[:BLOCK]
        )
        if not rows:
            return
        last = rows[-1][0]
        yield [
            Staged(line, kind, tags, *unpack(sealer.open(secret.sealed)), graduate)
            for line, kind, tags, secret, graduate in rows
        ]


def agrees(was: Staged, now: Staged) -> bool:
    """Whether a line still means what the preview said; names that depend on other lines are left out."""
    if was.kind != now.kind and not (PENDING in now.tags and now.kind in (RowKind.NEW, RowKind.CHANGED)):
        return False
    if was.graduate_id != now.graduate_id or plain_tags(was.tags) != plain_tags(now.tags):
        return False
    return all(was.rest.get(key) == now.rest.get(key) for key in COMPARED)


def plain_tags(tags: Sequence[str]) -> set[str]:
    return {FALLBACK_TAGS.get(tag, tag) for tag in tags if tag not in (PENDING, NEW_LEVEL)}
