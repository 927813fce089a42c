"""The school, jobs and the logs in the admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock, jobs
from photocampus.access_words import WORDS as ACTIONS
from photocampus.access_words import word_of_action, word_of_label
from photocampus.admin_base import LogAdmin, PortalAdmin
from photocampus.admin_words import kinds_of_rows, row_link, word_column, word_filter
from photocampus.chores import title_of_chore
from photocampus.event_words import all_words, changed_fields, value_word, word_of
from photocampus.job_pages import result_rows, title_of
from photocampus.lists import join_parts
from photocampus.models import (
    AccessLog,
    CalendarFeed,
    Chore,
    Event,
    Job,
    Notification,
    Reminded,
    Role,
    School,
    Untold,
    WorkerBeat,
)
from photocampus.roles import ACADEMIC_AFFAIRS
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


def kinds_of_jobs() -> dict[str, str]:
    return {name: str(kind.title) for name, kind in jobs.all_kinds().items()}


@admin.register(Job)
class JobAdmin(LogAdmin):
    """Looked at here; progress, result and stopping are on the job's own page."""

    list_display = ("what", "page", "state", "percent_done", "by", "created_at", "finished_at")
    list_display_links = ("what",)
    list_filter = ("state", word_filter("kind", _("kind"), kinds_of_jobs), "created_at")
    list_select_related = ("by",)
    search_fields = ("label", "public_id")
    hidden_fields = ("args", "url", "error_code", "worker", "lease_until")
    shown_as: ClassVar = {"kind": "what", "result": "result_words"}

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, job: Job) -> str:
        return title_of(job)

    @admin.display(description=_("about"), ordering="label")
    def page(self, job: Job) -> str:
        address = reverse("job", args=[job.public_id])
        return format_html('<a href="{}">{}</a>', address, job.label or gettext("Show the job"))

    @admin.display(description=_("done"))
    def percent_done(self, job: Job) -> str:
        return f"{job.percent} %"

    @admin.display(description=_("result"))
    def result_words(self, job: Job) -> str:
        return join_parts(f"{name} {value}" for name, value in result_rows(job.result)) or "-"

    def links(self, obj: Job) -> list[Any]:
        return [(_("Show the job"), reverse("job", args=[obj.public_id]))]


@admin.register(WorkerBeat)
class WorkerBeatAdmin(LogAdmin):
    list_display = ("worker", "at")


@admin.register(Event)
class EventAdmin(LogAdmin):
    """Who changed what; grows without end, so nothing here counts the whole table twice."""

    list_display = ("at", "what", "subject", "before", "after", "reason", "by")
    list_filter = (
        "at",
        word_filter("subject_type", _("kind of object"), kinds_of_rows),
        word_filter("kind", _("event"), all_words),
    )
    ordering = ("-id",)
    list_select_related = ("by",)
    search_fields = ("kind", "new", "reason", "by__name", "by__username", "request_id")
    date_hierarchy = "at"
    fields = ("at", "what", "subject", "before", "after", "reason", "changed_fields", "by", "request_id")
    readonly_fields = fields

    @admin.display(description=_("event"), ordering="kind")
    def what(self, event: Event) -> str:
        return word_of(event.kind, event.subject_type, event.new)

    @admin.display(description=_("object"), ordering="subject_type")
    def subject(self, event: Event) -> str:
        return row_link(event.subject_type, event.subject_id)

    @admin.display(description=_("before"))
    def before(self, event: Event) -> str:
        return value_word(event.subject_type, event.old)

    @admin.display(description=_("after"))
    def after(self, event: Event) -> str:
        return value_word(event.subject_type, event.new)

    @admin.display(description=_("fields changed"))
    def changed_fields(self, event: Event) -> str:
        lines = changed_fields(event)
        return format_html_join("", "<div>{}: <del>{}</del> → <ins>{}</ins></div>", lines) or "-"


@admin.register(AccessLog)
class AccessLogAdmin(LogAdmin):
    """Who saw, exported or took what."""

    list_display = ("at", "what", "by", "about", "subject", "purpose", "rows", "full", "address")
    list_filter = (
        "full",
        word_filter("action", _("action"), lambda: {action: str(word) for action, word in ACTIONS.items()}),
        "at",
    )
    list_select_related = ("by",)
    search_fields = ("action", "label", "purpose", "by__name", "by__username", "sha256")
    date_hierarchy = "at"
    hidden_fields = ("subject_id",)
    shown_as: ClassVar = {"action": "what", "label": "about", "subject_type": "subject"}
    what = word_column("action", _("action"), word_of_action)
    about = word_column("label", _("what"), word_of_label)

    @admin.display(description=_("object"), ordering="subject_type")
    def subject(self, row: AccessLog) -> str:
        return row_link(row.subject_type, row.subject_id)


# The acts that Django names itself; ours have their words in the model's `permissions`.
ACTS = {"add": _("Add: %(what)s"), "change": _("Change: %(what)s"), "view": _("Look at: %(what)s")}


def permission_words(permission: Permission) -> str:
    """What a permission allows, in the reader's language; the database keeps Django's English."""
    model = permission.content_type.model_class()
    act, _sep, _name = permission.codename.partition("_")
    own = dict(model._meta.permissions) if model is not None else {}
    if permission.codename in own:
        return str(own[permission.codename])
    if model is None or act not in ACTS:
        return permission.name
    return str(ACTS[act]) % {"what": model._meta.verbose_name}


def group_name(group: Group) -> str:
    """The one group that the program makes is called what its people are called."""
    return str(Role.STAFF.label) if group.name == ACADEMIC_AFFAIRS else group.name


@admin.register(Group)
class GroupAdmin(LogAdmin):
    """The groups and what they may; their permissions are set by the program after every migration."""

    is_portals: ClassVar[bool] = True
    list_display = ("title", "members")
    fields = ("title", "permission_list")
    readonly_fields = ("title", "permission_list")

    @admin.display(description=_("name"), ordering="name")
    def title(self, group: Group) -> str:
        return group_name(group)

    @admin.display(description=_("members"))
    def members(self, group: Group) -> int:
        return group.member_count  # type: ignore[attr-defined]

    @admin.display(description=_("permissions"))
    def permission_list(self, group: Group) -> str:
        lines = [permission_words(one) for one in group.permissions.select_related("content_type")]
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        group = super().get_object(request, object_id, from_field)
        if group is not None:
            group.name = group_name(group)  # for headings only: nothing here is saved
        return group

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


# What a reminder's key begins with, and the event that it stands for.
REMINDERS = {"shoot": "shoot_near", "hold": "hold_ends_soon", "deadline": "deadline_near"}


@admin.register(Reminded)
class RemindedAdmin(LogAdmin):
    list_display = ("what",)
    search_fields = ("key",)
    fields = ("what",)
    readonly_fields = fields

    @admin.display(description=_("reminder"), ordering="key")
    def what(self, row: Reminded) -> str:
        kind, _sep, rest = row.key.partition(":")
        return f"{word_of(REMINDERS.get(kind, kind))} #{rest.split(':')[0]}"


@admin.register(Chore)
class ChoreAdmin(LogAdmin):
    list_display = ("title", "due_at")
    fields = ("title", "due_at")
    readonly_fields = fields
    title = word_column("name", _("regular work"), title_of_chore)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(LogAdmin):
    list_display = ("user", "made_at", "revoked_at")
    list_select_related = ("user",)
    hidden_fields = ("digest",)
