"""Waiting lists on the screen: the unit's own places and offers; who waits for which day, for the studio and for staff."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from sessions.booking_forms import WaitlistForm
from sessions.condensed import words_of
from sessions.models import Booking, BookingState, WaitlistEntry, WaitlistState
from sessions.route_pages import OfficePage
from sessions.studio_bookings import StudioBookingPage
from sessions.unit_bookings import UnitBookingPage, stretches_of
from sessions.waitlist import Place, join_waitlist, leave_waitlist, places


class UnitWaitlist(UnitBookingPage):
    """`/unit/<unit>/<campaign>/waitlist/`: for which days the unit waits, at which place, and what was offered to it."""

    needs = "view"
    template_name = "shoots/unit_waitlist.html"

    def entries(self) -> Any:
        return self.scoped(WaitlistEntry.objects.filter(unit=self.unit, campaign=self.campaign))

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def show(self, refusal: DomainError | None = None, status: int = 200) -> HttpResponse:
        over = self.entries().exclude(state=WaitlistState.WAITING).select_related("studio", "booking")
        return self.render(
            status=status,
            unit=self.unit,
            campaign=self.campaign,
            places=places(self.entries()),
            offered=offered(self.bookings()),
            past=over.order_by("-pk"),
            refusal=refusal,
            breadcrumb=self.crumbs((_("Waiting list"), None)),
        )


class JoinWaitlist(UnitWaitlist):
    """`…/waitlist/join/`: wait for a day, by POST from the month it was seen to be full in."""

    needs = "edit"

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(self.to("unit-waitlist"))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WaitlistForm(request.POST, studios=self.studios())
        if not form.is_valid():
            messages.error(request, _("Please check what you entered."))
            return self.show(status=422)
        try:
            entry = join_waitlist(campaign=self.campaign, unit=self.unit, by=self.user, **form.cleaned_data)
        except DomainError as refusal:
            return self.show(refusal, status=409)
        messages.success(
            request,
            _("You wait for %(day)s. As soon as hours become free for your group, they are held for you.")
            % {"day": entry.day},
        )
        return redirect(self.to("unit-waitlist"))


class LeaveWaitlist(UnitWaitlist):
    """`…/waitlist/<entry>/leave/`: wait no longer, by POST."""

    needs = "edit"

    def get(self, request: HttpRequest, entry: str) -> HttpResponse:  # type: ignore[override]
        get_object_or_404(self.entries(), public_id=entry)
        return redirect(self.to("unit-waitlist"))

    def post(self, request: HttpRequest, entry: str) -> HttpResponse:
        try:
            leave_waitlist(entry=get_object_or_404(self.entries(), public_id=entry), by=self.user)
        except DomainError as refusal:
            return self.show(refusal, status=409)
        messages.success(request, _("You no longer wait for this day."))
        return redirect(self.to("unit-waitlist"))


def offered(bookings: Any) -> list[tuple[Booking, list[str]]]:
    """Offers that nobody answered yet with their hours, the most urgent first."""
    rows = bookings.filter(state=BookingState.OFFERED).select_related("studio")
    rows = rows.prefetch_related("holds__station", "units").order_by("held_until", "pk")
    return [(row, words_of(stretches_of(row))) for row in rows]


def by_day(found: list[Place]) -> list[tuple[Any, list[Place]]]:
    """Places in the order of their lists: per studio and day, first come first."""
    ordered = sorted(found, key=lambda p: (p.entry.day, p.entry.studio.code, p.entry.pk))
    return [
        (key[0], list(group))
        for key, group in groupby(ordered, key=lambda p: (p.entry.day, p.entry.studio_id))
    ]


class StudioWaitlist(StudioBookingPage):
    """`/studio/<studio>/<campaign>/waitlist/`: who waits for which day, and which offers are open."""

    needs = "view"
    template_name = "shoots/waitlists.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = self.scoped(WaitlistEntry.objects.filter(studio=self.studio, campaign=self.campaign))
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            days=by_day(places(rows)),
            offered=offered(self.bookings()),
            breadcrumb=self.crumbs((_("Waiting list"), None)),
        )


class OfficeWaitlist(OfficePage):
    """`/office/<campaign>/waitlist/`: the same for academic affairs, all studios together."""

    template_name = "shoots/waitlists.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        return self.render(
            studio=None,
            campaign=row,
            days=by_day(places(self.scoped(WaitlistEntry.objects.filter(campaign=row)))),
            offered=offered(self.scoped(Booking.objects.filter(campaign=row))),
            breadcrumb=self.crumbs(row, (_("Waiting list"), None)),
        )
