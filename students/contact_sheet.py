"""What a contact sheet shows: one tile per person with picture, findings and decision. The same queries however many."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from students.drawing import SHOWN, Drawing, draw_findings
from students.finding_words import meaning_of
from students.models import (
    ClassGroup,
    Decision,
    Exemption,
    Finding,
    Graduate,
    GraduateQuerySet,
    Outcome,
    Rendition,
    Severity,
    Stage,
)
from units.models import Campaign, Unit

PER_PAGE = 500  # tiles; pictures outside the window are neither fetched nor laid out
ACCEPTED, REFUSED, WAITING, MISSING, EXEMPT = "accepted", "refused", "waiting", "missing", "exempt"


@dataclass
class Tile:
    graduate: Graduate
    state: str
    findings: list[Finding] = field(default_factory=list)
    decision: Decision | None = None
    drawing: Drawing | None = None
    is_unchecked: bool = False  # no face library was installed when the picture came in

    @property
    def worst(self) -> str:
        """The severity of the worst finding, or "" ."""
        found = {finding.severity for finding in self.findings}
        return next((level for level in (Severity.REFUSE, Severity.LOOK) if level in found), "")

    @property
    def labels(self) -> list[tuple[str, str]]:
        """(severity, sentence) of each finding, the worst first, each code once."""
        order = {Severity.REFUSE: 0, Severity.LOOK: 1}
        seen: dict[str, Finding] = {}
        for finding in sorted(self.findings, key=lambda item: order.get(Severity(item.severity), 2)):
            seen.setdefault(finding.code, finding)
        return [(finding.severity, meaning_of(finding)) for finding in seen.values()]

    @property
    def tone(self) -> str:
        if self.state == ACCEPTED:
            return "is-good"
        if self.state == REFUSED:
            return "is-bad"
        if self.state == MISSING:
            return "is-missing"
        return "is-wait" if self.worst else ""

    @property
    def seen(self) -> str:
        """What a form sends back: whose picture was on the screen, and which one."""
        return f"{self.graduate.public_id}:{self.graduate.picture.public_id}" if self.graduate.picture else ""


def with_tiles(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Everything that tiles need, prefetched: of the findings those with a code and those that are drawn."""
    decisions = Decision.objects.filter(is_current=True).select_related("code").order_by("-id")
    told = Finding.objects.filter(~Q(code="") | Q(check_name__in=(*SHOWN, "face"))).order_by("id")
    small = Rendition.objects.filter(photo=OuterRef("picture"), profile__name="small").order_by("-pk")
    return (
        graduates.select_related("enrolment__student", "enrolment__class_group", "enrolment__unit", "picture")
        .prefetch_related(
            Prefetch("decisions", decisions, to_attr="current_decisions"),
            Prefetch("picture__findings", told, to_attr="told"),
        )
        .annotate(thumb=Subquery(small.values("sha256")[:1]))
    )


def tiles(graduates: Iterable[Graduate]) -> list[Tile]:
    return [_tile(graduate) for graduate in graduates]


def _tile(graduate: Graduate) -> Tile:
    photo = graduate.picture
    if photo is None:
        return Tile(graduate, EXEMPT if graduate.exemption != Exemption.NONE else MISSING)
    current: list[Any] = [row for row in graduate.current_decisions if row.photo_id == photo.pk]  # type: ignore[attr-defined]
    refusal = next((row for row in current if row.outcome == Outcome.NO), None)
    acceptance = next((row for row in current if row.stage == Stage.ACCEPTANCE), None)
    decision = refusal or acceptance
    state = WAITING
    if refusal is not None:
        state = REFUSED
    elif acceptance is not None:
        state = ACCEPTED
    told: list[Finding] = photo.told  # type: ignore[attr-defined]
    unchecked = any(row.check_name == "face" and row.data.get("unchecked") for row in told)
    faults = [row for row in told if row.code]
    return Tile(graduate, state, faults, decision, draw_findings(told), unchecked)


def unchecked_count(shown: Iterable[Tile]) -> int:
    """How many of the pictures on a page nobody measured the geometry of."""
    return sum(tile.is_unchecked for tile in shown)


@dataclass
class ClassCount:
    """One line of the list of classes."""

    group: ClassGroup
    counts: Counter[str]

    @property
    def people(self) -> int:
        return sum(self.counts.values())

    @property
    def accepted(self) -> int:
        return self.counts[ACCEPTED]

    @property
    def refused(self) -> int:
        return self.counts[REFUSED]

    @property
    def waiting(self) -> int:
        return self.counts[WAITING]

    @property
    def missing(self) -> int:
        return self.counts[MISSING]


def sheet_people(campaign: Campaign, unit: Unit) -> GraduateQuerySet:
    """Whose pictures a unit's sheets show: everybody active, in class and student-number order."""
    people = Graduate.objects.filter(campaign=campaign, enrolment__unit=unit).active()
    return people.order_by("enrolment__class_group__name", "enrolment__student_number")


def current_decision(stage: Any, outcome: str) -> Q:
    return Q(
        decisions__is_current=True,
        decisions__outcome=outcome,
        decisions__photo=F("picture"),
        **({"decisions__stage": stage} if stage else {}),
    )


def class_counts(campaign: Campaign, unit: Unit) -> list[ClassCount]:
    """People of each class by the state of their picture, in four queries."""
    people = sheet_people(campaign, unit).order_by()
    groups = {group.pk: ClassCount(group, Counter()) for group in ClassGroup.objects.filter(unit=unit)}

    def count(queryset: QuerySet[Graduate]) -> dict[int, int]:
        rows = queryset.values("enrolment__class_group").annotate(n=Count("pk", distinct=True))
        return {row["enrolment__class_group"]: row["n"] for row in rows}

    to_shoot = Q(exemption=Exemption.NONE)
    refused = people.filter(current_decision(None, Outcome.NO))
    accepted = people.filter(current_decision(Stage.ACCEPTANCE, Outcome.YES)).exclude(
        pk__in=refused.values("pk")
    )
    parts = {
        MISSING: count(people.filter(to_shoot, picture=None)),
        REFUSED: count(refused),
        ACCEPTED: count(accepted),
    }
    all_people = count(people)
    # Who is exempt by R9 and has the earlier picture is decided on like everybody else.
    exempt = count(people.filter(picture=None).exclude(to_shoot))
    for pk, total in all_people.items():
        counts = groups[pk].counts
        for state, numbers in parts.items():
            counts[state] = numbers.get(pk, 0)
        counts[EXEMPT] = exempt.get(pk, 0)
        counts[WAITING] = total - sum(counts.values())
    return [row for row in groups.values() if row.people]


def waiting_for_decision(campaign: Campaign, unit: Unit) -> int:
    """How many pictures of the unit nobody has decided on."""
    return sum(row.waiting for row in class_counts(campaign, unit))
