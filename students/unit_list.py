"""All units of a campaign at a glance, for academic affairs: one bar each, the same number of queries however many."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.views import StaffPage
from students.models import Category, Graduate, RosterState
from students.progress import Progress, progress_by_unit, steps, total_of
from units.models import Campaign, Unit

SORTS = ("code", "name", "people", "passed", "left")


@dataclass
class UnitRow:
    unit: Unit
    counting: int
    progress: Progress

    @property
    def left(self) -> int:
        """Who has no accepted picture yet."""
        return self.progress.total - self.progress.accepted


def unit_rows(campaign: Campaign) -> list[UnitRow]:
    """Active units and those that have people in this campaign; three queries in all."""
    graduates = Graduate.objects.filter(campaign=campaign)
    progress = progress_by_unit(graduates)
    counting = dict(
        graduates.filter(category=Category.GRADUATE, roster_state=RosterState.ACTIVE)
        .order_by()
        .values_list("enrolment__unit")
        .annotate(people=Count("pk"))
    )
    units = Unit.objects.filter(Q(is_active=True) | Q(pk__in=list(progress))).select_related("college")
    return [UnitRow(unit, counting.get(unit.pk, 0), progress.get(unit.pk, Progress())) for unit in units]


def sorted_rows(rows: list[UnitRow], sort: str) -> list[UnitRow]:
    keys = {
        "name": lambda row: row.unit.name,
        "people": lambda row: -row.counting,
        "passed": lambda row: -row.progress.passed,
        "left": lambda row: -row.left,
    }
    return sorted(rows, key=keys[sort]) if sort in keys else rows


class UnitList(StaffPage):
    """`/units/<campaign>/`: every unit with its people and its bar."""

    template_name = "students/units.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        chosen = get_object_or_404(self.scoped(Campaign), code=campaign)
        rows = unit_rows(chosen)
        sort = request.GET.get("sort", "code")
        words = request.GET.get("q", "").strip()
        if words:
            rows = [row for row in rows if words in row.unit.name or words in row.unit.code]
        return self.render(
            campaign=chosen,
            campaigns=self.scoped(Campaign),
            rows=sorted_rows(rows, sort),
            total=total_of(row.progress for row in rows),
            counting=sum(row.counting for row in rows),
            key=[{"label": str(step.label), "step": step.number} for step in steps()],
            sort=sort,
            words=words,
            breadcrumb=[(_("Academic affairs"), reverse("admin:index")), (_("Units"), None)],
        )
