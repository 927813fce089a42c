"""The unit's side of booking: list, choosing hours, the conversation with the studio, companion and room."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from photocampus.lists import join_parts
from sessions import booking as acts
from sessions.booking_cover import Cover, cover_of
from sessions.booking_forms import (
    AskForm,
    CompanionForm,
    NoteForm,
    ReasonForm,
    SayForm,
    VenueChoiceForm,
    WhyMoreForm,
)
from sessions.booking_view import conversation, people_facts
from sessions.condensed import words_of
from sessions.expectations import people_of
from sessions.holding import HoursTaken
from sessions.hours import HalfHour, Stretch, held_hours, stretches
from sessions.joint import Candidate, candidates, chosen_units, named_units
from sessions.models import OPEN_STATES, Booking, BookingKind, BookingState, Venue
from sessions.picking import Picker
from sessions.plan_compare import Compared, rows_of, said_of
from sessions.plan_moves import plan_in
from sessions.problem_view import problems_on
from sessions.room_flags import room_view
from sessions.room_view import photos_of
from sessions.routes import UnitRoute, route_of_unit, routes_of
from sessions.routing import KIND_OF_ROUTE
from sessions.waitlist import FullDay, accept_offer, full_day
from units.access import UnitPage, own_unit_ids
from units.models import Campaign, CampaignState, Contract, Studio, Unit


def contracted_studios(campaign: Campaign) -> list[Studio]:
    rows = Contract.objects.filter(campaign=campaign, studio__is_active=True).select_related("studio")
    return [row.studio for row in rows.order_by("studio__code")]


class UnitBookingPage(UnitPage):
    """Shared by the unit's pages about bookings. Not a page by itself."""

    needs = "view"

    def bookings(self) -> QuerySet[Booking]:
        """The unit's bookings in this campaign; the only way to one."""
        mine = Booking.objects.filter(campaign=self.campaign, units=self.unit)
        return self.scoped(mine).select_related("studio", "venue", "campaign").distinct()

    def booking(self, public_id: str) -> Booking:
        return get_object_or_404(self.bookings(), public_id=public_id)

    def venues(self) -> QuerySet[Venue]:
        return self.scoped(Venue.objects.filter(unit=self.unit, is_active=True)).order_by("name")

    def studios(self) -> list[Studio]:
        return contracted_studios(self.campaign)

    def to(self, name: str, *args: Any) -> str:
        return reverse(f"shoots:{name}", args=[self.unit.code, self.campaign.code, *args])

    def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        return [
            (self.unit.name, self.to("overview")),
            (_("Bookings"), self.to("unit-bookings") if more else None),
            *more,
        ]


class UnitBookings(UnitBookingPage):
    """`/unit/<unit>/<campaign>/bookings/`: all shoots of the unit, open ones first."""

    needs = "view"
    template_name = "shoots/unit_bookings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        found = self.bookings().annotate(first_day=Min("holds__day"))
        found = found.prefetch_related("holds__station", "units")
        rows = list(found.order_by("-pk"))
        current = [row for row in rows if row.state in (*OPEN_STATES, "confirmed", "under_way")]
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            current=[(row, words_of(stretches_of(row))) for row in current],
            past=[row for row in rows if row not in current],
            route=route_of_unit(self.unit, self.campaign),
            breadcrumb=self.crumbs(),
        )


def stretches_of(booking: Booking) -> list[Stretch]:
    """The hours of a booking whose holds and stations are at hand already."""
    holds = list(booking.holds.all())
    hours = [HalfHour(hold.station_id, hold.day, hold.start) for hold in holds]
    return stretches(hours, {hold.station_id: hold.station for hold in holds})


