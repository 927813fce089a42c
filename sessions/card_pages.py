"""Number cards to print: one sheet per class, photographed by each station before the class begins (`MatchMode.SEQUENCE`)."""

import io
from dataclasses import dataclass

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from sessions.access import sees_classes
from sessions.models import Booking, BookingState
from sessions.studio_bookings import StudioBookingPage
from sessions.unit_bookings import UnitBookingPage
from students.models import ClassGroup
from students.number_cards import card_text


@dataclass(frozen=True)
class NumberCard:
    group: ClassGroup
    code: SafeString


def cards_of(booking: Booking) -> list[NumberCard]:
    """The classes of a shoot in the order of its plan; those without an hour yet at the end, by name."""
    planned = booking.plan_entries.order_by("day", "start", "station__code").values_list(
        "class_group", flat=True
    )
    place = {group: position for position, group in reversed(list(enumerate(planned)))}
    expected = booking.attendances.values("graduate__enrolment__class_group")
    groups = ClassGroup.objects.filter(pk__in=expected) | ClassGroup.objects.filter(pk__in=list(place))
    ordered = sorted(
        groups.select_related("unit").distinct(), key=lambda row: (place.get(row.pk, len(place)), row.name)
    )
    return [NumberCard(group, _code(group)) for group in ordered]


def _code(group: ClassGroup) -> SafeString:
    """A code that is still read when a third of it is covered by a hand."""
    out = io.BytesIO()
    code = segno.make(card_text(group.public_id), error="h", micro=False)
    code.save(out, kind="svg", border=4, scale=10, dark="#000", light="#fff", xmldecl=False, svgns=True,
              svgclass=None, lineclass=None, omitsize=True, nl=False)  # fmt: skip
    return mark_safe(out.getvalue().decode())


class UnitNumberCards(UnitBookingPage):
    """`/unit/…/bookings/<booking>/plan/cards/`: for the companion, who keeps the order of classes (R16)."""

    needs = "view"
    template_name = "shoots/number_cards.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        return self.render(back=self.to("plan", row.public_id), booking=row, cards=cards_of(row))


class StudioNumberCards(StudioBookingPage):
    """`/studio/…/bookings/<booking>/plan/cards/`: the same for the crew."""

    needs = "view"
    template_name = "shoots/number_cards.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        if row.state not in (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE):
            raise Http404
        if not sees_classes(self.user, row):
            raise Http404
        return self.render(back=self.to("studio-plan", row.public_id), booking=row, cards=cards_of(row))
