"""The standard's zones and the measured lines, for the overlay on a picture: in units of the frame, 480 x 640."""

from collections.abc import Iterable
from dataclasses import dataclass

from students.models import Finding

WIDTH, HEIGHT = 480, 640


@dataclass(frozen=True)
class Zone:
    """A band across the picture in which a line must lie."""

    name: str
    top: float
    height: float


@dataclass(frozen=True)
class Line:
    name: str
    x1: float
    y1: float
    x2: float
    y2: float
    is_bad: bool


@dataclass(frozen=True)
class Drawing:
    zones: list[Zone]
    lines: list[Line]

    def __bool__(self) -> bool:
        return bool(self.lines)


def draw_findings(findings: Iterable[Finding]) -> Drawing:
    """What can be drawn of a picture's measures; empty where no face was searched."""
    by_name = {finding.check_name: finding for finding in findings}
    zones, lines = [], []
    for name in ("top_of_head", "eye_line"):
        found = by_name.get(name)
        if found is None or found.measure is None:
            continue
        if found.low is not None and found.high is not None:
            zones.append(Zone(name, found.low, found.high - found.low))
        lines.append(_across(found))
    width = by_name.get("face_width")
    eyes = by_name.get("eye_line")
    if width and eyes and width.measure and eyes.measure:
        lines += _sides(width, eyes)
    return Drawing(zones, lines)


def _across(found: Finding) -> Line:
    """The eye line follows the eyes; other lines lie level."""
    y = found.measure or 0.0
    left, right = found.data.get("left_eye"), found.data.get("right_eye")
    if not (left and right):
        return Line(found.check_name, 0, y, WIDTH, y, bool(found.code))
    slope = (right[1] - left[1]) / max(1.0, right[0] - left[0])
    start = left[1] - slope * left[0]
    return Line(
        found.check_name, 0, round(start, 1), WIDTH, round(start + slope * WIDTH, 1), bool(found.code)
    )


def _sides(width: Finding, eyes: Finding) -> list[Line]:
    left, right = eyes.data.get("left_eye"), eyes.data.get("right_eye")
    middle = (left[0] + right[0]) / 2 if left and right else WIDTH / 2
    half, y = (width.measure or 0.0) / 2, eyes.measure or 0.0
    return [
        Line(
            "face_width",
            round(middle + side * half, 1),
            y - 90,
            round(middle + side * half, 1),
            y + 150,
            bool(width.code),
        )
        for side in (-1, 1)
    ]
