"""Numbers that came as text in a form or an address, where anybody may have written anything."""

from collections.abc import Iterable

LARGEST = 2**63 - 1  # that the database keeps
MOST_DIGITS = 18


def read_digits(text: str) -> int | None:
    """The number that the decimal digits are, full-width ones too; None for anything else, such as ² or ①.

    What is longer than a number of ours can be is LARGEST: it names no row, and is more than there is of anything.
    """
    if not text.isdecimal():
        return None
    return int(text) if len(text) <= MOST_DIGITS else LARGEST


def read_numbers(texts: Iterable[str]) -> list[int]:
    """The numbers among the texts, in their order."""
    return [number for number in map(read_digits, texts) if number is not None]
