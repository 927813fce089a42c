"""After a disturbance (R17): the rest of the day planned anew, compared before it is applied, and whom to tell."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError
from sessions.calendar import clock_time
from sessions.class_texts import place_of_shoot
from sessions.models import Booking, BookingKind, Station
from sessions.places import Place
from sessions.plan_rows import class_sizes, entries_of, to_entry
from sessions.planner import Entry, Replanned
from sessions.plans import PLANNABLE
from sessions.replanning import replan_rest, seal_of
from sessions.shoot_pages import ShootPage, shoot_lines
from sessions.shoots import days_of, stations_of
from sessions.unit_bookings import UnitBookingPage
from students.models import ClassGroup
from units.models import Acknowledgement


class OutageForm(forms.Form):
    """From when to when which stations cannot work."""

    day = forms.ChoiceField(label=gettext_lazy("Day"), required=False)
    start = forms.TimeField(
        label=gettext_lazy("No work from"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    end = forms.TimeField(label=gettext_lazy("until"), widget=forms.TimeInput(attrs={"type": "time"}))
    stations = forms.MultipleChoiceField(
        label=gettext_lazy("Stations that cannot work"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all of them."),
    )

    def __init__(self, *args: object, stations: list[Station], days: list[dt.date], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["stations"].choices = [(row.public_id, f"{row.code} {row.name}") for row in stations]  # type: ignore[attr-defined]
        self.fields["day"].choices = [(f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}") for day in days]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        if "start" in values and "end" in values and values["start"] >= values["end"]:
            raise forms.ValidationError(_("The end lies before the beginning."))
        return values


@dataclass
class ClassChange:
    """The hours of one class before and after (text, whether only on this side), whom to tell, and in which words."""

    group: ClassGroup
    before: list[tuple[str, bool]]
    after: list[tuple[str, bool]]
    is_moved: bool
    contact: Acknowledgement | None
    text: str

    @property
    def rows(self) -> int:
        """Height of the text's box."""
        return self.text.count("\n") + 2


def line_of(entry: Entry) -> str:
    return f"{entry.day:%m-%d} {clock_time(entry.start):%H:%M}–{clock_time(entry.end):%H:%M} {entry.station} × {entry.count}"


def changes_of(
    booking: Booking,
    before: Iterable[Entry],
    answer: Replanned,
    moment: dt.datetime,
    contacts: dict[int, Acknowledgement],
) -> list[ClassChange]:
    """Class by class, those that move first."""
    old, new = _by_class(before), _by_class(answer.plan.entries)
    found = []
    for group in class_sizes(booking):
        key = str(group.pk)
        was, now = [line_of(e) for e in old.get(key, [])], [line_of(e) for e in new.get(key, [])]
        is_moved = key in answer.moved
        coming = [e for e in new.get(key, []) if _begins(e) >= moment]
        missed = [e for e in old.get(key, []) if line_of(e) not in now]
        found.append(
            ClassChange(
                group,
                [(text, text not in now) for text in was],
                [(text, text not in was) for text in now],
                is_moved,
                contacts.get(group.unit_id),
                text_for(booking, group, missed, coming) if is_moved else "",
            )
        )
    return sorted(found, key=lambda change: not change.is_moved)


def _by_class(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries):
        found.setdefault(entry.group, []).append(entry)
    return found


def _begins(entry: Entry) -> dt.datetime:
    return dt.datetime.combine(entry.day, clock_time(entry.start))


def text_for(booking: Booking, group: ClassGroup, missed: list[Entry], coming: list[Entry]) -> str:
    """What the class is told: which hours no longer hold, which ones do now, and where."""
    lines = [_("%(name)s: the shooting plan has changed because of a disturbance.") % {"name": group.name}]
    for entry in missed:
        lines.append(_("No longer: %(hour)s.") % {"hour": line_of(entry)})
    for entry in coming:
        report = Place(entry.day, clock_time(entry.start)).report_at(booking.campaign.report_minutes)
        values = {"hour": line_of(entry), "report": f"{report:%H:%M}"}
        lines.append(_("Now: %(hour)s; please be there at %(report)s.") % values)
    lines.append(_("Where: %(where)s") % {"where": place_of_shoot(booking, group.unit)})
    return "\n".join(lines)


