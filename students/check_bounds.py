"""Within which bounds a measure must lie, what it means outside of them, and how a profile changes that.

A measure outside `low` and `high` is worth a look; outside `refuse_low` and `refuse_high` it is a reason to refuse. Eye
line, face width and top of the head have their bounds in the profile's own columns, and a `tolerance` beyond them that
only says what the measuring is worth. `severity` is the worst that a check may say at all. A profile's `checks` replaces
each of these numbers by name of the check: {"tilt": {"high": 2.5, "severity": "look"}, "eye_line": {"tolerance": 8}}.
Which profile has a say in which check: `students.profile_checks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from django.utils.translation import gettext as _

from photocampus.lists import join_words
from students.profiles import ProfileSpec

REFUSE, LOOK, NOTE = "refuse", "look", "note"
ORDER = (NOTE, LOOK, REFUSE)
FRAME_HEIGHT = 640.0  # of the standard's frame, in whose pixels tolerances and centring are given


@dataclass(frozen=True)
class Result:
    """One check on one picture. `code` is empty while the measure lies within its bounds."""

    check: str
    measure: float | None = None
    low: float | None = None
    high: float | None = None
    code: str = ""
    severity: str = NOTE
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bound:
    """From where on a measure is worth a look, and from where on it is a reason to refuse."""

    code: str
    low: float | None = None
    high: float | None = None
    refuse_low: float | None = None
    refuse_high: float | None = None
    severity: str = REFUSE


@dataclass(frozen=True)
class Geometry:
    """A measure with bounds in the profile. `tolerance` is in pixels of a frame 640 high, or a share of the measure."""

    code: str
    tolerance: float
    is_share: bool = False
    severity: str = REFUSE


# Colours are compared in Oklab, whose distances follow the eye: 1 is the step from black to white.
BOUNDS: dict[str, Bound] = {
    "tilt": Bound("head_tilt", high=3.0, refuse_high=6.0),
    "centring": Bound("centring", high=24.0, refuse_high=60.0),
    "background_colour": Bound("background_colour", high=0.06, refuse_high=0.16),
    "background_even": Bound("background_uneven", high=0.020, refuse_high=0.06),
    "background_gradient": Bound("background_uneven", high=0.065, refuse_high=0.20),
    "exposure": Bound("exposure", low=85.0, high=215.0, refuse_low=50.0, refuse_high=238.0),
    "highlights": Bound("highlight", high=0.015, refuse_high=0.08),
    "half_light": Bound("half_lit", high=0.30, refuse_high=0.55),
    "sharpness": Bound("unsharp", low=0.35, refuse_low=0.18),
}
GEOMETRY: dict[str, Geometry] = {
    "eye_line": Geometry("eye_line", 4.0),
    "face_width": Geometry("face_width", 0.08, is_share=True),
    # Hair that stands up is not the hairline: outside the bounds somebody looks, nothing more.
    "top_of_head": Geometry("hairline", 6.0, severity=LOOK),
}
# Checks that say yes or no; the profile may only say how much that weighs.
PLAIN: dict[str, str] = {
    "face": LOOK,  # a detector may be wrong
    "captured": LOOK,  # and so may a camera's clock
    "head_cut": REFUSE,
    **dict.fromkeys(("pixels", "colour_depth", "colour_profile", "complete"), REFUSE),
    **dict.fromkeys(("bytes_small", "bytes_registration", "bytes_large"), REFUSE),
}
EXAMPLE = '{"severity": "look"}'
NUMBERS = ("low", "high", "refuse_low", "refuse_high")


def _said(check: str, profile: ProfileSpec) -> Mapping[str, Any]:
    return profile.checks.get(check, {})


def bound_of(check: str, profile: ProfileSpec) -> Bound:
    """The program's bound with what the profile says otherwise."""
    known = {part.name for part in fields(Bound)} - {"code"}
    return replace(
        BOUNDS[check], **{key: value for key, value in _said(check, profile).items() if key in known}
    )


def _outside(measure: float, low: float | None, high: float | None) -> bool:
    return (low is not None and measure < low) or (high is not None and measure > high)


def milder(one: str, other: str) -> str:
    return min(one, other, key=ORDER.index)


