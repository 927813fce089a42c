"""Deliveries: what the studio prepares and sends, what the unit receives or misses, labels, lists and files."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.access_log import log_access
from photocampus.digits import read_digits
from photocampus.errors import DomainError
from photocampus.files import serve_private
from photocampus.lists import join_words
from photocampus.sheets import XLSX, sheet_bytes
from sessions.console import shows_names
from sessions.deliveries import (
    Missing,
    cancel_delivery,
    deliverable,
    prepare_delivery,
    receive_delivery,
    send_delivery,
    supply_missing,
    with_receipt,
)
from sessions.models import Delivery, DeliveryItem, DeliveryItemState, DeliveryState
from sessions.problem_view import problems_on
from units.access import StudioPage, UnitPage
from units.models import Unit

PEOPLE = ("graduate__enrolment__student", "graduate__enrolment__class_group")


class NotAllPeople(DomainError):
    code = "not_all_people"
    message = gettext_lazy(
        "The archive holds pictures of people of units for which the studio holds no grant; it cannot be handed out."
    )


def listed(rows: Any) -> Any:
    """Deliveries with what their line shows."""
    return (
        rows.select_related("unit", "studio", "job", "receipt", "prepared_by", "received_by")
        .annotate(
            people=Count("items"), missing=Count("items", filter=Q(items__state=DeliveryItemState.MISSING))
        )
        .order_by("-number")
    )


def missing_from(data: QueryDict, items: list[DeliveryItem]) -> dict[str, Missing]:
    """What the form names as missing: `2in-<person>`, `1in-<person>` (numbers), `small-<person>`, `large-<person>`."""

    def number(name: str) -> int:
        return read_digits(data.get(name, "").strip()) or 0

    found = {}
    for item in items:
        key = item.graduate.public_id
        what = Missing(
            number(f"2in-{key}"), number(f"1in-{key}"), f"small-{key}" in data, f"large-{key}" in data
        )
        if what:
            found[key] = what
    return found


def missing_text(item: DeliveryItem) -> str:
    """What was named as missing, in words."""
    missing, parts = item.missing, []
    if count := missing.get("prints_2in"):
        parts.append(_("%(count)d two-inch prints") % {"count": count})
    if count := missing.get("prints_1in"):
        parts.append(_("%(count)d one-inch prints") % {"count": count})
    if missing.get("small"):
        parts.append(_("small image"))
    if missing.get("large"):
        parts.append(_("large image"))
    return join_words(parts)


def items_of(seen: QuerySet[DeliveryItem], delivery: Delivery) -> list[DeliveryItem]:
    """The people of a delivery in the order of packing, among those whom the reader may see."""
    items = list(seen.filter(delivery=delivery).select_related(*PEOPLE).order_by("position"))
    for item in items:
        item.missing_text = missing_text(item)  # type: ignore[attr-defined]
    return items


def bags(items: list[DeliveryItem]) -> list[tuple[str, list[DeliveryItem]]]:
    """Items by bag, in the order of packing."""
    found: dict[str, list[DeliveryItem]] = {}
    for item in items:
        found.setdefault(item.bag, []).append(item)
    return list(found.items())


def packing_rows(items: list[DeliveryItem], *, names: bool) -> Iterator[list[Any]]:
    for item in items:
        enrolment = item.graduate.enrolment
        yield [
            item.position,
            item.bag,
            enrolment.student_number if names else "",
            enrolment.student.name if names else "",
            item.prints_2in,
            item.prints_1in,
            item.get_state_display(),
            missing_text(item),
        ]


def download(page: StudioPage | UnitPage, request: HttpRequest, delivery: Delivery) -> HttpResponseBase:
    """The archive, logged with its hash. It holds everybody's pictures, so only for who may see everybody."""
    if not delivery.files:
        raise Http404
    people = delivery.items.count()
    if page.scoped(DeliveryItem).filter(delivery=delivery).count() != people:
        raise NotAllPeople()
    log_access(
        "delivery_files",
        by=page.user,
        subject=delivery,
        rows=people,
        sha256=delivery.files_sha256,
    )
    name = f"{delivery.unit.code}-{delivery.number:03d}.zip"
    return serve_private(
        request, delivery.files, filename=name, attachment=True, content_type="application/zip"
    )


