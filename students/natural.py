"""Natural order: `IMG_9` before `IMG_10`, as people and cameras count."""

import re

DIGITS = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """A key to sort by: digits as numbers, everything else without regard to case; total for any two names."""
    parts = DIGITS.split(name.replace("\\", "/").casefold())
    key = [(int(part), "") if part.isdigit() and part.isascii() else (-1, part) for part in parts]
    return (*key, (0, name))
