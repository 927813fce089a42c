"""Refusals that a person can act on. Everything else stays a crash that we hear about."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal with a stable `code`, data, and a message that is translated when it is shown."""

    code = "refused"
    message: str | Promise = _("This cannot be done.")

    def __init__(self, **data: Any) -> None:
        super().__init__()
        self.data = data

    def __str__(self) -> str:
        return str(self.message) % self.data


class IllegalMove(DomainError):
    """The table of moves has no such step."""

    code = "illegal_move"
    message = _("This step is not possible: the state is “%(old)s”, so it cannot become “%(new)s”.")


class ChangedMeanwhile(DomainError):
    """Somebody else was faster; their change stands."""

    code = "changed_meanwhile"
    message = _("Somebody else changed this in the meantime. Please look at the page again and decide anew.")


class NotAllowed(DomainError):
    """The actor's role may not do this, whatever page or command it came from."""

    code = "not_allowed"
    message = _("Your role does not allow this.")


class MissingReason(DomainError):
    code = "missing_reason"
    message = _("Please give a reason.")
