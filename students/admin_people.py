"""People in the admin: looked at and exported here, changed by rosters, corrections and the pages made for it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from photocampus.admin_base import LogAdmin, ReferenceAdmin
from photocampus.admin_exchange import ReferenceResource
from photocampus.admin_words import word_column, word_filter
from photocampus.lists import join_words
from students.models import (
    ClassGroup,
    Correction,
    Enrolment,
    Graduate,
    RefusalCode,
    RosterRow,
    RosterUpload,
    SignOff,
    Student,
)
from students.roster_shown import TAGS
from students.roster_uploads import upload_url
from units.models import Unit


def history_links(places: models.QuerySet[Graduate]) -> list[tuple[str, str]]:
    """The whole history of a person, once for each campaign."""
    rows = places.select_related("campaign", "enrolment__unit").order_by("-campaign__window_start")
    return [(f"{gettext('whole history')} {row.campaign.code}", graduate_url(row)) for row in rows]


class FindByPost(LogAdmin):
    """No search box: a number typed there would stand in the address. “Find a person” asks by POST."""

    change_list_template = "admin/people_change_list.html"


@admin.register(Student)
class StudentAdmin(FindByPost):
    list_display = ("name", "gender", "birth_date", "id_type", "id_number", "phone")
    list_filter = ("gender", "id_type")
    hidden_fields = ("id_digest",)
    ordering = ("-id",)

    def links(self, obj: Student) -> list[Any]:
        return history_links(Graduate.objects.filter(enrolment__student=obj))


@admin.register(Enrolment)
class EnrolmentAdmin(FindByPost):
    list_display = (
        "student",
        "student_number",
        "unit",
        "class_group",
        "level",
        "major_name",
        "expected_graduation",
    )
    list_filter = ("unit", "level", "study_form")
    list_display_links = ("student", "student_number")
    list_select_related = ("student", "unit", "class_group")

    def links(self, obj: Enrolment) -> list[Any]:
        return history_links(Graduate.objects.filter(enrolment=obj))


@admin.register(Graduate)
class GraduateAdmin(FindByPost):
    list_display = (
        "person", "student_number", "unit", "class_name", "campaign", "term", "category", "roster_state", "exemption",
        "has_picture", "page",
    )  # fmt: skip
    columns_not_exported = ("page",)
    list_filter = ("campaign", "term__code", "category", "roster_state", "exemption", "enrolment__unit")
    list_select_related = (
        "campaign",
        "term",
        "enrolment__student",
        "enrolment__unit",
        "enrolment__class_group",
    )
    hidden_fields = ("me_token",)
    ordering = ("enrolment__student_number",)

    @admin.display(description=pgettext_lazy("person", "name"), ordering="enrolment__student__name")
    def person(self, row: Graduate) -> str:
        return row.enrolment.student.name

    @admin.display(description=_("student number"), ordering="enrolment__student_number")
    def student_number(self, row: Graduate) -> str:
        return row.enrolment.student_number

    @admin.display(description=_("unit"), ordering="enrolment__unit__code")
    def unit(self, row: Graduate) -> str:
        return row.enrolment.unit.name

    @admin.display(description=_("class"), ordering="enrolment__class_group__name")
    def class_name(self, row: Graduate) -> str:
        return row.enrolment.class_group.name

    @admin.display(description=_("picture"), boolean=True)
    def has_picture(self, row: Graduate) -> bool:
        return row.picture_id is not None

    @admin.display(description=_("history"))
    def page(self, row: Graduate) -> str:
        return format_html('<a href="{}">{}</a>', graduate_url(row), _("whole history"))

    def links(self, obj: Graduate) -> list[Any]:
        return [(_("whole history"), graduate_url(obj))]


def graduate_url(row: Graduate) -> str:
    return reverse("students:graduate", args=[row.enrolment.unit.code, row.campaign.code, row.public_id])


def person_link(graduate: Graduate) -> str:
    """The person's name, with a link to the whole history."""
    return format_html('<a href="{}">{}</a>', graduate_url(graduate), graduate.enrolment.student.name)


class ClassResource(ReferenceResource):
    unit = Field("unit", "unit", ForeignKeyWidget(Unit, "code"))

    class Meta(ReferenceResource.Meta):
        model = ClassGroup
        import_id_fields = ("unit", "name")
        fields = ("unit", "name")
        export_order = fields


@admin.register(ClassGroup)
class ClassGroupAdmin(ReferenceAdmin):
    resource_classes = [ClassResource]
    list_display = ("name", "unit", "people")
    list_filter = ("unit",)
    list_select_related = ("unit",)
    search_fields = ("name", "unit__name")
    open_fields = ("unit", "name")
    fixed_after_creation = ("unit",)
    hidden_fields = ("public_id",)

    @admin.display(description=_("people"))
    def people(self, row: ClassGroup) -> int:
        return row.people_count  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ClassGroup]:
        return super().get_queryset(request).annotate(people_count=models.Count("enrolments"))


