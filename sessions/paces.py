"""How fast the stations have really been, from their shoots that are over; the forecast of a plan rests on it."""

import datetime as dt
from collections.abc import Collection
from itertools import pairwise

from sessions.models import AttendanceState, BookingKind, BookingState, Shot, Station
from sessions.planner import Pace

LATEST = 400  # pictures per station that are looked at, the newest
PAUSE = (
    4  # so many times the agreed minutes per person: a longer gap is a pause, nobody's picture takes as long
)


def paces_of(stations: Collection[Station]) -> dict[str, Pace]:
    """Pace by station code: mean and spread of the minutes between pictures, or the agreed rate while too few are known.

    One query. Shoots of individuals do not count: there the gaps are those between appointments.
    """
    rates = {station.pk: station.rate for station in stations}
    rows = (
        Shot.objects.filter(
            station__in=rates,
            voided_at=None,
            attendance__state=AttendanceState.PHOTOGRAPHED,
            attendance__booking__state=BookingState.DONE,
        )
        .exclude(attendance__booking__kind=BookingKind.INDIVIDUAL)
        .order_by("-attendance__photographed_at")
        .values_list("station", "attendance__photographed_at")
    )
    moments: dict[int, list[dt.datetime]] = {}
    for pk, moment in rows[: LATEST * len(rates)]:
        if moment is not None:  # a photographed person always has one; the database sees to it
            moments.setdefault(pk, []).append(moment)
    return {
        station.code: Pace.observed(_gaps(moments.get(station.pk, []), station.rate), station.rate)
        for station in stations
    }


def _gaps(moments: list[dt.datetime], rate: int) -> list[float]:
    """Minutes between pictures; several marked at once, and pauses, say nothing about one person."""
    found = [(after - before).total_seconds() / 60 for before, after in pairwise(sorted(moments))]
    return [gap for gap in found if 0 < gap <= PAUSE * 60 / rate]
