"""Studio calendars are kept here; everything else of a shoot is only looked at."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from photocampus.admin_base import Act, LogAdmin, PortalAdmin, actor, take_out
from photocampus.admin_words import word_column, word_filter
from photocampus.lists import join_words
from photocampus.models import User
from sessions.booking_view import STEPS, lines_of
from sessions.delivery_pages import missing_text
from sessions.models import (
    Attendance,
    AttendancePhoto,
    BlockedHours,
    Booking,
    BookingMessage,
    BookingUnit,
    Closure,
    DayException,
    Delivery,
    DeliveryItem,
    Disturbance,
    Fee,
    Hold,
    PlanChange,
    PlanEntry,
    Problem,
    ProblemMessage,
    Receipt,
    ReceiptCounter,
    RouteOverride,
    Shot,
    Station,
    StationDayOff,
    Venue,
    VenuePhoto,
    WaitlistEntry,
    WeeklyHours,
)
from sessions.plan_limits import report_broken_plans
from sessions.problem_view import STEPS as PROBLEM_STEPS
from sessions.routes import FLAGS
from sessions.studio_days import SpansInWrongOrder, calendar_changed
from students.admin_people import person_link
from units.models import Studio

# What a name and its link to the whole history need, seen from a row that has a graduate.
PERSON = ("graduate__enrolment__student", "graduate__enrolment__unit", "graduate__campaign")


def in_words(steps: Mapping[Any, Any]) -> dict[str, str]:
    return {str(step): str(word) for step, word in steps.items()}


def take_out_act(permission: str) -> Act:
    return Act(
        "take-out",
        _("Take out"),
        permission,
        take_out_and_flag,
        _("This line of the calendar goes; bookings that exist stay as they are."),
        _("The line is taken out."),
        is_grave=True,
    )


class CalendarAdmin(PortalAdmin):
    """Whatever changes in a calendar, bookings that lose their hours are flagged."""

    may_add = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A line that goes over to another studio (or to its station) concerns both."""
        before = type(obj)._default_manager.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        by = actor(request)
        studios = {studio_of(row) for row in (before, obj) if row is not None}
        if flagged := sum(calendar_changed(studio, by) for studio in studios):
            text = ngettext(
                "%(count)d booking holds hours that are no longer open; it is flagged.",
                "%(count)d bookings hold hours that are no longer open; they are flagged.",
                flagged,
            )
            self.message_user(request, text % {"count": flagged}, messages.WARNING)


def studio_of(row: Any) -> Studio:
    return row.station.studio if isinstance(row, StationDayOff) else row.studio


def take_out_and_flag(row: Any, user: User, data: dict[str, Any]) -> None:
    """A closure or exception that is not; bookings are looked at again."""
    studio = studio_of(row)
    take_out(row, user, data)
    calendar_changed(studio, user)


@admin.register(WeeklyHours)
class WeeklyHoursAdmin(CalendarAdmin):
    list_display = ("studio", "since", "weekday", "start", "end")
    list_display_links = ("weekday",)
    list_filter = ("studio", "since")
    list_select_related = ("studio",)
    open_fields = ("studio", "since", "weekday", "start", "end")
    acts = (take_out_act("shoots.change_weeklyhours"),)


@admin.register(Closure)
class ClosureAdmin(CalendarAdmin):
    list_display = ("studio", "first", "last", "reason")
    list_display_links = ("first",)
    list_filter = ("studio",)
    list_select_related = ("studio",)
    open_fields = ("studio", "first", "last", "reason")
    acts = (take_out_act("shoots.change_closure"),)


class DayExceptionForm(forms.ModelForm[DayException]):
    """Openings are pairs of half hours; anything else would break every calendar that reads them."""

    def clean_openings(self) -> list[list[str]]:
        value = self.cleaned_data["openings"] or []
        try:
            spans = sorted((dt.time.fromisoformat(start), dt.time.fromisoformat(end)) for start, end in value)
        except (TypeError, ValueError):
            raise forms.ValidationError(_('Give pairs of times, such as [["09:30", "12:00"]].')) from None
        for start, end in spans:
            if start >= end or start.minute % 30 or end.minute % 30:
                raise forms.ValidationError(SpansInWrongOrder.message)
        return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in spans]


