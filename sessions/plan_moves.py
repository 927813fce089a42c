"""The plan goes along when a confirmed shoot moves to other hours: seen before it is done, told when it is (R15).

Entries whose hours are given up cannot stay. Their people are placed in the new hours at once, and as few other classes
as possible move; where there is no room they have no hour until the unit plans them again.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from photocampus import clock
from photocampus.events import record
from photocampus.models import User
from sessions.calendar import minutes
from sessions.hours import HalfHour, held_hours
from sessions.models import Booking, PlanChange, PlanEntry
from sessions.plan_rows import entries_of, problem_of, to_entry
from sessions.planner import Entry, replan
from sessions.plans import PlanImpossible, store_entries

HALF_HOUR = dt.timedelta(minutes=30)
NAMED = 8  # classes that a message names


@dataclass(frozen=True)
class Following:
    """What becomes of the plan: entries before and after, by class (key) who gets other hours and how many lose theirs.

    `refusal` says why not everybody has room.
    """

    before: tuple[Entry, ...]
    after: tuple[Entry, ...]
    moved: tuple[str, ...]
    lost: dict[str, int]
    names: dict[str, str]
    refusal: PlanImpossible | None = None

    @property
    def people_lost(self) -> int:
        return sum(self.lost.values())


def plan_in(booking: Booking, hours: Collection[HalfHour]) -> Following | None:
    """The plan as it would be with these hours in place of those held; None if no entry is touched."""
    rows = entries_of(booking)
    outside = {row.pk for row in rows if not _is_inside(row, hours)}
    if not outside:
        return None
    before = tuple(to_entry(row) for row in rows)
    problem, names = problem_of(booking, hours=hours)
    names = {**{str(row.class_group_id): row.class_group.name for row in rows}, **names}
    planned: dict[str, int] = {}
    for entry in before:
        planned[entry.group] = planned.get(entry.group, 0) + entry.count
    # Who had no hour before gets none by this.
    groups = tuple(replace(g, size=min(g.size, planned.get(g.key, 0))) for g in problem.groups)
    now = clock.now()
    answer = replan(replace(problem, groups=groups), before, (now.date(), minutes(now.time())))
    if not answer.plan.shortfall:
        return Following(before, answer.plan.entries, answer.moved, {}, names)
    lost: dict[str, int] = {}
    for row in rows:
        if row.pk in outside:
            lost[str(row.class_group_id)] = lost.get(str(row.class_group_id), 0) + row.people
    after = tuple(to_entry(row) for row in rows if row.pk not in outside)
    return Following(before, after, (), lost, names, PlanImpossible(answer.plan.shortfall, names))


def _is_inside(row: PlanEntry, hours: Collection[HalfHour]) -> bool:
    """Whether every half hour of the entry is among these."""
    moment = dt.datetime.combine(row.day, row.start.replace(minute=row.start.minute // 30 * 30))
    end = dt.datetime.combine(row.day, row.end)
    while moment < end:
        if HalfHour(row.station_id, row.day, moment.time()) not in hours:
            return False
        moment += HALF_HOUR
    return True


def follow_hours(booking: Booking, by: User) -> Following | None:
    """Bring the plan in step with the hours held now; for use cases that hold the booking's lock. Tells both sides."""
    found = plan_in(booking, set(held_hours(booking)))
    if found is None:
        return None
    if found.refusal:
        kept = {(e.group, e.station, e.day, e.start) for e in found.after}
        gone = [row.pk for row in entries_of(booking) if _key(to_entry(row)) not in kept]
        PlanChange.objects.filter(booking=booking).delete()
        PlanEntry.objects.filter(pk__in=gone).delete()
    else:
        stay = {entry.group for entry in found.after} - set(found.moved)
        store_entries(booking, found.after, stayed=stay)
    touched = [found.names.get(key, "—") for key in (*found.moved, *found.lost)]
    data = {
        "moved": len(found.moved),
        "lost": found.people_lost,
        "classes": touched[:NAMED] + ["…"] * (len(touched) > NAMED),
    }
    record(booking, "plan_followed", by=by, data=data)
    return found


def _key(entry: Entry) -> tuple:
    return entry.group, entry.station, entry.day, entry.start
