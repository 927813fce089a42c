"""Findings in words: what was measured, within which bounds, and what it means."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from students.catalogue import label_of
from students.models import Finding

NAMES: dict[str, str | Promise] = {
    "face": _("Faces found"),
    "eye_line": _("Eye line from the top (px)"),
    "tilt": _("Tilt of the head (degrees)"),
    "centring": _("Off the middle (px)"),
    "face_width": _("Width of the face (px)"),
    "top_of_head": _("Top of the head from the top (px)"),
    "head_cut": _("Room above the head (px)"),
    "background_colour": _("Distance from the background colour"),
    "background_even": _("Unevenness of the background"),
    "background_gradient": _("Light lost across the background"),
    "exposure": _("Brightness of the face"),
    "highlights": _("Burnt-out part of the face"),
    "half_light": _("Face, left against right"),
    "sharpness": _("Sharpness"),
    "pixels": _("Width of the crop (px)"),
    "colour_depth": _("24-bit colour"),
    "colour_profile": _("Colour profile"),
    "captured": _("Day of capture, by the camera's clock"),
    "near_identical": _("Bits that differ from another person's picture"),
    "complete": _("Complete to the lower edge"),
    "bytes_small": _("Small image (bytes)"),
    "bytes_registration": _("Registration image (bytes)"),
    "bytes_large": _("Large image (bytes)"),
}


@dataclass(frozen=True)
class FindingRow:
    name: str
    measure: str
    bounds: str
    meaning: str
    severity: str


def rows_of(findings: Iterable[Finding]) -> list[FindingRow]:
    """One row per check, those that need a look first."""
    order = {"refuse": 0, "look": 1}
    ordered = sorted(findings, key=lambda item: order.get(item.severity, 2) if item.code else 3)
    return [
        FindingRow(
            name=str(NAMES.get(item.check_name, item.check_name)),
            measure=number(item.measure) or str(item.data.get("day", "")),
            bounds=bounds_of(item),
            meaning=meaning_of(item),
            severity=item.severity if item.code else "",
        )
        for item in ordered
    ]


def meaning_of(item: Finding) -> str:
    """What a finding says: its code's label, or words of its own where the code would say too much."""
    if item.data.get("unchecked"):
        return str(_("not checked: no face library is installed"))
    if item.check_name == "near_identical" and item.code:
        return str(_("nearly the same as another person's picture"))
    return label_of(item.code, get_language() or "") if item.code else ""


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def bounds_of(item: Finding) -> str:
    if item.low is not None and item.high is not None and 0 < item.low < item.high:
        return f"{number(item.low)}–{number(item.high)}"
    if item.low is not None and item.low == item.high:
        return number(item.low)
    if item.low:
        return f"≥ {number(item.low)}"
    return f"≤ {number(item.high)}" if item.high is not None else ""
