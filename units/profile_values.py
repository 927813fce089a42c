"""What is wrong with the values of an image profile, field by field, in words for whoever enters them."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from units.hooks import problems_of_bounds

if TYPE_CHECKING:
    from units.models import ImageProfile


def problems_of_profile(profile: "ImageProfile") -> dict[str, list[str]]:
    """Field → sentences; empty when pictures can be made and checked by this profile."""
    found: dict[str, list[str]] = {}
    if not _are_colours(profile.backgrounds):
        text = _(
            "Give a list of colours, each of three whole numbers from 0 to 255, such as [[100,197,255]]."
        )
        found["backgrounds"] = [text]
    # Lines lie below the upper edge, the face lies between the sides.
    for name, limit in (("hairline", profile.height), ("eyes", profile.height), ("face", profile.width)):
        low, high = getattr(profile, f"{name}_min"), getattr(profile, f"{name}_max")
        if problem := _pair_problem(low, high, limit):
            found[f"{name}_max"] = [problem]
    if problems := problems_of_bounds(profile):
        found["checks"] = problems
    return found


def _are_colours(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(colour, list)
        and len(colour) == 3
        and all(type(part) is int and 0 <= part <= 255 for part in colour)
        for colour in value
    )


def _pair_problem(low: int | None, high: int | None, limit: int | None) -> str:
    if (low is None) != (high is None):
        return _("Give both bounds or neither.")
    if low is None or high is None:
        return ""
    if low >= high:
        return _("The upper bound must be larger than the lower one.")
    if limit is not None and high > limit:
        return _("The bound lies outside the picture, which ends at %(limit)d.") % {"limit": limit}
    return ""
