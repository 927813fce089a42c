"""What waits on and after the day of the shoot (steps 7 and 10), for the studio and for the unit."""

from collections.abc import Iterable

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.access import visible_to
from photocampus.lists import join_words
from photocampus.waiting import Scope, WaitingItem, urgency, waiting
from sessions.deliveries import deliverable, with_receipt
from sessions.me import open_reports
from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    BookingState,
    Delivery,
    DeliveryItem,
    DeliveryItemState,
    DeliveryState,
    Fee,
    FeeState,
    Hold,
    Receipt,
)
from sessions.shoot_measures import drifts, measured_pictures
from students.models import Graduate, Photo


def studio_url(scope: Scope, name: str) -> str:
    return reverse(f"shoots:{name}", args=[scope.studio.code, scope.campaign.code])


def unit_url(scope: Scope, name: str) -> str:
    return reverse(f"shoots:{name}", args=[scope.unit.code, scope.campaign.code])


@waiting(role="studio", order=70)
def shoots_today(scope: Scope) -> WaitingItem:
    """Shoots that hold hours today and are not done."""
    states = [BookingState.CONFIRMED, BookingState.UNDER_WAY]
    today = Hold.objects.filter(
        day=scope.today,
        booking__studio=scope.studio,
        booking__campaign=scope.campaign,
        booking__state__in=states,
    )
    count = today.aggregate(count=Count("booking", distinct=True))["count"]
    return WaitingItem(_("Shoots today"), count, studio_url(scope, "shoots"), urgency="now")


@waiting(role="studio", order=71)
def shoots_to_finish(scope: Scope) -> WaitingItem:
    """Days that are over but not finished: absent people are not on the make-up list yet."""
    rows = (
        Booking.objects.filter(
            studio=scope.studio,
            campaign=scope.campaign,
            state__in=[BookingState.CONFIRMED, BookingState.UNDER_WAY],
        )
        .annotate(later=Count("holds", filter=Q(holds__day__gte=scope.today)), first=Min("holds__day"))
        .filter(later=0, first__isnull=False)
    )
    hint = _("Until then nobody knows who was absent.")
    return WaitingItem(
        _("Shoots to finish"), rows.count(), studio_url(scope, "shoots"), hint=hint, urgency="now"
    )


@waiting(role="studio", order=72)
def light_that_moved(scope: Scope) -> WaitingItem:
    """Stations at which light or framing of today's pictures has moved: a lamp is still there to be changed."""
    today = Attendance.objects.filter(
        booking__studio=scope.studio, booking__campaign=scope.campaign, photographed_at__date=scope.today
    )
    pictures, _bounds = measured_pictures(today, Photo.objects.filter(studio=scope.studio))
    moved = {drift.station for drift in drifts(pictures)}
    hint = _("Station: %(stations)s") % {"stations": join_words(sorted(moved))}
    label = _("Stations where light or framing has moved today")
    return WaitingItem(label, len(moved), studio_url(scope, "shoots"), hint=hint, urgency="now")


@waiting(role="studio", order=74)
def fees_due(scope: Scope) -> WaitingItem:
    """People who were photographed and have not paid."""
    rows = Fee.objects.filter(
        attendance__booking__studio=scope.studio,
        attendance__booking__campaign=scope.campaign,
        state=FeeState.DUE,
    )
    return WaitingItem(_("Fees still due"), rows.count(), studio_url(scope, "shoots"))


@waiting(role="studio", order=81)
def pictures_to_put_in(scope: Scope) -> WaitingItem:
    """People whom this studio photographed and whose picture it has not put in."""
    people = Graduate.objects.filter(
        campaign=scope.campaign,
        picture=None,
        attendances__booking__studio=scope.studio,
        attendances__state=AttendanceState.PHOTOGRAPHED,
    )
    url = reverse("students:studio-pictures", args=[scope.studio.code, scope.campaign.code])
    return WaitingItem(_("Pictures to put in"), people.distinct().count(), url)


@waiting(role="studio", order=100)
def to_pack(scope: Scope) -> WaitingItem:
    """Accepted pictures in no delivery yet, of people who do not collect against a receipt."""
    count = deliverable(scope.studio, scope.campaign).filter(~with_receipt()).order_by().count()
    return WaitingItem(
        _("People to be packed into a delivery"), count, studio_url(scope, "studio-deliveries")
    )


@waiting(role="studio", order=101)
def receipts_to_prepare(scope: Scope) -> WaitingItem:
    """Accepted pictures of people with a receipt; red once somebody may come."""
    people = deliverable(scope.studio, scope.campaign).filter(with_receipt()).order_by()
    found = people.aggregate(
        count=Count("pk", distinct=True), first=Min("attendances__receipt__collect_from")
    )
    return WaitingItem(
        _("Receipts to be prepared"),
        found["count"],
        studio_url(scope, "receipts"),
        urgency=urgency(found["first"], scope.today),
    )


@waiting(role="studio", order=102)
def to_send(scope: Scope) -> WaitingItem:
    rows = visible_to(scope.user, Delivery).filter(
        studio=scope.studio, campaign=scope.campaign, state=DeliveryState.PREPARED
    )
    return WaitingItem(_("Deliveries to be sent"), rows.count(), studio_url(scope, "studio-deliveries"))


@waiting(role="studio", order=103)
def to_supply(scope: Scope) -> WaitingItem:
    """Bags that lack something."""
    rows = visible_to(scope.user, DeliveryItem).filter(
        delivery__studio=scope.studio, delivery__campaign=scope.campaign, state=DeliveryItemState.MISSING
    )
    label = _("Bags that lack something")
    return WaitingItem(label, rows.count(), studio_url(scope, "studio-deliveries"), urgency="now")


@waiting(role="unit", order=25)
def reported_wrong(scope: Scope) -> WaitingItem:
    """What graduates reported as wrong on their own page."""
    count = open_reports(scope.unit, scope.campaign).count()
    return WaitingItem(
        _("Data reported wrong by graduates"), count, unit_url(scope, "reports"), urgency="now"
    )


@waiting(role="unit", order=100)
def deliveries_on_the_way(scope: Scope) -> Iterable[WaitingItem]:
    """Sent, and not confirmed yet; those of the admissions units that the college keeps as well (R20)."""
    rows = Delivery.objects.filter(
        unit=scope.unit, campaign=scope.campaign, state=DeliveryState.SENT, receipt=None
    )
    yield WaitingItem(
        _("Deliveries to be checked and confirmed"), rows.count(), unit_url(scope, "unit-deliveries")
    )


@waiting(role="unit", order=101)
def to_hand_over(scope: Scope) -> WaitingItem:
    """People who collected their prints and have not handed them to the unit yet."""
    rows = Receipt.objects.filter(
        campaign=scope.campaign,
        attendance__graduate__enrolment__unit=scope.unit,
        collected_at__isnull=False,
        handed_over_at=None,
        voided_at=None,
    )
    return WaitingItem(
        _("Prints collected, not handed to the unit yet"), rows.count(), unit_url(scope, "hand-over")
    )
