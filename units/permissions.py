"""Which role may do what, asked by the use cases themselves: pages and commands may forget, they must not."""

from photocampus.errors import NotAllowed
from photocampus.models import Role, User
from units.models import Membership, Unit


def require_staff(by: User) -> None:
    """Raises `NotAllowed` unless the actor belongs to academic affairs."""
    if by.role != Role.STAFF or not by.is_active:
        raise NotAllowed()


def require_coordinator(by: User, unit: Unit) -> None:
    """Raises `NotAllowed` unless the actor is a coordinator of this very unit now."""
    is_member = Membership.objects.filter(user=by, unit=unit, ended_at=None).exists()
    if by.role != Role.UNIT or not by.is_active or not is_member:
        raise NotAllowed()
