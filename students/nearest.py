"""Who is meant by a file that names nobody exactly: clues from its name and its neighbours, weighed and ranked.

Numbers are compared by the slips that people make when they type them: a wrong digit, two exchanged, one missing, one
too many. ID numbers are never compared here. No model is imported: values in, values out; people decide.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import ne
from typing import NamedTuple

MOST = 6
SHORTEST, LONGEST = 4, 14  # characters; from 15 digits on it is an ID number
PERMIT = re.compile(r"[HM][0-9]{8,10}")
TOKEN = re.compile(r"[0-9A-Z]+")
FEW = 12  # people missing in a class that are worth showing without another reason
BETWEEN = 3  # so many people between two neighbours are worth showing

# What a clue weighs. One that names a person outweighs all that only suggest one.
NUMBER = {
    "same": 130.0,
    "swap": 90.0,
    "digit": 85.0,
    "missing": 85.0,
    "extra": 85.0,
    "end": 50.0,
    "two": 35.0,
}
SHOT = {"same": 120.0, "swap": 60.0, "digit": 55.0, "missing": 60.0, "extra": 60.0}
NAMED, NAME, NAME_PARTS, ORDERED = 150.0, 100.0, 90.0, 70.0
ONLY_BETWEEN, ONE_BETWEEN, BESIDE, MISSING_IN_CLASS = 80.0, 55.0, 40.0, 10.0
HAS_PICTURE = 30.0  # taken off: who has a picture is less likely to be missing one


class Person(NamedTuple):
    """Somebody whose picture it may be. Number and name are empty where the studio must not know them."""

    key: int
    number: str
    name: str
    group: int
    has_picture: bool


class Shot(NamedTuple):
    """A valid shot number in the order of issue; `line` is its station and day."""

    code: str
    line: str
    person: int


class Around(NamedTuple):
    """The people of the nearest filed frames before and after, by file name (`order`) or by time of capture (`time`)."""

    kind: str
    before: int | None
    after: int | None


class Why(NamedTuple):
    """A clue: its kind, and the people that it speaks of besides the candidate."""

    kind: str
    before: int | None = None
    after: int | None = None


@dataclass
class Candidate:
    """A person, the shot number to tie the picture to where a clue says so, and why."""

    person: int
    weight: float = 0.0
    shot: str = ""
    whys: list[Why] = field(default_factory=list)

    def add(self, weight: float, why: Why, shot: str = "") -> None:
        if all(known.kind != why.kind for known in self.whys):
            self.weight += weight
            self.whys.append(why)
            self.shot = self.shot or shot


def slip(typed: str, number: str) -> str:
    """How a typed number differs from a real one: a key of `NUMBER`, or "" if it does not resemble it."""
    shorter = len(number) - len(typed)
    if shorter == 0:
        wrong = sum(map(ne, typed, number))
        if wrong > 2:
            return ""
        if wrong == 2:
            first = next(
                at for at, (one, other) in enumerate(zip(typed, number, strict=True)) if one != other
            )
            pair = number[first + 1] + number[first]
            return "swap" if typed[first : first + 2] == pair else "two"
        return "digit" if wrong else "same"
    if shorter == 1 and _one_left_out(typed, number):
        return "missing"
    if shorter == -1 and _one_left_out(number, typed):
        return "extra"
    return "end" if shorter > 1 and number.endswith(typed) else ""


def _one_left_out(short: str, long: str) -> bool:
    at = next((i for i, char in enumerate(short) if char != long[i]), len(short))
    return short[at:] == long[at + 1 :]


def plain(text: str) -> str:
    """Full-width characters unified, no case."""
    return unicodedata.normalize("NFKC", text).casefold()


def typed_numbers(stem: str) -> list[str]:
    """What may be somebody's number in a file name, the longest first."""
    found = dict.fromkeys(TOKEN.findall(plain(stem).upper()))
    numbers = [
        token
        for token in found
        if SHORTEST <= len(token) <= LONGEST and any(map(str.isdigit, token)) and not PERMIT.fullmatch(token)
    ]
    return sorted(numbers, key=len, reverse=True)[:4]


def typed_shots(stem: str) -> list[str]:
    """What may be a shot number without its hyphens: each piece of the name, and up to four pieces in a row."""
    pieces = TOKEN.findall(plain(stem).upper())
    runs = ("".join(pieces[at : at + many]) for at in range(len(pieces)) for many in range(1, 5))
    return [run for run in dict.fromkeys(runs) if 7 <= len(run) <= LONGEST and any(map(str.isdigit, run))][:8]


def compact(code: str) -> str:
    return code.replace("-", "").upper()


@dataclass(frozen=True)
class File:
    """What is known of the file: its name, whom its exact numbers name, the shot number that its order suggests."""

    stem: str
    named: int | None = None
    ordered: str = ""
    around: Sequence[Around] = ()
    groups: frozenset[int] = frozenset()  # classes that its neighbours are in


