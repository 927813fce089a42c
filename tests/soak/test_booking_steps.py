"""Thousands of steps of booking in random order against a model: the same hours are held, none is lost, none twice.

Once as hypothesis draws them (it shortens what fails), once as long walks with a fixed seed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.shoots.booking_machine import ANSWERS, DAYS, STEPS, BookingMachine

pytestmark = pytest.mark.django_db
WALK = 250  # steps, then a new world
EVERYTHING = {"ask", "lapse", "serve", "close", "open", "off", "back", "join", "leave", *ANSWERS}


def check(machine: BookingMachine) -> None:
    for name in dir(BookingMachine):
        if hasattr(getattr(BookingMachine, name), "hypothesis_stateful_invariant"):
            getattr(machine, name)()


def walk(chance: random.Random, steps: int) -> Counter[str]:
    """One world and so many steps in it; gives how often each step was done, not refused."""
    machine = BookingMachine()
    try:
        machine.begin()
        for _ in range(steps):
            machine.step(
                step=chance.choice(STEPS),
                number=chance.randrange(1000),
                choice=chance.randrange(1000),
                day=chance.choice(DAYS),
                first=chance.randrange(1000),
                length=chance.choice([1, 2, 5, 5]),
                bays=chance.choice([1, 2]),
            )
            check(machine)
        return Counter(machine.done)
    finally:
        machine.teardown()


def test_long_walks_never_lose_or_double_an_hour(rounds: Callable[[int], int]) -> None:
    chance = random.Random(20180417)
    done: Counter[str] = Counter()
    for _ in range(rounds(24)):
        done += walk(chance, WALK)
    print(f"\n{done}")
    assert done["ask"] and done["confirm"] and done["join"]
    assert rounds(24) < 24 or set(done) == EVERYTHING


def test_steps_drawn_by_hypothesis_never_lose_or_double_an_hour(rounds: Callable[[int], int]) -> None:
    run_state_machine_as_test(
        BookingMachine,
        settings=settings(
            max_examples=rounds(60),
            stateful_step_count=60,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
