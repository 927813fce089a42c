"""The unit's pictures: sheets by class, one picture with its measures, accept and refuse, the make-up list."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from photocampus.access_log import log_access
from photocampus.errors import DomainError
from photocampus.sheets import XLSX, sheet_bytes
from students.acceptance import accept_pictures, must_have_no_reason, refuse_pictures
from students.catalogue import label_of
from students.contact_sheet import (
    ACCEPTED,
    MISSING,
    PER_PAGE,
    REFUSED,
    WAITING,
    class_counts,
    sheet_people,
    tiles,
    unchecked_count,
    with_tiles,
)
from students.drawing import draw_findings
from students.finding_words import rows_of
from students.makeup import label_of as reason_label
from students.makeup import make_up_list, reasons
from students.models import ClassGroup, Graduate, RefusalCode
from units.access import UnitPage

STATES = (WAITING, REFUSED, ACCEPTED, MISSING)


class PicturesPage(UnitPage):
    """`/unit/<unit>/<campaign>/pictures/`: the classes, and the sheet of one of them (`?class=`)."""

    needs = "view"
    template_name = "students/pictures.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        classes = class_counts(self.campaign, self.unit)
        chosen = request.GET.get("class", "")
        group = next((row.group for row in classes if row.group.public_id == chosen), None)
        people = sheet_people(self.campaign, self.unit)
        if group is not None:
            people = people.filter(enrolment__class_group=group)
        show_sheet = group is not None or chosen == "all"
        page = Paginator(with_tiles(self.scoped(people)), PER_PAGE).get_page(request.GET.get("page"))
        shown = tiles(page) if show_sheet else []
        return self.render(
            classes=classes,
            group=group,
            chosen=chosen,
            total={state: sum(row.counts[state] for row in classes) for state in STATES},
            page_obj=page,
            tiles=shown,
            unchecked=unchecked_count(shown),
            show_sheet=show_sheet,
            codes=active_codes(),
            breadcrumb=self.breadcrumb(group),
        )

    def breadcrumb(self, group: ClassGroup | None) -> list[tuple[str, str | None]]:
        return breadcrumb(self, group.name if group else "")


def breadcrumb(page: UnitPage, last: str) -> list[tuple[str, str | None]]:
    place = [page.unit.code, page.campaign.code]
    crumbs: list[tuple[str, str | None]] = [(page.unit.name, reverse("shoots:overview", args=place))]
    if not last:
        return [*crumbs, (_("Pictures"), None)]
    return [*crumbs, (_("Pictures"), reverse("students:pictures", args=place)), (last, None)]


def active_codes() -> Any:
    return RefusalCode.objects.filter(is_active=True).order_by("position")


class DecidePictures(UnitPage):
    """POST: accept or refuse what was ticked, or accept all that the sheet showed as waiting."""

    needs = "edit"

    def post(self, request: HttpRequest) -> HttpResponse:
        act = request.POST.get("act", "")
        key = "shown" if act == "accept_all" else "seen"
        seen = [tuple(value.split(":", 1)) for value in request.POST.getlist(key) if ":" in value]
        pairs = [(pair[0], pair[1]) for pair in seen]
        try:
            if act == "refuse":
                code = RefusalCode.objects.filter(code=request.POST.get("code", "")).first()
                note = request.POST.get("note", "")
                count = refuse_pictures(unit=self.unit, seen=pairs, code=code, by=self.user, note=note)
                text = ngettext("%(n)d picture refused.", "%(n)d pictures refused.", count)
            else:
                must_have_no_reason(request.POST.get("code", ""))
                count = accept_pictures(unit=self.unit, seen=pairs, by=self.user)
                text = ngettext("%(n)d picture accepted.", "%(n)d pictures accepted.", count)
            messages.success(request, text % {"n": count})
        except DomainError as error:
            messages.error(request, str(error))
        return redirect(self.back())

    def back(self) -> str:
        place = [self.unit.code, self.campaign.code]
        one = self.request.POST.get("next", "")
        if one and Graduate.objects.filter(public_id=one, enrolment__unit=self.unit).exists():
            return reverse("students:picture", args=[*place, one])
        address = reverse("students:pictures", args=place)
        chosen, number = self.request.POST.get("class", ""), self.request.POST.get("page", "1")
        known = chosen == "all" or ClassGroup.objects.filter(public_id=chosen, unit=self.unit).exists()
        return f"{address}?class={chosen}&page={number}" if known and number.isdigit() else address


class PicturePage(UnitPage):
    """`/unit/<unit>/<campaign>/pictures/<graduate>/`: one picture, large, with its measures drawn and listed."""

    needs = "view"
    template_name = "students/picture.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        people = sheet_people(self.campaign, self.unit)
        graduate = self.get_scoped(with_tiles(people), public_id=public_id)
        (tile,) = tiles([graduate])
        in_class = people.filter(enrolment__class_group=graduate.enrolment.class_group_id)
        order = list(in_class.values_list("public_id", flat=True))
        at = order.index(public_id)
        photo = graduate.picture
        findings = list(photo.findings.order_by("id")) if photo else []
        return self.render(
            tile=tile,
            graduate=graduate,
            photo=photo,
            findings=rows_of(findings),
            drawing=draw_findings(findings),
            renditions=photo.renditions.select_related("profile").order_by("width") if photo else [],
            before=order[at - 1] if at else "",
            after=order[at + 1] if at + 1 < len(order) else "",
            number=at + 1,
            of=len(order),
            codes=active_codes(),
            breadcrumb=[
                *breadcrumb(self, graduate.enrolment.class_group.name)[:-1],
                (graduate.enrolment.class_group.name, self.class_url(graduate)),
                (graduate.enrolment.student.name, None),
            ],
        )

    def class_url(self, graduate: Graduate) -> str:
        address = reverse("students:pictures", args=[self.unit.code, self.campaign.code])
        return f"{address}?class={graduate.enrolment.class_group.public_id}"


class MakeUpPage(UnitPage):
    """`/unit/<unit>/<campaign>/make-up/`: who must be photographed, by class, with the reason."""

    needs = "view"
    template_name = "students/make_up.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        people = list(self.scoped(make_up_list(self.campaign, self.unit)))
        language = get_language() or ""
        for person in people:
            person.why = why(person, language)  # type: ignore[attr-defined]
        counts = [
            (str(reason.label), sum(person.makeup_reason == reason.key for person in people))  # type: ignore[attr-defined]
            for reason in reasons()
        ]
        return self.render(
            people=people,
            counts=[row for row in counts if row[1]],
            breadcrumb=[*breadcrumb(self, "")[:-1], (_("Make-up list"), None)],
        )


def why(person: Any, language: str) -> str:
    """The reason in one line: refused: highlight (note)."""
    text = reason_label(person.makeup_reason)
    if person.makeup_reason != "refused" or not person.makeup_code:
        return text
    known = RefusalCode.objects.filter(code=person.makeup_code).first()
    label = known.label if known else label_of(person.makeup_code, language)
    if person.makeup_note:
        label = _("%(label)s (%(note)s)") % {"label": label, "note": person.makeup_note}
    return _("%(name)s: %(value)s") % {"name": text, "value": label}


class MakeUpFile(UnitPage):
    """POST: the make-up list as XLSX; the download is logged. It holds no ID numbers."""

    needs = "view"

    def post(self, request: HttpRequest) -> HttpResponse:
        people = self.scoped(make_up_list(self.campaign, self.unit))
        language = get_language() or ""
        rows = [
            (
                person.enrolment.class_group.name,
                person.enrolment.student_number,
                person.enrolment.student.name,
                why(person, language),
            )
            for person in people
        ]
        data = sheet_bytes(
            headings=[_("Class"), _("Student number"), _("Name"), _("Reason")],
            rows=rows,
            title=_("Make-up list"),
            widths=[24, 16, 14, 48],
        )
        log_access("make_up_list", by=self.user, subject=self.unit, label=self.campaign.code, rows=len(rows))
        response = HttpResponse(data, content_type=XLSX)
        name = f"make-up-{self.unit.code}-{self.campaign.code}.xlsx"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
