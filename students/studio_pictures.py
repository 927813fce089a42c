"""The studio's pictures: upload, what became of each upload, the tray, and the sheets of its units."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from students.contact_sheet import class_counts, sheet_people, tiles, with_tiles
from students.ingest import TRAY_STATES, add_upload, counts_of_batches, open_batch, start_ingest
from students.ingest_reasons import reason_text
from students.models import Graduate, IngestBatch, IngestFile, IngestState, MatchMode, Origin
from students.templatetags.pictures import masked_name
from students.tray import assign_file, discard_file, find_people, retry_all, retry_file, tray_of
from units.access import StudioPage
from units.models import IdentityMode, Unit

PER_PAGE = 60
TRAY_PER_PAGE = 20
BATCHES_PER_PAGE = 20


class UploadForm(forms.Form):
    """How the files of an upload are to be understood."""

    match = forms.ChoiceField(
        label=gettext_lazy("Match by"), choices=MatchMode.choices, initial=MatchMode.AUTO
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("What the files are"),
        choices=[
            (Origin.ATTENDANCE, gettext_lazy("pictures of a shoot, or the studio's finished files")),
            (Origin.SCAN, gettext_lazy("scans of prints")),
        ],
        initial=Origin.ATTENDANCE,
    )
    unit = forms.ModelChoiceField(
        label=gettext_lazy("Only people of"),
        queryset=Unit.objects.none(),
        required=False,
        empty_label=gettext_lazy("all units that the studio works for"),
        to_field_name="code",
    )

    def __init__(self, *args: Any, page: "PicturesBase", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = page.units()  # type: ignore[attr-defined]
        if not page.campaign.scans_allowed:
            self.fields["origin"].choices = self.fields["origin"].choices[:1]  # type: ignore[attr-defined]
        if not page.shows_people:
            self.fields["match"].initial = MatchMode.SHOT_NUMBER
            self.fields["match"].choices = [(MatchMode.SHOT_NUMBER.value, MatchMode.SHOT_NUMBER.label)]  # type: ignore[attr-defined]


class PicturesBase(StudioPage):
    """What the studio's picture pages share. Not a page."""

    needs = "view"

    @property
    def shows_people(self) -> bool:
        """Whether names and student numbers may be on the studio's pages (design §5)."""
        return self.campaign.identity_mode == IdentityMode.ID_CARD

    @property
    def place(self) -> list[str]:
        return [self.studio.code, self.campaign.code]

    def units(self) -> Any:
        """Units whose people the studio may see in this campaign."""
        grants = {"grants__studio": self.studio, "grants__campaign": self.campaign, "grants__ended_at": None}
        return Unit.objects.filter(**grants).distinct().order_by("code")

    def batches(self) -> Any:
        own = IngestBatch.objects.filter(studio=self.studio, campaign=self.campaign)
        return self.scoped(own)

    def tray_count(self) -> int:
        return tray_of(self.studio, self.campaign).count()

    def crumbs(self, last: str = "") -> list[tuple[str, str | None]]:
        here = reverse("students:studio-pictures", args=self.place)
        start: list[tuple[str, str | None]] = [
            (self.studio.short_name or self.studio.name, reverse("units:studio-start"))
        ]
        return [*start, (_("Pictures"), here), (last, None)] if last else [*start, (_("Pictures"), None)]


class UploadPage(PicturesBase):
    """`/studio/<studio>/<campaign>/pictures/`: upload, and the uploads so far. POST takes files without script."""

    needs = "view"
    template_name = "students/upload.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(UploadForm(page=self))

    def show(self, form: UploadForm) -> HttpResponse:
        batches = (
            self.batches().annotate(**counts_of_batches()).select_related("job", "by", "unit").order_by("-pk")
        )
        page = Paginator(batches, BATCHES_PER_PAGE).get_page(self.request.GET.get("page"))
        return self.render(
            form=form,
            page_obj=page,
            tray_count=self.tray_count(),
            units=self.units(),
            breadcrumb=self.crumbs(),
        )


class OpenUpload(PicturesBase):
    """POST: a new upload. With files it takes them at once; a script opens it empty and sends the files one by one."""

    needs = "edit"
    template_name = "students/upload.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, page=self)
        files = request.FILES.getlist("files")
        wants_json = request.headers.get("Accept") == "application/json"
        if not form.is_valid():
            text = "; ".join(str(error) for errors in form.errors.values() for error in errors)
            return self.refused(text, wants_json)
        try:
            batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.user, **form.cleaned_data)
            if wants_json:
                place = [*self.place, batch.public_id]
                return JsonResponse(
                    {
                        "files": reverse("students:picture-upload-file", args=place),
                        "start": reverse("students:picture-upload-start", args=place),
                    }
                )
            self.take(batch, files)
            start_ingest(batch=batch, by=self.user)
        except DomainError as error:
            return self.refused(str(error), wants_json)
        return redirect("students:picture-batch", *self.place, batch.public_id)

    def take(self, batch: IngestBatch, files: list[Any]) -> None:
        for file in files:
            try:
                add_upload(batch=batch, upload=file, by=self.user)
            except DomainError as error:
                # Messages may wait in the session; a file's name may hold an ID number.
                messages.error(self.request, masked_name(str(error)))

    def refused(self, text: str, wants_json: bool) -> HttpResponse:
        if wants_json:
            return JsonResponse({"error": text}, status=400)
        messages.error(self.request, text)
        return redirect("students:studio-pictures", *self.place)


