"""Where face and eyes are, by OpenCV's cascades (extra `face`). Without OpenCV below 5 nothing is found and nothing fails.

Only places are measured, in pixels of the picture that is given; no template of a face is computed or kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from PIL import Image

Point = tuple[float, float]

SEARCH_HEIGHT = 640  # faces are searched at this height; double the pixels find no more
BOX_TO_FACE = 0.85  # the cascade's box is wider than the face at the cheeks
EYE_AT = ((0.31, 0.39), (0.69, 0.39))  # where in the box eyes are
EYE_WINDOW = 0.17
SMALLEST = 0.16  # of the picture's shorter side


@dataclass(frozen=True)
class Face:
    """A face in pixels. `eyes_found` is False where the eyes' places are only the usual ones within the box."""

    left: float
    top: float
    size: float
    left_eye: Point
    right_eye: Point
    eyes_found: bool

    @property
    def eye_middle(self) -> Point:
        return (self.left_eye[0] + self.right_eye[0]) / 2, (self.left_eye[1] + self.right_eye[1]) / 2

    @property
    def width(self) -> float:
        """At the cheeks; right to about 7 %."""
        return self.size * BOX_TO_FACE

    @property
    def tilt(self) -> float:
        """Degrees, clockwise positive."""
        across = self.right_eye[0] - self.left_eye[0]
        return float(np.degrees(np.arctan2(self.right_eye[1] - self.left_eye[1], across)))

    def moved(self, *, scale: float, left: float = 0.0, top: float = 0.0) -> "Face":
        """The same face in the pixels of a part of the picture that starts at left, top, scaled."""

        def point(at: Point) -> Point:
            return (at[0] - left) * scale, (at[1] - top) * scale

        x, y = point((self.left, self.top))
        return Face(x, y, self.size * scale, point(self.left_eye), point(self.right_eye), self.eyes_found)


class Detector(Protocol):
    name: str

    def find(self, grey: np.ndarray) -> list[Face]:
        """All faces of an 8-bit grey picture."""
        ...


class CascadeDetector:
    """Frontal faces by `alt2`, then each eye in a window around its usual place, with cascades to fall back on."""

    name = "opencv-alt2"

    def __init__(self, cv2: Any) -> None:
        self.cv2 = cv2
        folder = cv2.data.haarcascades
        self.faces = cv2.CascadeClassifier(folder + "haarcascade_frontalface_alt2.xml")
        self.both_eyes = [
            cv2.CascadeClassifier(folder + name)
            for name in ("haarcascade_eye.xml", "haarcascade_eye_tree_eyeglasses.xml")
        ]
        if self.faces.empty() or any(cascade.empty() for cascade in self.both_eyes):
            raise OSError("OpenCV carries no cascades")

    def find(self, grey: np.ndarray) -> list[Face]:
        smallest = int(min(grey.shape) * SMALLEST)
        boxes = self.faces.detectMultiScale(grey, 1.1, 3, minSize=(smallest, smallest))
        return [self._with_eyes(grey, *map(int, box)) for box in _apart(boxes)]

    def _with_eyes(self, grey: np.ndarray, x: int, y: int, size: int, _height: int) -> Face:
        found = [self._eye(grey, x, y, size, place) for place in EYE_AT]
        usual = [(x + place[0] * size, y + place[1] * size) for place in EYE_AT]
        left, right = (eye or at for eye, at in zip(found, usual, strict=True))
        return Face(x, y, size, left, right, eyes_found=None not in found)

    def _eye(self, grey: np.ndarray, x: int, y: int, size: int, place: Point) -> Point | None:
        middle_x, middle_y, reach = x + place[0] * size, y + place[1] * size, EYE_WINDOW * size
        left, top = max(0, int(middle_x - reach)), max(0, int(middle_y - reach))
        window = grey[top : int(middle_y + reach) + 1, left : int(middle_x + reach) + 1]
        if min(window.shape) < 24:
            return None
        least, most = int(size * 0.12), int(size * 0.34)
        for cascade in self.both_eyes:
            boxes = cascade.detectMultiScale(window, 1.1, 2, minSize=(least, least), maxSize=(most, most))
            places = [(left + a + w / 2, top + b + h / 2) for a, b, w, h in boxes]
            if places:
                return min(places, key=lambda at: (at[0] - middle_x) ** 2 + (at[1] - middle_y) ** 2)
        return None


def _apart(boxes: Sequence[Any]) -> list[Any]:
    """Without small boxes that lie inside a larger one: knots of ties and ears look like faces to a cascade."""
    kept: list[Any] = []
    for box in sorted(boxes, key=lambda box: -box[2]):
        x, y, size = box[0], box[1], box[2]
        if kept and size < kept[0][2] * 0.5:
            continue
        middle = (x + size / 2, y + size / 2)
        if not any(a <= middle[0] <= a + w and b <= middle[1] <= b + h for a, b, w, h in kept):
            kept.append(box)
    return kept


@lru_cache(maxsize=1)
def get_detector() -> Detector | None:
    """The detector of this installation, or None without OpenCV below 5."""
    try:
        import cv2

        cv2.setNumThreads(1)  # workers are processes; a picture has one core
        return CascadeDetector(cv2)
    except (ImportError, AttributeError, OSError):
        return None


def find_faces(picture: Image.Image, detector: Detector | None) -> list[Face]:
    """All faces, in pixels of the picture; searched at 640 pixels' height."""
    if detector is None:
        return []
    factor = max(1.0, max(picture.size) / SEARCH_HEIGHT)
    size = (round(picture.width / factor), round(picture.height / factor))
    grey = picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0) if factor > 1 else picture
    found = detector.find(np.asarray(grey.convert("L")))
    return [face.moved(scale=picture.width / size[0]) for face in found]
