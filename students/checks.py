"""What a program can measure on a portrait. Each check gives a measure, its bounds, a code of the catalogue and a severity.

Checks sort and warn; people accept. A measure within its bounds is kept as well (without a code), for the drawn overlay
and the plots of a shoot. Nothing here judges a person: only places, light and sharpness are measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from students.background import background_results, corner_patches
from students.check_bounds import (
    BOUNDS,
    FRAME_HEIGHT,
    LOOK,
    NOTE,
    REFUSE,
    Result,
    judged,
    placed,
    weighed,
)
from students.faces import Face
from students.profiles import ProfileSpec

__all__ = ["BOUNDS", "LOOK", "NOTE", "REFUSE", "Result", "Subject", "check_portrait"]


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
    results = [*_face_count(subject), *background_results(pixels, profile)]
    results += _geometry(subject, profile, pixels)
    results += _light(subject, profile, pixels)
    return [weighed(result, profile) for result in results]


def _face_count(subject: Subject) -> list[Result]:
    if not subject.searched:
        return [Result("face", data={"unchecked": True})]
    count = len(subject.faces)
    code = {0: "no_face", 1: ""}.get(count, "several_faces")
    return [Result("face", float(count), 1.0, 1.0, code, REFUSE if code else NOTE)]


def _geometry(subject: Subject, profile: ProfileSpec, pixels: np.ndarray) -> list[Result]:
    """Eye line, tilt, centring, width and top of the head; lengths in the profile's pixels, centring in the frame's."""
    face, scale = subject.face, profile.height / subject.picture.height
    if face is None:
        return []
    results = []
    eye_x, eye_y = face.eye_middle
    if profile.eyes:
        eyes = {
            "left_eye": [round(float(part) * scale, 1) for part in face.left_eye],
            "right_eye": [round(float(part) * scale, 1) for part in face.right_eye],
            "frame": [profile.width, profile.height],
        }
        results.append(placed("eye_line", eye_y * scale, profile.eyes, profile, **eyes))
    if face.eyes_found:
        results.append(judged("tilt", abs(face.tilt), profile, tilt=round(face.tilt, 2)))
    offset = float(eye_x - subject.picture.width / 2) / subject.unit
    results.append(judged("centring", abs(offset), profile, offset=round(offset, 1)))
    if profile.face:
        results.append(placed("face_width", face.width * scale, profile.face, profile))
    top = top_of_head(pixels)
    if top is not None and profile.hairline:
        results += _top_of_head(top * scale, profile)
    return results


def _top_of_head(top: float, profile: ProfileSpec) -> list[Result]:
    assert profile.hairline is not None
    if top * FRAME_HEIGHT / profile.height < 3:
        return [Result("head_cut", round(top, 1), 3.0, code="head_cut", severity=REFUSE)]
    return [placed("top_of_head", top, profile.hairline, profile)]


def top_of_head(pixels: np.ndarray) -> float | None:
    """The first row in the middle 40 % that is not background, in pixels of the picture; None without a background."""
    height, width = pixels.shape[:2]
    step = max(1, height // 640)
    middle = pixels[: height // 2 : step, int(width * 0.3) : int(width * 0.7) : step].astype(np.int16)
    left, right = corner_patches(pixels)
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
    # Beside the jaw a white background may begin, which is no highlight on the face.
    edge = window.shape[1] // 8
    burnt = float((window[::2, edge:-edge:2].min(axis=2) >= 250).mean())
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
