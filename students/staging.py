"""What a staged line carries, and how it lies in the database: encrypted, small, quick to write and read.

A payload is the line's clean values, joined by a separator that clean text cannot hold, and after another one JSON
with everything else: `before` (what stood there), `findings`, `warnings`, `cells` (raw, of refused lines) and `makes`.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from photocampus.crypto import Sealer
from photocampus.fields import EncryptedField
from students.models import RosterRow
from students.rows import Finding, Values

UNIT_SEPARATOR = "\x1f"
RECORD_SEPARATOR = "\x1e"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def field_context(model: Any, name: str) -> str:
    """The place to which an encrypted column's values are bound."""
    field = model._meta.get_field(name)
    assert isinstance(field, EncryptedField)
    return field.encryption_context()


@lru_cache(maxsize=1)
def _context() -> str:
    return field_context(RosterRow, "payload")


def payload_sealer() -> Sealer:
    return Sealer(_context())


def pack(values: Values | None, rest: Mapping[str, Any]) -> str:
    """Plain text of a payload."""
    text = UNIT_SEPARATOR.join(values) if values else ""
    return text + RECORD_SEPARATOR + _encode(dict(rest)) if rest else text


def unpack(text: str) -> tuple[Values | None, dict[str, Any]]:
    """Undo `pack`."""
    joined, _sep, rest = text.partition(RECORD_SEPARATOR)
    values = Values(*joined.split(UNIT_SEPARATOR)) if joined else None
    return values, json.loads(rest) if rest else {}


def plain_findings(findings: Sequence[Finding]) -> list[list[Any]]:
    """Findings as JSON holds them: [field, shown, code, data]."""
    return [[f.field, f.shown, f.problem.code, dict(f.problem.data)] for f in findings]
