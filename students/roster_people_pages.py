"""The roster person by person: list, add, edit, leave and return, exempt, ask for a correction."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from photocampus.events import history_of
from students.corrections import ask_correction
from students.digests import id_digest
from students.models import (
    Category,
    ClassGroup,
    Exemption,
    Gender,
    Graduate,
    IdType,
    Photo,
    RosterState,
)
from students.roster_columns import BY_FIELD, FIELDS
from students.roster_edit import (
    BadLine,
    add_graduate,
    decide_exemption,
    edit_graduate,
    set_roster_state,
)
from students.roster_forms import GENDER_CELLS, CorrectionForm, ExemptionForm, PersonForm, StateForm
from students.roster_place import OfficePlace, PlacedPage, UnitPlace
from students.roster_upload_pages import links
from units.models import Term, Unit

PER_PAGE = 50
FILTERS = ("state", "class", "unit", "term", "category", "exemption")


class RosterList(PlacedPage):
    """Filter and page by GET; search by POST: student and ID numbers never stand in an address (design §5)."""

    template_name = "students/roster.html"

    def people(self) -> Any:
        return place_people(self)

    def get(self, request: HttpRequest) -> HttpResponse:
        if "q" in request.GET:  # an address kept from elsewhere; the pager would carry the number on
            return redirect(self.filtered(request.GET))
        return self.show(request.GET)

    def show(self, query: QueryDict, words: str = "") -> HttpResponse:
        """Those who fit the filters of `query`, which names the page, too, and the words."""
        people = self.people().with_people()
        state = query.get("state", RosterState.ACTIVE)
        if state in RosterState.values:
            people = people.filter(roster_state=state)
        if words:
            people = people.filter(
                Q(enrolment__student__name__contains=words) | Q(enrolment__student_number__startswith=words)
            )
        if (group := query.get("class", "")) and not self.is_office:
            people = people.filter(enrolment__class_group__public_id=group)
        if (unit := query.get("unit", "")) and self.is_office:
            people = people.filter(enrolment__unit__code=unit)
        for name, field in (("term", "term__code"), ("category", "category"), ("exemption", "exemption")):
            if value := query.get(name, ""):
                people = people.filter(**{field: value})
        counts = dict(self.people().order_by().values_list("roster_state").annotate(Count("pk")))
        ordered = people.order_by(
            "enrolment__unit__code", "enrolment__class_group__name", "enrolment__student_number"
        )
        page = Paginator(ordered, PER_PAGE).get_page(query.get("page"))
        rows = [(graduate, person_link(self, graduate), acts(self, graduate)) for graduate in page]
        return self.render(
            campaign=self.campaign,
            unit=self.place_unit,
            is_office=self.is_office,
            can_edit=self.can_edit,
            rows=rows,
            page_obj=page,
            words=words,
            chosen={name: query.get(name, "") for name in FILTERS} | {"state": state},
            states=[(value, label, counts.get(value, 0)) for value, label in RosterState.choices],
            classes=ClassGroup.objects.filter(unit=self.place_unit).order_by("name")
            if self.place_unit
            else [],
            units=Unit.objects.order_by("code") if self.is_office else [],
            terms=Term.objects.filter(campaign=self.campaign),
            categories=Category.choices,
            exemptions=Exemption.choices,
            links=links(self),
            transfers=transfers(self),
            breadcrumb=self.crumbs((_("Roster"), None)),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        if "id_number" in request.POST:
            return self.find(request.POST["id_number"].strip()[:40])
        if words := request.POST.get("q", "").strip()[:60]:
            return self.show(request.POST, words)
        return redirect(self.filtered(request.POST))

    def filtered(self, query: QueryDict) -> str:
        """The address of the list with these filters, and nothing else in it."""
        chosen = {name: str(query[name]) for name in FILTERS if query.get(name)}
        return f"{self.link('roster')}?{urlencode(chosen)}" if chosen else self.link("roster")

    def find(self, number: str) -> HttpResponse:
        """One person by the full ID number."""
        digests = [id_digest(id_type, number) for id_type in IdType.values] if number else []
        found = (
            self.people()
            .filter(enrolment__student__id_digest__in=digests)
            .select_related("enrolment__unit")
            .first()
        )
        if found is None:
            messages.error(self.request, _("Nobody on this roster has this ID number."))
            return redirect(self.link("roster"))
        return redirect(person_link(self, found))


class AddPerson(PlacedPage):
    template_name = "students/roster_person.html"

    def form(self, data: Any = None) -> PersonForm:
        units, terms = choices(self)
        first = {
            "unit": units[0][0] if units else "",
            "term": terms[-1] if terms else "",
            "category": Category.GRADUATE,
        }
        return PersonForm(data, units=units, terms=terms, initial=first)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid():
            unit = self.place_unit or get_object_or_404(Unit, code=form.cleaned_data["unit"])
            try:
                graduate = add_graduate(
                    campaign=self.campaign, unit=unit, cells=file_cells(form.cleaned_data), by=self.user
                )
                messages.success(
                    request, _("%(name)s is on the roster.") % {"name": graduate.enrolment.student.name}
                )
                return redirect(self.link("roster"))
            except BadLine as error:
                form.add_errors(error)
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(form)

    def show(self, form: PersonForm) -> HttpResponse:
        title = _("Add a graduate")
        return self.render(
            campaign=self.campaign,
            unit=self.place_unit,
            form=form,
            title=title,
            back=self.link("roster"),
            breadcrumb=self.crumbs((_("Roster"), self.link("roster")), (title, None)),
        )


class PersonPage(PlacedPage):
    """Base of the pages about one graduate."""

    template_name = "students/roster_person.html"

    def find(self, public_id: str) -> Graduate:
        return get_object_or_404(
            place_people(self).select_related(
                "campaign", "term", "enrolment__student", "enrolment__class_group", "enrolment__unit"
            ),
            public_id=public_id,
        )

    def show_form(self, graduate: Graduate, form: forms.Form, *, title: str, **context: Any) -> HttpResponse:
        return self.render(
            campaign=self.campaign,
            unit=self.place_unit,
            graduate=graduate,
            form=form,
            title=title,
            back=person_link(self, graduate),
            breadcrumb=self.crumbs(
                (_("Roster"), self.link("roster")),
                (graduate.enrolment.student.name, person_link(self, graduate)),
                (title, None),
            ),
            **context,
        )


class EditPerson(PersonPage):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        return self.show(graduate, self.form(graduate))

    def form(self, graduate: Graduate, data: Any = None) -> PersonForm:
        units, terms = choices(self)
        initial = shown_cells(graduate)
        return PersonForm(data, units=units, terms=terms, editing=True, initial=initial)

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        form = self.form(graduate, request.POST)
        if form.is_valid():
            cells = file_cells(form.cleaned_data)
            student = graduate.enrolment.student
            # The form never shows the numbers; blank means that they stay.
            if not cells["id_number"] and cells["id_type"] == student.id_type:
                cells["id_number"] = student.id_number.reveal()
            if not cells["phone"] and student.phone and not request.POST.get("clear_phone"):
                cells["phone"] = student.phone.reveal()
            try:
                changed = edit_graduate(graduate=graduate, cells=cells, by=self.user)
                text = _("The changes are saved.") if changed else _("Nothing was different.")
                messages.success(request, text)
                graduate.refresh_from_db()
                gone = self.place_unit and not place_people(self).filter(pk=graduate.pk).exists()
                return redirect(self.link("roster") if gone else person_link(self, graduate))
            except BadLine as error:
                form.add_errors(error)
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(graduate, form)

    def show(self, graduate: Graduate, form: PersonForm) -> HttpResponse:
        return self.show_form(
            graduate,
            form,
            title=_("Edit"),
            is_frozen=graduate.identity_frozen_at is not None,
            masked=graduate.enrolment.student.id_number,
            correction_url=self.link("person-correction", graduate.public_id),
        )


class PersonState(PersonPage):
    """Deferred, transferred or left with a reason, or back again."""

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        return self.show_form(
            graduate, StateForm(initial={"to": graduate.roster_state}), title=_("Roster state")
        )

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        form = StateForm(request.POST)
        if form.is_valid():
            try:
                set_roster_state(graduate=graduate, by=self.user, **form.cleaned_data)
                messages.success(request, _("The roster state is saved."))
                return redirect(person_link(self, graduate))
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show_form(graduate, form, title=_("Roster state"))


class PersonCorrection(PersonPage):
    """After the check-in: ask academic affairs to correct name, gender, date of birth or document (R21)."""

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return self.show_form(self.find(public_id), CorrectionForm(), title=_("Ask for a correction"))

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        form = CorrectionForm(request.POST)
        if form.is_valid():
            values = dict(form.cleaned_data)
            try:
                ask_correction(graduate=graduate, reason=values.pop("reason"), values=values, by=self.user)
                messages.success(request, _("The correction was asked for; academic affairs decide."))
                return redirect(self.link("corrections"))
            except BadLine as error:
                for name, sentences in error.errors.items():
                    for text in sentences:
                        form.add_error(name, f"{BY_FIELD[name].label} {text}")
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show_form(graduate, form, title=_("Ask for a correction"))


class PersonExemption(PersonPage):
    """Academic affairs decide whether an earlier picture serves (R9)."""

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        initial = {"exempt": "1" if graduate.exemption == Exemption.NONE else ""}
        return self.show(graduate, ExemptionForm(initial=initial))

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        graduate = self.find(public_id)
        form = ExemptionForm(request.POST)
        if form.is_valid():
            photo = None
            if chosen := request.POST.get("photo", ""):
                photo = Photo.objects.filter(
                    enrolment=graduate.enrolment, public_id=chosen, taken_back_at=None
                ).first()
                if photo is None:
                    raise Http404
            try:
                decide_exemption(
                    graduate=graduate, exempt=bool(form.cleaned_data["exempt"]), reason=form.cleaned_data["reason"],
                    by=self.user, photo=photo,
                )  # fmt: skip
                messages.success(request, _("The decision is recorded."))
                return redirect(person_link(self, graduate))
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(graduate, form)

    def show(self, graduate: Graduate, form: ExemptionForm) -> HttpResponse:
        own = Photo.objects.filter(enrolment=graduate.enrolment, taken_back_at=None)
        photos = own.select_related("campaign").order_by("-pk")
        return self.show_form(graduate, form, title=_("Earlier picture"), photos=photos)


def place_people(page: Any) -> Any:
    """Graduates of this place that the reader may see."""
    people = page.scoped(Graduate.objects.filter(campaign=page.campaign))
    return people if page.is_office else people.filter(enrolment__unit=page.place_unit)


def person_link(page: Any, graduate: Graduate) -> str:
    return reverse(
        "students:graduate", args=[graduate.enrolment.unit.code, page.campaign.code, graduate.public_id]
    )


def acts(page: Any, graduate: Graduate) -> list[tuple[str, str]]:
    """What may be done with this person here, with its address."""
    names = [(_("Edit"), "person-edit"), (_("State"), "person-state")]
    if graduate.identity_frozen_at is not None:
        names.append((_("Correction"), "person-correction"))
    if page.is_office:
        names.append((_("Earlier picture"), "person-exemption"))
    return [(label, page.link(name, graduate.public_id)) for label, name in names]


def choices(page: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Units and terms a form of this place may name."""
    units = Unit.objects.filter(is_active=True).order_by("code")
    if page.place_unit is not None:
        units = units.filter(pk=page.place_unit.pk)
    terms = list(Term.objects.filter(campaign=page.campaign).values_list("code", flat=True))
    return list(units.values_list("code", "name")), terms


