"""Roster files in the portal: upload, preview by kind, decide who is gone, apply, undo, refused lines (design §7)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from photocampus.digits import read_numbers
from photocampus.errors import DomainError
from photocampus.sheets import XLSX
from students.models import Completeness, RosterState, RosterUpload, RowKind, UploadState
from students.roster_files import refused_file, template_bytes
from students.roster_place import OfficePlace, PlacedPage, UnitPlace
from students.roster_shown import TAGS, shown_rows
from students.roster_undo import ask_undo
from students.roster_uploads import FATES, ask_apply, decide_gone, discard_upload, start_upload
from students.tables import max_bytes
from units.models import Unit

PER_PAGE = 50
KIND_TONES = {"new": "good", "changed": "info", "unchanged": "off", "gone": "wait", "refused": "bad"}


class UploadForm(forms.Form):
    """A file, and what it claims to be complete for."""

    file = forms.FileField(
        label=gettext_lazy("Roster file"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt"}),
    )
    completeness = forms.ChoiceField(
        label=gettext_lazy("The file is"),
        choices=Completeness.choices,
        initial=Completeness.ADDS,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Only a complete file can tell who is gone. Nobody is taken off the roster without your saying so."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "XLSX, XLS or CSV, at most %(limit)d MB. Columns in any order; further columns are ignored."
        ) % {"limit": max_bytes() >> 20}


class GoneForm(forms.Form):
    """What became of the ticked graduates."""

    fate = forms.ChoiceField(
        label=gettext_lazy("They"),
        choices=[("", "—"), *[(fate.value, fate.label) for fate in FATES]],
        required=False,
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)


class Uploads(PlacedPage):
    """All uploads of this place, and the form for another."""

    template_name = "students/roster_uploads.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(UploadForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.can_edit:
            return redirect(self.link("uploads"))
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                upload = start_upload(
                    campaign=self.campaign,
                    unit=self.place_unit,
                    file=file,
                    name=file.name or "",
                    completeness=form.cleaned_data["completeness"],
                    by=self.user,
                )
                return redirect(self.link("upload", upload.public_id))
            except DomainError as error:
                form.add_error("file", str(error))
        return self.show(form)

    def show(self, form: UploadForm) -> HttpResponse:
        uploads = place_uploads(self).select_related("by", "unit", "job")
        page = Paginator(uploads, 20).get_page(self.request.GET.get("page"))
        return self.render(
            campaign=self.campaign,
            unit=self.place_unit,
            can_edit=self.can_edit,
            form=form,
            rows=[(upload, self.link("upload", upload.public_id)) for upload in page],
            page_obj=page,
            links=links(self),
            breadcrumb=self.crumbs((_("Roster"), self.link("roster")), (_("Roster files"), None)),
        )


class Template(PlacedPage):
    """The empty file with every heading and examples of invented people."""

    def get(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(template_bytes(self.campaign, self.place_unit), content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="roster-{self.campaign.code}.xlsx"'
        return response


class UploadPage(PlacedPage):
    """One upload: progress while it is read or applied, then the preview, one kind at a time."""

    template_name = "students/roster_upload.html"

    def find(self, public_id: str) -> RosterUpload:
        uploads = place_uploads(self).select_related("by", "unit", "job", "campaign")
        return self.get_scoped(uploads, public_id=public_id)

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return self.show(self.find(public_id))

    def show(self, upload: RosterUpload, status: int = 200, **context: Any) -> HttpResponse:
        counts = {kind: upload.counts.get(kind, 0) for kind in RowKind.values}
        kind = self.request.GET.get("kind", "")
        if kind not in counts:
            kind = next((k for k in ("refused", "new", "changed", "gone") if counts[k]), "unchanged")
        page = Paginator(upload.rows.filter(kind=kind).order_by("line"), PER_PAGE).get_page(
            self.request.GET.get("page")
        )
        units = dict(Unit.objects.values_list("code", "name"))
        undecided = upload.rows.filter(kind=RowKind.GONE, fate="").count() if counts["gone"] else 0
        decided = counts["gone"] - undecided
        to_apply = counts["new"] + counts["changed"] + decided
        is_working = upload.state in (UploadState.READING, UploadState.APPLYING) or bool(
            upload.state == UploadState.APPLIED and upload.job and upload.job.is_open
        )
        template = (
            "students/_roster_upload.html" if self.request.headers.get("HX-Request") else self.template_name
        )
        return self.render(
            template,
            status=status,
            campaign=self.campaign,
            unit=self.place_unit,
            upload=upload,
            file_name=upload.file_name.reveal() if upload.file_name else "",
            is_working=is_working,
            job=upload.job,
            kind=kind,
            kinds=[(k, RowKind(k).label, counts[k], KIND_TONES[k]) for k in RowKind.values],
            rows=shown_rows(upload, page.object_list, units),
            page_obj=page,
            tags=tag_counts(upload) if not is_working else [],
            undecided=undecided,
            decided=decided,
            to_apply=to_apply,
            can_edit=self.can_edit,
            is_previewed=upload.state == UploadState.PREVIEWED,
            is_applied=upload.state == UploadState.APPLIED and not is_working,
            is_stale=bool(upload.counts.get("stale")) and upload.state == UploadState.PREVIEWED,
            job_error=upload.job.error if upload.job and not upload.job.is_open else "",
            gone_form=context.pop("gone_form", None) or GoneForm(),
            fates=[(fate.value, fate.label) for fate in FATES],
            active=RosterState.ACTIVE,
            links=links(self, upload),
            breadcrumb=self.crumbs(
                (_("Roster"), self.link("roster")),
                (_("Roster files"), self.link("uploads")),
                (date_format(localtime(upload.created_at), "Y-m-d H:i"), None),
            ),
            **context,
        )


class UploadAct(UploadPage):
    """POST acts on one upload; a GET goes back to its page."""

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return redirect(self.link("upload", self.find(public_id).public_id))

    def post(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        upload = self.find(public_id)
        try:
            answer = self.act(upload)
        except DomainError as error:
            messages.error(request, str(error))
            answer = None
        return answer or redirect(self.link("upload", upload.public_id))

    def act(self, upload: RosterUpload) -> HttpResponseBase | None:
        raise NotImplementedError


class Apply(UploadAct):
    def act(self, upload: RosterUpload) -> None:
        ask_apply(upload=upload, by=self.user)


class Undo(UploadAct):
    def act(self, upload: RosterUpload) -> None:
        ask_undo(upload=upload, by=self.user)


class Discard(UploadAct):
    def act(self, upload: RosterUpload) -> HttpResponseBase:
        discard_upload(upload=upload, by=self.user)
        messages.success(self.request, _("The preview was discarded. The roster is as it was."))
        return redirect(self.link("uploads"))


class Gone(UploadAct):
    """Confirmed by itself: which of those missing from a complete file left, were deferred or transferred."""

    def act(self, upload: RosterUpload) -> HttpResponseBase:
        form = GoneForm(self.request.POST)
        lines = read_numbers(self.request.POST.getlist("lines"))
        if form.is_valid() and lines:
            decide_gone(upload=upload, lines=lines, by=self.user, **form.cleaned_data)
            text = ngettext("Noted for %(n)d graduate.", "Noted for %(n)d graduates.", len(lines))
            messages.success(self.request, text % {"n": len(lines)})
        elif not lines:
            messages.error(self.request, _("Tick the graduates first."))
        return redirect(self.link("upload", upload.public_id) + "?kind=gone")


class Refused(UploadAct):
    """The refused lines as the same file with a column 原因; logged as a full download."""

    def act(self, upload: RosterUpload) -> HttpResponseBase:
        name, content = refused_file(upload=upload, by=self.user)
        kind = XLSX if name.endswith("xlsx") else "text/csv; charset=utf-8"
        response = HttpResponse(content, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response


def place_uploads(page: Any) -> Any:
    """Uploads of this place that the reader may see: a unit's own, or for academic affairs all of the campaign."""
    uploads = page.scoped(RosterUpload).filter(campaign=page.campaign)
    return uploads if page.is_office else uploads.filter(unit=page.place_unit)


