"""The plan's pages: the timetable, with forms for every change (R15). On paper and as a file: `plan_papers`."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.digits import read_digits
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.lists import join_words
from sessions import plan_edits as edits
from sessions import plans as acts
from sessions.booking_forms import Day, Time
from sessions.calendar import clock_time
from sessions.models import BlockedHours, Booking, BookingKind, PlanChange, PlanChangeKind, PlanEntry, Station
from sessions.plan_papers import StudioPlanPage
from sessions.plan_rows import class_sizes, entries_of, slots_of_booking, stations_of
from sessions.plan_rules import HourFull, HourNotHeld, LoadExceeded
from sessions.plan_table import Block, PlanView, plan_view, slot_code, slot_label
from sessions.unit_bookings import UnitBookingPage
from students.models import ClassGroup
from units.access import own_unit_ids

UNDO_SHOWN = 10


class MoveForm(forms.Form):
    """Where to: one of the hours held, and how many of the class."""

    target = forms.ChoiceField(label=gettext_lazy("To"))
    people = forms.IntegerField(label=gettext_lazy("People"), min_value=1)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = choices  # type: ignore[attr-defined]


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


def targets(plan: PlanView, entry: PlanEntry | None = None) -> list[tuple[str, str]]:
    """The hours to come, with the places left; where the class is already, both are joined."""
    choices = []
    for day in plan.days:
        for row in day.rows:
            for cell in row.cells:
                if not cell.is_open or cell.slot is None:
                    continue
                text = _("%(hour)s · %(free)d free") % {"hour": slot_label(cell.slot), "free": cell.free}
                mine = [
                    b.entry for b in cell.blocks if entry and b.entry.class_group_id == entry.class_group_id
                ]
                if entry and mine and mine[0].pk != entry.pk:
                    text = _("%(hour)s · join the %(people)d there") % {
                        "hour": slot_label(cell.slot),
                        "people": mine[0].people,
                    }
                choices.append((slot_code(cell.slot), text))
    return choices


def said_of(change: PlanChange, names: dict[int, str], stations: dict[int, Station]) -> str:
    """A change in words: which class, from where to where."""
    notes = [*change.before, *change.after]
    group = names.get(notes[0]["group"], "—") if notes else "—"

    def places(found: list[dict[str, Any]]) -> str:
        return join_words(
            f"{note['day'][5:]} {note['start']} {stations[note['station']].code} × {note['people']}"
            for note in found
            if note["station"] in stations
        )

    if change.kind in (PlanChangeKind.LOCKED, PlanChangeKind.UNLOCKED):
        return f"{group} · {places(change.after)}"
    parts = [places(change.before), places(change.after)]
    return f"{group} · " + " → ".join(part or "—" for part in parts)


class PlanPage:
    """What both sides' timetables show. A mix-in, not a page by itself."""

    def shown(self, booking: Booking, plan: PlanView, chosen: Block | None) -> dict[str, Any]:
        return {
            "booking": booking,
            "plan": plan,
            "rows": plan.rows,
            "chosen": chosen,
            "is_live": bool(self.request.headers.get("HX-Request")),  # type: ignore[attr-defined]
        }


