"""The people of drawn portraits: what each seed makes of a head, and where its parts lie on the canvas."""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

FRAME_WIDTH, FRAME_HEIGHT = 480, 640

Point = tuple[float, float]
Colour = tuple[int, int, int]

SKINS: tuple[Colour, ...] = (
    (236, 200, 172),
    (228, 188, 158),
    (219, 176, 145),
    (205, 160, 128),
    (190, 144, 112),
)
HAIRS: tuple[Colour, ...] = ((22, 20, 22), (30, 25, 24), (40, 31, 27), (56, 42, 34), (70, 66, 66))
SUITS: tuple[Colour, ...] = ((26, 28, 36), (32, 34, 40), (24, 30, 50), (44, 44, 48), (38, 32, 34))
TIES: tuple[Colour, ...] = ((110, 24, 34), (30, 44, 92), (52, 60, 66), (76, 40, 84), (20, 70, 66))


@dataclass(frozen=True)
class Faults:
    """What is deliberately wrong with a picture, so that each check has something to find."""

    tilt: float = 0.0  # degrees, clockwise
    shift_x: float = 0.0  # of the frame's 480
    shift_y: float = 0.0  # of the frame's 640
    scale: float = 1.0  # of the head
    gradient: float = 0.0  # 0.1: the background loses 10 % of its light from left to right
    brightness: float = 1.0
    blur: float = 0.0  # radius at 480 wide
    glare: bool = False  # a burnt-out patch on the forehead
    nobody: bool = False


@dataclass(frozen=True)
class Person:
    skin: Colour
    hair: Colour
    suit: Colour
    tie: Colour
    width: float  # of the face at the cheeks
    long: float  # height of the head to its width
    jaw: float
    eye_line: float
    centre: float
    eye_gap: float  # of the width
    eye_size: float
    eye_open: float
    brow_lift: float
    brow_weight: float
    brow_arch: float
    nose: float
    mouth: float
    lips: float
    style: str  # short, parted, long, bun
    fringe: float
    glasses: bool
    has_tie: bool
    light: float  # which side the light is on, -1 to 1
    tilt: float


def invent_person(rng: random.Random, faults: Faults) -> Person:
    style = rng.choices(["short", "parted", "long", "bun"], [30, 20, 30, 20])[0]
    person = Person(
        skin=vary(rng, rng.choice(SKINS), 8),
        hair=vary(rng, rng.choice(HAIRS), 6),
        suit=vary(rng, rng.choice(SUITS), 5),
        tie=vary(rng, rng.choice(TIES), 12),
        width=rng.uniform(212, 252),
        long=rng.uniform(1.30, 1.40),
        jaw=rng.uniform(0.72, 0.86),
        eye_line=rng.uniform(238, 266),
        centre=240 + rng.uniform(-6, 6),
        eye_gap=rng.uniform(0.425, 0.465),
        eye_size=rng.uniform(0.195, 0.225),
        eye_open=rng.uniform(0.36, 0.46),
        brow_lift=rng.uniform(0.105, 0.13),
        brow_weight=rng.uniform(0.026, 0.044),
        brow_arch=rng.uniform(0.01, 0.035),
        nose=rng.uniform(0.85, 1.15),
        mouth=rng.uniform(0.32, 0.40),
        lips=rng.uniform(0.85, 1.25),
        style=style,
        fringe=rng.uniform(0.0, 1.0),
        glasses=rng.random() < 0.12,
        has_tie=style in ("short", "parted") and rng.random() < 0.8,
        light=rng.uniform(-1, 1),
        tilt=rng.uniform(-1.2, 1.2),
    )
    return replace(
        person,
        tilt=person.tilt + faults.tilt,
        width=person.width * faults.scale,
        centre=person.centre + faults.shift_x,
        eye_line=person.eye_line + faults.shift_y,
    )


def vary(rng: random.Random, colour: Colour, by: int) -> Colour:
    shift = rng.randint(-by, by)
    red, green, blue = (max(0, min(255, part + shift + rng.randint(-2, 2))) for part in colour)
    return red, green, blue


class Frame:
    """From coordinates of the person (origin between the eyes, unit = width of the face) to pixels of the canvas."""

    def __init__(self, canvas: tuple[int, int], zoom: float, person: Person, faults: Faults) -> None:
        self.canvas = canvas
        self.scale = canvas[0] / FRAME_WIDTH * zoom
        # The frame is centred on the canvas, so a taller picture has room above and below.
        self.left = (canvas[0] - FRAME_WIDTH * self.scale) / 2
        self.top = (canvas[1] - FRAME_HEIGHT * self.scale) / 2
        self.person = person
        angle = math.radians(person.tilt)
        self.cos, self.sin = math.cos(angle), math.sin(angle)
        self.unit = person.width * self.scale

    def head(self, x: float, y: float) -> Point:
        """A point of the head; it leans with the tilt around the middle of the eyes."""
        x, y = x * self.cos - y * self.sin, x * self.sin + y * self.cos
        return self.body(x, y)

    def body(self, x: float, y: float) -> Point:
        person = self.person
        return (
            self.left + (person.centre + x * person.width) * self.scale,
            self.top + (person.eye_line + y * person.width) * self.scale,
        )

    def ellipse(
        self, x: float, y: float, a: float, b: float, *, turn: float = 0.0, square: float = 2.0
    ) -> list[Point]:
        """An ellipse of the head as a polygon; `square` above 2 makes it fuller."""
        cos, sin = math.cos(turn), math.sin(turn)
        points = []
        for step in range(48):
            angle = step * math.tau / 48
            c, s = math.cos(angle), math.sin(angle)
            u = a * math.copysign(abs(c) ** (2 / square), c)
            v = b * math.copysign(abs(s) ** (2 / square), s)
            points.append(self.head(x + u * cos - v * sin, y + u * sin + v * cos))
        return points

    def curve(self, points: Iterable[Point]) -> list[Point]:
        return [self.head(x, y) for x, y in points]


def darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue


def head_top(person: Person) -> float:
    """The top of the skull above the eye line, in widths of the face."""
    return -person.long * 0.50


def outline(person: Person) -> list[Point]:
    """The face without hair: a round skull, cheeks, a jaw that narrows to the chin."""
    points: list[Point] = []
    top, chin = head_top(person), person.long * 0.50
    for step in range(64):
        angle = step * math.tau / 64
        c, s = math.cos(angle), math.sin(angle)
        if s < 0:
            points.append((0.5 * c, -top * s))
        else:
            narrow = 1 - (1 - person.jaw) * s**1.6 * 0.9
            points.append((0.5 * math.copysign(abs(c) ** 0.86, c) * narrow, chin * s**0.92))
    return points
