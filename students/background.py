"""The background, measured without any face library: its colour, how even it is, and how the light falls across it.

Looked at are the two upper corners and the two edges below them, away from hair and shoulders.
"""

from itertools import pairwise

import numpy as np

from students.check_bounds import Result, judged
from students.profiles import ProfileSpec

# An edge is followed down in blocks until one differs so much from the one above that hair or a shoulder begins.
EDGE_BLOCKS = 8
EDGE_END = 0.42  # of the height: the eye line and a little more
HAIR_BEGINS = 0.035


def background_results(pixels: np.ndarray, profile: ProfileSpec) -> list[Result]:
    """Colour, evenness and gradient of the background of an RGB picture (height, width, 3)."""
    patches = corner_patches(pixels)
    medians = [np.median(patch.reshape(-1, 3), axis=0) for patch in patches]
    results = []
    if profile.backgrounds:
        colour = np.mean(medians, axis=0)
        here = oklab(colour)
        wanted = oklab(np.array(profile.backgrounds, dtype=np.float32))
        distance = float(np.min(np.linalg.norm(wanted - here, axis=-1)))
        rgb = [round(float(part)) for part in colour]
        results.append(judged("background_colour", distance, profile, rgb=rgb))
    spread = max(_spread(patch) for patch in patches)
    results.append(judged("background_even", spread, profile))
    across, down = _fall(*medians), max(_fall_down(pixels, at_left) for at_left in (True, False))
    gradient = max(across, down)
    sides = {"across": round(across, 4), "down": round(down, 4)}
    return [*results, judged("background_gradient", gradient, profile, **sides)]


def corner_patches(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two upper corners, away from hair and shoulders, at about 20 samples across."""
    height, width = pixels.shape[:2]
    step = max(1, width // 240)
    rows = slice(int(height * 0.02), int(height * 0.16), step)
    left = pixels[rows, int(width * 0.02) : int(width * 0.16) : step]
    right = pixels[rows, int(width * 0.84) : int(width * 0.98) : step]
    return left, right


def _fall(one: np.ndarray, other: np.ndarray) -> float:
    """The share of its light that one of two colours lacks of the other's.

    Colours near the end of their range hide a falling light (blue at 255), so the strongest channel is left out.
    """
    sides = np.sort(np.array([one, other]), axis=1)[:, :2].mean(axis=1)
    return float(abs(sides[0] - sides[1]) / max(1.0, float(sides.max())))


def _fall_down(pixels: np.ndarray, at_left: bool) -> float:
    """How much light is lost (or gained) along one edge from the top down to where hair or shoulders begin."""
    height, width = pixels.shape[:2]
    step = max(1, width // 240)
    strip = (
        slice(int(width * 0.015), int(width * 0.07))
        if at_left
        else slice(int(width * 0.93), int(width * 0.985))
    )
    ends = np.linspace(height * 0.02, height * EDGE_END, EDGE_BLOCKS + 1).astype(int)
    colours: list[np.ndarray] = []
    for top, bottom in pairwise(ends):
        block = pixels[top:bottom:step, strip.start : strip.stop : step].reshape(-1, 3)
        if not len(block):
            break
        colour = np.median(block, axis=0)
        if colours and float(np.linalg.norm(oklab(colour) - oklab(colours[-1]))) > HAIR_BEGINS:
            break
        colours.append(colour)
    return max((_fall(colours[0], colour) for colour in colours), default=0.0)


def _spread(patch: np.ndarray) -> float:
    """How far blocks of the patch differ in Oklab: between the 5th and the 95th of a hundred, without pixel noise."""
    rows, columns = patch.shape[0] // 4 * 4, patch.shape[1] // 4 * 4
    if not rows or not columns:
        return 0.0
    blocks = patch[:rows, :columns].reshape(rows // 4, 4, columns // 4, 4, 3).mean(axis=(1, 3))
    values = oklab(blocks).reshape(-1, 3)
    low, high = np.percentile(values, [5, 95], axis=0)
    return float(np.linalg.norm(high - low))


def oklab(pixels: np.ndarray) -> np.ndarray:
    """sRGB bytes (…, 3) as Oklab (B. Ottosson): lightness 0 to 1 and two colour axes."""
    light = pixels.astype(np.float32) / 255.0
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(light @ _TO_LMS)
    return lms @ _TO_LAB


_TO_LMS = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ],
    dtype=np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ],
    dtype=np.float32,
)
