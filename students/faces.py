"""Where face and eyes are, by OpenCV's cascades (extra `face`) or a YuNet model of the operator's own.

Without OpenCV below 5 nothing is found and nothing fails. Only places are measured, in pixels of the picture that is
given; no template of a face is computed or kept.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from PIL import Image

logger = logging.getLogger("photocampus.faces")
Point = tuple[float, float]

SEARCH_HEIGHT = 640  # faces are searched at this height; double the pixels find no more
BOX_TO_FACE = 0.85  # the cascade's box is wider than the face at the cheeks
EYES_TO_FACE = 0.44  # from pupil to pupil, of the width at the cheeks
EYES_COUNT = 0.35  # how much of the width comes from the eyes: box and eyes err independently, about as much
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
    box_to_face: float = BOX_TO_FACE

    @property
    def eye_middle(self) -> Point:
        return (self.left_eye[0] + self.right_eye[0]) / 2, (self.left_eye[1] + self.right_eye[1]) / 2

    @property
    def width(self) -> float:
        """At the cheeks, from the box and the distance of the eyes; right to 5 % in 19 of 20, to 8 % in all that were tried."""
        by_box = self.size * self.box_to_face
        if not self.eyes_found:
            return by_box
        across = np.hypot(self.right_eye[0] - self.left_eye[0], self.right_eye[1] - self.left_eye[1])
        return float((1 - EYES_COUNT) * by_box + EYES_COUNT * across / EYES_TO_FACE)

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
        eyes = point(self.left_eye), point(self.right_eye)
        return replace(self, left=x, top=y, size=self.size * scale, left_eye=eyes[0], right_eye=eyes[1])


class Detector(Protocol):
    name: str
    mode: str  # of the pixels it wants: L or RGB

    def find(self, pixels: np.ndarray) -> list[Face]:
        """All faces of an 8-bit picture in the detector's mode."""
        ...


class CascadeDetector:
    """Frontal faces by `alt2`, then each eye in a window around its usual place, with cascades to fall back on."""

    name, mode = "opencv-alt2", "L"

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


class ModelUnusable(Exception):
    """The file that `PHOTOCAMPUS_FACE_MODEL` names is missing, or OpenCV cannot make a YuNet detector of it."""


class YuNetDetector:
    """Faces by a YuNet model (ONNX) that the operator provides; it gives box and eyes at once. Raises `ModelUnusable`."""

    name, mode = "opencv-yunet", "RGB"
    SURE = 0.7  # of 1; below it things that are no faces begin

    def __init__(self, cv2: Any, model: str) -> None:
        if not Path(model).is_file():
            raise ModelUnusable("there is no such file")
        try:
            self.model = cv2.FaceDetectorYN.create(model, "", (SEARCH_HEIGHT, SEARCH_HEIGHT), self.SURE)
            # Any ONNX file may load; only a detector of faces answers to a picture.
            self._rows(np.zeros((64, 64, 3), np.uint8))
        except (cv2.error, AttributeError, ValueError) as error:
            said = str(error).strip() or type(error).__name__
            raise ModelUnusable(said.splitlines()[0]) from None

    def find(self, pixels: np.ndarray) -> list[Face]:
        smallest = min(pixels.shape[:2]) * SMALLEST
        found = [row for row in self._rows(np.ascontiguousarray(pixels[:, :, ::-1])) if row[2] >= smallest]
        return [
            Face(x, y, width, (ax, ay), (bx, by), eyes_found=True, box_to_face=1.0)
            for x, y, width, _height, ax, ay, bx, by in found
        ]

    def _rows(self, pixels: np.ndarray) -> list[list[float]]:
        """x, y, width, height of each box, then the eye on the picture's left and the one on its right."""
        self.model.setInputSize((pixels.shape[1], pixels.shape[0]))
        _count, faces = self.model.detect(pixels)
        rows = [] if faces is None else [[float(value) for value in row[:8]] for row in faces]
        if any(len(row) < 8 for row in rows):
            raise ValueError("this is not a YuNet model")
        return rows


def configured_model() -> str:
    """The path in `PHOTOCAMPUS_FACE_MODEL`; empty where there are no settings, as in a benchmark's child."""
    try:
        return str(settings.FACE_MODEL)
    except ImproperlyConfigured:
        return ""


def get_detector() -> Detector | None:
    """The detector of this installation, or None without OpenCV below 5.

    A model that cannot be used is an error of `manage.py check`; what runs nevertheless falls back on the cascades.
    """
    return _detector(configured_model())


@lru_cache(maxsize=4)
def _detector(model: str) -> Detector | None:
    try:
        import cv2

        cv2.setNumThreads(1)  # workers are processes; a picture has one core
        if model:
            try:
                return YuNetDetector(cv2, model)
            except ModelUnusable as error:
                logger.error("the face model %s cannot be used: %s", model, error)
        return CascadeDetector(cv2)
    except (ImportError, AttributeError, OSError):
        return None


def carries_cascades() -> bool:
    """Whether an OpenCV with cascades is installed, without loading it: pages and commands that only want to say so."""
    spec = find_spec("cv2")
    if spec is None or not spec.origin:
        return False
    return (Path(spec.origin).parent / "data" / "haarcascade_frontalface_alt2.xml").is_file()


def faces_are_searched() -> bool:
    """Whether pictures that come in now have their geometry checked."""
    return carries_cascades() or bool(configured_model() and find_spec("cv2"))


def find_faces(picture: Image.Image, detector: Detector | None) -> list[Face]:
    """All faces, in pixels of the picture; searched at 640 pixels' height."""
    if detector is None:
        return []
    factor = max(1.0, max(picture.size) / SEARCH_HEIGHT)
    size = (round(picture.width / factor), round(picture.height / factor))
    grey = picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0) if factor > 1 else picture
    found = detector.find(np.asarray(grey.convert(detector.mode)))
    return [face.moved(scale=picture.width / size[0]) for face in found]
