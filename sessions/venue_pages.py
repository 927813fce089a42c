"""The unit's register of rooms (R14)."""

from typing import Any

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.errors import DomainError
from sessions.booking_forms import VenueForm, VenuePhotoForm
from sessions.models import ACTIVE_STATES, Booking, Venue, VenuePhoto
from sessions.room_view import photos_of
from sessions.rooms import by_crews, judge_venue, most_crews
from sessions.unit_bookings import UnitBookingPage
from sessions.venues import add_photo, remove_photo, retire_venue, save_venue


class Venues(UnitBookingPage):
    """`/unit/<unit>/<campaign>/venues/`: the rooms, and for how many crews each is enough today."""

    needs = "view"
    template_name = "shoots/venues.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = clock.today()
        rows = [
            (venue, judge_venue(venue, self.campaign, 1, today), most_crews(venue, self.campaign, today))
            for venue in self.venues()
        ]
        return self.render(
            unit=self.unit, campaign=self.campaign, rows=rows, breadcrumb=self.crumbs((_("Rooms"), None))
        )


class VenueEdit(UnitBookingPage):
    """`…/venues/<venue>/`: one room; who may not change it reads it."""

    needs = "view"
    template_name = "shoots/venue.html"

    def venue(self, public_id: str) -> Venue | None:
        return get_object_or_404(self.venues(), public_id=public_id) if public_id else None

    def get(self, request: HttpRequest, venue: str = "") -> HttpResponse:
        row = self.venue(venue)
        return self.show(row, VenueForm(instance=row))

    def shoots(self, venue: Venue) -> QuerySet[Booking]:
        """Where the room is used, this year and in others."""
        rows = Booking.objects.filter(venue=venue, state__in=ACTIVE_STATES).select_related("campaign")
        return self.scoped(rows).annotate(last_day=Max("holds__day")).order_by("-last_day")

    def show(
        self,
        venue: Venue | None,
        form: VenueForm,
        refusal: DomainError | None = None,
        status: int = 200,
        photo_form: VenuePhotoForm | None = None,
    ) -> HttpResponse:
        title = venue.name if venue else _("New room")
        # An invalid form has written into its instance: the judgement is about what is on record.
        saved = Venue.objects.get(pk=venue.pk) if venue else None
        return self.render(
            status=status,
            unit=self.unit,
            campaign=self.campaign,
            venue=saved,
            judged=by_crews(saved, self.campaign, 1, clock.today()) if saved else [],
            photos=photos_of(self, saved),
            shoots=self.shoots(saved) if saved else [],
            form=form,
            photo_form=photo_form or VenuePhotoForm(auto_id="photo_%s"),
            refusal=refusal,
            title=title,
            breadcrumb=self.crumbs((_("Rooms"), self.to("venues")), (title, None)),
        )

    def post(self, request: HttpRequest, venue: str = "") -> HttpResponse:
        if not self.can_edit:
            raise Http404
        row = self.venue(venue)
        form = VenueForm(request.POST, instance=self.venue(venue))
        if not form.is_valid():
            return self.show(row, form, status=422)
        try:
            fields: dict[str, Any] = form.cleaned_data
            saved = save_venue(unit=self.unit, by=self.user, venue=row, **fields)
        except DomainError as refusal:
            return self.show(row, form, refusal, status=409)
        messages.success(request, _("Saved."))
        return redirect(self.to("venue", saved.public_id))


class VenueNew(VenueEdit):
    """`…/venues/new/`: a room that is not in the register yet."""

    needs = "edit"


class VenueAct(VenueEdit):
    """`…/venues/<venue>/<act>/`: pictures, and taking the room out of the register; by POST."""

    needs = "edit"

    def get(self, request: HttpRequest, venue: str, act: str) -> HttpResponse:  # type: ignore[override]
        row = get_object_or_404(self.venues(), public_id=venue)
        return redirect(self.to("venue", row.public_id))

    def post(self, request: HttpRequest, venue: str, act: str) -> HttpResponse:  # type: ignore[override]
        row = get_object_or_404(self.venues(), public_id=venue)
        acts = {"retire": self.retire, "picture": self.picture, "remove-picture": self.remove}
        if act not in acts:
            raise Http404
        try:
            return acts[act](row)
        except DomainError as refusal:
            return self.show(row, VenueForm(instance=row), refusal, status=409)

    def retire(self, venue: Venue) -> HttpResponse:
        retire_venue(venue=venue, by=self.user)
        messages.success(self.request, _("The room is no longer offered."))
        return redirect(self.to("venues"))

    def picture(self, venue: Venue) -> HttpResponse:
        form = VenuePhotoForm(self.request.POST, self.request.FILES, auto_id="photo_%s")
        if not form.is_valid():
            return self.show(venue, VenueForm(instance=venue), status=422, photo_form=form)
        data = form.cleaned_data
        add_photo(venue=venue, upload=data["photo"], caption=data["caption"], by=self.user)
        messages.success(self.request, _("The picture is kept."))
        return redirect(self.to("venue", venue.public_id))

    def remove(self, venue: Venue) -> HttpResponse:
        key = self.request.POST.get("picture", "")
        photo = get_object_or_404(
            VenuePhoto.objects.select_related("venue__unit"), venue=venue, public_id=key
        )
        remove_photo(photo=photo, by=self.user)
        messages.success(self.request, _("The picture is taken away."))
        return redirect(self.to("venue", venue.public_id))
