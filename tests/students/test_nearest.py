"""Who is meant by a file: each clue alone, clues together, and what is never a clue."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from students.nearest import (
    MOST,
    Around,
    File,
    Person,
    Shot,
    nearest,
    slip,
    typed_numbers,
    typed_shots,
)

PEOPLE = [
    Person(1, "2014100111", "张三", 1, False),
    Person(2, "2014200222", "张三丰", 1, False),
    Person(3, "2014300333", "李四", 1, False),
    Person(4, "2014400444", "José Pérez", 2, False),
    Person(5, "2014500555", "王五", 2, True),
]
SHOTS = [Shot(f"A2-0417-{number:03d}", "A2 0417", number) for number in range(1, 5)]


def kinds(file: File, people=PEOPLE, shots=()):
    return [(one.person, [why.kind for why in one.whys]) for one in nearest(file, people, shots)]


@pytest.mark.parametrize(
    ("typed", "number", "kind"),
    [
        ("2014000101", "2014000101", "same"),
        ("2014000191", "2014000101", "digit"),
        ("2014000110", "2014000101", "swap"),
        ("2014000192", "2014000101", "two"),
        ("201400011", "2014000101", "missing"),
        ("20140001011", "2014000101", "extra"),
        ("00101", "2014000101", "end"),
        ("2014999101", "2014000101", ""),
        ("0014000", "2014000101", ""),
        ("101", "2014000101", "end"),
    ],
)
def test_slips_are_told_apart(typed, number, kind):
    assert slip(typed, number) == kind


def test_numbers_of_a_name_are_those_that_may_be_somebodys():
    assert typed_numbers("IMG_2014000101 (2)") == ["2014000101"]
    assert typed_numbers("２０１４０００１０１ 张三") == ["2014000101"]
    # ID numbers, also with a slip, permits and counters are compared with nobody.
    for stem in ("11010519950615002X", "1101051995061500", "H1234567890", "M12345678", "17", "会计"):
        assert typed_numbers(stem) == []


def test_shot_numbers_are_read_without_their_hyphens():
    assert "A20417031" in typed_shots("A2_0417 031")
    assert "A20417B031" in typed_shots("a2.0417.B031")
    assert typed_shots("11010519950615002X") == []


def test_one_wrong_digit_names_the_person_first():
    assert kinds(File("2014100199"))[0] == (1, ["number_two"])
    assert kinds(File("2014100119"))[0] == (1, ["number_digit"])
    assert kinds(File("2014101011"))[0] == (1, ["number_swap"])


def test_the_longer_of_two_names_is_meant_and_names_of_parts_are_found_in_any_order():
    assert [who for who, _why in kinds(File("张三丰 毕业照"))] == [2, 1]
    assert [who for who, _why in kinds(File("张 三"))] == [1]
    assert kinds(File("perez-JOSE")) == []  # an accent is a letter of its own
    assert kinds(File("Pérez_José")) == [(4, ["name"])]


def test_a_number_that_is_right_outweighs_all_others():
    file = File("2014300333 张三", named=3)
    assert [who for who, _why in kinds(file)] == [3, 1]
    assert kinds(file)[0] == (3, ["named", "number_same"])


def test_shot_number_written_differently_or_with_a_slip_is_tied():
    (first, *_rest) = nearest(File("A2_0417_003"), PEOPLE, SHOTS)
    assert (first.person, first.shot, [why.kind for why in first.whys]) == (3, "A2-0417-003", ["shot_same"])
    (first, *_rest) = nearest(File("A2-0417-0O3"), PEOPLE, SHOTS)
    assert first.person == 3 and first.shot == "A2-0417-003"


def test_who_stands_between_two_filed_frames_is_likeliest():
    file = File("IMG_7", around=[Around("order", 1, 3)], groups=frozenset({1}))
    found = kinds(file, shots=SHOTS)
    assert found[0] == (2, ["between_order", "missing_in_class"])
    both = File("IMG_7", around=[Around("order", 1, 3), Around("time", 3, 1)])
    assert kinds(both, shots=SHOTS) == [(2, ["between_order", "between_time"])]
    # Without shot numbers the class in the order of its numbers says the same.
    assert kinds(File("IMG_7", around=[Around("order", 1, 3)])) == [(2, ["between_order"])]
    # Two classes have no order between them.
    assert kinds(File("IMG_7", around=[Around("order", 3, 4)])) == []


def test_with_one_neighbour_the_next_number_is_meant():
    assert kinds(File("IMG_7", around=[Around("order", 2, None)]), shots=SHOTS) == [(3, ["after_order"])]
    assert kinds(File("IMG_7", around=[Around("order", None, 2)]), shots=SHOTS) == [(1, ["before_order"])]
    assert kinds(File("IMG_7", around=[Around("order", 4, None)]), shots=SHOTS) == []


def test_who_has_a_picture_comes_later_but_is_not_left_out():
    people = [PEOPLE[4]._replace(number="2014000509"), Person(6, "2014000506", "赵六", 2, False)]
    assert [who for who, _why in kinds(File("2014000505"), people)] == [6, 5]
    assert [who for who, _why in kinds(File("王五"))] == [5]


def test_many_missing_in_a_class_are_no_reason_by_themselves():
    crowd = [Person(key, f"20150{key:05d}", "", 9, False) for key in range(100, 140)]
    assert kinds(File("x", groups=frozenset({9})), crowd) == []
    assert len(kinds(File("x", groups=frozenset({9})), crowd[:8])) == MOST


def test_people_who_may_not_be_seen_are_never_candidates():
    stranger = Shot("A2-0417-009", "A2 0417", 99)
    file = File("A2_0417_009", named=99, ordered="A2-0417-009", around=[Around("order", 99, 99)])
    assert all(who != 99 for who, _why in kinds(file, shots=[*SHOTS, stranger]))


def a_slip(number: str, seed: random.Random) -> str:
    at = seed.randrange(len(number))
    kind = seed.choice(["digit", "missing", "extra", "swap"])
    if kind == "digit":
        return number[:at] + str((int(number[at]) + seed.randrange(1, 10)) % 10) + number[at + 1 :]
    if kind == "missing":
        return number[:at] + number[at + 1 :]
    if kind == "extra":
        return number[:at] + str(seed.randrange(10)) + number[at:]
    at = min(at, len(number) - 2)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


@given(seed=st.integers(0, 10**9), many=st.integers(1, 60))
def test_of_numbers_far_apart_one_slip_always_finds_its_person_first(seed, many):
    random_ = random.Random(seed)
    numbers = random_.sample(range(1000, 9999), many)
    # Each twice over, so that two numbers never differ in fewer than two places.
    people = [Person(key, f"20{n}{n}", "", 1, False) for key, n in enumerate(numbers, start=1)]
    meant = random_.choice(people)
    found = nearest(File(a_slip(meant.number, random_)), people, [])
    best = [one.person for one in found if one.weight == found[0].weight]
    assert meant.key in best


@given(
    stem=st.text(max_size=40),
    around=st.tuples(
        st.sampled_from(["order", "time"]),
        st.none() | st.integers(1, 9),
        st.none() | st.integers(1, 9),
    ),
    ordered=st.sampled_from(["", "A2-0417-001", "A2-0417-999"]),
    named=st.none() | st.integers(1, 9),
)
def test_any_file_gives_few_candidates_each_once_each_with_a_reason(stem, around, ordered, named):
    file = File(stem, named=named, ordered=ordered, around=[Around(*around)], groups=frozenset({1}))
    found = nearest(file, PEOPLE, SHOTS)
    assert found == nearest(file, PEOPLE, SHOTS)
    assert len(found) <= MOST and len({one.person for one in found}) == len(found)
    assert all(one.whys and one.weight > 0 for one in found)
    assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)


@given(digits=st.integers(10**14, 10**18 - 1), last=st.sampled_from([*"0123456789X", ""]))
def test_nothing_as_long_as_an_id_number_is_compared(digits, last):
    number = f"{digits}{last}"
    people = [Person(1, number[:14], "", 1, False), Person(2, number[-15:], "", 1, False)]
    assert nearest(File(number), people, []) == []
