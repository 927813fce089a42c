"""What a program can measure on a portrait. Each check gives a measure, its bounds, a code of the catalogue and a severity.

Checks sort and warn; people accept. A measure within its bounds is kept as well (without a code), for the drawn overlay.
Colour is compared in Oklab, whose distances follow the eye; 1 is the step from black to white.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from students.faces import Face
from students.profiles import ProfileSpec

REFUSE, LOOK, NOTE = "refuse", "look", "note"
FRAME_HEIGHT = 640.0  # measures in pixels are those of the standard's frame


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


# The program's own bounds; a profile's `checks` may replace each number: {"tilt": {"high": 2.5}}.
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
# How far outside the profile's geometry a measure must lie to be more than worth a look: what the measuring is worth.
EYE_TOLERANCE = 4.0
WIDTH_TOLERANCE = 0.08
TOP_TOLERANCE = 6.0


@dataclass(frozen=True)
class Subject:
    """A portrait in its final crop, and the face in that crop's pixels."""

    picture: Image.Image
    faces: Sequence[Face]
    searched: bool  # False: no detector was installed, geometry stays unchecked

    @property
    def face(self) -> Face | None:
        return self.faces[0] if len(self.faces) == 1 else None

    @property
    def unit(self) -> float:
        """Pixels of the crop per pixel of the standard's frame."""
        return self.picture.height / FRAME_HEIGHT


def check_portrait(subject: Subject, profile: ProfileSpec) -> list[Result]:
    """Everything that is measured on the picture itself. `profile` gives the bounds and the background colours."""
    pixels = np.asarray(subject.picture)
    results = [*_face_count(subject), *_background(pixels, profile)]
    results += _geometry(subject, profile, pixels)
    results += _light(subject, profile, pixels)
    return results


def judged(check: str, measure: float, profile: ProfileSpec, **data: Any) -> Result:
    """A measure against the program's bounds, as the profile may have changed them."""
    bound = replace(
        BOUNDS[check], **{k: v for k, v in profile.checks.get(check, {}).items() if k in _BOUND_FIELDS}
    )
    result = Result(check, round(float(measure), 4), bound.low, bound.high, data=data)
    if _outside(measure, bound.refuse_low, bound.refuse_high):
        return replace(result, code=bound.code, severity=REFUSE)
    if _outside(measure, bound.low, bound.high):
        return replace(result, code=bound.code, severity=LOOK)
    return result


_BOUND_FIELDS = {"low", "high", "refuse_low", "refuse_high"}


def _outside(measure: float, low: float | None, high: float | None) -> bool:
    return (low is not None and measure < low) or (high is not None and measure > high)


def _within(check: str, measure: float, bounds: tuple[int, int], code: str, tolerance: float) -> Result:
    """A measure in the frame's pixels against the profile's own bounds; beyond the tolerance it is a reason to refuse."""
    low, high = bounds
    result = Result(check, round(float(measure), 1), float(low), float(high))
    if _outside(measure, low - tolerance, high + tolerance):
        return replace(result, code=code, severity=REFUSE)
    if _outside(measure, low, high):
        return replace(result, code=code, severity=LOOK)
    return result


def _face_count(subject: Subject) -> list[Result]:
    if not subject.searched:
        return [Result("face", data={"unchecked": True})]
    count = len(subject.faces)
    code = {0: "no_face", 1: ""}.get(count, "several_faces")
    return [Result("face", float(count), 1.0, 1.0, code, LOOK if code else NOTE)]


def oklab(pixels: np.ndarray) -> np.ndarray:
    """sRGB bytes (…, 3) as Oklab (B. Ottosson): lightness 0 to 1 and two colour axes."""
    light = pixels.astype(np.float32) / 255.0
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(light @ _TO_LMS)
    return lms @ _TO_LAB


_TO_LMS = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ],
    dtype=np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ],
    dtype=np.float32,
)


