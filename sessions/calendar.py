"""When a studio works: half hours of a day from weekly hours, closures, public holidays and exceptions (R13, R2).

Pure: no model is imported. Times are local to the studio; a span is half open, [start, end).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from functools import lru_cache

import holidays as public_holidays

HALF_HOUR = 30  # minutes; the grid of all holds
LONGEST_REST = 400  # days; a studio that is shut for longer than this has no next opening day


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of one day, end not included."""

    start: time
    end: time


@dataclass(frozen=True, order=True)
class Closure:
    """Days on which the studio is shut, both ends included."""

    first: date
    last: date
    reason: str = ""


class Shut(StrEnum):
    """Why a day has no hours."""

    WEEKDAY = "weekday"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    EXCEPTION = "exception"


@dataclass(frozen=True)
class DayOff:
    """Why a studio is shut on a day; `name` is the holiday's name or the reason given for a closure."""

    kind: Shut
    name: str = ""


@dataclass(frozen=True)
class Exceptional:
    """Hours of one day that replace everything else; no spans at all means shut on that day."""

    spans: tuple[Span, ...] = ()
    reason: str = ""


def minutes(moment: time) -> int:
    """Minutes since midnight."""
    return moment.hour * 60 + moment.minute


def clock_time(total: int) -> time:
    """The time of day `total` minutes after midnight; midnight at the end of a day is not on this grid."""
    return time(total // 60, total % 60)


def half_hours_in(spans: Iterable[Span]) -> list[time]:
    """Starts of the half hours of the fixed grid that lie wholly inside the spans, in order, each once."""
    starts: set[int] = set()
    for span in spans:
        first = -(-minutes(span.start) // HALF_HOUR) * HALF_HOUR
        last = minutes(span.end) - HALF_HOUR
        starts.update(range(first, last + 1, HALF_HOUR))
    return [clock_time(start) for start in sorted(starts)]


def runs(starts: Iterable[time]) -> list[Span]:
    """Half hours put together to the longest unbroken spans."""
    spans: list[tuple[int, int]] = []
    for start in sorted({minutes(start) for start in starts}):
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], start + HALF_HOUR)
        else:
            spans.append((start, start + HALF_HOUR))
    return [Span(clock_time(first), clock_time(end)) for first, end in spans]


@lru_cache(maxsize=64)
def _listed_holidays(year: int) -> dict[date, str]:
    """Public holidays of a year and the working days that were swapped for rest, by name (Chinese)."""
    return dict(public_holidays.country_holidays("CN", years=year, language="zh_CN").items())


@lru_cache(maxsize=64)
def makeup_working_days(year: int) -> frozenset[date]:
    """Saturdays and Sundays that are worked so that a holiday becomes longer."""
    days = getattr(public_holidays.country_holidays("CN", years=year), "weekend_workdays", ())
    return frozenset(day for day in days if day.year == year)


def is_provisional(year: int) -> bool:
    """Whether the State Council's arrangement for the year is not known yet.

    Every arrangement so far swaps at least one day, so a year without a make-up working day is one whose
    arrangement has not been published (or not reached this installation): only the statutory days are known.
    """
    return not makeup_working_days(year)


@lru_cache(maxsize=64)
def days_off(year: int) -> dict[date, str]:
    """Public holidays of the year with their substitute days off, by name.

    A break that was lengthened by swapping days covers the weekend days inside or beside it as well (5 to 7 April
    2018 is one holiday, though only the 5th is Qingming and only the 6th was swapped); a holiday that merely touches
    a weekend does not close it. Make-up working days are never days off.
    """
    listed = {**_listed_holidays(year - 1), **_listed_holidays(year), **_listed_holidays(year + 1)}
    worked = makeup_working_days(year - 1) | makeup_working_days(year) | makeup_working_days(year + 1)
    found = {day: name for day, name in listed.items() if day.year == year}
    for swapped in (day for day, name in listed.items() if "调休" in name):
        for step in (timedelta(days=-1), timedelta(days=1)):
            day, name = swapped + step, listed[swapped]
            while day in listed or (day.weekday() >= 5 and day not in worked):
                if day.year == year:
                    found.setdefault(day, name)
                day += step
    return found


