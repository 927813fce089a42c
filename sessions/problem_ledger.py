"""Checks of problems: state ↔ history ↔ thread, and the studio of the subject."""

from collections.abc import Iterable

from django.db.models import F, OuterRef, Q, Subquery

from photocampus.ledger import history_disagrees, ledger_check
from sessions.models import Problem, ProblemMessage


@ledger_check("shoots.problems")
def problems() -> Iterable[str]:
    """The history's and the thread's last step say the same as the state; a thread's studio is that of its subject."""
    yield from history_disagrees(Problem, first="")
    moves = ProblemMessage.objects.filter(
        problem=OuterRef("pk"), step__in=["raised", "in_work", "settled", "reopened"]
    ).order_by("-id")
    found = Problem.objects.annotate(said=Subquery(moves.values("step")[:1])).order_by("pk")
    for pk, state, said in found.values_list("pk", "state", "said"):
        if state != ("open" if said == "raised" else said):
            yield f"problem {pk} is “{state}”, its thread says “{said}”"
    strange = Problem.objects.filter(
        (Q(booking__isnull=False) & ~Q(studio=F("booking__studio")))
        | (Q(delivery__isnull=False) & ~Q(studio=F("delivery__studio")))
    )
    for pk in strange.values_list("pk", flat=True):
        yield f"problem {pk} names another studio than its subject"
