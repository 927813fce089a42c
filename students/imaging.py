"""Opening pictures that come from outside, in bounded memory.

The header is read and judged first; nothing is decoded before format, pixel count, number of frames and of scans are
known to be harmless. A large JPEG is decoded at a half, three eighths, a quarter or an eighth where the wanted size
allows it. What comes out is upright, in sRGB, 8 bits per channel, without metadata.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import IO, Any, TypeVar

import numpy as np
import pillow_heif
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageCms

from photocampus.errors import DomainError
from students.jpeg_file import read_outline

T = TypeVar("T")

pillow_heif.register_heif_opener()
pillow_heif.options.DECODE_THREADS = 1  # workers are processes; a picture has one core
# A picture's blocks of a megabyte serve the next one: asking the system anew for each costs a tenth of the time.
Image.core.set_blocks_max(16)  # type: ignore[attr-defined]

MAX_PIXELS = 60_000_000
MIN_SIDE = 100
MAX_SCANS = 100  # a progressive JPEG of a camera has about ten; thousands cost minutes
# Other dates are a clock never set, or no date at all: .NET's least lies in the year 1, where no zone can be put to it.
CAMERA_YEARS = range(1990, 2101)
MAX_ICC = 4_000_000  # bytes; the largest profiles of printing presses have three million
NEARLY_SRGB = 2  # of 255: profiles that move no colour further than this are sRGB itself
# By how much JPEG may be decoded smaller: the decoder's own number, and eighths of the original.
JPEG_SCALES = ((8, 1), (4, 2), (3, 3), (2, 4))
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
        "too_few_pixels": _(
            "The picture has only %(width)d × %(height)d pixels; each side needs at least %(least)d."
        ),
        "several_pictures": _("The file holds several pictures or an animation; one file is one picture."),
        "transparent": _(
            "The picture has transparent parts. Please save it with its background, best as JPEG."
        ),
        "unusual_pixels": _(
            "The pixels are stored in an unusual way; accepted are 8 and 16 whole bits per channel, in JPEG 8."
        ),
        "damaged": _(
            "The picture is damaged or incomplete and cannot be read to its end. Please copy it from the card again."
        ),
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
    """An upright sRGB picture and by how much it is smaller than the original (1, 2, 8/3, 4, 8; others any whole)."""

    image: Image.Image
    reduced: float
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
    outline = read_outline(file) if form == "JPEG" else None
    if form == "JPEG" and outline is None:
        raise BadPicture("damaged")
    if outline and outline.precision != 8:
        raise BadPicture("unusual_pixels")
    with _opened(file, form) as image:
        stored = image.size
        if stored[0] * stored[1] > MAX_PIXELS:
            raise BadPicture(
                "too_many_pixels", width=stored[0], height=stored[1], limit=MAX_PIXELS // 1_000_000
            )
        if min(stored) < MIN_SIDE:
            raise BadPicture("too_few_pixels", width=stored[0], height=stored[1], least=MIN_SIDE)
        # Cameras put a preview behind the first picture of a JPEG; in other formats a second picture is one too many.
        if form == "TIFF":
            _must_be_one_page(image)
        elif form != "JPEG" and _guard(lambda: getattr(image, "n_frames", 1)) > 1:
            raise BadPicture("several_pictures")
        if image.mode in ("F", "I"):
            raise BadPicture("unusual_pixels")
        exif = _exif(image)
        # These decoders turn the picture themselves, and say its upright size.
        orientation = 1 if form in ("HEIC", "TIFF") else _orientation(exif)
        width, height = stored if orientation < 5 else stored[::-1]
        progressive = bool(outline and outline.is_progressive)
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
    if outline and outline.has_many_scans and count_scans(file) > MAX_SCANS:
        raise BadPicture("damaged")
    return header


def _must_be_one_page(image: Image.Image) -> None:
    """A TIFF is one picture; previews that say that they are reduced (NewSubfileType) may follow it."""

    def full_pages() -> int:
        pages = 0
        for page in range(getattr(image, "n_frames", 1)):
            image.seek(page)
            is_preview = int(image.tag_v2.get(254, 0)) & 1  # type: ignore[attr-defined]
            if page == 0 and is_preview:
                return 2
            pages += not is_preview
        image.seek(0)
        return pages

    if _guard(full_pages) > 1:
        raise BadPicture("several_pictures")


def decode(file: IO[bytes], header: Header, *, at_least: tuple[int, int] | None = None) -> Decoded:
    """Decode once, no smaller than `at_least` (upright width, height) if the original is that large."""
    reduced, notes = 1.0, []
    with _opened(file, header.format) as image:
        if at_least and header.format == "JPEG":
            reduced = _guard(lambda: _draft(image, at_least[::-1] if header.is_turned else at_least))
        _guard(image.load)
        picture: Image.Image = _plain(image)
    if header.format == "JPEG" and _ends_in_nothing(picture):
        raise BadPicture("damaged")
    if at_least and reduced == 1:
        picture, reduced = _reduce(picture, header, at_least)
    picture = _without_alpha(picture)
    picture, note = to_srgb(picture, header.icc)
    if note:
        notes.append(note)
    picture.info = {}  # encoders write some of it into files, such as the comment of a palette PNG
    return Decoded(turned_upright(picture, header.orientation), reduced, tuple(notes))


def _draft(image: Any, wanted: tuple[int, int]) -> float:
    """Let the JPEG decoder leave out what the wanted size does not need; by how much the picture gets smaller.

    Its transform at eighths averages exactly, so nothing visible is lost. Pillow offers halves only and passes the
    number on; the decoder takes 3 for three eighths, which for 24 megapixels saves half of the pixels of a half.
    """
    width, height = image.size
    for number, eighths in JPEG_SCALES:
        if width * eighths < 8 * wanted[0] or height * eighths < 8 * wanted[1]:
            continue
        if number != 3:
            image.draft(None, (width // number, height // number))
            return float(number)
        image.draft(None, (width // 2, height // 2))
        if len(image.tile) != 1 or getattr(image, "decoderconfig", None) != (2, 0):
            return 2.0
        size = math.ceil(width * 3 / 8), math.ceil(height * 3 / 8)
        image._size = size
        image.tile = [image.tile[0]._replace(extents=(0, 0, *size))]
        image.decoderconfig = (3, 0)
        return 8 / 3
    return 1.0


def _ends_in_nothing(picture: Image.Image) -> bool:
    """Whether the data of a JPEG ended before its last rows: the decoder then fills in exactly the middle of its range.

    An end marker behind half of the data hides the loss from everything but this.
    """
    extrema: Any = picture.crop((0, picture.height - 2, picture.width, picture.height)).getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high and 127 <= low <= 128 for low, high in bands)


def _plain(image: Image.Image) -> Image.Image:
    """The pixels as an image of their own, shared with the opened file, not copied; 16 bits of grey become 8."""
    if image.mode.startswith("I;16"):
        return _upper_bytes(image)
    plain = Image.Image()
    plain.im = image.im
    plain._mode = image.mode
    plain._size = image.size
    if image.mode in ("P", "PA"):
        plain = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif "transparency" in image.info and image.mode in ("L", "RGB", "1"):
        plain = image.convert("RGBA")
    return plain


def _upper_bytes(image: Image.Image) -> Image.Image:
    """Grey of 16 bits as grey of 8, through no wider form than its own."""
    values = np.asarray(image)
    upper = 0 if values.dtype.byteorder == ">" else 1
    height, width = values.shape
    return Image.fromarray(np.ascontiguousarray(values.view(np.uint8).reshape(height, width, 2)[:, :, upper]))


def _reduce(picture: Image.Image, header: Header, at_least: tuple[int, int]) -> tuple[Image.Image, float]:
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
    if icc:
        kind, transform = _transform(icc, picture.mode) if len(icc) <= MAX_ICC else ("unusable", None)
        if kind == "needed":
            in_place = picture.mode == "RGB"
            assert transform is not None
            result = ImageCms.applyTransform(picture, transform, inPlace=in_place)
            return (picture if in_place or result is None else result), ""
        note = "icc_unusable" if kind == "unusable" else ""
    return (picture if picture.mode == "RGB" else picture.convert("RGB")), note


def is_srgb(icc: bytes | None) -> bool:
    """Whether RGB pixels mean the same with and without this colour profile; the answer is kept for the decoding."""
    return not icc or (len(icc) <= MAX_ICC and _transform(icc, "RGB")[0] == "same")


def _eight_bit(picture: Image.Image) -> Image.Image:
    if picture.mode in ("1", "La", "LA"):
        return picture.convert("L")
    if picture.mode in ("YCbCr", "LAB", "HSV", "P", "RGBX", "RGBa"):
        return picture.convert("RGB")
    return picture


@lru_cache(maxsize=8)
def _transform(icc: bytes, mode: str) -> tuple[str, Any]:
    """What to do about a colour profile: (`needed`, its transform to sRGB), or nothing: `same`, `unusable`.

    Most cameras embed sRGB itself, in many versions: what moves no colour is known by that, not by its name. Unusable
    is what is broken or belongs to another colour space than the pixels.
    """
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(icc))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode != "RGB":
            return "needed", transform
        before = _colour_chart()
        after = ImageCms.applyTransform(before, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return "unusable", None
    moved = np.abs(np.asarray(after, dtype=np.int16) - np.asarray(before, dtype=np.int16)).max()
    return ("same", None) if moved <= NEARLY_SRGB else ("needed", transform)


def _colour_chart() -> Image.Image:
    """Each channel in eight steps against the others."""
    steps = np.linspace(0, 255, 8).round().astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(16, 32, 3))


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
    """The camera's date, or None where there is none that a camera can have written."""
    if not exif:
        return None
    try:
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        text = str(inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime) or "")
        taken = datetime.strptime(text.strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (a camera knows no zone)
    except Exception:
        return None
    return taken if taken.year in CAMERA_YEARS else None


def _dpi(image: Image.Image) -> float | None:
    try:
        value = float(image.info["dpi"][0])
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return round(value, 1) if 1 < value < 100_000 else None


def count_scans(file: IO[bytes]) -> int:
    """How many scans a JPEG has, read in blocks; stops counting where there are too many."""
    file.seek(0)
    count, tail = 0, b""
    while count <= MAX_SCANS and (block := file.read(1 << 20)):
        data = tail + block
        count += data.count(b"\xff\xda")
        tail = data[-1:] if data.endswith(b"\xff") else b""
    return count
