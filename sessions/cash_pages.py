"""The cash of a shoot on screen and as a spreadsheet."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.access_log import log_access
from photocampus.sheets import XLSX, sheet_bytes
from sessions.cash import cash_headings, cash_rows, fees_of, sum_up
from sessions.console import shows_names
from sessions.fees import payee_of
from sessions.models import Attendance
from sessions.shoot_pages import ShootPage, shoot_lines


class Cash(ShootPage):
    """The fees of one shoot, by day."""

    needs = "view"
    template_name = "shoots/cash.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        fees = [item for item in fees_of(self.booking) if item.fee.attendance_id in self.seen]
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            booking=self.booking,
            line=shoot_lines([self.booking])[0],
            summary=sum_up(fees),
            rows=[self.cells(row) for row in cash_rows(fees, names=shows_names(self.campaign))],
            headings=[(heading, heading == _("Amount (yuan)")) for heading in cash_headings()],
            payee=payee_of(self.studio),
            names=shows_names(self.campaign),
            breadcrumb=[
                (_("Shoot days"), reverse("shoots:shoots", args=[self.studio.code, self.campaign.code])),
                (shoot_lines([self.booking])[0].units, self.console_url()),
                (_("Fees"), None),
            ],
        )

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        """The same as a spreadsheet; the download is logged."""
        self.setup_booking(booking)
        fees = [item for item in fees_of(self.booking) if item.fee.attendance_id in self.seen]
        rows = list(cash_rows(fees, names=shows_names(self.campaign)))
        data = sheet_bytes(
            headings=cash_headings(), rows=rows, title=_("Fees"), widths=[12, 18, 16, 12, 10, 16, 12]
        )
        log_access("fees_export", by=self.user, subject=self.booking, rows=len(rows))
        response = HttpResponse(data, content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="fees-{self.booking.public_id}.xlsx"'
        return response

    def cells(self, row: list[Any]) -> list[tuple[str, Any, bool]]:
        """Each cell under its heading, and whether it is an amount; those without a tail of zeros."""
        shown = [(f"{cell:g}", True) if isinstance(cell, float) else (cell or "–", False) for cell in row]
        return [(heading, *cell) for heading, cell in zip(cash_headings(), shown, strict=True)]

    @cached_property
    def seen(self) -> set[int]:
        return set(self.scoped(Attendance).filter(booking=self.booking).values_list("pk", flat=True))
