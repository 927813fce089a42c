"""Which people come to which of several shoots of their units. Pure: no model is imported.

Whoever has only one shoot belongs to it, whatever its room. Others go by whole classes, the largest first, to the first
shoot in time that has room for all of them; a class that fits nowhere is divided over the places left. Who is expected
somewhere already stays as far as there is room, and who joins a class goes where most of it is. Who has no place comes
on top of the last shoot, which shows that hours are lacking.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Person(NamedTuple):
    """Who is to be photographed: class and unit, the shoots that are over for this person, and where he or she is now."""

    key: int
    group: int
    unit: int
    barred: frozenset[int] = frozenset()
    here: int | None = None


@dataclass(frozen=True)
class Shoot:
    """A shoot with its places for these people; one that gains nobody is only for those who have no other."""

    key: int
    units: frozenset[int]
    places: int
    gains: bool = True


@dataclass
class _Places:
    left: dict[int, int]
    stay: Mapping[tuple[int, int], int]
    found: dict[int, int] = field(default_factory=dict)  # person → shoot

    def give(self, people: Iterable[Person], shoot: int) -> None:
        for person in people:
            self.found[person.key] = shoot
            self.left[shoot] -= 1

    def by_class(self, members: Sequence[Person], choice: Sequence[int]) -> list[int]:
        """The shoots by how much of the members' class is there, those alike in order of time."""
        here = Counter(person.here for person in members)
        return sorted(choice, key=lambda shoot: -here[shoot] - self.stay.get((members[0].group, shoot), 0))


def share(
    people: Iterable[Person], shoots: Sequence[Shoot], stay: Mapping[tuple[int, int], int] | None = None
) -> dict[int, int]:
    """Person → shoot, for everybody who may come to one; `shoots` in order of time, `people` in that of their classes.

    `stay` says how many others of a class stay at a shoot, by class and shoot; they are not counted in its places.
    Applied to its own answer it gives the same.
    """
    parts: dict[tuple[int, tuple[int, ...]], list[Person]] = {}
    of_unit: dict[int, list[Shoot]] = {}
    for shoot in shoots:
        for unit in shoot.units:
            of_unit.setdefault(unit, []).append(shoot)
    for person in people:
        if choice := _open_to(person, of_unit.get(person.unit, [])):
            parts.setdefault((person.group, choice), []).append(person)
    places = _Places({shoot.key: max(shoot.places, 0) for shoot in shoots}, stay or {})
    divided = []
    for (_group, choice), members in sorted(
        parts.items(), key=lambda part: (len(part[0][1]) > 1, -len(part[1]))
    ):
        if len(choice) == 1:
            places.give(members, choice[0])
        elif (home := _whole(members, choice, places)) is not None:
            places.give(members, home)
        else:
            divided.append((choice, members))
    for choice, members in divided:
        _divide(members, choice, places)
    return places.found


def _open_to(person: Person, shoots: Sequence[Shoot]) -> tuple[int, ...]:
    """Those of the shoots of the person's unit to which he or she may come."""
    fitting = [shoot for shoot in shoots if shoot.key not in person.barred]
    return tuple(shoot.key for shoot in [s for s in fitting if s.gains] or fitting)


def _whole(members: Sequence[Person], choice: Sequence[int], places: _Places) -> int | None:
    """The shoot for the whole class: the one where most of it is now, else the first in time."""
    ranked = places.by_class(members, choice)
    return next((shoot for shoot in ranked if places.left[shoot] >= len(members)), None)


def _divide(members: Sequence[Person], choice: Sequence[int], places: _Places) -> None:
    others = []
    for person in members:
        here = person.here
        if here is not None and here in choice and places.left[here] > 0:
            places.give([person], here)
        else:
            others.append(person)
    ranked = places.by_class(members, choice)
    for person in others:
        free = next((shoot for shoot in ranked if places.left[shoot] > 0), choice[-1])
        places.give([person], free)