# Spans per weekday (Monday = 0).
Week = Mapping[int, tuple[Span, ...]]


@dataclass(frozen=True)
class StudioCalendar:
    """The working hours of one studio.

    `weekly` gives the spans per weekday (Monday = 0); an absent weekday is shut. `later` are tables that replace it, each
    from its first day on, in order of these. What holds on a day is, first of all that apply: an exception, a closure,
    a public holiday, the weekly hours. A make-up working day changes nothing: it never opens a weekday on which the
    studio is shut (R13).
    """

    weekly: Week
    later: tuple[tuple[date, Week], ...] = ()
    closures: tuple[Closure, ...] = ()
    exceptions: Mapping[date, Exceptional] = field(default_factory=dict)
    keeps_holidays: bool = True

    def week_of(self, day: date) -> Week:
        """The weekly hours that hold on the day."""
        week = self.weekly
        for first, table in self.later:
            if first <= day:
                week = table
        return week

    def spans(self, day: date) -> tuple[Span, ...]:
        """Opening hours of the day; empty when shut."""
        if day in self.exceptions:
            return self.exceptions[day].spans
        return () if self.day_off(day) else tuple(self.week_of(day).get(day.weekday(), ()))

    def day_off(self, day: date) -> DayOff | None:
        """Why the studio is shut on the day, or None when it works."""
        if day in self.exceptions:
            special = self.exceptions[day]
            return None if special.spans else DayOff(Shut.EXCEPTION, special.reason)
        for closure in self.closures:
            if closure.first <= day <= closure.last:
                return DayOff(Shut.CLOSURE, closure.reason)
        if self.keeps_holidays and (name := days_off(day.year).get(day)):
            return DayOff(Shut.HOLIDAY, name)
        if not self.week_of(day).get(day.weekday()):
            return DayOff(Shut.WEEKDAY)
        return None

    def half_hours(self, day: date) -> list[time]:
        """Starts of all half hours that can be held on the day."""
        return half_hours_in(self.spans(day))

    def is_open(self, day: date, start: time) -> bool:
        """Whether the half hour that begins at `start` can be held."""
        return start in self.half_hours(day)

    def opening_days(self, first: date, last: date) -> Iterator[date]:
        """Days with at least one half hour from `first` to `last`, both included."""
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            if self.half_hours(day):
                yield day

    def next_opening_day(self, after: date) -> date | None:
        """The first opening day later than `after`; None when there is none within a year."""
        return next(self.opening_days(after + timedelta(days=1), after + timedelta(days=LONGEST_REST)), None)

    def collection_date(self, photographed_on: date, turnround: int) -> date | None:
        """When pictures taken on a day can be fetched: `turnround` opening days later (R5).

        Only days on which the studio works count, and the day itself does not; with a turn-round of 0 it is the day
        itself, if open, else the next opening day. None when the studio does not open that often within a year.
        """
        if turnround == 0 and self.half_hours(photographed_on):
            return photographed_on
        day: date | None = photographed_on
        for _step in range(max(turnround, 1)):
            if day is None or (day := self.next_opening_day(day)) is None:
                return None
        return day


def in_window(day: date, first: date, last: date) -> bool:
    """R2: pictures are taken only inside the campaign's window, both ends included."""
    return first <= day <= last


def capacity(starts: Iterable[time], rate: int) -> int:
    """People one station can photograph in these half hours at `rate` an hour: whole hours of each unbroken run
    count in full, a single half hour left over counts half, rounded down, so that no hour exceeds the rate."""
    total = 0
    for span in runs(starts):
        length = minutes(span.end) - minutes(span.start)
        total += length // 60 * rate + (rate // 2 if length % 60 else 0)
    return total