@admin.register(DayException)
class DayExceptionAdmin(CalendarAdmin):
    form = DayExceptionForm
    list_display = ("studio", "day", "openings", "reason")
    list_display_links = ("day",)
    list_filter = ("studio",)
    list_select_related = ("studio",)
    open_fields = ("studio", "day", "openings", "reason")
    acts = (take_out_act("shoots.change_dayexception"),)


@admin.register(Station)
class StationAdmin(CalendarAdmin):
    list_display = ("code", "name", "studio", "kind", "rate", "daily_load", "is_active")
    list_display_links = ("code", "name")
    list_filter = ("studio", "kind", "is_active")
    list_select_related = ("studio",)
    open_fields = ("studio", "code", "name", "kind", "rate", "daily_load", "is_active")
    fixed_after_creation = ("studio", "code")
    hidden_fields = ("public_id",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Of a lower rate both sides of the shoots hear whose plans exceed it."""
        before = Station.objects.select_for_update().filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        if before is not None and obj.rate < before.rate:
            report_broken_plans(obj, actor(request))


@admin.register(StationDayOff)
class StationDayOffAdmin(CalendarAdmin):
    list_display = ("station", "day", "reason")
    list_display_links = ("day",)
    list_filter = ("station__studio",)
    list_select_related = ("station__studio",)
    open_fields = ("station", "day", "reason")
    acts = (take_out_act("shoots.change_stationdayoff"),)


@admin.register(RouteOverride)
class RouteOverrideAdmin(LogAdmin):
    list_display = ("unit", "campaign", "route", "reason", "by", "at", "ended_at")
    list_filter = ("campaign", "route", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("unit", "campaign", "by")
    search_fields = ("unit__name",)


@admin.register(Venue)
class VenueAdmin(LogAdmin):
    list_display = ("name", "unit", "address", "area", "longest_side", "doors", "power", "is_active")
    list_filter = ("unit", "is_active")
    list_select_related = ("unit",)
    search_fields = ("name", "unit__name")


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(LogAdmin):
    list_display = ("day", "unit", "kind", "people", "studio", "campaign", "state", "joined_at", "joined_by")
    list_filter = ("campaign", "studio", "state", "kind", "day")
    list_select_related = ("unit", "studio", "campaign", "joined_by")
    search_fields = ("unit__name",)
    hidden_fields = ("public_id",)


class FlagFilter(admin.SimpleListFilter):
    """A booking may wear several flags at once."""

    title = _("flag")
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(flag, str(word)) for flag, word in FLAGS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(flag__contains=self.value()) if self.value() else queryset


@admin.register(Booking)
class BookingAdmin(LogAdmin):
    list_display = (
        "unit_names", "kind", "state", "first_day", "people", "studio", "campaign", "flags", "asked_at",
    )  # fmt: skip
    list_filter = ("campaign", "studio", "state", "kind", FlagFilter)
    list_select_related = ("campaign", "studio")
    search_fields = ("public_id", "units__name")
    hidden_fields = ("room_kept", "sequence")
    shown_as: ClassVar = {"flag": "flags"}
    readonly_fields = ("unit_names",)

    def get_queryset(self, request: Any) -> Any:
        rows = super().get_queryset(request).annotate(first_hour=models.Min("holds__day"))
        return rows.prefetch_related("units")

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return ["unit_names", *super().get_fields(request, obj)]

    @admin.display(description=_("first day"), ordering="first_hour")
    def first_day(self, row: Booking) -> Any:
        return row.first_hour  # type: ignore[attr-defined]

    @admin.display(description=_("flag"), ordering="flag")
    def flags(self, row: Booking) -> str:
        return join_words(FLAGS.get(flag, flag) for flag in row.flag.split())

    @admin.display(description=_("units"))
    def unit_names(self, row: Booking) -> str:
        return join_words(unit.name for unit in row.units.all()) or gettext("individuals")

    def links(self, obj: Booking) -> list[Any]:
        found: list[Any] = [
            (unit.name, reverse("shoots:overview", args=[unit.code, obj.campaign.code]))
            for unit in obj.units.all()
        ]
        page = reverse("shoots:office-booking", args=[obj.campaign.code, obj.public_id])
        return [(_("Decide about the flag") if obj.flag else _("Booking"), page), *found]


@admin.register(BookingUnit)
class BookingUnitAdmin(LogAdmin):
    list_display = ("booking", "unit")
    list_filter = ("unit",)
    list_select_related = ("booking", "unit")


@admin.register(BookingMessage)
class BookingMessageAdmin(LogAdmin):
    list_display = ("at", "booking", "what", "note", "by")
    list_filter = (word_filter("step", _("step"), lambda: in_words(STEPS)), "booking__campaign")
    list_select_related = ("booking", "by")
    shown_as: ClassVar = {"step": "what", "hours": "hour_lines"}
    what = word_column("step", _("step"), lambda step: str(STEPS.get(step, step)))

    @admin.display(description=_("hours"))
    def hour_lines(self, row: BookingMessage) -> str:
        return lines_of(row.hours) or "-"


@admin.register(Hold)
class HoldAdmin(LogAdmin):
    list_display = ("day", "start", "station", "booking")
    list_filter = ("day", "station")
    list_select_related = ("station", "booking")
    date_hierarchy = "day"


@admin.register(BlockedHours)
class BlockedHoursAdmin(LogAdmin):
    list_display = ("campaign", "class_group", "day", "start", "end")
    list_filter = ("campaign", "day")
    list_select_related = ("campaign", "class_group")


@admin.register(PlanChange)
class PlanChangeAdmin(LogAdmin):
    list_display = ("at", "booking", "kind", "by", "undone_at", "undone_by")
    list_filter = ("booking__campaign", "kind")
    list_select_related = ("booking", "by", "undone_by")
    hidden_fields = ("before", "after")


@admin.register(PlanEntry)
class PlanEntryAdmin(LogAdmin):
    list_display = ("day", "start", "end", "station", "class_group", "people", "booking", "is_locked")
    list_filter = ("booking__campaign", "day", "station")
    list_select_related = ("station", "class_group", "booking")
    hidden_fields = ("why",)


@admin.register(Attendance)
class AttendanceAdmin(LogAdmin):
    list_display = ("person", "booking", "day", "state", "fee_due", "id_compared", "photographed_at")
    list_filter = ("booking__campaign", "state", "day", "graduate__enrolment__unit")
    list_select_related = (
        "graduate__enrolment__student",
        "graduate__enrolment__unit",
        "graduate__campaign",
        "booking",
    )

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Attendance) -> str:
        return person_link(row.graduate)


@admin.register(Shot)
class ShotAdmin(LogAdmin):
    list_display = ("code", "person", "station", "day", "issued_at", "issued_by", "voided_at", "void_reason")
    list_filter = ("station", "day", ("voided_at", admin.EmptyFieldListFilter))
    list_select_related = ("station", "issued_by", *(f"attendance__{path}" for path in PERSON))
    search_fields = ("code",)

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Shot) -> str:
        return person_link(row.attendance.graduate)


@admin.register(AttendancePhoto)
class AttendancePhotoAdmin(LogAdmin):
    list_display = ("person", "shot", "booking")
    list_filter = ("attendance__booking__campaign", "shot__station")
    list_select_related = ("shot", "attendance__booking", *(f"attendance__{path}" for path in PERSON))

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: AttendancePhoto) -> str:
        return person_link(row.attendance.graduate)

    @admin.display(description=_("booking"))
    def booking(self, row: AttendancePhoto) -> str:
        return str(row.attendance.booking)


@admin.register(Fee)
class FeeAdmin(LogAdmin):
    list_display = ("person", "kind", "label", "amount", "state", "settled_at", "settled_by")
    list_filter = ("attendance__booking__campaign", "kind", "state")
    list_select_related = ("settled_by", *(f"attendance__{path}" for path in PERSON))

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Fee) -> str:
        return person_link(row.attendance.graduate)


@admin.register(ReceiptCounter)
class ReceiptCounterAdmin(LogAdmin):
    list_display = ("studio", "campaign", "last")
    list_select_related = ("studio", "campaign")


@admin.register(Receipt)
class ReceiptAdmin(LogAdmin):
    """A receipt's address lets people in without a log-in: it is not shown here."""

    list_display = (
        "number",
        "person",
        "studio",
        "campaign",
        "issued_at",
        "collect_from",
        "collected_at",
        "voided_at",
    )
    list_filter = ("campaign", "studio", ("collected_at", admin.EmptyFieldListFilter))
    list_select_related = ("studio", "campaign", *(f"attendance__{path}" for path in PERSON))
    search_fields = ("number",)
    hidden_fields = ("public_id",)

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Receipt) -> str:
        return person_link(row.attendance.graduate)


