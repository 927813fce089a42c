"""Staged lines as people read them: names instead of codes, numbers masked, old beside new."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photocampus.crypto import mask
from students.models import Category, Gender, IdType, RosterRow, RosterState, RosterUpload, RowKind
from students.roster_columns import BY_FIELD, map_headings
from students.roster_diff import (
    BROUGHT_FORWARD,
    CORRECTED_NAME,
    CORRECTED_NUMBER,
    DEFERRAL,
    EARLIER_PICTURE,
    EXCHANGED_NUMBER,
    MOVED_CLASS,
    NEW_LEVEL,
    RESTORED,
    TRANSFER,
    WITHDRAWN,
)
from students.row_problems import sentence
from students.rows import SECRET_FIELDS, Values
from students.rows import shown as masked_cell
from students.staging import unpack
from students.tables import BadTable

TAGS: dict[str, Promise] = {
    MOVED_CLASS: _("moved to another class"),
    CORRECTED_NAME: _("name corrected"),
    CORRECTED_NUMBER: _("ID number corrected"),
    EXCHANGED_NUMBER: _("ID numbers exchanged"),
    DEFERRAL: _("deferred to a later term"),
    BROUGHT_FORWARD: _("brought forward to an earlier term"),
    TRANSFER: _("transferred between units"),
    RESTORED: _("back on the roster"),
    NEW_LEVEL: _("known person, another level"),
    EARLIER_PICTURE: _("earlier picture is used"),
    WITHDRAWN: _("the submitted image is withdrawn"),
}
TAG_TONES = {
    DEFERRAL: "wait",
    TRANSFER: "wait",
    EXCHANGED_NUMBER: "wait",
    WITHDRAWN: "wait",
    EARLIER_PICTURE: "good",
}
PLACE_FIELDS = frozenset({"unit", "class_name", "term"})
NO_VALUE = "—"


@dataclass
class Change:
    label: str | Promise
    old: str
    new: str


@dataclass
class Said:
    """A problem or warning at a column."""

    label: str | Promise
    shown: str
    text: str


@dataclass
class ShownRow:
    line: int | None
    number: str
    name: str
    class_name: str
    unit: str
    term: str
    tags: list[tuple[str | Promise, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    problems: list[Said] = field(default_factory=list)
    warnings: list[Said] = field(default_factory=list)
    partner: int | None = None
    row_line: int = 0
    fate: str = ""
    fate_label: str = ""
    fate_reason: str = ""


def shown_rows(upload: RosterUpload, rows: Iterable[RosterRow], units: dict[str, str]) -> list[ShownRow]:
    """`units`: code → name."""
    return [_shown(upload, row, units) for row in rows]


def _shown(upload: RosterUpload, row: RosterRow, units: dict[str, str]) -> ShownRow:
    values, rest = unpack(row.payload.reveal())
    number = values.student_number if values else rest.get("student_number", "")
    shown = ShownRow(
        line=None if row.kind == RowKind.GONE else row.line,
        number=number,
        name=values.name if values else _cell(upload, rest, "name"),
        class_name=values.class_name if values else _cell(upload, rest, "class_name"),
        unit=units.get(values.unit, "") if values else "",
        term=values.term if values else "",
        row_line=row.line,
        fate=row.fate,
        fate_label=str(RosterState(row.fate).label) if row.fate else "",
        fate_reason=row.fate_reason,
        partner=rest.get("with"),
    )
    shown.tags = [(TAGS[tag], TAG_TONES.get(tag, "info")) for tag in row.tags if tag in TAGS]
    shown.problems = _said(rest.get("findings", []))
    shown.warnings = _said(rest.get("warnings", []))
    if values:
        shown.changes = _changes(upload, row, values, rest, units)
    return shown


def _cell(upload: RosterUpload, rest: dict[str, Any], column: str) -> str:
    """A refused line's own cell, to recognise it by; only from columns without numbers."""
    positions = getattr(upload, "_positions", None)
    if positions is None:
        positions = upload._positions = _positions(upload)  # type: ignore[attr-defined]
    cells, position = rest.get("cells", []), positions.get(column, -1)
    return masked_cell(column, cells[position], mask) if 0 <= position < len(cells) else ""


def _positions(upload: RosterUpload) -> dict[str, int]:
    try:
        return map_headings(json.loads(upload.layout.reveal())["headings"]) if upload.layout else {}
    except BadTable:
        return {}


def _said(findings: list[list[Any]]) -> list[Said]:
    return [Said(BY_FIELD[f].label, shown, sentence(code, data)) for f, shown, code, data in findings]


def _changes(
    upload: RosterUpload, row: RosterRow, values: Values, rest: dict[str, Any], units: dict[str, str]
) -> list[Change]:
    before = rest.get("before", {})
    # Another unit's people: what they are leaving is shown, the rest of their record is not.
    hidden = upload.unit_id is not None and TRANSFER in row.tags
    changes = []
    for name, old in before.items():
        if hidden and name not in PLACE_FIELDS:
            continue
        if name == "roster_state":
            changes.append(
                Change(_("roster state"), str(RosterState(old).label), str(RosterState.ACTIVE.label))
            )
            continue
        changes.append(
            Change(
                BY_FIELD[name].label,
                show_value(name, old, units),
                show_value(name, getattr(values, name), units),
            )
        )
    if "earlier" in rest and not before.get("term"):
        changes.append(Change(BY_FIELD["term"].label, rest["earlier"]["term"], values.term))
    return changes


def show_value(name: str, value: str, units: dict[str, str]) -> str:
    """A stored value as a person reads it."""
    if not value:
        return NO_VALUE
    if name in SECRET_FIELDS:
        return mask(value)
    if name == "unit":
        return units.get(value, value)
    choices: dict[str, Any] = {"gender": Gender, "id_type": IdType, "category": Category}
    return str(choices[name](value).label) if name in choices else value
