"""What graduates reported as wrong, for their unit to look at; nothing is changed here."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from sessions.me import WRONG, open_reports, reports_of, settle_report
from students.models import Graduate
from units.access import UnitPage


class Reports(UnitPage):
    """`/unit/<unit>/<campaign>/reports/`: open reports, oldest first."""

    needs = "view"
    template_name = "shoots/reports.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        people = list(
            self.scoped(open_reports(self.unit, self.campaign))
            .select_related("enrolment__student", "enrolment__class_group")
            .order_by("report_event")
        )
        reports = reports_of(people)
        rows = [
            (person, reports[person.pk][0], WRONG.get(reports[person.pk][0].new, "")) for person in people
        ]
        return self.render(
            unit=self.unit,
            campaign=self.campaign,
            rows=rows,
            breadcrumb=[
                (self.unit.name, reverse("shoots:overview", args=[self.unit.code, self.campaign.code])),
                (_("Reported by graduates"), None),
            ],
        )


class ReportSettle(UnitPage):
    """The unit says what it did."""

    needs = "edit"

    def post(self, request: HttpRequest, graduate: str) -> HttpResponse:
        person = self.get_scoped(
            Graduate, campaign=self.campaign, enrolment__unit=self.unit, public_id=graduate
        )
        try:
            settle_report(graduate=person, answer=request.POST.get("answer", ""), by=self.user)
            messages.success(request, _("Settled."))
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("shoots:reports", self.unit.code, self.campaign.code)
