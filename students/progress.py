"""How far a unit is: every count of every bar comes from the one queryset here (design §6).

Each active graduate stands on exactly one step: the furthest that holds. What only later apps know (booked, planned,
photographed, delivered) they add with `add_step`, so that this app imports none of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from students.models import (
    Answer,
    Decision,
    ExportRow,
    Graduate,
    GraduateQuerySet,
    ItemState,
    Outcome,
    SignOff,
    Stage,
    SubmissionItem,
)

Condition = Callable[[], Exists | Q]


@dataclass(frozen=True)
class Step:
    """One stretch of the bar. `holds` gives a condition on a graduate's row (outer references allowed)."""

    number: int
    key: str
    label: str | Promise
    holds: Condition


def _decided(stage: str) -> Exists:
    """The current decision of this stage is a yes, and it is about the picture chosen now."""
    return Exists(
        Decision.objects.filter(
            graduate=OuterRef("pk"),
            photo=OuterRef("picture"),
            stage=stage,
            outcome=Outcome.YES,
            is_current=True,
        )
    )


def _signed_off() -> Exists:
    return Exists(
        SignOff.objects.filter(campaign=OuterRef("campaign"), class_group=OuterRef("enrolment__class_group"))
    )


def _submitted() -> Exists:
    open_states = [ItemState.SUBMITTED, ItemState.VERIFIED]
    return Exists(SubmissionItem.objects.filter(graduate=OuterRef("pk"), state__in=open_states))


def _batched() -> Exists:
    return Exists(ExportRow.objects.filter(graduate=OuterRef("pk"), is_live=True))


def _passed() -> Exists:
    return Exists(ExportRow.objects.filter(graduate=OuterRef("pk"), is_live=True, answer=Answer.PASSED))


_steps: dict[int, Step] = {
    step.number: step
    for step in (
        Step(1, "rostered", _("on the roster"), lambda: Q(pk__isnull=False)),
        Step(2, "signed_off", _("data signed off"), _signed_off),
        Step(6, "pictured", _("picture in"), lambda: Q(picture__isnull=False)),
        Step(7, "accepted", _("accepted"), lambda: _decided(Stage.ACCEPTANCE)),
        Step(9, "submitted", _("submitted"), _submitted),
        Step(10, "verified", _("verified"), lambda: _decided(Stage.VERIFICATION)),
        Step(11, "batched", _("in a batch"), _batched),
        Step(12, "passed", _("passed by CHSI"), _passed),
    )
}


def add_step(number: int, key: str, label: str | Promise, holds: Condition) -> None:
    """Add a step that a later app knows about (3 booked, 4 planned, 5 photographed, 8 delivered)."""
    _steps[number] = Step(number, key, label, holds)


def steps() -> list[Step]:
    """All known steps, the first one first."""
    return [_steps[number] for number in sorted(_steps)]


def with_step(graduates: GraduateQuerySet) -> GraduateQuerySet:
    """Annotate `step`: the number of the furthest step that holds."""
    reversed_steps = list(reversed(steps()))
    conditions: list[Any] = [When(step.holds(), then=Value(step.number)) for step in reversed_steps[:-1]]
    return graduates.annotate(step=Case(*conditions, default=Value(1), output_field=IntegerField()))


@dataclass
class Progress:
    """The counts of one unit in one campaign."""

    counts: dict[int, int] = field(default_factory=dict)
    refused: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def reached(self, key: str) -> int:
        """How many stand on this step or further."""
        number = next(step.number for step in steps() if step.key == key)
        return sum(count for at, count in self.counts.items() if at >= number)

    @property
    def passed(self) -> int:
        return self.reached("passed")

    @property
    def accepted(self) -> int:
        return self.reached("accepted")

    @property
    def pictured(self) -> int:
        return self.reached("pictured")

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Rows of `components/stacked.html`."""
        return [
            {
                "label": str(step.label),
                "count": self.counts.get(step.number, 0),
                "step": step.number,
                "key": step.key,
            }
            for step in steps()
        ]


def refusals_now() -> QuerySet[Decision]:
    """Current refusals, by whichever stage, of the picture that the graduate of the outer query has chosen now."""
    return Decision.objects.filter(
        graduate=OuterRef("pk"), photo=OuterRef("picture"), outcome=Outcome.NO, is_current=True
    )


def refused_now() -> Exists:
    """Some stage has said no to the picture chosen now, and nobody has decided otherwise."""
    return Exists(refusals_now())


def as_flag(condition: Combinable | Q | Exists) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def progress_by_unit(graduates: GraduateQuerySet) -> dict[int, Progress]:
    """Unit id → progress, for the active ones among `graduates`, in one query. Units without anybody are absent."""
    rows = (
        with_step(graduates.active())
        .annotate(is_refused=as_flag(refused_now()))
        .order_by()
        .values("step", "is_refused", unit=F("enrolment__unit"))
        .annotate(people=Count("pk"))
    )
    found: dict[int, Progress] = {}
    for row in rows:
        progress = found.setdefault(row["unit"], Progress())
        progress.counts[row["step"]] = progress.counts.get(row["step"], 0) + row["people"]
        if row["is_refused"]:
            progress.refused += row["people"]
    return found


def progress_of(*, unit: Any, campaign: Any) -> Progress:
    """One unit's progress in one campaign."""
    graduates = Graduate.objects.filter(campaign=campaign, enrolment__unit=unit)
    return progress_by_unit(graduates).get(unit.pk, Progress())


def total_of(all_progress: Iterable[Progress]) -> Progress:
    """The sum, for the line below a table of units."""
    total = Progress()
    for progress in all_progress:
        total.refused += progress.refused
        for number, count in progress.counts.items():
            total.counts[number] = total.counts.get(number, 0) + count
    return total
