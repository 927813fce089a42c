"""Numbers out of forms and addresses."""

import pytest

from photocampus.digits import LARGEST, read_digits, read_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("１２", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, LARGEST),
        ("9" * 5000, LARGEST),
        *((text, None) for text in ("", " ", "²", "1²", "①", "-1", "+1", "1.5", "1_0", "x")),
    ],
)
def test_only_decimal_digits_are_a_number_and_none_is_too_long(text, number):
    assert read_digits(text) == number


def test_what_is_no_number_is_left_out():
    assert read_numbers(["3", "²", "", "1"]) == [3, 1]
