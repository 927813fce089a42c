"""What waits in booking and planning (steps 4 to 6)."""

from collections.abc import Iterable

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus.waiting import Scope, WaitingItem, urgency, waiting
from sessions import problem_waiting, shoot_waiting  # noqa: F401  (register their own)
from sessions.deadlines import without_shoot
from sessions.models import (
    ACTIVE_STATES,
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    Hold,
    PlanEntry,
    WaitlistEntry,
)
from sessions.reminders import coming_shoots
from sessions.routes import route_of_unit

GROUPS = (BookingKind.ON_SITE, BookingKind.GROUP)
WITH_COMPANION = ("asked", "proposed", "countered", "confirmed")  # what is only offered is not the unit's yet


@waiting(role="unit", order=50)
def shoot_to_book(scope: Scope) -> WaitingItem | None:
    """People to be photographed and no shoot asked for yet."""
    mine = Booking.objects.filter(campaign=scope.campaign, units=scope.unit, kind__in=GROUPS)
    if mine.filter(state__in=ACTIVE_STATES).exists():
        return None
    route = route_of_unit(scope.unit, scope.campaign)
    return WaitingItem(
        _("People for whom no shoot is booked"),
        route.to_photograph,
        reverse("shoots:ask-booking", args=[scope.unit.code, scope.campaign.code]),
        hint=_("Route: %(route)s.") % {"route": route.label},
        urgency=urgency(scope.campaign.booking_by, scope.today),
    )


@waiting(role="unit", order=51)
def bookings_to_answer(scope: Scope) -> Iterable[WaitingItem]:
    """Proposals of the studio, and bookings without a companion."""
    mine = Booking.objects.filter(campaign=scope.campaign, units=scope.unit)
    here = reverse("shoots:unit-bookings", args=[scope.unit.code, scope.campaign.code])
    proposed = mine.filter(state=BookingState.PROPOSED)
    first = proposed.order_by("held_until").first()
    deadline = first.held_until.date() if first and first.held_until else None
    yield WaitingItem(
        _("Proposals of the studio to answer"), proposed.count(), here, urgency=urgency(deadline, scope.today)
    )
    nobody = mine.filter(state__in=WITH_COMPANION, companion_name="").exclude(kind=BookingKind.INDIVIDUAL)
    yield WaitingItem(
        _("Shoots without a companion"),
        nobody.count(),
        here,
        hint=_("The studio cannot confirm without one."),
    )


@waiting(role="unit", order=49)
def offers_to_answer(scope: Scope) -> WaitingItem:
    """Hours that became free on a day the unit waits for."""
    mine = Booking.objects.filter(campaign=scope.campaign, units=scope.unit, state=BookingState.OFFERED)
    first = mine.order_by("held_until").first()
    until = f"{timezone.localtime(first.held_until):%m-%d %H:%M}" if first and first.held_until else ""
    return WaitingItem(
        _("Offers from the waiting list to answer"),
        mine.count(),
        reverse("shoots:unit-waitlist", args=[scope.unit.code, scope.campaign.code]),
        hint=_("The first is held until %(until)s.") % {"until": until} if until else "",
        urgency="now",
    )


@waiting(role="unit", order=55)
def own_shoots_near(scope: Scope) -> WaitingItem:
    """The reminder on the start page; the inbox has it too."""
    near = coming_shoots(scope.campaign, scope.today).filter(units=scope.unit)
    here = reverse("shoots:unit-bookings", args=[scope.unit.code, scope.campaign.code])
    return _near(near, scope, here)


@waiting(role="studio", order=55)
def studio_shoots_near(scope: Scope) -> WaitingItem:
    near = coming_shoots(scope.campaign, scope.today).filter(studio=scope.studio)
    return _near(near, scope, reverse("shoots:shoots", args=[scope.studio.code, scope.campaign.code]))


def _near(shoots: QuerySet[Booking], scope: Scope, url: str) -> WaitingItem:
    days = sorted(shoots.values_list("first_day", flat=True))
    within = scope.campaign.reminders[0]
    label = ngettext("Shoots that begin within %(n)d day", "Shoots that begin within %(n)d days", within)
    hint = _("The first on %(day)s.") % {"day": days[0]} if days else ""
    return WaitingItem(label % {"n": within}, len(days), url, hint=hint, urgency="soon")


