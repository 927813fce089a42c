"""The one clock (design §6). Use cases take today and now from here and from nowhere else.

A real campaign lives in real time. The demonstration lives on a stored date; its time of day is the real one.
Tests and the demonstration's making pin the clock with `at`.
"""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

_pinned: ContextVar[dt.datetime | None] = ContextVar("pinned_clock", default=None)
_CACHE_SECONDS = 5.0
_cache: dict[str, tuple[float, dt.date | None]] = {}


def forget() -> None:
    """Read the stored date again at the next question."""
    _cache.clear()


def demo_date() -> dt.date | None:
    """The day on which the demonstration lives, or None."""
    known = _cache.get("demo")
    if known and time.monotonic() - known[0] < _CACHE_SECONDS:
        return known[1]
    from photocampus.models import School

    day = School.objects.values_list("demo_date", flat=True).first()
    _cache["demo"] = (time.monotonic(), day)
    return day


def now() -> dt.datetime:
    """An aware moment in the school's time zone."""
    if (pinned := _pinned.get()) is not None:
        return pinned
    real = timezone.localtime()
    day = demo_date()
    return real if day is None else real.replace(year=day.year, month=day.month, day=day.day)


def today() -> dt.date:
    return now().date()


@contextmanager
def at(moment: dt.datetime | dt.date) -> Iterator[dt.datetime]:
    """Pin the clock; a bare date means noon."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time(12, 0))
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    token = _pinned.set(timezone.localtime(moment))
    try:
        yield moment
    finally:
        _pinned.reset(token)
