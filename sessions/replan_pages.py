"""After a disturbance (R17): the rest of the day planned anew, compared before it is applied, and whom to tell."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.digits import read_digits
from photocampus.errors import ChangedMeanwhile, DomainError
from sessions.access import sees_classes
from sessions.calendar import clock_time
from sessions.class_texts import lines_about_people, parted_classes, place_of_shoot
from sessions.models import Booking, BookingKind, Disturbance, Station
from sessions.outages import in_force
from sessions.places import Place
from sessions.plan_compare import Compared, by_class, compared, line_of
from sessions.plan_rows import class_sizes, entries_of, to_entry
from sessions.planner import Entry, Replanned
from sessions.plans import PLANNABLE, PlanImpossible
from sessions.replanning import Outages, planned_from, record_outages, replan_rest, seal_of
from sessions.shoot_pages import ShootPage, shoot_lines
from sessions.shoots import days_of, end_disturbance, stations_of
from sessions.unit_bookings import UnitBookingPage
from students.models import ClassGroup
from units.models import Acknowledgement


def time_field(label: Any, **fields: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}), **fields)


class OutageForm(forms.Form):
    """Until when what is recorded lasts, and from when to when which stations cannot work besides."""

    day = forms.ChoiceField(label=gettext_lazy("Day"), required=False)
    start = time_field(gettext_lazy("No work from"), required=False)
    end = time_field(gettext_lazy("until"), required=False)
    stations = forms.MultipleChoiceField(
        label=gettext_lazy("Stations that cannot work"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all of them."),
    )
    what = forms.CharField(label=gettext_lazy("What happened"), required=False, max_length=300)

    def __init__(
        self,
        *args: Any,
        stations: list[Station],
        days: list[dt.date],
        lasting: list[Disturbance],
        is_back: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lasting, self.is_back = lasting, is_back
        self.fields["stations"].choices = [(row.public_id, f"{row.code} {row.name}") for row in stations]  # type: ignore[attr-defined]
        self.fields["day"].choices = [(f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}") for day in days]  # type: ignore[attr-defined]
        for row in lasting:
            until = timezone.localtime(row.until) if row.until else None
            label = _("%(what)s: expected until") % {"what": row.what}
            initial = f"{until:%H:%M}" if until else ""
            self.fields[f"until_{row.pk}"] = time_field(label, required=False, initial=initial)

    def known(self) -> list[tuple[Disturbance, Any]]:
        """What lasts, each with its field."""
        return [(row, self[f"until_{row.pk}"]) for row in self.lasting]

    def until(self) -> dict[int, dt.time]:
        values = {row.pk: self.cleaned_data.get(f"until_{row.pk}") for row in self.lasting}
        return {pk: end for pk, end in values.items() if end}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        start, end = values.get("start"), values.get("end")
        if start and end and start >= end:
            raise forms.ValidationError(_("The end lies before the beginning."))
        if end and not start and "start" in values:
            self.add_error("start", _("Please say from when on."))
        if not (start or end or self.errors or self.lasting or self.is_back):
            self.add_error("start", _("Please say from when on."))
        return values


@dataclass
class ClassChange(Compared):
    """One class in the comparison: whether it moves, whom to tell, and in which words."""

    is_moved: bool
    contact: Acknowledgement | None
    text: str

    @property
    def rows(self) -> int:
        """Height of the text's box."""
        return self.text.count("\n") + 2


def changes_of(
    booking: Booking,
    before: Iterable[Entry],
    answer: Replanned,
    contacts: dict[int, Acknowledgement],
) -> list[ClassChange]:
    """Class by class, those that move first."""
    old, new = by_class(before), by_class(answer.plan.entries)
    found = []
    sizes = class_sizes(booking)
    parted = parted_classes(booking, [group.pk for group in sizes])
    for group in sizes:
        key = str(group.pk)
        was, now = old.get(key, []), new.get(key, [])
        row = compared(group, was, now, answer.kept)
        is_moved = key in answer.moved
        missed = [_rest(e, answer.kept) for e, (_text, only) in zip(was, row.before, strict=True) if only]
        coming = [e for e in now if e not in answer.kept]
        people = lines_about_people(is_part=group.pk in parted, has_hours=len(now) > 1)
        text = text_for(booking, group, missed, coming, people) if is_moved else ""
        contact = contacts.get(group.unit_id)
        found.append(ClassChange(group, row.before, row.after, is_moved, contact, text))
    return sorted(found, key=lambda change: not change.is_moved)


