"""The vector shapes of a drawn portrait: hair, suit, face, eyes, brows, mouth, glasses."""

import math
import random

from PIL import ImageDraw

from students.portrait_people import Frame, Person, Point, darker, head_top, outline


def draw_person(draw: ImageDraw.ImageDraw, frame: Frame, person: Person) -> None:
    if person.style in ("long", "bun"):
        _draw_hair_behind(draw, frame, person)
    _draw_neck_and_suit(draw, frame, person)
    skin = person.skin
    for side in (-1, 1):
        draw.polygon(frame.ellipse(side * 0.505, 0.06, 0.055, 0.15), fill=darker(skin, 0.93))
    draw.polygon(frame.curve(outline(person)), fill=skin)
    _draw_hair(draw, frame, person)


def _draw_hair_behind(draw: ImageDraw.ImageDraw, frame: Frame, person: Person) -> None:
    top = head_top(person)
    dark = darker(person.hair, 0.8)
    if person.style == "bun":
        draw.polygon(frame.ellipse(0, -0.12, 0.545, -top + 0.0, square=2.1), fill=dark)
        return
    outline: list[Point] = []
    for step in range(33):
        angle = math.pi + step * math.pi / 32
        outline.append((0.60 * math.cos(angle), -0.02 + (-top + 0.06) * math.sin(angle)))
    outline += [(0.63, 0.4), (0.60, 0.95), (0.40, 1.12), (-0.40, 1.12), (-0.60, 0.95), (-0.63, 0.4)]
    draw.polygon(frame.curve(outline), fill=dark)


def _draw_neck_and_suit(draw: ImageDraw.ImageDraw, frame: Frame, person: Person) -> None:
    body, skin, suit = frame.body, person.skin, person.suit
    collar = person.long * 0.5 + 0.14
    draw.polygon(
        [body(-0.29, 0.3), body(0.29, 0.3), body(0.33, collar + 0.35), body(-0.33, collar + 0.35)],
        fill=darker(skin, 0.84),
    )
    shoulders = [(-1.6, 4.0), (-1.15, collar + 0.36), (-0.85, collar + 0.22), (-0.36, collar - 0.01)]
    right = [(-x, y) for x, y in reversed(shoulders)]
    shirt = (240, 240, 244)
    draw.polygon([body(*p) for p in [*shoulders, (0.0, collar + 0.5), *right]], fill=suit)
    draw.polygon(
        [body(-0.34, collar), body(0, collar + 1.1), body(0.34, collar), body(0, collar + 0.30)], fill=shirt
    )
    if person.has_tie:
        draw.polygon(
            [
                body(-0.06, collar + 0.24),
                body(0.06, collar + 0.24),
                body(0.11, collar + 1.2),
                body(-0.11, collar + 1.2),
            ],
            fill=person.tie,
        )
    else:
        draw.polygon(
            [body(-0.22, collar), body(0, collar + 0.52), body(0.22, collar)], fill=darker(skin, 0.9)
        )
    for side in (-1, 1):
        draw.polygon(
            [
                body(side * 0.34, collar - 0.06),
                body(side * 0.30, collar + 0.16),
                body(side * 0.04, collar + 0.34),
            ]
            + ([body(side * 0.16, collar + 0.44)] if person.has_tie else [body(side * 0.2, collar + 0.56)]),
            fill=shirt,
        )
        lapel = [
            (0.36, collar),
            (0.62, collar + 0.55),
            (0.46, collar + 0.62),
            (0.5, collar + 0.78),
            (0.0, collar + 1.7),
        ]
        draw.polygon([body(side * x, y) for x, y in [*lapel, (0.30, collar + 0.16)]], fill=darker(suit, 1.18))
        draw.line(
            [body(side * 0.62, collar + 0.55), body(side * 0.46, collar + 0.62)],
            fill=darker(suit, 0.6),
            width=3,
        )


