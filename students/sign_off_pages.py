"""信息核对签字表 and corrections in the portal (R21)."""

import datetime as dt
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.models import School
from students.corrections import decide_correction, shown_changes
from students.models import ClassGroup, Correction, CorrectionState, Graduate, IdType
from students.roster_columns import BY_FIELD
from students.roster_people_pages import person_link
from students.roster_place import OfficePlace, PlacedPage, UnitPlace
from students.roster_shown import show_value
from students.roster_upload_pages import links
from students.sign_off import class_checks, class_people, open_full_sheet, sign_off_class
from units.access import UnitPage


class CheckedForm(forms.Form):
    checked_on = forms.DateField(
        label=gettext_lazy("Checked on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer given"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class SignOffList(UnitPage):
    """Every class of the unit: how many, checked when and by whom, or outdated."""

    needs = "view"
    template_name = "students/sign_off.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        checks = class_checks(self.campaign, self.unit)
        place = [self.unit.code, self.campaign.code]
        rows = [
            {
                "check": check,
                "sheet": reverse("students:sign-off-sheet", args=[*place, check.class_group.public_id]),
                "done": reverse("students:sign-off-done", args=[*place, check.class_group.public_id]),
            }
            for check in checks
        ]
        return self.render(
            campaign=self.campaign,
            unit=self.unit,
            rows=rows,
            done=sum(check.is_done for check in checks),
            outdated=sum(check.is_outdated for check in checks),
            total=len(checks),
            can_edit=self.can_edit,
            today=clock.today().isoformat(),
            breadcrumb=[
                (self.unit.name, reverse("shoots:overview", args=place)),
                (_("Roster"), reverse("students:roster", args=place)),
                (_("Sign-off sheets"), None),
            ],
        )


class SignOffDone(UnitPage):
    needs = "edit"

    def post(self, request: HttpRequest, group: str) -> HttpResponse:
        found = get_object_or_404(self.scoped(ClassGroup), unit=self.unit, public_id=group)
        form = CheckedForm(request.POST)
        if form.is_valid():
            try:
                day: dt.date = form.cleaned_data["checked_on"]
                sign_off_class(campaign=self.campaign, class_group=found, checked_on=day, by=self.user)
                messages.success(request, _("The check of %(name)s is recorded.") % {"name": found.name})
            except DomainError as error:
                messages.error(request, str(error))
        else:
            messages.error(request, _("Give the day on which the class was checked."))
        return redirect("students:sign-off", self.unit.code, self.campaign.code)


class SignOffSheet(UnitPage):
    """The sheet of one class on A4. GET masks the numbers; POST with a purpose prints them in full, logged."""

    needs = "view"
    template_name = "students/sign_off_sheet.html"

    def get(self, request: HttpRequest, group: str) -> HttpResponse:
        return self.show(self.find(group))

    def post(self, request: HttpRequest, group: str) -> HttpResponse:
        found = self.find(group)
        if self.standing == "college":
            return self.show(found)
        try:
            people = open_full_sheet(
                campaign=self.campaign,
                class_group=found,
                purpose=request.POST.get("purpose", ""),
                by=self.user,
            )
        except DomainError as error:
            return self.show(found, error=str(error))
        response = self.show(found, people=people, full=True)
        response["Cache-Control"] = "no-store"
        return response

    def find(self, group: str) -> ClassGroup:
        return get_object_or_404(self.scoped(ClassGroup), unit=self.unit, public_id=group)

    def show(
        self, group: ClassGroup, *, people: list[Graduate] | None = None, full: bool = False, error: str = ""
    ) -> HttpResponse:
        people = class_people(self.campaign, group) if people is None else people
        place = [self.unit.code, self.campaign.code]
        return self.render(
            campaign=self.campaign,
            unit=self.unit,
            group=group,
            school=School.objects.first(),
            rows=[sheet_row(graduate, full) for graduate in people],
            full=full,
            may_reveal=self.standing != "college",
            error=error,
            today=clock.today(),
            breadcrumb=[
                (self.unit.name, reverse("shoots:overview", args=place)),
                (_("Sign-off sheets"), reverse("students:sign-off", args=place)),
                (group.name, None),
            ],
        )


def sheet_row(graduate: Graduate, full: bool) -> dict[str, Any]:
    student = graduate.enrolment.student
    return {
        "graduate": graduate,
        "student": student,
        "id_type": IdType(student.id_type).label,
        "id_number": student.id_number.reveal() if full else student.id_number,
        "code": me_code(graduate),
    }


def me_code(graduate: Graduate) -> str:
    """A QR code (inline SVG) of the student's own page, if this program offers one."""
    try:
        address = reverse("shoots:me", args=[graduate.me_token])
    except NoReverseMatch:
        return ""
    code = segno.make(settings.BASE_URL.rstrip("/") + address, error="m", micro=False)
    return mark_safe(code.svg_inline(scale=1, border=1, svgclass="qr", lineclass=None))


class Corrections(PlacedPage):
    """Corrections asked for, the open ones first; academic affairs decide them here."""

    template_name = "students/corrections.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.is_office:
            return redirect(self.link("corrections"))
        correction = get_object_or_404(self.corrections(), public_id=request.POST.get("correction", ""))
        form = AnswerForm(request.POST)
        if form.is_valid():
            try:
                accept = request.POST.get("decision") == "accept"
                decide_correction(correction=correction, accept=accept, by=self.user, **form.cleaned_data)
                messages.success(request, _("The correction is decided."))
            except DomainError as error:
                messages.error(request, str(error))
        return redirect(self.link("corrections"))

    def corrections(self) -> Any:
        found = self.scoped(Correction).filter(graduate__campaign=self.campaign)
        if self.place_unit is not None:
            found = found.filter(graduate__enrolment__unit=self.place_unit)
        return found.select_related(
            "graduate__enrolment__student", "graduate__enrolment__unit", "asked_by", "decided_by"
        )

    def show(self) -> HttpResponse:
        open_ones = self.corrections().filter(state=CorrectionState.ASKED).order_by("id")
        page = Paginator(self.corrections().exclude(state=CorrectionState.ASKED), 30).get_page(
            self.request.GET.get("page")
        )
        return self.render(
            campaign=self.campaign,
            unit=self.place_unit,
            is_office=self.is_office,
            open_rows=[self.row(correction) for correction in open_ones],
            rows=[self.row(correction) for correction in page],
            page_obj=page,
            links=links(self),
            breadcrumb=self.crumbs((_("Roster"), self.link("roster")), (_("Corrections"), None)),
        )

    def row(self, correction: Correction) -> dict[str, Any]:
        changes = [
            (BY_FIELD[field].label, show_plain(field, old), show_plain(field, new))
            for field, old, new in shown_changes(correction)
        ]
        return {"correction": correction, "changes": changes, "url": person_link(self, correction.graduate)}


def show_plain(field: str, value: str) -> str:
    return value if field == "id_number" else show_value(field, value, {})


class UnitCorrections(Corrections, UnitPlace):
    needs = "view"


class OfficeCorrections(Corrections, OfficePlace):
    pass
