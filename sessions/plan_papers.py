"""The plan on paper and as a file: A4 day by day, one sheet per class, XLSX (R15, R8, R12, R13)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from photocampus.access_log import log_access
from photocampus.sheets import XLSX, sheet_bytes
from sessions.access import sees_classes
from sessions.console import shows_names
from sessions.fees import payee_of, shooting_fee
from sessions.models import Attendance, AttendanceState, Booking, BookingKind, BookingState
from sessions.places import Place, places_of
from sessions.plan_rows import entries_of
from sessions.plan_table import plan_view
from sessions.studio_bookings import StudioBookingPage
from sessions.unit_bookings import UnitBookingPage
from students.models import ClassGroup

SHOWN_TO_STUDIO = (BookingState.CONFIRMED, BookingState.UNDER_WAY, BookingState.DONE)


def paper_context(booking: Booking) -> dict[str, Any]:
    """What every sheet of a plan says: where, with whom, what to bring, what it costs and who takes the money."""
    _kind, fee = shooting_fee(booking.kind, booking.campaign)
    return {
        "booking": booking,
        "campaign": booking.campaign,
        "units": list(booking.units.order_by("code")),
        "studio": booking.studio,
        "on_site": booking.kind == BookingKind.ON_SITE,
        "fee": fee,
        "payee": payee_of(booking.studio),
    }


def print_context(booking: Booking) -> dict[str, Any]:
    """The A4 sheets, one per day, for both sides."""
    return {**paper_context(booking), "plan": plan_view(booking, entries_of(booking))}


@dataclass(frozen=True)
class Named:
    """A line of a class sheet; without names in a campaign of capture codes."""

    number: str
    name: str


@dataclass
class Part:
    """The people of a class who come to one station in one hour."""

    place: Place
    report_at: dt.time
    people: list[Named] = field(default_factory=list)


@dataclass
class ClassSheet:
    """One class: its hours with the people of each in student-number order, and who has no hour yet."""

    group: ClassGroup
    parts: list[Part] = field(default_factory=list)
    waiting: list[Named] = field(default_factory=list)

    @property
    def people(self) -> int:
        return sum(len(part.people) for part in self.parts) + len(self.waiting)


def class_sheets(
    booking: Booking, attendances: QuerySet[Attendance], *, names: bool, numbers: bool
) -> list[ClassSheet]:
    """One sheet per class that these people belong to; absent ones are left out.

    Where each person stands is `places_of`, the same as on the graduate's own page and on the console. Without
    `numbers` people are counted through, without `names` nobody is named.
    """
    places = places_of(booking)
    rows = (
        attendances.filter(booking=booking)
        .exclude(state=AttendanceState.ABSENT)
        .select_related("graduate__enrolment__class_group__unit", "graduate__enrolment__student")
        .order_by(
            "graduate__enrolment__unit__code",
            "graduate__enrolment__class_group__name",
            "graduate__enrolment__student_number",
        )
    )
    sheets: dict[int, ClassSheet] = {}
    parts: dict[tuple[int, Place], Part] = {}
    for row in rows:
        enrolment = row.graduate.enrolment
        sheet = sheets.setdefault(enrolment.class_group_id, ClassSheet(enrolment.class_group))
        number = enrolment.student_number if numbers else str(sheet.people + 1)
        person = Named(number, enrolment.student.name if names else "")
        place = places.get(row.pk)
        if place is None:
            sheet.waiting.append(person)
            continue
        key = (enrolment.class_group_id, place)
        if key not in parts:
            parts[key] = Part(place, place.report_at(booking.campaign.report_minutes))
            sheet.parts.append(parts[key])
        parts[key].people.append(person)
    for sheet in sheets.values():
        sheet.parts.sort(key=lambda part: (part.place.day, part.place.start, part.place.station))
    return list(sheets.values())


def chosen_sheets(sheets: Iterable[ClassSheet], public_id: str) -> list[ClassSheet]:
    """All, or the one asked for."""
    found = [sheet for sheet in sheets if public_id in ("", sheet.group.public_id)]
    if public_id and not found:
        raise Http404
    return found


def plan_sheet(booking: Booking) -> bytes:
    """The plan as one XLSX sheet: a row per class, station and hour; no names in it."""
    plan = plan_view(booking, entries_of(booking))
    rows = []
    for day in plan.days:
        for block in day.blocks:
            row = block.entry
            rows.append(
                (
                    f"{row.day:%Y-%m-%d}",
                    f"{block.report_at:%H:%M}",
                    f"{row.start:%H:%M}",
                    f"{row.end:%H:%M}",
                    row.station.code,
                    row.class_group.unit.name,
                    row.class_group.name,
                    row.people,
                    f"{block.ends.median:%H:%M}" if block.ends else "",
                    f"{block.ends.bound:%H:%M}" if block.ends else "",
                )
            )
    headings = [
        _("Day"),
        _("Report at"),
        pgettext("beginning of an hour", "From"),
        _("Until"),
        _("Station"),
        _("Unit"),
        _("Class"),
        _("People"),
        _("Class expected to end"),
        _("In nine of ten cases by"),
    ]
    widths = (12, 10, 8, 8, 8, 24, 24, 8, 12, 12)
    return sheet_bytes(headings=headings, rows=rows, title=_("Plan"), widths=widths)


def plan_download(booking: Booking, by: Any) -> HttpResponse:
    content = plan_sheet(booking)
    log_access("plan_downloaded", by=by, subject=booking, rows=booking.plan_entries.count())
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="plan-{booking.public_id}.xlsx"'
    return response


class UnitPlanPrint(UnitBookingPage):
    """`…/plan/print/`: A4, a day per page."""

    needs = "view"
    template_name = "shoots/plan_print.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        return self.render(back=self.to("plan", row.public_id), **print_context(row))


class UnitPlanSheet(UnitBookingPage):
    """`…/plan.xlsx`."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return plan_download(self.booking(booking), self.user)


