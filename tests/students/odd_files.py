"""Some three hundred files that may lie on a studio's card, good, odd and bad, each with what must become of it.

All are made here from one small drawn portrait; no file is stored. `KINDS` says how many there are of each kind.
"""

from collections.abc import Callable, Iterator

from tests.students.odd_base import Odd
from tests.students.odd_damage import bombs, cut, hurt, strangers
from tests.students.odd_formats import heics, pngs, tiffs
from tests.students.odd_jpegs import jpegs, profiles, turned

KINDS: dict[str, tuple[Callable[[], Iterator[tuple[str, Odd]]], int]] = {
    "jpegs": (jpegs, 40),
    "turned": (turned, 27),
    "profiles": (profiles, 29),
    "pngs": (pngs, 25),
    "tiffs": (tiffs, 27),
    "heics": (heics, 9),
    "cut": (cut, 109),
    "bombs": (bombs, 20),
    "strangers": (strangers, 64),
    "hurt": (hurt, 3),
}