@admin.register(Disturbance)
class DisturbanceAdmin(LogAdmin):
    list_display = ("began_at", "ended_at", "booking", "station", "what", "by")
    list_filter = ("booking__campaign", "station")
    list_select_related = ("booking", "station", "by")


@admin.register(Delivery)
class DeliveryAdmin(LogAdmin):
    list_display = ("number", "unit", "studio", "campaign", "state", "prepared_at", "sent_at", "received_at")
    list_filter = ("campaign", "studio", "state", "unit")
    list_select_related = ("unit", "studio", "campaign")
    hidden_fields = ("files", "manifest")


@admin.register(DeliveryItem)
class DeliveryItemAdmin(LogAdmin):
    list_display = (
        "delivery",
        "person",
        "bag",
        "position",
        "prints_2in",
        "prints_1in",
        "state",
        "lacking",
        "note",
    )
    list_display_links = ("bag",)
    list_filter = ("state", "delivery__campaign", "delivery__unit")
    list_select_related = ("delivery__unit", *PERSON)
    shown_as: ClassVar = {"missing": "lacking"}

    @admin.display(description=_("missing"))
    def lacking(self, row: DeliveryItem) -> str:
        return missing_text(row)

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: DeliveryItem) -> str:
        return person_link(row.graduate)


@admin.register(Problem)
class ProblemAdmin(LogAdmin):
    list_display = (
        "title",
        "page",
        "state",
        "owner_side",
        "owner",
        "due",
        "raised_side",
        "raised_at",
        "studio",
    )
    list_filter = ("campaign", "state", "owner_side", "raised_side", "studio")
    list_select_related = ("owner", "studio", "campaign")
    search_fields = ("title",)
    columns_not_exported = ("page",)

    @admin.display(description=_("conversation"))
    def page(self, row: Problem) -> str:
        return format_html('<a href="{}">{}</a>', problem_url(row), _("look and answer"))

    def links(self, obj: Problem) -> list[Any]:
        return [(_("look and answer"), problem_url(obj))]


def problem_url(row: Problem) -> str:
    return reverse("shoots:office-problem", args=[row.campaign.code, row.public_id])


@admin.register(ProblemMessage)
class ProblemMessageAdmin(LogAdmin):
    list_display = ("at", "problem", "what", "side", "text", "by")
    list_filter = (
        "problem__campaign",
        word_filter("step", _("step"), lambda: in_words(PROBLEM_STEPS)),
        "side",
    )
    list_select_related = ("problem", "by")
    hidden_fields = ("data",)
    shown_as: ClassVar = {"step": "what"}
    what = word_column("step", _("step"), lambda step: str(PROBLEM_STEPS.get(step, step)))


@admin.register(VenuePhoto)
class VenuePhotoAdmin(LogAdmin):
    list_display = ("venue", "caption", "width", "height", "size", "by", "at", "removed_at")
    list_filter = ("venue__unit", ("removed_at", admin.EmptyFieldListFilter))
    list_select_related = ("venue", "by")
    hidden_fields = ("file",)
