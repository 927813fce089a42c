"""What each line of a roster means against what is on record: new, changed, unchanged, or refused and why (design §7).

Reads, never writes. The same lines against the same records give the same answer, so that the preview can be
checked once more when it is applied.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from photocampus.crypto import Sealer, mask
from students.identity import Problem
from students.models import RosterState, RowKind, Student
from students.roster_columns import FIELDS
from students.roster_records import (
    Earlier,
    Facts,
    Known,
    Person,
    Scope,
    batched_graduates,
    decided,
    digest_of,
    earlier_places,
    frozen_students,
    handed_in,
    known_enrolments,
    levels_of,
    people_with,
    sealed_numbers,
    submitted_graduates,
)
from students.rows import Finding, Values
from students.staging import field_context, plain_findings

IDENTITY = frozenset({"name", "gender", "id_type", "id_number", "birth_date"})
PERSON_FIELDS = IDENTITY | {"phone"}
GRADUATE_FIELDS = frozenset({"term", "category"})
HANDED_IN = GRADUATE_FIELDS | {"unit"}  # what a submission was made with
CLEARABLE = frozenset(
    {
        "major_code", "major_name", "study_form", "length", "entry_date", "expected_graduation", "candidate_number",
        "phone",
    }
)  # fmt: skip

# What a line is named as (design §7).
MOVED_CLASS = "moved_class"
CORRECTED_NAME = "corrected_name"
CORRECTED_NUMBER = "corrected_number"
EXCHANGED_NUMBER = "exchanged_number"
DEFERRAL = "deferral"
BROUGHT_FORWARD = "brought_forward"
TRANSFER = "transfer"
RESTORED = "restored"
NEW_LEVEL = "new_level"
EARLIER_PICTURE = "earlier_picture"
WITHDRAWN = "withdrawn"
PENDING = "pending"


class Line(NamedTuple):
    """A line that passed its own checks."""

    line: int
    values: Values
    warnings: list[Any]


class Staged(NamedTuple):
    """A line with its meaning, ready to be stored."""

    line: int
    kind: str
    tags: list[str]
    values: Values | None
    rest: dict[str, Any]
    graduate_id: int | None


class Seen(NamedTuple):
    """What a block was compared with, so that it can be asked again whether that still holds."""

    numbers: list[str]
    digests: list[str]
    fingerprint: int


def fingerprint(known: dict[str, Known], people: dict[tuple[str, str], Person]) -> int:
    return hash((tuple(known.values()), tuple(people.values())))


def still_holds(scope: Scope, seen: Seen) -> bool:
    """Whether the records are what the block was compared with; locks them where the database locks rows."""
    known = known_enrolments(scope, seen.numbers, lock=True)
    return fingerprint(known, people_with(seen.digests)) == seen.fingerprint


class Diff:
    """Compares blocks of lines with the records of one scope.

    A blank cell states nothing, unless `clears`: then it empties what may be empty (a form shows every field).
    """

    def __init__(self, scope: Scope, *, clears: bool = False) -> None:
        self.scope = scope
        self.clears = CLEARABLE if clears else frozenset()
        self.seen = Seen([], [], 0)
        self.digests: list[str] = []
        self.phones = Sealer(field_context(Student, "phone"))
        self.id_numbers = Sealer(field_context(Student, "id_number"))

    def block(self, lines: Sequence[Line]) -> list[Staged]:
        """The meaning of each line, in order. A few queries for the block, whatever its size."""
        numbers = [line.values.student_number for line in lines]
        known = known_enrolments(self.scope, numbers)
        digests = [digest_of(line.values.id_type, line.values.id_number) for line in lines]
        changes: list[dict[str, str]] = []
        for line, digest in zip(lines, digests, strict=True):
            record = known.get(line.values.student_number)
            changes.append(self._changes(record, line.values, digest) if record else {})
        facts = self._facts(lines, digests, known, changes)
        self.digests = digests
        self.seen = Seen(numbers, facts.wanted, fingerprint(known, facts.people))
        return [
            self._known(line, facts.known[line.values.student_number], digest, changed, facts)
            if line.values.student_number in known
            else self._new_enrolment(line, digest, facts)
            for line, digest, changed in zip(lines, digests, changes, strict=True)
        ]

    def _changes(self, record: Known, values: Values, digest: str) -> dict[str, str]:
        """Field → what is on record, for each stated field that differs."""
        same_number = digest == record.id_digest and values.id_type == record.id_type
        old = (
            record.student_number, record.name, record.gender, record.id_type,
            values.id_number if same_number else "", self.scope.unit_codes[record.unit_id], record.class_name,
            record.level, record.term or values.term, _text(record.birth_date), record.major_code, record.major_name,
            record.study_form, record.length, _text(record.entry_date), _text(record.expected_graduation),
            record.candidate_number, record.category or values.category,
            self.phones.open(record.phone) if record.phone and (values.phone or self.clears) else "",
        )  # fmt: skip
        if old == values:
            return {}
        clears = self.clears
        return {
            f: was
            for f, new, was in zip(FIELDS, values, old, strict=True)
            if new != was and (new or f in clears)
        }

    def _facts(
        self,
        lines: Sequence[Line],
        digests: Sequence[str],
        known: dict[str, Known],
        changes: Sequence[dict[str, str]],
    ) -> Facts:
        """Ask for what only some lines need."""
        wanted: set[str] = set()
        identity: set[int] = set()
        numbers: set[int] = set()
        moved: set[int] = set()
        absent: set[int] = set()
        for line, digest, changed in zip(lines, digests, changes, strict=True):
            record = known.get(line.values.student_number)
            if record is None:
                wanted.add(digest)
                continue
            if record.graduate_id is None:
                absent.add(record.enrolment_id)
            elif not HANDED_IN.isdisjoint(changed):
                moved.add(record.graduate_id)
            if not IDENTITY.isdisjoint(changed):
                identity.add(record.student_id)
            if "id_number" in changed:
                wanted.add(digest)
                numbers.add(record.student_id)
        digests_wanted = sorted(wanted)
        people = people_with(digests_wanted)
        earlier = earlier_places(self.scope, absent)
        places = [place.graduate_id for place in earlier.values()]
        open_places = handed_in(places)
        return Facts(
            known=known,
            wanted=digests_wanted,
            people=people,
            levels=levels_of({person.student_id for person in people.values()}),
            frozen=frozen_students(identity),
            submitted=submitted_graduates(moved),
            handed_in=open_places,
            batched=batched_graduates(open_places),
            earlier=earlier,
            refused_pictures=decided(places, outcome="no"),
            passed=decided(places, stage="chsi", outcome="yes"),
            numbers=sealed_numbers(numbers),
        )

    def _known(self, line: Line, record: Known, digest: str, changed: dict[str, str], facts: Facts) -> Staged:
        values = line.values
        foreign = self.scope.allowed is not None and record.unit_id not in self.scope.allowed
        if foreign and not (IDENTITY | {"level"}).isdisjoint(changed):
            # Nothing about another unit's person is shown, not even what differs.
            return self._refuse(
                line, [Finding("student_number", values.student_number, Problem.of("other_unit"))]
            )
        problems: list[Finding] = []
        if "level" in changed:
            problems.append(_finding("level", values, Problem.of("level_fixed", level=record.level)))
        if record.student_id in facts.frozen:
            problems += [
                _finding(f, values, Problem.of("frozen")) for f in FIELDS if f in changed and f in IDENTITY
            ]
        if record.graduate_id in facts.submitted:
            problems += self._handed_in(record, values, changed)
        if problems:
            return self._refuse(line, problems)
        rest = self._rest(line, changed)
        tags = _tags(record, values, changed)
        if "id_number" in changed:
            rest["before"]["id_number"] = self.id_numbers.open(facts.numbers[record.student_id])
            owner = facts.people.get((values.id_type, digest))
            if owner is not None and owner.student_id != record.student_id:
                self._make_pending(tags, rest, owner, "id_number", "id_taken")
        rest["student"] = record.student_id
        rest["enrolment"] = record.enrolment_id
        if record.graduate_id is None:
            rest["makes"] = "g"
            self._place_again(record, values, tags, rest, facts)
            if DEFERRAL in tags and (refusal := self._withdraw(record, tags, rest["earlier"], facts)):
                return self._refuse(line, [_finding("term", values, Problem.of(refusal))])
            return Staged(line.line, RowKind.NEW, tags, values, rest, None)
        if record.roster_state != RosterState.ACTIVE:
            tags.append(RESTORED)
            rest.setdefault("before", {})["roster_state"] = record.roster_state
        if not rest.get("before"):
            warned = {"warnings": rest["warnings"]} if "warnings" in rest else {}
            return Staged(line.line, RowKind.UNCHANGED, [], values, warned, record.graduate_id)
        return Staged(line.line, RowKind.CHANGED, tags, values, rest, record.graduate_id)

    def _handed_in(self, record: Known, values: Values, changed: dict[str, str]) -> list[Finding]:
        """Whose picture is handed in stays a graduate and keeps the term and the college of that submission."""
        found = [_finding("term", values, Problem.of("submitted"))] if "term" in changed else []
        if "category" in changed:
            found.append(_finding("category", values, Problem.of("submitted_as")))
        colleges = self.scope.colleges
        if "unit" in changed and colleges[record.unit_id] != colleges[self.scope.unit_ids[values.unit]]:
            found.append(_finding("unit", values, Problem.of("submitted_by")))
        return found

    def _place_again(
        self, record: Known, values: Values, tags: list[str], rest: dict[str, Any], facts: Facts
    ) -> None:
        """An enrolment that was in another campaign: deferred, taken early, or back again; with its picture (R9)."""
        place = facts.earlier.get(record.enrolment_id)
        if place is None:
            return
        finished = place.graduate_id in facts.passed
        if (
            place.category == "graduate"
            and place.roster_state in (RosterState.ACTIVE, RosterState.DEFERRED)
            and place.term < values.term
            and not finished
        ):
            tags.append(DEFERRAL)
        elif place.roster_state in (RosterState.LEFT, RosterState.TRANSFERRED):
            tags.append(RESTORED)
        own = _own_picture(place, facts)
        if own:
            tags.append(EARLIER_PICTURE)
        rest["earlier"] = {
            "graduate": place.graduate_id,
            "state": place.roster_state,
            "term": place.term,
            "picture": place.picture_id,
            "exempt": own,
        }

    def _withdraw(self, record: Known, tags: list[str], earlier: dict[str, Any], facts: Facts) -> str:
        """A deferral takes a picture out of its submission, but not out of a batch, nor another unit's; why not, or ""."""
        handed = facts.handed_in.get(earlier["graduate"])
        if handed is None:
            return ""
        if handed.graduate in facts.batched:
            return "in_batch"
        if self.scope.allowed is not None and record.unit_id not in self.scope.allowed:
            return "submitted"
        earlier["item"], earlier["item_state"] = handed.item, handed.state
        tags.append(WITHDRAWN)
        return ""

    def _new_enrolment(self, line: Line, digest: str, facts: Facts) -> Staged:
        values = line.values
        rest = self._rest(line, {})
        person = facts.people.get((values.id_type, digest))
        if person is None:
            rest["makes"] = "seg"
            return Staged(line.line, RowKind.NEW, [], values, rest, None)
        tags = [NEW_LEVEL]
        conflict = _conflict(person, values, facts)
        if conflict:
            # Whether this line stands depends on another one: the number's holder may get another in this file.
            self._make_pending(tags, rest, person, *conflict)
            rest["makes"] = "seg"
            return Staged(line.line, RowKind.NEW, [PENDING], values, rest, None)
        rest["makes"] = "eg"
        rest["student"] = person.student_id
        old_phone = self.phones.open(person.phone) if person.phone else ""
        if values.phone and values.phone != old_phone:
            rest["before"] = {"phone": old_phone}
        if values.birth_date and not person.birth_date:
            rest.setdefault("before", {})["birth_date"] = ""
        return Staged(line.line, RowKind.NEW, tags, values, rest, None)

    def _make_pending(
        self, tags: list[str], rest: dict[str, Any], owner: Person, column: str, code: str
    ) -> None:
        tags.append(PENDING)
        rest["owner"] = owner.student_id
        rest["otherwise"] = [column, code]

    def _rest(self, line: Line, changed: dict[str, str]) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        if changed:
            rest["before"] = dict(changed)
        if line.warnings:
            rest["warnings"] = line.warnings
        return rest

    def _refuse(self, line: Line, problems: list[Finding]) -> Staged:
        rest = {"findings": plain_findings(problems)}
        return Staged(line.line, RowKind.REFUSED, [], line.values, rest, None)


