"""The college's page of submissions: who is ready, who is not and why, submit, follow, withdraw (R7)."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from photocampus.digits import read_numbers
from photocampus.errors import DomainError
from photocampus.files import serve_private
from photocampus.views import MemberPage
from students.models import Graduate, ItemState, Submission, SubmissionItem
from students.register_history import entries_of
from students.submissions import (
    READY,
    STANDINGS,
    people_of,
    submit_images,
    with_standing,
    withdraw_submission,
)
from units.access import UnitPage
from units.models import Term, UnitKind

PER_PAGE = 60
# Whoever stands here needs somebody's hand before the college can submit them.
HINDERED = ("no_picture", "not_accepted", "register_refused", "no_small_image")


@dataclass
class ClassRow:
    """One class of the list "ready to submit"."""

    pk: int
    name: str
    unit: str
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def ready(self) -> int:
        return self.counts[READY]

    @property
    def hindered(self) -> int:
        return sum(self.counts[key] for key in HINDERED)

    @property
    def submitted(self) -> int:
        return self.counts["submitted"] + self.counts["verified"]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def class_rows(people: QuerySet[Graduate]) -> list[ClassRow]:
    """People by class and standing, in one query."""
    found: dict[int, ClassRow] = {}
    rows = (
        people.order_by("enrolment__unit__code", "enrolment__class_group__name")
        .values_list(
            "enrolment__class_group", "enrolment__class_group__name", "enrolment__unit__name", "standing"
        )
        .annotate(count=Count("pk"))
    )
    for pk, name, unit, standing, count in rows:
        found.setdefault(pk, ClassRow(pk, name, unit)).counts[standing] += count
    return list(found.values())


def with_counts(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    """Annotate how many images wait, are verified and are returned."""

    def count(state: str) -> Count:
        return Count("items", filter=Q(items__state=state))

    return submissions.annotate(
        waiting=count(ItemState.SUBMITTED),
        verified=count(ItemState.VERIFIED),
        returned=count(ItemState.RETURNED),
        people=Count("items"),
    ).select_related("college", "term", "by")


class SubmissionsPage(UnitPage):
    """`/unit/<unit>/<campaign>/submissions/`: one term at a time."""

    needs = "view"
    template_name = "students/submissions.html"

    @property
    def is_college(self) -> bool:
        return self.unit.kind == UnitKind.COLLEGE

    def term(self) -> Term | None:
        """The term asked for; else the first that is not over, else the last."""
        terms = list(self.campaign.terms.order_by("graduation_date"))
        asked = self.request.GET.get("term")
        named = [term for term in terms if term.code == asked]
        busy = [term for term in terms if self.has_people(term)]
        return next(iter(named or busy[-1:] or terms[-1:]), None)

    def has_people(self, term: Term) -> bool:
        return people_of(self.unit, term).exists()

    def get(self, request: HttpRequest) -> HttpResponse:
        term = self.term()
        context: dict[str, Any] = {"term": term, "terms": self.campaign.terms.order_by("code")}
        if term and self.is_college:
            people = with_standing(people_of(self.unit, term), self.campaign)
            classes = class_rows(people)
            hindered = (
                people.filter(standing__in=HINDERED)
                .select_related("enrolment__student", "enrolment__class_group", "enrolment__unit")
                .order_by(
                    "enrolment__unit__code", "enrolment__class_group__name", "enrolment__student_number"
                )
            )
            page = Paginator(hindered, PER_PAGE).get_page(request.GET.get("page"))
            context |= {
                "classes": classes,
                "ready": sum(row.ready for row in classes),
                "hindered": sum(row.hindered for row in classes),
                "total": sum(row.total for row in classes),
                "page_obj": page,
                "standings": {key: str(text) for key, text in STANDINGS.items()},
                "submissions": with_counts(self.scoped(Submission).filter(college=self.unit, term=term)),
            }
        return self.render(breadcrumb=self.crumbs(), **context)

    def crumbs(self) -> list[tuple[str, str | None]]:
        overview = reverse("shoots:overview", args=[self.unit.code, self.campaign.code])
        return [(self.unit.name, overview), (_("Submissions"), None)]


class SubmitImages(UnitPage):
    """POST: submit the ready people of the ticked classes."""

    needs = "submit"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        term = get_object_or_404(self.campaign.terms, code=request.POST.get("term", ""))
        classes = read_numbers(request.POST.getlist("classes"))
        try:
            submission = submit_images(
                college=self.unit,
                term=term,
                by=self.user,
                classes=classes,
                note=request.POST.get("note", ""),
            )
        except DomainError as error:
            messages.error(request, str(error))
            address = reverse("students:submissions", args=[self.unit.code, self.campaign.code])
            return redirect(f"{address}?term={term.code}")
        people = submission.items.count()
        text = ngettext(
            "%(people)d image was submitted to academic affairs.",
            "%(people)d images were submitted to academic affairs.",
            people,
        )
        messages.success(request, text % {"people": people})
        return redirect("students:submission", self.unit.code, self.campaign.code, submission.public_id)


class SubmissionPage(UnitPage):
    """One submission: its images with their states, and its history."""

    needs = "view"
    template_name = "students/submission.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        own = with_counts(self.scoped(Submission).filter(college=self.unit, term__campaign=self.campaign))
        submission = get_object_or_404(own, public_id=public_id)
        items = submission.items.select_related(
            "graduate__enrolment__student",
            "graduate__enrolment__class_group",
            "graduate__enrolment__unit",
            "code",
        ).order_by("graduate__enrolment__class_group__name", "graduate__enrolment__student_number")
        if (state := request.GET.get("state", "")) in ItemState.values:
            items = items.filter(state=state)
        overview = reverse("students:submissions", args=[self.unit.code, self.campaign.code])
        return self.render(
            submission=submission,
            page_obj=Paginator(items, PER_PAGE).get_page(request.GET.get("page")),
            state=state,
            states=ItemState.choices,
            entries=entries_of(submission),
            may_withdraw=self.can_edit and submission.state == "submitted" and not submission.verified,  # type: ignore[attr-defined]
            breadcrumb=[
                (_("Submissions"), f"{overview}?term={submission.term.code}"),
                (str(submission), None),
            ],
        )


class WithdrawSubmission(UnitPage):
    """POST with a reason."""

    needs = "submit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        own = self.scoped(Submission).filter(college=self.unit, term__campaign=self.campaign)
        submission = get_object_or_404(own, public_id=public_id)
        try:
            withdraw_submission(submission=submission, by=self.user, reason=request.POST.get("reason", ""))
            messages.success(request, _("The submission was withdrawn."))
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("students:submission", self.unit.code, self.campaign.code, submission.public_id)


class SubmittedImage(MemberPage):
    """The small image of one person in one submission, as it was submitted."""

    def get(self, request: HttpRequest, public_id: str, graduate: str) -> HttpResponseBase:
        items = self.scoped(SubmissionItem).select_related("rendition")
        item = get_object_or_404(items, submission__public_id=public_id, graduate__public_id=graduate)
        return serve_private(
            request, item.rendition.file, etag=item.rendition.sha256, content_type="image/jpeg"
        )
