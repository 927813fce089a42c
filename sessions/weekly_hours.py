"""A studio changes its weekly hours from a day on; what that does to bookings is known before it is saved."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from sessions.calendar import Span, StudioCalendar, Week
from sessions.hours import calendar_of
from sessions.models import Booking, WeeklyHours
from sessions.parties import require_studio
from sessions.studio_days import SpansInWrongOrder, calendar_changed, shut_hours
from units.models import Studio

Spans = Mapping[int, Collection[tuple[dt.time, dt.time]]]


class BeginsInThePast(DomainError):
    code = "begins_in_the_past"
    message = _("New weekly hours begin today or later: what was open on days that are over stays as it was.")


class NeverOpen(DomainError):
    code = "never_open"
    message = _("A week without any hours is a closure: please enter it as such.")


@transaction.atomic
def set_weekly_hours(*, studio: Studio, since: dt.date, spans: Spans, by: User) -> int:
    """From this day on the studio works in these hours (weekday → openings); a weekday without any is closed.

    Replaces what was entered for the same first day. Bookings that lose hours are flagged, never broken; returns how
    many are flagged. Raises `BeginsInThePast`, `SpansInWrongOrder`, `NeverOpen`.
    """
    require_studio(by, studio)
    if since < clock.today():
        raise BeginsInThePast()
    week = week_of(spans)
    WeeklyHours.objects.filter(studio=studio, since=since).delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(studio=studio, since=since, weekday=weekday, start=span.start, end=span.end)
        for weekday, openings in week.items()
        for span in openings
    )
    shown = {
        str(day): [f"{span.start:%H:%M}–{span.end:%H:%M}" for span in openings]
        for day, openings in week.items()
    }
    record(studio, "weekly_hours_set", by=by, new=str(since), data=shown)
    return calendar_changed(studio, by)


@transaction.atomic
def remove_weekly_hours(*, studio: Studio, since: dt.date, by: User) -> int:
    """Take back hours that have not begun yet; the earlier ones go on. Returns how many bookings are flagged."""
    require_studio(by, studio)
    if since <= clock.today():
        raise BeginsInThePast()
    if WeeklyHours.objects.filter(studio=studio, since=since).delete()[0]:
        record(studio, "weekly_hours_removed", by=by, old=str(since))
    return calendar_changed(studio, by)


def week_of(spans: Spans) -> Week:
    """The openings in order, whole half hours that do not overlap. Raises `SpansInWrongOrder`, `NeverOpen`."""
    week: dict[int, tuple[Span, ...]] = {}
    for weekday, pairs in sorted(spans.items()):
        ordered = [Span(start, end) for start, end in sorted(pairs)]
        ends = [dt.time.min, *(span.end for span in ordered)]
        for span, before in zip(ordered, ends, strict=False):
            if (
                span.start >= span.end
                or span.start < before
                or span.start.minute % 30
                or span.end.minute % 30
            ):
                raise SpansInWrongOrder()
        if ordered:
            week[weekday] = tuple(ordered)
    if not week:
        raise NeverOpen()
    return week


def bookings_that_lose_hours(
    studio: Studio, since: dt.date, spans: Spans
) -> list[tuple[Booking, list[dt.date]]]:
    """Which bookings would hold hours outside the new weekly hours, and on which days; those that do so already aside."""
    now = calendar_of(studio)
    tables = {**dict(now.later), since: week_of(spans)}
    after: StudioCalendar = replace(now, later=tuple(sorted(tables.items())))
    bookings, shut = shut_hours(studio, after)
    _same, before = shut_hours(studio, now)
    found = [(bookings[pk], sorted(days - before.get(pk, set()))) for pk, days in shut.items()]
    return sorted(((booking, days) for booking, days in found if days), key=lambda row: (row[1], row[0].pk))
