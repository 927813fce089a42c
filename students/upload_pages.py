"""The studio puts pictures in: the upload, what its script asks for, and what became of each file."""

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import unquote

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.lists import join_parts
from students.faces import faces_are_searched
from students.ingest import TRAY_STATES, counts_of_batches, open_batch, start_ingest
from students.ingest_reasons import reason_text
from students.ingest_uploads import (
    BLOCK,
    SHA256,
    BadOffer,
    Offer,
    UploadBroken,
    add_upload,
    continue_or_open,
    offer_files,
    receive_file,
    unfinished_uploads,
)
from students.models import IngestBatch, IngestFile, IngestState, MatchMode, Origin
from students.order_pages import day_choices, read_day_key
from students.piece_uploads import Piece, pieces_there, receive_piece, unfinished_files
from students.studio_pictures import PER_PAGE, PicturesBase
from students.taking_back import OPEN_TO_UNDO
from students.templatetags.pictures import masked_name
from units.models import Unit

BATCHES_PER_PAGE = 20
MOST_DIGITS = 16
MOST_UNREAD = 64 * 1024 * 1024  # bytes of a refused request


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

    shots = forms.ChoiceField(
        label=gettext_lazy("Shot numbers of"),
        required=False,
        help_text=gettext_lazy("Only for matching by order; left open, the day of capture decides."),
    )

    def __init__(self, *args: Any, page: PicturesBase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shots"].choices = [("", gettext_lazy("by the day of capture")), *day_choices(page)]  # type: ignore[attr-defined]
        self.fields["unit"].queryset = page.units()  # type: ignore[attr-defined]
        if not page.campaign.scans_allowed:
            self.fields["origin"].choices = self.fields["origin"].choices[:1]  # type: ignore[attr-defined]
        if not page.shows_people:
            self.fields["match"].initial = MatchMode.SHOT_NUMBER
            modes = (MatchMode.SHOT_NUMBER, MatchMode.SEQUENCE)
            self.fields["match"].choices = [(mode.value, mode.label) for mode in modes]  # type: ignore[attr-defined]

    def options(self) -> dict[str, Any]:
        """What `open_batch` wants to know."""
        options = dict(self.cleaned_data)
        key = options.pop("shots")
        options["station"], options["day"] = "", None
        if key and options["match"] == MatchMode.SEQUENCE:
            options["station"], options["day"] = read_day_key(key)
        return options


class UploadPage(PicturesBase):
    """`/studio/<studio>/<campaign>/pictures/`: upload, and the uploads so far. POST takes files without script."""

    needs = "view"
    template_name = "students/upload.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(UploadForm(page=self))

    def show(self, form: UploadForm) -> HttpResponse:
        batches = (
            self.batches()
            .annotate(**counts_of_batches())
            .select_related("job", "by", "unit")
            .order_by("-created_at", "-pk")
        )
        page = Paginator(batches, BATCHES_PER_PAGE).get_page(self.request.GET.get("page"))
        unfinished = self.unfinished()
        return self.render(
            form=form,
            page_obj=page,
            tray_count=self.tray_count(),
            units=self.units(),
            unfinished=unfinished,
            parts=unfinished_files(unfinished) if unfinished else [],
            faces_searched=faces_are_searched(),
            breadcrumb=self.crumbs(),
        )

    def unfinished(self) -> Any:
        """The user's own upload that broke off before anything was read, with the number of files that arrived."""
        begun = self.scoped(unfinished_uploads(self.studio, self.campaign, self.user)).annotate(
            **counts_of_batches(), files_arrived=Count("files", filter=Q(files__state=IngestState.WAITING))
        )
        return begun.filter(files_in_all__gt=0).first()


class OpenUpload(PicturesBase):
    """POST: a new upload. With files it takes them at once; a script opens it empty and sends the files one by one."""

    needs = "edit"
    template_name = "students/upload.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, page=self)
        wants_json = is_script(request)
        if not form.is_valid():
            text = join_parts(error for errors in form.errors.values() for error in errors)
            return self.refused(text, wants_json)
        who: dict[str, Any] = {"studio": self.studio, "campaign": self.campaign, "by": self.user}
        try:
            if wants_json:
                return self.addresses(continue_or_open(**who, **form.options()))
            batch = open_batch(**who, **form.options())
            self.take(batch, request.FILES.getlist("files"))
            start_ingest(batch=batch, by=self.user)
        except DomainError as error:
            return self.refused(str(error), wants_json)
        return redirect("students:picture-batch", *self.place, batch.public_id)

    def addresses(self, batch: IngestBatch) -> JsonResponse:
        place = [*self.place, batch.public_id]
        return JsonResponse(
            {
                "offer": reverse("students:picture-upload-offer", args=place),
                "files": reverse("students:picture-upload-file", args=place),
                "pieces": reverse("students:picture-upload-piece", args=place),
                "start": reverse("students:picture-upload-start", args=place),
                "piece_bytes": settings.UPLOAD_PIECE_BYTES,
            }
        )

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


class OfferFiles(PicturesBase):
    """POST of names, hashes and sizes: what need not be sent. `{"files": [{"name": …, "sha256": …, "size": …}]}`.

    The answer holds the files that are `known` and, of those that broke off, the numbers of the pieces that are `there`.
    """

    needs = "edit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.get_scoped(self.batches(), public_id=public_id)
        try:
            offered = json.loads(request.body)["files"]
            offers = [
                Offer(str(item["name"]), str(item["sha256"]), int(item.get("size", 0))) for item in offered
            ]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return JsonResponse({"error": str(BadOffer())}, status=400)
        try:
            known = offer_files(batch=batch, offers=offers, by=self.user)
            missing = [offer for offer in offers if offer.sha256 not in known]
            there = pieces_there(batch=batch, offers=missing, by=self.user)
        except DomainError as error:
            return JsonResponse({"error": str(error)}, status=400)
        return JsonResponse({"known": {sha256: asdict(one) for sha256, one in known.items()}, "there": there})


class Receiver(PicturesBase):
    """POST of bytes alone by the script of the upload page. The name, which may hold a number, and the hash come as
    headers: a body of several parts would lie on the disk twice before it is where it belongs.
    """

    needs = "edit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.get_scoped(self.batches(), public_id=public_id)
        length = request.headers.get("Content-Length", "")
        if request.content_type != "application/octet-stream" or not length.isdecimal():
            return JsonResponse({"error": str(BadOffer())}, status=400)
        try:
            answer = self.take(batch, int(length))
        except (UploadBroken, ChangedMeanwhile, UnreadablePostError) as error:
            answer, status = {"error": str(error)}, 409  # worth another attempt
        except DomainError as error:
            answer, status = {"error": str(error)}, 400
        else:
            return JsonResponse(answer)
        self.read_to_the_end()
        return JsonResponse(answer, status=status)

    def take(self, batch: IngestBatch, length: int) -> dict[str, Any]:
        raise NotImplementedError

    def offer(self) -> Offer:
        """What the headers say about the file. Raises `BadOffer`."""
        headers = self.request.headers
        name, sha256 = unquote(headers.get("X-File-Name", "")), headers.get("X-File-Sha256", "")
        if not SHA256.fullmatch(sha256):
            raise BadOffer()
        return Offer(name, sha256, self.number("X-File-Size") if "X-File-Size" in headers else 0)

    def number(self, header: str) -> int:
        text = self.request.headers.get(header, "")
        if not (text.isdecimal() and len(text) < MOST_DIGITS):
            raise BadOffer()
        return int(text)

    def read_to_the_end(self) -> None:
        """A browser hears a refusal only after it has sent what it began; nothing that is refused is larger than this."""
        try:
            for _block in range(MOST_UNREAD // BLOCK):
                if not self.request.read(BLOCK):
                    return
        except OSError:
            return


class UploadFile(Receiver):
    """One file as a whole."""

    def take(self, batch: IngestBatch, length: int) -> dict[str, Any]:
        offer = self.offer()
        receive_file(
            batch=batch,
            name=offer.name,
            size=length,
            sha256=offer.sha256,
            stream=self.request,
            by=self.user,
        )
        return {"ok": True}


class UploadPiece(Receiver):
    """One piece of a large file; the answer says how many pieces of it are there."""

    def take(self, batch: IngestBatch, length: int) -> dict[str, Any]:
        piece = Piece(self.number("X-Piece-Number"), self.request.headers.get("X-Piece-Sha256", ""))
        progress = receive_piece(
            batch=batch, file=self.offer(), piece=piece, size=length, stream=self.request, by=self.user
        )
        return {"ok": True, "there": progress.there, "in_all": progress.in_all}


class StartUpload(PicturesBase):
    """POST: read what waits in the upload; also continues one that was stopped."""

    needs = "edit"

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        batch = self.get_scoped(self.batches(), public_id=public_id)
        address = reverse("students:picture-batch", args=[*self.place, batch.public_id])
        try:
            start_ingest(batch=batch, by=self.user)
        except DomainError as error:
            if is_script(request):
                return JsonResponse({"error": str(error)}, status=400)
            messages.error(request, str(error))
        if is_script(request):
            return JsonResponse({"next": address})
        return redirect(address)


def is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


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
        """The files in one state, or all; names are shown only where people may be.

        Files of people whom the studio no longer sees are counted (`hidden`), not listed: their names say who it is.
        """
        state = self.request.GET.get("state", "")
        seen = self.scoped(IngestFile).filter(batch=batch).exclude(state=IngestState.UNPACKED)
        files = seen.select_related(
            "photo__enrolment__student", "photo__enrolment__class_group", "assigned_by"
        )
        hidden = batch.files_in_all - seen.count()  # type: ignore[attr-defined]
        groups = {"filed": [IngestState.FILED], "known": [IngestState.KNOWN], "tray": list(TRAY_STATES)}
        if state in groups:
            files = files.filter(state__in=groups[state])
        page = Paginator(files.order_by("position"), PER_PAGE).get_page(self.request.GET.get("page"))
        for row in page:
            row.why = reason_text(row.reason, row.reason_data) if row.reason else ""  # type: ignore[attr-defined]
        return {"page_obj": page, "state": state, "undoable": OPEN_TO_UNDO, "hidden": hidden}
