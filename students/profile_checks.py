"""Whether a profile has a say in the checks that it names. A bound that nobody reads looks like one that holds.

Bytes and pixels of an image are its own profile's; everything else has its bounds in one profile of the campaign, the
one that gives eye line and face width (`rules_of`).
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from photocampus.lists import join_words
from students.check_bounds import problems_of
from students.filing import profiles_of, spec_of
from students.processing import claims_of_pixels, rules_of
from students.profiles import ProfileSpec, largest
from units.models import ImageProfile, ProfileName

BYTES = "bytes_"


def problems_of_checks(profile: ImageProfile) -> list[str]:
    """What is wrong with the `checks` of a profile that is being entered, one sentence each."""
    if problems := problems_of(profile.checks):
        return problems
    try:
        own = spec_of(profile)
    except TypeError:
        return []  # another value is no such value at all, and is refused beside its own field
    if not profile.campaign_id or not own.width or not own.height:
        return []
    before = profiles_of(profile.campaign).specs
    after = _with(own, before)
    return [*_idle_here(own, after), *_silenced(own, before, after)]


def home_of(check: str, profiles: Sequence[ProfileSpec], *, own: ProfileSpec) -> str:
    """The name of the profile that has a say in a check; `own` where it is one of several."""
    if check.startswith(BYTES):
        return check.removeprefix(BYTES)
    if check == "pixels":
        asking = [profile.name for profile, _severity in claims_of_pixels(profiles)]
        return own.name if own.name in asking else largest(profiles).name
    return rules_of(profiles).name


def _idle_here(own: ProfileSpec, profiles: Sequence[ProfileSpec]) -> list[str]:
    problems = []
    for check in own.checks:
        home = home_of(check, profiles, own=own)
        words = {"check": check, "profile": _label(home)}
        if home != own.name:
            text = _("%(check)s has no effect in this profile; enter it in the profile “%(profile)s”.")
            problems.append(text % words)
        elif not _is_measured(check, own):
            text = _("%(check)s has no effect: this profile says nothing that it could be measured against.")
            problems.append(text % words)
    return problems


def _is_measured(check: str, profile: ProfileSpec) -> bool:
    """Whether the profile gives what this check compares with."""
    against = {
        "eye_line": profile.eyes,
        "face_width": profile.face,
        "top_of_head": profile.hairline,
        "head_cut": profile.hairline,
        "background_colour": profile.backgrounds,
        f"{BYTES}{profile.name}": profile.max_bytes,
    }
    return bool(against.get(check, True))


def _silenced(own: ProfileSpec, before: Sequence[ProfileSpec], after: Sequence[ProfileSpec]) -> list[str]:
    """Other profiles that lose their say, such as when a second one gives eye line and face width."""
    problems = []
    for other in before:
        if other.name == own.name:
            continue
        lost = [
            check
            for check in other.checks
            if home_of(check, before, own=other) == other.name != home_of(check, after, own=other)
        ]
        if lost:
            text = _("With these values the profile “%(profile)s” would no longer have a say in: %(checks)s.")
            problems.append(text % {"profile": _label(other.name), "checks": join_words(lost)})
    return problems


def _with(own: ProfileSpec, profiles: Sequence[ProfileSpec]) -> list[ProfileSpec]:
    """The campaign's profiles as they would stand."""
    if own.name not in {profile.name for profile in profiles}:
        return [*profiles, own]
    return [own if profile.name == own.name else profile for profile in profiles]


def _label(name: str) -> str:
    return str(ProfileName(name).label)
