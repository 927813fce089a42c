"""Hundreds of cards whose camera's clock was set anew in the middle: right, or not sure."""

import random

from tests.students.shoot_simulator import simulate_day, with_clock_reset
from tests.students.test_sequence import sure_and_right


def test_clock_set_anew_by_any_time_makes_nothing_wrong_sure(rounds):
    """Undisturbed days, one change of 10 to 600 seconds either way before a frame drawn by chance."""
    sure = frames = 0
    for seed in range(5000, 5000 + rounds(200)):
        chance = random.Random(seed)
        seconds = chance.choice((-1, 1)) * chance.uniform(10, 600)
        day = simulate_day(seed, faults=False)
        sure += sure_and_right(with_clock_reset(day, chance.randrange(1, len(day.frames)), seconds))
        frames += len(day.frames)
    print(f"{sure / frames:.1%} of {frames} frames are sure, none of them wrong")
    assert sure / frames > 0.5