class AskBooking(UnitBookingPage):
    """`…/bookings/new/`: month and day of the studio, the choice so far, and the request itself.

    Who coordinates several units can ask for them in one shoot (`with=<code>` in the address): for those whose route
    permits the same kind.
    """

    needs = "edit"
    template_name = "shoots/ask.html"

    @cached_property
    def entries(self) -> list[UnitRoute]:
        """This unit, and the reader's others, with their routes."""
        own = self.scoped(Unit).filter(pk__in=own_unit_ids(self.user), is_active=True)
        return routes_of(self.campaign, [self.unit, *own.exclude(pk=self.unit.pk).order_by("code")])

    def kinds(self) -> list[tuple[str, str]]:
        allowed = (KIND_OF_ROUTE[self.entries[0].verdict.route], BookingKind.MAKEUP)
        return [(kind, str(BookingKind(kind).label)) for kind in allowed]

    @property
    def codes(self) -> list[str]:
        """The other units named in the request."""
        return (self.request.POST if self.request.method == "POST" else self.request.GET).getlist("with")

    def partners(self, kind: str) -> list[Candidate]:
        """The reader's other units that may have the same kind of shoot."""
        found = candidates(self.campaign, self.entries[1:], kind, self.codes)
        return [candidate for candidate in found if candidate.is_fit]

    # Set with the picker, whose kind they depend on.
    offered: list[Candidate] = []
    together: list[Unit] = []
    cover = Cover()  # what is asked for or agreed for the same people already

    def picker(self, request: HttpRequest) -> Picker | None:
        studios = self.studios()
        if not studios:
            return None
        data = request.POST if request.method == "POST" else request.GET
        studio = next((s for s in studios if s.code == data.get("studio")), studios[0])
        kinds = [kind for kind, _label in self.kinds()]
        kind = data.get("kind", "") if data.get("kind") in kinds else kinds[0]
        self.offered = self.partners(kind)
        self.together = chosen_units(self.offered)
        self.cover = cover_of(self.campaign, [self.unit, *self.together], kind)
        return Picker(
            request,
            self.user,
            studio,
            self.campaign,
            kind,
            people_of(self.campaign, [self.unit, *self.together], kind),
            self.to("ask-booking"),
            extra=(
                ("studio", studio.code),
                ("kind", kind),
                *(("with", unit.code) for unit in self.together),
            ),
        )

    def get(self, request: HttpRequest) -> HttpResponse:
        picker = self.picker(request)
        return self.show(picker, self.form(picker))

    def form(self, picker: Picker | None, data: Any = None) -> AskForm:
        on_site = picker is not None and picker.kind == BookingKind.ON_SITE
        venues = Venue.objects.filter(unit__in=[self.unit, *self.together], is_active=True)
        return AskForm(
            data,
            venues=self.scoped(venues).order_by("name") if on_site else None,
            is_more=self.cover.is_full,
        )

    def show(
        self,
        picker: Picker | None,
        form: AskForm,
        refusal: DomainError | None = None,
        status: int = 200,
    ) -> HttpResponse:
        return self.render(
            status=status,
            unit=self.unit,
            campaign=self.campaign,
            picker=picker,
            partners=self.offered,
            together=[self.unit, *self.together] if self.together else [],
            form=form,
            kinds=self.kinds(),
            studios=self.studios(),
            refusal=refusal,
            alternatives=alternatives(picker, refusal),
            full=self.full_day(picker, refusal),
            cover=self.cover,
            booked=[(row, stretches_of(row)) for row in self.cover.bookings],
            route=self.entries[0],
            breadcrumb=self.crumbs((_("Ask for a shoot"), None)),
        )

    def full_day(self, picker: Picker | None, refusal: DomainError | None) -> FullDay | None:
        """The day looked at, or the one whose hours were just refused, if the unit's people do not fit into it.

        Units wait alone: there is no list for several together.
        """
        if picker is None or not self.can_edit or self.together:
            return None
        day = min(h.day for h in refusal.data["hours"]) if isinstance(refusal, HoursTaken) else picker.day
        if day is None or not picker.people:
            return None
        return full_day(self.campaign, picker.studio, self.unit, picker.kind, day, picker.people)

    def post(self, request: HttpRequest) -> HttpResponse:
        picker = self.picker(request)
        form = self.form(picker, request.POST)
        if picker is None or not form.is_valid():
            return self.show(picker, form, status=422)
        try:
            mine = [entry.unit for entry in self.entries]
            booking = acts.ask_booking(
                campaign=self.campaign,
                studio=picker.studio,
                units=[self.unit, *named_units(mine, self.codes)],
                kind=picker.kind,
                hours=picker.chosen,
                by=self.user,
                **form.cleaned_data,
            )
        except DomainError as refusal:
            return self.show(picker, form, refusal, status=409)
        messages.success(request, _("The hours are held for you. The studio has been asked."))
        return redirect(self.to("unit-booking", booking.public_id))


