"""From one decoded picture to the files that a campaign wants: cropped by the face, reduced, and written as JPEG.

Same original, same profile, same `MADE_WITH`: same bytes. Nothing here looks at a clock or at an earlier picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import PIL
from PIL import Image, features

from students.faces import Face
from students.profiles import ProfileSpec

VERSION = 1
MADE_WITH = (
    f"{VERSION}/pillow {PIL.__version__}/jpeg {features.version('libjpeg_turbo') or features.version('jpg')}"
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
FILLED = 0.994  # of the limit: good enough to stop
MOST_TRIES = 8
FIRST_SCALE = 0.55  # of the tables: where an ordinary portrait ends
SLOPE = -0.62  # of log(bytes) over log(scale): only the first guess uses it
COARSEST = 6.0

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


def size_without_enlarging(box: Box, spec: ProfileSpec, reduced: int) -> tuple[int, int]:
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
    """Where the size meets the limit: between the two nearest measured qualities, else by halves."""
    below, above = sizes.get(fits), sizes.get(breaks)
    if below and above:
        share = (math.log(limit) - math.log(below)) / max(1e-9, math.log(above) - math.log(below))
        # Files grow faster and faster with the number, so the straight line is a little too careful.
        guess = fits + int((breaks - fits) * min(0.95, max(0.05, share**0.9)) + 0.5)
    elif below:
        guess = fits + max(1, round(4 * (limit / below - 0.9)))
    elif above:
        guess = breaks - max(1, round(12 * math.log(above / limit) / math.log(2) * 1.6))
    else:
        guess = (fits + breaks) // 2
    return min(breaks - 1, max(fits + 1, guess))


def _free_tables(scale: float) -> list[list[int]]:
    table = [min(255, max(1, round(value * scale))) for value in MOZJPEG_TABLE]
    return [table, table]


def _free(picture: Image.Image, spec: ProfileSpec, scale: float) -> bytes:
    out = BytesIO()
    picture.save(
        out, "JPEG", qtables=_free_tables(scale), subsampling=2, optimize=True, dpi=(spec.dpi, spec.dpi)
    )
    return out.getvalue()


def _fit_free(picture: Image.Image, spec: ProfileSpec, limit: int) -> Encoded:
    """The finest scale of mozjpeg's tables that fits, by a secant over logarithms; the scale may be any fraction."""
    best, best_scale, tries = b"", 0.0, 0

    def measure(scale: float) -> float:
        nonlocal best, best_scale, tries
        data = _free(picture, spec, scale)
        tries += 1
        if len(best) < len(data) <= limit:
            best, best_scale = data, scale
        return math.log(len(data))

    goal = math.log(limit * (1 + FILLED) / 2)
    _search(measure, goal, lambda: len(best) >= limit * FILLED)
    if not best:
        measure(COARSEST)
    if not best or len(best) < spec.min_bytes:
        raise CannotFit(len(best))
    return Encoded(best, round(100 * best_scale, 2), tries)


def _search(measure: Callable[[float], float], goal: float, is_enough: Callable[[], bool]) -> None:
    """Move the scale until the size is at its goal: secant steps, kept between the nearest sizes on both sides."""
    finest, coarsest = math.log(0.01), math.log(COARSEST)
    x = math.log(FIRST_SCALE)
    y = measure(math.exp(x))
    slope = SLOPE
    for _try in range(MOST_TRIES - 1):
        if is_enough():
            return
        if y > goal:
            finest = max(finest, x)
        else:
            coarsest = min(coarsest, x)
        step = x + (goal - y) / slope
        if not finest < step < coarsest:
            step = (finest + coarsest) / 2
        if coarsest - finest < 1e-4:
            return
        new = measure(math.exp(step))
        if abs(step - x) > 1e-6 and (new - y) / (step - x) < -0.1:
            slope = (new - y) / (step - x)
        x, y = step, new
