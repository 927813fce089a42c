"""The studio's side of booking: requests, answers, other hours, and days opened for individuals."""

from typing import Any

from django.contrib import messages
from django.db.models import Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from sessions import booking as acts
from sessions.access import sees_classes
from sessions.booking_forms import LoadForm, NoteForm, ReasonForm, SayForm, SeatsForm
from sessions.booking_view import conversation, people_facts
from sessions.condensed import words_of
from sessions.hours import held_hours, stretches, units_by_booking
from sessions.models import FIRM_STATES, OPEN_STATES, Booking, BookingKind, BookingState
from sessions.picking import Picker
from sessions.plan_compare import said_of
from sessions.problem_view import problems_on
from sessions.room_flags import room_view
from sessions.room_view import photos_of
from sessions.studio_days import close_individual_day, open_individual_day
from sessions.unit_bookings import alternatives, following_of
from units.access import StudioPage
from units.models import CampaignState


class StudioBookingPage(StudioPage):
    """Shared by the studio's pages about bookings. Not a page by itself."""

    needs = "view"

    def bookings(self) -> QuerySet[Booking]:
        mine = Booking.objects.filter(campaign=self.campaign, studio=self.studio)
        return self.scoped(mine).select_related("studio", "venue", "campaign")

    def booking(self, public_id: str) -> Booking:
        return get_object_or_404(self.bookings(), public_id=public_id)

    def to(self, name: str, *args: Any) -> str:
        return reverse(f"shoots:{name}", args=[self.studio.code, self.campaign.code, *args])

    def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        return [
            (self.studio.short_name, reverse("units:studio-start")),
            (_("Bookings"), self.to("studio-bookings") if more else None),
            *more,
        ]


class StudioBookings(StudioBookingPage):
    """`/studio/<studio>/<campaign>/bookings/`: requests that wait for an answer, then shoots to come, then the rest."""

    needs = "view"
    template_name = "shoots/studio_bookings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(self.bookings().annotate(first_day=Min("holds__day")).order_by("first_day", "pk"))
        units = units_by_booking(row.pk for row in rows)
        listed = [(row, units.get(row.pk, [])) for row in rows]
        waiting = [entry for entry in listed if acts.waiting_for(entry[0]) == "studio"]
        firm = [entry for entry in listed if entry[0].state in ("confirmed", "under_way")]
        proposed = [entry for entry in listed if entry[0].state == BookingState.PROPOSED]
        offered = [entry for entry in listed if entry[0].state == BookingState.OFFERED]
        known = {entry[0].pk for entry in [*waiting, *firm, *proposed, *offered]}
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            waiting=waiting,
            proposed=proposed,
            offered=offered,
            firm=firm,
            past=[entry for entry in listed if entry[0].pk not in known],
            breadcrumb=self.crumbs(),
        )


class StudioBooking(StudioBookingPage):
    """`…/bookings/<booking>/`: the request, what stands in its way, and the studio's possible answers."""

    needs = "view"
    template_name = "shoots/studio_booking.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return self.show(self.booking(booking))

    def show(self, booking: Booking, refusal: DomainError | None = None, status: int = 200) -> HttpResponse:
        hours = held_hours(booking)
        return self.render(
            status=status,
            studio=self.studio,
            campaign=self.campaign,
            booking=booking,
            units=list(booking.units.order_by("code")),
            hours=stretches(hours),
            hours_words=words_of(stretches(hours)),
            entries=conversation(booking),
            problems=problems_on(self, booking),
            shows_plan=booking.state in FIRM_STATES and sees_classes(self.user, booking),
            facts=people_facts(booking, hours),
            turn=acts.waiting_for(booking),
            is_open=self.campaign.state == CampaignState.PUBLISHED,
            hindrances=acts.hindrances(booking) if booking.state in OPEN_STATES else [],
            room=room_view(booking, hours),
            room_photos=photos_of(self, booking.venue),
            confirm_form=LoadForm(initial={"agreed_load": self.usual_load(booking)}, auto_id="confirm_%s"),
            reason_form=ReasonForm(auto_id="reason_%s"),
            note_form=SayForm(auto_id="say_%s"),
            refusal=refusal,
            breadcrumb=self.crumbs((booking.get_kind_display(), None)),
        )

    def usual_load(self, booking: Booking) -> int:
        loads = booking.holds.values_list("station__daily_load", flat=True)
        return booking.agreed_load or min(loads, default=0)


