"""When a class and a day will be over: the median and a bound that holds in nine of ten cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import erf, exp, pi, sqrt

from sessions.planning.terms import Entry

NINETY = 1.2815515655446004  # the normal quantile of 0.9
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

    Sums of many people are taken as normal; the later of "the hour begins" and "the ones before are done" keeps mean
    and variance (Clark 1961).
    """
    groups: dict[tuple[str, date], tuple[int, int]] = {}
    days: dict[date, tuple[int, int]] = {}
    queues: dict[tuple[date, str], list[Entry]] = {}
    for entry in sorted(entries):
        queues.setdefault((entry.day, entry.station), []).append(entry)
    for (day, station), queue in sorted(queues.items()):
        mean, variance = 0.0, 0.0
        for entry in queue:
            pace = paces[station]
            mean, variance = _later(entry.start, mean, variance)
            mean += entry.count * pace.mean
            variance += entry.count * pace.deviation**2
            ends = (round(mean), round(mean + NINETY * sqrt(variance)))
            key = (entry.group, day)
            groups[key] = max(groups.get(key, (0, 0)), ends)
            days[day] = (max(days.get(day, (0, 0))[0], ends[0]), max(days.get(day, (0, 0))[1], ends[1]))
    return Forecast(groups, days)


def _later(start: float, mean: float, variance: float) -> tuple[float, float]:
    """Mean and variance of the later of a fixed moment and a normal one."""
    if variance <= 1e-9:
        return max(start, mean), 0.0
    deviation = sqrt(variance)
    z = (mean - start) / deviation
    above = 0.5 * (1 + erf(z / sqrt(2)))
    density = exp(-z * z / 2) / sqrt(2 * pi)
    first = start * (1 - above) + mean * above + deviation * density
    second = start**2 * (1 - above) + (mean**2 + variance) * above + (mean + start) * deviation * density
    return first, max(second - first**2, 0.0)
