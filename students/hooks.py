"""What later apps want to be told of. They register in their `AppConfig.ready`; nothing here knows them."""

from collections.abc import Callable, Collection

from photocampus.models import User
from units.models import Campaign

# Called in the transaction of the change with the campaign, the ids of the units whose people changed, and the actor.
RosterListener = Callable[[Campaign, Collection[int], User | None], None]
_roster_listeners: list[RosterListener] = []


def on_roster_changed(listener: RosterListener) -> RosterListener:
    """Register a listener; it must be quick, and set-based for many units."""
    if listener not in _roster_listeners:
        _roster_listeners.append(listener)
    return listener


def roster_changed(campaign: Campaign, unit_ids: Collection[int], by: User | None) -> None:
    """Tell everybody that people of these units came, left or changed their category, state or exemption."""
    for listener in _roster_listeners:
        listener(campaign, unit_ids, by)
