"""The graduate's own page behind the QR code: no log-in, one's own ID number instead (design §1, §5)."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.access_log import log_access
from photocampus.errors import DomainError
from photocampus.files import serve_private
from photocampus.views import PublicPage
from sessions.deliveries import receive_delivery
from sessions.delivery_pages import items_of, missing_from
from sessions.fees import payee_of, shooting_fee
from sessions.me import WRONG, compare_own_number, report_wrong_data, with_open_report
from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    BookingState,
    Delivery,
    DeliveryItem,
    DeliveryState,
    Receipt,
)
from sessions.places import place_of
from sessions.qr import qr_response
from sessions.receipts import me_address
from sessions.seats import check_needs_seat, give_back_seat, open_seats, seat_of, take_seat
from students.models import Graduate, Rendition
from units.models import CampaignState, ProfileName

OPEN_FOR = dt.timedelta(minutes=30)
COMING = (BookingState.CONFIRMED, BookingState.UNDER_WAY)


class NumberForm(forms.Form):
    """The own ID number; never written back into the page."""

    number = forms.CharField(
        label=gettext_lazy("Your ID number"),
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class ReportForm(forms.Form):
    part = forms.ChoiceField(label=gettext_lazy("What is wrong"), choices=lambda: list(WRONG.items()))
    note = forms.CharField(
        label=gettext_lazy("How it should be"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Do not write your ID number here; your unit has it."),
    )


class BadReport(DomainError):
    code = "bad_report"
    message = gettext_lazy("Please choose what is wrong, and say in at most 200 characters how it should be.")


class MePage(PublicPage):
    """Base: finds the graduate by the token; nobody but the holder knows it. Not a page by itself."""

    def dispatch(self, request: HttpRequest, *args: Any, token: str, **kwargs: Any) -> HttpResponseBase:
        rows = Graduate.objects.select_related(
            "campaign", "enrolment__student", "enrolment__class_group", "enrolment__unit", "picture"
        )
        found = rows.filter(me_token=token, campaign__state=CampaignState.PUBLISHED).first()
        if found is None:
            raise Http404
        self.graduate = found
        response = super().dispatch(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    @property
    def session_key(self) -> str:
        return f"me:{self.graduate.public_id}"

    @property
    def is_open(self) -> bool:
        """Whether the own number was typed in this browser within the last half hour."""
        stamp = self.request.session.get(self.session_key)
        if not stamp:
            return False
        age = clock.now() - dt.datetime.fromisoformat(stamp)
        return dt.timedelta(0) <= age <= OPEN_FOR

    def require_open(self) -> None:
        if not self.is_open:
            raise Http404

    def items(self, delivery: Delivery) -> list[DeliveryItem]:
        """The own bag."""
        return items_of(self.graduate.delivery_items.all(), delivery)

    def home(self) -> HttpResponse:
        return redirect("shoots:me", self.graduate.me_token)


def masked_name(name: str) -> str:
    """`王**`: enough for the person to see that it is the right page."""
    return name[:1] + "*" * max(len(name) - 1, 1)


class Me(MePage):
    """`/me/<token>/`: closed until the own number was typed; then everything one needs for the day."""

    template_name = "shoots/me.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.opened() if self.is_open else self.closed()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Compare the typed number."""
        form = NumberForm(request.POST)
        if not form.is_valid():
            return self.closed(_("Type your ID number first."))
        try:
            equal = compare_own_number(graduate=self.graduate, typed=form.cleaned_data["number"])
        except DomainError as error:
            return self.closed(str(error))
        if not equal:
            return self.closed(
                _(
                    "This is not the number on the roster. Check what you typed; if your card says so, tell your unit."
                )
            )
        request.session[self.session_key] = clock.now().isoformat()
        return self.home()

    def closed(self, error: str = "") -> HttpResponse:
        student = self.graduate.enrolment.student
        return self.render(
            "shoots/me_closed.html",
            graduate=self.graduate,
            campaign=self.graduate.campaign,
            name=masked_name(student.name),
            number=str(student.id_number),
            form=NumberForm(),
            error=error,
        )

    def opened(self) -> HttpResponse:
        graduate = self.graduate
        return self.render(
            graduate=graduate,
            campaign=graduate.campaign,
            student=graduate.enrolment.student,
            dates=self.dates(),
            receipts=self.receipts(),
            seat=seat_of(graduate),
            report_form=ReportForm(),
            has_report=with_open_report(Graduate.objects.filter(pk=graduate.pk)).exists(),
            has_picture=small_rendition(graduate) is not None,
            **self.seats(),
        )

    def dates(self) -> list[dict[str, Any]]:
        """When and where to come, for shoots that are still to come or under way."""
        rows = Attendance.objects.filter(
            graduate=self.graduate,
            state__in=[AttendanceState.EXPECTED, AttendanceState.CHECKED_IN],
            booking__state__in=COMING,
        ).select_related("booking__studio", "booking__venue", "booking__campaign")
        found = []
        for row in rows:
            place = place_of(row)
            kind, _amount = shooting_fee(row.booking.kind, row.booking.campaign)
            found.append(
                {
                    "attendance": row,
                    "booking": row.booking,
                    "place": place,
                    "report_at": place.report_at(self.graduate.campaign.report_minutes) if place else None,
                    "fee_kind": kind.label,
                    "payee": payee_of(row.booking.studio),
                }
            )
        return found

    def receipts(self) -> list[Receipt]:
        rows = list(
            Receipt.objects.filter(attendance__graduate=self.graduate, voided_at=None).select_related(
                "studio"
            )
        )
        deliveries = {
            row.receipt_id: row
            for row in Delivery.objects.filter(receipt__in=rows).exclude(state=DeliveryState.CANCELLED)
        }
        for row in rows:
            row.delivery = deliveries.get(row.pk)  # type: ignore[attr-defined]
            row.items = self.items(row.delivery) if row.delivery else []  # type: ignore[attr-defined]
        return rows

    def seats(self) -> dict[str, Any]:
        """Seats to choose from, or why there are none for this person."""
        try:
            check_needs_seat(self.graduate)
        except DomainError as error:
            return {"seat_days": [], "no_seats": str(error)}
        return {"seat_days": open_seats(self.graduate), "no_seats": ""}


