"""Every odd file becomes right renditions without metadata, or is refused by name and reason. See `odd_files`."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from photocampus.errors import DomainError
from students.ingest_reasons import reason_text
from students.processing import Processed, process_picture
from students.profiles import DEFAULT_PROFILES
from tests.students.odd_base import SECRET, Odd, portrait
from tests.students.odd_files import KINDS


def test_there_are_at_least_three_hundred():
    assert sum(count for _make, count in KINDS.values()) >= 300


@pytest.mark.parametrize("kind", KINDS)
def test_odd_files_are_taken_rightly_or_refused_by_their_reason(kind):
    make, count = KINDS[kind]
    names, wrong = set(), {}
    for name, odd in make():
        names.add(name)
        try:
            must_be_handled(odd)
        except AssertionError as error:
            wrong[name] = str(error).splitlines()[0]
    assert (len(names), wrong) == (count, {})


def must_be_handled(odd: Odd) -> None:
    code = ""
    try:
        made = process(odd.data)
    except DomainError as refusal:
        code = refusal.code
        assert str(refusal) == reason_text(code, refusal.data)
    assert code == odd.code, f"{code or 'taken'}, not {odd.code or 'taken'}"
    if not code:
        must_be_right(made, odd)


def process(data: bytes) -> Processed:
    return process_picture(BytesIO(data), DEFAULT_PROFILES, detector=None)


def must_be_right(made: Processed, odd: Odd) -> None:
    """Upright, in sRGB, the profile's pixels, at most its bytes, and nothing in it but the picture."""
    sizes = {}
    for rendered in made.renditions:
        assert (
            SECRET not in rendered.data
            and b"Exif" not in rendered.data
            and b"ICC_PROFILE" not in rendered.data
        )
        with Image.open(BytesIO(rendered.data)) as image:
            assert (image.format, image.mode, image.info.get("dpi")) == ("JPEG", "RGB", (300, 300))
            assert "progressive" not in image.info
            sizes[rendered.profile.name] = image.size
            if rendered.profile.name == "large":
                assert off_by(image, odd.like) < odd.off
        limit = rendered.profile.max_bytes
        assert limit is None or len(rendered.data) <= limit
    assert sizes == {"small": (240, 320), "large": (300, 400)}  # never enlarged: no registration image
    depth = next(result for result in made.results if result.check == "colour_depth")
    assert (depth.severity == "refuse") == odd.is_poor


def off_by(image: Image.Image, like: str) -> float:
    """By how many of 255 steps the picture differs from ours, on average over places and channels."""
    ours = portrait().convert("L").convert("RGB") if like == "grey" else portrait()
    places = [
        np.asarray(one.resize((60, 80), Image.Resampling.BOX), dtype=float)
        for one in (image.convert("RGB"), ours)
    ]
    return float(np.abs(places[0] - places[1]).mean())
