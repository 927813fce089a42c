"""Odd PNG, TIFF and HEIC files; what Pillow does not write is written by hand."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image

from tests.students.odd_base import (
    BACK,
    HEIGHT,
    SECRET,
    WIDTH,
    Odd,
    chunk,
    heic,
    looping_tiff,
    patched,
    place,
    portrait,
    zipped,
)
from tests.students.odd_pictures import saved, transparent_png


def pngs() -> Iterator[tuple[str, Odd]]:
    image = portrait()
    grey, array = image.convert("L"), np.asarray(image)
    wide = array.astype(">u2") * 257
    opaque = image.convert("RGBA")
    plain = saved(image, "PNG")
    yield "png", Odd(plain)
    yield "png-grey", Odd(saved(grey, "PNG"), like="grey", is_poor=True)
    yield "png-alpha-opaque", Odd(saved(opaque, "PNG"))
    yield "png-grey-alpha-opaque", Odd(saved(opaque.convert("LA"), "PNG"), like="grey", is_poor=True)
    yield "png-transparent", Odd(transparent_png(), "transparent")
    yield "png-palette", Odd(saved(image.quantize(256), "PNG"), off=12, is_poor=True)
    yield "png-palette-16", Odd(saved(image.quantize(16), "PNG"), off=24, is_poor=True)
    palette = image.quantize(64)
    yield (
        "png-palette-transparent",
        Odd(saved(palette, "PNG", transparency=palette.getpixel((0, 0))), "transparent"),
    )
    yield "png-one-bit", Odd(saved(image.convert("1"), "PNG"), off=30, like="grey", is_poor=True)
    yield (
        "png-grey-16",
        Odd(
            png(np.asarray(grey)[:, :, None].astype(">u2") * 257, colour=0, depth=16),
            off=12,
            like="grey",
            is_poor=True,
        ),
    )
    yield "png-rgb-16", Odd(png(wide, colour=2, depth=16))
    yield (
        "png-rgba-16",
        Odd(png(np.dstack([wide, np.full((HEIGHT, WIDTH), 65535, ">u2")]), colour=6, depth=16)),
    )
    yield "png-interlaced", Odd(png(array, colour=2, interlaced=True))
    text = chunk(b"tEXt", b"Comment\0" + SECRET) + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)
    yield "png-text", Odd(png(array, colour=2, extra=text))
    yield "png-position", Odd(saved(image, "PNG", exif=place()))
    yield "png-gamma", Odd(png(array, colour=2, extra=chunk(b"gAMA", struct.pack(">I", 45455))))
    yield "png-unknown-chunk", Odd(png(array, colour=2, extra=chunk(b"prVt", SECRET)))
    yield "png-tail", Odd(plain + zipped({"a.jpg": b"x"}))
    text_bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 1))
    yield "png-text-bomb", Odd(png(array, colour=2, extra=text_bomb), "damaged")
    icc_bomb = chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(80_000_000), 1))
    yield "png-profile-bomb", Odd(png(array, colour=2, extra=icc_bomb), "damaged")
    first = image.resize((150, 200))
    moving = saved(
        first, "PNG", save_all=True, append_images=[first.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    )
    yield "png-animated", Odd(moving, "several_pictures")
    at = plain.index(b"IDAT")
    yield "png-wrong-checksum", Odd(patched(plain, at + 200, bytes((plain[at + 200] ^ 1,))), "damaged")
    yield "png-no-data", Odd(plain[: at - 4] + plain[-12:], "damaged")
    yield "png-wrong-header-checksum", Odd(patched(plain, 29, b"\0\0\0\0"), "damaged")
    yield "png-end-of-line-changed", Odd(plain.replace(b"\r\n", b"\n"), "not_a_picture")


def png(
    pixels: np.ndarray, *, colour: int, depth: int = 8, extra: bytes = b"", interlaced: bool = False
) -> bytes:
    """Written by hand, for what Pillow does not write. `pixels`: rows × columns × channels, in the file's bytes."""
    rows, columns = pixels.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
    raw = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx])
    head = struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + extra
        + chunk(b"IDAT", zlib.compress(raw, 1))
        + chunk(b"IEND", b"")
    )


