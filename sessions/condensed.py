"""Held hours as people say them: days with the same hours are put together ("4月17日至19日 每天 9:30–12:00、13:00–17:00")."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from photocampus.lists import join_parts, join_words
from sessions.hours import Stretch

# Station, day, from, until: as a message of the conversation keeps them.
Row = tuple[str, dt.date, dt.time, dt.time]
Times = tuple[tuple[dt.time, dt.time], ...]
# What happens on a day: at which times, at which stations.
Pattern = tuple[tuple[Times, tuple[str, ...]], ...]


def words_of(stretches: Iterable[Stretch]) -> list[str]:
    return condensed((s.station.code, s.day, s.start, s.end) for s in stretches)


def rows_said(hours: Iterable[Sequence[str]]) -> list[Row]:
    """The hours of a message, which are stored as text."""
    return [
        (station, dt.date.fromisoformat(day), dt.time.fromisoformat(start), dt.time.fromisoformat(end))
        for station, day, start, end in hours
    ]


def condensed(rows: Iterable[Row]) -> list[str]:
    """One line for all days with the same hours at the same stations, in order of their first days."""
    by_day: dict[dt.date, dict[str, list[tuple[dt.time, dt.time]]]] = {}
    for station, day, start, end in sorted(rows, key=lambda row: (row[1], row[2], row[0])):
        by_day.setdefault(day, {}).setdefault(station, []).append((start, end))
    days: dict[Pattern, list[dt.date]] = {}
    for day, stations in by_day.items():
        days.setdefault(_pattern(stations), []).append(day)
    return [_line(alike, pattern) for pattern, alike in days.items()]


def _pattern(stations: dict[str, list[tuple[dt.time, dt.time]]]) -> Pattern:
    alike: dict[Times, list[str]] = {}
    for station, times in sorted(stations.items()):
        alike.setdefault(tuple(times), []).append(station)
    return tuple((times, tuple(codes)) for times, codes in alike.items())


def _line(days: list[dt.date], pattern: Pattern) -> str:
    hours = join_parts(
        f"{join_words(_times(start, end) for start, end in times)} {join_words(stations)}"
        for times, stations in pattern
    )
    said = {"days": join_words(_run(first, last) for first, last in _runs(days)), "hours": hours}
    return _("%(days)s, each day %(hours)s") % said if len(days) > 1 else f"{said['days']} {hours}"


def _times(start: dt.time, end: dt.time) -> str:
    return f"{start.hour}:{start:%M}–{end.hour}:{end:%M}"


def _runs(days: list[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Days that follow each other, put together."""
    runs: list[tuple[dt.date, dt.date]] = []
    for day in days:
        if runs and runs[-1][1] + dt.timedelta(days=1) == day:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _run(first: dt.date, last: dt.date) -> str:
    month_and_day = pgettext("format of a date", "M j")
    shown = date_format(first, month_and_day)
    if first == last:
        return shown
    within = pgettext("format of the last day in the same month", "j")
    until = date_format(last, within if first.month == last.month else month_and_day)
    return _("%(first)s to %(last)s") % {"first": shown, "last": until}
