"""Receipts (R5): given to who was photographed alone, brought back to collect prints and files."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from sessions.hours import calendar_of
from sessions.models import Attendance, AttendanceState, BookingKind, Receipt, ReceiptCounter
from sessions.parties import require_keeper
from students.models import Graduate
from units.models import Campaign, Studio


class NotAlone(DomainError):
    code = "not_alone"
    message = _("Receipts are for those photographed alone; a group's pictures go to the unit.")


class NotPhotographed(DomainError):
    code = "not_photographed"
    message = _("There is no receipt before the picture has been taken.")


class NeverOpen(DomainError):
    code = "never_open"
    message = _(
        "The studio's calendar has no opening day within a year; without one there is no collection date."
    )


class ReceiptVoid(DomainError):
    code = "receipt_void"
    message = _("Receipt %(number)s is void.")


class NotCollected(DomainError):
    code = "not_collected"
    message = _("The prints of receipt %(number)s have not been collected yet.")


class AlreadyDone(DomainError):
    code = "already_done"
    message = _("This was recorded on %(day)s already.")


def collection_date(studio: Studio, campaign: Campaign, photographed_on: dt.date) -> dt.date:
    """The campaign's turn-round in opening days of the studio after the picture (R5, R13)."""
    day = calendar_of(studio).collection_date(photographed_on, campaign.receipt_days)
    if day is None:
        raise NeverOpen()
    return day


def _next_number(studio: Studio, campaign: Campaign) -> int:
    """One more than the last; the locked row makes the second of two wait, so that no number is lost or doubled."""
    ReceiptCounter.objects.get_or_create(studio=studio, campaign=campaign)
    counter = locked_counter(studio, campaign)
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last


def locked_counter(studio: Studio, campaign: Campaign) -> ReceiptCounter:
    return ReceiptCounter.objects.select_for_update().get(studio=studio, campaign=campaign)


@transaction.atomic
def issue_receipt(*, attendance: Attendance, by: User) -> Receipt:
    """The receipt of who was photographed alone; the same one when asked again, valid again if it was void.

    The number is taken in the transaction that writes the receipt: if it fails, the number is free again.
    """
    row = (
        Attendance.objects.select_for_update(of=("self",))
        .select_related("booking__campaign", "booking__studio")
        .get(pk=attendance.pk)
    )
    if row.booking.kind != BookingKind.INDIVIDUAL:
        raise NotAlone()
    if row.state != AttendanceState.PHOTOGRAPHED or row.photographed_at is None:
        raise NotPhotographed()
    studio, campaign = row.booking.studio, row.booking.campaign
    day = collection_date(studio, campaign, clock.today())
    if known := Receipt.objects.select_for_update().filter(attendance=row).first():
        if known.voided_at:
            known.voided_at, known.collect_from = None, day
            known.save(update_fields=["voided_at", "collect_from"])
            record(known, "receipt_valid_again", by=by)
        return known
    receipt = Receipt.objects.create(
        studio=studio,
        campaign=campaign,
        number=_next_number(studio, campaign),
        attendance=row,
        issued_at=clock.now(),
        issued_by=by,
        collect_from=day,
    )
    record(receipt, "receipt_issued", by=by, new=str(receipt), data={"collect_from": day.isoformat()})
    return receipt


def void_receipt(attendance: Attendance, *, by: User, reason: str) -> None:
    """Called when the person is absent after all: the number stays, marked."""
    receipt = Receipt.objects.filter(attendance=attendance, voided_at=None).first()
    if receipt:
        Receipt.objects.filter(pk=receipt.pk).update(voided_at=clock.now())
        record(receipt, "receipt_voided", by=by, reason=reason)


@transaction.atomic
def hand_over(*, receipt: Receipt, by: User) -> None:
    """The unit has the individual's prints and files in its hands; dated (R5, R20). Only after they were collected."""
    receipt = (
        Receipt.objects.select_for_update(of=("self",))
        .select_related("attendance__graduate__enrolment__unit")
        .get(pk=receipt.pk)
    )
    require_keeper(by, receipt.attendance.graduate.enrolment.unit)
    if receipt.voided_at:
        raise ReceiptVoid(number=receipt)
    if receipt.collected_at is None:
        raise NotCollected(number=receipt)
    if receipt.handed_over_at:
        raise AlreadyDone(day=receipt.handed_over_at.date())
    receipt.handed_over_at = clock.now()
    receipt.save(update_fields=["handed_over_at"])
    record(receipt, "handed_over", by=by)


def me_address(graduate: Graduate) -> str:
    """What the QR code says: the graduate's own page, reachable from outside."""
    return settings.BASE_URL + reverse("shoots:me", args=[graduate.me_token])
