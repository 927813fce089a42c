"""Odd JPEG files, turned pictures, and colour profiles that are followed, needless or wrong."""

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

from students.imaging import MAX_ICC, MAX_SCANS
from tests.students.odd_base import (
    BACK,
    SECRET,
    Odd,
    frame_at,
    looping_tiff,
    patched,
    place,
    portrait,
    segment,
    srgb,
    with_segments,
    zipped,
)
from tests.students.odd_pictures import saved

STEPS = 7  # of each ink in the profile of a printing press


def jpegs() -> Iterator[tuple[str, Odd]]:
    image = portrait()
    plain = saved(image, "JPEG", quality=92)
    grey = image.convert("L")
    for subsampling in (0, 1, 2):
        for progressive in (False, True):
            data = saved(image, "JPEG", quality=90, subsampling=subsampling, progressive=progressive)
            yield f"jpeg-sub{subsampling}-{'progressive' if progressive else 'baseline'}", Odd(data)
    yield "jpeg-restart-markers", Odd(saved(image, "JPEG", quality=90, restart_marker_rows=1))
    yield "jpeg-optimised", Odd(saved(image, "JPEG", quality=90, optimize=True))
    yield "jpeg-rgb", Odd(saved(image, "JPEG", quality=90, keep_rgb=True))
    yield "jpeg-coarse", Odd(saved(image, "JPEG", quality=20), off=8)
    yield "jpeg-grey", Odd(saved(grey, "JPEG", quality=92), like="grey", is_poor=True)
    yield (
        "jpeg-grey-progressive",
        Odd(saved(grey, "JPEG", quality=92, progressive=True), like="grey", is_poor=True),
    )
    cmyk = saved(image.convert("CMYK"), "JPEG", quality=92)
    yield "jpeg-cmyk-adobe", Odd(cmyk)
    yield (
        "jpeg-cmyk-progressive",
        Odd(saved(image.convert("CMYK"), "JPEG", quality=92, progressive=True)),
    )
    yield "jpeg-cmyk-without-adobe", Odd(without_adobe(cmyk))
    yield "jpeg-metadata", Odd(metadata(plain))
    yield "jpeg-position", Odd(saved(image, "JPEG", quality=92, exif=place(), comment=SECRET))
    giant = [segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET * 4000) for _ in range(40)]
    yield "jpeg-giant-exif", Odd(with_segments(plain, *giant))
    yield (
        "jpeg-broken-exif",
        Odd(with_segments(plain, segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff" + b"x" * 90))),
    )
    yield "jpeg-exif-loop", Odd(with_segments(plain, segment(0xE1, b"Exif\0\0" + looping_tiff())))
    yield "jpeg-thumbnail-in-exif", Odd(with_segments(plain, segment(0xE1, b"Exif\0\0" + plain[:9000])))
    yield "jpeg-fill-bytes", Odd(plain[:2] + b"\xff" * 64 + plain[2:])
    tails = {
        "zip": zipped({"a.jpg": b"x"}),
        "html": b"<html><script>alert(1)</script></html>",
        "pdf": b"%PDF-1.4\n%%EOF\n",
        "jpeg": plain,
        "zeros": bytes(5000),
        "exe": b"MZ" + bytes(500),
    }
    for name, tail in tails.items():
        yield f"jpeg-polyglot-{name}", Odd(plain + tail)
    yield "jpeg-polyglot-script", Odd(with_segments(plain, segment(0xFE, b"<script>alert(1)</script>")))
    yield (
        "jpeg-several",
        Odd(saved(image, "MPO", quality=90, save_all=True, append_images=[grey.convert("RGB")])),
    )
    at = frame_at(plain)
    yield "jpeg-12-bit", Odd(patched(plain, at + 4, b"\x0c"), "unusual_pixels")
    yield "jpeg-16-bit", Odd(patched(plain, at + 4, b"\x10"), "unusual_pixels")
    yield "jpeg-no-rows", Odd(patched(plain, at + 5, b"\0\0"), "damaged")
    yield "jpeg-no-columns", Odd(patched(plain, at + 7, b"\0\0"), "damaged")
    yield "jpeg-seven-channels", Odd(patched(plain, at + 9, b"\x07"), "damaged")
    yield "jpeg-many-scans", Odd(many_scans(), "damaged")
    yield "jpeg-without-tables", Odd(plain.replace(b"\xff\xdb", b"\xff\xfe", 2), "damaged")
    yield "jpeg-header-only", Odd(plain[: plain.index(b"\xff\xda")], "damaged")
    yield "jpeg-three-bytes", Odd(plain[:3], "damaged")
    yield (
        "jpeg-endless-stray-bytes",
        Odd(plain[:2] + b"\xff\xe0\0\x02" + bytes(200_000) + plain[2:], "damaged"),
    )


def without_adobe(data: bytes) -> bytes:
    at = data.index(b"\xff\xee")
    (length,) = struct.unpack(">H", data[at + 2 : at + 4])
    return data[:at] + data[at + 2 + length :]


def metadata(data: bytes) -> bytes:
    """EXIF, XMP, IPTC, a maker's segment and a comment."""
    return with_segments(
        data,
        segment(0xE1, b"Exif\0\0" + place().removeprefix(b"Exif\0\0")),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + SECRET + b"</x>"),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x14" + SECRET),
        segment(0xEA, SECRET),
        segment(0xFE, SECRET),
    )


def many_scans() -> bytes:
    """A progressive JPEG whose last scan stands in it a hundred times more."""
    data = saved(portrait(), "JPEG", quality=60, progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:-2] + scan * (MAX_SCANS + 1) + data[-2:]


def turned() -> Iterator[tuple[str, Odd]]:
    image = portrait()
    for orientation in range(1, 9):
        back = image.transpose(BACK[orientation]) if orientation in BACK else image
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"turned-{orientation}-jpeg", Odd(saved(back, "JPEG", quality=92, exif=exif.tobytes()))
        yield f"turned-{orientation}-png", Odd(saved(back, "PNG", exif=exif.tobytes()))
        yield f"turned-{orientation}-tiff", Odd(saved(back, "TIFF", compression="tiff_lzw", exif=exif))
    for wrong in (0, 9, 300):
        exif = Image.Exif()
        exif[0x0112] = wrong
        yield f"turned-wrongly-{wrong}", Odd(saved(image, "JPEG", quality=92, exif=exif.tobytes()))


def profiles() -> Iterator[tuple[str, Odd]]:
    image = portrait()
    red, green, blue = image.split()
    crossed = Image.merge("RGB", (blue, green, red))
    cmyk = image.convert("CMYK")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    wrong = {
        "lab": lab,
        "grey": grey_icc(),
        "cmyk": cmyk_icc(),
        "garbage": b"not a profile" * 30,
        "cut": srgb()[:200],
        "giant": srgb().ljust(MAX_ICC + 1, b"\0"),
    }
    for form, options in (("JPEG", {"quality": 92}), ("PNG", {}), ("TIFF", {"compression": "tiff_lzw"})):
        name = form.lower()
        yield f"icc-srgb-{name}", Odd(saved(image, form, icc_profile=srgb(), **options))
        yield f"icc-followed-{name}", Odd(saved(crossed, form, icc_profile=swapped_icc(), **options))
        for kind, icc in wrong.items():
            # Pillow unpacks no more than a megabyte of a PNG's profile.
            code = "damaged" if (kind, form) == ("giant", "PNG") else ""
            yield f"icc-wrong-{kind}-{name}", Odd(saved(image, form, icc_profile=icc, **options), code)
    yield "icc-cmyk-jpeg", Odd(saved(cmyk, "JPEG", quality=92, icc_profile=cmyk_icc()), off=12)
    yield "icc-cmyk-tiff", Odd(saved(cmyk, "TIFF", compression="tiff_lzw", icc_profile=cmyk_icc()), off=12)
    yield "icc-srgb-on-cmyk", Odd(saved(cmyk, "JPEG", quality=92, icc_profile=srgb()))
    yield (
        "icc-srgb-on-grey",
        Odd(saved(image.convert("L"), "JPEG", quality=92, icc_profile=srgb()), like="grey", is_poor=True),
    )
    yield "icc-srgb-heic", Odd(saved(image, "HEIF", quality=90, icc_profile=srgb()))


def icc_tag(icc: bytes, name: bytes) -> int:
    """Where the body of a tag begins."""
    for at in range(132, 132 + 12 * struct.unpack(">I", icc[128:132])[0], 12):
        if icc[at : at + 4] == name:
            return int(struct.unpack(">I", icc[at + 4 : at + 8])[0])
    raise LookupError(name)


def swapped_icc() -> bytes:
    """An RGB profile in which red and blue change places: who follows it sees."""
    icc = srgb()
    red, blue = icc_tag(icc, b"rXYZ"), icc_tag(icc, b"bXYZ")
    one, other = icc[red : red + 20], icc[blue : blue + 20]
    return patched(patched(icc, red, other), blue, one)


def cmyk_icc() -> bytes:
    """A profile of four inks: a few steps of each, and what Lab they give on paper."""
    axis = np.linspace(0, 1, STEPS)
    inks = np.stack(np.meshgrid(axis, axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 4)
    colours = 255 * (1 - inks[:, :3]) * (1 - inks[:, 3:])
    lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    chart = Image.fromarray(colours.round().astype(np.uint8)[None, :, :])
    values = np.frombuffer(ImageCms.applyTransform(chart, lab).tobytes(), np.uint8).reshape(-1, 3)
    nodes = (
        values ^ np.array([0, 128, 128], np.uint8)
    ).tobytes()  # Pillow's axes are signed, a profile's are not
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    curve = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes((4, 3, STEPS, 0)) + identity + curve * 4 + nodes + curve * 3
    table += bytes(-len(table) % 4)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78 + 8)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    copyright_text = b"text" + bytes(4) + b"none\0\0\0\0"
    tags = [(b"desc", text), (b"wtpt", white), (b"cprt", copyright_text), (b"A2B0", table)]
    head, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        data += bytes(-len(data) % 4)
        head += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data
    size = 128 + len(head) + len(body)
    start = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    start += struct.pack(">6H4s", 2018, 4, 17, 0, 0, 0, b"acsp") + bytes(28)
    start += struct.pack(">3i", 63190, 65536, 54061)
    return start.ljust(128, b"\0") + head + body


def grey_icc() -> bytes:
    return patched(srgb(), 16, b"GRAY")
