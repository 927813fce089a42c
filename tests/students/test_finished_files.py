"""The studio's finished files: their pixels to the bit, the profile's resolution, and nothing else (R11)."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from students.jpeg_file import bare_jpeg, read_facts
from students.processing import process_picture
from students.profiles import DEFAULT_PROFILES, REGISTRATION, ProfileSpec
from tests.students import odd_pictures as odd
from tests.students.odd_base import SECRET, segment, srgb, with_segments
from tests.students.odd_jpegs import swapped_icc

JFIF = b"JFIF\0\x01\x01\x01\x01\x2c\x01\x2c\0\0"  # 300 dpi


def finished(**options) -> bytes:
    return odd.saved(odd.drawing(9, 480, 640), "JPEG", quality=80, **{"dpi": (300, 300), **options})


def taken(data: bytes):
    """What becomes of a registration image."""
    processed = process_picture(BytesIO(data), DEFAULT_PROFILES, detector=None)
    return next(item for item in processed.renditions if item.profile.name == "registration")


def scan_of(data: bytes) -> bytes:
    """From the first scan to the end."""
    return data[data.index(b"\xff\xda") :]


def without_jfif(data: bytes) -> bytes:
    assert data[2:4] == b"\xff\xe0"
    return data[:2] + data[20:]


def pixels(data: bytes) -> np.ndarray:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def test_thumbnail_inside_jfif_is_cut_off():
    data = finished()
    thumbnail = segment(0xE0, JFIF[:12] + b"\x0a\x0a" + SECRET.ljust(300, b"."))
    sent = data[:2] + thumbnail + data[20:]
    assert Image.open(BytesIO(sent)).info["jfif_density"] == (300, 300)
    assert taken(sent).is_studio_file and taken(sent).data == data


def test_adobe_segment_keeps_its_twelve_bytes_only():
    data, adobe = finished(), b"Adobe\0\x64\0\0\0\0\x01"
    sent = with_segments(data, segment(0xEE, adobe + SECRET), segment(0xEE, SECRET))
    made = taken(sent)
    assert made.is_studio_file and made.data == data[:20] + segment(0xEE, adobe) + data[20:]


def test_second_jfif_and_its_extension_are_dropped():
    data = finished()
    sent = data[:20] + segment(0xE0, b"JFXX\0\x10" + SECRET) + segment(0xE0, JFIF + SECRET) + data[20:]
    assert taken(sent).data == data


def test_what_stands_behind_a_scan_is_dropped():
    """A sequential file may have one scan for each channel, and segments between them."""
    data = finished()
    end = data.rindex(b"\xff\xd9")
    sent = data[:end] + segment(0xFE, SECRET) + segment(0xE1, b"Exif\0\0" + SECRET) + data[end:]
    assert bare_jpeg(sent, dpi=300) == data
    assert taken(sent).data == data


def test_srgb_profile_does_not_cost_the_studio_its_file():
    data = finished()
    sent = finished(icc_profile=srgb())
    assert sent != data
    made = taken(sent)
    assert made.is_studio_file and made.data == data


@pytest.mark.parametrize("icc", [swapped_icc(), b"no profile"])
def test_file_in_other_colours_is_made_anew(icc):
    made = taken(finished(icc_profile=icc))
    assert not made.is_studio_file and b"ICC_PROFILE" not in made.data


@pytest.mark.parametrize(
    "sent",
    [
        without_jfif(finished()),
        finished(dpi=(0, 0)),
        finished(dpi=(72, 72)),
        finished()[:13] + b"\x02\0\x76\0\x76" + finished()[18:],
    ],
    ids=["no JFIF", "no unit", "72 dpi", "118 per cm"],
)
def test_resolution_of_the_profile_is_written_and_no_pixel_changes(sent):
    made = taken(sent)
    assert made.is_studio_file
    assert made.data == finished() and read_facts(made.data).dpi == REGISTRATION.dpi
    assert scan_of(made.data) == scan_of(sent)
    assert np.array_equal(pixels(made.data), pixels(sent))


def test_small_file_of_72_dpi_says_what_its_profile_says():
    sent = odd.saved(odd.drawing(9, 240, 320), "JPEG", quality=60, dpi=(72, 72))
    processed = process_picture(BytesIO(sent), DEFAULT_PROFILES, detector=None)
    small = processed.renditions[0]
    assert small.is_studio_file and read_facts(small.data).dpi == 300
    assert scan_of(small.data) == scan_of(sent)


def test_version_of_jfif_stays_so_that_a_fitting_file_keeps_every_byte():
    data = finished()
    newer = data[:11] + b"\x01\x02" + data[13:]
    assert taken(newer).data == newer


def test_bytes_are_counted_after_the_resolution_is_written():
    bare = without_jfif(finished())
    for room, is_whole in ((18, True), (17, False)):
        profile = ProfileSpec("registration", 480, 640, max_bytes=len(bare) + room, min_quality=60)
        (made,) = process_picture(BytesIO(bare), (profile,), detector=None).renditions
        assert made.is_studio_file == is_whole and len(made.data) <= len(bare) + room


def test_file_whose_channels_are_red_green_blue_is_made_anew():
    """A resolution can only be written with JFIF, which says that the channels are not these."""
    sent = finished(keep_rgb=True)
    adobe = with_segments(without_jfif(finished()), segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"))
    for data in (sent, adobe):
        made = taken(data)
        assert not made.is_studio_file
        assert np.abs(pixels(made.data).astype(int) - pixels(data)).mean() < 8


def test_metadata_costs_no_room():
    """What is cut off is not counted."""
    sent = with_segments(finished(), segment(0xE1, SECRET.ljust(60_000)))
    assert len(sent) > REGISTRATION.max_bytes
    assert taken(sent).is_studio_file
    assert struct.unpack(">H", taken(sent).data[4:6]) == (16,)
