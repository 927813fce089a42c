"""Model fields: encrypted text that comes out masked, and random public identifiers."""

import secrets
from typing import Any

from django.db import models

from photocampus import crypto


class Secret:
    """A number as it lies in the database. `str()` is masked; `reveal()` is the deliberate act."""

    __slots__ = ("context", "sealed")

    def __init__(self, sealed: str, context: str) -> None:
        self.sealed = sealed
        self.context = context

    def reveal(self) -> str:
        """The plain text. Whoever shows or exports it writes the access log first."""
        return crypto.decrypt(self.sealed, context=self.context)

    @property
    def masked(self) -> str:
        return crypto.mask(self.reveal())

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return "<Secret>"

    def __bool__(self) -> bool:
        return bool(self.sealed)

    def __len__(self) -> int:
        return len(self.sealed)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Secret):
            return self.reveal() == other.reveal()
        return isinstance(other, str) and self.reveal() == other

    def __hash__(self) -> int:
        return hash(self.reveal())


class EncryptedField(models.TextField):
    """Text encrypted at rest, bound to its table and column. Assign plain text, read a `Secret`.

    Look-ups compare ciphertexts and find nothing: keep a digest beside it where a look-up is needed.
    """

    # For the type checker: what may be assigned, and what is read.
    _pyi_private_set_type: str | Secret  # type: ignore[assignment]
    _pyi_private_get_type: Secret  # type: ignore[assignment]

    def encryption_context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Secret | None:
        return None if value is None else Secret(value, self.encryption_context())

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Secret):
            if value.context == self.encryption_context():
                return value.sealed
            value = value.reveal()
        return None if value is None else crypto.encrypt(str(value), context=self.encryption_context())

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)) or "")

    def formfield(self, **kwargs: Any) -> Any:
        # An admin form must never print the number into an input field.
        return None


def new_public_id() -> str:
    """72 random bits, safe in a URL."""
    return secrets.token_urlsafe(9)


def new_token() -> str:
    """144 random bits for addresses that need no log-in."""
    return secrets.token_urlsafe(18)


class PublicIdField(models.CharField):
    """Random, unique, never shown to mean anything (design §5)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("default", new_public_id)
        kwargs.setdefault("unique", True)
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)
