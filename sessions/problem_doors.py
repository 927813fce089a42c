"""The three doors to problems: what a unit, the studio and academic affairs reach, and where the links lead."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from photocampus.views import Page, StaffPage
from sessions.models import Booking, BookingUnit, Delivery, Problem, ProblemSide
from sessions.problem_view import ProblemLine, about_units, hides_names, unit_and_its_admissions
from students.models import Graduate
from units.access import StudioPage, UnitPage
from units.models import Campaign, Studio, StudioGrant

Subject = Booking | Delivery | Graduate
if TYPE_CHECKING:  # the doors are mixed into pages; only the type checker needs to know that
    PageBase = Page
else:
    PageBase = object


class Door(PageBase):
    """What the three doors do differently. Mixed into a page that has `user`, `campaign`, `scoped` and `render`."""

    side: ClassVar[str]
    name: ClassVar[str]
    campaign: Campaign

    @property
    def may_act(self) -> bool:
        """The unit's or studio's own people; academic affairs always, through their own door."""
        return bool(getattr(self, "can_edit", True))

    def rows(self) -> QuerySet[Problem]:
        raise NotImplementedError

    def where(self) -> list[str]:
        raise NotImplementedError

    def home(self) -> tuple[str, str]:
        raise NotImplementedError

    def subject_url(self, problem: Problem) -> str:
        raise NotImplementedError

    def studios(self, person: Graduate) -> QuerySet[Studio] | None:
        """Who may be drawn into a problem about a person: studios that hold the grant."""
        grants = StudioGrant.objects.filter(
            campaign=self.campaign, unit=person.enrolment.unit_id, ended_at=None
        )
        return Studio.objects.filter(pk__in=grants.values("studio")).order_by("code")

    def to(self, name: str = "problems", *args: str) -> str:
        return reverse(f"shoots:{self.name}-{name}", args=[*self.where(), *args])

    def crumbs(self, *more: tuple[str, str | None]) -> list[tuple[str, str | None]]:
        return [self.home(), (_("Problems"), self.to() if more else None), *more]

    def line(self, row: Problem) -> ProblemLine:
        names = not hides_names(self.name, row)
        return ProblemLine(row, names, self.to("problem", row.public_id))

    def find_subject(self, data: Any) -> tuple[Subject, dt.date | None]:
        """What the address names, among what this door opens to. Raises `Http404`."""
        kinds: dict[str, QuerySet[Any]] = {
            "booking": self.bookings().select_related("studio", "campaign"),
            "delivery": self.deliveries().select_related("studio", "unit", "campaign"),
            "graduate": self.people().select_related(
                "campaign", "enrolment__student", "enrolment__class_group", "enrolment__unit"
            ),
        }
        for key, rows in kinds.items():
            if key in data:
                return get_object_or_404(rows, public_id=data[key]), _day(data.get("day", ""))
        raise Http404

    def bookings(self) -> QuerySet[Booking]:
        raise NotImplementedError

    def deliveries(self) -> QuerySet[Delivery]:
        raise NotImplementedError

    def people(self) -> QuerySet[Graduate]:
        raise NotImplementedError


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Http404 from None


class UnitDoor(Door, UnitPage):
    """The unit's problems, with those of the admissions units whose papers it keeps. Not a page by itself."""

    needs = "view"
    side, name = ProblemSide.UNIT, "unit"

    @cached_property
    def units(self) -> list[int]:
        return unit_and_its_admissions(self.unit)

    def rows(self) -> QuerySet[Problem]:
        return self.scoped(Problem.objects.filter(about_units(self.units), campaign=self.campaign))

    def bookings(self) -> QuerySet[Booking]:
        booked = BookingUnit.objects.filter(unit__in=self.units).values("booking")
        return self.scoped(Booking.objects.filter(pk__in=booked, campaign=self.campaign))

    def deliveries(self) -> QuerySet[Delivery]:
        return self.scoped(Delivery.objects.filter(unit__in=self.units, campaign=self.campaign))

    def people(self) -> QuerySet[Graduate]:
        mine = Graduate.objects.filter(enrolment__unit__in=self.units, campaign=self.campaign)
        return self.scoped(mine)

    def where(self) -> list[str]:
        return [self.unit.code, self.campaign.code]

    def home(self) -> tuple[str, str]:
        return self.unit.name, reverse("shoots:overview", args=self.where())

    def subject_url(self, problem: Problem) -> str:
        return unit_subject_url(problem, self.campaign, self.units)


