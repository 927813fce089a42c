"""Regular work: what is due by the clock rather than by a person's act. Every worker does it, one at a time.

A chore is one function, registered by name with the time between two rounds. It must be harmless when repeated or killed:
the row of `Chore` only keeps two workers from doing the same at once. `manage.py run_chores` does one round of all.
"""

import importlib
import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.apps import apps
from django.utils import timezone
from django.utils.functional import Promise

from photocampus.models import Chore

logger = logging.getLogger("photocampus.chores")
Work = Callable[[], int]


@dataclass(frozen=True)
class _Registered:
    name: str
    title: str | Promise
    every: timedelta
    work: Work


_chores: dict[str, _Registered] = {}


def chore(name: str, *, title: str | Promise, every: timedelta) -> Callable[[Work], Work]:
    """Register a function that does what is due now and returns how much that was; `title` is what staff read."""

    def register(work: Work) -> Work:
        _chores[name] = _Registered(name, title, every, work)
        return work

    return register


def load_chores() -> None:
    """Import every app's `chores` module, and this app's own work."""
    from photocampus import told_chores  # noqa: F401  (registers itself)

    for config in apps.get_app_configs():
        module = f"{config.name}.chores"
        if config.name in ("units", "students", "sessions") and importlib.util.find_spec(module):
            importlib.import_module(module)


def title_of_chore(name: str) -> str:
    """What the work is called; one that is no longer done keeps its name."""
    load_chores()
    return str(_chores[name].title) if name in _chores else name


def run_due_chores(*, all_of_them: bool = False) -> dict[str, int]:
    """Do what is due; returns name → how much was done. One that fails is logged and comes round again."""
    load_chores()
    done: dict[str, int] = {}
    for entry in list(_chores.values()):
        if not (all_of_them or _claim(entry)):
            continue
        try:
            done[entry.name] = entry.work()
        except Exception:
            logger.exception("regular work “%s” failed", entry.name)
    return done


def _claim(entry: _Registered) -> bool:
    """One UPDATE decides between two workers."""
    now = timezone.now()
    Chore.objects.get_or_create(name=entry.name, defaults={"due_at": now})
    due = Chore.objects.filter(name=entry.name, due_at__lte=now)
    return bool(due.update(due_at=now + entry.every))
