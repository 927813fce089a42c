"""The steps of a unit's progress that only shoots know: booked, planned, photographed, delivered."""

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from sessions.models import Attendance, AttendanceState, BookingState, BookingUnit, DeliveryItem, PlanEntry
from students.progress import add_step

FIRM_STATES = (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE)
GOT_IT = ("received", "completed")


def booked() -> Exists:
    return Exists(
        BookingUnit.objects.filter(
            unit=OuterRef("enrolment__unit"),
            booking__campaign=OuterRef("campaign"),
            booking__state__in=FIRM_STATES,
        )
    )


def planned() -> Exists:
    return Exists(
        PlanEntry.objects.filter(
            class_group=OuterRef("enrolment__class_group"),
            booking__campaign=OuterRef("campaign"),
            booking__state__in=FIRM_STATES,
        )
    )


def photographed() -> Exists:
    return Exists(Attendance.objects.filter(graduate=OuterRef("pk"), state=AttendanceState.PHOTOGRAPHED))


def delivered() -> Exists:
    return Exists(
        DeliveryItem.objects.filter(graduate=OuterRef("pk"), photo=OuterRef("picture"), state__in=GOT_IT)
    )


def register() -> None:
    """Called once when the app is ready."""
    add_step(3, "booked", _("booked"), booked)
    add_step(4, "planned", _("planned"), planned)
    add_step(5, "photographed", _("photographed"), photographed)
    add_step(8, "delivered", _("delivered"), delivered)
