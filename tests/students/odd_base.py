"""What the odd files are made of: one small drawn portrait, and pieces of file formats."""

import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

from tests.students.odd_pictures import drawing, saved

WIDTH, HEIGHT = 300, 400
SECRET = b"somebody's place"  # stands in every kind of metadata and must come out of none
BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Odd:
    """`code` is the refusal, empty where the file is accepted; then the picture is within `off` of 255 steps of ours."""

    data: bytes
    code: str = ""
    off: float = 4.0
    like: str = "colour"  # or grey
    is_poor: bool = False  # not 24 bits of colour: accepted, with a finding that refuses it


def portrait() -> Image.Image:
    return drawing(5, WIDTH, HEIGHT)


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """Right behind the start of the image."""
    return data[:2] + b"".join(segments) + data[2:]


def frame_at(data: bytes) -> int:
    """Where the frame header's marker stands."""
    return next(at for kind in (b"\xff\xc0", b"\xff\xc2") if (at := data.find(kind)) > 0)


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def place() -> bytes:
    """An EXIF block with a position."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x8825] = {1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)}
    return exif.tobytes()


def looping_tiff() -> bytes:
    """A directory whose next one is itself."""
    return struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 0x0112, 3, 1, 1, 8)


def zipped(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@lru_cache(maxsize=1)
def heic() -> bytes:
    return saved(portrait(), "HEIF", quality=90)
