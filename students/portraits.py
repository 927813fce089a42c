"""Portraits drawn by the program, for the demonstration, the tests and the benchmarks.

Nobody is shown: each picture follows from its seed alone. A few vector shapes are drawn large and scaled down, light
and shade are multiplied on, sensor noise is added, so that size in bytes, edges and detection behave as with a camera.
What was drawn where is known to the pixel (`Portrait`), which is what geometry is tested against.
Coordinates inside this module are those of the national standard's frame: 480 wide, 640 high.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from students.portrait_drawing import draw_person, draw_sharp_parts
from students.portrait_people import Colour, Faults, Frame, Person, Point, head_top, invent_person, outline

LIGHT_BLUE = (100, 197, 255)
DRAWN_WIDTH = (
    1440  # shapes are drawn at most this wide: scaling from it to any size costs less than drawing there
)


Blob = tuple[float, float, float, float, float]  # x, y, half width, half height, strength


@dataclass(frozen=True)
class Portrait:
    """A drawn picture and where in it, in its own pixels, things are."""

    image: Image.Image
    left_eye: Point  # on the picture's left
    right_eye: Point
    face_width: float
    top_of_head: float
    tilt: float  # degrees, clockwise positive


def draw_portrait(
    seed: int,
    *,
    size: tuple[int, int] = (1200, 1600),
    background: Colour = LIGHT_BLUE,
    zoom: float = 1.0,
    faults: Faults | None = None,
) -> Portrait:
    """One person per seed, the same bytes for the same arguments. `zoom` under 1 leaves more room around the head."""
    faults = faults or Faults()
    person = invent_person(random.Random(f"portrait-{seed}"), faults)
    factor = min(1.0, DRAWN_WIDTH / size[0])
    canvas = (round(size[0] * factor), round(size[1] * factor))
    frame = Frame(canvas, zoom, person, faults)
    image = Image.new("RGB", canvas, background)
    if not faults.nobody:
        draw_person(ImageDraw.Draw(image), frame, person)
        lit = ImageChops.screen(
            ImageChops.multiply(image, _shade(frame, person)), _shine(frame, person, faults)
        )
        image.paste(lit, mask=_skin_mask(frame, person))
        draw_sharp_parts(ImageDraw.Draw(image), frame, person)
    if faults.gradient:
        image = ImageChops.multiply(image, _falling_light(frame, faults.gradient))
    if faults.blur:
        image = image.filter(ImageFilter.GaussianBlur(faults.blur * frame.scale))
    if faults.brightness != 1.0:
        image = image.point(lambda value: min(255, round(value * faults.brightness)))
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    image = _with_noise(image, seed)
    return _measured(image, frame, person, size[0] / canvas[0])


def portrait_jpeg(
    seed: int,
    *,
    size: tuple[int, int] = (1200, 1600),
    quality: int = 92,
    faults: Faults | None = None,
    zoom: float = 1.0,
) -> bytes:
    """A drawn portrait as a camera would store it."""
    out = BytesIO()
    image = draw_portrait(seed, size=size, faults=faults, zoom=zoom).image
    image.save(out, "JPEG", quality=quality, subsampling=1, dpi=(300, 300))
    return out.getvalue()


def _field(frame: Frame, blobs: Iterable[Blob], *, reduce: int = 6) -> np.ndarray:
    """Soft patches of light or shade, at a sixth of the canvas: they have no edges that would suffer."""
    width, height = (max(8, side // reduce) for side in frame.canvas)
    xs = (np.arange(width, dtype=np.float32) + 0.5) * frame.canvas[0] / width
    ys = (np.arange(height, dtype=np.float32) + 0.5) * frame.canvas[1] / height
    total = np.zeros((height, width), np.float32)
    for x, y, a, b, strength in blobs:
        px, py = frame.head(x, y)
        across = np.exp(-(((xs - px) / (a * frame.unit)) ** 2))
        down = np.exp(-(((ys - py) / (b * frame.unit)) ** 2))
        total += strength * down[:, None] * across[None, :]
    return total


def _as_layer(values: np.ndarray, canvas: tuple[int, int]) -> Image.Image:
    layer = Image.fromarray(np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8))
    layer = layer.resize(canvas, Image.Resampling.BICUBIC)
    return Image.merge("RGB", (layer, layer, layer))


def _skin_mask(frame: Frame, person: Person) -> Image.Image:
    """Where the shading falls: face, ears and neck, never the background, which must stay even."""
    mask = Image.new("L", frame.canvas)
    draw = ImageDraw.Draw(mask)
    collar = person.long * 0.5 + 0.14
    neck = [(-0.29, 0.3), (0.29, 0.3), (0.33, collar + 0.1), (0, collar + 0.5), (-0.33, collar + 0.1)]
    draw.polygon([frame.body(x, y) for x, y in neck], fill=255)
    draw.polygon(frame.curve(outline(person)), fill=255)
    for side in (-1, 1):
        draw.polygon(frame.ellipse(side * 0.505, 0.06, 0.055, 0.15), fill=255)
    return mask


def _falling_light(frame: Frame, by: float) -> Image.Image:
    width = max(8, frame.canvas[0] // 6)
    falling = np.linspace(1.0, 1.0 - by, width, dtype=np.float32)
    return _as_layer(np.repeat(falling[None, :], 8, axis=0), frame.canvas)


def _shade(frame: Frame, person: Person) -> Image.Image:
    gap, light = person.eye_gap / 2, person.light
    blobs: list[Blob] = []
    for side in (-1, 1):
        lit = 1.0 - 0.35 * light * side
        blobs += [
            (side * gap, -0.015, 0.115, 0.075, 0.30),  # the socket
            (side * gap * 0.42, -0.02, 0.05, 0.09, 0.20),  # beside the bridge of the nose
            (side * 0.50, 0.12, 0.13, 0.55, 0.26 * lit),  # the cheek turns away
            (side * 0.115 * person.nose, 0.29, 0.04, 0.06, 0.13),
            (side * 0.17, 0.45, 0.035, 0.08, 0.07),
        ]
    blobs += [
        (0, 0.375, 0.10, 0.025, 0.22),  # under the nose
        (0, 0.545, 0.14, 0.026, 0.17),  # under the lip
        (0, person.long * 0.5 + 0.10, 0.34, 0.11, 0.36),  # under the chin
        (0, head_top(person) * 0.62, 0.42, 0.06, 0.14),  # under the hair
    ]
    return _as_layer(1.0 - np.clip(_field(frame, blobs), 0, 0.8), frame.canvas)


def _shine(frame: Frame, person: Person, faults: Faults) -> Image.Image:
    side = -1 if person.light < 0 else 1
    blobs: list[Blob] = [
        (0, 0.14, 0.035, 0.14, 0.16),  # the bridge of the nose
        (0, 0.27, 0.045, 0.04, 0.13),
        (0, -0.30, 0.22, 0.10, 0.10),  # the forehead
        (side * 0.26, 0.20, 0.12, 0.09, 0.10),
        (-side * 0.26, 0.20, 0.12, 0.09, 0.06),
        (0, 0.60, 0.07, 0.05, 0.06),
    ]
    if faults.glare:
        blobs.append((0.05, -0.24, 0.22, 0.14, 1.6))
    return _as_layer(np.clip(_field(frame, blobs), 0, 1), frame.canvas)


@lru_cache(maxsize=1)
def _noise_tile() -> Image.Image:
    """Sensor noise around 128, a little soft as after demosaicing."""
    rng = np.random.default_rng(20180301)
    noise = rng.standard_normal((1024, 1024, 3), dtype=np.float32)
    noise = 0.6 * noise + 0.25 * np.roll(noise, 1, 0) + 0.25 * np.roll(noise, 1, 1)
    return Image.fromarray(np.clip(noise * 3.2 + 128.5, 0, 255).astype(np.uint8), "RGB")


def _with_noise(image: Image.Image, seed: int) -> Image.Image:
    rng = random.Random(f"noise-{seed}")
    tile = _noise_tile()
    if rng.random() < 0.5:
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    layer = Image.new("RGB", image.size)
    left, top = -rng.randrange(tile.width), -rng.randrange(tile.height)
    for x in range(left, image.width, tile.width):
        for y in range(top, image.height, tile.height):
            layer.paste(tile, (x, y))
    return ImageChops.add(image, layer, 1.0, -128)


def _measured(image: Image.Image, frame: Frame, person: Person, factor: float) -> Portrait:
    gap = person.eye_gap / 2
    left, right = frame.head(-gap, 0.0), frame.head(gap, 0.0)
    top = head_top(person) - (0.055 if person.style != "bun" else 0.03)
    if person.style == "long":
        top = min(top, head_top(person) - 0.08)
    crown = frame.head(0.0, top)[1]
    return Portrait(
        image=image,
        left_eye=(left[0] * factor, left[1] * factor),
        right_eye=(right[0] * factor, right[1] * factor),
        face_width=frame.unit * factor,
        top_of_head=crown * factor,
        tilt=person.tilt,
    )
