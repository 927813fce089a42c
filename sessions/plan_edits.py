"""Changes of a plan by hand (R15): move, split, join, lock, add, take out, and undo.

Every change is checked at once and noted with the rows it touched, so that it can be undone until the plan is made
anew. `seen` is what the form showed of an entry (`seal`): if it no longer looks like that, somebody else was faster.
"""

import datetime as dt
from copy import copy
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError, NotAllowed
from photocampus.events import record
from photocampus.models import User
from sessions.calendar import clock_time, minutes
from sessions.models import Booking, PlanChange, PlanChangeKind, PlanEntry, Station
from sessions.plan_rows import class_sizes, entries_of
from sessions.plan_rules import (
    OPEN,
    EntryOver,
    HourNotHeld,
    frame_of,
    require_future,
    require_no_worse,
    standings_of,
)
from sessions.plans import locked_booking
from students.models import ClassGroup
from units.access import own_unit_ids

K = PlanChangeKind
EVENTS: dict[str, str] = {
    K.MOVED: "plan_moved",
    K.SPLIT: "plan_moved",
    K.JOINED: "plan_moved",
    K.ADDED: "plan_added",
    K.REMOVED: "plan_removed",
    K.LOCKED: "plan_locked",
    K.UNLOCKED: "plan_unlocked",
}
Key = tuple[int, int, str, str]


class NotEnoughPeople(DomainError):
    code = "not_enough_people"
    message = _("Move at least one and at most %(people)d people.")


class LaterChange(DomainError):
    code = "later_change"
    message = _(
        "A later change rests on this one. Undo the later one first; what was planned anew cannot be undone."
    )


def seal(entry: PlanEntry) -> str:
    """What a form says it saw of an entry."""
    place = f"{entry.station.code}_{entry.day:%Y-%m-%d}_{minutes(entry.start)}"
    return f"{place}_{entry.people}_{int(entry.is_locked)}"


class Edit:
    """One change under the lock of its booking: the plan before, what it must keep to, and the note at the end."""

    def __init__(self, booking: Booking, by: User) -> None:
        self.booking, self.by = locked_booking(booking, by), by
        self.frame = frame_of(self.booking)
        self.before = entries_of(self.booking)
        self.rows = {row.pk: copy(row) for row in self.before}
        self.standings = standings_of(self.booking, self.before)

    def open_entry(self, entry: PlanEntry, seen: str) -> PlanEntry:
        """The entry as it is now, if it still looks as it was shown and nobody of it is at the shoot yet."""
        row = self.rows.get(entry.pk)
        if row is None or (seen and seen != seal(row)):
            raise ChangedMeanwhile()
        if self.standings[row.pk] != OPEN:
            raise EntryOver()
        return row

    def at(self, group: int, station: int, day: dt.date, start: dt.time) -> PlanEntry | None:
        place = (group, station, day, start)
        rows = self.rows.values()
        return next((r for r in rows if (r.class_group_id, r.station_id, r.day, r.start) == place), None)

    def end_at(self, station: Station, day: dt.date, start: dt.time) -> dt.time:
        """When the hour ends that begins there; refuses hours that are gone or not held."""
        require_future(day, start)
        if found := self.frame.room.get((station.code, day, minutes(start))):
            return clock_time(found[0])
        raise HourNotHeld(station=station.code, day=day, start=f"{start:%H:%M}")

    def finish(self, kind: str, *, old: str = "", new: str = "", people: int = 0) -> PlanChange:
        """Check the whole plan, note what changed, write the history."""
        after = entries_of(self.booking)
        require_no_worse(self.frame, self.before, after)
        was, now = notes_of(self.before), notes_of(after)
        touched = [key for key in was.keys() | now.keys() if was.get(key) != now.get(key)]
        change = PlanChange.objects.create(
            booking=self.booking,
            kind=kind,
            before=[was[key] for key in sorted(touched) if key in was],
            after=[now[key] for key in sorted(touched) if key in now],
            by=self.by,
        )
        record(self.booking, EVENTS[kind], by=self.by, old=old, new=new, data={"people": people})
        return change


