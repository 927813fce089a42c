"""Accounts: made with a one-time password, reset by staff without e-mail, switched off instead of deleted."""

import secrets
from dataclasses import dataclass
from typing import Any

from axes.utils import reset as reset_throttle
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError, MissingReason, NotAllowed
from photocampus.events import record
from photocampus.lists import join_parts
from photocampus.models import Role, User
from photocampus.roles import ACADEMIC_AFFAIRS

# Without 0 O 1 l I and the like: people read these aloud and copy them by hand.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 3, 4


class UserNameTaken(DomainError):
    code = "user_name_taken"
    message = _("The user name %(username)s is taken.")


class BadAccount(DomainError):
    code = "bad_account"
    message = _("%(problem)s")


class OwnAccount(DomainError):
    code = "own_account"
    message = _("Nobody can switch off or reset the own account; another administrator can.")


class LastAdministrator(DomainError):
    code = "last_administrator"
    message = _("This is the last administrator; the portal would be locked.")


class AccountIsOff(DomainError):
    code = "account_is_off"
    message = _("This account is switched off.")


@dataclass(frozen=True)
class Issued:
    """An account with its one-time password, which is stored nowhere and shown once."""

    user: User
    password: str


def one_time_password() -> str:
    """`abcd-efgh-jkmn`: 59 random bits, changed at the first log-in."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def require_manager(by: User, permission: str = "photocampus.change_user") -> None:
    """Raises `NotAllowed` unless the actor is active academic-affairs staff with the permission."""
    if by.role != Role.STAFF or not by.is_active or not by.has_perm(permission):
        raise NotAllowed()


def require_manager_of(by: User, user: User) -> None:
    """Only an administrator touches the account of an administrator."""
    require_manager(by)
    if user.is_superuser and not by.is_superuser:
        raise NotAllowed()


@transaction.atomic
def create_account(
    *,
    username: str,
    name: str,
    role: str,
    by: User,
    phone: str = "",
    email: str = "",
    is_superuser: bool = False,
    password: str = "",
) -> Issued:
    """A new account whose one-time password must be changed at the first log-in.

    Academic-affairs accounts join the group of that name. Only an administrator makes one more (`is_superuser`).
    `password` is for the demonstration, whose users keep theirs. Raises `UserNameTaken`, `BadAccount`, `NotAllowed`.
    """
    require_manager(by, "photocampus.add_user")
    if is_superuser and not by.is_superuser:
        raise NotAllowed()
    secret = password or one_time_password()
    user = User(
        username=User.normalize_username(username.strip()),
        name=name.strip(),
        role=role,
        phone=phone.strip(),
        email=email.strip(),
        is_superuser=is_superuser,
        must_change_password=not password,
        is_demo=by.is_demo,
    )
    user.set_password(secret)
    check_account(user)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise UserNameTaken(username=user.username) from None
    if role == Role.STAFF:
        user.groups.add(Group.objects.get_or_create(name=ACADEMIC_AFFAIRS)[0])
    record(user, "account_created", by=by, new=user.role)
    return Issued(user, secret)


def check_account(user: User) -> None:
    """The model's rules as one refusal with every problem in words; raises `BadAccount`, `UserNameTaken`."""
    if User.objects.filter(username=user.username).exclude(pk=user.pk).exists():
        raise UserNameTaken(username=user.username)
    try:
        user.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise BadAccount(problem=join_parts(error.messages)) from None


@transaction.atomic
def reset_password(*, user: User, by: User) -> Issued:
    """A new one-time password: open sessions end, log-in throttling for the name is lifted.

    Raises `OwnAccount`, `AccountIsOff`, `NotAllowed`.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    require_manager_of(by, user)
    if user.pk == by.pk:
        raise OwnAccount()
    if not user.is_active:
        raise AccountIsOff()
    password = one_time_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    record(user, "password_reset", by=by)
    transaction.on_commit(lambda: reset_throttle(username=user.username))
    return Issued(user, password)


@transaction.atomic
def switch_off_account(*, user: User, by: User, reason: str) -> None:
    """Nobody logs in with it any more; its history stays. Harmless when repeated.

    Raises `OwnAccount`, `LastAdministrator`, `MissingReason`, `NotAllowed`.
    """
    fresh = User.objects.select_for_update().get(pk=user.pk)
    require_manager_of(by, fresh)
    if fresh.pk == by.pk:
        raise OwnAccount()
    if not reason.strip():
        raise MissingReason()
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=fresh.pk)
    if fresh.is_superuser and not others.exists():
        raise LastAdministrator()
    user.is_active = False
    if User.objects.filter(pk=fresh.pk, is_active=True).update(is_active=False):
        record(fresh, "account_switched_off", by=by, reason=reason.strip())


@transaction.atomic
def switch_on_account(*, user: User, by: User) -> None:
    """Undo `switch_off_account`; memberships that ended meanwhile stay ended."""
    fresh = User.objects.select_for_update().get(pk=user.pk)
    require_manager_of(by, fresh)
    user.is_active = True
    if User.objects.filter(pk=fresh.pk, is_active=False).update(is_active=True):
        record(fresh, "account_switched_on", by=by)


@transaction.atomic
def change_details(
    *, user: User, by: User, name: str, email: str = "", phone: str | None = None
) -> list[str]:
    """The own name, telephone and e-mail, or another's by staff; `phone=None` leaves the telephone. Returns what changed.

    The event says which fields changed, never a telephone number. Raises `BadAccount`, `NotAllowed`.
    """
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if fresh.pk != by.pk:
        require_manager_of(by, fresh)
    values: dict[str, Any] = {"name": name.strip(), "email": email.strip()}
    if phone is not None:
        values["phone"] = phone.strip()
    if not values["name"]:
        raise BadAccount(problem=_("Please give a name."))
    if values["email"]:
        try:
            validate_email(values["email"])
        except ValidationError as error:
            raise BadAccount(problem=join_parts(error.messages)) from None
    changed = [field for field, value in values.items() if getattr(fresh, field) != value]
    if changed:
        old_name = fresh.name
        for field in changed:
            setattr(fresh, field, values[field])
            setattr(user, field, values[field])
        fresh.save(update_fields=changed)
        record(fresh, "details_changed", by=by, old=old_name, new=fresh.name, data={"fields": changed})
    return changed


class NotStaff(DomainError):
    code = "not_staff"
    message = _("Only people of academic affairs can be administrators.")


@transaction.atomic
def set_administrator(*, user: User, by: User, administrator: bool) -> None:
    """Make somebody of academic affairs an administrator, or no longer one. Only an administrator decides that.

    Harmless when repeated. Raises `NotAllowed`, `NotStaff`, `AccountIsOff`, `LastAdministrator`.
    """
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if not (by.is_superuser and by.is_active):
        raise NotAllowed()
    if fresh.role != Role.STAFF:
        raise NotStaff()
    if administrator and not fresh.is_active:
        raise AccountIsOff()
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=fresh.pk)
    if not administrator and not others.exists():
        raise LastAdministrator()
    user.is_superuser = administrator
    if User.objects.filter(pk=fresh.pk, is_superuser=not administrator).update(is_superuser=administrator):
        record(fresh, "administrator_made" if administrator else "administrator_unmade", by=by)
