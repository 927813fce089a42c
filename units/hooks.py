"""What later apps want to be told of. They register in their `AppConfig.ready`; nothing here knows them."""

from collections.abc import Callable, Collection

from photocampus.models import User
from units.models import Campaign

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
