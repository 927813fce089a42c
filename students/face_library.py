"""System checks that say whether faces can be found: `manage.py check`, and every start of the portal."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, register

from students.faces import ModelUnusable, YuNetDetector, carries_cascades, configured_model

INSTALL = "Install the extra `face`: opencv-python-headless below 5."


@register()
def face_library(app_configs: Any = None, **_options: Any) -> Sequence[CheckMessage]:
    """A warning without a face library, because the portal runs without it; an error for a model that was named wrongly."""
    if model := configured_model():
        return _model_problems(model)
    if carries_cascades():
        return []
    text = "No OpenCV below 5 is installed: faces are not searched, and the geometry of pictures stays unchecked."
    return [checks.Warning(text, hint=INSTALL, id="photocampus.W001")]


def _model_problems(model: str) -> Sequence[CheckMessage]:
    text = f"PHOTOCAMPUS_FACE_MODEL names {model}, which cannot be used: "
    if find_spec("cv2") is None:
        return [Error(text + "OpenCV is not installed.", hint=INSTALL, id="photocampus.E001")]
    import cv2

    try:
        YuNetDetector(cv2, model)
    except ModelUnusable as error:
        hint = "Name a YuNet model in ONNX form, or leave the variable empty to use OpenCV's cascades."
        return [Error(f"{text}{error}.", hint=hint, id="photocampus.E001")]
    return []