def _text(day: Any) -> str:
    return day if isinstance(day, str) else day.isoformat() if day else ""


def _finding(column: str, values: Values, problem: Problem) -> Finding:
    text = getattr(values, column)
    return Finding(column, mask(text) if column == "id_number" else text, problem)


def _conflict(person: Person, values: Values, facts: Facts) -> tuple[str, str] | None:
    """One ID number with two names or birth dates, or twice at one level, is refused (design §5)."""
    if person.name != values.name:
        return "name", "id_known_other_name"
    if values.birth_date and person.birth_date and _text(person.birth_date) != values.birth_date:
        return "birth_date", "id_known_other_birth"
    if (person.student_id, values.level) in facts.levels:
        return "id_number", "id_known_at_level"
    return None


def _own_picture(place: Earlier, facts: Facts) -> bool:
    """R9: a picture of this very enrolment, taken by the studio and not refused. A scanned print is for staff to decide."""
    return (
        place.picture_id is not None
        and place.origin in ("attendance", "studio_file")
        and place.graduate_id not in facts.refused_pictures
    )


def _tags(record: Known, values: Values, changed: dict[str, str]) -> list[str]:
    """What the changes are called."""
    tags = []
    if "name" in changed:
        tags.append(CORRECTED_NAME)
    if "id_number" in changed or "id_type" in changed:
        tags.append(CORRECTED_NUMBER)
    if "unit" in changed:
        tags.append(TRANSFER)
    elif "class_name" in changed:
        tags.append(MOVED_CLASS)
    if "term" in changed and record.term:
        tags.append(DEFERRAL if values.term > record.term else BROUGHT_FORWARD)
    return tags