class UnitPlan(PlanPage, UnitBookingPage):
    """`/unit/<unit>/<campaign>/bookings/<booking>/plan/`: the timetable, with a form for every change."""

    needs = "view"
    template_name = "shoots/plan.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return self.show(self.booking(booking))

    @property
    def is_live(self) -> bool:
        """Asked by the page's script, which replaces only what changes."""
        return bool(self.request.headers.get("HX-Request"))

    def show(
        self,
        booking: Booking,
        refusal: DomainError | None = None,
        said: str = "",
        focus: str = "",
        **bound: Any,
    ) -> HttpResponse:
        if booking.kind == BookingKind.INDIVIDUAL:
            raise Http404
        rows = entries_of(booking)
        plan = plan_view(booking, rows, self.own_units())
        may_edit = self.can_edit and booking.state in acts.PLANNABLE
        chosen = plan.block_of(self.asked_entry())
        stations = stations_of(booking)
        names = {line.group.pk: line.group.name for line in plan.classes}
        changes = edits.open_changes(booking)[:UNDO_SHOWN] if may_edit else []
        own = {group.pk for group in self.own_groups(line.group for line in plan.classes)}
        return self.render(
            "shoots/_plan.html" if self.is_live else "",
            status=409 if refusal and not self.is_live else 200,
            unit=self.unit,
            campaign=self.campaign,
            links=self.links(booking),
            may_edit=may_edit,
            move_form=self.move_form(plan, chosen) if may_edit and chosen else None,
            add_form=self.add_form(plan),
            block_form=bound.get("block_form")
            or BlockForm(groups=self.own_groups(plan.sizes), auto_id="block_%s"),
            blocked=BlockedHours.objects.filter(
                campaign=self.campaign, class_group__in=plan.sizes
            ).select_related("class_group"),
            own_classes=own,
            changes=[(row, said_of(row, names, stations), edits.classes_of(row) <= own) for row in changes],
            refusal=refusal,
            offer=self.offer(refusal),
            said=said,
            focus=focus,
            breadcrumb=self.crumbs(
                (booking.get_kind_display(), self.to("unit-booking", booking.public_id)), (_("Plan"), None)
            ),
            **self.shown(booking, plan, chosen),
        )

    def asked_entry(self) -> str:
        """Whose panel is open; the script asks for it only when its forms were used."""
        sent = self.request.POST
        opened = sent.get("entry", "") if not self.is_live or "panel" in sent else ""
        return self.request.GET.get("entry", "") or opened

    def own_units(self) -> set[int]:
        return set(own_unit_ids(self.user).values_list("unit", flat=True))

    def own_groups(self, groups: Iterable[ClassGroup]) -> list[ClassGroup]:
        """In a joint shoot everybody plans the own classes."""
        own = self.own_units()
        return [group for group in groups if group.unit_id in own]

    def links(self, booking: Booking) -> dict[str, str]:
        """Addresses that the timetable of either side needs."""
        key = booking.public_id
        return {
            "plan": self.to("plan", key),
            "act": self.to("plan-act", key, "x")[: -len("x/")],
            "print": self.to("plan-print", key),
            "sheet": self.to("plan-sheet", key),
            "classes": self.to("plan-classes", key),
            "cards": self.to("number-cards", key),
            "texts": self.to("class-texts", key),
            "replan": self.to("unit-replan", key),
        }

    def move_form(self, plan: PlanView, chosen: Block) -> MoveForm:
        initial = {"target": chosen.place, "people": chosen.entry.people}
        return MoveForm(choices=targets(plan, chosen.entry), initial=initial, auto_id="move_%s")

    def add_form(self, plan: PlanView) -> AddForm:
        groups = [line.group for line in plan.waiting]
        wanted = self.request.GET.get("add", "")
        line = next((line for line in plan.waiting if line.group.public_id == wanted), None)
        initial = {"group": wanted, "people": line.rest} if line else {}
        return AddForm(choices=targets(plan), groups=groups, initial=initial, auto_id="add_%s")

    def offer(self, refusal: DomainError | None) -> dict[str, Any] | None:
        """What would have fitted, in one click: fewer people of the same class to the same hour."""
        sent = self.request.POST
        wanted = read_digits(sent.get("people", ""))
        if not isinstance(refusal, HourFull | LoadExceeded) or wanted is None:
            return None
        limit = refusal.data["capacity"] if isinstance(refusal, HourFull) else refusal.data["agreed"]
        people = wanted - (refusal.data["wanted"] - limit)
        if people < 1:
            return None
        act = "move" if sent.get("entry") else "add"
        kept = {name: sent[name] for name in ("entry", "group", "target", "seen") if sent.get(name)}
        return {"act": act, "people": people, "fields": kept}


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
            "undo": self.undo,
            "block": self.block,
            "unblock": self.unblock,
        }
        if act not in steps:
            raise Http404
        try:
            said, focus = steps[act](row)
        except DomainError as refusal:
            return self.show(row, refusal, focus=request.POST.get("entry", ""))
        if self.is_live:
            return self.show(row, said=said or _("Please check what you entered."), focus=focus)
        if said:
            messages.success(request, said)
        else:
            messages.error(request, _("Please check what you entered."))
        return redirect(self.to("plan", row.public_id))

    def entry(self, booking: Booking) -> PlanEntry:
        rows = self.scoped(PlanEntry.objects.filter(booking=booking)).select_related(
            "booking", "class_group", "station"
        )
        row = rows.filter(public_id=self.request.POST.get("entry", "")).first()
        if row is None:
            raise ChangedMeanwhile()
        return row

    @property
    def seen(self) -> str:
        return self.request.POST.get("seen", "")

    def make(self, booking: Booking) -> tuple[str, str]:
        acts.generate_plan(booking=booking, by=self.user)
        return _("The plan is made: everybody has an hour."), ""

    def lock(self, booking: Booking) -> tuple[str, str]:
        entry = self.entry(booking)
        edits.set_locked(entry=entry, locked=True, by=self.user, seen=self.seen)
        return _("The entry stays where it is."), entry.public_id

    def unlock(self, booking: Booking) -> tuple[str, str]:
        entry = self.entry(booking)
        edits.set_locked(entry=entry, locked=False, by=self.user, seen=self.seen)
        return _("The entry may be moved when the plan is made again."), entry.public_id

    def move(self, booking: Booking) -> tuple[str, str]:
        entry = self.entry(booking)
        form = MoveForm(self.request.POST, choices=self.all_targets(booking))
        if not form.is_valid():
            return "", entry.public_id
        station, day, start = self.target(booking, form.cleaned_data["target"])
        people = form.cleaned_data["people"]
        moved = edits.move_entry(
            entry=entry, station=station, day=day, start=start, people=people, by=self.user, seen=self.seen
        )
        said = _("%(name)s: %(people)d people now come on %(day)s at %(start)s to %(station)s.")
        return said % {
            "name": moved.class_group.name,
            "people": people,
            "day": f"{day:%m-%d}",
            "start": f"{start:%H:%M}",
            "station": station.code,
        }, moved.public_id

    def add(self, booking: Booking) -> tuple[str, str]:
        groups = self.own_groups(class_sizes(booking))
        form = AddForm(self.request.POST, choices=self.all_targets(booking), groups=groups)
        if not form.is_valid():
            return "", ""
        station, day, start = self.target(booking, form.cleaned_data["target"])
        group = next(g for g in groups if g.public_id == form.cleaned_data["group"])
        people = form.cleaned_data["people"]
        row = edits.add_entry(
            booking=booking,
            class_group=group,
            station=station,
            day=day,
            start=start,
            people=people,
            by=self.user,
        )
        return _("Planned."), row.public_id

    def remove(self, booking: Booking) -> tuple[str, str]:
        edits.remove_entry(entry=self.entry(booking), by=self.user, seen=self.seen)
        return _("Taken out of the plan."), ""

    def undo(self, booking: Booking) -> tuple[str, str]:
        rows = PlanChange.objects.filter(booking=booking, public_id=self.request.POST.get("change", ""))
        change = rows.select_related("booking").first()
        if change is None:
            raise edits.LaterChange()
        back = edits.undo_change(change=change, by=self.user)
        return _("Undone."), back[0] if back else ""

    def block(self, booking: Booking) -> tuple[str, str]:
        groups = self.own_groups(class_sizes(booking))
        form = BlockForm(self.request.POST, groups=groups)
        if not form.is_valid():
            return "", ""
        hours = dict(form.cleaned_data)
        chosen = hours.pop("group")
        group = next(group for group in groups if group.public_id == chosen)
        acts.block_hours(booking=booking, class_group=group, by=self.user, **hours)
        return _("Noted. Make the plan again so that it takes effect."), ""

    def unblock(self, booking: Booking) -> tuple[str, str]:
        number = read_digits(self.request.POST.get("blocked", ""))
        groups = self.own_groups(class_sizes(booking))
        rows = BlockedHours.objects.filter(campaign=self.campaign, class_group__in=groups)
        row = get_object_or_404(rows, pk=number or 0)
        acts.unblock_hours(blocked=row, by=self.user)
        return _("Noted. Make the plan again so that it takes effect."), ""

    def all_targets(self, booking: Booking) -> list[tuple[str, str]]:
        return [(slot_code(slot), slot_label(slot)) for slot in slots_of_booking(booking)]

    def target(self, booking: Booking, code: str) -> tuple[Station, dt.date, dt.time]:
        station_code, day, start = code.rsplit("_", 2)
        stations = {station.code: station for station in stations_of(booking).values()}
        if station_code not in stations:
            raise HourNotHeld(station=station_code, day=day, start=f"{clock_time(int(start)):%H:%M}")
        return stations[station_code], dt.date.fromisoformat(day), clock_time(int(start))


class StudioPlan(PlanPage, StudioPlanPage):
    """`/studio/<studio>/<campaign>/bookings/<booking>/plan/`: the same timetable, to read and to print."""

    needs = "view"
    template_name = "shoots/plan.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.firm_booking(booking)
        plan = plan_view(row, entries_of(row), ())
        key = row.public_id
        back = self.to("studio-booking", key)
        return self.render(
            "shoots/_plan.html" if request.headers.get("HX-Request") else "",
            campaign=self.campaign,
            studio=self.studio,
            may_edit=False,
            links={
                "plan": self.to("studio-plan", key),
                "print": self.to("studio-plan-print", key),
                "sheet": self.to("studio-plan-sheet", key),
                "classes": self.to("studio-plan-classes", key),
                "cards": self.to("studio-number-cards", key),
                "replan": self.to("shoot-replan", key) if self.can_edit else "",
            },
            breadcrumb=self.crumbs((row.get_kind_display(), back), (_("Plan"), None)),
            **self.shown(row, plan, plan.block_of(request.GET.get("entry", ""))),
        )
