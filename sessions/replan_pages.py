"""After a disturbance (R17): the rest of the day planned anew, compared before it is applied, and whom to tell."""

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.errors import DomainError
from sessions.calendar import clock_time
from sessions.models import BookingState, Station
from sessions.plan_rows import entries_of, problem_of
from sessions.planning.replan import Replanned
from sessions.replanning import replan_rest
from sessions.shoot_pages import ShootPage, shoot_lines
from sessions.shoots import stations_of


class OutageForm(forms.Form):
    """From when to when which station cannot work."""

    start = forms.TimeField(
        label=gettext_lazy("No work from"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    end = forms.TimeField(label=gettext_lazy("until"), widget=forms.TimeInput(attrs={"type": "time"}))
    station = forms.ChoiceField(label=gettext_lazy("Station"), required=False)

    def __init__(self, *args: object, stations: list[Station], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [("", _("all"))] + [(row.public_id, f"{row.code} {row.name}") for row in stations]
        self.fields["station"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        if "start" in values and "end" in values and values["start"] >= values["end"]:
            raise forms.ValidationError(_("The end lies before the beginning."))
        return values


@dataclass
class ClassChange:
    """The hours of one class before and after."""

    name: str
    before: list[str]
    after: list[str]
    is_moved: bool


class Replan(ShootPage):
    """`/studio/<studio>/<campaign>/shoots/<booking>/replan/`"""

    needs = "view"
    template_name = "shoots/replan.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        now = clock.now()
        later = now + dt.timedelta(hours=1)
        initial = {"start": now.strftime("%H:%M"), "end": later.strftime("%H:%M")}
        return self.show_form(OutageForm(stations=stations_of(self.booking), initial=initial))

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        """Compare, or apply what was compared."""
        self.setup_booking(booking)
        if not self.can_edit or self.booking.state not in (BookingState.CONFIRMED, BookingState.UNDER_WAY):
            raise Http404
        stations = stations_of(self.booking)
        form = OutageForm(request.POST, stations=stations)
        if not form.is_valid():
            return self.show_form(form)
        values = form.cleaned_data
        station = next((row for row in stations if row.public_id == values["station"]), None)
        moment = dt.datetime.combine(clock.today(), values["start"])
        apply = "apply" in request.POST
        try:
            before = self.before()
            answer = replan_rest(
                booking=self.booking,
                moment=moment,
                pauses=[(station, values["start"], values["end"])],
                by=self.user,
                apply=apply,
            )
        except DomainError as error:
            form.add_error(None, str(error))
            return self.show_form(form)
        if apply:
            messages.success(
                request, _("The rest of the plan has been changed. Tell the classes that moved.")
            )
            return redirect(self.console_url())
        return self.show_form(form, self.changes(before, answer))

    def before(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in entries_of(self.booking):
            text = f"{row.day:%m-%d} {row.start:%H:%M} {row.station.code} × {row.people}"
            found.setdefault(str(row.class_group_id), []).append(text)
        return found

    def changes(self, before: dict[str, list[str]], answer: Replanned) -> list[ClassChange]:
        _problem, names = problem_of(self.booking)
        after: dict[str, list[str]] = {}
        for entry in answer.plan.entries:
            text = f"{entry.day:%m-%d} {clock_time(entry.start):%H:%M} {entry.station} × {entry.count}"
            after.setdefault(entry.group, []).append(text)
        return [
            ClassChange(names.get(key, key), before.get(key, []), after.get(key, []), key in answer.moved)
            for key in sorted(before.keys() | after.keys(), key=lambda key: names.get(key, key))
        ]

    def show_form(self, form: OutageForm, changes: list[ClassChange] | None = None) -> HttpResponse:
        line = shoot_lines([self.booking])[0]
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            booking=self.booking,
            line=line,
            form=form,
            changes=changes,
            may_apply=self.can_edit,
            breadcrumb=[
                (_("Shoot days"), reverse("shoots:shoots", args=[self.studio.code, self.campaign.code])),
                (line.units, self.console_url()),
                (_("Plan the rest anew"), None),
            ],
        )
