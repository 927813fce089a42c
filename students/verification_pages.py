"""Academic affairs verify submitted images: the list of submissions, and the grid beside name and masked number."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus.digits import read_numbers
from photocampus.errors import DomainError
from photocampus.views import StaffPage
from students.acceptance import must_have_no_reason
from students.drawing import SHOWN, draw_findings
from students.models import Finding, ItemState, RefusalCode, Submission, SubmissionState
from students.picture_pages import active_codes
from students.submission_pages import with_counts
from students.submissions import return_items, verify_items
from units.models import Campaign

PER_PAGE = 60


def chosen_campaign(page: StaffPage, request: HttpRequest) -> Campaign | None:
    """The campaign of the address (`?campaign=`), else the newest one."""
    campaigns = page.scoped(Campaign).order_by("-window_start")
    if code := request.GET.get("campaign"):
        return get_object_or_404(campaigns, code=code)
    return campaigns.filter(state="published").first() or campaigns.first()


class VerificationList(StaffPage):
    """All submissions of a campaign, those that wait first."""

    permission = "students.view_submission"
    template_name = "students/verification_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        campaign = chosen_campaign(self, request)
        submissions = with_counts(self.scoped(Submission).filter(term__campaign=campaign))
        if (state := request.GET.get("state", "")) in SubmissionState.values:
            submissions = submissions.filter(state=state)
        ordered = submissions.order_by("state", "-at") if state else submissions.order_by("-waiting", "-at")
        return self.render(
            campaign=campaign,
            campaigns=self.scoped(Campaign),
            page_obj=Paginator(ordered, PER_PAGE).get_page(request.GET.get("page")),
            state=state,
            states=SubmissionState.choices,
            breadcrumb=[(_("Academic affairs"), reverse("admin:index")), (_("Verification"), None)],
        )


class VerifyPage(StaffPage):
    """One submission as a grid of pictures. POST verifies or returns the ticked ones, or verifies all that wait."""

    permission = "students.change_submission"
    template_name = "students/verify.html"

    def find(self, public_id: str) -> Any:
        return get_object_or_404(with_counts(self.scoped(Submission)), public_id=public_id)

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        submission = self.find(public_id)
        state = request.GET.get("state", ItemState.SUBMITTED if submission.waiting else "all")
        items = submission.items.select_related(
            "graduate__enrolment__student",
            "graduate__enrolment__class_group",
            "graduate__enrolment__unit",
            "code",
            "photo",
        ).order_by("graduate__enrolment__class_group__name", "graduate__enrolment__student_number")
        if state in ItemState.values:
            items = items.filter(state=state)
        drawn = Finding.objects.filter(check_name__in=SHOWN).order_by("id")
        items = items.prefetch_related(Prefetch("photo__findings", drawn, to_attr="drawn"))
        page = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
        for item in page:
            item.drawing = draw_findings(item.photo.drawn)  # type: ignore[attr-defined]
        return self.render(
            submission=submission,
            page_obj=page,
            state=state,
            tabs=self.tabs(submission),
            codes=active_codes(),
            breadcrumb=[
                (_("Academic affairs"), reverse("admin:index")),
                (_("Verification"), reverse("admin:students_submission_changelist")),
                (str(submission), None),
            ],
        )

    def tabs(self, submission: Any) -> list[tuple[str, str, int]]:
        return [
            (ItemState.SUBMITTED, _("Waiting"), submission.waiting),
            (ItemState.VERIFIED, _("Verified"), submission.verified),
            (ItemState.RETURNED, _("Returned"), submission.returned),
            ("all", _("All"), submission.people),
        ]

    def post(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        submission = self.find(public_id)
        items = read_numbers(request.POST.getlist("items"))
        try:
            if request.POST.get("act") == "return":
                self.send_back(request, submission, items)
            else:
                must_have_no_reason(request.POST.get("code", ""))
                everybody = request.POST.get("act") == "verify_all"
                count = verify_items(submission=submission, by=self.user, items=None if everybody else items)
                text = ngettext("%(count)d image was verified.", "%(count)d images were verified.", count)
                messages.success(request, text % {"count": count})
        except DomainError as error:
            messages.error(request, str(error))
        return redirect(request.get_full_path())

    def send_back(self, request: HttpRequest, submission: Submission, items: list[int]) -> None:
        code = RefusalCode.objects.filter(is_active=True, code=request.POST.get("code", "")).first()
        if code is None:
            messages.error(request, _("Choose why the images are returned."))
            return
        chosen = submission.items.filter(pk__in=items)
        count = return_items(items=chosen, code=code, by=self.user, note=request.POST.get("note", ""))
        text = ngettext("%(count)d image was returned.", "%(count)d images were returned.", count)
        messages.success(request, text % {"count": count})
