"""Sharing people among shoots, without a database: everybody once, whole classes, the same answer again."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.sharing import Person, Shoot, share

A, B = frozenset({1}), frozenset({1, 2})


def people(*sizes: int, unit: int = 1, start: int = 0, here: int | None = None) -> list[Person]:
    """Classes of these sizes, one after the other."""
    groups = [group for group, size in enumerate(sizes, start=1) for _person in range(size)]
    return [Person(start + key, group * 10 + unit, unit, here=here) for key, group in enumerate(groups)]


def counts(found: dict[int, int]) -> dict[int, int]:
    return {shoot: list(found.values()).count(shoot) for shoot in sorted(set(found.values()))}


def test_one_shoot_takes_everybody() -> None:
    assert counts(share(people(29, 14), [Shoot(7, A, 20)])) == {7: 43}


def test_whole_classes_the_largest_first() -> None:
    found = share(people(15, 15, 25, 25), [Shoot(1, A, 40), Shoot(2, A, 40)])
    assert counts(found) == {1: 40, 2: 40}
    assert {tuple(sorted({found[key] for key in keys})) for keys in (range(15), range(30, 55))} == {(1,)}


def test_a_class_that_fits_nowhere_is_divided_and_the_last_shoot_takes_the_rest() -> None:
    assert counts(share(people(30), [Shoot(1, A, 20), Shoot(2, A, 8)])) == {1: 20, 2: 10}


def test_who_has_only_one_shoot_comes_first() -> None:
    shoots = [Shoot(1, B, 20), Shoot(2, A, 40)]
    found = share([*people(15), *people(12, unit=2, start=100)], shoots)
    assert counts(found) == {1: 12, 2: 15}


def test_who_is_somewhere_stays_as_far_as_there_is_room() -> None:
    shoots = [Shoot(1, A, 20), Shoot(2, A, 20)]
    assert counts(share(people(15, here=2), shoots)) == {2: 15}
    assert counts(share(people(15, 15, here=2), shoots)) == {1: 15, 2: 15}


def test_who_joins_a_class_goes_where_the_class_is() -> None:
    shoots, group = [Shoot(1, A, 5), Shoot(2, A, 5)], people(1)[0].group
    assert counts(share(people(2), shoots)) == {1: 2}
    assert counts(share(people(2), shoots, {(group, 2): 20})) == {2: 2}
    assert counts(share(people(7), shoots, {(group, 2): 20})) == {1: 2, 2: 5}
    assert counts(share(people(7), [Shoot(1, A, 6), Shoot(2, A, 0)], {(group, 2): 20})) == {1: 6, 2: 1}


def test_a_shoot_that_gains_nobody_is_only_for_those_without_another() -> None:
    shoots = [Shoot(1, B, 20, gains=False), Shoot(2, A, 5)]
    found = share([*people(9), *people(3, unit=2, start=100)], shoots)
    assert counts(found) == {1: 3, 2: 9}


def test_nobody_comes_to_a_shoot_that_is_over_for_the_person() -> None:
    shoots = [Shoot(1, A, 20), Shoot(2, A, 20)]
    assert share([Person(1, 1, 1, frozenset({1}))], shoots) == {1: 2}
    assert share([Person(1, 1, 1, frozenset({1, 2}))], shoots) == {}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 12), max_size=6),
    st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 30), st.booleans()), min_size=1, max_size=4),
    st.integers(0, 9999),
)
def test_everybody_has_one_place_and_the_answer_lasts(
    sizes: list[int], rows: list[tuple[frozenset[int], int, bool]], seed: int
) -> None:
    dice = random.Random(seed)
    shoots = [Shoot(key, units, places, gains) for key, (units, places, gains) in enumerate(rows)]
    crowd = [
        person._replace(unit=1 + person.group // 10 % 2, here=dice.choice([None, *range(len(rows))]))
        for person in people(*sizes)
    ]
    stay = {(p.group, dice.randrange(len(rows))): dice.randint(0, 9) for p in crowd if dice.random() < 0.3}
    found = share(crowd, shoots, stay)
    can_come = {p.key for p in crowd if any(p.unit in shoot.units for shoot in shoots)}
    assert set(found) == can_come
    assert share([p._replace(here=found.get(p.key)) for p in crowd], shoots, stay) == found
    for shoot in shoots[:-1]:
        mine = [p for p in crowd if found.get(p.key) == shoot.key]
        if len(mine) > shoot.places:  # too many only where people have no later one
            assert any(_last(p, shoots) == shoot.key for p in mine)


def _last(person: Person, shoots: list[Shoot]) -> int:
    fitting = [s for s in shoots if person.unit in s.units]
    return ([s for s in fitting if s.gains] or fitting)[-1].key
