"""What later apps want to be told of. They register in their `AppConfig.ready`; nothing here knows them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import models

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


@dataclass(frozen=True)
class Followers:
    """Rows of a later app that only follow the roster: nobody did anything with them, so they go with their graduates."""

    # How many rows of `model` these graduates (ids) have that left no trace.
    count: Callable[[Collection[int]], int]
    # Take just those away, in the transaction that takes the graduates away, under its lock.
    remove: Callable[[Collection[int], User | None], None]


_followers: dict[type[models.Model], Followers] = {}


def goes_with_graduates(model: type[models.Model], followers: Followers) -> None:
    """Register what an undone roster may take along; all other rows that refer to a graduate forbid it."""
    _followers[model] = followers


def followers_of(model: type[models.Model]) -> Followers | None:
    return _followers.get(model)


def remove_followers(graduate_ids: Collection[int], by: User | None) -> None:
    for followers in _followers.values():
        followers.remove(graduate_ids, by)
