"""From one decoded picture to the files that a campaign wants: cropped by the face, reduced, and written as JPEG.

Same original, same profile, same `MADE_WITH`: same bytes. Nothing here looks at a clock or at an earlier picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import PIL
import pillow_heif
from PIL import Image, features

from students.faces import Face
from students.profiles import ProfileSpec

# Raise it when other bytes or other measures come out of the same original; what was made before keeps its own.
VERSION = 3
MADE_WITH = "/".join(
    (
        str(VERSION),
        f"pillow {PIL.__version__}",
        f"jpeg {features.version('libjpeg_turbo') or features.version('jpg')}",
        f"heif {pillow_heif.libheif_version()}",
    )
)
LARGE_QUALITY = 92

# The luminance and chrominance table that mozjpeg uses by default, published by N. Robidoux; natural order.
MOZJPEG_TABLE = (
    *(16, 16, 16, 18, 25, 37, 56, 85),
    *(16, 17, 20, 27, 34, 40, 53, 75),
    *(16, 20, 24, 31, 43, 62, 91, 135),
    *(18, 27, 31, 40, 53, 74, 106, 156),
    *(25, 34, 43, 53, 69, 94, 131, 189),
    *(37, 40, 62, 74, 94, 124, 169, 238),
    *(56, 53, 91, 106, 131, 169, 226, 311),
    *(85, 75, 135, 156, 189, 238, 311, 418),
)
# Flatter, and finer for colour: among 16 variations, the annex's, Klein's and a table without slope, on drawn portraits
# and photographs at 8192 bytes the only one that SSIMULACRA2 puts above it on both (+0.7 and +0.1) and nowhere clearly
# below. So does jpegli only on photographs (+0.2), against -0.3 on drawn portraits.
STEEPNESS, COLOUR = 0.8, 0.8
FINE_TABLE = tuple(16 * (value / 16) ** STEEPNESS for value in MOZJPEG_TABLE)
FILLED = 0.993  # of the limit: good enough to stop
FILLED_LATER = 0.99  # after a few tries
FEW_TRIES, MOST_TRIES = 4, 9
FIRST_SCALE = 0.45  # of the tables: where an ordinary portrait ends
STANDARD_SLOPE = -0.75  # of log(bytes) over log(coarseness) of the standard's tables
SLOPE = -0.62  # of log(bytes) over log(scale): only the first guess uses it
FINEST, COARSEST = 0.01, 6.0

Point = tuple[float, float]
Box = tuple[float, float, float, float]


class CannotFit(Exception):
    """No quality that the profile allows gives a file in its range of bytes. `size` is the nearest that was possible."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True)
class Encoded:
    data: bytes
    quality: float  # the standard's number, or the scale of the free tables in per cent
    tries: int


def crop_box(
    size: tuple[int, int],
    shape: float,
    *,
    face: Face | None,
    profile: ProfileSpec | None,
    at_least: float = 0,
    exact: float = 0,
) -> Box:
    """The part of a picture that becomes the rendition: left, top, right, bottom in pixels of the picture.

    With a face, its eyes and width go to the middle of the profile's bounds; the crop stays inside the picture. Where
    that would leave fewer than `at_least` pixels across, as much more is taken as the bounds of the width allow. A
    crop within 5 % of `exact` pixels gets just those, so that the largest file needs no resampling at all: the width of
    a found face is not known better than that.
    Without a face the crop is the largest possible, centred, with more of the top than of the bottom kept.
    """
    width, height = size
    widest = min(float(width), height * shape)
    if face is None or profile is None or not profile.eyes or not profile.face:
        if exact <= widest <= 1.05 * exact:
            widest = float(exact)
        return _placed((width - widest) / 2, (height - widest / shape) * 0.35, widest, shape)
    narrow, wide = profile.face
    across = face.width * profile.width / ((narrow + wide) / 2)
    if across < at_least:
        # A margin of 7 % for what the width of a found face is worth.
        across = min(at_least, max(across, face.width * profile.width / (narrow * 1.07)))
    if exact and abs(across - exact) <= 0.05 * exact:
        across = exact
    across = min(across, widest)
    down = across / shape
    eye_x, eye_y = face.eye_middle
    eye_share = (profile.eyes[0] + profile.eyes[1]) / 2 / profile.height
    left = min(max(0.0, eye_x - across / 2), width - across)
    top = min(max(0.0, eye_y - down * eye_share), height - down)
    return _placed(left, top, across, shape)


