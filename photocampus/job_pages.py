"""Pages on which people watch long work: the list, one job, and stopping it where that is safe."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from photocampus.jobs import cancel_job, get_kind
from photocampus.models import Job, JobState
from photocampus.views import MemberPage

PER_PAGE = 30
# What the figures in a job's result are called on its page; keys without a name here are not shown.
RESULT_LABELS = {
    "new": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "unchanged": gettext_lazy("unchanged"),
    "gone": gettext_lazy("gone"),
    "refused": gettext_lazy("refused"),
    "moved": gettext_lazy("moved"),
    "rows": gettext_lazy("rows"),
    "files": gettext_lazy("files"),
    "matched": gettext_lazy("matched"),
    "unmatched": gettext_lazy("not matched"),
    "filed": gettext_lazy("filed"),
    "known": gettext_lazy("known already"),
    "tray": gettext_lazy("in the tray"),
    "batch": gettext_lazy("batch"),
    "left_out": gettext_lazy("left out"),
    "duplicates": gettext_lazy("known already"),
    "photos": gettext_lazy("pictures"),
    "stored": gettext_lazy("stored"),
    "people": gettext_lazy("people"),
    "number": gettext_lazy("number"),
    "passed": gettext_lazy("passed"),
    "failed": gettext_lazy("failed"),
    "uncertain": gettext_lazy("uncertain"),
    "abnormal": gettext_lazy("abnormal"),
    "image_refused": gettext_lazy("image refused"),
    "images": gettext_lazy("images"),
    "bytes": gettext_lazy("bytes"),
    "prepared": gettext_lazy("prepared"),
    "made": gettext_lazy("images made"),
    "checked": gettext_lazy("checked again"),
    "incomplete": gettext_lazy("with an image that cannot be made"),
    "unreadable": gettext_lazy("cannot be read"),
    "to_refuse": gettext_lazy("with a reason to refuse"),
    "compared": gettext_lazy("compared with other people's for the first time"),
}
BAR_TONES = {JobState.DONE: "good", JobState.FAILED: "bad", JobState.CANCELLED: "off"}


def result_rows(result: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The result's figures under the reader's words for them, in the order in which the job gave them."""
    return [
        (str(RESULT_LABELS[key]), value)
        for key, value in result.items()
        if key in RESULT_LABELS and isinstance(value, int | str) and not isinstance(value, bool)
    ]


def title_of(job: Job) -> str:
    """What the job's kind is called; a kind that no longer exists keeps its name."""
    try:
        return str(get_kind(job.kind).title)
    except KeyError:
        return job.kind


def with_title(job: Job) -> Job:
    job.title = title_of(job)  # type: ignore[attr-defined]
    return job


class JobList(MemberPage):
    """The own jobs; staff see everybody's."""

    template_name = "photocampus/jobs.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = Paginator(self.scoped(Job).select_related("by"), PER_PAGE).get_page(request.GET.get("page"))
        page.object_list = [with_title(job) for job in page.object_list]
        any_open = any(job.is_open for job in page.object_list)
        name = "photocampus/_jobs.html" if request.headers.get("HX-Request") else ""
        return self.render(name, page_obj=page, any_open=any_open)


class JobPage(MemberPage):
    """One job, live while it runs: the page includes the fragment that htmx asks for every second."""

    template_name = "photocampus/job.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        job = with_title(self.get_scoped(Job.objects.select_related("by"), public_id=public_id))
        name = "photocampus/_job.html" if request.headers.get("HX-Request") else ""
        return self.render(
            name,
            job=job,
            results=result_rows(job.result),
            bar_tone=BAR_TONES.get(JobState(job.state), ""),
            can_cancel=job.is_open and not job.cancel_requested_at and is_cancellable(job),
            breadcrumb=[(_("Jobs"), reverse("jobs")), (job.title, None)],  # type: ignore[attr-defined]
        )


def is_cancellable(job: Job) -> bool:
    try:
        return get_kind(job.kind).cancellable
    except KeyError:
        return False


class JobCancel(MemberPage):
    """Ask a job to stop after its current piece."""

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        job = self.get_scoped(Job, public_id=public_id)
        try:
            cancel_job(job=job, by=self.user)
            messages.success(request, _("The job has been asked to stop."))
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("job", public_id=job.public_id)
