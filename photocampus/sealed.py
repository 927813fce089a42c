"""Values that a page carries from one step to the next without the server keeping them: sealed, for one person, for an hour."""

import base64
import json
import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from photocampus import crypto
from photocampus.errors import DomainError
from photocampus.models import User

LIFETIME = 3600


class SealBroken(DomainError):
    code = "seal_broken"
    message = _("This page is too old. Please start again.")


def seal(value: Any, *, purpose: str, user: User) -> str:
    """JSON, encrypted and bound to the purpose and the user."""
    plain = json.dumps([int(time.time()), value], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(crypto.encrypt_bytes(plain, context=_context(purpose, user))).decode()


def unseal(text: str, *, purpose: str, user: User) -> Any:
    """Undo `seal`; raises `SealBroken` after an hour, for another user, or for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text.encode())
        made, value = json.loads(crypto.decrypt_bytes(raw, context=_context(purpose, user)))
    except (ValueError, crypto.Undecryptable):
        raise SealBroken() from None
    if time.time() - made > LIFETIME:
        raise SealBroken()
    return value


def _context(purpose: str, user: User) -> str:
    return f"sealed.{purpose}.{user.pk}"
