from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from students.imaging import MAX_PIXELS, BadPicture, decode, read_header, to_srgb
from tests.students import odd_pictures as odd
from tests.students.odd_jpegs import cmyk_icc


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018:04:17 10:15:30", datetime(2018, 4, 17, 10, 15, 30)),
        ("1990:01:01 00:00:00", datetime(1990, 1, 1)),
        ("2099:12:31 23:59:59", datetime(2099, 12, 31, 23, 59, 59)),
        ("0001:01:01 00:00:00", None),  # the least date of .NET: no zone can be put to it
        ("0000:00:00 00:00:00", None),
        ("1601:01:01 00:00:00", None),
        ("1989:12:31 23:59:59", None),
        ("2101:01:01 00:00:00", None),
        ("9999:12:31 23:59:59", None),
        ("2018:02:30 10:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_day_of_capture_is_one_on_which_there_were_cameras(text, expected):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = text
    data = odd.saved(odd.drawing(1, 150, 200), "JPEG", exif=exif.tobytes())
    assert read_header(BytesIO(data)).captured_at == expected


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("P", {}),
        ("P", {"transparency": 255}),
        ("RGB", {"transparency": (1, 2, 3)}),
        ("L", {"transparency": 1}),
    ],
)
def test_nothing_that_a_file_says_beside_its_pixels_comes_along(mode, options):
    words = PngInfo()
    for key in ("comment", "Comment", "xmp", "photoshop"):
        words.add_text(key, "somebody lives here")
    words.add_itxt("XML:com.adobe.xmp", "<x>somebody</x>")
    picture = odd.drawing(1, 150, 200).convert(mode)
    data = odd.saved(picture, "PNG", pnginfo=words, **options)
    _header, decoded = opened(data, at_least=(75, 100))
    assert decoded.image.info == {}
    assert b"somebody" not in odd.saved(decoded.image, "JPEG")


def test_followed_colour_profile_does_not_stay_with_the_pixels():
    data = odd.saved(odd.drawing().convert("CMYK"), "TIFF", icc_profile=cmyk_icc())
    assert opened(data)[1].image.info == {}
