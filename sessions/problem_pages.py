"""Pages of problems (R22): a list with filters, a thread, and raising one; alike behind all three doors."""

import datetime as dt
from typing import Any, ClassVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.models import User
from sessions import problems as acts
from sessions.models import UNSETTLED, Booking, Delivery, Problem, ProblemSide, ProblemState
from sessions.problem_doors import Door, OfficeDoor, StudioDoor, Subject, UnitDoor
from sessions.problem_forms import MessageForm, OwnerForm, RaiseForm, ReopenForm, SettleForm, TakeUpForm
from sessions.problem_parties import sides_of, studio_reads
from sessions.problem_view import ProblemLine, hides_names, person_label, steps_of, with_subjects
from students.models import Graduate

PER_PAGE = 50
FILTERS = {
    "open": gettext_lazy("Unsettled"),
    "ours": gettext_lazy("Ours to see to"),
    "mine": gettext_lazy("Mine"),
    "overdue": gettext_lazy("Overdue"),
    "settled": gettext_lazy("Settled"),
    "all": gettext_lazy("All"),
}


def filtered(rows: QuerySet[Problem], show: str, side: str, user: User) -> QuerySet[Problem]:
    """The rows of one tab; `side` is for whom the page is."""
    return rows.filter(conditions(side, user).get(show, Q(state__in=UNSETTLED)))


def conditions(side: str, user: User) -> dict[str, Q]:
    unsettled = Q(state__in=UNSETTLED)
    return {
        "open": unsettled,
        "ours": unsettled & Q(owner_side=side),
        "mine": unsettled & Q(owner=user),
        "overdue": unsettled & Q(due__lt=clock.today()),
        "settled": Q(state=ProblemState.SETTLED),
        "all": Q(),
    }


class ListOfProblems(Door):
    """`…/problems/?show=`: open ones first due first; settled ones last settled first."""

    template_name = "shoots/problems.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        show = request.GET.get("show", "open")
        show = show if show in FILTERS else "open"
        rows = self.rows()
        chosen = with_subjects(filtered(rows, show, self.side, self.user))
        ordered = chosen.order_by(
            F("settled_at").desc(nulls_first=True), F("due").asc(nulls_last=True), "-id"
        )
        found = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
        every = conditions(self.side, self.user)
        counts = rows.order_by().aggregate(
            **{key: Count("pk", filter=every[key], distinct=True) for key in FILTERS if key != "all"},
            all=Count("pk", distinct=True),
        )
        return self.render(
            campaign=self.campaign,
            lines=[self.line(row) for row in found],
            pages=found,
            show=show,
            tabs=[(key, label, counts[key]) for key, label in FILTERS.items()],
            breadcrumb=self.crumbs(),
        )