def shown_cells(graduate: Graduate) -> dict[str, Any]:
    """A form's first values; numbers are never among them."""
    enrolment, student = graduate.enrolment, graduate.enrolment.student
    return {
        "student_number": enrolment.student_number, "name": student.name,
        "gender": GENDER_CELLS[Gender(student.gender)], "id_type": student.id_type, "unit": enrolment.unit.code,
        "class_name": enrolment.class_group.name, "level": enrolment.level, "term": graduate.term.code,
        "birth_date": iso(student.birth_date), "major_code": enrolment.major_code, "major_name": enrolment.major_name,
        "study_form": enrolment.study_form, "length": enrolment.length, "entry_date": iso(enrolment.entry_date),
        "expected_graduation": iso(enrolment.expected_graduation), "candidate_number": enrolment.candidate_number,
        "category": graduate.category,
    }  # fmt: skip


def iso(day: Any) -> str:
    return day.isoformat() if day else ""


def file_cells(cleaned: dict[str, Any]) -> dict[str, Any]:
    """A form's values as the cells of a file."""
    return {field: cleaned.get(field, "") for field in FIELDS}


def transfers(page: Any) -> list[Any]:
    """The latest transfers from and to this unit: both are told (design §7)."""
    if page.place_unit is None:
        return []
    kinds = ["people_transferred_out", "people_transferred_in"]
    found = history_of(page.place_unit).filter(kind__in=kinds, data__campaign=page.campaign.code)
    return list(found.order_by("-id")[:5])


class UnitRosterList(RosterList, UnitPlace):
    needs = "view"


class UnitAddPerson(AddPerson, UnitPlace):
    needs = "edit"


class UnitEditPerson(EditPerson, UnitPlace):
    needs = "edit"


class UnitPersonState(PersonState, UnitPlace):
    needs = "edit"


class UnitPersonCorrection(PersonCorrection, UnitPlace):
    needs = "edit"


class OfficeRosterList(RosterList, OfficePlace):
    pass


class OfficeAddPerson(AddPerson, OfficePlace):
    pass


class OfficeEditPerson(EditPerson, OfficePlace):
    pass


class OfficePersonState(PersonState, OfficePlace):
    pass


class OfficePersonCorrection(PersonCorrection, OfficePlace):
    pass


class OfficePersonExemption(PersonExemption, OfficePlace):
    pass
