"""Receipts: the studio's list, the paper with its QR code, collection at the counter, and hand-over to the unit."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.errors import DomainError
from sessions.console import shows_names
from sessions.deliveries import deliverable, prepare_for_receipt, with_receipt
from sessions.fees import payee_of
from sessions.models import Delivery, DeliveryState, Receipt
from sessions.qr import qr_response
from sessions.receipts import hand_over, me_address
from units.access import StudioPage, UnitPage

PEOPLE = (
    "attendance__graduate__enrolment__student",
    "attendance__graduate__enrolment__class_group",
    "attendance__graduate__enrolment__unit",
)


class ReceiptList(StudioPage):
    """`/studio/<studio>/<campaign>/receipts/`: who was photographed alone, and how far prints and files are."""

    needs = "view"
    template_name = "shoots/receipts.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(
            self.scoped(Receipt)
            .filter(studio=self.studio, campaign=self.campaign)
            .select_related(*PEOPLE)
            .order_by("-number")
        )
        deliveries = {
            row.receipt_id: row
            for row in self.scoped(Delivery)
            .filter(receipt__in=rows)
            .exclude(state=DeliveryState.CANCELLED)
            .order_by("pk")
        }
        ready = set(
            deliverable(self.studio, self.campaign).filter(with_receipt()).values_list("pk", flat=True)
        )
        lines = [
            (row, deliveries.get(row.pk), row.attendance.graduate_id in ready and row.pk not in deliveries)
            for row in rows
        ]
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            lines=lines,
            names=shows_names(self.campaign),
            today=clock.today(),
            breadcrumb=[(_("What waits"), reverse("units:studio-start")), (_("Receipts"), None)],
        )


class ReceiptPaper(StudioPage):
    """The receipt to print, with everything the person must know to come back (R5, R13)."""

    needs = "view"
    template_name = "shoots/receipt.html"

    def get(self, request: HttpRequest, receipt: str) -> HttpResponse:
        row = self.get_scoped(
            Receipt.objects.select_related("attendance__booking", *PEOPLE),
            studio=self.studio,
            public_id=receipt,
        )
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            receipt=row,
            graduate=row.attendance.graduate,
            shot=row.attendance.shots.filter(voided_at=None).first(),
            fees=list(row.attendance.fees.order_by("pk")),
            payee=payee_of(self.studio),
            names=shows_names(self.campaign),
            breadcrumb=[
                (_("Receipts"), reverse("shoots:receipts", args=[self.studio.code, self.campaign.code])),
                (str(row), None),
            ],
        )


class ReceiptCode(StudioPage):
    """The QR code of a receipt: the graduate's own page."""

    needs = "view"

    def get(self, request: HttpRequest, receipt: str) -> HttpResponse:
        row = self.get_scoped(
            Receipt.objects.select_related("attendance__graduate"), studio=self.studio, public_id=receipt
        )
        return qr_response(me_address(row.attendance.graduate))


class ReceiptPrepare(StudioPage):
    """Put the prints and files of one receipt together."""

    needs = "edit"

    def post(self, request: HttpRequest, receipt: str) -> HttpResponse:
        row = self.get_scoped(Receipt, studio=self.studio, public_id=receipt)
        try:
            delivery = prepare_for_receipt(receipt=row, by=self.user)
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("shoots:receipts", self.studio.code, self.campaign.code)
        messages.success(request, _("Prepared. The files are being put together."))
        return redirect("shoots:studio-delivery", self.studio.code, self.campaign.code, delivery.public_id)


# The unit itself, or the college that keeps its prints and files (R20).
KEEPERS = ("member", "college")


class HandOverList(UnitPage):
    """`/unit/<unit>/<campaign>/receipts/`: people photographed alone, and whether their prints are with the unit (R5)."""

    needs = "view"
    template_name = "shoots/hand_over.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = (
            self.scoped(Receipt)
            .filter(campaign=self.campaign, attendance__graduate__enrolment__unit=self.unit, voided_at=None)
            .select_related("studio", *PEOPLE)
            .order_by("handed_over_at", "attendance__graduate__enrolment__student_number")
        )
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            rows=list(rows),
            may_keep=self.standing in KEEPERS,
            breadcrumb=[
                (self.unit.name, reverse("shoots:overview", args=[self.unit.code, self.campaign.code])),
                (_("Receipts"), None),
            ],
        )


class HandOver(UnitPage):
    """The unit has the individual's prints and files; dated."""

    needs = "edit"

    def post(self, request: HttpRequest, receipt: str) -> HttpResponse:
        if self.standing not in KEEPERS:
            raise Http404
        row = self.get_scoped(
            Receipt,
            campaign=self.campaign,
            attendance__graduate__enrolment__unit=self.unit,
            public_id=receipt,
        )
        try:
            hand_over(receipt=row, by=self.user)
            messages.success(
                request, _("Recorded: receipt %(number)s has been handed over.") % {"number": row}
            )
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("shoots:hand-over", self.unit.code, self.campaign.code)
