"""The studio's pages of the day: the list of shoots and the console with its search field."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.lists import join_words
from sessions.access import sees_classes
from sessions.checkin import check_in
from sessions.console import SHOWN, ConsoleView, attendances_of, console_view, shows_names
from sessions.fees import payee_of
from sessions.lookup import find_people
from sessions.me import LONG_NUMBER
from sessions.models import (
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    Disturbance,
    Hold,
    Station,
)
from sessions.problem_view import problems_on
from sessions.shoots import (
    stations_of,
)
from students.models import Graduate
from units.access import StudioPage
from units.models import Unit

DAY_STATES = (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE)


@dataclass
class ShootLine:
    """One shoot in the list of days."""

    booking: Booking
    days: list[dt.date]
    units: str
    stations: str

    @property
    def is_today(self) -> bool:
        return clock.today() in self.days


def shoot_lines(bookings: Iterable[Booking]) -> list[ShootLine]:
    """Shoots with days, stations and units; three queries however many."""
    rows = list(bookings)
    days: dict[int, list[dt.date]] = {}
    stations: dict[int, list[str]] = {}
    for pk, day, code in (
        Hold.objects.filter(booking__in=rows)
        .order_by("day", "station__code")
        .values_list("booking", "day", "station__code")
        .distinct()
    ):
        if day not in days.setdefault(pk, []):
            days[pk].append(day)
        if code not in stations.setdefault(pk, []):
            stations[pk].append(code)
    names: dict[int, list[str]] = {}
    units = Unit.objects.filter(booking_units__booking__in=rows).order_by("code")
    for pk, name in units.values_list("booking_units__booking", "name"):
        names.setdefault(pk, []).append(name)
    return [
        ShootLine(
            row,
            days.get(row.pk, []),
            join_words(names.get(row.pk, [])) or row.get_kind_display(),
            join_words(stations.get(row.pk, [])),
        )
        for row in rows
    ]


class ShootList(StudioPage):
    """`/studio/<studio>/<campaign>/shoots/`: firm shoots, today's first."""

    needs = "view"
    template_name = "shoots/shoots.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = shoot_lines(self.firm_bookings())
        today = clock.today()
        return self.render(
            studio=self.studio,
            campaign=self.campaign,
            today_lines=[line for line in lines if line.is_today and line.booking.state != BookingState.DONE],
            coming=[
                line
                for line in lines
                if not line.is_today
                and line.booking.state != BookingState.DONE
                and (not line.days or line.days[-1] > today)
            ],
            overdue=[
                line
                for line in lines
                if line.days and line.days[-1] < today and line.booking.state != BookingState.DONE
            ],
            done=[line for line in reversed(lines) if line.booking.state == BookingState.DONE],
            breadcrumb=[(_("What waits"), reverse("units:studio-start")), (_("Shoot days"), None)],
        )

    def firm_bookings(self) -> list[Booking]:
        """In order of their first day, with counts of people. Two relations counted at once would multiply."""
        rows = self.scoped(Booking).filter(campaign=self.campaign, studio=self.studio, state__in=DAY_STATES)
        order = list(
            rows.annotate(first_day=Min("holds__day"))
            .order_by("first_day", "pk")
            .values_list("pk", flat=True)
        )
        counted = rows.annotate(
            expected=Count("attendances"),
            photographed=Count("attendances", filter=Q(attendances__state=AttendanceState.PHOTOGRAPHED)),
            absent=Count("attendances", filter=Q(attendances__state=AttendanceState.ABSENT)),
        )
        return sorted(counted, key=lambda row: order.index(row.pk))


