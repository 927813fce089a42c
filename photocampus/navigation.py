"""The main navigation: each app offers its pages in its `navigation.py`, the frame shows them in order."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from django.apps import apps
from django.http import HttpRequest


@dataclass(frozen=True)
class NavItem:
    """One link. Items with the same `section` stand together under its name; "" has no name."""

    label: str
    url: str
    icon: str = "next"
    section: str = ""
    count: int = 0
    active: bool = False


Provider = Callable[[HttpRequest], Iterable[NavItem]]
_providers: list[tuple[int, str, Provider]] = []
_loaded = False


def nav_items(order: int) -> Callable[[Provider], Provider]:
    """Register a function that gives the items for this request (its user, and the unit or studio in its address)."""

    def register(provide: Provider) -> Provider:
        _providers.append((order, f"{provide.__module__}.{provide.__qualname__}", provide))
        _providers.sort(key=lambda entry: entry[:2])
        return provide

    return register


def load_providers() -> None:
    """Import every app's `navigation` module, once."""
    global _loaded
    if _loaded:
        return
    _loaded = True
    for config in apps.get_app_configs():
        module = f"{config.name}.navigation"
        if config.name in ("units", "students", "sessions") and importlib.util.find_spec(module):
            importlib.import_module(module)


def navigation(request: HttpRequest) -> list[NavItem]:
    """The items for a logged-in user; the one with the longest address above the page's own is the active one."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return []
    load_providers()
    items = [item for _order, _name, provide in _providers for item in provide(request)]
    # Items of one section stand together, where the section's last item would stand; first those without a name.
    last = {item.section: place for place, item in enumerate(items)} | {"": -1}
    items.sort(key=lambda item: last[item.section])
    above = [item.url for item in items if request.path.startswith(item.url)]
    longest = max(above, key=len, default="")
    return [replace(item, active=item.url == longest) for item in items]