class OneProblem(Door):
    """`…/problems/<problem>/`: the thread, who owns it, and what the reader can do."""

    template_name = "shoots/problem.html"
    forms: ClassVar[dict[str, Any]] = {
        "say": MessageForm,
        "take-up": TakeUpForm,
        "settle": SettleForm,
        "reopen": ReopenForm,
    }

    def find(self, public_id: str) -> Problem:
        return get_object_or_404(with_subjects(self.rows()), public_id=public_id)

    def get(self, request: HttpRequest, problem: str, **kwargs: Any) -> HttpResponse:
        return self.show(self.find(problem))

    def show(
        self,
        problem: Problem,
        refusal: DomainError | None = None,
        status: int = 200,
        bound: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """`bound`: the form that came back with mistakes, by its act."""
        bound = bound or {}
        allowed = acts.MOVES.get(problem.state, set()) if self.may_act else set()
        directs = acts.may_direct(problem, self.side)
        open_forms = {
            "say": self.may_act and problem.state != ProblemState.SETTLED,
            "take-up": ProblemState.IN_WORK in allowed and problem.owner_side == self.side,
            "settle": ProblemState.SETTLED in allowed and directs,
            "reopen": ProblemState.REOPENED in allowed,
        }
        shown = {
            act.replace("-", "_"): bound.get(act) or self.forms[act](auto_id=f"{act}_%s")
            for act, is_open in open_forms.items()
            if is_open
        }
        if self.may_act and directs and problem.state != ProblemState.SETTLED:
            shown["owner"] = bound.get("owner") or OwnerForm(
                problem=problem, side=self.side, auto_id="owner_%s"
            )
        sides = sides_of(problem)
        return self.render(
            status=status,
            campaign=self.campaign,
            problem=problem,
            line=self.line(problem),
            subject_url=self.subject_url(problem),
            steps=steps_of(problem),
            sides=[str(ProblemSide(side).label) for side in sides],
            is_owner_gone=problem.owner_side not in sides,
            act_urls={key: self.to("problem-act", problem.public_id, key.replace("_", "-")) for key in shown},
            shown=shown,
            refusal=refusal,
            breadcrumb=self.crumbs((problem.title, None)),
        )


class ProblemStep(OneProblem):
    """`…/problems/<problem>/<act>/`: one step, by POST; a refusal is shown on the problem's page."""

    def get(self, request: HttpRequest, problem: str, act: str, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return redirect(self.to("problem", self.find(problem).public_id))

    def post(self, request: HttpRequest, problem: str, act: str, **kwargs: Any) -> HttpResponse:
        row = self.find(problem)
        if act != "owner" and act not in self.forms:
            raise Http404
        form = (
            OwnerForm(request.POST, problem=row, side=self.side, auto_id="owner_%s")
            if act == "owner"
            else self.forms[act](request.POST, auto_id=f"{act}_%s")
        )
        if not form.is_valid():
            return self.show(row, status=422, bound={act: form})
        try:
            messages.success(request, self.act(row, act, form))
        except DomainError as refusal:
            return self.show(self.find(problem), refusal, status=409)
        return redirect(self.to("problem", row.public_id))

    def act(self, problem: Problem, act: str, form: Any) -> str:
        data = form.cleaned_data
        if act == "say":
            acts.say(problem=problem, text=data["text"], by=self.user)
            return _("Your message is in the thread.")
        if act == "take-up":
            acts.take_up(problem=problem, text=data["text"], by=self.user)
            return _("You see to it now; everybody concerned can read that.")
        if act == "settle":
            acts.settle(problem=problem, answer=data["text"], by=self.user)
            return _("Settled.")
        if act == "reopen":
            acts.reopen(problem=problem, reason=data["text"], by=self.user)
            return _("The problem is open again.")
        acts.hand_over(
            problem=problem,
            side=data["side"],
            person=data["person"],
            due=data["due"],
            seen=form.shown(),
            by=self.user,
        )
        return _("Saved.")


class NewProblem(Door):
    """`…/problems/new/?booking=` (`&day=`), `?delivery=` or `?graduate=`: raise a problem about this."""

    template_name = "shoots/problem_new.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not {"booking", "delivery", "graduate"} & set(request.GET):
            messages.info(
                request, _("Raise a problem on the page of the booking, shoot, delivery or person.")
            )
            return redirect(self.to())
        subject, day = self.find_subject(request.GET)
        return self.show(subject, day, self.form(subject, day))

    def sketch(self, subject: Subject, day: dt.date | None) -> Problem:
        """The problem as it would be, unsaved: for its parties and its words."""
        problem = Problem(campaign=self.campaign, day=day)
        if isinstance(subject, Booking):
            problem.booking, problem.studio = subject, subject.studio
        elif isinstance(subject, Delivery):
            problem.delivery, problem.studio = subject, subject.studio
        else:
            problem.graduate = subject
            problem.studio = getattr(self, "studio", None)
        return problem

    def form(self, subject: Subject, day: dt.date | None, data: Any = None) -> RaiseForm:
        problem = self.sketch(subject, day)
        studios = self.studios(subject) if isinstance(subject, Graduate) else None
        sides = sides_of(problem)
        if studios is not None and studios:
            sides = list(dict.fromkeys([*sides, ProblemSide.STUDIO]))
        first = next(
            (side for side in ("studio", "staff", "unit") if side in sides and side != self.side), ""
        )
        return RaiseForm(data, sides=sides, studios=studios, initial={"owner_side": first})

    def show(
        self,
        subject: Subject,
        day: dt.date | None,
        form: RaiseForm,
        refusal: DomainError | None = None,
        status: int = 200,
    ) -> HttpResponse:
        problem = self.sketch(subject, day)
        hidden = hides_names(self.name, problem)
        line = ProblemLine(problem, not hidden)
        about = person_label(subject, names=not hidden) if isinstance(subject, Graduate) else line.about
        return self.render(
            status=status,
            campaign=self.campaign,
            about=about,
            kind=line.kind,
            studio_waits=problem.studio is not None and not studio_reads(problem),
            form=form,
            refusal=refusal,
            breadcrumb=self.crumbs((_("Raise a problem"), None)),
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject, day = self.find_subject(request.GET)
        form = self.form(subject, day, request.POST)
        if not form.is_valid():
            return self.show(subject, day, form, status=422)
        fields = dict(form.cleaned_data)
        if isinstance(self, StudioDoor) and isinstance(subject, Graduate):
            fields["studio"] = self.studio
        try:
            problem = acts.raise_problem(subject=subject, day=day, by=self.user, **fields)
        except DomainError as refusal:
            return self.show(subject, day, form, refusal, status=409)
        messages.success(request, _("The problem is raised; everybody concerned can read it."))
        return redirect(self.to("problem", problem.public_id))


class UnitProblems(ListOfProblems, UnitDoor):
    needs = "view"


class UnitProblem(OneProblem, UnitDoor):
    needs = "view"


class UnitProblemStep(ProblemStep, UnitDoor):
    needs = "edit"


class UnitNewProblem(NewProblem, UnitDoor):
    needs = "edit"


class StudioProblems(ListOfProblems, StudioDoor):
    needs = "view"


class StudioProblem(OneProblem, StudioDoor):
    needs = "view"


class StudioProblemStep(ProblemStep, StudioDoor):
    needs = "edit"


class StudioNewProblem(NewProblem, StudioDoor):
    needs = "edit"


class OfficeProblems(ListOfProblems, OfficeDoor):
    pass


class OfficeProblem(OneProblem, OfficeDoor):
    pass


class OfficeProblemStep(ProblemStep, OfficeDoor):
    pass


class OfficeNewProblem(NewProblem, OfficeDoor):
    pass