class UploadFile(PicturesBase):
    """POST of one file, by the script of the upload page."""

    needs = "edit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.get_scoped(self.batches(), public_id=public_id)
        file = request.FILES.get("file")
        if file is None:
            return JsonResponse({"error": _("There is nothing to read: no file was chosen.")}, status=400)
        try:
            add_upload(batch=batch, upload=file, by=self.user)
        except DomainError as error:
            return JsonResponse({"error": str(error)}, status=400)
        return JsonResponse({"ok": True})


class StartUpload(PicturesBase):
    """POST: read what waits in the upload; also continues one that was stopped."""

    needs = "edit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.get_scoped(self.batches(), public_id=public_id)
        address = reverse("students:picture-batch", args=[*self.place, batch.public_id])
        try:
            start_ingest(batch=batch, by=self.user)
        except DomainError as error:
            if request.headers.get("Accept") == "application/json":
                return JsonResponse({"error": str(error)}, status=400)
            messages.error(request, str(error))
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"next": address})
        return redirect(address)


class BatchPage(PicturesBase):
    """`…/pictures/uploads/<upload>/`: progress while it is read, then what became of each file."""

    needs = "view"
    template_name = "students/upload_batch.html"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        found = self.batches().annotate(**counts_of_batches()).select_related("job", "by", "unit")
        batch = self.get_scoped(found, public_id=public_id)
        context: dict[str, Any] = {"batch": batch, "running": bool(batch.job and batch.job.is_open)}
        if getattr(request, "htmx", None):
            answer = self.render("students/_upload_state.html", **context)
            if not context["running"]:
                answer["HX-Refresh"] = "true"  # the list of files below has changed as well
            return answer
        return self.render(**context, **self.listed(batch), breadcrumb=self.crumbs(_("Upload")))

    def listed(self, batch: IngestBatch) -> dict[str, Any]:
        """The files in one state, or all; names are shown only where people may be."""
        state = self.request.GET.get("state", "")
        files = batch.files.exclude(state=IngestState.UNPACKED).select_related(
            "photo__enrolment__student", "photo__enrolment__class_group"
        )
        groups = {"filed": [IngestState.FILED], "known": [IngestState.KNOWN], "tray": list(TRAY_STATES)}
        if state in groups:
            files = files.filter(state__in=groups[state])
        page = Paginator(files.order_by("position"), PER_PAGE).get_page(self.request.GET.get("page"))
        for row in page:
            row.why = reason_text(row.reason, row.reason_data) if row.reason else ""  # type: ignore[attr-defined]
        return {"page_obj": page, "state": state}


class TrayPage(PicturesBase):
    """`…/pictures/tray/`: what could not be filed. Search gives candidates; each file is assigned by one POST."""

    needs = "view"
    template_name = "students/tray.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = Paginator(self.scoped(tray_of(self.studio, self.campaign)), TRAY_PER_PAGE).get_page(
            request.GET.get("page")
        )
        for row in page:
            row.why = reason_text(row.reason, row.reason_data)  # type: ignore[attr-defined]
            row.is_picture = bool(row.preview)  # type: ignore[attr-defined]
        words = request.GET.get("q", "")
        chosen = request.GET.get("file", "")
        return self.render(
            page_obj=page,
            words=words,
            chosen=chosen,
            people=find_people(self.studio, self.campaign, words) if self.shows_people else [],
            breadcrumb=self.crumbs(_("Tray")),
        )


class TrayAct(PicturesBase):
    """POST on one file of the tray: assign, try again, discard; or try everything again."""

    needs = "edit"

    def post(self, request: HttpRequest) -> HttpResponse:
        act = request.POST.get("act", "")
        try:
            if act == "retry_all":
                retry_all(studio=self.studio, campaign=self.campaign, by=self.user)
                messages.success(request, _("Everything in the tray is being read again."))
            else:
                self.act_on_one(act)
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("students:picture-tray", *self.place)

    def act_on_one(self, act: str) -> None:
        files = IngestFile.objects.filter(batch__studio=self.studio, batch__campaign=self.campaign)
        row = self.get_scoped(files, public_id=self.request.POST.get("file", ""))
        if act == "assign":
            people = Graduate.objects.filter(campaign=self.campaign)
            graduate = self.get_scoped(people, public_id=self.request.POST.get("graduate", ""))
            assign_file(file=row, graduate=graduate, by=self.user)
            messages.success(self.request, _("The picture is being filed under the chosen person."))
        elif act == "retry":
            retry_file(file=row, by=self.user)
            messages.success(self.request, _("The file is being read again."))
        elif act == "discard":
            discard_file(file=row, by=self.user)
            messages.success(self.request, _("The file has been discarded."))


class StudioSheet(PicturesBase):
    """`…/pictures/sheet/<unit>/`: the contact sheet of one unit, by class, with findings and the unit's decisions."""

    needs = "view"
    template_name = "students/studio_sheet.html"

    def get(self, request: HttpRequest, unit: str) -> HttpResponse:
        chosen_unit = self.get_scoped(self.units(), code=unit)
        classes = class_counts(self.campaign, chosen_unit)
        chosen = request.GET.get("class", "")
        group = next((row.group for row in classes if row.group.public_id == chosen), None)
        people = sheet_people(self.campaign, chosen_unit)
        if group is not None:
            people = people.filter(enrolment__class_group=group)
        page = Paginator(with_tiles(self.scoped(people)), PER_PAGE * 2).get_page(request.GET.get("page"))
        return self.render(
            unit=chosen_unit,
            classes=classes,
            group=group,
            page_obj=page,
            tiles=tiles(page),
            breadcrumb=self.crumbs(chosen_unit.name),
        )
