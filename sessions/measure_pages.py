"""Light, sharpness and framing of one shoot over time, for the studio that can do something about it and for the unit."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.lists import join_parts
from sessions.models import Attendance
from sessions.plots import Plot, hours_around, plot, shape_of
from sessions.shoot_measures import (
    PLOTTED,
    Bounds,
    Drift,
    Measured,
    drifts,
    hour_rows,
    measured_pictures,
)
from sessions.shoot_pages import ShootPage, shoot_lines
from sessions.unit_bookings import UnitBookingPage
from students.finding_words import NAMES, number
from students.models import Photo

TITLES = {name: NAMES[name] for name in PLOTTED}
DRIFT_WORDS: dict[str, Any] = {
    "background_colour": gettext_lazy(
        "%(station)s: the background has changed. Its lightness went from %(start)s at %(since)s to %(end)s at %(until)s."
    ),
    "exposure": gettext_lazy(
        "%(station)s: the brightness of the faces went from %(start)s at %(since)s to %(end)s at %(until)s."
    ),
    "sharpness": gettext_lazy(
        "%(station)s: the sharpness went from %(start)s at %(since)s to %(end)s at %(until)s."
    ),
    "eye_line": gettext_lazy(
        "%(station)s: the eye line moved from %(start)s at %(since)s to %(end)s at %(until)s."
    ),
}
MOST_LISTED = 30


def measures_context(
    pictures: Sequence[Measured], bounds: dict[str, Bounds], *, day: str, station: str
) -> dict[str, Any]:
    """Everything both pages show of one day: by default the last with pictures; all stations, or one."""
    days = sorted({row.at.date() for row in pictures})
    chosen = next((known for known in days if known.isoformat() == day), days[-1] if days else None)
    of_day = [row for row in pictures if row.at.date() == chosen]
    stations = sorted({row.station for row in of_day})
    one = station if station in stations else ""
    shown = [row for row in of_day if not one or row.station == one]
    outside = [row for row in shown if row.bad]
    return {
        "days": days,
        "day": chosen,
        "stations": [(code, shape_of(code, stations)) for code in stations],
        "station": one,
        "pictures": shown,
        "plots": plots_of(shown, bounds, stations),
        "drifts": [drift_words(drift) for drift in drifts(shown)],
        "titles": list(TITLES.values()),
        "rows": [
            (row, list(zip(TITLES.values(), map(median_words, row.medians), strict=True)))
            for row in hour_rows(shown)
        ],
        "outside": [(row, outside_words(row)) for row in outside[:MOST_LISTED]],
        "more": max(0, len(outside) - MOST_LISTED),
    }


def plots_of(pictures: Sequence[Measured], bounds: dict[str, Bounds], stations: Sequence[str]) -> list[Plot]:
    if not pictures:
        return []
    hours = hours_around(pictures)
    return [
        plot(
            check,
            title=str(TITLES[check]),
            summary=summary_of(check, pictures),
            pictures=pictures,
            bounds=bounds.get(check, Bounds()),
            hours=hours,
            stations=stations,
        )
        for check in PLOTTED
        if any(check in row.values for row in pictures)
    ]


def summary_of(check: str, pictures: Sequence[Measured]) -> str:
    """The plot in one sentence, for who does not see it."""
    values = [row.values[check] for row in pictures if check in row.values]
    words = {
        "n": len(values),
        "median": number(median(values)),
        "low": number(min(values)),
        "high": number(max(values)),
        "bad": sum(check in row.bad for row in pictures),
    }
    return (
        _("%(n)d pictures, median %(median)s, from %(low)s to %(high)s; %(bad)d outside the bounds.") % words
    )


def drift_words(drift: Drift) -> str:
    words = {
        "station": drift.station or _("Without a station"),
        "start": number(drift.start),
        "end": number(drift.end),
        "since": f"{drift.since:%H:%M}",
        "until": f"{drift.until:%H:%M}",
    }
    return str(DRIFT_WORDS[drift.check] % words)


def median_words(value: float | None) -> str:
    return "–" if value is None else number(value)


def outside_words(row: Measured) -> str:
    return join_parts(
        f"{TITLES[check]}: {number(row.values[check])}" for check in PLOTTED if check in row.bad
    )


class StudioMeasures(ShootPage):
    """`/studio/…/shoots/<booking>/measures/`: shot numbers and times, no names, whatever the identity mode."""

    needs = "view"
    template_name = "shoots/measures.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        found = self.setup_booking(booking)
        line = shoot_lines([found])[0]
        attendances = self.scoped(Attendance).filter(booking=found)
        pictures, bounds = measured_pictures(attendances, self.scoped(Photo))
        place = [self.studio.code, self.campaign.code]
        return self.render(
            title=line.units,
            people=False,
            **measures_context(
                pictures, bounds, day=request.GET.get("day", ""), station=request.GET.get("station", "")
            ),
            breadcrumb=[
                (_("Shoot days"), reverse("shoots:shoots", args=place)),
                (line.units, self.console_url()),
                (_("Light and framing"), None),
            ],
        )


class UnitMeasures(UnitBookingPage):
    """`/unit/…/bookings/<booking>/measures/`: the unit's own people; what lies outside leads to their picture."""

    needs = "view"
    template_name = "shoots/measures.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        found = self.booking(booking)
        attendances = self.scoped(Attendance).filter(booking=found, graduate__enrolment__unit=self.unit)
        pictures, bounds = measured_pictures(attendances, self.scoped(Photo))
        title = str(found.get_kind_display())
        return self.render(
            title=title,
            people=True,
            unit=self.unit,
            campaign=self.campaign,
            **measures_context(
                pictures, bounds, day=request.GET.get("day", ""), station=request.GET.get("station", "")
            ),
            breadcrumb=self.crumbs(
                (title, self.to("unit-booking", found.public_id)), (_("Light and framing"), None)
            ),
        )
