"""Files cut off and torn, bombs by dimensions, and files that are no pictures at all."""

import struct
from collections.abc import Callable, Iterator

import numpy as np

from tests.students.odd_base import (
    Odd,
    frame_at,
    heic,
    patched,
    portrait,
    zipped,
)
from tests.students.odd_formats import tiff
from tests.students.odd_pictures import png_of_size, saved, truncated


def whole_files() -> dict[str, bytes]:
    image = portrait()
    return {
        "jpeg": saved(image, "JPEG", quality=90),
        "jpeg-progressive": saved(image, "JPEG", quality=90, progressive=True),
        "jpeg-cmyk": saved(image.convert("CMYK"), "JPEG", quality=90),
        "jpeg-grey": saved(image.convert("L"), "JPEG", quality=90),
        "png": saved(image, "PNG"),
        "png-palette": saved(image.quantize(64), "PNG"),
        "tiff": saved(image, "TIFF"),
        "tiff-lzw": saved(image, "TIFF", compression="tiff_lzw"),
        "tiff-big-endian": tiff(np.asarray(image)),
        "heic": heic(),
    }


def cut() -> Iterator[tuple[str, Odd]]:
    """Every format, cut off at every tenth."""
    for name, data in whole_files().items():
        for tenth in range(1, 10):
            yield f"cut-{name}-{tenth}", Odd(truncated(data, tenth), "damaged")
        yield f"cut-{name}-last-bytes", Odd(data[:-200], "damaged")
        if name.startswith("jpeg") and "progressive" not in name:
            for tenth in (3, 6, 9):
                closed = truncated(data, tenth).rstrip(b"\xff") + b"\xff\xd9"
                yield f"cut-{name}-{tenth}-and-closed", Odd(closed, "damaged")


def hurt() -> Iterator[tuple[str, Odd]]:
    """The middle third filled with noughts: entropy-coded data may survive it, but never as if nothing were wrong."""
    for name, data in whole_files().items():
        if name.startswith(("png", "tiff-lzw")):
            third = len(data) // 3
            yield f"hole-{name}", Odd(patched(data, third, bytes(third)), "damaged")


def bombs() -> Iterator[tuple[str, Odd]]:
    """Files that promise more pixels than they hold, or than anybody should decode; and pictures too small to use."""
    plain = saved(portrait(), "JPEG", quality=90)
    progressive = saved(portrait(), "JPEG", quality=90, progressive=True)
    for name, data in (("baseline", plain), ("progressive", progressive)):
        at = frame_at(data) + 5
        yield f"bomb-jpeg-{name}", Odd(patched(data, at, struct.pack(">HH", 65500, 65500)), "too_many_pixels")
        yield (
            f"bomb-jpeg-{name}-just",
            Odd(patched(data, at, struct.pack(">HH", 8000, 7501)), "too_many_pixels"),
        )
        yield f"bomb-jpeg-{name}-empty", Odd(patched(data, at, struct.pack(">HH", 7000, 8000)), "damaged")
    for width, height in ((20_000, 20_000), (2_000_000, 2_000_000), (8000, 7501), (60_000_001, 1)):
        yield f"bomb-png-{width}x{height}", Odd(png_of_size(width, height), "too_many_pixels")
    yield "bomb-png-empty", Odd(png_of_size(4000, 5000), "damaged")
    array = np.asarray(portrait())
    huge = tiff(array)
    for tag in (256, 257):
        at = huge.rindex(struct.pack(">HHI", tag, 4, 1)) + 8
        huge = patched(huge, at, struct.pack(">I", 90_000))
    yield "bomb-tiff", Odd(huge, "too_many_pixels")
    for form in ("JPEG", "PNG", "TIFF", "HEIF"):
        tiny = portrait().resize((72, 96))
        yield f"tiny-{form.lower()}", Odd(saved(tiny, form), "too_few_pixels")
        yield f"strip-{form.lower()}", Odd(saved(portrait().resize((400, 64)), form), "too_few_pixels")


def strangers() -> Iterator[tuple[str, Odd]]:
    """What is no picture of an accepted kind, whatever it is called."""
    image = portrait()
    small = image.resize((120, 160))
    starts: dict[str, bytes | Callable[[], bytes]] = {
        "text": "这不是照片\n".encode() * 40,
        "html": b"<!doctype html><title>x</title>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
        "gif": saved(small.convert("P"), "GIF"),
        "gif-animated": saved(
            small.convert("P"), "GIF", save_all=True, append_images=[small.convert("L").convert("P")]
        ),
        "bmp": saved(small, "BMP"),
        "webp": saved(small, "WEBP"),
        "ico": saved(small.resize((64, 64)), "ICO"),
        "tga": saved(small, "TGA"),
        "pcx": saved(small, "PCX"),
        "ppm": saved(small, "PPM"),
        "jpeg-2000": saved(small, "JPEG2000"),
        "avif-brand": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(400),
        "film": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + bytes(400),
        "psd": b"8BPS\0\x01" + bytes(400),
        "big-tiff": b"II+\0\x08\0\0\0" + bytes(400),
        "raw-fuji": b"FUJIFILMCCD-RAW 0201" + bytes(400),
        "exe": b"MZ\x90\0" + bytes(400),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(400),
        "script": b"#!/bin/sh\nrm -rf ~\n",
        "rar": b"Rar!\x1a\x07\x01\0" + bytes(400),
        "7z": b"7z\xbc\xaf'\x1c" + bytes(400),
        "gzip": b"\x1f\x8b\x08\0" + bytes(400),
        "zip-as-picture": zipped({"a.jpg": b"x"}),
        "zeros": bytes(4096),
        "one-byte": b"\xff",
        "two-bytes": b"\xff\xd8",
        "heic-with-blank-in-front": b" " + heic(),
        "jpeg-with-blank-in-front": b"\n" + saved(image, "JPEG"),
        "png-with-mark-in-front": b"\xef\xbb\xbf" + saved(small, "PNG"),
        "base64": b"data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ==",
    }
    for name, data in starts.items():
        yield f"stranger-{name}", Odd(data, "not_a_picture")
    yield "empty", Odd(b"", "empty_file")
    noise = np.random.default_rng(4)
    for number in range(6):
        yield f"stranger-noise-{number}", Odd(b"\0" + noise.bytes(3000), "not_a_picture")
        for start in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0", b"\0\0\0\x18ftypheic"):
            kind = {0xFF: "jpeg", 0x89: "png", 0x49: "tiff", 0: "heic"}[start[0]]
            yield f"noise-behind-{kind}-{number}", Odd(start + noise.bytes(3000), "damaged")
