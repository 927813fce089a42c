"""Who may act for a unit or a studio, whatever page or command the act comes from."""

from collections.abc import Collection

from photocampus.errors import NotAllowed
from photocampus.models import Role, User
from sessions.models import Booking
from units.access import own_unit_ids, studio_ids
from units.models import Studio, Unit


def require_unit(by: User, units: Collection[Unit]) -> None:
    """Only coordinators of one of the units act for a booking; academic affairs may for several units together.

    What is agreed for a joint shoot binds all of its units: each of their coordinators answers, moves and cancels it
    for all, and all are told. Only asking is stricter: nobody asks for a unit that is not the own (`ask_booking`), and
    in the plan everybody moves the own classes (`plan_entries_of`).
    """
    if by.role == Role.STAFF and len(units) > 1:
        return
    own = set(own_unit_ids(by).values_list("unit", flat=True)) if by.role == Role.UNIT else set()
    if not own & {unit.pk for unit in units}:
        raise NotAllowed()


def require_studio(by: User, studio: Studio) -> None:
    if by.role != Role.STUDIO or not studio_ids(by).filter(studio=studio).exists():
        raise NotAllowed()


def require_side(by: User, booking: Booking) -> None:
    """Either side of a shoot: its studio, or its units."""
    if by.role == Role.STUDIO:
        require_studio(by, booking.studio)
    else:
        require_unit(by, list(booking.units.all()))


def require_keeper(by: User, unit: Unit) -> None:
    """Coordinators of the unit, or of the college that keeps an admissions unit's prints and files (R20)."""
    own = set(own_unit_ids(by).values_list("unit", flat=True)) if by.role == Role.UNIT else set()
    if not own & {unit.pk, unit.college_id}:
        raise NotAllowed()