def small_rendition(graduate: Graduate) -> Rendition | None:
    """The newest small image of the chosen picture."""
    if graduate.picture_id is None:
        return None
    rows = Rendition.objects.filter(photo=graduate.picture_id, profile__name=ProfileName.SMALL)
    return rows.order_by("-profile__version").first()


class MePicture(MePage):
    """The own small image, only after the number was typed; logged."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        self.require_open()
        rendition = small_rendition(self.graduate)
        if rendition is None:
            raise Http404
        log_access("me_picture", by=None, subject=self.graduate, sha256=rendition.sha256)
        return serve_private(request, rendition.file, filename="picture.jpg", content_type="image/jpeg")


class MeCode(MePage):
    """The QR code of this page, to show at the desk."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.require_open()
        return qr_response(me_address(self.graduate))


class MeAct(MePage):
    """What a graduate may do: take or give back a seat, report wrong data, say that prints were collected."""

    def post(self, request: HttpRequest, act: str) -> HttpResponse:
        if not self.is_open:
            # Half an hour is soon over while somebody thinks about a seat.
            messages.warning(
                request, _("Nothing has been done: half an hour is over. Type your ID number again, please.")
            )
            return self.home()
        acts = {
            "seat": self.seat,
            "give-back": self.give_back,
            "report": self.report,
            "collected": self.collected,
        }
        if act not in acts:
            raise Http404
        try:
            messages.success(request, acts[act]())
        except DomainError as error:
            messages.error(request, str(error))
        return self.home()

    def seat(self) -> str:
        try:
            key, day_text, start_text = self.request.POST.get("seat", "").split("/")
            day = dt.date.fromisoformat(day_text)
            start = dt.time(int(start_text[:2]), int(start_text[2:]))
        except (ValueError, OverflowError):
            raise Http404 from None
        booking = Booking.objects.filter(public_id=key, campaign=self.graduate.campaign_id).first()
        if booking is None:
            raise Http404
        take_seat(graduate=self.graduate, booking=booking, day=day, start=start)
        return _("Your seat: %(day)s, %(start)s.") % {"day": day, "start": f"{start:%H:%M}"}

    def give_back(self) -> str:
        give_back_seat(graduate=self.graduate)
        return _("Your seat is free again for others.")

    def report(self) -> str:
        form = ReportForm(self.request.POST)
        if not form.is_valid():
            raise BadReport()
        report_wrong_data(graduate=self.graduate, **form.cleaned_data)
        return _("Your unit has been told. It will look at it and answer you.")

    def collected(self) -> str:
        delivery = Delivery.objects.filter(
            receipt__attendance__graduate=self.graduate, public_id=self.request.POST.get("delivery", "")
        ).first()
        if delivery is None:
            raise Http404
        missing = missing_from(self.request.POST, self.items(delivery))
        receive_delivery(delivery=delivery, missing=missing, by=None)
        return _("Thank you. Now hand prints and files to your unit.")


def me_url(graduate: Graduate) -> str:
    return reverse("shoots:me", args=[graduate.me_token])
