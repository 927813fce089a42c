"""Whom the steps of a problem concern: the people of its parties, each led through the own door (R22)."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus.lists import join_words
from photocampus.models import Event
from photocampus.told import Reader, tell
from sessions.models import Problem, ProblemSide
from sessions.problem_parties import people_of, sides_of, units_of_problem
from units.audiences import coordinators

PROBLEM = "shoots.problem"


def problem_readers(event: Event) -> Iterable[Reader]:
    """Everybody who may read the problem now. What was written stays in the thread: a mail must carry no name."""
    problem = Problem.objects.select_related("campaign", "studio").get(pk=event.subject_id)
    units = units_of_problem(problem)
    about = join_words(unit.name for unit in units) or (problem.studio.short_name if problem.studio else "")
    facts = {"about": about}
    code, key = problem.campaign.code, problem.public_id
    sides = sides_of(problem)
    if ProblemSide.STAFF in sides:
        url = reverse("shoots:office-problem", args=[code, key])
        yield from (Reader(user.pk, url, facts) for user in people_of(problem, ProblemSide.STAFF))
    if ProblemSide.STUDIO in sides and problem.studio is not None:
        url = reverse("shoots:studio-problem", args=[problem.studio.code, code, key])
        yield from (Reader(user.pk, url, facts) for user in people_of(problem, ProblemSide.STUDIO))
    if ProblemSide.UNIT in sides:
        keepers = [*units, *(unit.college for unit in units if unit.college is not None)]
        for user, unit in coordinators(keepers).items():
            yield Reader(user, reverse("shoots:unit-problem", args=[unit.code, code, key]), facts)


for _kind, _says in {
    "state_open": _("A problem was raised that concerns %(about)s."),
    "state_in_work": _("Somebody sees to the problem of %(about)s now."),
    "state_settled": _("The problem of %(about)s is settled."),
    "state_reopened": _("The problem of %(about)s is open again."),
    "problem_handed_over": _("The problem of %(about)s was handed over, or has another due date."),
}.items():
    tell(PROBLEM, _kind, says=_says, to=problem_readers)
tell(
    PROBLEM,
    "problem_answered",
    says=_("There is a new message about the problem of %(about)s."),
    to=problem_readers,
    gathers=True,
)
