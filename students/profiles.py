"""What a picture must be: an image profile as plain values (design §4). The model `ImageProfile` converts to these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Bounds = tuple[int, int]
LIGHT_BLUE, WHITE, LIGHT_GREY = (100, 197, 255), (255, 255, 255), (240, 240, 240)


@dataclass(frozen=True)
class ProfileSpec:
    """One version of a profile. Geometry is in pixels of this profile; None means that the profile does not say."""

    name: str
    width: int
    height: int
    version: int = 1
    min_bytes: int = 0
    max_bytes: int | None = None
    min_quality: int | None = None  # of the standard's own tables; None leaves the tables free
    dpi: int = 300
    backgrounds: tuple[tuple[int, int, int], ...] = ()
    hairline: Bounds | None = None
    eyes: Bounds | None = None
    face: Bounds | None = None
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def shape(self) -> float:
        return self.width / self.height


# The standard of 2017 gives the geometry for 480 x 640; the other two sizes have the same shape and take it over.
SMALL = ProfileSpec("small", 240, 320, max_bytes=8192)
REGISTRATION = ProfileSpec(
    "registration",
    480,
    640,
    min_bytes=20_480,
    max_bytes=40_000,
    min_quality=60,
    backgrounds=(LIGHT_BLUE, WHITE, LIGHT_GREY),
    hairline=(50, 110),
    eyes=(200, 300),
    face=(180, 300),
)
LARGE = ProfileSpec("large", 1200, 1600)
DEFAULT_PROFILES = (SMALL, REGISTRATION, LARGE)


def with_geometry(profiles: Sequence[ProfileSpec]) -> ProfileSpec | None:
    """The profile whose geometry rules the crop and the checks: the first that gives eye line and face width."""
    return next((profile for profile in profiles if profile.eyes and profile.face), None)


def largest(profiles: Sequence[ProfileSpec]) -> ProfileSpec:
    return max(profiles, key=lambda profile: profile.width * profile.height)
