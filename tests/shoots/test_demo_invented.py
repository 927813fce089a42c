"""The invented people of the demonstration: sizes as promised, numbers that pass every check."""

import datetime as dt
import random

import pytest

from sessions.demo.invented import HEADINGS, invent_people, invent_units, unit_sizes
from students.identity import check_number


@pytest.mark.parametrize(
    ("units", "graduates"), [(4, 301), (6, 360), (8, 420), (12, 900), (12, 1500), (30, 5000), (20, 2000)]
)
def test_sizes_hold_what_is_promised(units: int, graduates: int) -> None:
    sizes = unit_sizes(units, graduates, random.Random(7))
    assert len(sizes) == units and sum(sizes) == graduates
    assert {99, 100, 101} <= set(sizes) and len(set(sizes)) == units and min(sizes) > 0
    assert sum(size < 100 for size in sizes) * 2 >= units
    assert graduates < 900 or max(sizes) > 400


def test_too_few_graduates_are_refused() -> None:
    with pytest.raises(ValueError, match="need"):
        unit_sizes(12, 310, random.Random(1))


def test_people_pass_the_identity_checks_and_are_distinct() -> None:
    rng = random.Random(3)
    unit = invent_units(6, 360, rng)[0]
    people = list(invent_people(unit, 1, rng))
    assert len(people) > unit.size == 99
    assert sum(person.cells[HEADINGS.index("类别")] == "毕业生" for person in people) == 99
    assert len({person.student_number for person in people}) == len(people)
    for person in people:
        check_number("id_card", person.id_number, today=dt.date(2018, 1, 1))


def test_same_seed_invents_the_same_people() -> None:
    def numbers(seed: int) -> list[str]:
        rng = random.Random(seed)
        return [p.id_number for unit in invent_units(6, 360, rng) for p in invent_people(unit, 1, rng)]

    assert numbers(5) == numbers(5) != numbers(6)
