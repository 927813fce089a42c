"""The school, jobs and the logs in the admin."""

from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.admin_base import LogAdmin, PortalAdmin
from photocampus.admin_site import OWN_APPS
from photocampus.event_words import WORDS, value_word, word_of
from photocampus.models import (
    AccessLog,
    CalendarFeed,
    Chore,
    Event,
    Job,
    Notification,
    Reminded,
    School,
    Untold,
    WorkerBeat,
)
from photocampus.told import sentence


@admin.register(School)
class SchoolAdmin(PortalAdmin):
    """One row, made at the first set-up."""

    list_display = ("name", "code", "demo_date")
    open_fields = ("code", "name")
    hidden_fields = ("singleton",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: School, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        clock.forget()


@admin.register(Job)
class JobAdmin(LogAdmin):
    list_display = ("page", "kind", "state", "percent_done", "by", "created_at", "finished_at")
    list_display_links = None
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("by",)
    search_fields = ("label", "public_id")
    hidden_fields = ("args",)

    @admin.display(description=_("about"), ordering="label")
    def page(self, job: Job) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("job", args=[job.public_id]), job.label or job.public_id
        )

    @admin.display(description=_("done"))
    def percent_done(self, job: Job) -> str:
        return f"{job.percent} %"


@admin.register(WorkerBeat)
class WorkerBeatAdmin(LogAdmin):
    list_display = ("worker", "at")


class SubjectFilter(admin.SimpleListFilter):
    """By the kind of object, under its name."""

    title = _("kind of object")
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = [
            (model._meta.label_lower, str(model._meta.verbose_name))
            for label in OWN_APPS
            for model in apps.get_app_config(label).get_models()
        ]
        return sorted(found, key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(subject_type=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """By what happened, in words; kinds without a word are found by the search."""

    title = _("event")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((kind, str(word)) for kind, word in WORDS.items()), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(LogAdmin):
    """Who changed what; grows without end, so nothing here counts the whole table twice."""

    list_display = ("at", "what", "subject", "before", "after", "reason", "by")
    list_filter = ("at", SubjectFilter, KindFilter)
    ordering = ("-id",)
    list_select_related = ("by",)
    search_fields = ("kind", "new", "reason", "by__name", "by__username", "request_id")
    date_hierarchy = "at"

    @admin.display(description=_("event"), ordering="kind")
    def what(self, event: Event) -> str:
        return word_of(event.kind, event.subject_type, event.new)

    @admin.display(description=_("object"), ordering="subject_type")
    def subject(self, event: Event) -> str:
        try:
            name = apps.get_model(event.subject_type)._meta.verbose_name
        except (LookupError, ValueError):
            name = event.subject_type
        return f"{name} {event.subject_id}"

    @admin.display(description=_("before"))
    def before(self, event: Event) -> str:
        return value_word(event.subject_type, event.old)

    @admin.display(description=_("after"))
    def after(self, event: Event) -> str:
        return value_word(event.subject_type, event.new)


@admin.register(AccessLog)
class AccessLogAdmin(LogAdmin):
    """Who saw, exported or took what."""

    list_display = ("at", "action", "by", "label", "purpose", "rows", "full", "address")
    list_filter = ("full", "action", "at")
    list_select_related = ("by",)
    search_fields = ("action", "label", "purpose", "by__name", "by__username", "sha256")
    date_hierarchy = "at"


@admin.register(Group)
class GroupAdmin(LogAdmin):
    """The groups and what they may; their permissions are set by the program after every migration."""

    is_portals: ClassVar[bool] = True
    list_display = ("name", "members")
    fields = ("name", "permission_list")
    readonly_fields = ("permission_list",)

    @admin.display(description=_("members"))
    def members(self, group: Group) -> int:
        return group.member_count  # type: ignore[attr-defined]

    @admin.display(description=_("permissions"))
    def permission_list(self, group: Group) -> str:
        return ", ".join(
            f"{label}.{name}"
            for label, name in group.permissions.values_list("content_type__app_label", "codename")
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        from django.db.models import Count

        return super().get_queryset(request).annotate(member_count=Count("user"))


@admin.register(Notification)
class NotificationAdmin(LogAdmin):
    """Who was told of what, whether it was read, and how its mail fared."""

    list_display = ("at", "user", "text", "read_at", "mail_state")
    list_filter = ("mail_state", "at")
    list_select_related = ("user", "event")
    search_fields = ("user__name", "user__username", "event__kind")
    hidden_fields = ("facts",)
    date_hierarchy = "at"

    @admin.display(description=_("what"))
    def text(self, row: Notification) -> str:
        return sentence(row)


@admin.register(Untold)
class UntoldAdmin(LogAdmin):
    """Normally empty: what stands here for long could not be told."""

    list_display = ("event", "tries")
    list_select_related = ("event",)


@admin.register(Reminded)
class RemindedAdmin(LogAdmin):
    list_display = ("key",)
    search_fields = ("key",)


@admin.register(Chore)
class ChoreAdmin(LogAdmin):
    list_display = ("name", "due")

    @admin.display(description=_("due at"), ordering="due_at")
    def due(self, row: Chore) -> Any:
        return row.due_at


@admin.register(CalendarFeed)
class CalendarFeedAdmin(LogAdmin):
    list_display = ("user", "made_at", "revoked_at")
    list_select_related = ("user",)
    hidden_fields = ("digest",)
