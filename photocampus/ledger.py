"""Checks that what is stored agrees with the facts it was derived from (design §6).

Each app puts its checks into a module `ledger` and registers them with `ledger_check`. A check yields one
sentence per disagreement and writes nothing. The sentences name rows by their keys, never a person's numbers.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model, OuterRef, QuerySet, Subquery

from photocampus.events import subject_type
from photocampus.models import Event

Check = Callable[[], Iterable[str]]
_checks: dict[str, Check] = {}


@dataclass(frozen=True)
class Disagreement:
    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.text}"


def ledger_check(name: str) -> Callable[[Check], Check]:
    """Register a check under a name that stands before each of its findings."""

    def register(check: Check) -> Check:
        if name in _checks:
            raise RuntimeError(f"two ledger checks are called {name}")
        _checks[name] = check
        return check

    return register


def load_checks() -> dict[str, Check]:
    """Import every app's `ledger` module; all checks by name."""
    for config in apps.get_app_configs():
        module = f"{config.name}.ledger"
        if config.name in ("units", "students", "sessions") and importlib.util.find_spec(module):
            importlib.import_module(module)
    return dict(_checks)


def disagreements(only: Iterable[str] = ()) -> Iterator[Disagreement]:
    """Run all checks, or those named, in the order of their names."""
    checks = load_checks()
    for name in sorted(only or checks):
        for text in checks[name]():
            yield Disagreement(name, text)


def history_disagrees(
    model: type[Model], *, first: str, field: str = "state", rows: QuerySet[Any] | None = None
) -> Iterator[str]:
    """Rows (all, unless `rows` are given) whose `field` is not what the last row of their history says.

    Without history they stand at `first`. The history's kinds are those of `events.move_state`: `<field>_<value>`,
    with the value in `new`.
    """
    kind = subject_type(model)
    events = Event.objects.filter(
        subject_type=kind, subject_id=OuterRef("pk"), kind__startswith=f"{field}_"
    ).order_by("-id")
    looked_at = model._default_manager.all() if rows is None else rows
    found = looked_at.annotate(last_event=Subquery(events.values("new")[:1]))
    for pk, value, last in found.order_by("pk").values_list("pk", field, "last_event").iterator():
        if (last or first) != value:
            yield f"{kind} {pk} is “{value}”, its history says “{last or first}”"
