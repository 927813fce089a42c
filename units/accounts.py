"""Who belongs to which unit or studio, from when until when; hand-over to a successor without losing history."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.accounts import (
    AccountIsOff,
    Issued,
    create_account,
    require_manager,
    require_manager_of,
    switch_off_account,
)
from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import record
from photocampus.models import Role, User
from units.models import Membership, Studio, StudioMembership, Unit


class WrongRole(DomainError):
    code = "wrong_role"
    message = _("%(user)s has the role “%(role)s” and cannot belong here.")


class AlreadyMember(DomainError):
    code = "already_member"
    message = _("%(user)s belongs to %(place)s already.")


class NoPlace(DomainError):
    code = "no_place"
    message = _("Please choose at least one unit or studio.")


class SamePerson(DomainError):
    code = "same_person"
    message = _("The successor must be another person.")


@transaction.atomic
def create_coordinator(
    *,
    username: str,
    name: str,
    units: Iterable[Unit],
    by: User,
    phone: str = "",
    email: str = "",
    password: str = "",
) -> Issued:
    """An account for the coordinator of these units. Raises what `create_account` raises, and `NoPlace`."""
    places = list(units)
    if not places:
        raise NoPlace()
    issued = create_account(
        username=username, name=name, role=Role.UNIT, by=by, phone=phone, email=email, password=password
    )
    for unit in places:
        add_coordinator(user=issued.user, unit=unit, by=by)
    return issued


@transaction.atomic
def create_studio_account(
    *,
    username: str,
    name: str,
    studio: Studio,
    by: User,
    phone: str = "",
    email: str = "",
    password: str = "",
) -> Issued:
    """An account for a person of the studio."""
    issued = create_account(
        username=username, name=name, role=Role.STUDIO, by=by, phone=phone, email=email, password=password
    )
    add_studio_member(user=issued.user, studio=studio, by=by)
    return issued


@transaction.atomic
def add_coordinator(*, user: User, unit: Unit, by: User) -> Membership:
    """From now on the user acts for the unit. Raises `WrongRole`, `AccountIsOff`, `AlreadyMember`, `NotAllowed`."""
    require_manager(by)
    _check_role(user, Role.UNIT)
    try:
        with transaction.atomic():
            membership = Membership.objects.create(user=user, unit=unit)
    except IntegrityError:
        raise AlreadyMember(user=user, place=unit) from None
    record(membership, "membership_began", by=by, new=unit.code, data={"user": user.username})
    return membership


@transaction.atomic
def add_studio_member(*, user: User, studio: Studio, by: User) -> StudioMembership:
    """From now on the user acts for the studio. Raises like `add_coordinator`."""
    require_manager(by)
    _check_role(user, Role.STUDIO)
    try:
        with transaction.atomic():
            membership = StudioMembership.objects.create(user=user, studio=studio)
    except IntegrityError:
        raise AlreadyMember(user=user, place=studio) from None
    record(membership, "membership_began", by=by, new=studio.code, data={"user": user.username})
    return membership


def _check_role(user: User, role: Role) -> None:
    if user.role != role:
        raise WrongRole(user=user, role=user.get_role_display())
    if not user.is_active:
        raise AccountIsOff()


@transaction.atomic
def end_membership(*, membership: Membership | StudioMembership, by: User, reason: str = "") -> None:
    """The person acts no longer for the unit or studio; what they did stays theirs. Raises `ChangedMeanwhile`."""
    require_manager(by)
    stamp = clock.now()
    if not type(membership)._default_manager.filter(pk=membership.pk, ended_at=None).update(ended_at=stamp):
        raise ChangedMeanwhile()
    membership.ended_at = stamp
    record(membership, "membership_ended", by=by, reason=reason, data={"user": membership.user.username})


@transaction.atomic
def hand_over(
    *, membership: Membership | StudioMembership, successor: User, by: User, switch_off: bool = False
) -> Membership | StudioMembership:
    """The successor takes the place; open work belongs to the unit or studio and so follows by itself. Both are told.

    `switch_off` also switches the predecessor's account off once no place is left. A successor who belongs there already
    just stays. Raises `SamePerson`, `WrongRole`, `AccountIsOff`, `ChangedMeanwhile`, `NotAllowed`.
    """
    require_manager(by)
    leaving = membership.user
    if successor.pk == leaving.pk:
        raise SamePerson()
    require_manager_of(by, leaving)
    place = membership.unit if isinstance(membership, Membership) else membership.studio
    fresh = _successor_membership(membership, successor, by)
    end_membership(membership=membership, by=by, reason=str(_("handed over")))
    record(
        place,
        "handed_over",
        by=by,
        old=leaving.username,
        new=successor.username,
        data={"membership": fresh.pk},
    )
    if switch_off and leaving.is_active and not has_place(leaving):
        switch_off_account(user=leaving, by=by, reason=str(_("handed over")))
    return fresh


def _successor_membership(
    membership: Membership | StudioMembership, successor: User, by: User
) -> Membership | StudioMembership:
    if isinstance(membership, Membership):
        _check_role(successor, Role.UNIT)
        kept = Membership.objects.filter(user=successor, unit=membership.unit, ended_at=None).first()
        return kept or add_coordinator(user=successor, unit=membership.unit, by=by)
    _check_role(successor, Role.STUDIO)
    stays = StudioMembership.objects.filter(user=successor, studio=membership.studio, ended_at=None).first()
    return stays or add_studio_member(user=successor, studio=membership.studio, by=by)


def has_place(user: User) -> bool:
    """Whether the user still belongs to any unit or studio."""
    return (
        Membership.objects.filter(user=user, ended_at=None).exists()
        or StudioMembership.objects.filter(user=user, ended_at=None).exists()
    )