def tag_counts(upload: RosterUpload) -> list[tuple[str, int]]:
    """What the changed and new lines are named as, and how many of each."""
    counted: dict[str, int] = {}
    for tags in (
        upload.rows.filter(kind__in=[RowKind.NEW, RowKind.CHANGED])
        .exclude(tags=[])
        .values_list("tags", flat=True)
    ):
        for tag in tags:
            counted[tag] = counted.get(tag, 0) + 1
    return [(str(TAGS[tag]), count) for tag, count in counted.items() if tag in TAGS]


def links(page: Any, upload: RosterUpload | None = None) -> dict[str, str]:
    """Addresses of this place's roster pages."""
    names = ["roster", "uploads", "template", "add", "corrections"]
    found = {
        name: page.link(
            name if name == "roster" else f"roster-{name}" if name in ("template", "add") else name
        )
        for name in names
    }
    if not page.is_office:
        found["sign_off"] = page.link("sign-off")
    if upload is not None:
        for act in ("apply", "undo", "discard", "gone", "refused"):
            found[act] = page.link(f"upload-{act}", upload.public_id)
        found["self"] = page.link("upload", upload.public_id)
    return found


class UnitUploads(Uploads, UnitPlace):
    needs = "view"


class UnitTemplate(Template, UnitPlace):
    needs = "view"


class UnitUpload(UploadPage, UnitPlace):
    needs = "view"


class UnitApply(Apply, UnitPlace):
    needs = "edit"


class UnitUndo(Undo, UnitPlace):
    needs = "edit"


class UnitDiscard(Discard, UnitPlace):
    needs = "edit"


class UnitGone(Gone, UnitPlace):
    needs = "edit"


class UnitRefused(Refused, UnitPlace):
    needs = "edit"


class OfficeUploads(Uploads, OfficePlace):
    pass


class OfficeTemplate(Template, OfficePlace):
    pass


class OfficeUpload(UploadPage, OfficePlace):
    pass


class OfficeApply(Apply, OfficePlace):
    pass


class OfficeUndo(Undo, OfficePlace):
    pass


class OfficeDiscard(Discard, OfficePlace):
    pass


class OfficeGone(Gone, OfficePlace):
    pass


class OfficeRefused(Refused, OfficePlace):
    pass
