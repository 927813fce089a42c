"""The plan's pages: timetable with forms for every change, A4 print, spreadsheet (R15)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.access_log import log_access
from photocampus.errors import DomainError
from photocampus.sheets import XLSX, sheet_bytes
from sessions import plans as acts
from sessions.booking_forms import Day, Time
from sessions.calendar import clock_time, minutes
from sessions.models import BlockedHours, Booking, BookingKind, BookingState, PlanEntry, Station
from sessions.planner import Forecast, Slot
from sessions.studio_bookings import StudioBookingPage
from sessions.unit_bookings import UnitBookingPage
from students.models import ClassGroup


@dataclass(frozen=True)
class Block:
    """A class in an hour of the timetable; `colour` is stable per class."""

    entry: PlanEntry
    colour: int
    reasons: list[str]
    size: int


@dataclass(frozen=True)
class Cell:
    slot: Slot | None
    blocks: list[Block]

    @property
    def people(self) -> int:
        return sum(block.entry.people for block in self.blocks)

    @property
    def free(self) -> int:
        return (self.slot.capacity if self.slot else 0) - self.people


@dataclass(frozen=True)
class Row:
    start: dt.time
    end: dt.time
    cells: list[Cell]


@dataclass(frozen=True)
class PlanDay:
    """One day: hours as rows, stations as columns."""

    day: dt.date
    stations: list[Station]
    rows: list[Row]
    loads: list[int]
    median: dt.time | None
    bound: dt.time | None

    @property
    def people(self) -> int:
        return sum(self.loads)


def timetable(booking: Booking, rows: list[PlanEntry], forecast: Forecast) -> list[PlanDay]:
    """The plan as days, hours and stations, with what is free."""
    stations = list(acts.stations_of(booking).values())
    slots = acts.slots_of_booking(booking)
    sizes = {group.pk: size for group, size in acts.class_sizes(booking).items()}
    order = {pk: n for n, pk in enumerate(dict.fromkeys([*sizes, *(row.class_group_id for row in rows)]))}
    blocks: dict[tuple[dt.date, int, str], list[Block]] = {}
    for row in rows:
        block = Block(
            row, order[row.class_group_id] % 12 + 1, acts.reasons_of(row), sizes.get(row.class_group_id, 0)
        )
        blocks.setdefault((row.day, minutes(row.start), row.station.code), []).append(block)
    by_place = {(slot.day, slot.start, slot.station): slot for slot in slots}
    days = []
    for day in sorted({slot.day for slot in slots}):
        here = [s for s in stations if any(slot.day == day and slot.station == s.code for slot in slots)]
        hours = sorted({(slot.start, slot.end) for slot in slots if slot.day == day})
        table = [
            Row(
                clock_time(start),
                clock_time(end),
                [
                    Cell(by_place.get((day, start, s.code)), blocks.get((day, start, s.code), []))
                    for s in here
                ],
            )
            for start, end in hours
        ]
        loads = [sum(row.people for row in rows if row.day == day and row.station_id == s.pk) for s in here]
        ends = forecast.days.get(day)
        days.append(
            PlanDay(
                day, here, table, loads, _clock(ends[0]) if ends else None, _clock(ends[1]) if ends else None
            )
        )
    return days


def _clock(total: int) -> dt.time:
    return clock_time(min(total, 24 * 60 - 1))


class MoveForm(forms.Form):
    """Where to: one of the hours held, and how many of the class."""

    target = forms.ChoiceField(label=gettext_lazy("To"))
    people = forms.IntegerField(label=gettext_lazy("People"), min_value=1)

    def __init__(self, *args: Any, slots: list[Slot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [(slot_code(slot), slot_label(slot)) for slot in slots]  # type: ignore[attr-defined]


class AddForm(MoveForm):
    group = forms.ChoiceField(label=gettext_lazy("Class"))
    field_order = ("group", "target", "people")

    def __init__(self, *args: Any, groups: list[ClassGroup], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [(group.public_id, group.name) for group in groups]  # type: ignore[attr-defined]


class BlockForm(forms.Form):
    group = forms.ChoiceField(label=gettext_lazy("Class"))
    day = forms.DateField(label=gettext_lazy("Day"), widget=Day())
    start = forms.TimeField(label=gettext_lazy("Begins at"), widget=Time())
    end = forms.TimeField(label=gettext_lazy("Ends at"), widget=Time())

    def __init__(self, *args: Any, groups: list[ClassGroup], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [(group.public_id, group.name) for group in groups]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("start") and cleaned.get("end") and cleaned["start"] >= cleaned["end"]:
            self.add_error("end", _("Must be later than the beginning."))
        return cleaned


def slot_code(slot: Slot) -> str:
    return f"{slot.station}_{slot.day:%Y-%m-%d}_{slot.start}"


def slot_label(slot: Slot) -> str:
    start, end = clock_time(slot.start), clock_time(slot.end)
    return f"{slot.day:%m-%d} {start:%H:%M}–{end:%H:%M} · {slot.station}"


class UnitPlan(UnitBookingPage):
    """`/unit/<unit>/<campaign>/bookings/<booking>/plan/`: the timetable, with a form for every change."""

    needs = "view"
    template_name = "shoots/plan.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return self.show(self.booking(booking))

    def show(
        self, booking: Booking, refusal: DomainError | None = None, status: int = 200, **bound: Any
    ) -> HttpResponse:
        if booking.kind == BookingKind.INDIVIDUAL:
            raise Http404
        rows = acts.entries_of(booking)
        slots = acts.slots_of_booking(booking)
        sizes = acts.class_sizes(booking)
        rest = acts.unplanned(booking, rows)
        forecast = acts.forecast_of(booking, rows)
        may_edit = self.can_edit and booking.state in acts.PLANNABLE
        return self.render(
            status=status,
            unit=self.unit,
            campaign=self.campaign,
            booking=booking,
            days=timetable(booking, rows, forecast),
            rows=rows,
            sizes=sizes,
            people=sum(sizes.values()),
            rest=rest,
            may_edit=may_edit,
            chosen=self.chosen(rows) if may_edit else None,
            move_form=self.move_form(rows, slots),
            add_form=AddForm(slots=slots, groups=[g for g, n in rest.items() if n > 0], auto_id="add_%s"),
            block_form=bound.get("block_form") or BlockForm(groups=list(sizes), auto_id="block_%s"),
            blocked=BlockedHours.objects.filter(campaign=self.campaign, class_group__in=sizes).select_related(
                "class_group"
            ),
            refusal=refusal,
            breadcrumb=self.crumbs(
                (booking.get_kind_display(), self.to("unit-booking", booking.public_id)), (_("Plan"), None)
            ),
        )

    def chosen(self, rows: list[PlanEntry]) -> PlanEntry | None:
        wanted = self.request.GET.get("entry") or self.request.POST.get("entry")
        return next((row for row in rows if row.public_id == wanted), None)

    def move_form(self, rows: list[PlanEntry], slots: list[Slot]) -> MoveForm | None:
        entry = self.chosen(rows)
        if entry is None:
            return None
        current = f"{entry.station.code}_{entry.day:%Y-%m-%d}_{minutes(entry.start)}"
        initial = {"target": current, "people": entry.people}
        return MoveForm(slots=slots, initial=initial, auto_id="move_%s")


class UnitPlanAct(UnitPlan):
    """`…/plan/<act>/`: one change of the plan, by POST; a refusal is shown above the timetable."""

    needs = "edit"

    def get(self, request: HttpRequest, booking: str, act: str) -> HttpResponse:  # type: ignore[override]
        return redirect(self.to("plan", self.booking(booking).public_id))

    def post(self, request: HttpRequest, booking: str, act: str) -> HttpResponse:
        row = self.booking(booking)
        steps = {
            "make": self.make,
            "lock": self.lock,
            "unlock": self.unlock,
            "move": self.move,
            "remove": self.remove,
            "add": self.add,
            "block": self.block,
            "unblock": self.unblock,
        }
        if act not in steps:
            raise Http404
        try:
            done = steps[act](row)
        except DomainError as refusal:
            return self.show(row, refusal, status=409)
        if done:
            messages.success(request, done)
        else:
            messages.error(request, _("Please check what you entered."))
        return redirect(self.to("plan", row.public_id))

    def entry(self, booking: Booking) -> PlanEntry:
        rows = self.scoped(PlanEntry.objects.filter(booking=booking)).select_related(
            "booking", "class_group", "station"
        )
        return get_object_or_404(rows, public_id=self.request.POST.get("entry", ""))

    def make(self, booking: Booking) -> str:
        acts.generate_plan(booking=booking, by=self.user)
        return _("The plan is made: everybody has an hour.")

    def lock(self, booking: Booking) -> str:
        acts.set_locked(entry=self.entry(booking), locked=True, by=self.user)
        return _("The entry stays where it is.")

    def unlock(self, booking: Booking) -> str:
        acts.set_locked(entry=self.entry(booking), locked=False, by=self.user)
        return _("The entry may be moved when the plan is made again.")

    def move(self, booking: Booking) -> str:
        entry = self.entry(booking)
        form = MoveForm(self.request.POST, slots=acts.slots_of_booking(booking))
        if not form.is_valid():
            return ""
        station, day, start = self.target(booking, form.cleaned_data["target"])
        people = form.cleaned_data["people"]
        acts.move_entry(entry=entry, station=station, day=day, start=start, people=people, by=self.user)
        return _("Moved.")

    def add(self, booking: Booking) -> str:
        groups = list(acts.class_sizes(booking))
        form = AddForm(self.request.POST, slots=acts.slots_of_booking(booking), groups=groups)
        if not form.is_valid():
            return ""
        station, day, start = self.target(booking, form.cleaned_data["target"])
        group = next(g for g in groups if g.public_id == form.cleaned_data["group"])
        people = form.cleaned_data["people"]
        acts.add_entry(
            booking=booking,
            class_group=group,
            station=station,
            day=day,
            start=start,
            people=people,
            by=self.user,
        )
        return _("Planned.")

    def remove(self, booking: Booking) -> str:
        acts.remove_entry(entry=self.entry(booking), by=self.user)
        return _("Taken out of the plan.")

    def block(self, booking: Booking) -> str:
        groups = list(acts.class_sizes(booking))
        form = BlockForm(self.request.POST, groups=groups)
        if not form.is_valid():
            return ""
        group = next(g for g in groups if g.public_id == form.cleaned_data.pop("group"))
        acts.block_hours(booking=booking, class_group=group, by=self.user, **form.cleaned_data)
        return _("Noted. Make the plan again so that it takes effect.")

    def unblock(self, booking: Booking) -> str:
        number = self.request.POST.get("blocked", "")
        rows = BlockedHours.objects.filter(campaign=self.campaign, class_group__in=acts.class_sizes(booking))
        row = get_object_or_404(rows, pk=int(number) if number.isdigit() else 0)
        acts.unblock_hours(blocked=row, by=self.user)
        return _("Noted. Make the plan again so that it takes effect.")

    def target(self, booking: Booking, code: str) -> tuple[Station, dt.date, dt.time]:
        station_code, day, start = code.split("_")
        stations = {station.code: station for station in acts.stations_of(booking).values()}
        return stations[station_code], dt.date.fromisoformat(day), clock_time(int(start))


def print_context(booking: Booking) -> dict[str, Any]:
    """What the A4 sheet shows, for both sides."""
    rows = acts.entries_of(booking)
    report = booking.campaign.report_minutes
    days: dict[dt.date, list[tuple[PlanEntry, dt.time]]] = {}
    for row in rows:
        moment = dt.datetime.combine(row.day, row.start) - dt.timedelta(minutes=report)
        days.setdefault(row.day, []).append((row, moment.time()))
    return {
        "booking": booking,
        "campaign": booking.campaign,
        "units": list(booking.units.order_by("code")),
        "studio": booking.studio,
        "days": list(days.items()),
        "people": sum(row.people for row in rows),
        "rest": acts.unplanned(booking, rows),
        "on_site": booking.kind == BookingKind.ON_SITE,
    }


def plan_sheet(booking: Booking) -> bytes:
    """The plan as one XLSX sheet: a row per class, station and hour; no names in it."""
    report = booking.campaign.report_minutes
    rows = []
    for row in acts.entries_of(booking):
        moment = dt.datetime.combine(row.day, row.start) - dt.timedelta(minutes=report)
        rows.append(
            (
                f"{row.day:%Y-%m-%d}",
                f"{moment:%H:%M}",
                f"{row.start:%H:%M}",
                f"{row.end:%H:%M}",
                row.station.code,
                row.class_group.unit.name,
                row.class_group.name,
                row.people,
            )
        )
    headings = [
        _("Day"),
        _("Report at"),
        _("From"),
        _("Until"),
        _("Station"),
        _("Unit"),
        _("Class"),
        _("People"),
    ]
    return sheet_bytes(headings=headings, rows=rows, title=_("Plan"), widths=(12, 10, 8, 8, 8, 24, 24, 8))


def plan_download(booking: Booking, by: Any) -> HttpResponse:
    content = plan_sheet(booking)
    log_access("plan_downloaded", by=by, subject=booking, rows=booking.plan_entries.count())
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="plan-{booking.public_id}.xlsx"'
    return response


class UnitPlanPrint(UnitBookingPage):
    """`…/plan/print/`: one A4 sheet."""

    needs = "view"
    template_name = "shoots/plan_print.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        return self.render(back=self.to("plan", row.public_id), **print_context(row))


class UnitPlanSheet(UnitBookingPage):
    """`…/plan.xlsx`."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return plan_download(self.booking(booking), self.user)


class StudioPlan(StudioBookingPage):
    """`/studio/<studio>/<campaign>/bookings/<booking>/plan/`: the same plan, to read and to print."""

    needs = "view"
    template_name = "shoots/plan_print.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        if row.state not in (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE):
            raise Http404
        return self.render(back=self.to("studio-booking", row.public_id), **print_context(row))


class StudioPlanSheet(StudioBookingPage):
    """`…/plan.xlsx` for the studio."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        if row.state not in (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE):
            raise Http404
        return plan_download(row, self.user)