def _corner_patches(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two upper corners, away from hair and shoulders, at about 20 samples across."""
    height, width = pixels.shape[:2]
    step = max(1, width // 240)
    rows = slice(int(height * 0.02), int(height * 0.16), step)
    left = pixels[rows, int(width * 0.02) : int(width * 0.16) : step]
    right = pixels[rows, int(width * 0.84) : int(width * 0.98) : step]
    return left, right


def _background(pixels: np.ndarray, profile: ProfileSpec) -> list[Result]:
    patches = _corner_patches(pixels)
    medians = [np.median(patch.reshape(-1, 3), axis=0) for patch in patches]
    results = []
    colour = np.mean(medians, axis=0)
    if profile.backgrounds:
        here = oklab(colour)
        wanted = oklab(np.array(profile.backgrounds, dtype=np.float32))
        distance = float(np.min(np.linalg.norm(wanted - here, axis=-1)))
        results.append(
            judged("background_colour", distance, profile, rgb=[round(float(part)) for part in colour])
        )
    spread = max(_spread(patch) for patch in patches)
    results.append(judged("background_even", spread, profile))
    # Colours near the end of their range hide a falling light (blue at 255), so the strongest channel is left out.
    sides = np.sort(np.array(medians), axis=1)[:, :2].mean(axis=1)
    gradient = abs(sides[0] - sides[1]) / max(1.0, float(sides.max()))
    return [*results, judged("background_gradient", float(gradient), profile)]


def _spread(patch: np.ndarray) -> float:
    """How far blocks of the patch differ in Oklab: between the 5th and the 95th of a hundred, without pixel noise."""
    rows, columns = patch.shape[0] // 4 * 4, patch.shape[1] // 4 * 4
    if not rows or not columns:
        return 0.0
    blocks = patch[:rows, :columns].reshape(rows // 4, 4, columns // 4, 4, 3).mean(axis=(1, 3))
    values = oklab(blocks).reshape(-1, 3)
    low, high = np.percentile(values, [5, 95], axis=0)
    return float(np.linalg.norm(high - low))


def _geometry(subject: Subject, profile: ProfileSpec, pixels: np.ndarray) -> list[Result]:
    face, unit = subject.face, subject.unit
    frame = profile.height / FRAME_HEIGHT
    if face is None:
        return []
    results = []
    eye_x, eye_y = face.eye_middle
    data = {
        "left_eye": [round(part / unit, 1) for part in face.left_eye],
        "right_eye": [round(part / unit, 1) for part in face.right_eye],
    }
    if profile.eyes:
        line = _within("eye_line", eye_y / unit * frame, profile.eyes, "eye_line", EYE_TOLERANCE)
        results.append(replace(line, data=data))
    if face.eyes_found:
        results.append(judged("tilt", abs(face.tilt), profile, tilt=round(face.tilt, 2)))
    offset = (eye_x - subject.picture.width / 2) / unit
    results.append(judged("centring", abs(offset), profile, offset=round(offset, 1)))
    if profile.face:
        width = face.width / unit * frame
        results.append(_within("face_width", width, profile.face, "face_width", WIDTH_TOLERANCE * width))
    top = top_of_head(pixels)
    if top is not None and profile.hairline:
        results.append(_hairline(top / unit * frame, profile.hairline))
    return results


def _hairline(top: float, bounds: tuple[int, int]) -> Result:
    result = _within("top_of_head", top, bounds, "hairline", TOP_TOLERANCE)
    if top < 3:
        return replace(result, code="head_cut", severity=REFUSE)
    # Hair that stands up is not the hairline: outside the bounds somebody looks, nothing more.
    return replace(result, severity=LOOK) if result.code else result


def top_of_head(pixels: np.ndarray) -> float | None:
    """The first row in the middle 40 % that is not background, in pixels of the picture; None without a background."""
    height, width = pixels.shape[:2]
    step = max(1, height // 640)
    middle = pixels[: height // 2 : step, int(width * 0.3) : int(width * 0.7) : step].astype(np.int16)
    left, right = _corner_patches(pixels)
    background = np.median(np.concatenate([left.reshape(-1, 3), right.reshape(-1, 3)]), axis=0)
    differs = np.abs(middle - background.astype(np.int16)).sum(axis=2) > 100
    rows = np.flatnonzero(differs.mean(axis=1) > 0.06)
    return float(rows[0] * step) if len(rows) else None


def _light(subject: Subject, profile: ProfileSpec, pixels: np.ndarray) -> list[Result]:
    """Light and sharpness on the face, or where a face would be."""
    left, top, right, bottom = _face_window(subject)
    window = pixels[top:bottom, left:right]
    if min(window.shape[:2]) < 16:
        return []
    luma = window @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    burnt = float((window[::2, ::2].min(axis=2) >= 250).mean())
    half = luma.shape[1] // 2
    sides = float(np.median(luma[:, :half])), float(np.median(luma[:, -half:]))
    return [
        judged("exposure", float(np.median(luma)), profile),
        judged("highlights", burnt, profile),
        judged("half_light", abs(sides[0] - sides[1]) / max(1.0, max(sides)), profile),
        judged("sharpness", sharpness(luma), profile),
    ]


def _face_window(subject: Subject) -> tuple[int, int, int, int]:
    """Brows to chin, cheek to cheek: left, top, right, bottom in whole pixels of the crop."""
    picture, face = subject.picture, subject.face
    if face is None:
        x, y, width = picture.width / 2, picture.height * 0.39, picture.width * 0.5
    else:
        (x, y), width = face.eye_middle, face.width
    left, right = x - 0.38 * width, x + 0.38 * width
    top, bottom = y - 0.22 * width, y + 0.55 * width
    return (
        max(0, int(left)),
        max(0, int(top)),
        min(picture.width, int(right)),
        min(picture.height, int(bottom)),
    )


def sharpness(luma: np.ndarray) -> float:
    """How much of the strongest edges is as steep as pixels allow: 0 (fog) to about 1.

    The steepest steps between neighbours against the steps over twelve pixels: an edge that is sharp at this size
    takes most of its height in one pixel, a blurred one a small part. Contrast cancels out.
    """
    near = np.abs(np.diff(luma, axis=0))
    far = np.abs(luma[12:] - luma[:-12])
    if not far.size:
        return 0.0
    height = float(np.percentile(far, 99.5))
    return float(np.percentile(near, 99.5)) / max(8.0, height)
