"""Which profile has a say in which check: an image's own in its bytes and pixels, the one with the bounds in the rest."""

from dataclasses import replace
from io import BytesIO

import pytest

from students.processing import process_picture
from students.profiles import LARGE, REGISTRATION, SMALL
from tests.students import odd_pictures as odd

NOTE, LOOK = {"severity": "note"}, {"severity": "look"}


def found(data: bytes, profiles=(SMALL, REGISTRATION, LARGE), **checks):
    """Findings by check; `checks` by name of the profile."""
    profiles = [replace(spec, checks=checks.get(spec.name, {})) for spec in profiles]
    result = process_picture(BytesIO(data), profiles, detector=None)
    return {item.check: (item.code, item.severity) for item in result.results}


@pytest.mark.parametrize("check", ["bytes_small", "bytes_registration"])
def test_bytes_of_an_image_weigh_what_its_own_profile_says(check):
    own = check.removeprefix("bytes_")
    profiles = [replace(spec, min_bytes=0, max_bytes=500) for spec in (SMALL, REGISTRATION)]
    assert found(odd.jpeg(1), profiles)[check] == ("bytes", "refuse")
    for name in ("small", "registration"):
        severity = "look" if name == own else "refuse"
        assert found(odd.jpeg(1), profiles, **{name: {check: LOOK}})[check] == ("bytes", severity)


@pytest.mark.parametrize(
    ("width", "checks", "severity"),
    [
        (900, {}, "look"),
        (900, {"large": NOTE}, "note"),
        (900, {"registration": NOTE}, "look"),
        (300, {}, "refuse"),
        (300, {"registration": NOTE}, "look"),  # the large image still asks for a look
        (300, {"registration": NOTE, "large": NOTE}, "note"),
        (300, {"large": NOTE}, "refuse"),
        (180, {"registration": NOTE}, "refuse"),  # there is not even a small image
        (180, {"registration": NOTE, "small": LOOK}, "look"),
    ],
)
def test_missing_pixels_weigh_what_the_images_that_miss_them_say(width, checks, severity):
    data = odd.saved(odd.drawing(2, width, width * 4 // 3), "JPEG", quality=92)
    said = {name: {"pixels": weight} for name, weight in checks.items()}
    assert found(data, **said)["pixels"] == ("pixels", severity)


@pytest.mark.parametrize(("name", "severity"), [("registration", "note"), ("small", "refuse")])
def test_file_weighs_what_the_profile_with_the_bounds_says(name, severity):
    grey = odd.saved(odd.drawing(2, 600, 800).convert("L"), "JPEG", quality=92)
    assert found(grey, **{name: {"colour_depth": NOTE}})["colour_depth"] == ("format", severity)
