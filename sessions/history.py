"""What shoots and deliveries know of one person's history."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions.fees import earlier_settlements
from sessions.models import (
    Attendance,
    AttendanceState,
    DeliveryItem,
    DeliveryItemState,
    Fee,
    FeeState,
    Problem,
)
from students.history import Entry, history_source
from students.models import Graduate

NOON = dt.time(12)


def noon_of(day: dt.date) -> dt.datetime:
    """A date without an hour stands at noon of its day."""
    return timezone.make_aware(dt.datetime.combine(day, NOON))


@history_source
def attendances(graduate: Graduate) -> Iterable[Entry]:
    found = Attendance.objects.filter(graduate=graduate).select_related("booking__studio")
    rows = list(found.prefetch_related("shots__issued_by", "fees__settled_by"))
    yield from fees([fee for row in rows for fee in row.fees.all()])
    for row in rows:
        where = f"{row.booking.get_kind_display()} · {row.booking.studio.short_name}"
        if row.checked_in_at:
            yield Entry(row.checked_in_at, _("Checked in at the shoot"), where, tone="info")
        for shot in row.shots.all():
            yield Entry(shot.issued_at, _("Shot number issued"), shot.code, str(shot.issued_by), "off")
            if shot.voided_at:
                yield Entry(
                    shot.voided_at, _("Shot number voided"), f"{shot.code} · {shot.void_reason}", tone="bad"
                )
        if row.photographed_at:
            yield Entry(row.photographed_at, _("Photographed"), where, tone="good")
        elif row.state == AttendanceState.ABSENT and row.day:
            yield Entry(
                noon_of(row.day),
                _("Absent from the shoot"),
                f"{where} · {row.absent_reason}".rstrip(" ·"),
                tone="bad",
            )


def fees(rows: Collection[Fee]) -> Iterable[Entry]:
    """Every time a fee was settled, also before it fell due again."""
    earlier = earlier_settlements(rows)
    for fee in rows:
        settled = [(event.at, event.new, event.by) for event in earlier[fee.pk]]
        if fee.settled_at:
            settled.append((fee.settled_at, fee.state, fee.settled_by))
        for at, state, by in settled:
            title = _("Fee taken") if state == FeeState.TAKEN else _("Fee settled")
            parts = [fee.get_kind_display(), f"¥{fee.amount}", FeeState(state).label]
            text = " · ".join(str(part) for part in parts[: 2 if state == FeeState.TAKEN else 3])
            yield Entry(at, title, text, str(by or ""), "off")


@history_source
def receipts(graduate: Graduate) -> Iterable[Entry]:
    rows = Attendance.objects.filter(graduate=graduate, receipt__isnull=False)
    for row in rows.select_related("receipt__issued_by", "receipt__studio"):
        receipt = row.receipt
        text = _("No. %(number)s, to be collected from %(day)s") % {
            "number": receipt,
            "day": receipt.collect_from,
        }
        yield Entry(receipt.issued_at, _("Receipt issued"), text, str(receipt.issued_by), "info")
        if receipt.collected_at:
            yield Entry(receipt.collected_at, _("Prints and files collected"), tone="good")
        if receipt.handed_over_at:
            yield Entry(receipt.handed_over_at, _("Prints and files handed to the unit"), tone="good")


@history_source
def deliveries(graduate: Graduate) -> Iterable[Entry]:
    rows = DeliveryItem.objects.filter(graduate=graduate).select_related(
        "delivery__studio", "delivery__prepared_by", "delivery__received_by"
    )
    for row in rows:
        delivery = row.delivery
        text = _("Delivery %(number)d, bag %(bag)s") % {"number": delivery.number, "bag": row.bag}
        by = str(delivery.prepared_by)
        yield Entry(delivery.prepared_at, _("Put into a delivery"), text, by, "off")
        if delivery.sent_at:
            yield Entry(delivery.sent_at, _("Delivery sent"), text, delivery.studio.short_name, "info")
        settled = row.settled_at or delivery.received_at
        if settled and row.state == DeliveryItemState.MISSING:
            yield Entry(
                settled, _("Received, something is missing"), row.note, str(delivery.received_by or ""), "bad"
            )
        elif settled and row.state != DeliveryItemState.PACKED:
            yield Entry(settled, _("Received"), text, str(delivery.received_by or ""), "good")


@history_source
def problems(graduate: Graduate) -> Iterable[Entry]:
    """What was raised about the person (R22); the thread itself is one click away."""
    unit, campaign = graduate.enrolment.unit, graduate.campaign
    for row in Problem.objects.filter(graduate=graduate).select_related("raised_by"):
        url = reverse("shoots:unit-problem", args=[unit.code, campaign.code, row.public_id])
        yield Entry(row.raised_at, _("Problem raised"), row.title, row.raised_by.name, "wait", url)
        if row.settled_at:
            yield Entry(row.settled_at, _("Problem settled"), row.title, "", "good", url)
