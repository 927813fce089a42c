"""The detectors: what they give back, what is said when none can be used, and that nothing fails without one."""

import importlib.util
import logging

import cv2
import numpy as np
import pytest
from django.core import checks
from PIL import Image

from students import face_library, faces
from students.faces import Face, ModelUnusable, YuNetDetector, find_faces, get_detector


@pytest.fixture(autouse=True)
def forget_detector():
    faces._detector.cache_clear()
    yield
    faces._detector.cache_clear()


class FakeModel:
    """Answers as `cv2.FaceDetectorYN` does: x, y, width, height, five points, score."""

    def __init__(self, rows):
        self.rows = rows
        self.size = None

    def setInputSize(self, size):
        self.size = size

    def detect(self, pixels):
        assert (pixels.shape[1], pixels.shape[0]) == self.size
        self.pixels = pixels
        return 1, self.rows


def yunet(monkeypatch, tmp_path, rows) -> tuple[YuNetDetector, FakeModel]:
    path, fake = tmp_path / "model.onnx", FakeModel(rows)
    path.write_bytes(b"x")
    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *arguments: fake)
    return YuNetDetector(cv2, str(path)), fake


ROW = [150.0, 120.0, 180.0, 240.0, 200.0, 220.0, 280.0, 224.0, *[0.0] * 6, 0.98]


def test_yunet_gives_box_and_eyes_in_pixels_of_the_picture(monkeypatch, tmp_path):
    rows = np.array([ROW, [10, 10, 20, 20, 12, 15, 18, 15, *[0] * 6, 0.9]], np.float32)
    detector, fake = yunet(monkeypatch, tmp_path, rows)
    (face,) = find_faces(Image.new("RGB", (960, 1280), (10, 20, 30)), detector)
    assert fake.size == (480, 640)
    assert tuple(fake.pixels[0, 0]) == (30, 20, 10)  # blue first, as OpenCV wants it
    assert (face.left_eye, face.right_eye, face.eyes_found) == ((400, 440), (560, 448), True)
    assert face.width == pytest.approx(360, rel=0.02)
    assert face.tilt == pytest.approx(2.86, abs=0.01)


def test_yunet_without_a_face_finds_nothing(monkeypatch, tmp_path):
    detector, _fake = yunet(monkeypatch, tmp_path, None)
    assert find_faces(Image.new("RGB", (300, 400)), detector) == []


def test_another_kind_of_model_is_refused(monkeypatch, tmp_path):
    with pytest.raises(ModelUnusable, match="not a YuNet model"):
        yunet(monkeypatch, tmp_path, np.zeros((1, 4), np.float32))


@pytest.mark.parametrize("content", [None, b"", b"this is no model"], ids=["missing", "empty", "other"])
def test_model_that_cannot_be_used_is_an_error_and_the_cascades_serve(tmp_path, settings, caplog, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    settings.FACE_MODEL = str(path)
    (said,) = face_library.face_library()
    assert isinstance(said, checks.Error) and said.id == "photocampus.E001"
    assert str(path) in said.msg and "PHOTOCAMPUS_FACE_MODEL" in said.msg
    with caplog.at_level(logging.ERROR, "photocampus.faces"):
        detector = get_detector()
    assert detector is not None and detector.name == "opencv-alt2"


def test_model_that_can_be_used_is_used(monkeypatch, tmp_path, settings):
    yunet(monkeypatch, tmp_path, None)
    settings.FACE_MODEL = str(tmp_path / "model.onnx")
    assert face_library.face_library() == []
    detector = get_detector()
    assert detector is not None and detector.name == "opencv-yunet"


def test_without_opencv_the_program_says_so_and_goes_on(monkeypatch):
    real = importlib.util.find_spec
    hidden = lambda name, *rest: None if name == "cv2" else real(name, *rest)  # noqa: E731
    monkeypatch.setattr(faces, "find_spec", hidden)
    monkeypatch.setattr(face_library, "find_spec", hidden)
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    (said,) = face_library.face_library()
    assert isinstance(said, checks.Warning) and said.id == "photocampus.W001"
    assert get_detector() is None and not faces.faces_are_searched()
    assert find_faces(Image.new("RGB", (300, 400)), get_detector()) == []


def test_model_without_opencv_is_an_error(monkeypatch, settings):
    settings.FACE_MODEL = "/nowhere/model.onnx"
    monkeypatch.setattr(face_library, "find_spec", lambda name: None)
    assert [said.id for said in face_library.face_library()] == ["photocampus.E001"]


def test_width_comes_from_the_box_and_the_eyes():
    face = Face(0, 0, 200, (50, 80), (130, 80), eyes_found=True)
    assert face.width == pytest.approx(0.65 * 170 + 0.35 * 80 / 0.44)
    unknown = Face(0, 0, 200, (62, 78), (138, 78), eyes_found=False)
    assert unknown.width == 170
    assert face.moved(scale=0.5).width == pytest.approx(face.width / 2)