def _draw_hair(draw: ImageDraw.ImageDraw, frame: Frame, person: Person) -> None:
    """The hair on top and at the sides, leaving forehead, brows and eyes free, then some strands in it."""
    top = head_top(person)
    volume = 0.055 if person.style != "bun" else 0.03
    side_end = {"short": -0.02, "parted": 0.02, "long": 0.55, "bun": -0.10}[person.style]
    outer: list[Point] = []
    for step in range(41):
        angle = math.pi + step * math.pi / 40
        outer.append((0.555 * math.cos(angle), -0.06 + (-top + volume - 0.06) * math.sin(angle)))
    outer = [(-0.545, side_end), *outer, (0.545, side_end)]
    line = top * 0.60 + 0.05 * person.fringe  # where the hair begins on the forehead
    part = -0.16 if person.style == "parted" else 0.0
    inner = [
        (0.47, side_end),
        (0.465, -0.16),
        (0.40, line * 0.72),
        (0.24, line * 0.98),
        (part, line * (1.12 if part else 1.02)),
    ]
    inner += [(-0.24, line), (-0.40, line * 0.72), (-0.465, -0.16), (-0.47, side_end)]
    draw.polygon(frame.curve([*outer, *inner]), fill=person.hair)
    rng = random.Random(f"strands-{person.width}")
    for _strand in range(130):
        start = rng.uniform(-1, 1)
        reach = rng.uniform(0.05, 0.3)
        x0, y0 = 0.5 * start, top * math.sqrt(max(0.0, 1 - (start * 0.95) ** 2)) - volume * 0.4
        x1, y1 = x0 * (1 + 0.2 * reach) + rng.uniform(-0.03, 0.03), y0 + reach * 0.65
        if abs(x1) < 0.44 and y1 > line * 1.05:
            y1 = line * 1.05
        if y1 <= y0:
            continue
        tone = darker(person.hair, rng.uniform(0.7, 1.9))
        draw.line([frame.head(x0, y0), frame.head(x1, y1)], fill=tone, width=max(1, round(frame.scale * 0.7)))


def draw_sharp_parts(draw: ImageDraw.ImageDraw, frame: Frame, person: Person) -> None:
    """Eyes, brows, nostrils and mouth: drawn after the shading, so that they keep their contrast."""
    rng = random.Random(f"details-{person.width}-{person.tilt}")
    pixel = max(1, round(frame.scale * 0.9))
    for side in (-1, 1):
        _draw_eye(draw, frame, person, side, pixel)
        _draw_brow(draw, frame, person, side, rng)
        nostril = frame.ellipse(side * 0.058 * person.nose, 0.345, 0.026, 0.013, turn=side * 0.3)
        draw.polygon(nostril, fill=darker(person.skin, 0.42))
        wing = [
            (side * 0.105 * person.nose, 0.28),
            (side * 0.122 * person.nose, 0.325),
            (side * 0.095 * person.nose, 0.352),
        ]
        draw.line(frame.curve(wing), fill=darker(person.skin, 0.68), width=pixel)
    _draw_mouth(draw, frame, person, pixel)
    if person.glasses:
        _draw_glasses(draw, frame, person)


def _draw_eye(draw: ImageDraw.ImageDraw, frame: Frame, person: Person, side: int, pixel: int) -> None:
    x, a = side * person.eye_gap / 2, person.eye_size / 2
    b = a * person.eye_open
    lid = darker(person.skin, 0.78)
    draw.polygon(frame.ellipse(x, -0.008, a * 1.12, b * 1.35), fill=lid)
    draw.polygon(frame.ellipse(x, 0.0, a, b, square=1.8), fill=(232, 230, 228))
    iris = (52, 36, 28)
    draw.polygon(frame.ellipse(x, -b * 0.06, b * 1.02, b * 0.98), fill=iris)
    draw.polygon(frame.ellipse(x, -b * 0.06, b * 0.5, b * 0.5), fill=(12, 10, 10))
    draw.polygon(frame.ellipse(x - b * 0.28, -b * 0.36, b * 0.16, b * 0.16), fill=(250, 250, 250))
    lash = [
        (x + a * 1.06 * t, 0.004 - b * 1.10 * (1 - t * t) ** 0.7)
        for t in (-1, -0.8, -0.5, -0.2, 0.1, 0.4, 0.7, 1)
    ]
    draw.line(frame.curve(lash), fill=(28, 22, 22), width=round(pixel * 2.4), joint="curve")
    under = [(x + a * t, 0.006 + b * 0.98 * (1 - t * t) ** 0.7) for t in (-0.9, -0.5, 0, 0.5, 0.9)]
    draw.line(frame.curve(under), fill=darker(person.skin, 0.6), width=pixel, joint="curve")
    fold = [
        (x + a * 1.1 * t, -b * 0.75 - b * 1.05 * (1 - t * t) ** 0.6) for t in (-1, -0.6, -0.2, 0.2, 0.6, 1)
    ]
    draw.line(frame.curve(fold), fill=darker(person.skin, 0.66), width=pixel, joint="curve")


