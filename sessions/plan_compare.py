"""Two states of a plan side by side, class by class: after a disturbance, and before a shoot moves to other hours."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions.calendar import clock_time
from sessions.models import Booking
from sessions.plan_moves import Following
from sessions.plan_rows import class_sizes
from sessions.planner import Entry
from students.models import ClassGroup


@dataclass
class Compared:
    """The hours of one class before and after: text, and whether only on this side."""

    group: ClassGroup
    before: list[tuple[str, bool]]
    after: list[tuple[str, bool]]


def line_of(entry: Entry) -> str:
    return f"{entry.day:%m-%d} {clock_time(entry.start):%H:%M}–{clock_time(entry.end):%H:%M} {entry.station} × {entry.count}"


def by_class(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries):
        found.setdefault(entry.group, []).append(entry)
    return found


def compared(
    group: ClassGroup, before: Collection[Entry], after: Collection[Entry], kept: Collection[Entry] = ()
) -> Compared:
    """`kept` is over, or goes on: whatever its hour looks like now, nobody has to be told of it."""
    was, now = [line_of(e) for e in before], [line_of(e) for e in after]
    new = [(line_of(e), line_of(e) not in was and e not in kept) for e in after]
    return Compared(group, [(text, text not in now) for text in was], new)


def rows_of(booking: Booking, following: Following) -> list[Compared]:
    """The classes whose hours change when the shoot moves."""
    old, new = by_class(following.before), by_class(following.after)
    touched = {*following.moved, *following.lost}
    return [
        compared(group, old.get(str(group.pk), []), new.get(str(group.pk), []))
        for group in class_sizes(booking)
        if str(group.pk) in touched
    ]


def said_of(following: Following | None) -> str:
    """What became of the plan, in one sentence; empty if nothing did."""
    if following is None:
        return ""
    if people := following.people_lost:
        text = ngettext(
            "%(people)d person has no hour in the plan any more. Please plan again.",
            "%(people)d people have no hour in the plan any more. Please plan again.",
            people,
        )
        return text % {"people": people}
    if classes := len(following.moved):
        text = ngettext(
            "%(classes)d class has another hour in the plan. Please tell it.",
            "%(classes)d classes have other hours in the plan. Please tell them.",
            classes,
        )
        return text % {"classes": classes}
    return _("The plan keeps its hours.")
