"""An invented shooting day at one station: numbers with the console's times, frames with the camera's.

Intervals: 12 seconds and a gamma-distributed rest (shape 2, mean 16 seconds) from one person to the next, one to six
minutes more after each class of 15 to 40 people. Jitter: the console's click is 5 seconds behind the shutter, give or take
a normal error of 3 seconds. Clock error: the camera's clock is off by a constant of up to 9 hours either way and drifts by
up to one second an hour; it counts whole seconds. Faults: each frame is dropped or doubled (2 to 6 seconds later) with a
probability drawn per day from 0 to 5 %, and up to three pairs of frames, one to three places apart, have their capture
times exchanged: in half of the days the times are wrong, in the other half the file names.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from students.sequence import Frame, Slot


@dataclass
class Day:
    frames: list[Frame]
    slots: list[Slot]
    truth: list[int | None]  # for each frame its slot, None for a card
    faults: int


def simulate_day(
    seed: int, *, people: int | None = None, faults: bool = True, cards: bool = False, jitter: float = 3.0
) -> Day:
    chance = random.Random(f"shoot-{seed}")
    people = people or chance.randint(15, 120)
    shutters, groups = _people(chance, people)
    slots = [
        Slot(at=moment + 5 + chance.gauss(0, jitter), group=group)
        for moment, group in zip(shutters, groups, strict=True)
    ]
    dropped, doubled = (chance.uniform(0, 0.05) for _ in range(2)) if faults else (0.0, 0.0)
    error, drift = chance.uniform(-32_400, 32_400), chance.uniform(-1, 1) / 3600
    rows: list[tuple[float, int | None, str]] = []
    count = 0
    for index, moment in enumerate(shutters):
        if cards and (index == 0 or groups[index] != groups[index - 1]):
            rows.append((moment - 8, None, groups[index]))
        if chance.random() < dropped:
            count += 1
            continue
        rows.append((moment, index, ""))
        if chance.random() < doubled:
            count += 1
            rows.append((moment + chance.uniform(2, 6), index, ""))
    times = [float(int(moment + error + drift * moment)) for moment, _index, _card in rows]
    truth = [index for _moment, index, _card in rows]
    if faults:
        count += _exchange(chance, rows, times, truth)
    frames = [Frame(taken, card) for taken, (_moment, _index, card) in zip(times, rows, strict=True)]
    return Day(frames, slots, truth, count)


def _people(chance: random.Random, people: int) -> tuple[list[float], list[str]]:
    moment, left, number = 0.0, chance.randint(15, 40), 1
    shutters, groups = [], []
    for _person in range(people):
        if not left:
            moment, left, number = moment + chance.uniform(60, 360), chance.randint(15, 40), number + 1
        moment += 12 + chance.gammavariate(2, 8)
        left -= 1
        shutters.append(moment)
        groups.append(f"class {number}")
    return shutters, groups


def _exchange(chance: random.Random, rows: list, times: list[float], truth: list[int | None]) -> int:
    names_are_wrong, count = chance.random() < 0.5, chance.randint(0, 3)
    for _pair in range(count):
        one = chance.randrange(len(rows) - 3)
        other = one + chance.randint(1, 3)
        if rows[one][2] or rows[other][2]:
            continue
        times[one], times[other] = times[other], times[one]
        if names_are_wrong:
            truth[one], truth[other] = truth[other], truth[one]
    return count


def with_clock_reset(day: Day, at: int, seconds: float) -> Day:
    """The camera's clock is set anew, or another camera taken, before the frame with this index."""
    frames = [
        Frame(frame.taken + seconds if index >= at and frame.taken is not None else frame.taken, frame.card)
        for index, frame in enumerate(day.frames)
    ]
    return Day(frames, day.slots, day.truth, day.faults + 1)


def part_of(day: Day, start: int, end: int) -> Day:
    """A card with some of the day's frames, against all of its numbers."""
    return Day(day.frames[start:end], day.slots, day.truth[start:end], day.faults)