def _placed(left: float, top: float, across: float, shape: float) -> Box:
    """The box on whole pixels where it keeps its size by that."""
    left, top = math.floor(left + 1e-6), math.floor(top + 1e-6)
    return left, top, left + across, top + across / shape


def scaled(picture: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """The part inside the box at the given size, with an anti-aliasing filter."""
    if (box[2] - box[0], box[3] - box[1]) == size and box[0] == int(box[0]) and box[1] == int(box[1]):
        return (
            picture
            if picture.size == size
            else picture.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
        )
    # Much smaller: whole factors by averaging first, then Lanczos; nearly the same size: bicubic, at half the cost.
    if (box[2] - box[0]) / size[0] >= 2:
        return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=1.2)
    return picture.resize(size, Image.Resampling.BICUBIC, box=box)


def size_without_enlarging(box: Box, spec: ProfileSpec, reduced: float) -> tuple[int, int]:
    """The profile's size, or what the original has if that is less. Half a per cent is rounding, not enlarging."""
    across = (box[2] - box[0]) * reduced
    if across >= spec.width * 0.995:
        return spec.size
    return max(1, round(across)), max(1, round(across / spec.shape))


def encode(picture: Image.Image, spec: ProfileSpec) -> Encoded:
    """The best JPEG of the picture that the profile allows: baseline, dpi tag, nothing else. Raises `CannotFit`."""
    if spec.max_bytes is None:
        quality = max(spec.min_quality or 0, LARGE_QUALITY)
        return Encoded(_standard(picture, spec, quality), quality, 1)
    if spec.min_quality is None:
        return _fit_free(picture, spec, spec.max_bytes)
    return _fit_standard(picture, spec, spec.min_quality, spec.max_bytes)


def _standard(picture: Image.Image, spec: ProfileSpec, quality: int, *, subsampling: int = 2) -> bytes:
    out = BytesIO()
    optimise = spec.max_bytes is not None
    picture.save(
        out, "JPEG", quality=quality, subsampling=subsampling, optimize=optimise, dpi=(spec.dpi, spec.dpi)
    )
    return out.getvalue()


def _fit_standard(picture: Image.Image, spec: ProfileSpec, lowest: int, limit: int) -> Encoded:
    """The highest quality number of the standard's tables that fits, by a secant over whole numbers."""
    known: dict[int, bytes] = {}

    def size(quality: int) -> int:
        if quality not in known:
            known[quality] = _standard(picture, spec, quality)
        return len(known[quality])

    fits, breaks = lowest - 1, 101  # the answer lies between: fits < answer < breaks
    guess = min(100, max(lowest, 90))
    while breaks - fits > 1:
        if size(guess) <= limit:
            fits = guess
        else:
            breaks = guess
        guess = _next_quality({q: len(data) for q, data in known.items()}, fits, breaks, limit)
    if fits < lowest:
        raise CannotFit(size(lowest))
    best = known[fits]
    if len(best) < spec.min_bytes:
        # A very smooth picture: full colour resolution is the honest way to more bytes.
        finer = _standard(picture, spec, fits, subsampling=0)
        if not spec.min_bytes <= len(finer) <= limit:
            raise CannotFit(len(best))
        best = finer
    return Encoded(best, fits, len(known))