def judged(check: str, measure: float, profile: ProfileSpec, **data: Any) -> Result:
    """A measure against the program's bounds, as the profile may have changed them."""
    bound = bound_of(check, profile)
    result = Result(check, round(float(measure), 4), bound.low, bound.high, data=data)
    if _outside(measure, bound.refuse_low, bound.refuse_high):
        return replace(result, code=bound.code, severity=bound.severity)
    if _outside(measure, bound.low, bound.high):
        return replace(result, code=bound.code, severity=milder(LOOK, bound.severity))
    return result


def placed(check: str, measure: float, bounds: tuple[int, int], profile: ProfileSpec, **data: Any) -> Result:
    """A measure in the profile's pixels against the profile's own bounds; beyond the tolerance it weighs more."""
    rule, said = GEOMETRY[check], _said(check, profile)
    tolerance = float(said.get("tolerance", rule.tolerance))
    tolerance *= measure if rule.is_share else profile.height / FRAME_HEIGHT
    worst = said.get("severity", rule.severity)
    low, high = bounds
    result = Result(check, round(float(measure), 1), float(low), float(high), data=data)
    if _outside(measure, low - tolerance, high + tolerance):
        return replace(result, code=rule.code, severity=worst)
    # A share says that the measure itself is not known better: near a bound, on either side, somebody looks.
    near = tolerance if rule.is_share else 0.0
    if _outside(measure, low + near, high - near):
        return replace(result, code=rule.code, severity=milder(LOOK, worst))
    return result


def weighed(result: Result, profile: ProfileSpec) -> Result:
    """A yes-or-no check as severe as the profile lets it be."""
    if not result.code or result.check not in PLAIN:
        return result
    worst = _said(result.check, profile).get("severity", PLAIN[result.check])
    return replace(result, severity=milder(result.severity, worst))


# ------------------------------------------------------------------------------------------- entering a profile


def problems_of(checks: Any) -> list[str]:
    """What is wrong with a profile's `checks`, one sentence each; empty when it can be used."""
    if not isinstance(checks, dict):
        return [_("The bounds of the checks are an object: name of the check, then its bounds.")]
    return [problem for check, said in checks.items() for problem in _problems_of_one(str(check), said)]


def _problems_of_one(check: str, said: Any) -> list[str]:
    allowed = _allowed(check)
    if allowed is None:
        known = join_words([*BOUNDS, *GEOMETRY, *PLAIN])
        return [_("There is no check “%(check)s”. Known are: %(known)s.") % {"check": check, "known": known}]
    if not isinstance(said, dict):
        return [_("%(check)s: give an object such as %(example)s.") % {"check": check, "example": EXAMPLE}]
    problems = []
    for key, value in said.items():
        if key not in allowed:
            words = {"check": check, "key": key, "allowed": join_words(allowed)}
            problems.append(_("%(check)s: “%(key)s” is not one of %(allowed)s.") % words)
        elif key == "severity" and value not in ORDER:
            problems.append(_("%(check)s: the severity is refuse, look or note.") % {"check": check})
        elif key != "severity" and not _is_number(value):
            problems.append(
                _("%(check)s: “%(key)s” must be a number from 0 on.") % {"check": check, "key": key}
            )
    return problems or _out_of_order(check, said)


def _allowed(check: str) -> tuple[str, ...] | None:
    if check in BOUNDS:
        bound = BOUNDS[check]
        return (*(name for name in NUMBERS if getattr(bound, name) is not None), "severity")
    if check in GEOMETRY:
        return "tolerance", "severity"
    return ("severity",) if check in PLAIN else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _out_of_order(check: str, said: Mapping[str, Any]) -> list[str]:
    """The four numbers, as they would stand, from low to high."""
    if check not in BOUNDS:
        return []
    stand = {name: said.get(name, getattr(BOUNDS[check], name)) for name in NUMBERS}
    line = [stand[name] for name in ("refuse_low", "low", "high", "refuse_high") if stand[name] is not None]
    if line == sorted(line):
        return []
    text = _("%(check)s: the bounds must rise: refuse_low, low, high, refuse_high; they would be %(line)s.")
    return [text % {"check": check, "line": join_words(f"{value:g}" for value in line)}]
