"""Academic affairs see who is behind which deadline, and remind them all with one click (催办)."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.views import StaffPage
from photocampus.waiting import urgency
from units.deadlines import Deadline, UnitBehind, all_deadlines, date_of, units_behind
from units.models import Campaign, CampaignState
from units.urging import urge_units, with_reminders


@dataclass(frozen=True)
class Due:
    """One deadline of the page."""

    entry: Deadline
    day: dt.date | None
    today: dt.date
    rows: list[UnitBehind]

    @property
    def left(self) -> int:
        return (self.day - self.today).days if self.day else 0

    @property
    def late(self) -> int:
        return -self.left

    @property
    def urgency(self) -> str:
        return urgency(self.day, self.today) if self.rows else ""

    @property
    def waiting(self) -> int:
        """How many a click would remind now."""
        return sum(row.last_urged != self.today for row in self.rows)

    @property
    def unreachable(self) -> int:
        return sum(not row.coordinators for row in self.rows)


class Deadlines(StaffPage):
    """`/office/<campaign>/deadlines/`: every deadline with the units behind it; the same number of queries for any number."""

    template_name = "units/deadlines.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        found = self.get_scoped(Campaign, code=campaign)
        today = clock.today()
        dues = [
            Due(
                entry,
                date_of(found, entry),
                today,
                with_reminders(found, entry.key, units_behind(found, entry)),
            )
            for entry in all_deadlines()
        ]
        return self.render(
            campaign=found,
            dues=dues,
            runs=found.state == CampaignState.PUBLISHED,
            breadcrumb=[(_("Academic affairs"), reverse("admin:index")), (_("Deadlines"), None)],
        )


class UrgeUnits(StaffPage):
    """Remind all units behind one deadline."""

    def post(self, request: HttpRequest, campaign: str, key: str) -> HttpResponse:
        found = self.get_scoped(Campaign, code=campaign)
        try:
            done = urge_units(campaign=found, key=key, by=self.user)
            text = ngettext("%(n)d unit was reminded.", "%(n)d units were reminded.", done.units)
            messages.success(request, text % {"n": done.units})
        except DomainError as error:
            messages.error(request, str(error))
        return redirect(reverse("units:deadlines", args=[found.code]) + f"#{key}")
