"""Academic affairs: the what-if of routes, before and after side by side. A GET that changes nothing (R3, R4)."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions.models import Station, StationKind, WeeklyHours
from sessions.route_pages import OfficePage
from sessions.routes import UnitRoute, routes_of
from sessions.whatif import Outcome, Scenario, UnitCount, changes, mergeable, work_out
from units.models import Campaign, Contract

USUAL_RATE, USUAL_LOAD, USUAL_HOURS = 20, 120, 6.0  # where no studio has entered stations or hours yet


class WhatIfForm(forms.Form):
    threshold = forms.IntegerField(label=gettext_lazy("On site from"), min_value=1, max_value=100_000)
    studios = forms.IntegerField(label=gettext_lazy("Studios"), min_value=1, max_value=20)
    rate = forms.IntegerField(label=gettext_lazy("People per hour and station"), min_value=1, max_value=500)
    load = forms.IntegerField(label=gettext_lazy("People per day and station"), min_value=1, max_value=5000)
    hours = forms.FloatField(label=gettext_lazy("Hours per day"), min_value=0.5, max_value=24)
    crews = forms.IntegerField(label=gettext_lazy("Crews per studio"), min_value=1, max_value=50)
    bays = forms.IntegerField(label=gettext_lazy("Bays per studio"), min_value=1, max_value=50)
    merge = forms.BooleanField(
        label=gettext_lazy("Photograph small units of one campus together"), required=False
    )


class WhatIf(OfficePage):
    """`/office/<campaign>/what-if/`: merge small units of a campus, move the line, work with two studios."""

    template_name = "shoots/what_if.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        entries = routes_of(row)
        units = [count_of(entry) for entry in entries]
        now = scenario_now(row)
        form = WhatIfForm({**initial(now), **request.GET.dict()})
        is_valid = form.is_valid()
        left = set(request.GET.getlist("leave"))
        wanted = scenario_of(form.cleaned_data, units, left) if is_valid else now
        before, after = work_out(units, now), work_out(units, wanted)
        return self.render(
            status=200 if is_valid else 422,
            campaign=row,
            form=form,
            before=before,
            after=after,
            rows=compared(before, after),
            changes=changes(before, after),
            joint=[shoot for shoot in after.shoots if shoot.is_joint],
            candidates=[(unit, unit.code not in left) for unit in mergeable(units, wanted.threshold)],
            nowhere=[unit for unit in units if unit.people and not unit.campus],
            line_moves=wanted.threshold != row.threshold,
            breadcrumb=self.crumbs(row, (_("What if"), None)),
        )


def count_of(entry: UnitRoute) -> UnitCount:
    return UnitCount(
        entry.unit.code,
        entry.unit.name,
        entry.unit.campus.strip(),
        entry.verdict.counted,
        entry.to_photograph,
        entry.override.route if entry.override else "",
    )


def scenario_now(campaign: Campaign) -> Scenario:
    """The line of the campaign, its contracted studios, the slowest station's rate and load, and their usual hours."""
    studios = Contract.objects.filter(campaign=campaign, studio__is_active=True).values("studio")
    stations = Station.objects.filter(studio__in=studios, is_active=True)
    slowest = stations.aggregate(rate=Min("rate"), load=Min("daily_load"))
    kinds = dict(stations.order_by().values_list("kind").annotate(many=Count("pk")))
    many = max(studios.count(), 1)
    return Scenario(
        threshold=campaign.threshold,
        rate=slowest["rate"] or USUAL_RATE,
        load=slowest["load"] or USUAL_LOAD,
        hours=usual_hours(studios),
        crews=max(kinds.get(StationKind.CREW, 0) // many, 1),
        bays=max(kinds.get(StationKind.BAY, 0) // many, 1),
        studios=many,
    )


def usual_hours(studios: Any) -> float:
    """The hours of an ordinary opening day, the mean of the weekdays with any (of all tables of weekly hours)."""
    minutes: dict[tuple[int, Any, int], float] = {}
    day = dt.date(2000, 1, 1)
    rows = WeeklyHours.objects.filter(studio__in=studios)
    for studio, since, weekday, start, end in rows.values_list("studio", "since", "weekday", "start", "end"):
        length = dt.datetime.combine(day, end) - dt.datetime.combine(day, start)
        key = (studio, since, weekday)
        minutes[key] = minutes.get(key, 0) + length.total_seconds() / 60
    return round(sum(minutes.values()) / len(minutes) / 60, 2) if minutes else USUAL_HOURS


NUMBERS = ("threshold", "studios", "rate", "load", "hours", "crews", "bays")


def initial(scenario: Scenario) -> dict[str, Any]:
    return {name: getattr(scenario, name) for name in NUMBERS}


def scenario_of(data: dict[str, Any], units: list[UnitCount], left: set[str]) -> Scenario:
    scenario = Scenario(**{name: data[name] for name in NUMBERS})
    if not data["merge"]:
        return scenario
    codes = frozenset(unit.code for unit in mergeable(units, scenario.threshold)) - left
    return replace(scenario, merged=codes)


def compared(before: Outcome, after: Outcome) -> list[tuple[str, int, int, int]]:
    """(what, before, after, difference)."""
    facts = (
        (_("Shoots"), len(before.shoots), len(after.shoots)),
        (_("of these on site"), before.on_site, after.on_site),
        (_("Station-days"), before.station_days, after.station_days),
        (_("Days until everybody is photographed"), before.days, after.days),
        (_("People who travel to the studio"), before.travelling, after.travelling),
        (_("People to be photographed"), before.people, after.people),
    )
    return [(label, old, new, new - old) for label, old, new in facts]
