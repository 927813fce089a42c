"""The studio's own weekly hours: a form for the whole week, and what it does to bookings before it is saved."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus import clock
from photocampus.errors import DomainError
from sessions.booking_forms import WEEKDAYS, WeekForm
from sessions.calendar import Week
from sessions.hours import calendar_of, units_by_booking
from sessions.models import Booking
from sessions.studio_bookings import StudioBookingPage
from sessions.weekly_hours import bookings_that_lose_hours, set_weekly_hours
from units.models import Unit


class WeeklyPage(StudioBookingPage):
    """`/studio/<studio>/<campaign>/days/weekly/`: nothing is saved before the bookings that lose hours were shown."""

    needs = "edit"
    template_name = "shoots/weekly.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        tomorrow = clock.today() + dt.timedelta(days=1)
        return self.show(WeekForm(initial=initial(calendar_of(self.studio).week_of(tomorrow), tomorrow)))

    def show(
        self,
        form: WeekForm,
        lost: list[tuple[Booking, list[Unit], list[dt.date]]] | None = None,
        refusal: DomainError | None = None,
        status: int = 200,
    ) -> HttpResponse:
        return self.render(
            status=status,
            studio=self.studio,
            campaign=self.campaign,
            form=form,
            lost=lost or [],
            seen=seen_of([(row, days) for row, _units, days in lost or []]),
            refusal=refusal,
            breadcrumb=self.crumbs(
                (_("Working days and stations"), self.to("studio-days")), (_("Weekly hours"), None)
            ),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WeekForm(request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        since, spans = form.cleaned_data["since"], form.spans()
        try:
            lost = bookings_that_lose_hours(self.studio, since, spans)
            # Saved is what was seen: other bookings than those listed are listed first.
            if lost and request.POST.get("seen") != seen_of(lost):
                units = units_by_booking(row.pk for row, _days in lost)
                return self.show(form, [(row, units.get(row.pk, []), days) for row, days in lost])
            flagged = set_weekly_hours(studio=self.studio, since=since, spans=spans, by=self.user)
        except DomainError as refusal:
            return self.show(form, refusal=refusal, status=409)
        messages.success(request, _("The weekly hours hold from %(day)s on.") % {"day": since})
        if flagged:
            text = ngettext(
                "%(count)d booking holds hours that are no longer open; it is flagged.",
                "%(count)d bookings hold hours that are no longer open; they are flagged.",
                flagged,
            )
            messages.warning(request, text % {"count": flagged})
        return redirect(self.to("studio-days"))


def initial(week: Week, since: dt.date) -> dict[str, Any]:
    """The form filled with a week; a third opening of a day has no place in it."""
    found: dict[str, Any] = {"since": since}
    for weekday, _name in WEEKDAYS:
        for part, span in zip(_parts(week, weekday), week.get(weekday, ())[:2], strict=False):
            found[f"{part}_from_{weekday}"], found[f"{part}_until_{weekday}"] = span.start, span.end
    return found


def _parts(week: Week, weekday: int) -> tuple[str, ...]:
    """A day with one opening only, after noon, keeps its morning empty."""
    openings = week.get(weekday, ())
    return ("afternoon",) if len(openings) == 1 and openings[0].start.hour >= 12 else ("morning", "afternoon")


def seen_of(lost: list[tuple[Booking, list[dt.date]]]) -> str:
    """Which bookings and days were listed, as the form carries it."""
    return " ".join(f"{row.public_id}:{','.join(str(day) for day in days)}" for row, days in lost)
