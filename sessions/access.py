"""Who may see which bookings, shoots, receipts and deliveries (design §5)."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from photocampus.access import access_rule
from photocampus.models import Role, User
from sessions.models import (
    Attendance,
    Booking,
    BookingKind,
    Delivery,
    DeliveryItem,
    Disturbance,
    Fee,
    PlanEntry,
    Problem,
    Receipt,
    Shot,
    Station,
    Venue,
    VenuePhoto,
    WaitlistEntry,
)
from units.access import by_role, granted, studio_ids, units_condition
from units.models import StudioGrant, Unit


def own_bookings(user: User, path: str) -> Any:
    """Coordinators see bookings of their units (a booking may have many), studios their own."""
    units = Unit.objects.filter(units_condition(user, "pk")).values("pk")
    bookings = Booking.units.through.objects.filter(unit__in=units).values("booking")
    key = f"{path}__" if path else ""
    return by_role(
        user,
        unit=Q(**{f"{path or 'pk'}__in": bookings}),
        studio=Q(**{f"{key}studio__in": studio_ids(user)}),
    )


@access_rule(Station)
def stations_of(user: User) -> Any:
    return by_role(user, unit=Q(), studio=Q(studio__in=studio_ids(user)))


@access_rule(Booking)
def bookings_of(user: User) -> Any:
    return own_bookings(user, "")


@access_rule(PlanEntry)
def plan_entries_of(user: User) -> Any:
    return by_role(
        user,
        unit=units_condition(user, "class_group__unit"),
        studio=Q(granted(user, unit="class_group__unit", campaign="booking__campaign"))
        & Q(booking__studio__in=studio_ids(user)),
    )


def sees_classes(user: User, booking: Booking) -> bool:
    """Whether all classes of a shoot may be named to this user: the studio must hold the grant for each of its units."""
    if user.role != Role.STUDIO:
        return True
    grants = StudioGrant.objects.filter(
        campaign=booking.campaign_id, studio__in=studio_ids(user), ended_at=None
    )
    return not booking.units.exclude(pk__in=grants.values("unit")).exists()


@access_rule(Venue)
def venues_of(user: User) -> Any:
    booked = Booking.objects.filter(studio__in=studio_ids(user)).values("venue")
    return by_role(user, unit=units_condition(user, "unit"), studio=Q(pk__in=booked))


@access_rule(WaitlistEntry)
def waitlist_of(user: User) -> Any:
    return by_role(user, unit=units_condition(user, "unit"), studio=Q(studio__in=studio_ids(user)))


@access_rule(VenuePhoto)
def venue_photos_of(user: User) -> Any:
    booked = Booking.objects.filter(studio__in=studio_ids(user)).values("venue")
    return by_role(user, unit=units_condition(user, "venue__unit"), studio=Q(venue__in=booked))


def own_people(user: User, path: str, *, studio: str) -> Any:
    """Rows about one graduate (`path`): of the coordinator's units; of the studio (`studio`) while it holds the grant."""
    unit = f"{path}__enrolment__unit"
    grant = granted(user, unit=unit, campaign=f"{path}__campaign")
    return by_role(
        user,
        unit=units_condition(user, unit),
        studio=Q(grant) & Q(**{f"{studio}__in": studio_ids(user)}),
    )


@access_rule(Attendance)
def attendances_of(user: User) -> Any:
    return own_people(user, "graduate", studio="booking__studio")


@access_rule(Shot)
def shots_of(user: User) -> Any:
    return own_people(user, "attendance__graduate", studio="station__studio")


@access_rule(Fee)
def fees_of(user: User) -> Any:
    return own_people(user, "attendance__graduate", studio="attendance__booking__studio")


@access_rule(Receipt)
def receipts_of(user: User) -> Any:
    return own_people(user, "attendance__graduate", studio="studio")


@access_rule(Disturbance)
def disturbances_of(user: User) -> Any:
    return own_bookings(user, "booking")


@access_rule(Delivery)
def deliveries_of(user: User) -> Any:
    grant = granted(user, unit="unit", campaign="campaign")
    return by_role(user, unit=units_condition(user, "unit"), studio=Q(grant) & Q(studio__in=studio_ids(user)))


@access_rule(DeliveryItem)
def delivery_items_of(user: User) -> Any:
    if user.role == Role.UNIT:
        # Who moved to another unit after the delivery stays in it.
        return units_condition(user, "delivery__unit")
    return own_people(user, "graduate", studio="delivery__studio")


@access_rule(Problem)
def problems_of(user: User) -> Any:
    """R22: units through the subject; the studio concerned while it holds a grant for one of the subject's units.

    A day for individuals belongs to no unit: there any grant of the campaign will do (`problem_parties.studio_reads`).
    """
    if user.role == Role.UNIT:
        return (
            own_bookings(user, "booking")
            | units_condition(user, "delivery__unit")
            | units_condition(user, "graduate__enrolment__unit")
        )
    grants = StudioGrant.objects.filter(
        campaign=OuterRef("campaign"), studio=OuterRef("studio"), ended_at=None, studio__in=studio_ids(user)
    )
    reads = (
        Exists(grants.filter(unit=OuterRef("delivery__unit")))
        | Exists(grants.filter(unit=OuterRef("graduate__enrolment__unit")))
        | Exists(grants.filter(unit__booking_units__booking=OuterRef("booking")))
        | (Q(booking__kind=BookingKind.INDIVIDUAL) & Exists(grants))
    )
    return by_role(user, studio=reads)
