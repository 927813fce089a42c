"""Which people come to which of several shoots of their units. Pure: no model is imported.

Whoever has only one shoot belongs to it, whatever its room. Others go by whole classes, the largest first, to the first
shoot in time that has room for all of them; a class that fits nowhere is divided over the places left. Who is expected
somewhere already stays as far as there is room. Who has no place comes on top of the last shoot, which shows that hours
are lacking.
"""

from collections.abc import Collection, Iterable, Sequence
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
    found: dict[int, int] = field(default_factory=dict)  # person → shoot

    def give(self, people: Iterable[Person], shoot: int) -> None:
        for person in people:
            self.found[person.key] = shoot
            self.left[shoot] -= 1


def share(people: Iterable[Person], shoots: Sequence[Shoot]) -> dict[int, int]:
    """Person → shoot, for everybody who may come to one; `shoots` in order of time, `people` in that of their classes.

    Applied to its own answer it gives the same.
    """
    parts: dict[tuple[int, tuple[int, ...]], list[Person]] = {}
    for person in people:
        if choice := _open_to(person, shoots):
            parts.setdefault((person.group, choice), []).append(person)
    places = _Places({shoot.key: max(shoot.places, 0) for shoot in shoots})
    divided = []
    for (_group, choice), members in sorted(
        parts.items(), key=lambda part: (len(part[0][1]) > 1, -len(part[1]))
    ):
        if len(choice) == 1:
            places.give(members, choice[0])
        elif (home := _whole(members, choice, places.left)) is not None:
            places.give(members, home)
        else:
            divided.append((choice, members))
    for choice, members in divided:
        _divide(members, choice, places)
    return places.found


def _open_to(person: Person, shoots: Sequence[Shoot]) -> tuple[int, ...]:
    fitting = [shoot for shoot in shoots if person.unit in shoot.units and shoot.key not in person.barred]
    return tuple(shoot.key for shoot in [s for s in fitting if s.gains] or fitting)


def _whole(members: Collection[Person], choice: Sequence[int], left: dict[int, int]) -> int | None:
    """The shoot for the whole class: the one where most of it is now, else the first in time."""
    many = {shoot: sum(1 for person in members if person.here == shoot) for shoot in choice}
    ranked = sorted(choice, key=lambda shoot: -many[shoot])
    return next((shoot for shoot in ranked if left[shoot] >= len(members)), None)


def _divide(members: Sequence[Person], choice: Sequence[int], places: _Places) -> None:
    others = []
    for person in members:
        here = person.here
        if here is not None and here in choice and places.left[here] > 0:
            places.give([person], here)
        else:
            others.append(person)
    for person in others:
        free = next((shoot for shoot in choice if places.left[shoot] > 0), choice[-1])
        places.give([person], free)