class UnitClassSheets(UnitBookingPage):
    """`…/plan/classes/?class=…`: a sheet for each class of the own unit, or for one of them."""

    needs = "view"
    template_name = "shoots/class_sheets.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.booking(booking)
        names = shows_names(self.campaign)
        people = self.scoped(Attendance)
        sheets = class_sheets(row, people, names=names, numbers=True)
        found = chosen_sheets(sheets, request.GET.get("class", ""))
        log_access("class_sheets", by=self.user, subject=row, rows=sum(sheet.people for sheet in found))
        back = self.to("plan", row.public_id)
        return self.render(
            sheets=found, names=names, numbers=True, back=back, everything=sheets, **paper_context(row)
        )


class StudioPlanPage(StudioBookingPage):
    """Shared by the studio's pages about a plan: only firm bookings have one, and it names classes. Not a page by itself."""

    needs = "view"

    def firm_booking(self, public_id: str) -> Booking:
        row = self.booking(public_id)
        if row.state not in SHOWN_TO_STUDIO or row.kind == BookingKind.INDIVIDUAL:
            raise Http404
        if not sees_classes(self.user, row):
            raise Http404
        return row


class StudioPlanPrint(StudioPlanPage):
    """`/studio/<studio>/<campaign>/bookings/<booking>/plan/print/`."""

    needs = "view"
    template_name = "shoots/plan_print.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.firm_booking(booking)
        return self.render(back=self.to("studio-plan", row.public_id), **print_context(row))


class StudioPlanSheet(StudioPlanPage):
    """`…/plan.xlsx` for the studio."""

    needs = "view"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        return plan_download(self.firm_booking(booking), self.user)


class StudioClassSheets(StudioPlanPage):
    """`…/plan/classes/` for the studio: names only where it holds the grant and the campaign shows them (design §5)."""

    needs = "view"
    template_name = "shoots/class_sheets.html"

    def get(self, request: HttpRequest, booking: str) -> HttpResponse:
        row = self.firm_booking(booking)
        names = shows_names(self.campaign)
        sheets = class_sheets(row, self.scoped(Attendance), names=names, numbers=names)
        found = chosen_sheets(sheets, request.GET.get("class", ""))
        log_access("class_sheets", by=self.user, subject=row, rows=sum(sheet.people for sheet in found))
        back = self.to("studio-plan", row.public_id)
        return self.render(
            sheets=found, names=names, numbers=names, back=back, everything=sheets, **paper_context(row)
        )