class _Board:
    """Candidates as they gather clues."""

    def __init__(self, people: Sequence[Person], shots: Sequence[Shot]) -> None:
        self.people: Mapping[int, Person] = {person.key: person for person in people}
        self.shots = [shot for shot in shots if shot.person in self.people]
        self.place: dict[int, int] = {shot.person: at for at, shot in enumerate(self.shots)}
        self.found: dict[int, Candidate] = {}

    def add(self, person: int, weight: float, why: Why, shot: str = "") -> None:
        if person in self.people:
            self.found.setdefault(person, Candidate(person)).add(weight, why, shot)

    def ranked(self, most: int) -> list[Candidate]:
        for candidate in self.found.values():
            if self.people[candidate.person].has_picture:
                candidate.weight -= HAS_PICTURE
        likely = [candidate for candidate in self.found.values() if candidate.weight > 0]
        return sorted(likely, key=self._rank)[:most]

    def _rank(self, candidate: Candidate) -> tuple[float, str, int]:
        return (-candidate.weight, self.people[candidate.person].number, candidate.person)


def nearest(
    file: File, people: Sequence[Person], shots: Sequence[Shot], *, most: int = MOST
) -> list[Candidate]:
    """The likeliest people first, at most `most`, each with at least one reason; the same input, the same answer."""
    board = _Board(people, shots)
    if file.named is not None:
        board.add(file.named, NAMED, Why("named"))
    _by_number(board, file)
    _by_name(board, file)
    _by_shot(board, file)
    for around in file.around:
        _by_neighbours(board, around)
    _by_class(board, file)
    return board.ranked(most)


def _by_number(board: _Board, file: File) -> None:
    for typed in typed_numbers(file.stem):
        for person in board.people.values():
            if person.number and (kind := slip(typed, person.number.upper())):
                board.add(person.key, NUMBER[kind], Why(f"number_{kind}"))


def _by_name(board: _Board, file: File) -> None:
    stem = re.sub(r"[\s·.]+", "", plain(file.stem))
    for person in board.people.values():
        parts = [part for part in re.split(r"[\s·.]+", plain(person.name)) if part] if person.name else []
        whole = "".join(parts)
        if len(whole) < 2:
            continue
        if whole in stem:
            # The longer of two names that both fit is meant.
            board.add(person.key, NAME + len(whole), Why("name"))
        elif len(parts) > 1 and all(part in stem for part in parts):
            board.add(person.key, NAME_PARTS, Why("name"))


def _by_shot(board: _Board, file: File) -> None:
    runs = typed_shots(file.stem)
    for shot in board.shots:
        if file.ordered and shot.code == file.ordered:
            board.add(shot.person, ORDERED, Why("ordered"), shot.code)
        code = compact(shot.code) if runs else ""
        for run in runs:
            kind = slip(run, code)
            if kind in SHOT:
                board.add(shot.person, SHOT[kind], Why(f"shot_{kind}"), shot.code)


def _by_neighbours(board: _Board, around: Around) -> None:
    row = _row_of(board, around)
    if row is None:
        return
    people, before, after = row
    if before is None and after is None:
        return
    if before is None or after is None:
        at = before + 1 if before is not None else (after or 0) - 1
        if 0 <= at < len(people):
            kind = "after" if before is not None else "before"
            board.add(people[at], BESIDE, Why(f"{kind}_{around.kind}", around.before, around.after))
        return
    inside = people[min(before, after) + 1 : max(before, after)]
    if len(inside) <= BETWEEN:
        weight = ONLY_BETWEEN if len(inside) == 1 else ONE_BETWEEN
        for person in inside:
            board.add(person, weight, Why(f"between_{around.kind}", around.before, around.after))


def _row_of(board: _Board, around: Around) -> tuple[list[int], int | None, int | None] | None:
    """People in a row in which both neighbours stand: as their numbers were issued, else as their class is numbered."""
    sides = [key for key in (around.before, around.after) if key is not None and key in board.people]
    if not sides:
        return None
    lines = {board.shots[board.place[key]].line if key in board.place else "" for key in sides}
    if len(lines) == 1 and "" not in lines:
        (line,) = lines
        people = [shot.person for shot in board.shots if shot.line == line]
    else:
        groups = {board.people[key].group for key in sides}
        if len(groups) > 1:
            return None
        people = list(_class_in_order(board, groups.pop()))
    places = {person: at for at, person in enumerate(people)}
    return people, places.get(around.before or 0), places.get(around.after or 0)


def _by_class(board: _Board, file: File) -> None:
    """Who is missing in the class of the neighbours: a clue more for those who have one, the only one where few are."""
    missing = [one.key for one in board.people.values() if one.group in file.groups and not one.has_picture]
    for person in missing:
        if person in board.found or len(missing) <= FEW:
            board.add(person, MISSING_IN_CLASS, Why("missing_in_class"))


def _class_in_order(board: _Board, group: int) -> Iterator[int]:
    members: Iterable[Person] = (person for person in board.people.values() if person.group == group)
    numbered = sorted((person for person in members if person.number), key=lambda person: person.number)
    return (person.key for person in numbered)
