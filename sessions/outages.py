"""When stations cannot work, as recorded (R17): every plan and every change of one keeps to it until it is over."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils import timezone

from photocampus import clock
from sessions.calendar import minutes
from sessions.models import Booking, Disturbance, Station
from sessions.planner import Interval, StationHours

MIDNIGHT = 24 * 60
STEP = 5  # nobody is planned at 11:07


@dataclass(frozen=True)
class Span:
    """A stretch of one day in which a station (its code; empty: every station) takes nobody."""

    station: str
    interval: Interval

    def stops(self, station: str, day: dt.date, start: int, end: int) -> bool:
        return self.station in ("", station) and self.interval.meets(day, start, end)


def span_of(row: Disturbance, until: dt.time | None = None) -> Span | None:
    """The stretch as it is known now, or with another end than expected; None if it is empty."""
    began = timezone.localtime(row.began_at)
    if row.ended_at:
        end = minute_of(began, row.ended_at)
        end = -(-end // STEP) * STEP
    elif until is not None:
        end = minutes(until)
    else:
        end = minute_of(began, row.until) if row.until else MIDNIGHT
    start = minutes(began.time())
    station = row.station.code if row.station else ""
    return Span(station, Interval(began.date(), start, min(end, MIDNIGHT))) if start < end else None


def minute_of(began: dt.datetime, end: dt.datetime) -> int:
    """The minute of the first day; what lasts longer lasts for the rest of it."""
    local = timezone.localtime(end)
    if local.date() == began.date():
        return minutes(local.time())
    return MIDNIGHT if local > began else 0


def recorded(booking: Booking) -> list[Disturbance]:
    return list(
        Disturbance.objects.filter(booking=booking).select_related("station", "by").order_by("began_at", "pk")
    )


def spans_of(rows: Iterable[Disturbance], until: Mapping[int, dt.time] | None = None) -> list[Span]:
    """All stretches of these rows; `until` by primary key is what people expect now."""
    known = until or {}
    found = [span_of(row, known.get(row.pk)) for row in rows]
    return [span for span in found if span is not None]


def in_force(booking: Booking) -> list[Disturbance]:
    """What is not over yet, or still to come."""
    return [row for row in recorded(booking) if is_lasting(row)]


def is_lasting(row: Disturbance) -> bool:
    span, now = span_of(row), clock.now()
    return row.ended_at is None and span is not None and not _is_past(span.interval, now)


def _is_past(interval: Interval, now: dt.datetime) -> bool:
    return (interval.day, interval.end) <= (now.date(), minutes(now.time()))


def with_outages(stations: Collection[StationHours], spans: Collection[Span]) -> tuple[StationHours, ...]:
    return tuple(
        replace(
            station,
            pauses=(*station.pauses, *(s.interval for s in spans if s.station in ("", station.key))),
        )
        for station in stations
    )


def span_from(station: Station | None, day: dt.date, start: dt.time, end: dt.time | None) -> Span:
    return Span(
        station.code if station else "", Interval(day, minutes(start), minutes(end) if end else MIDNIGHT)
    )
