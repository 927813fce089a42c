"""Calendars to download and to subscribe to: the file of one booking, the feed of a person, and its secret address."""

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _

from photocampus.feeds import make_feed, reader_of, revoke_feed
from photocampus.models import CalendarFeed, School, User
from photocampus.views import MemberPage, PublicPage
from sessions.ical import calendar_file, shoots_of
from sessions.models import Booking
from sessions.studio_bookings import StudioBookingPage
from sessions.unit_bookings import UnitBookingPage

ICAL = "text/calendar; charset=utf-8"


def booking_file(booking: Booking, reader: User) -> bytes:
    """The calendar of one booking."""
    return calendar_file(shoots_of(reader).filter(pk=booking.pk), reader=reader)


def download(booking: Booking, reader: User) -> HttpResponse:
    response = HttpResponse(booking_file(booking, reader), content_type=ICAL)
    response["Content-Disposition"] = f'attachment; filename="shoot-{booking.public_id}.ics"'
    return response


class UnitBookingCalendar(UnitBookingPage):
    """`…/bookings/<booking>/shoot.ics`: the agreed days for the own calendar."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return download(self.booking(booking), self.user)


class StudioBookingCalendar(StudioBookingPage):
    """The same for the studio."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return download(self.booking(booking), self.user)


class Feed(PublicPage):
    """`/calendar/<token>.ics`: for calendar programs, which cannot log in. Whoever has the address reads it."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        reader = reader_of(token)
        if reader is None:
            response = HttpResponse(_("This calendar address is not valid."), status=404)
            response._has_been_logged = True  # type: ignore[attr-defined]  # the log would keep the address
            return response
        with translation.override(reader.language):
            content = calendar_file(shoots_of(reader), reader=reader, name=feed_name())
        etag = quote_etag(hashlib.sha256(content).hexdigest())
        response = HttpResponse(content, content_type=ICAL)
        response["ETag"] = etag
        response["Content-Disposition"] = 'inline; filename="photocampus.ics"'
        response["Cache-Control"] = "private, no-cache"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return get_conditional_response(request, etag=etag, response=response) or response


def feed_name() -> str:
    school = School.objects.first()
    return _("Graduates' photographs") + (f" · {school.name}" if school else "")


class CalendarAddress(MemberPage):
    """`/account/calendar/`: make, renew or revoke the own secret address. It is shown once, right after it was made."""

    template_name = "shoots/calendar_address.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("act") == "make":
            token = make_feed(user=self.user)
            return self.show(settings.BASE_URL + reverse("shoots:feed", args=[token]))
        if request.POST.get("act") == "revoke":
            revoke_feed(user=self.user)
        return redirect("shoots:calendar-address")

    def show(self, address: str = "") -> HttpResponse:
        feed = CalendarFeed.objects.filter(user=self.user, revoked_at=None).first()
        webcal = "webcal:" + address.partition(":")[2] if address else ""
        return self.render(feed=feed, address=address, webcal=webcal)