@dataclass(frozen=True)
class PlanPreview:
    """What the chosen hours would do to the plan: class by class, or why some of them would have no hour."""

    rows: list[Compared]
    refusal: DomainError | None
    people_lost: int


def following_of(booking: Booking, picker: Picker) -> PlanPreview | None:
    """For a confirmed shoot that is about to move, and only if its plan is touched."""
    if booking.state != BookingState.CONFIRMED or not picker.chosen:
        return None
    found = plan_in(booking, picker.chosen)
    return PlanPreview(rows_of(booking, found), found.refusal, found.people_lost) if found else None


@dataclass(frozen=True)
class Alternative:
    """Free hours in place of taken ones: one click sends the form again with them, or shows them in the calendar."""

    url: str
    stretches: list[Stretch]
    fields: list[tuple[str, str]]

    @property
    def words(self) -> str:
        return join_parts(words_of(self.stretches))


CHOICE_FIELDS = ("h", "picking", "month", "day", "csrfmiddlewaretoken")


def alternatives(picker: Picker | None, refusal: DomainError | None) -> list[Alternative]:
    """The nearest free hours, with whatever else was sent together with the taken ones."""
    if picker is None or not isinstance(refusal, HoursTaken):
        return []
    sent = [
        (name, value)
        for name, values in picker.source.items()
        if name not in CHOICE_FIELDS
        for value in values
    ]
    options: list[list[HalfHour]] = refusal.data["alternatives"]
    return [
        Alternative(picker.url(hours=hours, month=hours[0].day.replace(day=1)), stretches(hours), sent)
        for hours in options
    ]


class UnitBooking(UnitBookingPage):
    """`…/bookings/<booking>/`: the conversation, what is missing, and what the unit can do now."""

    needs = "view"
    template_name = "shoots/unit_booking.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return self.show(self.booking(booking))

    def show(self, booking: Booking, refusal: DomainError | None = None, status: int = 200) -> HttpResponse:
        hours = held_hours(booking)
        return self.render(
            status=status,
            unit=self.unit,
            campaign=self.campaign,
            booking=booking,
            units=list(booking.units.order_by("code")),
            hours=stretches(hours),
            hours_words=words_of(stretches(hours)),
            entries=conversation(booking),
            problems=problems_on(self, booking),
            facts=people_facts(booking, hours),
            turn=acts.waiting_for(booking),
            is_open=self.campaign.state == CampaignState.PUBLISHED,
            hindrances=acts.hindrances(booking) if booking.state in OPEN_STATES else [],
            can_name=booking.state in (*OPEN_STATES, BookingState.CONFIRMED, BookingState.UNDER_WAY),
            room=room_view(booking, hours),
            room_photos=photos_of(self, booking.venue),
            companion_form=CompanionForm(initial=self.companion(booking)),
            venue_form=VenueChoiceForm(venues=self.venues(), initial={"venue": booking.venue_id}),
            note_form=SayForm(auto_id="say_%s"),
            reason_form=ReasonForm(auto_id="cancel_%s"),
            more_form=WhyMoreForm(auto_id="more_%s"),
            cover=self.cover_beside(booking),
            refusal=refusal,
            breadcrumb=self.crumbs((booking.get_kind_display(), None)),
        )

    def cover_beside(self, booking: Booking) -> Cover:
        """Whether an offer would come on top of enough room."""
        if booking.state != BookingState.OFFERED:
            return Cover()
        return cover_of(self.campaign, list(booking.units.all()), booking.kind, booking)

    def companion(self, booking: Booking) -> dict[str, str]:
        if not self.can_edit:
            return {}
        phone = booking.companion_phone.reveal() if booking.companion_phone else ""
        return {"companion_name": booking.companion_name, "companion_phone": phone}


