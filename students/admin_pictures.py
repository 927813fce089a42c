"""Pictures, decisions and what came in: facts to look at; people decide on the pages made for it."""

from django.contrib import admin
from django.utils.translation import pgettext_lazy

from photocampus.admin_base import LogAdmin
from students.models import (
    AnswerFile,
    BatchFile,
    BatchPart,
    Decision,
    ExportRow,
    Finding,
    IngestBatch,
    IngestFile,
    IngestPiece,
    Photo,
    Rendition,
    SubmissionItem,
)


@admin.register(Photo)
class PhotoAdmin(LogAdmin):
    list_display = (
        "public_id",
        "person",
        "campaign",
        "studio",
        "origin",
        "width",
        "height",
        "size",
        "created_at",
        "taken_back_at",
    )
    list_filter = ("campaign", "studio", "origin", "enrolment__unit")
    list_select_related = ("enrolment__student", "campaign", "studio")
    search_fields = ("public_id", "sha256")
    hidden_fields = ("original",)

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Photo) -> str:
        return row.enrolment.student.name


@admin.register(Rendition)
class RenditionAdmin(LogAdmin):
    list_display = ("photo", "profile", "width", "height", "size", "quality", "is_studio_file", "created_at")
    list_filter = ("profile__campaign", "profile__name", "is_studio_file")
    list_select_related = ("photo", "profile")
    search_fields = ("photo__public_id", "sha256")
    hidden_fields = ("file",)


@admin.register(Finding)
class FindingAdmin(LogAdmin):
    list_display = ("photo", "check_name", "code", "severity", "measure", "low", "high")
    list_filter = ("severity", "check_name")
    list_select_related = ("photo",)
    search_fields = ("photo__public_id",)


@admin.register(Decision)
class DecisionAdmin(LogAdmin):
    list_display = ("at", "person", "stage", "outcome", "code", "note", "is_current", "by")
    list_filter = ("stage", "outcome", "is_current", "code", "graduate__campaign")
    list_select_related = ("graduate__enrolment__student", "code", "by")
    date_hierarchy = "at"

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Decision) -> str:
        return row.graduate.enrolment.student.name


@admin.register(IngestBatch)
class IngestBatchAdmin(LogAdmin):
    list_display = ("created_at", "campaign", "studio", "unit", "origin", "match", "by")
    list_filter = ("campaign", "studio", "origin")
    list_select_related = ("campaign", "studio", "unit", "by")


@admin.register(IngestFile)
class IngestFileAdmin(LogAdmin):
    """Names of files may hold numbers: they are encrypted, and here masked."""

    list_display = ("public_id", "batch", "position", "state", "reason", "size")
    list_filter = ("state", "reason", "batch__campaign")
    list_select_related = ("batch",)
    hidden_fields = ("file", "preview", "reason_data")


@admin.register(IngestPiece)
class IngestPieceAdmin(LogAdmin):
    list_display = ("public_id", "file", "number", "size", "has_arrived", "created_at")
    list_filter = ("has_arrived", "file__batch__campaign")
    list_select_related = ("file",)


@admin.register(SubmissionItem)
class SubmissionItemAdmin(LogAdmin):
    list_display = ("submission", "person", "state", "code")
    list_filter = ("state", "submission__college", "submission__term")
    list_select_related = (
        "submission__college", "submission__term", "graduate__enrolment__student", "code",
    )  # fmt: skip

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: SubmissionItem) -> str:
        return row.graduate.enrolment.student.name


@admin.register(ExportRow)
class ExportRowAdmin(LogAdmin):
    list_display = (
        "batch",
        "line",
        "person",
        "is_live",
        "answer",
        "answer_code",
        "answer_text",
        "answered_at",
    )
    list_filter = ("answer", "is_live", "batch__campaign")
    list_select_related = ("batch__campaign", "graduate__enrolment__student", "answer_code")
    hidden_fields = ("values",)

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: ExportRow) -> str:
        return row.graduate.enrolment.student.name


@admin.register(BatchFile)
class BatchFileAdmin(LogAdmin):
    list_display = ("batch", "name", "size", "sha256")
    list_filter = ("batch__campaign",)
    list_select_related = ("batch__campaign",)
    hidden_fields = ("file",)


@admin.register(BatchPart)
class BatchPartAdmin(LogAdmin):
    list_display = ("file", "position", "kind", "size")
    list_filter = ("file__batch__campaign", "kind")
    list_select_related = ("file",)
    hidden_fields = ("sealed",)


@admin.register(AnswerFile)
class AnswerFileAdmin(LogAdmin):
    list_display = ("at", "batch", "state", "size", "by", "applied_at")
    list_filter = ("batch__campaign", "state")
    list_select_related = ("batch__campaign", "by")
    hidden_fields = ("sealed",)