class StudioDeliveries(StudioPage):
    """`/studio/<studio>/<campaign>/deliveries/`: what can be packed now, per unit, and everything packed so far."""

    needs = "view"
    template_name = "shoots/studio_deliveries.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = self.scoped(Delivery).filter(studio=self.studio, campaign=self.campaign)
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            ready=self.ready(),
            deliveries=list(listed(rows)),
            breadcrumb=[(_("What waits"), reverse("units:studio-start")), (_("Deliveries"), None)],
        )

    def ready(self) -> list[tuple[Unit, int]]:
        """Units with accepted pictures that are in no delivery yet, without those who hold a receipt."""
        people = deliverable(self.studio, self.campaign).filter(~with_receipt()).order_by()
        counts = dict(people.values_list("enrolment__unit").annotate(people=Count("pk")))
        return [(unit, counts[unit.pk]) for unit in self.scoped(Unit).filter(pk__in=counts).order_by("code")]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Prepare the delivery of one unit."""
        if not self.can_edit:
            raise Http404
        unit = self.get_scoped(Unit, code=request.POST.get("unit", ""))
        try:
            delivery = prepare_delivery(studio=self.studio, campaign=self.campaign, unit=unit, by=self.user)
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("shoots:studio-deliveries", self.studio.code, self.campaign.code)
        messages.success(request, _("Prepared. The files are being put together."))
        return redirect("shoots:studio-delivery", self.studio.code, self.campaign.code, delivery.public_id)


class StudioDeliveryBase(StudioPage):
    """Finds the delivery among the studio's own. Not a page by itself."""

    needs = "view"

    def delivery(self, public_id: str) -> Delivery:
        rows = Delivery.objects.select_related("unit", "studio", "campaign", "receipt", "job")
        return self.get_scoped(rows, studio=self.studio, campaign=self.campaign, public_id=public_id)

    def back(self, delivery: Delivery) -> HttpResponse:
        return redirect("shoots:studio-delivery", self.studio.code, self.campaign.code, delivery.public_id)


class StudioDelivery(StudioDeliveryBase):
    """One delivery: bags, state, what is missing, and what to do next."""

    needs = "view"
    template_name = "shoots/studio_delivery.html"

    def get(self, request: HttpRequest, delivery: str) -> HttpResponse:
        row = self.delivery(delivery)
        items = items_of(self.scoped(DeliveryItem), row)
        return self.render(
            "shoots/_delivery_files.html" if request.headers.get("HX-Request") else "",
            studio=self.studio,
            campaign=self.campaign,
            delivery=row,
            items=items,
            bags=bags(items),
            names=shows_names(self.campaign),
            is_building=bool(row.job and row.job.is_open),
            at_counter=row.state == DeliveryState.SENT and row.receipt_id is not None and self.can_edit,
            problems=problems_on(self, row),
            breadcrumb=[
                (
                    _("Deliveries"),
                    reverse("shoots:studio-deliveries", args=[self.studio.code, self.campaign.code]),
                ),
                (_("No. %(number)d") % {"number": row.number}, None),
            ],
        )


class StudioDeliveryMove(StudioDeliveryBase):
    """Send, cancel, collected at the counter, supplied later."""

    needs = "edit"

    def post(self, request: HttpRequest, delivery: str, move: str) -> HttpResponse:
        row = self.delivery(delivery)
        try:
            messages.success(request, self.act(row, move))
        except DomainError as error:
            messages.error(request, str(error))
        return self.back(row)

    def act(self, row: Delivery, move: str) -> str:
        data = self.request.POST
        if move == "send":
            send_delivery(delivery=row, by=self.user, note=data.get("note", ""))
            return _("Marked as ready to be collected.") if row.receipt_id else _("Marked as sent.")
        if move == "cancel":
            cancel_delivery(delivery=row, by=self.user, reason=data.get("reason", ""))
            return _("Cancelled. Its people can go into another delivery.")
        if move == "collect" and row.receipt_id:
            items = items_of(self.scoped(DeliveryItem), row)
            receive_delivery(
                delivery=row, missing=missing_from(data, items), by=self.user, note=data.get("note", "")
            )
            return _("Collected.")
        if move == "supply":
            item = self.get_scoped(DeliveryItem, delivery=row, graduate__public_id=data.get("person", ""))
            supply_missing(item=item, by=self.user, note=data.get("note", ""))
            return _("Recorded: what was missing has been supplied.")
        raise Http404


class DeliveryLabels(StudioDeliveryBase):
    """One label sheet per bag, to print."""

    needs = "view"
    template_name = "shoots/delivery_labels.html"

    def get(self, request: HttpRequest, delivery: str) -> HttpResponse:
        row = self.delivery(delivery)
        items = items_of(self.scoped(DeliveryItem), row)
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            delivery=row,
            bags=bags(items),
            names=shows_names(self.campaign),
            breadcrumb=[
                (
                    _("No. %(number)d") % {"number": row.number},
                    reverse(
                        "shoots:studio-delivery", args=[self.studio.code, self.campaign.code, row.public_id]
                    ),
                ),
                (_("Labels"), None),
            ],
        )


