"""The history of everything: one append-only row per change of state (design §6)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models, transaction

from photocampus.context_vars import request_id
from photocampus.errors import ChangedMeanwhile, IllegalMove
from photocampus.models import Event, User
from photocampus.told import remember_to_tell


def subject_type(model: type[models.Model] | models.Model) -> str:
    """`students.graduate`, `shoots.booking`, …"""
    return model._meta.label_lower


def build_event(
    subject: models.Model,
    kind: str,
    *,
    by: User | None,
    old: str = "",
    new: str = "",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """An unsaved row, for `record_many`. `data` must hold no ID number and no telephone number."""
    return Event(
        subject_type=subject_type(subject),
        subject_id=subject.pk,
        kind=kind,
        old=str(old)[:200],
        new=str(new)[:200],
        reason=reason,
        data=dict(data or {}),
        by=by,
        request_id=request_id.get(),
    )


def record(subject: models.Model, kind: str, *, by: User | None, **details: Any) -> Event:
    """Write one event in the current transaction; see `build_event` for the details."""
    event = build_event(subject, kind, by=by, **details)
    event.save(force_insert=True)
    remember_to_tell([event])
    return event


def record_many(events: Iterable[Event]) -> None:
    """Write many events at once; whom they concern is told as with `record`."""
    remember_to_tell(Event.objects.bulk_create(events, batch_size=2000))


def history_of(subject: models.Model) -> models.QuerySet[Event]:
    """The object's events, oldest first, with their authors."""
    return (
        Event.objects.filter(subject_type=subject_type(subject), subject_id=subject.pk)
        .select_related("by")
        .order_by("id")
    )


@transaction.atomic
def move_state(
    subject: models.Model,
    to: str,
    *,
    moves: Mapping[Any, Iterable[str]],
    by: User | None,
    field: str = "state",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Compare-and-set `field` from its value in memory to `to`, with a history row; `changes` go into the same UPDATE.

    Raises `IllegalMove` when `moves` has no such step and `ChangedMeanwhile` when somebody was faster.
    """
    old = getattr(subject, field)
    if to not in moves.get(old, ()):
        raise IllegalMove(old=_label(subject, field, old), new=_label(subject, field, to))
    manager = type(subject)._default_manager
    if not manager.filter(pk=subject.pk, **{field: old}).update(**{field: to}, **changes):
        raise ChangedMeanwhile()
    for name, value in {field: to, **changes}.items():
        setattr(subject, name, value)
    record(subject, f"{field}_{to}", by=by, old=old, new=to, reason=reason, data=data)


def _label(subject: models.Model, field: str, value: str) -> str:
    choices = dict(subject._meta.get_field(field).flatchoices)  # type: ignore[union-attr]
    return str(choices.get(value, value))