def tiffs() -> Iterator[tuple[str, Odd]]:
    image = portrait()
    grey, array = image.convert("L"), np.asarray(image)
    for packing in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"tiff-{packing}", Odd(saved(image, "TIFF", compression=packing))
    yield "tiff-big-endian", Odd(tiff(array, order=">"))
    yield "tiff-little-endian", Odd(tiff(array, order="<"))
    yield "tiff-rgb-16-big-endian", Odd(tiff(array.astype(np.uint16) * 257, order=">"))
    yield "tiff-rgb-16-little-endian", Odd(tiff(array.astype(np.uint16) * 257, order="<"))
    wide = np.asarray(grey).astype(np.uint16)[:, :, None] * 257
    yield "tiff-grey-16-big-endian", Odd(tiff(wide, order=">", photometric=1), like="grey", is_poor=True)
    yield "tiff-grey-16-little-endian", Odd(tiff(wide, order="<", photometric=1), like="grey", is_poor=True)
    yield "tiff-grey", Odd(saved(grey, "TIFF", compression="tiff_lzw"), like="grey", is_poor=True)
    yield "tiff-cmyk", Odd(saved(image.convert("CMYK"), "TIFF", compression="tiff_lzw"))
    yield "tiff-palette", Odd(saved(image.quantize(256), "TIFF"), off=12, is_poor=True)
    yield (
        "tiff-one-bit",
        Odd(saved(image.convert("1"), "TIFF", compression="group4"), off=30, like="grey", is_poor=True),
    )
    yield "tiff-alpha-opaque", Odd(saved(image.convert("RGBA"), "TIFF", compression="tiff_lzw"))
    veil = image.convert("RGBA")
    veil.putalpha(120)
    yield "tiff-transparent", Odd(saved(veil, "TIFF", compression="tiff_lzw"), "transparent")
    yield "tiff-float", Odd(saved(grey.convert("F"), "TIFF"), "unusual_pixels")
    yield "tiff-32-bit", Odd(saved(grey.convert("I"), "TIFF"), "unusual_pixels")
    yield "tiff-position", Odd(saved(image, "TIFF", exif=place()))
    two = saved(image, "TIFF", save_all=True, append_images=[grey.convert("RGB")])
    yield "tiff-two-pages", Odd(two, "several_pictures")
    yield "tiff-preview-behind", Odd(with_preview())
    yield "tiff-preview-in-front", Odd(tiff(array, extra=[(254, 4, 1)]), "several_pictures")
    yield "tiff-header-only", Odd(tiff(array)[:8], "damaged")
    yield "tiff-loop", Odd(looping_tiff(), "damaged")
    yield "tiff-directory-beyond-end", Odd(b"II*\0\xff\xff\xff\x7f" + bytes(500), "damaged")
    yield "tiff-of-a-raw-camera", Odd(b"II*\0\x10\0\0\0CR\x02\0" + bytes(900), "damaged")


def tiff(
    pixels: np.ndarray,
    *,
    order: str = ">",
    photometric: int = 2,
    extra: list[tuple[int, int, int]] | None = None,
) -> bytes:
    """One strip, uncompressed, written by hand. `pixels`: rows × columns × channels."""
    rows, columns, channels = pixels.shape
    bits = pixels.dtype.itemsize * 8
    raw = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    start = 8 + 2 * channels
    entries = [
        (256, 4, columns), (257, 4, rows), (259, 3, 1), (262, 3, photometric), (273, 4, start),
        (277, 3, channels), (278, 4, rows), (279, 4, len(raw)), *(extra or []),
    ]  # fmt: skip
    body = struct.pack(f"{order}{channels}H", *[bits] * channels) + raw + b"\0" * (len(raw) % 2)
    directory = struct.pack(f"{order}H", len(entries) + 1)
    for tag, kind, value in sorted([*entries, (258, -1, 0)]):
        if tag == 258:
            short = struct.pack(f"{order}HH", bits, bits if channels > 1 else 0)
            where = short if channels <= 2 else struct.pack(f"{order}I", 8)
            directory += struct.pack(f"{order}HHI", tag, 3, channels) + where
        else:
            packed = struct.pack(f"{order}I", value) if kind == 4 else struct.pack(f"{order}HH", value, 0)
            directory += struct.pack(f"{order}HHI", tag, kind, 1) + packed
    head = (b"MM" if order == ">" else b"II") + struct.pack(f"{order}HI", 42, 8 + len(body))
    return head + body + directory + bytes(4)


def with_preview() -> bytes:
    """A second directory that says that it is a smaller version of the first."""
    first = portrait()
    out = BytesIO()
    small = first.resize((150, 200))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    first.save(out, "TIFF", save_all=True, append_images=[small])
    return out.getvalue()


def heics() -> Iterator[tuple[str, Odd]]:
    image = portrait()
    plain = heic()
    yield "heic", Odd(plain)
    yield "heic-grey", Odd(saved(image.convert("L"), "HEIF", quality=90), like="grey", is_poor=True)
    yield "heic-position", Odd(saved(image, "HEIF", quality=90, exif=place()))
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "heic-turned", Odd(saved(image.transpose(BACK[6]), "HEIF", quality=90, exif=exif.tobytes()))
    two = saved(image, "HEIF", quality=90, save_all=True, append_images=[image.resize((200, 300))])
    yield "heic-two-pictures", Odd(two, "several_pictures")
    yield "heic-alpha", Odd(saved(image.convert("RGBA"), "HEIF", quality=90))
    yield "heic-tail", Odd(plain + b"<html></html>")
    yield "heic-brand-only", Odd(plain[:24], "damaged")
    yield "heic-no-boxes", Odd(plain[:24] + bytes(4000), "damaged")