class DeliveryPackingList(StudioDeliveryBase):
    """The packing list as a spreadsheet; logged."""

    needs = "view"

    def post(self, request: HttpRequest, delivery: str) -> HttpResponse:
        row = self.delivery(delivery)
        items = items_of(self.scoped(DeliveryItem), row)
        names = shows_names(self.campaign)
        headings = [
            _("No."), _("Bag"), _("Student number"), _("Name"), _("2-inch prints"), _("1-inch prints"), _("State"),
            _("Missing"),
        ]  # fmt: skip
        data = sheet_bytes(
            headings=headings,
            rows=packing_rows(items, names=names),
            title=_("Packing list"),
            widths=[6, 20, 16, 12],
        )
        log_access("packing_list", by=self.user, subject=row, rows=len(items))
        response = HttpResponse(data, content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="{row.unit.code}-{row.number:03d}.xlsx"'
        return response


class StudioDeliveryFiles(StudioDeliveryBase):
    """The archive of a delivery, for the studio's own medium."""

    needs = "view"

    def post(self, request: HttpRequest, delivery: str) -> HttpResponseBase:
        row = self.delivery(delivery)
        try:
            return download(self, request, row)
        except NotAllPeople as error:
            messages.error(request, str(error))
            return self.back(row)


class UnitDeliveries(UnitPage):
    """`/unit/<unit>/<campaign>/deliveries/`: what is on its way, and what came."""

    needs = "view"
    template_name = "shoots/unit_deliveries.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = (
            self.scoped(Delivery)
            .filter(unit=self.unit, campaign=self.campaign)
            .exclude(state=DeliveryState.CANCELLED)
        )
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            deliveries=list(listed(rows)),
            breadcrumb=[
                (self.unit.name, reverse("shoots:overview", args=[self.unit.code, self.campaign.code])),
                (_("Deliveries"), None),
            ],
        )


# The unit itself, or the college of an admissions unit; academic affairs only look.
RECEIVERS = ("member", "college")


class UnitDeliveryBase(UnitPage):
    """Finds the delivery among the unit's own. Not a page by itself."""

    needs = "view"

    def delivery(self, public_id: str) -> Delivery:
        rows = Delivery.objects.select_related("unit", "studio", "campaign", "receipt", "job")
        return self.get_scoped(rows, unit=self.unit, campaign=self.campaign, public_id=public_id)


class UnitDelivery(UnitDeliveryBase):
    """One delivery: check it bag by bag, and say that it came or what is missing."""

    needs = "view"
    template_name = "shoots/unit_delivery.html"

    def get(self, request: HttpRequest, delivery: str) -> HttpResponse:
        return self.page(self.delivery(delivery))

    def page(self, row: Delivery, error: str = "") -> HttpResponse:
        items = items_of(self.scoped(DeliveryItem), row)
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            delivery=row,
            items=items,
            bags=bags(items),
            error=error,
            problems=problems_on(self, row),
            may_receive=row.state == DeliveryState.SENT
            and row.receipt_id is None
            and self.standing in RECEIVERS,
            breadcrumb=[
                (
                    _("Deliveries"),
                    reverse("shoots:unit-deliveries", args=[self.unit.code, self.campaign.code]),
                ),
                (_("No. %(number)d") % {"number": row.number}, None),
            ],
        )

    def post(self, request: HttpRequest, delivery: str) -> HttpResponse:
        """Received, with what is missing by person and by print or file."""
        if self.standing not in RECEIVERS:
            raise Http404
        row = self.delivery(delivery)
        missing = missing_from(request.POST, items_of(self.scoped(DeliveryItem), row))
        try:
            receive_delivery(
                delivery=row, missing=missing, by=self.user, note=request.POST.get("note", "")[:200]
            )
        except DomainError as error:
            return self.page(row, error=str(error))
        if missing:
            messages.warning(request, _("Recorded. The studio sees what is missing and supplies it."))
        else:
            messages.success(request, _("Recorded: everything has been received."))
        return redirect("shoots:unit-delivery", self.unit.code, self.campaign.code, row.public_id)


class UnitDeliveryFiles(UnitDeliveryBase):
    """The archive of a delivery (R20: the college keeps it safely); each download is logged."""

    needs = "view"

    def post(self, request: HttpRequest, delivery: str) -> HttpResponseBase:
        return download(self, request, self.delivery(delivery))
