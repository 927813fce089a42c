"""Opening pictures that come from outside, in bounded memory.

The header is read and judged first; nothing is decoded before format, pixel count and number of frames are known to be
harmless. A large JPEG is decoded at a half, a quarter or an eighth where the wanted size allows it. What comes out is
upright, in sRGB, 8 bits per channel, without metadata.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import IO, Any, TypeVar

import pillow_heif
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageCms

from photocampus.errors import DomainError

T = TypeVar("T")

pillow_heif.register_heif_opener()
pillow_heif.options.DECODE_THREADS = 1  # workers are processes; a picture has one core

MAX_PIXELS = 60_000_000
MIN_SIDE = 100
MAX_SCANS = 200  # a progressive JPEG of a camera has about ten; thousands cost minutes
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


class BadPicture(DomainError):
    """The file cannot become a picture. `code` says why; nothing was decoded beyond what was needed to know."""

    code = "damaged"
    messages = {
        "empty_file": _("The file is empty."),
        "not_a_picture": _("This is not a picture. Accepted are JPEG, PNG, HEIC and TIFF."),
        "too_many_pixels": _(
            "The picture has %(width)d × %(height)d pixels; more than %(limit)d million are not accepted."
        ),
        "too_few_pixels": _("The picture has only %(width)d × %(height)d pixels."),
        "several_pictures": _("The file holds several pictures or an animation; one file is one picture."),
        "transparent": _("The picture has transparent parts."),
        "damaged": _("The picture is damaged or incomplete and cannot be read to its end."),
    }

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(**data)
        self.code = code
        self.message = self.messages[code]


@dataclass(frozen=True)
class Header:
    """What is known without decoding. Width and height are those of the upright picture."""

    format: str  # JPEG, PNG, TIFF, HEIC
    width: int
    height: int
    mode: str
    orientation: int = 1
    is_progressive: bool = False
    dpi: float | None = None
    icc: bytes | None = None
    captured_at: datetime | None = None  # as the camera's clock said, without a zone

    @property
    def is_turned(self) -> bool:
        return self.orientation >= 5


@dataclass(frozen=True)
class Decoded:
    """An upright sRGB picture and by how much it is smaller than the original (1, 2, 4, 8)."""

    image: Image.Image
    reduced: int
    notes: tuple[str, ...] = ()


def sniff(start: bytes) -> str:
    """The format by content, never by name."""
    if not start:
        raise BadPicture("empty_file")
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start.startswith((b"II*\x00", b"MM\x00*")):
        return "TIFF"
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return "HEIC"
    raise BadPicture("not_a_picture")


def read_header(file: IO[bytes]) -> Header:
    """Judge a file by its first bytes and its header. Raises `BadPicture`; decodes nothing."""
    file.seek(0)
    form = sniff(file.read(32))
    with _opened(file, form) as image:
        stored = image.size
        if stored[0] * stored[1] > MAX_PIXELS:
            raise BadPicture(
                "too_many_pixels", width=stored[0], height=stored[1], limit=MAX_PIXELS // 1_000_000
            )
        if min(stored) < MIN_SIDE:
            raise BadPicture("too_few_pixels", width=stored[0], height=stored[1])
        # Cameras put a preview behind the first picture of a JPEG; in other formats a second picture is one too many.
        if form != "JPEG" and _guard(lambda: getattr(image, "n_frames", 1)) > 1:
            raise BadPicture("several_pictures")
        exif = _exif(image)
        # libheif turns the picture itself
        orientation = 1 if form == "HEIC" else _orientation(exif)
        width, height = stored if orientation < 5 else stored[::-1]
        progressive = bool(image.info.get("progressive")) and form == "JPEG"
        header = Header(
            format=form,
            width=width,
            height=height,
            mode=image.mode,
            orientation=orientation,
            is_progressive=progressive,
            dpi=_dpi(image),
            icc=image.info.get("icc_profile") or None,
            captured_at=_captured_at(exif),
        )
    if progressive and count_scans(file) > MAX_SCANS:
        raise BadPicture("damaged")
    return header


def decode(file: IO[bytes], header: Header, *, at_least: tuple[int, int] | None = None) -> Decoded:
    """Decode once, no smaller than `at_least` (upright width, height) if the original is that large."""
    reduced, notes = 1, []
    with _opened(file, header.format) as image:
        if at_least and header.format == "JPEG":
            wanted = at_least[::-1] if header.is_turned else at_least
            before = image.size
            _guard(lambda: image.draft(None, wanted))
            reduced = max(1, round(before[0] / image.size[0]))
        _guard(image.load)
        picture: Image.Image = image.copy() if image.__class__ is Image.Image else _plain(image)
    if at_least and reduced == 1:
        picture, reduced = _reduce(picture, header, at_least)
    picture = _without_alpha(picture)
    picture, note = to_srgb(picture, header.icc)
    if note:
        notes.append(note)
    return Decoded(turned_upright(picture, header.orientation), reduced, tuple(notes))


def _plain(image: Image.Image) -> Image.Image:
    """The pixels as an image of their own, shared with the opened file, not copied."""
    plain = Image.Image()
    plain.im = image.im
    plain._mode = image.mode
    plain._size = image.size
    if image.mode in ("P", "PA"):
        plain = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif "transparency" in image.info and image.mode in ("L", "RGB", "1"):
        plain = image.convert("RGBA")
    return plain


def _reduce(picture: Image.Image, header: Header, at_least: tuple[int, int]) -> tuple[Image.Image, int]:
    """The same economy as JPEG's for other formats: whole factors, before anything is copied or converted."""
    wanted = at_least[::-1] if header.is_turned else at_least
    factor = min(picture.width // wanted[0], picture.height // wanted[1], 8)
    if factor < 2 or picture.mode not in ("RGB", "RGBA", "L", "CMYK", "LA"):
        return picture, 1
    return picture.reduce(factor), factor


def turned_upright(picture: Image.Image, orientation: int) -> Image.Image:
    move = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return picture if move is None else picture.transpose(move)


def to_srgb(picture: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
    """The picture in sRGB and a note: `icc_unusable` when its colour profile could not be followed."""
    picture = _eight_bit(picture)
    note = ""
    if icc and not is_srgb(icc):
        transform = _transform(icc, picture.mode)
        if transform is None:
            note = "icc_unusable"
        else:
            result = ImageCms.applyTransform(picture, transform)
            if result is not None:
                return result, ""
    return (picture if picture.mode == "RGB" else picture.convert("RGB")), note


def _eight_bit(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16") or picture.mode == "I":
        wide = picture if picture.mode == "I" else picture.convert("I")
        return wide.point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode == "F":
        return picture.convert("L")
    if picture.mode in ("1", "La", "LA"):
        return picture.convert("L")
    if picture.mode in ("YCbCr", "LAB", "HSV", "P", "RGBX", "RGBa"):
        return picture.convert("RGB")
    return picture


def is_srgb(icc: bytes) -> bool:
    """Most cameras embed sRGB itself; then there is nothing to convert."""
    return _is_srgb(icc)


@lru_cache(maxsize=32)
def _is_srgb(icc: bytes) -> bool:
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(icc)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return "srgb" in name.lower()


@lru_cache(maxsize=16)
def _transform(icc: bytes, mode: str) -> Any:
    """A transform to sRGB, or None if the profile is broken or of another colour space than the pixels."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(icc))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _without_alpha(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("RGBA", "LA", "PA", "RGBa", "La"):
        return picture
    alpha = (
        picture.getchannel("A")
        if picture.mode in ("RGBA", "LA", "PA")
        else picture.convert("RGBA").getchannel("A")
    )
    if alpha.getextrema() != (255, 255):
        raise BadPicture("transparent")
    return picture.convert("L" if picture.mode in ("LA", "La") else "RGB")


def _opened(file: IO[bytes], form: str) -> Image.Image:
    """The opened, undecoded image, with no other decoder tried than the one the first bytes name."""
    formats = {"JPEG": ("JPEG", "MPO"), "HEIC": ("HEIF",)}.get(form, (form,))
    file.seek(0)
    with warnings.catch_warnings():
        # Pillow warns of sizes that are refused here a moment later by the header's numbers.
        warnings.simplefilter("ignore")
        try:
            return Image.open(file, formats=formats)
        except Image.DecompressionBombError:
            raise BadPicture("too_many_pixels", width=0, height=0, limit=MAX_PIXELS // 1_000_000) from None
        except Exception:
            # Parsers of damaged headers fail in many ways of their own; all of them mean the same to people.
            raise BadPicture("damaged") from None


def _guard(read: Callable[[], T]) -> T:
    """Run a step of a decoder; whatever it stumbles over is the file's fault. Being killed for memory is not caught."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except Exception:
        raise BadPicture("damaged") from None


def _exif(image: Image.Image) -> Image.Exif | None:
    try:
        return image.getexif()
    except Exception:
        # A broken EXIF block does not make the picture worse.
        return None


def _orientation(exif: Image.Exif | None) -> int:
    value = exif.get(ExifTags.Base.Orientation, 1) if exif else 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _captured_at(exif: Image.Exif | None) -> datetime | None:
    if not exif:
        return None
    try:
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        text = str(inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime) or "")
        return datetime.strptime(text.strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (a camera knows no zone)
    except Exception:
        return None


def _dpi(image: Image.Image) -> float | None:
    try:
        value = float(image.info["dpi"][0])
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return round(value, 1) if 1 < value < 100_000 else None


def count_scans(file: IO[bytes]) -> int:
    """How many scans a JPEG has, read in blocks."""
    file.seek(0)
    count, tail = 0, b""
    while block := file.read(1 << 20):
        data = tail + block
        count += len(re.findall(rb"\xff\xda", data))
        tail = data[-1:] if data.endswith(b"\xff") else b""
    return count
