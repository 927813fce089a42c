"""What later apps want to be told of. They register in their `AppConfig.ready`; nothing here knows them."""

from collections.abc import Callable, Collection

from photocampus.models import User
from units.models import Campaign, ImageProfile

# Called in the transaction of the change with the campaign, the names of the changed fields, and the actor.
CampaignListener = Callable[[Campaign, Collection[str], User], None]
_listeners: list[CampaignListener] = []


def on_campaign_changed(listener: CampaignListener) -> CampaignListener:
    """Register a listener, such as the one that looks at routes again after a new threshold."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def campaign_changed(campaign: Campaign, fields: Collection[str], by: User) -> None:
    for listener in _listeners:
        listener(campaign, fields, by)


# Says what is wrong with the bounds of checks of an image profile that somebody enters, one sentence each. Its other
# values may be wrong, too.
BoundsJudge = Callable[[ImageProfile], list[str]]
_judges: list[BoundsJudge] = []


def on_bounds_entered(judge: BoundsJudge) -> BoundsJudge:
    """Register who knows the checks; the profile itself does not."""
    if judge not in _judges:
        _judges.append(judge)
    return judge


def problems_of_bounds(profile: ImageProfile) -> list[str]:
    return [problem for judge in _judges for problem in judge(profile)]
