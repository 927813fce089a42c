"""The page with the classes' ready texts."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from sessions.class_texts import class_texts
from sessions.unit_bookings import UnitBookingPage


class ClassTexts(UnitBookingPage):
    """`…/bookings/<booking>/texts/`: to be copied, with a button where scripts run and by hand where not."""

    needs = "view"
    template_name = "shoots/class_texts.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            booking=row,
            texts=class_texts(row, self.unit),
            breadcrumb=self.crumbs(
                (row.get_kind_display(), self.to("unit-booking", row.public_id)),
                (_("Texts for the classes"), None),
            ),
        )
