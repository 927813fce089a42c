"""Pictures, decisions and what came in: facts to look at; people decide on the pages made for it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from photocampus.admin_base import LogAdmin
from photocampus.admin_words import word_column, word_filter
from students.admin_people import person_link
from students.batch_pages import batch_address
from students.catalogue import ENTRIES, label_of
from students.finding_words import NAMES
from students.ingest_reasons import all_reasons, reason_text
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


def name_of_check(check: str) -> str:
    return str(NAMES.get(check, check))


def names_of_checks() -> Mapping[str, str]:
    return {check: str(word) for check, word in NAMES.items()}


def label_of_code(code: str) -> str:
    return label_of(code, get_language() or "") if code else ""


def labels_of_codes() -> Mapping[str, str]:
    return {entry.code: label_of_code(entry.code) for entry in ENTRIES}


class PictureAdmin(LogAdmin):
    """A row about one picture: whose it is comes first."""

    photo_path: ClassVar[str] = "photo__"

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Any) -> str:
        photo = row.photo if self.photo_path else row
        return photo.enrolment.student.name


@admin.register(Photo)
class PhotoAdmin(PictureAdmin):
    photo_path = ""
    list_display = (
        "person", "student_number", "campaign", "studio", "origin", "width", "height", "size", "created_at",
    )  # fmt: skip
    list_filter = ("campaign", "studio", "origin", "enrolment__unit")
    list_select_related = ("enrolment__student", "campaign", "studio")
    search_fields = ("public_id", "sha256")
    hidden_fields = ("original", "look", "checked_with")

    @admin.display(description=_("student number"), ordering="enrolment__student_number")
    def student_number(self, row: Photo) -> str:
        return row.enrolment.student_number


@admin.register(Rendition)
class RenditionAdmin(PictureAdmin):
    list_display = ("person", "profile", "width", "height", "size", "quality", "is_studio_file", "created_at")
    list_filter = ("profile__campaign", "profile__name", "is_studio_file")
    list_select_related = ("photo__enrolment__student", "profile")
    search_fields = ("photo__public_id", "sha256")
    hidden_fields = ("file", "made_with")


@admin.register(Finding)
class FindingAdmin(PictureAdmin):
    list_display = ("person", "check_word", "what", "severity", "measure", "low", "high")
    list_filter = (
        "severity",
        word_filter("check_name", _("check"), names_of_checks),
        word_filter("code", _("finding"), labels_of_codes),
    )
    list_select_related = ("photo__enrolment__student",)
    search_fields = ("photo__public_id",)
    hidden_fields = ("data",)
    shown_as: ClassVar = {"check_name": "check_word", "code": "what"}
    check_word = word_column("check_name", _("check"), name_of_check)
    what = word_column("code", _("finding"), label_of_code)


@admin.register(Decision)
class DecisionAdmin(LogAdmin):
    list_display = ("at", "person", "stage", "outcome", "code", "note", "is_current", "by")
    list_filter = ("stage", "outcome", "is_current", "code", "graduate__campaign")
    list_select_related = (
        "graduate__enrolment__student", "graduate__enrolment__unit", "graduate__campaign", "code", "by",
    )  # fmt: skip
    date_hierarchy = "at"

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: Decision) -> str:
        return person_link(row.graduate)


@admin.register(IngestBatch)
class IngestBatchAdmin(LogAdmin):
    list_display = ("created_at", "campaign", "studio", "unit", "origin", "match", "file_count", "by")
    list_filter = ("campaign", "studio", "origin")
    list_select_related = ("campaign", "studio", "unit", "by")

    @admin.display(description=_("files"))
    def file_count(self, row: IngestBatch) -> int:
        return row.files_count  # type: ignore[attr-defined]

    def get_queryset(self, request: Any) -> models.QuerySet[IngestBatch]:
        return super().get_queryset(request).annotate(files_count=models.Count("files"))

    def links(self, obj: IngestBatch) -> list[Any]:
        files = reverse("admin:students_ingestfile_changelist")
        return [(_("Files of this upload"), f"{files}?batch__id__exact={obj.pk}")]


@admin.register(IngestFile)
class IngestFileAdmin(LogAdmin):
    """Names of files may hold numbers: they are encrypted, and here masked."""

    list_display = ("batch", "position", "state", "why", "size")
    list_display_links = ("position",)
    list_filter = ("state", word_filter("reason", _("reason"), all_reasons), "batch__campaign")
    list_select_related = ("batch",)
    hidden_fields = ("file", "preview", "reason_data", "doubts", "piece_bytes", "pieces_sha256", "photo_key")
    shown_as: ClassVar = {"reason": "why"}

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        return lookup == "batch__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, row: IngestFile) -> str:
        return reason_text(row.reason, row.reason_data) if row.reason else ""


@admin.register(IngestPiece)
class IngestPieceAdmin(LogAdmin):
    """Pieces of large files, there until their file is settled."""

    list_display = ("file", "number", "size", "has_arrived", "created_at")
    list_display_links = ("number",)
    list_filter = ("has_arrived", "file__batch__campaign")
    list_select_related = ("file",)


@admin.register(SubmissionItem)
class SubmissionItemAdmin(LogAdmin):
    list_display = ("submission", "person", "state", "code")
    list_filter = ("state", "submission__college", "submission__term")
    list_select_related = (
        "submission__college", "submission__term", "graduate__enrolment__student", "graduate__enrolment__unit",
        "graduate__campaign", "code",
    )  # fmt: skip

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: SubmissionItem) -> str:
        return person_link(row.graduate)

    def links(self, obj: SubmissionItem) -> list[Any]:
        page = reverse("admin:students_submission_verify", args=[obj.submission.public_id])
        return [(_("Verification"), page)]


class OfBatch(LogAdmin):
    """What belongs to a batch leads to the batch's page."""

    def links(self, obj: Any) -> list[Any]:
        return [(_("CHSI batch"), batch_address(obj.batch))]


@admin.register(ExportRow)
class ExportRowAdmin(OfBatch):
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
    list_display_links = ("line",)
    list_filter = ("answer", "is_live", "batch__campaign")
    list_select_related = (
        "batch__campaign", "graduate__enrolment__student", "graduate__enrolment__unit", "graduate__campaign",
        "answer_code",
    )  # fmt: skip
    hidden_fields = ("values",)

    @admin.display(description=pgettext_lazy("person", "name"))
    def person(self, row: ExportRow) -> str:
        return person_link(row.graduate)


@admin.register(BatchFile)
class BatchFileAdmin(OfBatch):
    list_display = ("batch", "name", "size", "sha256")
    list_display_links = ("name",)
    list_filter = ("batch__campaign",)
    list_select_related = ("batch__campaign",)


@admin.register(BatchPart)
class BatchPartAdmin(LogAdmin):
    list_display = ("file", "position", "kind", "size")
    list_filter = ("file__batch__campaign", "kind")
    list_select_related = ("file",)
    hidden_fields = ("sealed",)


@admin.register(AnswerFile)
class AnswerFileAdmin(OfBatch):
    list_display = ("at", "batch", "state", "size", "by", "applied_at")
    list_filter = ("batch__campaign", "state")
    list_select_related = ("batch__campaign", "by")
    hidden_fields = ("sealed", "counts")
