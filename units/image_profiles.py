"""The image profiles a campaign starts with (design §4) and how one changes: by a new version, never in place."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from units.errors import CampaignClosed
from units.models import Campaign, CampaignState, ImageProfile, ProfileName
from units.permissions import require_staff

BACKGROUNDS = [[100, 197, 255], [255, 255, 255], [240, 240, 240]]
# Half of the registration image in each direction; and what the national degree centre asked of small images in 2009.
SMALL_SIZES = {"240x320": (240, 320), "150x210": (150, 210)}
# What a version holds; everything else is its place in the campaign.
MEASURES = (
    "width", "height", "min_bytes", "max_bytes", "min_quality", "dpi", "backgrounds", "hairline_min", "hairline_max",
    "eyes_min", "eyes_max", "face_min", "face_max", "checks", "source",
)  # fmt: skip


class UnknownSmallSize(DomainError):
    code = "unknown_small_size"
    message = _("The small image is 240x320 or 150x210, not %(size)s.")


class NothingChanged(DomainError):
    code = "nothing_changed"
    message = _("No value differs from the present version.")


def default_profiles(small: str = "240x320") -> dict[str, dict[str, Any]]:
    """Name → values of the three profiles of the 2018 notice and the national standard of 2017."""
    if small not in SMALL_SIZES:
        raise UnknownSmallSize(size=small)
    width, height = SMALL_SIZES[small]
    return {
        ProfileName.SMALL: {
            "width": width,
            "height": height,
            "max_bytes": 8192,
            "backgrounds": BACKGROUNDS,
            "source": "通知二.3（8K）" if small == "240x320" else "通知二.3（8K）；学位中心 2009",
        },
        ProfileName.REGISTRATION: {
            "width": 480,
            "height": 640,
            "min_bytes": 20_480,
            "max_bytes": 40_000,
            "min_quality": 60,
            "dpi": 300,
            "backgrounds": BACKGROUNDS,
            "hairline_min": 50,
            "hairline_max": 110,
            "eyes_min": 200,
            "eyes_max": 300,
            "face_min": 180,
            "face_max": 300,
            "source": "教毕指〔2017〕99号",
        },
        ProfileName.LARGE: {
            "width": 1200,
            "height": 1600,
            "backgrounds": BACKGROUNDS,
            "source": "通知二.3（竖版大尺寸）",
        },
    }


def make_profiles(campaign: Campaign, small: str = "240x320") -> list[ImageProfile]:
    """Version 1 of each default profile, in the caller's transaction."""
    return [
        ImageProfile.objects.create(campaign=campaign, name=name, **values)
        for name, values in default_profiles(small).items()
    ]


def current_profiles(campaign: Campaign) -> list[ImageProfile]:
    """The newest version of each name, in the order small, registration, large."""
    newest: dict[str, ImageProfile] = {}
    for profile in ImageProfile.objects.filter(campaign=campaign).order_by("version"):
        newest[profile.name] = profile
    return [newest[name] for name in ProfileName.values if name in newest]


def measures_of(profile: ImageProfile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in MEASURES}


@transaction.atomic
def change_profile(*, profile: ImageProfile, by: User, **changes: Any) -> ImageProfile:
    """Write the next version with `changes` (names of `MEASURES`); pictures made to older versions keep them.

    Raises `CampaignClosed`, `NothingChanged`; the new values go through the model's own checks (`ValidationError`).
    """
    require_staff(by)
    campaign = Campaign.objects.select_for_update().get(pk=profile.campaign_id)
    if campaign.state == CampaignState.CLOSED:
        raise CampaignClosed(campaign=campaign)
    before = measures_of(profile)
    after = {**before, **{name: changes[name] for name in MEASURES if name in changes}}
    differing = [name for name in MEASURES if before[name] != after[name]]
    if not differing:
        raise NothingChanged()
    last = _last_version(campaign, profile.name)
    fresh = ImageProfile(campaign=campaign, name=profile.name, version=last + 1, **after)
    fresh.full_clean()
    fresh.save()
    record(
        fresh,
        "profile_changed",
        by=by,
        old=f"v{profile.version}",
        new=f"v{fresh.version}",
        data={name: [before[name], after[name]] for name in differing},
    )
    return fresh


def _last_version(campaign: Campaign, name: str) -> int:
    found = ImageProfile.objects.filter(campaign=campaign, name=name).aggregate(last=Max("version"))
    return found["last"] or 0


def copy_profiles(source: Campaign, target: Campaign) -> list[ImageProfile]:
    """The newest version of each profile of `source` becomes version 1 in `target`."""
    copies: Sequence[ImageProfile] = [
        ImageProfile(campaign=target, name=profile.name, version=1, **measures_of(profile))
        for profile in current_profiles(source)
    ]
    return ImageProfile.objects.bulk_create(copies)