class ShootPage(StudioPage):
    """Base of the pages of one shoot: finds it among the studio's own. Not a page by itself."""

    needs = "view"
    booking: Booking

    def setup_booking(self, public_id: str) -> Booking:
        rows = self.scoped(Booking).select_related("campaign", "studio")
        self.booking = self.get_scoped(
            rows.filter(campaign=self.campaign, studio=self.studio, state__in=DAY_STATES), public_id=public_id
        )
        return self.booking

    def person(self, public_id: str) -> Attendance:
        return self.get_scoped(
            Attendance.objects.select_related("graduate"), booking=self.booking, public_id=public_id
        )

    def console_url(self, person: str = "") -> str:
        url = reverse("shoots:console", args=[self.studio.code, self.campaign.code, self.booking.public_id])
        return f"{url}?person={person}" if person else url

    # -- the station of this console, remembered in the browser's session

    def station(self) -> Station | None:
        stations = stations_of(self.booking)
        chosen = self.request.session.get(self.station_key)
        return next((row for row in stations if row.pk == chosen), stations[0] if stations else None)

    @property
    def station_key(self) -> str:
        return f"station:{self.booking.public_id}"

    # -- answering

    def show(
        self,
        *,
        person: str = "",
        found: Any = None,
        typed: str = "",
        notice: str = "",
        tone: str = "bad",
        state: str = "",
    ) -> HttpResponse:
        """The console as it is now; to htmx only its changing part."""
        view = console_view(self.booking, attendances=self.visible_attendances())
        state = state if state in SHOWN else ""
        is_part = bool(self.request.headers.get("HX-Request"))
        template = "shoots/_console.html" if is_part else "shoots/console.html"
        line = shoot_lines([self.booking])[0]
        is_open = self.booking.state == BookingState.UNDER_WAY and self.can_edit
        is_alone = self.booking.kind == BookingKind.INDIVIDUAL
        day = clock.today() if clock.today() in line.days else None
        return self.render(
            template,
            studio=self.studio,
            campaign=self.campaign,
            booking=self.booking,
            line=line,
            view=view,
            groups=view.groups(state),
            tabs=self.tabs(view),
            shown=state,
            person=view.row_of(person) if person else None,
            found=found,
            found_rows=self.rows_of(view, found),
            typed=typed,
            notice=notice,
            notice_tone=tone,
            station=self.station(),
            stations=stations_of(self.booking),
            disturbances=list(
                Disturbance.objects.filter(booking=self.booking).select_related("station", "by")
            ),
            names=shows_names(self.campaign),
            is_open=is_open,
            may_replan=is_open and not is_alone and sees_classes(self.user, self.booking),
            can_act=self.can_edit,
            may_start=self.booking.state == BookingState.CONFIRMED and self.can_edit,
            is_alone=is_alone,
            payee=payee_of(self.studio),
            problems=None if is_part else problems_on(self, self.booking, day),
            today=clock.today(),
            breadcrumb=[
                (_("Shoot days"), reverse("shoots:shoots", args=[self.studio.code, self.campaign.code])),
                (line.units, None),
            ],
        )

    def visible_attendances(self) -> list[Attendance]:
        seen = set(self.scoped(Attendance).filter(booking=self.booking).values_list("pk", flat=True))
        return [row for row in attendances_of(self.booking) if row.pk in seen]

    def rows_of(self, view: ConsoleView, found: Any) -> list[Any]:
        if found is None:
            return []
        keys = [row.public_id for row in found.attendances]
        return [row for row in view.rows if row.key in keys]

    def tabs(self, view: ConsoleView) -> list[tuple[str, str, int]]:
        rows = [("", _("All"), len(view.rows))]
        return rows + [(state.value, str(state.label), view.counts[state.value]) for state in AttendanceState]

    def answer(self, *, person: str = "", notice: str = "", tone: str = "good") -> HttpResponse:
        """After a POST: the fragment for htmx, else a redirect with a message."""
        if self.request.headers.get("HX-Request"):
            self.booking.refresh_from_db()
            return self.show(
                person=person, notice=notice, tone=tone, state=self.request.POST.get("shown", "")
            )
        if notice:
            level = messages.ERROR if tone == "bad" else messages.SUCCESS
            messages.add_message(self.request, level, notice)
        return redirect(self.console_url(person))


class Console(ShootPage):
    """The desk of one shoot: one field, one person, one next step; below it everybody by hour and class."""

    needs = "view"
    template_name = "shoots/console.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        return self.show(person=request.GET.get("person", ""), state=request.GET.get("show", ""))


class ConsoleFind(ShootPage):
    """What was typed or scanned (by POST, never in an address). A scanned ID number lets its person in at once."""

    needs = "edit"

    def post(self, request: HttpRequest, booking: str) -> HttpResponse:
        self.setup_booking(booking)
        typed = request.POST.get("q", "")
        found = find_people(
            booking=self.booking,
            attendances=self.visible_attendances(),
            people=self.scoped(Graduate).filter(campaign=self.campaign),
            typed=typed,
            by_name=shows_names(self.campaign),
        )
        if found.one is None:
            notice = (
                ""
                if found.attendances or found.others
                else _("Nobody fits. Check what was typed or scanned.")
            )
            state = request.POST.get("shown", "")
            # A number that was typed is not written back into the page.
            echo = "" if LONG_NUMBER.search(typed) else typed
            return self.show(found=found, typed=echo, notice=notice, state=state)
        if found.is_id and found.one.state in (AttendanceState.EXPECTED, AttendanceState.ABSENT):
            return self.let_in(found.one, typed)
        return self.answer(person=found.one.public_id)

    def let_in(self, attendance: Attendance, typed: str) -> HttpResponse:
        try:
            check_in(attendance=attendance, typed=typed, by=self.user)
        except DomainError as error:
            return self.answer(person=attendance.public_id, notice=str(error), tone="bad")
        return self.answer(person=attendance.public_id, notice=_("The ID number is equal. Checked in."))
