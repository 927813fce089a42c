"""The unit's page: key numbers, route and its rule, next dates, telephones, progress. And the studio's list of units."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, Min, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.models import User
from photocampus.waiting import Scope, waiting_items
from sessions.models import OPEN_STATES, Booking, BookingUnit
from sessions.progress import FIRM_STATES
from sessions.routes import route_of_unit
from sessions.routing import Route as RuledRoute
from sessions.routing import Verdict
from students.models import Graduate
from students.progress import Progress, progress_by_unit, progress_of
from units.access import StudioPage, UnitPage
from units.models import Acknowledgement, Campaign, Contract, Membership, Studio, StudioGrant, Unit

SHOWN_STATES = (*OPEN_STATES, *FIRM_STATES)


def rule_sentence(verdict: Verdict) -> str:
    """The rule with the unit's number in it (R3), also where academic affairs decided otherwise."""
    numbers = {"counted": verdict.counted, "threshold": verdict.threshold}
    if verdict.by_rule == RuledRoute.ON_SITE:
        sentence = _(
            "%(counted)d graduates count, which is not under %(threshold)d: "
            "the studio comes to the unit (notice, part two, point 2)."
        )
    else:
        sentence = _(
            "%(counted)d graduates count, which is under %(threshold)d: "
            "the unit goes to the studio as a group (notice, part two, point 2)."
        )
    return sentence % numbers


@dataclass(frozen=True)
class NextDate:
    day: dt.date
    label: str
    hint: str = ""
    url: str = ""
    late: bool = False


def deadlines(campaign: Campaign, today: dt.date) -> list[NextDate]:
    """The campaign's dates that are not behind us, and its window."""
    named = (
        (campaign.acknowledge_by, _("Acknowledge the notice")),
        (campaign.roster_by, _("Roster complete")),
        (campaign.sign_off_by, _("Data checked and signed off")),
        (campaign.booking_by, _("Shoot booked")),
        (campaign.window_start, _("Shooting begins")),
        (campaign.window_end, _("Shooting ends")),
        (campaign.acceptance_by, _("Pictures accepted")),
        (campaign.submission_by, _("Images submitted")),
    )
    return [NextDate(day, label) for day, label in named if day and day >= today]


def bookings_of_unit(unit: Unit, campaign: Campaign) -> QuerySet[Booking]:
    """Open and firm bookings with the day and hour at which they begin."""
    mine = Exists(BookingUnit.objects.filter(booking=OuterRef("pk"), unit=unit))
    return (
        Booking.objects.filter(mine, campaign=campaign, state__in=SHOWN_STATES)
        .select_related("studio", "venue")
        .annotate(first_day=Min("holds__day"))
        .order_by("first_day")
    )


def coordinators_of(unit: Unit) -> QuerySet[User]:
    return User.objects.filter(
        pk__in=Membership.objects.filter(unit=unit, ended_at=None).values("user"), is_active=True
    )


class UnitOverview(UnitPage):
    """`/unit/<unit>/<campaign>/`: everything about one unit on one page; staff and the college read."""

    needs = "view"
    template_name = "shoots/overview.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = clock.today()
        scope = Scope(self.user, today, self.campaign, unit=self.unit)
        progress = progress_of(unit=self.unit, campaign=self.campaign)
        bookings = list(self.scoped(bookings_of_unit(self.unit, self.campaign)))
        route = route_of_unit(self.unit, self.campaign)
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            progress=progress,
            route=route,
            rule=rule_sentence(route.verdict),
            bookings=bookings,
            dates=self.next_dates(bookings, today),
            items=waiting_items("unit", scope) if self.standing != "college" else [],
            studios=self.studios(),
            contact=self.contact(),
            coordinators=coordinators_of(self.unit),
            admissions_units=self.unit.admissions_units.all(),
            breadcrumb=self.breadcrumb(),
        )

    def next_dates(self, bookings: list[Booking], today: dt.date) -> list[NextDate]:
        dates = deadlines(self.campaign, today)
        for booking in bookings:
            day = booking.first_day  # type: ignore[attr-defined]
            if day and day >= today:
                hint = f"{booking.get_state_display()} · {booking.studio.short_name}"
                dates.append(NextDate(day, booking.get_kind_display(), hint))
        return sorted(dates, key=lambda date: date.day)

    def studios(self) -> list[Studio]:
        contracts = Contract.objects.filter(campaign=self.campaign).select_related("studio")
        return [contract.studio for contract in contracts.order_by("studio__code")]

    def contact(self) -> Acknowledgement | None:
        rows = Acknowledgement.objects.filter(unit=self.unit, notice__campaign=self.campaign)
        return rows.order_by("-notice__edition").first()

    def breadcrumb(self) -> list[tuple[str, str | None]]:
        if self.standing == "staff":
            return [
                (_("Units"), reverse("students:units", args=[self.campaign.code])),
                (self.unit.name, None),
            ]
        return []


@dataclass
class GrantedUnit:
    """A unit that the studio may see, with whom to call there."""

    unit: Unit
    progress: Progress
    contact: Acknowledgement | None
    coordinators: list[User]
    booking: Booking | None

    @property
    def photographed(self) -> int:
        return self.progress.reached("photographed")


class StudioUnits(StudioPage):
    """`/studio/<studio>/<campaign>/units/`: the units whose people this studio photographs."""

    needs = "view"
    template_name = "shoots/studio_units.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            rows=self.rows(),
            breadcrumb=[(_("What waits"), reverse("units:studio-start")), (_("Units"), None)],
        )

    def rows(self) -> list[GrantedUnit]:
        grants = StudioGrant.objects.filter(studio=self.studio, campaign=self.campaign, ended_at=None)
        units = list(Unit.objects.filter(pk__in=grants.values("unit")).order_by("code"))
        people = Graduate.objects.filter(campaign=self.campaign, enrolment__unit__in=units)
        progress = progress_by_unit(people)
        contacts = self.contacts(units)
        coordinators: dict[int, list[User]] = {}
        open_memberships = Membership.objects.filter(unit__in=units, ended_at=None, user__is_active=True)
        for membership in open_memberships.select_related("user"):
            coordinators.setdefault(membership.unit_id, []).append(membership.user)
        bookings = self.bookings(units)
        return [
            GrantedUnit(
                unit,
                progress.get(unit.pk, Progress()),
                contacts.get(unit.pk),
                coordinators.get(unit.pk, []),
                bookings.get(unit.pk),
            )
            for unit in units
        ]

    def contacts(self, units: list[Unit]) -> dict[int, Acknowledgement]:
        rows = Acknowledgement.objects.filter(unit__in=units, notice__campaign=self.campaign)
        return {row.unit_id: row for row in rows.order_by("notice__edition")}

    def bookings(self, units: list[Unit]) -> dict[int, Booking]:
        """The latest firm booking of each unit: it names the companion (R16)."""
        rows = BookingUnit.objects.filter(
            unit__in=units,
            booking__campaign=self.campaign,
            booking__studio=self.studio,
            booking__state__in=FIRM_STATES,
        )
        return {row.unit_id: row.booking for row in rows.select_related("booking").order_by("booking_id")}