class StudioBookingAct(StudioBooking):
    """`…/bookings/<booking>/<act>/`: one step of the studio, by POST; a refusal is shown on the booking's page."""

    needs = "edit"

    def get(self, request: HttpRequest, booking: str, act: str) -> HttpResponse:  # type: ignore[override]
        return redirect(self.to("studio-booking", self.booking(booking).public_id))

    def post(self, request: HttpRequest, booking: str, act: str) -> HttpResponse:
        row = self.booking(booking)
        steps = {"confirm": self.confirm, "decline": self.decline, "cancel": self.cancel, "say": self.say}
        if act not in steps:
            raise Http404
        try:
            messages.success(request, steps[act](row))
        except DomainError as refusal:
            return self.show(row, refusal, status=409)
        return redirect(self.to("studio-booking", row.public_id))

    def confirm(self, booking: Booking) -> str:
        form = LoadForm(self.request.POST)
        if not form.is_valid():
            raise acts.LoadMissing()
        acts.confirm_booking(booking=booking, by=self.user, **form.cleaned_data)
        return _("The shoot is confirmed. You can now see the people of its units.")

    def decline(self, booking: Booking) -> str:
        acts.decline_booking(booking=booking, reason=self.request.POST.get("reason", "")[:300], by=self.user)
        return _("The request is declined, the hours are free again.")

    def cancel(self, booking: Booking) -> str:
        reason = self.request.POST.get("reason", "")[:300]
        if booking.kind == BookingKind.INDIVIDUAL:
            close_individual_day(booking=booking, reason=reason, by=self.user)
        else:
            acts.cancel_booking(booking=booking, reason=reason, by=self.user)
        return _("The shoot is cancelled, the hours are free again.")

    def say(self, booking: Booking) -> str:
        acts.say(booking=booking, note=self.request.POST.get("note", "")[:500], by=self.user)
        return _("Your message is in the conversation.")


class StudioHours(StudioBookingPage):
    """`…/bookings/<booking>/hours/`: propose other hours, or move a confirmed shoot."""

    needs = "edit"
    template_name = "shoots/other_hours.html"

    def picker(self, request: HttpRequest, booking: Booking) -> Picker:
        return Picker(
            request,
            self.user,
            self.studio,
            self.campaign,
            booking.kind,
            acts.expected_people(booking),
            self.to("studio-hours", booking.public_id),
            ignoring=booking,
            default=tuple(held_hours(booking)),
        )

    def is_moving(self, booking: Booking) -> bool:
        return booking.state == BookingState.CONFIRMED

    def form(self, booking: Booking, data: Any = None) -> NoteForm:
        if self.is_moving(booking):
            return NoteForm(data)
        loads = booking.holds.values_list("station__daily_load", flat=True)
        return LoadForm(data, initial={"agreed_load": booking.agreed_load or min(loads, default=100)})

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        if self.campaign.state != CampaignState.PUBLISHED or row.state not in (
            BookingState.ASKED,
            BookingState.COUNTERED,
            BookingState.CONFIRMED,
        ):
            return redirect(self.to("studio-booking", row.public_id))
        return self.show(row, self.picker(request, row), self.form(row))

    def show(
        self,
        booking: Booking,
        picker: Picker,
        form: NoteForm,
        refusal: DomainError | None = None,
        status: int = 200,
    ) -> HttpResponse:
        return self.render(
            status=status,
            campaign=self.campaign,
            booking=booking,
            picker=picker,
            form=form,
            refusal=refusal,
            alternatives=alternatives(picker, refusal),
            following=following_of(booking, picker),
            held=words_of(stretches(held_hours(booking))),
            back=self.to("studio-booking", booking.public_id),
            breadcrumb=self.crumbs(
                (booking.get_kind_display(), self.to("studio-booking", booking.public_id)),
                (_("Other hours"), None),
            ),
        )

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        picker, form = self.picker(request, row), self.form(row, request.POST)
        if not form.is_valid():
            return self.show(row, picker, form, status=422)
        try:
            if self.is_moving(row):
                found = acts.move_booking(booking=row, hours=picker.chosen, by=self.user, **form.cleaned_data)
            else:
                found = None
                acts.propose_hours(booking=row, hours=picker.chosen, by=self.user, **form.cleaned_data)
        except DomainError as refusal:
            return self.show(row, picker, form, refusal, status=409)
        messages.success(request, " ".join(filter(None, [_("The new hours are held."), said_of(found)])))
        return redirect(self.to("studio-booking", row.public_id))


class OpenIndividualDay(StudioBookingPage):
    """`/studio/<studio>/<campaign>/individual/`: open hours in which people come alone."""

    needs = "edit"
    template_name = "shoots/open_day.html"

    def picker(self, request: HttpRequest) -> Picker:
        return Picker(
            request,
            self.user,
            self.studio,
            self.campaign,
            BookingKind.INDIVIDUAL,
            0,
            self.to("open-individual-day"),
        )

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.picker(request), SeatsForm())

    def show(
        self, picker: Picker, form: SeatsForm, refusal: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        return self.render(
            status=status,
            studio=self.studio,
            campaign=self.campaign,
            picker=picker,
            form=form,
            refusal=refusal,
            alternatives=alternatives(picker, refusal),
            breadcrumb=self.crumbs((_("Open a day for individuals"), None)),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        picker, form = self.picker(request), SeatsForm(request.POST)
        if not form.is_valid():
            return self.show(picker, form, status=422)
        try:
            booking = open_individual_day(
                studio=self.studio,
                campaign=self.campaign,
                hours=picker.chosen,
                by=self.user,
                **form.cleaned_data,
            )
        except DomainError as refusal:
            return self.show(picker, form, refusal, status=409)
        messages.success(request, _("The hours are open; people can take seats."))
        return redirect(self.to("studio-booking", booking.public_id))
