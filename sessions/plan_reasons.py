"""Why every class of a plan is where it is, in the reader's language.

Computed from the plan as it is now, never stored: a reason such as "earlier hours are full" stops being true as soon as
somebody moves another class.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from sessions.models import PlanEntry
from sessions.plan_rows import to_entry
from sessions.plan_rules import OPEN
from sessions.planner import Because, Problem, Reason, explain_all
from sessions.plans import what_is_left

B = Because
REASONS: dict[str, Any] = {
    B.LOCKED: _("fixed by the unit"),
    B.PARTLY_LOCKED: _("a part of it is fixed by the unit"),
    B.FIRST: _("the first hour there is"),
    B.CANNOT_COME: ngettext_lazy(
        "%(earlier)d earlier hour: the class cannot come",
        "%(earlier)d earlier hours: the class cannot come",
        "earlier",
    ),
    B.TAKEN: ngettext_lazy(
        "%(earlier)d earlier hour has too few places left (%(people)d at most)",
        "%(earlier)d earlier hours have too few places left (%(people)d at most)",
        "earlier",
    ),
    B.WORKLOAD: ngettext_lazy(
        "%(earlier)d earlier hour is beyond the agreed people per day",
        "%(earlier)d earlier hours are beyond the agreed people per day",
        "earlier",
    ),
    B.STATION_DAY: ngettext_lazy(
        "%(earlier)d earlier hour would take one more station for a day",
        "%(earlier)d earlier hours would take one more station for a day",
        "earlier",
    ),
    B.TOGETHER: ngettext_lazy(
        "%(earlier)d earlier hour would tear the class apart",
        "%(earlier)d earlier hours would tear the class apart",
        "earlier",
    ),
    B.LATER_END: ngettext_lazy(
        "begun in %(earlier)d earlier hour, the shoot would end later",
        "begun in %(earlier)d earlier hours, the shoot would end later",
        "earlier",
    ),
    B.AS_GOOD: ngettext_lazy(
        "%(earlier)d earlier hour would be as good",
        "%(earlier)d earlier hours would be as good",
        "earlier",
    ),
    B.SPLIT_DAYS: _("no day has room for the whole class (%(people)d at most)"),
    B.SPLIT_STATION_DAY: _("the whole class on one day would take one more station for the day"),
    B.SPLIT_STATIONS: _(
        "one station has too few places in the hour (%(people)d at most), so several share the class"
    ),
}
FULL = ngettext_lazy("%(earlier)d earlier hour is full", "%(earlier)d earlier hours are full", "earlier")
STAYED = _("keeps its hour: as few classes as possible were moved")


def text_of(reason: Reason) -> str:
    text = FULL if reason.because == B.TAKEN and not reason.people else REASONS[reason.because]
    return str(text % {"earlier": reason.earlier, "people": reason.people})


def reasons_of(
    problem: Problem, rows: Iterable[PlanEntry], standings: Mapping[int, str]
) -> dict[int, list[str]]:
    """Reasons by class. What is over or under way needs none; what stayed in a re-plan says so."""
    rows = list(rows)
    over = [row for row in rows if standings[row.pk] != OPEN]
    stayed = {row.class_group_id for row in rows if row.why.get("stayed") and standings[row.pk] == OPEN}
    left = what_is_left(problem, over)
    found = explain_all(left, [to_entry(row) for row in rows])
    texts = {int(group): [text_of(reason) for reason in reasons] for group, reasons in found.items()}
    return {**texts, **{group: [str(STAYED)] for group in stayed}}
