"""What a new portal still needs before a campaign can begin: a list on the admin's first page until all is there.

Each app registers its steps in its `going_live.py`.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.utils.functional import Promise


@dataclass(frozen=True)
class Step:
    label: str | Promise
    hint: str | Promise
    url: str
    is_done: bool


Finder = Callable[[], Iterable[Step]]
_finders: list[tuple[int, Finder]] = []
_loaded = False


def going_live(order: int) -> Callable[[Finder], Finder]:
    """Register a function that gives steps; lower orders stand first."""

    def register(find: Finder) -> Finder:
        _finders.append((order, find))
        _finders.sort(key=lambda entry: entry[0])
        return find

    return register


def steps_to_go_live() -> list[Step]:
    """All steps in order, done or not."""
    global _loaded
    if not _loaded:
        for config in apps.get_app_configs():
            module = f"{config.name}.going_live"
            if config.name in ("units", "students", "sessions") and importlib.util.find_spec(module):
                importlib.import_module(module)
        _loaded = True
    return [step for _order, find in _finders for step in find()]
