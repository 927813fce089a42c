"""What waits for a person now (the start pages). Each app registers functions in its `waiting.py`.

A function gets a `Scope` and gives one `WaitingItem`, several, or nothing. Items with a count of 0 are not shown.
"""

import datetime as dt
import importlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from photocampus.models import User

# Deadline this near, or gone: the item is marked.
SOON = dt.timedelta(days=7)


@dataclass(frozen=True)
class Scope:
    """For whom to look. `unit` and `campaign` are rows of `units` (coordinators), `studio` and `campaign` for the studio;
    staff have the campaign only. `user` is who reads the page."""

    user: User
    today: dt.date
    campaign: Any
    unit: Any = None
    studio: Any = None


@dataclass(frozen=True)
class WaitingItem:
    """One line of the list: so many of this, to be done there. `urgency` is "now" (red), "soon" (amber) or ""."""

    label: str
    count: int
    url: str
    hint: str = ""
    urgency: str = ""
    step: int = 0


Finder = Callable[[Scope], "WaitingItem | Iterable[WaitingItem] | None"]
ScopeFinder = Callable[[User], "Iterable[Scope]"]


@dataclass(frozen=True)
class _Registered:
    order: int
    name: str
    find: Finder


_scopes: dict[str, ScopeFinder] = {}
_finders: dict[str, list[_Registered]] = {"unit": [], "studio": [], "staff": []}
_loaded = False


def waiting(*, role: str, order: int) -> Callable[[Finder], Finder]:
    """Register a finder for the start page of `role` ("unit", "studio", "staff"); `order` is the step, 1 to 12, times 10."""

    def register(find: Finder) -> Finder:
        _finders[role].append(_Registered(order, f"{find.__module__}.{find.__qualname__}", find))
        _finders[role].sort(key=lambda entry: (entry.order, entry.name))
        return find

    return register


def waiting_scopes(*, role: str) -> Callable[[ScopeFinder], ScopeFinder]:
    """Register the function that says for which units, studios and campaigns a user of `role` works now."""

    def register(find: ScopeFinder) -> ScopeFinder:
        _scopes[role] = find
        return find

    return register


def scopes_of(user: User) -> list[Scope]:
    """Everything this user works for now, the newest campaign first."""
    load_finders()
    find = _scopes.get(user.role)
    return list(find(user)) if find else []


def load_finders() -> None:
    """Import every app's `waiting` module, once."""
    global _loaded
    if _loaded:
        return
    for config in apps.get_app_configs():
        module = f"{config.name}.waiting"
        if config.name in ("units", "students", "sessions") and importlib.util.find_spec(module):
            importlib.import_module(module)
    _loaded = True


def urgency(deadline: dt.date | None, today: dt.date) -> str:
    """ "now" from the deadline's day on, "soon" in the week before, else ""."""
    if deadline is None or deadline - SOON > today:
        return ""
    return "now" if deadline <= today else "soon"


def waiting_items(role: str, scope: Scope) -> list[WaitingItem]:
    """All lines for this role and scope that count something, in the order of the steps."""
    load_finders()
    items: list[WaitingItem] = []
    for entry in _finders[role]:
        found = entry.find(scope)
        if found is None:
            continue
        for item in [found] if isinstance(found, WaitingItem) else found:
            if item.count:
                items.append(item)
    return items
