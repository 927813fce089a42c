"""When a class and a day will be over: the median and a bound that holds in nine of ten cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from math import ceil, erf, floor, prod, sqrt

from sessions.planning.terms import Entry

FAR = 5  # deviations beyond which nothing is expected
NEVER = 1e-7  # chances so small are left out
USUAL_SPREAD = 0.45  # of the time for one person, as a share of its mean, before anything was observed


@dataclass(frozen=True)
class Pace:
    """How long one person takes: mean and standard deviation, in minutes."""

    mean: float
    deviation: float

    @classmethod
    def of_rate(cls, rate: int) -> Pace:
        """The pace that a station's agreed rate (people per hour) implies."""
        return cls(60 / rate, 60 / rate * USUAL_SPREAD)

    @classmethod
    def observed(cls, minutes: Sequence[float], rate: int) -> Pace:
        """The pace of past shoots from the minutes between pictures; too few of them leave the agreed rate."""
        if len(minutes) < 20:
            return cls.of_rate(rate)
        mean = sum(minutes) / len(minutes)
        return cls(mean, sqrt(sum((m - mean) ** 2 for m in minutes) / (len(minutes) - 1)))


@dataclass(frozen=True)
class Forecast:
    """Expected ends in minutes since midnight: (median, 90 % bound) per (class, day) and per day."""

    groups: dict[tuple[str, date], tuple[int, int]]
    days: dict[date, tuple[int, int]]


def forecast(entries: Sequence[Entry], paces: Mapping[str, Pace]) -> Forecast:
    """Follows each station through its day: nobody starts before the hour, delays carry over into the next one.

    How long the people of an entry take together is taken as a gamma distribution. A day, or a class at several stations, is over
    with the last of them: stations are slow or fast independently of each other, so the chance that all are done is
    the product of theirs.
    """
    groups: dict[tuple[str, date], dict[str, Moment]] = {}
    days: dict[date, dict[str, Moment]] = {}
    queues: dict[tuple[date, str], list[Entry]] = {}
    for entry in sorted(entries):
        queues.setdefault((entry.day, entry.station), []).append(entry)
    for (day, station), queue in sorted(queues.items()):
        pace, end = paces[station], Moment(0, (1.0,))
        for entry in queue:
            end = end.not_before(entry.start).after(
                entry.count * pace.mean, sqrt(entry.count) * pace.deviation
            )
            # later entries of the same station replace the earlier ones
            groups.setdefault((entry.group, day), {})[station] = end
            days.setdefault(day, {})[station] = end
    return Forecast(
        {key: _last_of(list(ends.values())) for key, ends in groups.items()},
        {day: _last_of(list(ends.values())) for day, ends in days.items()},
    )


@dataclass(frozen=True)
class Moment:
    """A moment that is not sure: `chances[n]` belongs to minute `first + n`, give or take half of one."""

    first: int
    chances: tuple[float, ...]

    def not_before(self, start: int) -> Moment:
        early = start - self.first
        if early <= 0:
            return self
        rest = self.chances[early + 1 :]
        return Moment(start, (sum(self.chances[: early + 1]), *rest))

    def after(self, mean: float, deviation: float) -> Moment:
        """So many minutes later, more or less."""
        length = _gamma(mean, deviation)
        found = [0.0] * (len(self.chances) + len(length.chances) - 1)
        for n, chance in enumerate(self.chances):
            if chance > NEVER:
                for m, other in enumerate(length.chances, start=n):
                    found[m] += chance * other
        while found[-1] < NEVER:
            found.pop()
        return Moment(self.first + length.first, tuple(found))

    def done_by(self) -> list[float]:
        """The chance that it is over at the end of each minute."""
        return list(accumulate(self.chances))


def _gamma(mean: float, deviation: float) -> Moment:
    """A length that is never below nought and more often far above its mean than far below."""
    if deviation < 0.05:  # as good as sure: between two minutes
        low = floor(mean)
        return Moment(low, (low + 1 - mean, mean - low))
    first, last = max(0, floor(mean - FAR * deviation)), ceil(mean + FAR * deviation)
    edges = [_share_below(edge - 0.5, mean, deviation) for edge in range(first, last + 2)]
    return Moment(first, tuple(after - before for before, after in pairwise(edges)))


def _share_below(length: float, mean: float, deviation: float) -> float:
    """The chance of less, by the cube root, which is nearly normal (Wilson and Hilferty 1931)."""
    if length <= 0:
        return 0.0
    spread = (deviation / mean) ** 2 / 9
    return 0.5 * (1 + erf(((length / mean) ** (1 / 3) - 1 + spread) / sqrt(2 * spread)))


def _last_of(ends: Sequence[Moment]) -> tuple[int, int]:
    """Median and 90 % bound of the latest of several independent ends."""
    first = max(end.first for end in ends)
    shares = [(end.first, end.done_by()) for end in ends]
    last = max(end.first + len(end.chances) for end in ends)
    all_done = [
        prod(done[minute - start] if minute - start < len(done) else 1.0 for start, done in shares)
        for minute in range(first, last)
    ]
    return round(_reached(first, all_done, 0.5)), round(_reached(first, all_done, 0.9))


def _reached(first: int, done: Sequence[float], share: float) -> float:
    """When so large a share is done, within its minute."""
    before = 0.0
    for minute, now in enumerate(done, start=first):
        if now >= share:
            return minute - 0.5 + (share - before) / (now - before)
        before = now
    return float(first + len(done) - 1)