def note_of(row: PlanEntry) -> dict[str, Any]:
    """A row as plain data; enough to make it again."""
    return {
        "id": row.public_id,
        "group": row.class_group_id,
        "station": row.station_id,
        "day": f"{row.day:%Y-%m-%d}",
        "start": f"{row.start:%H:%M}",
        "end": f"{row.end:%H:%M}",
        "people": row.people,
        "locked": row.is_locked,
        "why": row.why,
    }


def key_of(note: dict[str, Any]) -> Key:
    return note["group"], note["station"], note["day"], note["start"]


def notes_of(rows: list[PlanEntry]) -> dict[Key, dict[str, Any]]:
    return {key_of(note): note for note in map(note_of, rows)}


@transaction.atomic
def move_entry(
    *,
    entry: PlanEntry,
    station: Station,
    day: dt.date,
    start: dt.time,
    by: User,
    people: int | None = None,
    seen: str = "",
) -> PlanEntry:
    """Move an entry, or `people` of it (a split), to another hour or station; into one where the class already is, the
    two are joined. Locked afterwards, so that planning again keeps what people decided.

    Every hard rule is checked at once: hours held, places in the hour, agreed workload, hours in which the class
    cannot come. Raises `HourNotHeld`, `HourFull`, `LoadExceeded`, `ClassCannotCome`, `NotEnoughPeople`, `EntryOver`,
    `ChangedMeanwhile`.
    """
    edit = Edit(entry.booking, by)
    row = edit.open_entry(entry, seen)
    moving = row.people if people is None else people
    if not 1 <= moving <= row.people:
        raise NotEnoughPeople(people=row.people)
    if (station.pk, day, start) == (row.station_id, row.day, row.start):
        return row
    old, end = str(row), edit.end_at(station, day, start)
    target = edit.at(row.class_group_id, station.pk, day, start)
    if target is not None:
        edit.open_entry(target, "")
    kind = K.JOINED if target else K.SPLIT if moving < row.people else K.MOVED
    if target is None and moving == row.people:
        place = {
            "station": station,
            "day": day,
            "start": start,
            "end": end,
            "is_locked": True,
            "why": {},
        }
        _set(row, **place)
        target = row
    else:
        _take(row, moving)
        target = _put(edit.booking, target, row.class_group, station, day, start, end, moving)
    edit.finish(kind, old=old, new=str(target), people=moving)
    return target


@transaction.atomic
def add_entry(
    *,
    booking: Booking,
    class_group: ClassGroup,
    station: Station,
    day: dt.date,
    start: dt.time,
    people: int,
    by: User,
) -> PlanEntry:
    """Plan people of a class who have no hour yet, by hand. Refusals as in `move_entry`, and `ClassTooSmall`."""
    edit = Edit(booking, by)
    if people < 1:
        raise NotEnoughPeople(people=class_sizes(booking).get(class_group, 0))
    end = edit.end_at(station, day, start)
    there = edit.at(class_group.pk, station.pk, day, start)
    if there is not None:
        edit.open_entry(there, "")
    row = _put(edit.booking, there, class_group, station, day, start, end, people)
    edit.finish(K.ADDED, new=str(row), people=people)
    return row


@transaction.atomic
def remove_entry(*, entry: PlanEntry, by: User, seen: str = "") -> None:
    """Take an entry out of the plan; its people have no hour until they are planned again."""
    edit = Edit(entry.booking, by)
    row = edit.open_entry(entry, seen)
    old, people = str(row), row.people
    row.delete()
    edit.finish(K.REMOVED, old=old, people=people)


@transaction.atomic
def set_locked(*, entry: PlanEntry, locked: bool, by: User, seen: str = "") -> None:
    """A locked entry stays where it is when the plan is made again. Changes nothing when it is so already."""
    edit = Edit(entry.booking, by)
    row = edit.open_entry(entry, seen)
    if row.is_locked != locked:
        _set(row, is_locked=locked)
        edit.finish(K.LOCKED if locked else K.UNLOCKED, new=str(row), people=row.people)


