"""The unit's register of rooms (R14)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from sessions.booking_forms import VenueForm
from sessions.models import Venue
from sessions.unit_bookings import UnitBookingPage
from sessions.venues import judge_venue, retire_venue, save_venue


class Venues(UnitBookingPage):
    """`/unit/<unit>/<campaign>/venues/`: the rooms, and for how many crews each is enough."""

    needs = "view"
    template_name = "shoots/venues.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = [(venue, judge_venue(venue, self.campaign, 1), self.crews(venue)) for venue in self.venues()]
        return self.render(
            unit=self.unit, campaign=self.campaign, rows=rows, breadcrumb=self.crumbs((_("Rooms"), None))
        )

    def crews(self, venue: Venue) -> int:
        """The most crews for which area and power are enough; 0 when anything else is missing."""
        most = 0
        while most < 20 and not judge_venue(venue, self.campaign, most + 1).missing:
            most += 1
        return most


class VenueEdit(UnitBookingPage):
    """`…/venues/new/` and `…/venues/<venue>/`: one room."""

    needs = "edit"
    template_name = "shoots/venue.html"

    def venue(self, public_id: str) -> Venue | None:
        return get_object_or_404(self.venues(), public_id=public_id) if public_id else None

    def get(self, request: HttpRequest, venue: str = "") -> HttpResponse:
        row = self.venue(venue)
        return self.show(row, VenueForm(instance=row))

    def show(
        self, venue: Venue | None, form: VenueForm, refusal: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        title = venue.name if venue else _("New room")
        return self.render(
            status=status,
            unit=self.unit,
            campaign=self.campaign,
            venue=venue,
            form=form,
            refusal=refusal,
            title=title,
            breadcrumb=self.crumbs((_("Rooms"), self.to("venues")), (title, None)),
        )

    def post(self, request: HttpRequest, venue: str = "") -> HttpResponse:
        row = self.venue(venue)
        if row is not None and "retire" in request.POST:
            retire_venue(venue=row, by=self.user)
            messages.success(request, _("The room is no longer offered."))
            return redirect(self.to("venues"))
        form = VenueForm(request.POST, instance=self.venue(venue))
        if not form.is_valid():
            return self.show(row, form, status=422)
        try:
            fields: dict[str, Any] = form.cleaned_data
            save_venue(unit=self.unit, by=self.user, venue=row, **fields)
        except DomainError as refusal:
            return self.show(row, form, refusal, status=409)
        messages.success(request, _("Saved."))
        return redirect(self.to("venues"))
