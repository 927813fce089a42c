"""The studio's calendar: month and day as they are, closures, exceptional days, stations and their days off."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus import clock
from photocampus.digits import read_digits
from photocampus.errors import DomainError
from sessions import studio_days as acts
from sessions.booking_forms import WEEKDAYS, ClosureForm, DayOffForm, ExceptionForm, StationForm
from sessions.calendar import Span, Week, days_off, is_provisional
from sessions.hours import calendar_of
from sessions.models import BookingKind, StationDayOff, StationKind
from sessions.picking import Picker, holiday_name
from sessions.routes import FLAG_HOURS
from sessions.studio_bookings import StudioBookingPage
from sessions.weekly_hours import remove_weekly_hours


@dataclass(frozen=True)
class WeekTable:
    """One table of weekly hours; `since` is None for the one from the start."""

    since: dt.date | None
    days: list[tuple[str, tuple[Span, ...]]]
    is_to_come: bool


def _by_weekday(week: Week) -> list[tuple[str, tuple[Span, ...]]]:
    return [(str(name), tuple(week.get(weekday, ()))) for weekday, name in WEEKDAYS]


class StudioCalendarPage(StudioBookingPage):
    """`/studio/<studio>/<campaign>/calendar/`: what is free and who holds what, for bays or crews."""

    needs = "view"
    template_name = "shoots/studio_calendar.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        on_site = request.GET.get("kind") == StationKind.CREW
        kind = BookingKind.ON_SITE if on_site else BookingKind.GROUP
        picker = Picker(
            request,
            self.user,
            self.studio,
            self.campaign,
            kind,
            0,
            self.to("studio-calendar"),
            extra=(("kind", StationKind.CREW if on_site else StationKind.BAY),),
        )
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            picker=picker,
            on_site=on_site,
            breadcrumb=self.crumbs((_("Calendar"), None)),
        )


class StudioDays(StudioBookingPage):
    """`…/days/`: weekly hours, closures, exceptional days, stations and their days off, with forms to change them."""

    needs = "view"
    template_name = "shoots/studio_days.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show({})

    def forms(self) -> dict[str, Any]:
        return {
            "closure": ClosureForm(auto_id="closure_%s"),
            "exception": ExceptionForm(auto_id="exception_%s"),
            "dayoff": DayOffForm(stations=self.studio.stations.all(), auto_id="dayoff_%s"),
            "station": StationForm(auto_id="station_%s"),
        }

    def show(
        self, bound: dict[str, Any], refusal: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        today = clock.today()
        years = sorted({self.campaign.window_start.year, self.campaign.window_end.year})
        holidays = [
            (day, holiday_name(name))
            for year in years
            for day, name in sorted(days_off(year).items())
            if self.campaign.contains(day)
        ]
        return self.render(
            status=status,
            studio=self.studio,
            campaign=self.campaign,
            weekly=self.weekly(),
            closures=self.studio.closures.filter(last__gte=min(today, self.campaign.window_start)),
            exceptions=self.studio.exceptions.filter(day__gte=min(today, self.campaign.window_start)),
            stations=self.studio.stations.prefetch_related("days_off"),
            days_off=StationDayOff.objects.filter(station__studio=self.studio, day__gte=today).select_related(
                "station"
            ),
            flagged=self.bookings().filter(flag__contains=FLAG_HOURS),
            holidays=holidays,
            provisional=[year for year in years if is_provisional(year)],
            forms={**self.forms(), **bound},
            refusal=refusal,
            breadcrumb=self.crumbs((_("Working days and stations"), None)),
        )

    def weekly(self) -> list[WeekTable]:
        """The weekly hours that hold today, and those that replace them later."""
        calendar, today = calendar_of(self.studio), clock.today()
        coming = [(first, week) for first, week in calendar.later if first > today]
        begun = max((first for first, _week in calendar.later if first <= today), default=None)
        return [
            WeekTable(begun, _by_weekday(calendar.week_of(today)), False),
            *(WeekTable(first, _by_weekday(week), True) for first, week in coming),
        ]


class StudioDaysAct(StudioDays):
    """`…/days/<act>/`: one change of the calendar, by POST."""

    needs = "edit"

    def get(self, request: HttpRequest, act: str) -> HttpResponse:  # type: ignore[override]
        return redirect(self.to("studio-days"))

    def post(self, request: HttpRequest, act: str) -> HttpResponse:
        adding = {
            "closure": self.closure,
            "exception": self.exception,
            "dayoff": self.dayoff,
            "station": self.station,
        }
        removing = {
            "closure-out": self.no_closure,
            "exception-out": self.no_exception,
            "dayoff-out": self.no_dayoff,
            "weekly-out": self.no_week,
        }
        try:
            if act in removing:
                removing[act](request.POST.get("id", ""))
            elif act in adding:
                bound = adding[act]()
                if bound is not None:
                    return self.show({act: bound}, status=422)
            else:
                raise Http404
        except DomainError as refusal:
            return self.show({}, refusal, status=409)
        flagged = self.bookings().filter(flag__contains=FLAG_HOURS).count()
        messages.success(request, _("Saved."))
        if flagged:
            text = ngettext(
                "%(count)d booking holds hours that are no longer open; it is flagged.",
                "%(count)d bookings hold hours that are no longer open; they are flagged.",
                flagged,
            )
            messages.warning(request, text % {"count": flagged})
        return redirect(self.to("studio-days"))

    def closure(self) -> ClosureForm | None:
        form = ClosureForm(self.request.POST, auto_id="closure_%s")
        if not form.is_valid():
            return form
        acts.add_closure(studio=self.studio, by=self.user, **form.cleaned_data)
        return None

    def exception(self) -> ExceptionForm | None:
        form = ExceptionForm(self.request.POST, auto_id="exception_%s")
        if not form.is_valid():
            return form
        day, reason = form.cleaned_data["day"], form.cleaned_data["reason"]
        acts.set_exception(studio=self.studio, day=day, spans=form.spans(), reason=reason, by=self.user)
        return None

    def dayoff(self) -> DayOffForm | None:
        form = DayOffForm(self.request.POST, stations=self.studio.stations.all(), auto_id="dayoff_%s")
        if not form.is_valid():
            return form
        acts.add_day_off(by=self.user, **form.cleaned_data)
        return None

    def station(self) -> StationForm | None:
        known = self.studio.stations.filter(public_id=self.request.POST.get("station", "")).first()
        form = StationForm(self.request.POST, instance=known, auto_id="station_%s")
        if not form.is_valid():
            return form
        acts.save_station(studio=self.studio, by=self.user, station=known, **form.cleaned_data)
        return None

    def no_closure(self, pk: str) -> None:
        row = get_object_or_404(self.studio.closures, pk=_number(pk))
        acts.remove_closure(closure=row, by=self.user)

    def no_exception(self, day: str) -> None:
        try:
            row = get_object_or_404(self.studio.exceptions, day=dt.date.fromisoformat(day))
        except ValueError:
            raise Http404 from None
        acts.remove_exception(exception=row, by=self.user)

    def no_week(self, first: str) -> None:
        try:
            since = dt.date.fromisoformat(first)
        except ValueError:
            raise Http404 from None
        remove_weekly_hours(studio=self.studio, since=since, by=self.user)

    def no_dayoff(self, pk: str) -> None:
        row = get_object_or_404(StationDayOff.objects.filter(station__studio=self.studio), pk=_number(pk))
        acts.remove_day_off(day_off=row, by=self.user)


class StationEdit(StudioBookingPage):
    """`…/stations/<station>/`: name, rate and daily load of one station."""

    needs = "edit"
    template_name = "shoots/station.html"

    def get(self, request: HttpRequest, station: str) -> HttpResponse:
        row = get_object_or_404(self.studio.stations, public_id=station)
        return self.show(row.code, StationForm(instance=row))

    def show(self, code: str, form: StationForm, status: int = 200) -> HttpResponse:
        crumbs = self.crumbs((_("Working days and stations"), self.to("studio-days")), (code, None))
        return self.render(status=status, studio=self.studio, code=code, form=form, breadcrumb=crumbs)

    def post(self, request: HttpRequest, station: str) -> HttpResponse:
        row = get_object_or_404(self.studio.stations, public_id=station)
        form = StationForm(request.POST, instance=row)
        if not form.is_valid():
            return self.show(row.code, form, 422)
        acts.save_station(studio=self.studio, by=self.user, station=row, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect(self.to("studio-days"))


def _number(text: str) -> int:
    number = read_digits(text)
    if number is None:
        raise Http404
    return number