def _set(row: PlanEntry, **changes: Any) -> None:
    """Change the row if it still is what was read; somebody else's change stands."""
    found = PlanEntry.objects.filter(pk=row.pk, people=row.people, day=row.day, start=row.start)
    if not found.filter(station=row.station_id).update(**changes):
        raise ChangedMeanwhile()
    for name, value in changes.items():
        setattr(row, name, value)


def _take(row: PlanEntry, people: int) -> None:
    if people == row.people:
        row.delete()
    else:
        _set(row, people=row.people - people, is_locked=True)


def _put(
    booking: Booking,
    there: PlanEntry | None,
    group: ClassGroup,
    station: Station,
    day: dt.date,
    start: dt.time,
    end: dt.time,
    people: int,
) -> PlanEntry:
    if there is not None:
        _set(there, people=there.people + people, is_locked=True)
        return there
    return PlanEntry.objects.create(
        booking=booking,
        class_group=group,
        station=station,
        day=day,
        start=start,
        end=end,
        people=people,
        is_locked=True,
    )


def open_changes(booking: Booking) -> list[PlanChange]:
    """What can still be undone, the latest first."""
    rows = PlanChange.objects.filter(booking=booking, undone_at=None).select_related("by")
    return list(rows.order_by("-pk"))


@transaction.atomic
def undo_change(*, change: PlanChange, by: User) -> list[str]:
    """Put back what a change touched; returns the public ids of the rows that are there again.

    Not only the last one: any change can be undone as long as the rows it touched are as it left them. Raises
    `NotAllowed` when it moved classes of another unit, `LaterChange` when the rows look different, `ChangedMeanwhile`
    when it was undone already, and every refusal of `move_entry` when the place it came from is no longer to be had.
    """
    edit = Edit(change.booking, by)
    if ClassGroup.objects.filter(pk__in=classes_of(change)).exclude(unit__in=own_unit_ids(by)).exists():
        raise NotAllowed()
    fresh = PlanChange.objects.filter(pk=change.pk, booking=edit.booking)
    if not fresh.filter(undone_at=None).update(undone_at=clock.now(), undone_by=by):
        raise ChangedMeanwhile()
    before = {key_of(note): note for note in change.before}
    after = {key_of(note): note for note in change.after}
    now = notes_of(edit.before)
    touched = before.keys() | after.keys()
    if any(_looks(now.get(key)) != _looks(after.get(key)) for key in touched):
        raise LaterChange()
    for row in edit.before:
        if key_of(note_of(row)) in touched and edit.standings[row.pk] != OPEN:
            raise EntryOver()
    for note in before.values():
        require_future(dt.date.fromisoformat(note["day"]), dt.time.fromisoformat(note["start"]))
    PlanEntry.objects.filter(
        booking=edit.booking, pk__in=[row.pk for row in edit.before if key_of(note_of(row)) in touched]
    ).delete()
    PlanEntry.objects.bulk_create(_made_again(edit.booking, note) for note in before.values())
    require_no_worse(edit.frame, edit.before, entries_of(edit.booking))
    record(edit.booking, "plan_undone", by=by, new=change.get_kind_display(), data={"change": change.pk})
    return [note["id"] for note in before.values()]


def classes_of(change: PlanChange) -> set[int]:
    """The classes that a change touched, by primary key."""
    return {note["group"] for note in [*change.before, *change.after]}


def _looks(note: dict[str, Any] | None) -> tuple[int, bool, str] | None:
    return (note["people"], note["locked"], note["end"]) if note else None


def _made_again(booking: Booking, note: dict[str, Any]) -> PlanEntry:
    return PlanEntry(
        public_id=note["id"],
        booking=booking,
        class_group_id=note["group"],
        station_id=note["station"],
        day=note["day"],
        start=note["start"],
        end=note["end"],
        people=note["people"],
        is_locked=note["locked"],
        why=note["why"],
    )
