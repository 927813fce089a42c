"""Academic affairs ask a studio for one shoot of several small units of one campus."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from sessions.booking import ask_booking
from sessions.booking_cover import Cover, cover_of
from sessions.booking_forms import AskForm
from sessions.expectations import GROUP_KINDS, people_of
from sessions.joint import Candidate, OneUnitOnly, candidates, chosen_units, named_units
from sessions.models import BookingKind, Venue
from sessions.picking import Picker
from sessions.route_pages import OfficePage
from sessions.routes import routes_of
from sessions.unit_bookings import alternatives, contracted_studios, stretches_of
from units.models import Campaign, Studio, Unit


@dataclass(frozen=True)
class Choice:
    """What the page is about now; `offered` are all units of the campus with anybody to photograph."""

    campus: str
    campuses: list[str]
    offered: list[Candidate]
    studios: list[Studio]
    picker: Picker | None
    cover: Cover

    @property
    def units(self) -> list[Unit]:
        return chosen_units(self.offered)


class JointShoot(OfficePage):
    """`/office/<campaign>/joint/`: campus, units, studio and hours in the address, the request itself by POST.

    R3 looks at each unit alone: a unit whose route does not permit the kind is shown with the way to decide about it.
    """

    template_name = "shoots/ask_joint.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        choice = self.choice(row)
        return self.show(row, choice, self.form(choice))

    def choice(self, campaign: Campaign) -> Choice:
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        codes = data.getlist("with")
        entries = [entry for entry in routes_of(campaign) if entry.unit.campus.strip()]
        campuses = sorted({entry.unit.campus.strip() for entry in entries})
        named = [entry.unit.campus.strip() for entry in entries if entry.unit.code in codes]
        campus = next((name for name in (data.get("campus"), *named, *campuses) if name in campuses), "")
        kind = data.get("kind", "") if data.get("kind") in GROUP_KINDS else BookingKind.GROUP.value
        here = [entry for entry in entries if entry.unit.campus.strip() == campus]
        offered = candidates(campaign, here, kind, codes)
        studios, units = contracted_studios(campaign), chosen_units(offered)
        picker = self.picker(campaign, studios, kind, campus, units) if studios else None
        cover = cover_of(campaign, units, kind) if units else Cover()
        return Choice(campus, campuses, offered, studios, picker, cover)

    def picker(
        self, campaign: Campaign, studios: list[Studio], kind: str, campus: str, units: list[Unit]
    ) -> Picker:
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        studio = next((s for s in studios if s.code == data.get("studio")), studios[0])
        return Picker(
            self.request,
            self.user,
            studio,
            campaign,
            kind,
            people_of(campaign, units, kind) if units else 0,
            reverse("shoots:joint-shoot", args=[campaign.code]),
            extra=(
                ("studio", studio.code),
                ("kind", kind),
                ("campus", campus),
                *(("with", unit.code) for unit in units),
            ),
        )

    def form(self, choice: Choice, data: Any = None) -> AskForm:
        on_site = choice.picker is not None and choice.picker.kind == BookingKind.ON_SITE
        venues = Venue.objects.filter(unit__in=choice.units, is_active=True).order_by("name")
        return AskForm(data, venues=venues if on_site else None, is_more=choice.cover.is_full)

    def show(
        self,
        campaign: Campaign,
        choice: Choice,
        form: AskForm,
        refusal: DomainError | None = None,
        status: int = 200,
    ) -> HttpResponse:
        return self.render(
            status=status,
            campaign=campaign,
            choice=choice,
            picker=choice.picker,
            partners=choice.offered,
            together=choice.units,
            kinds=[(kind.value, kind.label) for kind in GROUP_KINDS],
            form=form,
            cover=choice.cover,
            booked=[(row, stretches_of(row)) for row in choice.cover.bookings],
            refusal=refusal,
            alternatives=alternatives(choice.picker, refusal),
            breadcrumb=self.crumbs(campaign, (_("Joint shoot"), None)),
        )

    def post(self, request: HttpRequest, campaign: str) -> HttpResponse:
        row = self.office(campaign)
        choice = self.choice(row)
        form, picker = self.form(choice, request.POST), choice.picker
        if picker is None or not form.is_valid():
            return self.show(row, choice, form, status=422)
        try:
            units = named_units([offer.unit for offer in choice.offered], request.POST.getlist("with"))
            if len(units) < 2:
                raise OneUnitOnly()
            booking = ask_booking(
                campaign=row,
                studio=picker.studio,
                units=units,
                kind=picker.kind,
                hours=picker.chosen,
                by=self.user,
                **form.cleaned_data,
            )
        except DomainError as refusal:
            return self.show(row, choice, form, refusal, status=409)
        messages.success(request, _("The hours are held. The studio has been asked, and the units are told."))
        return redirect("shoots:studio-booking", picker.studio.code, row.code, booking.public_id)
