"""Files that a studio's card may really hold, good and bad, made on the spot. Invented people only."""

import struct
import zlib
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from students.portrait_people import Faults
from students.portraits import draw_portrait, portrait_jpeg


@lru_cache(maxsize=64)
def jpeg(seed: int = 1, width: int = 1200, height: int = 1600) -> bytes:
    return portrait_jpeg(seed, size=(width, height))


@lru_cache(maxsize=32)
def drawing(seed: int = 1, width: int = 600, height: int = 800) -> Image.Image:
    return draw_portrait(seed, size=(width, height)).image


def faulty(seed: int, **faults: float) -> bytes:
    return portrait_jpeg(seed, faults=Faults(**faults))


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def progressive() -> bytes:
    return saved(drawing(), "JPEG", quality=90, progressive=True)


def cmyk() -> bytes:
    return saved(drawing().convert("CMYK"), "JPEG", quality=92)


def with_profile() -> bytes:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return saved(drawing(), "JPEG", quality=92, icc_profile=icc)


def turned(orientation: int) -> bytes:
    """Stored turned, with the tag that says how to turn it back."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = drawing()
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0132] = "2018:04:17 10:15:30"
    if orientation in back:
        image = image.transpose(back[orientation])
    return saved(image, "JPEG", quality=92, exif=exif.tobytes())


def with_position() -> bytes:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (39.0, 54.0, 20.0)}
    return saved(drawing(), "JPEG", quality=92, exif=exif.tobytes(), comment=b"made by somebody")


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, in a few hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def animated_png() -> bytes:
    first = drawing(1, 150, 200)
    return saved(first, "PNG", save_all=True, append_images=[ImageOps.mirror(first)])


def animated_gif() -> bytes:
    first = drawing(1, 150, 200).convert("P")
    return saved(first, "GIF", save_all=True, append_images=[ImageOps.mirror(first)])


def two_page_tiff() -> bytes:
    return saved(drawing(1, 150, 200), "TIFF", save_all=True, append_images=[drawing(2, 150, 200)])


def transparent_png() -> bytes:
    image = drawing(1, 300, 400).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return saved(image, "PNG")


def wide_png() -> bytes:
    """16 bits, grey."""
    grey = drawing(1, 300, 400).convert("L").convert("I").point(lambda value: value * 257)
    return saved(grey.convert("I;16"), "PNG")


def truncated(data: bytes, tenth: int) -> bytes:
    return data[: len(data) * tenth // 10]


# name → (bytes, code of the refusal)
def bad_files() -> dict[str, tuple[bytes, str]]:
    return {
        "text.jpg": (b"this is a list of names, not a picture\n" * 20, "not_a_picture"),
        "empty.jpg": (b"", "empty_file"),
        "cut.jpg": (truncated(jpeg(), 6), "damaged"),
        "cut.png": (truncated(saved(drawing(), "PNG"), 5), "damaged"),
        "cut.tif": (truncated(saved(drawing(), "TIFF"), 5), "damaged"),
        "cut.heic": (truncated(saved(drawing(), "HEIF"), 5), "damaged"),
        "bomb.png": (png_of_size(20_000, 20_000), "too_many_pixels"),
        "huge.png": (png_of_size(2_000_000, 2_000_000), "too_many_pixels"),
        "tiny.jpg": (saved(drawing().resize((60, 80)), "JPEG"), "too_few_pixels"),
        "moving.png": (animated_png(), "several_pictures"),
        "moving.gif": (animated_gif(), "not_a_picture"),
        "pages.tif": (two_page_tiff(), "several_pictures"),
        "holes.png": (transparent_png(), "transparent"),
        "page.html": (b"<!doctype html><title>x</title>", "not_a_picture"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
    }