class UnitBookingAct(UnitBooking):
    """`…/bookings/<booking>/<act>/`: one step of the unit, by POST; a refusal is shown on the booking's page."""

    needs = "edit"

    def get(self, request: HttpRequest, booking: str, act: str) -> HttpResponse:  # type: ignore[override]
        return redirect(self.to("unit-booking", self.booking(booking).public_id))

    def post(self, request: HttpRequest, booking: str, act: str) -> HttpResponse:
        row = self.booking(booking)
        steps = {
            "accept": self.accept,
            "take": self.take,
            "withdraw": self.withdraw,
            "cancel": self.cancel,
            "companion": self.companion_named,
            "venue": self.venue_chosen,
            "say": self.say,
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
        return redirect(self.to("unit-booking", row.public_id))

    def accept(self, booking: Booking) -> str:
        acts.accept_proposal(booking=booking, by=self.user, note=self.request.POST.get("note", "")[:500])
        return _("The shoot is confirmed.")

    def take(self, booking: Booking) -> str:
        accept_offer(booking=booking, by=self.user, reason=self.request.POST.get("reason", ""))
        return _("The hours are yours to book: the studio has been asked.")

    def withdraw(self, booking: Booking) -> str:
        is_offer = booking.state == BookingState.OFFERED
        acts.withdraw_booking(booking=booking, by=self.user, note=self.request.POST.get("note", "")[:500])
        if is_offer:
            return _("You passed on these hours; they go to the next on the list.")
        return _("The request is withdrawn, the hours are free again.")

    def cancel(self, booking: Booking) -> str:
        reason = self.request.POST.get("reason", "")[:300]
        acts.cancel_booking(booking=booking, reason=reason, by=self.user)
        return _("The shoot is cancelled, the hours are free again.")

    def companion_named(self, booking: Booking) -> str:
        form = CompanionForm(self.request.POST)
        if not form.is_valid():
            return ""
        acts.name_companion(
            booking=booking,
            name=form.cleaned_data["companion_name"],
            phone=form.cleaned_data["companion_phone"],
            by=self.user,
        )
        return _("The companion is named.")

    def venue_chosen(self, booking: Booking) -> str:
        form = VenueChoiceForm(self.request.POST, venues=self.venues())
        if not form.is_valid():
            return ""
        acts.choose_venue(booking=booking, venue=form.cleaned_data["venue"], by=self.user)
        return _("The room is chosen.")

    def say(self, booking: Booking) -> str:
        acts.say(booking=booking, note=self.request.POST.get("note", "")[:500], by=self.user)
        return _("Your message is in the conversation.")


class UnitHours(UnitBookingPage):
    """`…/bookings/<booking>/hours/`: other hours, as an answer to a proposal or to move a confirmed shoot."""

    needs = "edit"
    template_name = "shoots/other_hours.html"

    def picker(self, request: HttpRequest, booking: Booking) -> Picker:
        return Picker(
            request,
            self.user,
            booking.studio,
            self.campaign,
            booking.kind,
            acts.expected_people(booking),
            self.to("unit-hours", booking.public_id),
            ignoring=booking,
            default=tuple(held_hours(booking)),
        )

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        if self.campaign.state != CampaignState.PUBLISHED or row.state not in (
            BookingState.PROPOSED,
            BookingState.CONFIRMED,
        ):
            return redirect(self.to("unit-booking", row.public_id))
        return self.show(row, self.picker(request, row))

    def show(
        self, booking: Booking, picker: Picker, refusal: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        return self.render(
            status=status,
            campaign=self.campaign,
            booking=booking,
            picker=picker,
            form=NoteForm(),
            refusal=refusal,
            alternatives=alternatives(picker, refusal),
            following=following_of(booking, picker),
            held=words_of(stretches(held_hours(booking))),
            back=self.to("unit-booking", booking.public_id),
            breadcrumb=self.crumbs(
                (booking.get_kind_display(), self.to("unit-booking", booking.public_id)),
                (_("Other hours"), None),
            ),
        )

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        picker = self.picker(request, row)
        note = request.POST.get("note", "")[:500]
        try:
            if row.state == BookingState.CONFIRMED:
                following = acts.move_booking(booking=row, hours=picker.chosen, by=self.user, note=note)
            else:
                following = None
                acts.counter_proposal(booking=row, hours=picker.chosen, by=self.user, note=note)
        except DomainError as refusal:
            return self.show(row, picker, refusal, status=409)
        messages.success(request, " ".join(filter(None, [_("The new hours are held."), said_of(following)])))
        return redirect(self.to("plan" if following else "unit-booking", row.public_id))