def _rest(entry: Entry, kept: Collection[Entry]) -> Entry:
    """Those of an hour for whom it is not over."""
    place = (entry.day, entry.start, entry.station, entry.group)
    over = sum(e.count for e in kept if (e.day, e.start, e.station, e.group) == place)
    return replace(entry, count=entry.count - over)


def text_for(
    booking: Booking, group: ClassGroup, missed: list[Entry], coming: list[Entry], people: list[str]
) -> str:
    """What the class is told: whom it concerns, which hours no longer hold, which ones do now, and where."""
    lines = [_("%(name)s: the shooting plan has changed.") % {"name": group.name}, *people]
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
        """The form; after something is over, at once what the plan could be without it."""
        if self.back and self.back.plan_before and self.may_apply:
            outages = Outages(back=self.back)
            moment = planned_from(self.shoot, outages, clock.today())
            try:
                return self.compare(self.form(), outages, moment)
            except DomainError as error:
                messages.error(self.request, str(error))
        now = clock.now()
        later = now + dt.timedelta(hours=1)
        times = {} if self.lasting else {"start": f"{now:%H:%M}", "end": f"{later:%H:%M}"}
        return self.show_form(self.form(times))

    def form(self, initial: dict[str, str] | None = None) -> OutageForm:
        return OutageForm(
            self.request.POST if self.request.method == "POST" else None,
            stations=stations_of(self.shoot),
            days=self.coming_days(),
            lasting=self.lasting,
            is_back=self.back is not None,
            initial=initial,
        )

    @cached_property
    def lasting(self) -> list[Disturbance]:
        return in_force(self.shoot)

    @cached_property
    def back(self) -> Disturbance | None:
        """The disturbance that is over, whose classes may get their hours again."""
        sent = self.request.POST.get("back") or self.request.GET.get("back", "")
        return self.recorded(sent).filter(ended_at__isnull=False).first() if sent else None

    def recorded(self, number: str) -> Any:
        rows = self.scoped(Disturbance).filter(booking=self.shoot)  # type: ignore[attr-defined]
        return rows.filter(pk=read_digits(number) or 0)

    def coming_days(self) -> list[dt.date]:
        today = clock.today()
        return [day for day in days_of(self.shoot) if day >= today] or [today]

    def compare_or_apply(self) -> HttpResponse:
        """Compare, apply what was compared, or write down that something is over."""
        if not self.may_apply:
            raise Http404
        if over := self.request.POST.get("over", ""):
            return self.end(over)
        form = self.form()
        if not form.is_valid():
            return self.show_form(form)
        values = form.cleaned_data
        day = dt.date.fromisoformat(values["day"] or f"{self.coming_days()[0]:%Y-%m-%d}")
        chosen: list[Station | None] = [
            row for row in stations_of(self.shoot) if row.public_id in values["stations"]
        ]
        start = values["start"]
        pauses = [(station, start, values["end"]) for station in chosen or [None]] if start else []
        outages = Outages(pauses, values["what"], form.until(), self.back)
        moment = self.moment(planned_from(self.shoot, outages, day))
        try:
            if "record" in self.request.POST:
                return self.record(outages, day)
            if "apply" in self.request.POST:
                return self.apply(outages, moment)
            return self.compare(form, outages, moment)
        except ChangedMeanwhile as error:
            form.add_error(None, str(error))
            return self.compare(form, outages, moment)
        except PlanImpossible as error:
            form.add_error(None, str(error))
            return self.show_form(form, may_record=bool(outages.pauses or outages.until))
        except DomainError as error:
            form.add_error(None, str(error))
            return self.show_form(form)

    def record(self, outages: Outages, day: dt.date) -> HttpResponse:
        """There is no room for a new plan: both sides know at least what happened."""
        record_outages(booking=self.shoot, day=day, outages=outages, by=self.request.user)  # type: ignore[arg-type]
        said = _("Recorded. The plan stays as it is; it shows the classes that cannot be photographed then.")
        messages.warning(self.request, said)
        return redirect(self.done_url())

    def apply(self, outages: Outages, moment: dt.datetime) -> HttpResponse:
        compared = self.request.POST.get("compared", "")
        answer = replan_rest(
            booking=self.shoot,
            moment=moment,
            outages=outages,
            by=self.request.user,  # type: ignore[arg-type]
            apply=True,
            compared=compared,
        )
        if answer.moved:
            said = _("The rest of the plan has been changed. Tell the classes that moved.")
        else:
            said = _("Recorded. Every class keeps its hours.")
        messages.success(self.request, said)
        return redirect(self.done_url())

    def compare(self, form: OutageForm, outages: Outages, moment: dt.datetime) -> HttpResponse:
        before = [to_entry(row) for row in entries_of(self.shoot)]
        answer = replan_rest(
            booking=self.shoot,
            moment=moment,
            outages=outages,
            by=self.request.user,  # type: ignore[arg-type]
            apply=False,
        )
        return self.show_answer(form, before, answer, moment)

    def end(self, number: str) -> HttpResponse:
        row = self.recorded(number).first()
        if row is None:
            raise Http404
        try:
            end_disturbance(disturbance=row, by=self.request.user)  # type: ignore[arg-type]
        except DomainError as error:
            messages.error(self.request, str(error))
            return redirect(self.request.path)
        messages.success(self.request, _("Noted: “%(what)s” is over.") % {"what": row.what})
        return redirect(f"{self.request.path}?back={row.pk}")

    def moment(self, begin: dt.datetime) -> dt.datetime:
        """From when on is planned anew; when applied, the same moment as was shown."""
        shown = self.request.POST.get("moment", "")
        if not shown or "apply" not in self.request.POST:
            return begin
        try:
            seen = dt.datetime.fromisoformat(shown)
        except ValueError:
            raise Http404 from None
        # The clock went on meanwhile; what was compared is judged by its seal.
        return seen if dt.timedelta() <= begin - seen <= dt.timedelta(hours=1) else begin

    def show_answer(
        self, form: OutageForm, before: list[Entry], answer: Replanned, moment: dt.datetime
    ) -> HttpResponse:
        changes = changes_of(self.shoot, before, answer, self.contacts())
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
        may_record: bool = False,
    ) -> HttpResponse:
        return self.render(  # type: ignore[attr-defined]
            "shoots/replan.html",
            booking=self.shoot,
            line=shoot_lines([self.shoot])[0],
            form=form,
            changes=changes,
            back_row=self.back,
            may_record=may_record,
            moved=[change for change in changes or [] if change.is_moved],
            kept=[change for change in changes or [] if not change.is_moved],
            compared=compared,
            moment=moment,
            may_apply=self.may_apply,
            back=self.done_url(),
            breadcrumb=self.crumbs_here(),
        )


class Replan(ReplanPage, ShootPage):
    """`/studio/<studio>/<campaign>/shoots/<booking>/replan/`: names classes, so only while the studio holds the grant."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.shoot = self.find(booking)
        return self.ask()

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.shoot = self.find(booking)
        return self.compare_or_apply()

    def find(self, public_id: str) -> Booking:
        row = self.setup_booking(public_id)
        if not sees_classes(self.user, row):
            raise Http404
        return row

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
        self.shoot = self.booking(booking)
        if self.shoot.kind == BookingKind.INDIVIDUAL:
            raise Http404
        if self.shoot.state not in PLANNABLE:  # a message of then leads here
            return redirect(self.done_url())
        return self.ask()

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.shoot = self.booking(booking)
        return self.compare_or_apply()

    def done_url(self) -> str:
        return self.to("plan", self.shoot.public_id)

    def crumbs_here(self) -> list[tuple[str, str | None]]:
        here = self.to("unit-booking", self.shoot.public_id)
        return self.crumbs(
            (self.shoot.get_kind_display(), here),
            (_("Plan"), self.done_url()),
            (_("Plan the rest anew"), None),
        )