@waiting(role="unit", order=60)
def plans_to_make(scope: Scope) -> WaitingItem:
    """Confirmed shoots without a plan."""
    planned = PlanEntry.objects.filter(booking=OuterRef("pk"))
    expected = Attendance.objects.filter(booking=OuterRef("pk"))
    rows = Booking.objects.filter(
        ~Exists(planned),
        Exists(expected),
        campaign=scope.campaign,
        units=scope.unit,
        state=BookingState.CONFIRMED,
    ).exclude(kind=BookingKind.INDIVIDUAL)
    first = rows.order_by("holds__day").values_list("holds__day", flat=True).first()
    here = reverse("shoots:unit-bookings", args=[scope.unit.code, scope.campaign.code])
    return WaitingItem(
        _("Confirmed shoots without a plan"), rows.count(), here, urgency=urgency(first, scope.today)
    )


@waiting(role="unit", order=61)
def plans_to_complete(scope: Scope) -> WaitingItem | None:
    """Plans in which people have no hour: the roster grew, or the shoot moved to fewer hours."""
    planned = PlanEntry.objects.filter(booking=OuterRef("pk")).order_by().values("booking")
    expected = Attendance.objects.filter(booking=OuterRef("pk")).exclude(state=AttendanceState.ABSENT)
    rows = Booking.objects.filter(
        campaign=scope.campaign, units=scope.unit, state=BookingState.CONFIRMED
    ).exclude(kind=BookingKind.INDIVIDUAL)
    rows = rows.annotate(
        planned=Subquery(planned.annotate(n=Sum("people")).values("n")),
        expected=Subquery(expected.order_by().values("booking").annotate(n=Count("pk")).values("n")),
    ).filter(planned__lt=F("expected"))
    found = list(rows.order_by("pk"))
    if not found:
        return None
    rest = sum(row.expected - row.planned for row in found)
    days = Hold.objects.filter(booking__in=found).order_by("day").values_list("day", flat=True)
    return WaitingItem(
        _("Shoots in whose plan people have no hour"),
        len(found),
        reverse("shoots:plan", args=[scope.unit.code, scope.campaign.code, found[0].public_id]),
        hint=ngettext("%(n)d person without an hour.", "%(n)d people without an hour.", rest) % {"n": rest},
        urgency=urgency(days.first(), scope.today),
    )


@waiting(role="studio", order=50)
def requests_to_answer(scope: Scope) -> Iterable[WaitingItem]:
    rows = Booking.objects.filter(campaign=scope.campaign, studio=scope.studio)
    asked = rows.filter(state__in=[BookingState.ASKED, BookingState.COUNTERED])
    first = asked.order_by("held_until").first()
    deadline = first.held_until.date() if first and first.held_until else None
    here = reverse("shoots:studio-bookings", args=[scope.studio.code, scope.campaign.code])
    yield WaitingItem(_("Requests to answer"), asked.count(), here, urgency=urgency(deadline, scope.today))
    flagged = rows.filter(flag__contains="hours", state__in=ACTIVE_STATES)
    yield WaitingItem(_("Bookings on hours that are no longer open"), flagged.count(), here, urgency="soon")


@waiting(role="studio", order=51)
def groups_on_waiting_lists(scope: Scope) -> WaitingItem:
    """Groups for which the studio might open more hours."""
    rows = WaitlistEntry.objects.filter(campaign=scope.campaign, studio=scope.studio, state="waiting")
    here = reverse("shoots:studio-waitlist", args=[scope.studio.code, scope.campaign.code])
    return WaitingItem(
        _("Groups on the waiting list"), rows.count(), here, hint=_("More hours on these days would help.")
    )


@waiting(role="staff", order=51)
def units_on_waiting_lists(scope: Scope) -> WaitingItem:
    rows = WaitlistEntry.objects.filter(campaign=scope.campaign, state="waiting")
    here = reverse("shoots:office-waitlist", args=[scope.campaign.code])
    return WaitingItem(_("Groups on the waiting list"), rows.count(), here)


@waiting(role="staff", order=40)
def flagged_bookings(scope: Scope) -> WaitingItem:
    """R4: units that crossed the line, and hours that are no longer open."""
    rows = Booking.objects.filter(campaign=scope.campaign, state__in=ACTIVE_STATES).exclude(flag="")
    here = reverse("shoots:routes", args=[scope.campaign.code])
    return WaitingItem(_("Flagged bookings to decide on"), rows.count(), here, urgency="soon")


@waiting(role="staff", order=50)
def units_without_booking(scope: Scope) -> WaitingItem:
    """Units with people to be photographed that have no confirmed shoot."""
    count = len(without_shoot(scope.campaign))
    return WaitingItem(
        _("Units without a confirmed shoot"),
        count,
        reverse("shoots:routes", args=[scope.campaign.code]),
        urgency=urgency(scope.campaign.booking_by, scope.today),
    )
