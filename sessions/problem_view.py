"""How problems look on pages: what a thread is about, who owns it, what was said; without names where they are hidden."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.lists import join_words
from sessions.console import shows_names
from sessions.models import (
    UNSETTLED,
    Booking,
    BookingState,
    BookingUnit,
    Delivery,
    Problem,
    ProblemSide,
    ProblemState,
    Shot,
)
from students.models import Graduate
from units.access import StudioPage, UnitPage
from units.models import Unit

STEPS: dict[str, Any] = {
    "raised": gettext_lazy("Raised"),
    "message": gettext_lazy("Message"),
    "handed_over": gettext_lazy("Passed on"),
    ProblemState.IN_WORK: gettext_lazy("Taken up"),
    ProblemState.SETTLED: gettext_lazy("Settled"),
    ProblemState.REOPENED: gettext_lazy("Reopened"),
}
TONES = {"settled": "good", "reopened": "bad", "in_work": "info", "handed_over": "off", "raised": "wait"}


def with_subjects(problems: QuerySet[Problem]) -> QuerySet[Problem]:
    """Everything that `ProblemLine` reads, in a fixed number of queries, and when somebody last wrote (`last_at`)."""
    valid = Shot.objects.filter(voided_at=None).order_by("id")
    return (
        problems.select_related(
            "campaign",
            "studio",
            "owner",
            "booking__studio",
            "delivery__unit",
            "graduate__enrolment__student",
            "graduate__enrolment__class_group",
            "graduate__enrolment__unit",
        )
        .prefetch_related(
            "booking__units", Prefetch("graduate__attendances__shots", queryset=valid, to_attr="valid_shots")
        )
        .annotate(last_at=Max("messages__at"))
    )


@dataclass(frozen=True)
class ProblemLine:
    """One problem as one reader may see it: `names` says whether the reader may see names."""

    problem: Problem
    names: bool = True
    url: str = ""

    @property
    def about(self) -> str:
        """The subject in one line."""
        row = self.problem
        if row.booking is not None:
            units = join_words(unit.name for unit in row.booking.units.all()) or row.booking.studio.short_name
            what = f"{row.booking.get_kind_display()} · {units}"
            return f"{what} · {row.day:%Y-%m-%d}" if row.day else what
        if row.delivery is not None:
            number = _("Delivery %(number)d") % {"number": row.delivery.number}
            return f"{number} · {row.delivery.unit.name}"
        assert row.graduate is not None
        return person_label(row.graduate, names=self.names)

    @property
    def kind(self) -> str:
        row = self.problem
        if row.booking_id is not None:
            return _("Shoot day") if row.day else _("Booking")
        return _("Delivery") if row.delivery_id is not None else _("Person")

    @property
    def owner(self) -> str:
        side = self.problem.get_owner_side_display()
        return f"{self.problem.owner.name} ({side})" if self.problem.owner else side

    @property
    def is_overdue(self) -> bool:
        return is_overdue(self.problem)


def is_overdue(problem: Problem) -> bool:
    return problem.state in UNSETTLED and problem.due is not None and problem.due < clock.today()


def person_label(graduate: Graduate, *, names: bool) -> str:
    """Name, class and unit; where names are hidden the class and the shot number instead."""
    enrolment = graduate.enrolment
    place = f"{enrolment.class_group.name} · {enrolment.unit.name}"
    if names:
        return f"{enrolment.student.name} · {place}"
    codes = [
        shot.code
        for attendance in graduate.attendances.all()
        for shot in getattr(attendance, "valid_shots", None) or attendance.shots.filter(voided_at=None)
    ]
    return " · ".join([place, *(codes[-1:] or [_("one person")])])


@dataclass(frozen=True)
class Step:
    """One step of the thread."""

    when: dt.datetime
    title: str
    text: str
    note: str
    by: str
    tone: str


def steps_of(problem: Problem) -> list[Step]:
    """Everything said and done, oldest first."""
    rows = problem.messages.select_related("by")
    return [
        Step(
            row.at,
            str(STEPS.get(row.step, row.step)),
            row.text,
            _directed(row.data),
            f"{row.by.name} ({row.get_side_display()})",
            TONES.get(row.step, ""),
        )
        for row in rows
    ]


def _directed(data: dict[str, str]) -> str:
    if not data:
        return ""
    side = str(ProblemSide(data["side"]).label)
    owner = f"{data['person']} ({side})" if data.get("person") else side
    if data.get("due"):
        return _("to %(owner)s, until %(due)s") % {"owner": owner, "due": data["due"]}
    return _("to %(owner)s") % {"owner": owner}


@dataclass(frozen=True)
class ProblemsOn:
    """The problems of one subject, for its own page, and where to raise another ("" for who may not)."""

    lines: list[ProblemLine]
    raise_url: str


def problems_on(
    page: UnitPage | StudioPage, subject: Booking | Delivery, day: dt.date | None = None
) -> ProblemsOn:
    """What the reader of this page is party to, the unsettled ones first."""
    key = "booking" if isinstance(subject, Booking) else "delivery"
    rows = with_subjects(page.scoped(Problem.objects.filter(**{key: subject}))).order_by("-id")
    ordered = sorted(rows, key=lambda row: row.state == ProblemState.SETTLED)
    door, args = _door(page)
    raised = reverse(f"shoots:{door}-problem-new", args=args) if may_raise(page, subject) else ""
    if raised:
        raised += f"?{key}={subject.public_id}" + (f"&day={day:%Y-%m-%d}" if day else "")
    lines = [
        ProblemLine(row, url=reverse(f"shoots:{door}-problem", args=[*args, row.public_id]))
        for row in ordered
    ]
    return ProblemsOn(lines, raised)


def may_raise(page: UnitPage | StudioPage, subject: Booking | Delivery) -> bool:
    """Members and academic affairs; the studio once the booking gave it the grant."""
    if isinstance(page, StudioPage) and isinstance(subject, Booking):
        firm = (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE)
        return page.standing == "staff" or (page.can_edit and subject.state in firm)
    return page.standing in ("member", "staff")


def _door(page: UnitPage | StudioPage) -> tuple[str, list[str]]:
    """Whose problem pages the reader of this page works on: the own unit's or studio's, or academic affairs'."""
    if page.standing == "staff":
        return "office", [page.campaign.code]
    if isinstance(page, StudioPage):
        return "studio", [page.studio.code, page.campaign.code]
    college = page.unit.college
    unit = college if page.standing == "college" and college is not None else page.unit
    return "unit", [unit.code, page.campaign.code]


def hides_names(door: str, problem: Problem) -> bool:
    return door == "studio" and not shows_names(problem.campaign)


def unit_and_its_admissions(unit: Unit) -> list[int]:
    """The unit itself and the admissions units whose papers it keeps (R20)."""
    return [unit.pk, *unit.admissions_units.values_list("pk", flat=True)]


def about_units(units: list[int]) -> Q:
    """Problems whose subject is one of these units'."""
    booked = BookingUnit.objects.filter(unit__in=units).values("booking")
    return Q(booking__in=booked) | Q(delivery__unit__in=units) | Q(graduate__enrolment__unit__in=units)