def unit_subject_url(problem: Problem, campaign: Campaign, among: list[int] | None = None) -> str:
    """The subject's page of the unit (one of `among` when given)."""
    if problem.booking is not None:
        units = [unit for unit in problem.booking.units.all() if among is None or unit.pk in among]
        if not units:
            return ""
        return reverse("shoots:unit-booking", args=[units[0].code, campaign.code, problem.booking.public_id])
    if problem.delivery is not None:
        row = problem.delivery
        return reverse("shoots:unit-delivery", args=[row.unit.code, campaign.code, row.public_id])
    assert problem.graduate is not None
    unit = problem.graduate.enrolment.unit
    return reverse("students:graduate", args=[unit.code, campaign.code, problem.graduate.public_id])


class StudioDoor(Door, StudioPage):
    """The studio's problems, as far as its grants go. Not a page by itself."""

    needs = "view"
    side, name = ProblemSide.STUDIO, "studio"

    def rows(self) -> QuerySet[Problem]:
        return self.scoped(Problem.objects.filter(campaign=self.campaign, studio=self.studio))

    def bookings(self) -> QuerySet[Booking]:
        return self.scoped(Booking.objects.filter(campaign=self.campaign, studio=self.studio))

    def deliveries(self) -> QuerySet[Delivery]:
        return self.scoped(Delivery.objects.filter(campaign=self.campaign, studio=self.studio))

    def people(self) -> QuerySet[Graduate]:
        return self.scoped(Graduate.objects.filter(campaign=self.campaign))

    def studios(self, person: Graduate) -> QuerySet[Studio] | None:
        return None

    def where(self) -> list[str]:
        return [self.studio.code, self.campaign.code]

    def home(self) -> tuple[str, str]:
        return self.studio.short_name, reverse("units:studio-start")

    def subject_url(self, problem: Problem) -> str:
        if problem.booking is not None:
            running = problem.day or problem.booking.state in ("under_way", "done")
            page = "console" if running else "studio-booking"
            return reverse(f"shoots:{page}", args=[*self.where(), problem.booking.public_id])
        if problem.delivery is not None:
            return reverse("shoots:studio-delivery", args=[*self.where(), problem.delivery.public_id])
        return ""


class OfficeDoor(Door, StaffPage):
    """Academic affairs: all problems of a campaign. Not a page by itself."""

    side, name = ProblemSide.STAFF, "office"

    @cached_property
    def campaign(self) -> Campaign:  # type: ignore[override]
        return self.get_scoped(Campaign, code=self.kwargs["campaign"])

    def rows(self) -> QuerySet[Problem]:
        return self.scoped(Problem.objects.filter(campaign=self.campaign))

    def bookings(self) -> QuerySet[Booking]:
        return self.scoped(Booking.objects.filter(campaign=self.campaign))

    def deliveries(self) -> QuerySet[Delivery]:
        return self.scoped(Delivery.objects.filter(campaign=self.campaign))

    def people(self) -> QuerySet[Graduate]:
        return self.scoped(Graduate.objects.filter(campaign=self.campaign))

    def where(self) -> list[str]:
        return [self.campaign.code]

    def home(self) -> tuple[str, str]:
        return _("Units"), reverse("students:units", args=[self.campaign.code])

    def subject_url(self, problem: Problem) -> str:
        found = unit_subject_url(problem, self.campaign)
        if not found and problem.booking is not None:
            args = [problem.booking.studio.code, self.campaign.code, problem.booking.public_id]
            return reverse("shoots:studio-booking", args=args)
        return found
