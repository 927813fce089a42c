"""The register's part of the admin site: its lists lead to pages made for the work."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path

from photocampus.admin_base import ReferenceAdmin
from photocampus.admin_exchange import ReferenceResource
from students import batch_pages, verification_pages
from students.models import ExportBatch, ExportProfile, Submission


@admin.register(Submission)
class SubmissionAdmin(admin.ModelAdmin[Submission]):
    """Submissions are made by colleges and verified picture by picture: no form, a grid instead."""

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "verify/<str:public_id>/",
                verification_pages.VerifyPage.as_view(),
                name="students_submission_verify",
            ),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return verification_pages.VerificationList.as_view()(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        submission = get_object_or_404(Submission, pk=object_id)
        return redirect("admin:students_submission_verify", submission.public_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The grid shows what happened."""
        return self.change_view(request, object_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ExportBatch)
class ExportBatchAdmin(admin.ModelAdmin[ExportBatch]):
    """Batches are built, not typed in."""

    def get_urls(self) -> list[URLPattern]:
        pages = batch_pages
        own = [
            path("build/<str:campaign>/", pages.BuildBatch.as_view(), name="students_exportbatch_build"),
            path("batch/<str:public_id>/", pages.BatchPage.as_view(), name="students_exportbatch_page"),
            path(
                "batch/<str:public_id>/report/",
                pages.ReportBatch.as_view(),
                name="students_exportbatch_report",
            ),
            path(
                "batch/<str:public_id>/give-up/",
                pages.GiveUpBatch.as_view(),
                name="students_exportbatch_give_up",
            ),
            path(
                "batch/<str:public_id>/rows/<int:line>/free/",
                pages.FreeRow.as_view(),
                name="students_exportbatch_free",
            ),
            path(
                "batch/<str:public_id>/files/<str:file>/",
                pages.TakeBatchFile.as_view(),
                name="students_exportbatch_file",
            ),
            path(
                "batch/<str:public_id>/answers/",
                pages.UploadAnswer.as_view(),
                name="students_exportbatch_upload",
            ),
            path(
                "batch/<str:public_id>/answers/<str:answer>/",
                pages.AnswerPage.as_view(),
                name="students_exportbatch_answer",
            ),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return batch_pages.BatchList.as_view()(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(batch_pages.batch_address(get_object_or_404(ExportBatch, pk=object_id)))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The batch's page shows what happened."""
        return self.change_view(request, object_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ExportProfileResource(ReferenceResource):
    class Meta(ReferenceResource.Meta):
        model = ExportProfile
        import_id_fields = ("name",)
        fields = ("name", "title", "columns", "write_xlsx", "write_dbf", "image_name", "is_active")
        export_order = fields


@admin.register(ExportProfile)
class ExportProfileAdmin(ReferenceAdmin):
    resource_classes = [ExportProfileResource]
    list_display = ("name", "title", "write_xlsx", "write_dbf", "image_name", "is_active")
    list_filter = ("is_active",)
    open_fields = ("name", "title", "columns", "write_xlsx", "write_dbf", "image_name", "is_active")
    fixed_after_creation = ("name",)