def _next_quality(sizes: dict[int, int], fits: int, breaks: int, limit: int) -> int:
    """Where the size meets the limit, if its logarithm is straight over that of the tables' coarseness."""
    below, above = sizes.get(fits), sizes.get(breaks)
    slope = STANDARD_SLOPE
    if below and above:
        run = math.log(coarseness(fits) / coarseness(breaks))
        slope = min(-0.1, math.log(below / above) / max(1e-9, run))
    if below:
        wanted = coarseness(fits) * math.exp(math.log(limit / below) / slope)
    elif above:
        wanted = coarseness(breaks) * math.exp(math.log(limit / above) / slope)
    else:
        return (fits + breaks) // 2
    guess = math.floor(quality_of(wanted) + 1e-6)
    return min(breaks - 1, max(fits + 1, guess))


def coarseness(quality: int) -> float:
    """By how many per cent libjpeg's quality number scales the standard's tables; 100 is taken as 0.5."""
    return 5000 / quality if quality < 50 else max(0.5, 200 - 2 * quality)


def quality_of(per_cent: float) -> float:
    """The quality number, as a fraction, that scales the tables to so many per cent."""
    return 5000 / per_cent if per_cent > 100 else 100 - per_cent / 2


def _free_tables(scale: float) -> list[list[int]]:
    return [
        [min(255, max(1, round(value * part))) for value in FINE_TABLE] for part in (scale, scale * COLOUR)
    ]


def _free(picture: Image.Image, spec: ProfileSpec, scale: float) -> bytes:
    out = BytesIO()
    picture.save(
        out, "JPEG", qtables=_free_tables(scale), subsampling=2, optimize=True, dpi=(spec.dpi, spec.dpi)
    )
    return out.getvalue()


def _fit_free(picture: Image.Image, spec: ProfileSpec, limit: int) -> Encoded:
    """The finest scale of the tables that fits, by a secant over logarithms; the scale may be any fraction."""
    best, best_scale, tries = b"", 0.0, 0

    def measure(scale: float) -> float:
        nonlocal best, best_scale, tries
        data = _free(picture, spec, scale)
        tries += 1
        if len(best) < len(data) <= limit:
            best, best_scale = data, scale
        return math.log(len(data))

    def is_enough() -> bool:
        return len(best) >= limit * (FILLED if tries < FEW_TRIES else FILLED_LATER)

    _search(measure, math.log(limit * (1 + FILLED) / 2), is_enough)
    if not best:
        measure(COARSEST)
    if not best or len(best) < spec.min_bytes:
        raise CannotFit(len(best))
    return Encoded(best, round(100 * best_scale, 2), tries)


def _search(measure: Callable[[float], float], goal: float, is_enough: Callable[[], bool]) -> None:
    """Move the scale until the size is at its goal: along the slope to both sides of it, then between the two nearest.

    Tables are whole numbers, so sizes come in steps: what lies between the two nearest may not be hit exactly.
    """
    above: Point | None = None  # the coarsest scale whose file is too large
    below: Point | None = None  # the finest whose file is at the goal or smaller
    x, slope = math.log(FIRST_SCALE), SLOPE
    last: Point | None = None
    for _try in range(MOST_TRIES):
        x = min(math.log(COARSEST), max(math.log(FINEST), x))
        if last and abs(x - last[0]) < 1e-4:
            return
        y = measure(math.exp(x))
        if is_enough():
            return
        if y > goal:
            above = (x, y) if above is None or x > above[0] else above
        else:
            below = (x, y) if below is None or x < below[0] else below
        if above and below:
            across = below[0] - above[0]
            if across < 1e-3:
                return
            share = (above[1] - goal) / max(1e-9, above[1] - below[1])
            step = above[0] + across * min(0.9, max(0.1, share))
        else:
            if last and (y - last[1]) / (x - last[0]) < -0.1:
                slope = (y - last[1]) / (x - last[0])
            step = x + (goal - y) / slope
        last, x = (x, y), step