# The groups of design §4; staff may invent others, which show themselves.
GROUPS = {
    "light": _("Light"),
    "pose": _("Posture"),
    "eyes": _("Eyes"),
    "face": _("Face"),
    "clothing": _("Clothing"),
    "background": _("Background"),
    "geometry": _("Framing"),
    "file": _("File"),
    "edited": _("Edited"),
    "identity": _("Identity"),
    "other": _("Other"),
}


def groups_in_words() -> dict[str, str]:
    return {group: str(word) for group, word in GROUPS.items()}


class RefusalCodeResource(ReferenceResource):
    class Meta(ReferenceResource.Meta):
        model = RefusalCode
        import_id_fields = ("code",)
        fields = ("code", "group", "label_zh", "label_en", "position", "is_active")
        export_order = fields


@admin.register(RefusalCode)
class RefusalCodeAdmin(ReferenceAdmin):
    resource_classes = [RefusalCodeResource]
    list_display = ("code", "label_zh", "label_en", "group_word", "position", "is_active")
    list_display_links = ("code", "label_zh")
    list_filter = (word_filter("group", _("group"), groups_in_words), "is_active")
    group_word = word_column("group", _("group"), lambda group: str(GROUPS.get(group, group)))
    search_fields = ("code", "label_zh", "label_en")
    open_fields = ("code", "group", "label_zh", "label_en", "position", "is_active")
    fixed_after_creation = ("code",)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "group" and field is not None:
            own = RefusalCode.objects.exclude(group__in=GROUPS).values_list("group", flat=True).distinct()
            field.widget = forms.Select(choices=[*GROUPS.items(), *((name, name) for name in own)])
        return field


@admin.register(RosterUpload)
class RosterUploadAdmin(LogAdmin):
    list_display = (
        "created_at",
        "campaign",
        "unit",
        "state",
        "completeness",
        "by",
        "applied_at",
        "undone_at",
    )
    list_display_links = ("created_at",)
    list_filter = ("campaign", "state", "unit")
    list_select_related = ("campaign", "unit", "by")
    hidden_fields = ("layout", "file", "sha256", "counts", "read_line", "revision")

    def links(self, obj: RosterUpload) -> list[Any]:
        return [(_("preview and result"), upload_url(obj))]


@admin.register(RosterRow)
class RosterRowAdmin(LogAdmin):
    """What a line meant; the line itself is encrypted and shown on the upload's page."""

    list_display = ("upload", "unit", "line", "kind", "what", "fate")
    list_display_links = ("line",)
    list_filter = ("upload__campaign", "kind", "fate", "upload__unit")
    list_select_related = ("upload__unit", "upload__campaign")
    hidden_fields = ("payload", "graduate")
    shown_as: ClassVar = {"tags": "what"}

    @admin.display(description=_("unit"))
    def unit(self, row: RosterRow) -> str:
        return row.upload.unit.name if row.upload.unit else ""

    @admin.display(description=_("named as"))
    def what(self, row: RosterRow) -> str:
        return join_words(TAGS.get(tag, tag) for tag in row.tags)

    def links(self, obj: RosterRow) -> list[Any]:
        return [(_("preview and result"), upload_url(obj.upload))]


@admin.register(SignOff)
class SignOffAdmin(LogAdmin):
    list_display = ("class_group", "unit", "campaign", "checked_on", "people", "by", "at")
    list_filter = ("campaign", "class_group__unit")
    list_select_related = ("class_group__unit", "campaign", "by")
    hidden_fields = ("content_digest",)

    @admin.display(description=_("unit"))
    def unit(self, row: SignOff) -> str:
        return row.class_group.unit.name


@admin.register(Correction)
class CorrectionAdmin(LogAdmin):
    list_display = ("graduate", "unit", "state", "asked_by", "asked_at", "decided_by", "decided_at")
    list_filter = ("state", "graduate__campaign", "graduate__enrolment__unit")
    list_select_related = (
        "graduate__enrolment__student", "graduate__enrolment__unit", "graduate__campaign", "asked_by", "decided_by",
    )  # fmt: skip
    hidden_fields = ("changes",)

    @admin.display(description=_("unit"))
    def unit(self, row: Correction) -> str:
        return row.graduate.enrolment.unit.name

    def links(self, obj: Correction) -> list[Any]:
        decide = reverse("students:office-corrections", args=[obj.graduate.campaign.code])
        return [(_("whole history"), graduate_url(obj.graduate)), (_("decide corrections"), decide)]
