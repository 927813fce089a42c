"""催办: academic affairs remind, with one click, every unit behind a deadline of the campaign. Once a day and unit at most."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import build_event, record_many
from photocampus.models import Event, Reminded, User
from units.deadlines import Deadline, UnitBehind, all_deadlines, date_of, deadline_named, units_behind
from units.models import Campaign, CampaignState, Membership, Unit, Urging
from units.permissions import require_staff

# So many days before a deadline the portal reminds by itself.
DAYS_BEFORE = (1, 7)


class NoSuchDeadline(DomainError):
    code = "no_such_deadline"
    message = _("The campaign has no date for this step; set one first.")


class CampaignNotRunning(DomainError):
    code = "campaign_not_running"
    message = _("Units are reminded only while the campaign runs.")


class NobodyBehind(DomainError):
    code = "nobody_behind"
    message = _("No unit is behind this deadline.")


class RemindedToday(DomainError):
    code = "reminded_today"
    message = _("Every unit behind this deadline was already reminded today.")


@dataclass(frozen=True)
class Urged:
    """How many units were reminded, and how many had been today already."""

    units: int
    already: int


@transaction.atomic
def urge_units(*, campaign: Campaign, key: str, by: User) -> Urged:
    """Remind all units behind the deadline `key` that were not reminded of it today; logged with what is open.

    Raises `NotAllowed`, `CampaignNotRunning`, `NoSuchDeadline`, `NobodyBehind`, `RemindedToday`.
    """
    require_staff(by)
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state != CampaignState.PUBLISHED:
        raise CampaignNotRunning()
    entry = deadline_named(key)
    if entry is None or date_of(campaign, entry) is None:
        raise NoSuchDeadline()
    behind = units_behind(campaign, entry)
    if not behind:
        raise NobodyBehind()
    today = clock.today()
    rows = Urging.objects.filter(campaign=campaign, deadline=key, day=today)
    done = set(rows.values_list("unit", flat=True))
    due = [row for row in behind if row.unit.pk not in done]
    if not due:
        raise RemindedToday()
    Urging.objects.bulk_create(
        Urging(campaign=campaign, deadline=key, unit=row.unit, day=today, missing=row.missing, by=by)
        for row in due
    )
    record_many([_event(row.unit, "urged", campaign, entry, row.missing, by) for row in due])
    return Urged(len(due), len(behind) - len(due))


def _event(
    unit: Unit, kind: str, campaign: Campaign, entry: Deadline, missing: int, by: User | None
) -> Event:
    data = {
        "campaign": campaign.code,
        "deadline": entry.key,
        "date": f"{date_of(campaign, entry)}",
        "missing": missing,
    }
    return build_event(unit, kind, by=by, new=entry.key, data=data)


def with_reminders(campaign: Campaign, key: str, rows: list[UnitBehind]) -> list[UnitBehind]:
    """Fill in how many coordinators each has and when it was reminded; two queries."""
    by_unit = {row.unit.pk: row for row in rows}
    people = Membership.objects.filter(unit__in=list(by_unit), ended_at=None, user__is_active=True)
    for unit in people.values_list("unit", flat=True):
        by_unit[unit].coordinators += 1
    urgings = Urging.objects.filter(campaign=campaign, deadline=key, unit__in=list(by_unit))
    for unit, day in urgings.values_list("unit", "day"):
        by_unit[unit].urged.append(day)
    return rows


def remind_of_deadlines() -> int:
    """Some days before each deadline every unit still behind is reminded by itself. Harmless when repeated."""
    written, today = 0, clock.today()
    for campaign in Campaign.objects.filter(state=CampaignState.PUBLISHED):
        for entry in all_deadlines():
            day = date_of(campaign, entry)
            left = (day - today).days if day else -1
            near = [days for days in DAYS_BEFORE if 0 <= left <= days]
            if day and near:
                written += _remind(campaign, entry, day, min(near))
    return written


@transaction.atomic
def _remind(campaign: Campaign, entry: Deadline, day: dt.date, days: int) -> int:
    """One reminder for each unit, deadline, date and number of days before it."""
    behind = units_behind(campaign, entry)
    keys = {f"{entry.key}:{campaign.pk}:{row.unit.pk}:{day}:{days}": row for row in behind}
    known = set(Reminded.objects.filter(key__in=list(keys)).values_list("key", flat=True))
    due = {key: row for key, row in keys.items() if key not in known}
    if not due:
        return 0
    # The unique key decides between two workers: the later one rolls back here, before anybody is told.
    Reminded.objects.bulk_create(Reminded(key=key) for key in due)
    record_many(
        [_event(row.unit, "deadline_near", campaign, entry, row.missing, None) for row in due.values()]
    )
    return len(due)
