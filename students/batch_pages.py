"""Academic affairs' pages of batches: build, watch, download, report, and take the register's answer in (R7)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.uploads import check_upload_size
from photocampus.views import StaffPage
from students.answers import (
    AnswerPlan,
    apply_staged_answer,
    discard_answer,
    open_answer,
    plan_answer,
    stage_answer,
)
from students.batch_build import problem_lines
from students.batches import (
    KEPT_STATES,
    free_row,
    give_up_batch,
    report_batch,
    start_batch,
    take_file,
    waiting_items,
)
from students.chsi_answers import Verdict
from students.models import (
    Answer,
    AnswerFile,
    AnswerState,
    BatchFile,
    BatchState,
    Channel,
    ExportBatch,
    ExportProfile,
    ExportRow,
    Graduate,
)
from students.register_history import entries_of
from students.verification_pages import chosen_campaign
from units.models import Campaign, Studio

PER_PAGE = 50


class BuildForm(forms.Form):
    profile = forms.ModelChoiceField(
        ExportProfile.objects.filter(is_active=True), empty_label=None, label=gettext_lazy("Export profile")
    )
    leave_out = forms.BooleanField(
        required=False,
        label=gettext_lazy("Leave out who cannot be reported"),
        help_text=gettext_lazy(
            "Without this, one person whose data do not fit stops the batch; all are named."
        ),
    )


class ReportForm(forms.Form):
    channel = forms.ChoiceField(choices=Channel.choices, label=gettext_lazy("Reported by"))
    studio = forms.ModelChoiceField(
        Studio.objects.none(), required=False, empty_label="–", label=gettext_lazy("Studio")
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Reported at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        studios = Studio.objects.filter(contracts__campaign=campaign)
        field = self.fields["studio"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = studios
        self.initial.setdefault("at", clock.now())


class BatchList(StaffPage):
    """Batches of a campaign, and how many people wait for the next one."""

    permission = "students.view_exportbatch"
    template_name = "students/batches.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        campaign = chosen_campaign(self, request)
        return self.show(campaign, BuildForm())

    def show(self, campaign: Campaign | None, form: BuildForm) -> HttpResponse:
        batches = (
            self.scoped(ExportBatch).filter(campaign=campaign).select_related("campaign", "by", "profile")
        )
        return self.render(
            campaign=campaign,
            campaigns=self.scoped(Campaign),
            waiting=waiting_items(campaign).count() if campaign else 0,
            building=batches.filter(state=BatchState.BUILDING).first(),
            page_obj=Paginator(batches, PER_PAGE).get_page(self.request.GET.get("page")),
            form=form,
            breadcrumb=[(_("Academic affairs"), reverse("admin:index")), (_("CHSI batches"), None)],
        )


class BuildBatch(BatchList):
    """POST: begin to build."""

    permission = "students.add_exportbatch"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, campaign: str) -> HttpResponseBase:
        chosen = get_object_or_404(self.scoped(Campaign), code=campaign)
        form = BuildForm(request.POST)
        if form.is_valid():
            try:
                batch = start_batch(campaign=chosen, by=self.user, **form.cleaned_data)
                return redirect(batch_address(batch))
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(chosen, form)


def batch_address(batch: ExportBatch) -> str:
    return reverse("admin:students_exportbatch_page", args=[batch.public_id])


class BatchDoor(StaffPage):
    """Base of the pages of one batch."""

    permission = "students.change_exportbatch"

    def find(self, public_id: str) -> ExportBatch:
        batches = self.scoped(ExportBatch).select_related(
            "campaign", "profile", "by", "reported_by", "studio", "job"
        )
        return get_object_or_404(batches, public_id=public_id)

    def done(self, request: HttpRequest, batch: ExportBatch, text: str, level: int = messages.SUCCESS) -> Any:
        messages.add_message(request, level, text)
        return redirect(batch_address(batch))


class BatchPage(BatchDoor):
    """Everything about one batch; while it is being built, htmx asks for the state every second."""

    permission = "students.view_exportbatch"
    template_name = "students/batch.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.find(public_id)
        if request.headers.get("HX-Request"):
            response = self.render("students/_batch_job.html", batch=batch, job=batch.job)
            if batch.state != BatchState.BUILDING:
                response["HX-Refresh"] = "true"
            return response
        return self.show(batch)

    def show(self, batch: ExportBatch, report_form: ReportForm | None = None) -> HttpResponse:
        rows = self.rows(batch)
        answer = self.request.GET.get("answer", "")
        if answer in Answer.values:
            rows = rows.filter(answer=answer)
        counts = dict(batch.rows.order_by().values_list("answer").annotate(Count("pk")))
        return self.render(
            batch=batch,
            job=batch.job,
            files=batch.files.all() if batch.state in KEPT_STATES else [],
            problems=self.problems(batch),
            page_obj=Paginator(rows, PER_PAGE).get_page(self.request.GET.get("page")),
            answer=answer,
            answers=[(value, label, counts.get(value, 0)) for value, label in Answer.choices],
            report_form=report_form or ReportForm(campaign=batch.campaign),
            staged=batch.answers.filter(state=AnswerState.PREVIEWED).first(),
            applied=batch.answers.filter(state=AnswerState.APPLIED).select_related("by"),
            entries=entries_of(batch),
            breadcrumb=[
                (_("Academic affairs"), reverse("admin:index")),
                (_("CHSI batches"), reverse("admin:students_exportbatch_changelist")),
                (str(batch), None),
            ],
        )

    def rows(self, batch: ExportBatch) -> Any:
        return batch.rows.select_related(
            "graduate__enrolment__student",
            "graduate__enrolment__unit",
            "graduate__enrolment__class_group",
            "answer_code",
        ).order_by("line")

    def problems(self, batch: ExportBatch) -> list[tuple[Graduate, str]]:
        lines = problem_lines(batch)[:500]
        people = Graduate.objects.select_related("enrolment__student", "enrolment__unit", "campaign").in_bulk(
            {pk for pk, _misfit in lines}
        )
        return [(people[pk], str(misfit)) for pk, misfit in lines if pk in people]


class ReportBatch(BatchPage):
    """POST: mark as reported."""

    permission = "students.change_exportbatch"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        batch = self.find(public_id)
        form = ReportForm(request.POST, campaign=batch.campaign)
        if form.is_valid():
            try:
                report_batch(batch=batch, by=self.user, **form.cleaned_data)
                return self.done(request, batch, _("The batch is marked as reported."))
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(batch, form)


class GiveUpBatch(BatchDoor):
    """POST with a reason."""

    def post(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        batch = self.find(public_id)
        try:
            give_up_batch(batch=batch, by=self.user, reason=request.POST.get("reason", ""))
            return self.done(request, batch, _("The batch was given up; its people wait for the next one."))
        except DomainError as error:
            return self.done(request, batch, str(error), messages.ERROR)


class FreeRow(BatchDoor):
    """POST: let one person with a doubtful answer go into a later batch."""

    def post(self, request: HttpRequest, public_id: str, line: int) -> HttpResponseBase:
        batch = self.find(public_id)
        row = get_object_or_404(ExportRow, batch=batch, line=line)
        try:
            free_row(row=row, by=self.user, reason=request.POST.get("reason", ""))
            return self.done(request, batch, _("The person waits for the next batch."))
        except DomainError as error:
            return self.done(request, batch, str(error), messages.ERROR)


class TakeBatchFile(BatchDoor):
    """POST with a purpose: the file streams, and the access log has it first."""

    permission = "students.view_exportbatch"

    def post(self, request: HttpRequest, public_id: str, file: str) -> HttpResponseBase:
        batch = self.find(public_id)
        found = get_object_or_404(BatchFile.objects.select_related("batch"), batch=batch, public_id=file)
        try:
            chunks = take_file(file=found, by=self.user, purpose=request.POST.get("purpose", ""))
        except DomainError as error:
            return self.done(request, batch, str(error), messages.ERROR)
        response = StreamingHttpResponse(chunks, content_type="application/octet-stream")
        response["Content-Length"] = str(found.size)
        response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class UploadAnswer(BatchDoor):
    """POST a file: it is read and shown, nothing is changed yet."""

    def post(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        batch = self.find(public_id)
        upload = request.FILES.get("file")
        if upload is None:
            return self.done(request, batch, _("Choose the register's file first."), messages.ERROR)
        try:
            check_upload_size(upload, "spreadsheet")
            answer, _plan = stage_answer(
                batch=batch, data=upload.read(), file_name=upload.name or "", by=self.user
            )
        except DomainError as error:
            return self.done(request, batch, str(error), messages.ERROR)
        return redirect("admin:students_exportbatch_answer", batch.public_id, answer.public_id)


class AnswerPage(BatchDoor):
    """What an uploaded answer would do; POST applies or discards it."""

    template_name = "students/answer.html"

    def answer(self, public_id: str, answer: str) -> AnswerFile:
        files = AnswerFile.objects.select_related("batch__campaign", "by")
        return get_object_or_404(files, batch=self.find(public_id), public_id=answer)

    def get(self, request: HttpRequest, public_id: str, answer: str) -> HttpResponseBase:
        staged = self.answer(public_id, answer)
        if staged.state != AnswerState.PREVIEWED:
            return redirect(batch_address(staged.batch))
        plan = plan_answer(batch=staged.batch, data=open_answer(staged))
        # Refusals and doubts first: they are what somebody must act on.
        changes = sorted(
            plan.changes, key=lambda change: (change.reading.verdict == Verdict.PASSED, change.line)
        )
        return self.render(
            staged=staged,
            batch=staged.batch,
            plan=plan,
            tiles=self.tiles(plan),
            page_obj=Paginator(changes, PER_PAGE).get_page(request.GET.get("page")),
            breadcrumb=[
                (_("CHSI batches"), reverse("admin:students_exportbatch_changelist")),
                (str(staged.batch), batch_address(staged.batch)),
                (_("The register's answer"), None),
            ],
        )

    def tiles(self, plan: AnswerPlan) -> list[tuple[str, int, str]]:
        tones = {
            "passed": "good",
            "failed": "bad",
            "uncertain": "wait",
            "abnormal": "bad",
            "image_refused": "bad",
        }
        tiles = [
            (
                str(Answer(verdict).label),
                plan.counts.get(verdict, 0),
                tone if plan.counts.get(verdict) else "",
            )
            for verdict, tone in tones.items()
        ]
        return [
            *tiles,
            (_("known already"), plan.unchanged, ""),
            (_("rows without effect"), len(plan.problems), ""),
        ]

    def post(self, request: HttpRequest, public_id: str, answer: str) -> HttpResponseBase:
        staged = self.answer(public_id, answer)
        try:
            if request.POST.get("act") == "discard":
                discard_answer(answer=staged, by=self.user)
                return self.done(request, staged.batch, _("The answer was discarded, nothing was changed."))
            plan = apply_staged_answer(answer=staged, by=self.user)
        except DomainError as error:
            return self.done(request, staged.batch, str(error), messages.ERROR)
        text = _("The answer was applied: %(people)d people.") % {"people": len(plan.changes)}
        return self.done(request, staged.batch, text)
