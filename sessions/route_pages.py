"""Academic affairs: every unit's route, its distance from the line, decisions and flagged bookings (R3, R4)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from photocampus.lists import join_parts
from photocampus.sheets import XLSX, sheet_bytes
from photocampus.views import StaffPage
from sessions.booking import take_off_booking
from sessions.booking_forms import OverrideForm, ReasonForm
from sessions.condensed import words_of
from sessions.hours import held_hours, stretches
from sessions.models import ACTIVE_STATES, OPEN_STATES, Booking, BookingKind, BookingState, Route
from sessions.routes import (
    UnitRoute,
    end_override,
    keep_booking,
    override_route,
    route_of_unit,
    routes_of,
)
from units.models import Campaign, Unit


class OfficePage(StaffPage):
    """Shared by academic affairs' pages of one campaign. Not a page by itself."""

    def office(self, code: str) -> Campaign:
        return self.get_scoped(Campaign, code=code)

    def crumbs(self, campaign: Campaign, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        here = reverse("shoots:routes", args=[campaign.code]) if more else None
        return [(_("Units"), reverse("students:units", args=[campaign.code])), (_("Routes"), here), *more]


FILTERS: dict[str, Any] = {
    "": gettext_lazy("All"),
    "on_site": gettext_lazy("On site"),
    "studio": gettext_lazy("Group in the studio"),
    "decided": gettext_lazy("Decided by staff"),
    "unbooked": gettext_lazy("Without a booking"),
    "flagged": gettext_lazy("Flagged"),
}
ORDERS: dict[str, tuple[Any, Callable[[UnitRoute], Any]]] = {
    "": (gettext_lazy("By code"), lambda e: e.unit.code),
    "distance": (
        gettext_lazy("Nearest to the line first"),
        lambda e: (abs(e.verdict.distance), e.unit.code),
    ),
    "counted": (gettext_lazy("Most graduates first"), lambda e: (-e.verdict.counted, e.unit.code)),
    "people": (gettext_lazy("Most to be photographed first"), lambda e: (-e.to_photograph, e.unit.code)),
    "campus": (gettext_lazy("By campus"), lambda e: (e.unit.campus, e.unit.code)),
}


def chosen(entries: list[UnitRoute], show: str, order: str) -> list[UnitRoute]:
    """The entries of one filter in one order; unknown words mean all, by code."""
    tests: dict[str, Callable[[UnitRoute], Any]] = {
        "on_site": lambda e: e.route == Route.ON_SITE,
        "studio": lambda e: e.route == Route.STUDIO,
        "decided": lambda e: e.override is not None,
        "unbooked": lambda e: e.to_photograph and not e.bookings,
        "flagged": lambda e: bool(e.flagged),
    }
    rows = [entry for entry in entries if show not in tests or tests[show](entry)]
    return sorted(rows, key=ORDERS.get(order, ORDERS[""])[1])


class Routes(OfficePage):
    """`/office/<campaign>/routes/`."""

    template_name = "shoots/routes.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        show, order = request.GET.get("show", ""), request.GET.get("order", "")
        everybody = routes_of(row)
        entries = chosen(everybody, show, order)
        flagged = Booking.objects.filter(campaign=row, state__in=ACTIVE_STATES).exclude(flag="")
        return self.render(
            campaign=row,
            entries=entries,
            order=order,
            show=show,
            filters=FILTERS.items(),
            orders=[(key, label) for key, (label, _key) in ORDERS.items()],
            flagged=flagged.select_related("studio").prefetch_related("units"),
            on_site=sum(1 for e in everybody if e.route == Route.ON_SITE),
            in_studio=sum(1 for e in everybody if e.route == Route.STUDIO),
            booked=sum(1 for e in everybody if e.bookings),
            breadcrumb=self.crumbs(row),
        )


class RoutesSheet(OfficePage):
    """`/office/<campaign>/routes.xlsx`: the list as it is filtered and sorted, without anybody's personal data."""

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        entries = chosen(routes_of(row), request.GET.get("show", ""), request.GET.get("order", ""))
        headings = [
            _("Code"), _("Unit"), _("Campus"), _("Graduates that count"), _("Distance from the line"),
            _("To be photographed"), _("By the rule"), _("Route"), _("Reason"), _("Booking"), _("Why flagged"),
        ]  # fmt: skip
        data = sheet_bytes(
            headings=headings,
            rows=[sheet_row(entry) for entry in entries],
            title=_("Routes"),
            widths=[10, 24, 16, 14, 14, 14, 16, 16, 30, 24, 40],
        )
        response = HttpResponse(data, content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="routes-{row.code}.xlsx"'
        return response


def sheet_row(entry: UnitRoute) -> list[Any]:
    return [
        entry.unit.code,
        entry.unit.name,
        entry.unit.campus,
        entry.verdict.counted,
        entry.verdict.distance,
        entry.to_photograph,
        entry.rule_label,
        entry.label,
        entry.override.reason if entry.override else "",
        join_parts(f"{row.get_kind_display()} ({row.get_state_display()})" for row in entry.bookings),
        join_parts(row.flag_note for row in entry.flagged),
    ]


class RouteDecision(OfficePage):
    """`/office/<campaign>/routes/<unit>/`: decide against the rule, or let the rule hold again; both with a reason."""

    template_name = "shoots/route.html"

    def get(self, request: HttpRequest, campaign: str, unit: str) -> HttpResponse:
        row, entry_unit = self.office(campaign), get_object_or_404(Unit, code=unit)
        return self.show(row, entry_unit, OverrideForm())

    def show(
        self,
        campaign: Campaign,
        unit: Unit,
        form: ReasonForm,
        refusal: DomainError | None = None,
        status: int = 200,
    ) -> HttpResponse:
        entry = route_of_unit(unit, campaign)
        if not form.is_bound:
            other = Route.STUDIO if entry.route == Route.ON_SITE else Route.ON_SITE
            form = OverrideForm(initial={"route": other})
        return self.render(
            status=status,
            campaign=campaign,
            entry=entry,
            form=form,
            end_form=ReasonForm(auto_id="end_%s"),
            refusal=refusal,
            breadcrumb=self.crumbs(campaign, (unit.name, None)),
        )

    def post(self, request: HttpRequest, campaign: str, unit: str) -> HttpResponse:
        row, entry_unit = self.office(campaign), get_object_or_404(Unit, code=unit)
        try:
            if "end" in request.POST:
                reason = request.POST.get("reason", "")
                end_override(unit=entry_unit, campaign=row, reason=reason, by=self.user)
            else:
                form = OverrideForm(request.POST)
                if not form.is_valid():
                    return self.show(row, entry_unit, form, status=422)
                override_route(unit=entry_unit, campaign=row, by=self.user, **form.cleaned_data)
        except DomainError as refusal:
            return self.show(row, entry_unit, OverrideForm(), refusal, status=409)
        messages.success(request, _("The decision holds; bookings of the other kind are flagged."))
        return redirect("shoots:routes", row.code)


class OfficeBooking(OfficePage):
    """`/office/<campaign>/bookings/<booking>/`: keep a flagged booking with a reason, or take any booking of units off
    (R4: so that it can be booked by the unit's new route)."""

    template_name = "shoots/office_booking.html"

    def find(self, campaign: Campaign, public_id: str) -> Booking:
        rows = Booking.objects.filter(campaign=campaign).select_related("studio", "asked_by")
        return self.get_scoped(rows, public_id=public_id)

    def get(self, request: HttpRequest, campaign: str, booking: str) -> HttpResponse:
        row = self.office(campaign)
        return self.show(row, self.find(row, booking))

    def show(
        self, campaign: Campaign, booking: Booking, refusal: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        is_units = booking.kind != BookingKind.INDIVIDUAL or booking.flag
        return self.render(
            status=status,
            campaign=campaign,
            booking=booking,
            entries=routes_of(campaign, booking.units.all()),
            hours=words_of(stretches(held_hours(booking))),
            can_go=is_units and booking.state in (*OPEN_STATES, BookingState.CONFIRMED),
            keep_form=ReasonForm(auto_id="keep_%s"),
            off_form=ReasonForm(auto_id="off_%s"),
            refusal=refusal,
            breadcrumb=self.crumbs(campaign, (_("Booking"), None)),
        )

    def post(self, request: HttpRequest, campaign: str, booking: str) -> HttpResponse:
        row = self.office(campaign)
        found, reason = self.find(row, booking), request.POST.get("reason", "")[:300]
        act, was_flagged = request.POST.get("act"), bool(found.flag)
        if act not in ("keep", "off") or (act == "keep" and not was_flagged):
            raise Http404
        try:
            if act == "keep":
                keep_booking(booking=found, reason=reason, by=self.user)
                messages.success(request, _("The booking stays as it is."))
            else:
                take_off_booking(booking=found, reason=reason, by=self.user)
                messages.success(
                    request, _("The booking is off and its hours are free; both sides are told.")
                )
        except DomainError as refusal:
            return self.show(row, found, refusal, status=409)
        if was_flagged:
            return redirect("shoots:routes", row.code)
        return redirect("shoots:studio-booking", found.studio.code, row.code, found.public_id)
