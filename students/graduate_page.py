"""One person's page: who it is, the picture, and the whole history in one column. For coordinators and staff."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from students.history import history_of_graduate
from students.models import Graduate
from students.progress import steps, with_step
from students.reveal import Revealed, reveal_numbers
from units.access import UnitPage
from units.models import ProfileName


class GraduatePage(UnitPage):
    """`/unit/<unit>/<campaign>/graduates/<id>/`: masked numbers; POST with a purpose shows them once."""

    needs = "view"
    template_name = "students/graduate.html"

    @property
    def may_reveal(self) -> bool:
        """The unit's own people and academic affairs; a college that only reads may not."""
        return self.standing in ("member", "staff")

    def find(self, public_id: str) -> Graduate:
        people = Graduate.objects.filter(enrolment__unit=self.unit, campaign=self.campaign)
        shown = with_step(people).select_related(
            "campaign",
            "term",
            "picture",
            "enrolment__student",
            "enrolment__class_group",
            "enrolment__unit",
        )
        return self.get_scoped(shown, public_id=public_id)

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return self.show(self.find(public_id))

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        if not self.may_reveal:
            raise Http404
        graduate = self.find(public_id)
        try:
            revealed = reveal_numbers(
                graduate=graduate, by=self.user, purpose=request.POST.get("purpose", "")
            )
        except DomainError as error:
            return self.show(graduate, error=str(error))
        # Answered at once, not after a redirect: the number must not wait in a session or an address.
        return self.show(graduate, revealed=revealed)

    def show(self, graduate: Graduate, **context: Any) -> HttpResponse:
        revealed: Revealed | None = context.get("revealed")
        reached = graduate.step  # type: ignore[attr-defined]
        return self.render(
            graduate=graduate,
            student=graduate.enrolment.student,
            enrolment=graduate.enrolment,
            entries=history_of_graduate(graduate),
            steps=[
                {"label": step.label, "done": step.number <= reached, "current": step.number == reached}
                for step in steps()
            ],
            has_small=bool(
                graduate.picture
                and graduate.picture.renditions.filter(profile__name=ProfileName.SMALL).exists()
            ),
            revealed=revealed,
            error=context.get("error", ""),
            breadcrumb=[
                (self.unit.name, reverse("shoots:overview", args=[self.unit.code, self.campaign.code])),
                (_("Graduate"), None),
            ],
        )