class ReplanPage:
    """The comparison, for both sides. A mix-in, not a page by itself."""

    shoot: Booking  # found by the page's own door
    request: HttpRequest

    def ask(self) -> HttpResponse:
        now = clock.now()
        later = now + dt.timedelta(hours=1)
        return self.show_form(self.form({"start": f"{now:%H:%M}", "end": f"{later:%H:%M}"}))

    def form(self, initial: dict[str, str] | None = None) -> OutageForm:
        data = self.request.POST if self.request.method == "POST" else None
        return OutageForm(data, stations=stations_of(self.shoot), days=self.coming_days(), initial=initial)

    def coming_days(self) -> list[dt.date]:
        today = clock.today()
        return [day for day in days_of(self.shoot) if day >= today] or [today]

    def compare_or_apply(self) -> HttpResponse:
        """Compare, or apply what was compared."""
        if not self.may_apply:
            raise Http404
        form = self.form()
        if not form.is_valid():
            return self.show_form(form)
        values = form.cleaned_data
        moment = self.moment(values)
        chosen: list[Station | None] = [
            row for row in stations_of(self.shoot) if row.public_id in values["stations"]
        ]
        details: dict[str, Any] = {
            "booking": self.shoot,
            "moment": moment,
            "pauses": [(station, values["start"], values["end"]) for station in chosen or [None]],
            "by": self.request.user,
        }
        compared = self.request.POST.get("compared", "")
        try:
            before = [to_entry(row) for row in entries_of(self.shoot)]
            if "apply" in self.request.POST:
                replan_rest(**details, apply=True, compared=compared)
                said = _("The rest of the plan has been changed. Tell the classes that moved.")
                messages.success(self.request, said)
                return redirect(self.done_url())
            return self.show_answer(form, before, replan_rest(**details, apply=False), moment)
        except ChangedMeanwhile as error:
            form.add_error(None, str(error))
            return self.show_answer(form, before, replan_rest(**details, apply=False), moment)
        except DomainError as error:
            form.add_error(None, str(error))
            return self.show_form(form)

    def moment(self, values: dict[str, Any]) -> dt.datetime:
        """From when on is planned anew: the beginning of the disturbance, or now if that is over; the same when applied."""
        day = dt.date.fromisoformat(values["day"] or f"{self.coming_days()[0]:%Y-%m-%d}")
        begin = dt.datetime.combine(day, values["start"])
        now = clock.now().replace(tzinfo=None, second=0, microsecond=0)
        if shown := self.request.POST.get("moment", ""):
            try:
                seen = dt.datetime.fromisoformat(shown)
            except ValueError:
                raise Http404 from None
            if "apply" in self.request.POST and begin <= seen <= max(begin, now):
                return seen
        return max(begin, now)

    def show_answer(
        self, form: OutageForm, before: list[Entry], answer: Replanned, moment: dt.datetime
    ) -> HttpResponse:
        changes = changes_of(self.shoot, before, answer, moment, self.contacts())
        return self.show_form(form, changes, seal_of(answer), moment)

    def contacts(self) -> dict[int, Acknowledgement]:
        """The contact person of each unit as far as the reader may see it; the companion is on the page anyway."""
        rows = self.scoped(Acknowledgement).filter(  # type: ignore[attr-defined]
            notice__campaign=self.shoot.campaign_id, unit__in=self.shoot.units.all()
        )
        return {row.unit_id: row for row in rows.order_by("notice__edition")}

    @property
    def may_apply(self) -> bool:
        return self.can_edit and self.shoot.state in PLANNABLE and self.shoot.kind != BookingKind.INDIVIDUAL  # type: ignore[attr-defined]

    def done_url(self) -> str:
        raise NotImplementedError

    def crumbs_here(self) -> list[tuple[str, str | None]]:
        raise NotImplementedError

    def show_form(
        self,
        form: OutageForm,
        changes: list[ClassChange] | None = None,
        compared: str = "",
        moment: dt.datetime | None = None,
    ) -> HttpResponse:
        return self.render(  # type: ignore[attr-defined]
            "shoots/replan.html",
            booking=self.shoot,
            line=shoot_lines([self.shoot])[0],
            form=form,
            changes=changes,
            moved=[change for change in changes or [] if change.is_moved],
            kept=[change for change in changes or [] if not change.is_moved],
            compared=compared,
            moment=moment,
            may_apply=self.may_apply,
            back=self.done_url(),
            breadcrumb=self.crumbs_here(),
        )


class Replan(ReplanPage, ShootPage):
    """`/studio/<studio>/<campaign>/shoots/<booking>/replan/`"""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.shoot = self.setup_booking(booking)
        return self.ask()

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.shoot = self.setup_booking(booking)
        return self.compare_or_apply()

    def done_url(self) -> str:
        return self.console_url()

    def crumbs_here(self) -> list[tuple[str, str | None]]:
        shoots = reverse("shoots:shoots", args=[self.studio.code, self.campaign.code])
        units = shoot_lines([self.shoot])[0].units
        return [(_("Shoot days"), shoots), (units, self.console_url()), (_("Plan the rest anew"), None)]


class UnitReplan(ReplanPage, UnitBookingPage):
    """`/unit/<unit>/<campaign>/bookings/<booking>/replan/`: the same for the unit."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.find(booking)
        return self.ask()

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.find(booking)
        return self.compare_or_apply()

    def find(self, public_id: str) -> None:
        self.shoot = self.booking(public_id)
        if self.shoot.state not in PLANNABLE or self.shoot.kind == BookingKind.INDIVIDUAL:
            raise Http404

    def done_url(self) -> str:
        return self.to("plan", self.shoot.public_id)

    def crumbs_here(self) -> list[tuple[str, str | None]]:
        here = self.to("unit-booking", self.shoot.public_id)
        return self.crumbs(
            (self.shoot.get_kind_display(), here),
            (_("Plan"), self.done_url()),
            (_("Plan the rest anew"), None),
        )
