"""The standard's zones, the measured lines and the numbers, as what an SVG overlay on a picture needs.

Coordinates are those of the profile's picture (480 x 640 in the standard of 2017); the overlay covers the picture as a
rendition does, also where a rendition has another shape: same middle, sides or ends cut.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from photocampus.lists import join_parts
from students.finding_words import NAMES, bounds_of, number
from students.models import Finding

FRAME = (480, 640)  # of findings that do not say theirs
# What is drawn, in the order of the text alternative.
DRAWN = ("top_of_head", "head_cut", "eye_line", "tilt", "centring", "face_width")
SHOWN = (*DRAWN, "background_colour", "background_even", "background_gradient")
CORNER = (0.02, 0.14)  # where the corner patches begin, and their size, in shares of width and height


@dataclass(frozen=True)
class Label:
    """A number beside its line. `anchor` is SVG's text-anchor."""

    x: float
    y: float
    text: str
    anchor: str
    is_bad: bool


@dataclass(frozen=True)
class Drawing:
    """Paths in SVG's own notation: zones where lines must lie, lines within their bounds, lines outside of them."""

    width: int
    height: int
    zones: str
    good: str
    bad: str
    labels: tuple[Label, ...]
    text: str  # the same in words

    def __bool__(self) -> bool:
        return bool(self.good or self.bad)

    @property
    def numbers(self) -> SafeString:
        """The labels as SVG, made here: a sheet has thousands of them. Only numbers, signs and degrees occur."""
        return mark_safe("".join(map(_as_text, self.labels)))


def _as_text(label: Label) -> str:
    bad = ' class="is-bad"' if label.is_bad else ""
    return (
        f'<text x="{label.x:g}" y="{label.y:g}" text-anchor="{label.anchor}"{bad}>{escape(label.text)}</text>'
    )


def draw_findings(findings: Iterable[Finding]) -> Drawing:
    """What can be drawn of a picture's measures; empty where nothing was measured."""
    by_name = {finding.check_name: finding for finding in findings if finding.check_name in SHOWN}
    return _Pen(by_name).drawing()


class _Pen:
    def __init__(self, by_name: dict[str, Finding]) -> None:
        self.by_name = by_name
        eyes = by_name.get("eye_line")
        frame: Sequence[int] = eyes.data.get("frame", FRAME) if eyes else FRAME
        self.width, self.height = frame
        self.zones: list[str] = []
        self.paths: dict[bool, list[str]] = {False: [], True: []}
        self.labels: list[Label] = []

    def drawing(self) -> Drawing:
        self.corners()
        self.level("top_of_head")
        self.level("head_cut")
        self.eyes()
        self.sides()
        return Drawing(
            self.width,
            self.height,
            "".join(self.zones),
            "".join(self.paths[False]),
            "".join(self.paths[True]),
            tuple(self.labels),
            self.words(),
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, is_bad: bool) -> None:
        self.paths[is_bad].append(f"M{x1:g} {y1:g}L{x2:g} {y2:g}")

    def label(self, x: float, y: float, text: str, is_bad: bool, anchor: str = "start") -> None:
        self.labels.append(Label(round(x, 1), round(y, 1), text, anchor, is_bad))

    def band(self, found: Finding) -> None:
        if found.low is not None and found.high is not None:
            tall = found.high - found.low
            self.zones.append(f"M0 {found.low:g}h{self.width}v{tall:g}h-{self.width}z")

    def level(self, name: str) -> None:
        """The top of the head lies level, whatever the head does."""
        found = self.by_name.get(name)
        if found is None or found.measure is None:
            return
        self.band(found)
        bad = bool(found.code)
        self.line(self.width * 0.3, found.measure, self.width * 0.7, found.measure, bad)
        self.label(self.width / 2, found.measure, number(found.measure), bad, "middle")

    def eyes(self) -> None:
        """The line through both eyes, the tilt at its end, and the step from the middle of the picture to theirs."""
        found = self.by_name.get("eye_line")
        if found is None or found.measure is None:
            return
        self.band(found)
        bad, y = bool(found.code), found.measure
        left, right = found.data.get("left_eye"), found.data.get("right_eye")
        slope = (right[1] - left[1]) / max(1.0, right[0] - left[0]) if left and right else 0.0
        middle = (left[0] + right[0]) / 2 if left and right else self.width / 2
        start, end = y - slope * middle, y + slope * (self.width - middle)
        tilt = self.by_name.get("tilt")
        tilted = bool(tilt and tilt.code)
        self.line(0, round(start, 1), self.width, round(end, 1), bad or tilted)
        self.label(self.width * 0.02, start, number(y), bad)
        if tilt and tilt.measure is not None:
            self.label(self.width * 0.98, end, f"{tilt.data.get('tilt', tilt.measure):+.1f}°", tilted, "end")
        self.middle(middle, y)

    def middle(self, eyes_at: float, y: float) -> None:
        found = self.by_name.get("centring")
        if found is None:
            return
        half, reach, bad = self.width / 2, self.height * 0.03, bool(found.code)
        self.line(half, y - reach, half, y + reach, bad)
        self.line(round(eyes_at, 1), y - reach / 2, round(eyes_at, 1), y + reach / 2, bad)
        if bad and found.measure is not None:
            self.label(
                half, y + 2.4 * reach, f"{found.data.get('offset', found.measure):+.0f}", True, "middle"
            )

    def sides(self) -> None:
        """Both sides of the face at its measured width, and the width between them."""
        found, eyes = self.by_name.get("face_width"), self.by_name.get("eye_line")
        if found is None or not found.measure or eyes is None or not eyes.measure:
            return
        left, right = eyes.data.get("left_eye"), eyes.data.get("right_eye")
        middle = (left[0] + right[0]) / 2 if left and right else self.width / 2
        half, y, bad = found.measure / 2, eyes.measure, bool(found.code)
        top, bottom = round(y - 0.3 * found.measure, 1), round(y + 0.6 * found.measure, 1)
        for x in (round(middle - half, 1), round(middle + half, 1)):
            self.line(x, top, x, bottom, bad)
        self.line(round(middle - half, 1), bottom, round(middle + half, 1), bottom, bad)
        self.label(middle, bottom, number(found.measure), bad, "middle")

    def corners(self) -> None:
        """Where the background was measured; the distance of its colour only where something is wrong."""
        colour = self.by_name.get("background_colour")
        wrong = [row for name, row in self.by_name.items() if name.startswith("background") and row.code]
        if colour is None and not wrong:
            return
        x, y = round(self.width * CORNER[0], 1), round(self.height * CORNER[0], 1)
        wide, tall = round(self.width * CORNER[1], 1), round(self.height * CORNER[1], 1)
        for start in (x, round(self.width - x - wide, 1)):
            self.paths[bool(wrong)].append(f"M{start:g} {y:g}h{wide:g}v{tall:g}h-{wide:g}z")
        if wrong:
            self.label(x, y + tall, number(wrong[0].measure), True)

    def words(self) -> str:
        parts = []
        for name in SHOWN:
            found = self.by_name.get(name)
            if found is None or found.measure is None:
                continue
            bounds, value = bounds_of(found), number(found.measure)
            words = {"name": NAMES.get(name, name), "value": value, "bounds": bounds}
            if found.code:
                parts.append(_("%(name)s: %(value)s, outside %(bounds)s") % words)
            else:
                parts.append(_("%(name)s: %(value)s") % words)
        return join_parts(parts)
