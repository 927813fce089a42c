"""Academic affairs: every unit's route, its distance from the line, decisions and flagged bookings (R3, R4)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from photocampus.views import StaffPage
from sessions.booking import reroute_booking
from sessions.booking_forms import OverrideForm, ReasonForm
from sessions.models import ACTIVE_STATES, Booking, Route
from sessions.routes import (
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


class Routes(OfficePage):
    """`/office/<campaign>/routes/`."""

    template_name = "shoots/routes.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        entries = routes_of(row)
        order = request.GET.get("order", "")
        if order == "distance":
            entries.sort(key=lambda e: (abs(e.verdict.distance), e.unit.code))
        flagged = Booking.objects.filter(campaign=row, state__in=ACTIVE_STATES).exclude(flag="")
        return self.render(
            campaign=row,
            entries=entries,
            order=order,
            flagged=flagged.select_related("studio").prefetch_related("units"),
            on_site=sum(1 for e in entries if e.route == Route.ON_SITE),
            in_studio=sum(1 for e in entries if e.route == Route.STUDIO),
            booked=sum(1 for e in entries if e.bookings),
            breadcrumb=self.crumbs(row),
        )


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


class FlaggedBooking(OfficePage):
    """`/office/<campaign>/bookings/<booking>/`: keep a flagged booking with a reason, or take it off the unit's calendar
    so that it can be booked by its new route (R4)."""

    template_name = "shoots/flagged.html"

    def find(self, campaign: Campaign, public_id: str) -> Booking:
        rows = Booking.objects.filter(campaign=campaign).exclude(flag="").select_related("studio")
        return self.get_scoped(rows, public_id=public_id)

    def get(self, request: HttpRequest, campaign: str, booking: str) -> HttpResponse:
        row = self.office(campaign)
        return self.show(row, self.find(row, booking))

    def show(
        self, campaign: Campaign, booking: Booking, refusal: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        return self.render(
            status=status,
            campaign=campaign,
            booking=booking,
            entries=routes_of(campaign, booking.units.all()),
            keep_form=ReasonForm(auto_id="keep_%s"),
            reroute_form=ReasonForm(auto_id="reroute_%s"),
            refusal=refusal,
            breadcrumb=self.crumbs(campaign, (_("Flagged booking"), None)),
        )

    def post(self, request: HttpRequest, campaign: str, booking: str) -> HttpResponse:
        row = self.office(campaign)
        found, reason = self.find(row, booking), request.POST.get("reason", "")
        act = request.POST.get("act")
        if act not in ("keep", "reroute"):
            raise Http404
        try:
            if act == "keep":
                keep_booking(booking=found, reason=reason, by=self.user)
                messages.success(request, _("The booking stays as it is."))
            else:
                reroute_booking(booking=found, reason=reason, by=self.user)
                messages.success(request, _("The booking is off; the unit can now book by its new route."))
        except DomainError as refusal:
            return self.show(row, found, refusal, status=409)
        return redirect("shoots:routes", row.code)
