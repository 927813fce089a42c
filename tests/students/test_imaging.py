from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from students.imaging import MAX_PIXELS, BadPicture, decode, read_header, to_srgb
from tests.students import odd_pictures as odd


def opened(data: bytes, at_least=None):
    file = BytesIO(data)
    header = read_header(file)
    return header, decode(file, header, at_least=at_least)


def difference(one: Image.Image, other: Image.Image) -> float:
    small = [np.asarray(image.convert("RGB").resize((60, 80)), dtype=float) for image in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (odd.jpeg(1, 600, 800), "JPEG"),
        (odd.progressive(), "JPEG"),
        (odd.with_profile(), "JPEG"),
        (odd.saved(odd.drawing(), "PNG"), "PNG"),
        (odd.saved(odd.drawing(), "TIFF", compression="tiff_lzw"), "TIFF"),
        (odd.saved(odd.drawing(), "HEIF", quality=90), "HEIC"),
    ],
)
def test_every_accepted_format_opens_as_srgb(data, form):
    header, decoded = opened(data)
    assert (header.format, header.width, header.height) == (form, 600, 800)
    assert decoded.image.mode == "RGB"
    assert difference(decoded.image, odd.drawing()) < 4


def test_cmyk_jpeg_keeps_its_colours_roughly():
    _header, decoded = opened(odd.cmyk())
    assert decoded.image.mode == "RGB"
    assert difference(decoded.image, odd.drawing()) < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation):
    header, decoded = opened(odd.turned(orientation), at_least=(240, 320))
    assert (header.width, header.height) == (600, 800)
    assert decoded.reduced == 2
    assert decoded.image.size == (300, 400)
    assert difference(decoded.image, odd.drawing()) < 5
    assert header.captured_at == datetime(2018, 4, 17, 10, 15, 30)


def test_palette_and_16_bit_pictures_open_as_eight_bit_rgb():
    for data in (odd.saved(odd.drawing().convert("P"), "PNG"), odd.wide_png()):
        _header, decoded = opened(data)
        assert decoded.image.mode == "RGB"
        assert decoded.image.getextrema()[0][1] > 100


@pytest.mark.parametrize("name", sorted(odd.bad_files()))
def test_bad_file_is_refused_by_its_reason(name):
    data, code = odd.bad_files()[name]
    with pytest.raises(BadPicture) as refused:
        opened(data)
    assert refused.value.code == code
    assert str(refused.value)


@pytest.mark.parametrize("tenth", range(1, 10))
def test_jpeg_cut_at_every_tenth_is_refused(tenth):
    for data in (odd.jpeg(1, 600, 800), odd.progressive()):
        with pytest.raises(BadPicture):
            opened(odd.truncated(data, tenth))


def test_bomb_is_refused_from_its_header(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(BadPicture) as refused:
        read_header(BytesIO(odd.png_of_size(8000, MAX_PIXELS // 8000 + 1)))
    assert refused.value.data["width"] == 8000


def test_wrong_extension_and_tail_do_not_matter():
    header, decoded = opened(odd.jpeg(1, 600, 800) + b"PK\x03\x04" + b"x" * 500)
    assert header.format == "JPEG"
    assert decoded.image.size == (600, 800)


def test_large_jpeg_is_decoded_at_reduced_scale():
    _header, decoded = opened(odd.jpeg(3, 2448, 3264), at_least=(1200, 1600))
    assert decoded.reduced == 2
    assert decoded.image.size == (1224, 1632)


def test_three_eighths_are_decoded_where_they_suffice():
    data = odd.jpeg(3, 1000, 1500)
    _header, decoded = opened(data, at_least=(320, 427))
    assert (decoded.image.size, decoded.reduced) == ((375, 563), 8 / 3)
    with Image.open(BytesIO(data)) as whole:
        reference = whole.convert("RGB").resize((375, 563), Image.Resampling.LANCZOS)
    assert difference(decoded.image, reference) < 1
    _header, decoded = opened(data, at_least=(376, 400))
    assert decoded.image.size == (500, 750)


def test_broken_colour_profile_is_noted_not_fatal():
    picture, note = to_srgb(odd.drawing(), b"not a profile")
    assert (picture.mode, note) == ("RGB", "icc_unusable")
