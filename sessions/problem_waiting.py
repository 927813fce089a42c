"""Problems that wait for a side (R22), on the start pages of all three."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.access import visible_to
from photocampus.waiting import Scope, WaitingItem, urgency, waiting
from sessions.models import UNSETTLED, Problem, ProblemSide
from sessions.problem_view import about_units, unit_and_its_admissions


def unsettled(scope: Scope) -> QuerySet[Problem]:
    """What this reader is party to in the campaign."""
    return visible_to(scope.user, Problem.objects.filter(campaign=scope.campaign, state__in=UNSETTLED))


def ours(rows: QuerySet[Problem], side: str, url: str, today: dt.date) -> WaitingItem:
    """Those that the side has to see to; red from the day on which the first is due."""
    found = rows.filter(owner_side=side).order_by()
    counted = found.aggregate(count=Count("pk"), first=Min("due"))
    return WaitingItem(
        _("Problems to see to"),
        counted["count"],
        f"{url}?show=ours",
        urgency=urgency(counted["first"], today),
    )


@waiting(role="unit", order=115)
def problems_of_unit(scope: Scope) -> WaitingItem:
    url = reverse("shoots:unit-problems", args=[scope.unit.code, scope.campaign.code])
    rows = unsettled(scope).filter(about_units(unit_and_its_admissions(scope.unit)))
    return ours(rows, ProblemSide.UNIT, url, scope.today)


@waiting(role="studio", order=115)
def problems_of_studio(scope: Scope) -> WaitingItem:
    url = reverse("shoots:studio-problems", args=[scope.studio.code, scope.campaign.code])
    return ours(unsettled(scope).filter(studio=scope.studio), ProblemSide.STUDIO, url, scope.today)


@waiting(role="staff", order=115)
def problems_of_staff(scope: Scope) -> Iterable[WaitingItem]:
    """The own ones, and whatever is overdue anywhere."""
    rows = unsettled(scope)
    url = reverse("shoots:office-problems", args=[scope.campaign.code])
    yield ours(rows, ProblemSide.STAFF, url, scope.today)
    late = rows.filter(due__lt=scope.today).exclude(owner_side=ProblemSide.STAFF)
    yield WaitingItem(_("Overdue problems of others"), late.count(), f"{url}?show=overdue", urgency="soon")