def _draw_brow(
    draw: ImageDraw.ImageDraw, frame: Frame, person: Person, side: int, rng: random.Random
) -> None:
    x, lift, weight = side * person.eye_gap / 2, -person.brow_lift, person.brow_weight
    steps = [-1, -0.6, -0.2, 0.2, 0.6, 1]
    upper = [(x + 0.135 * t, lift - weight * 0.6 - person.brow_arch * (1 - t * t)) for t in steps]
    lower = [
        (x + 0.135 * t, lift + weight * 0.6 * (1 - 0.5 * max(0, t * side)) - person.brow_arch * (1 - t * t))
        for t in steps
    ]
    tone = darker(person.hair, 1.35)
    draw.polygon(frame.curve([*upper, *reversed(lower)]), fill=tone)
    for _hair in range(26):
        t = rng.uniform(-1, 1)
        y = lift - person.brow_arch * (1 - t * t) + rng.uniform(-0.9, 0.9) * weight
        ends = [(x + 0.135 * t, y), (x + 0.135 * t + side * 0.025, y - 0.012)]
        draw.line(
            frame.curve(ends),
            fill=darker(tone, rng.uniform(0.6, 1.3)),
            width=max(1, round(frame.scale * 0.6)),
        )


def _draw_mouth(draw: ImageDraw.ImageDraw, frame: Frame, person: Person, pixel: int) -> None:
    half, y, lips = person.mouth / 2, 0.47, 0.030 * person.lips
    red = tuple(round(a * 0.45 + b * 0.55) for a, b in zip((176, 74, 78), person.skin, strict=True))
    upper = [(-half, y), (-half * 0.4, y - lips), (-half * 0.14, y - lips * 1.15), (0, y - lips * 0.9)]
    upper += [(half * 0.14, y - lips * 1.15), (half * 0.4, y - lips), (half, y), (0, y + lips * 0.3)]
    draw.polygon(frame.curve(upper), fill=darker((red[0], red[1], red[2]), 0.86))
    lower = [(-half, y), (0, y + lips * 0.2), (half, y), (half * 0.55, y + lips * 1.05), (0, y + lips * 1.4)]
    draw.polygon(frame.curve([*lower, (-half * 0.55, y + lips * 1.05)]), fill=(red[0], red[1], red[2]))
    line = [(-half * 1.04, y - 0.002), (-half * 0.5, y + lips * 0.12), (0, y + lips * 0.3)]
    line += [(half * 0.5, y + lips * 0.12), (half * 1.04, y - 0.002)]
    draw.line(frame.curve(line), fill=darker(person.skin, 0.36), width=pixel * 2, joint="curve")


def _draw_glasses(draw: ImageDraw.ImageDraw, frame: Frame, person: Person) -> None:
    tone, width = (40, 38, 42), max(2, round(frame.scale * 1.8))
    for side in (-1, 1):
        rim = frame.ellipse(side * (person.eye_gap / 2 + 0.005), 0.02, 0.165, 0.115, square=2.8)
        draw.line([*rim, rim[0]], fill=tone, width=width, joint="curve")
        draw.line(frame.curve([(side * 0.395, 0.0), (side * 0.5, -0.01)]), fill=tone, width=width)
    draw.line(frame.curve([(-0.06, 0.0), (0, -0.015), (0.06, 0.0)]), fill=tone, width=width, joint="curve")
