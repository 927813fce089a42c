"""The tray: what could not be filed, looked at one by one and assigned by the studio's own people."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from students.ingest_reasons import reason_text
from students.models import Graduate, IngestFile
from students.studio_pictures import PicturesBase
from students.taking_back import last_assignment, take_back
from students.tray import assign_file, discard_file, retry_all, retry_file, tray_of
from students.tray_candidates import candidates_for, find_choices, known_people

TRAY_PER_PAGE = 24


class TrayBase(PicturesBase):
    """What the page and its acts share. Not a page."""

    needs = "view"

    def tray(self) -> Any:
        return self.scoped(tray_of(self.studio, self.campaign))

    def order(self) -> "Order":
        return Order(list(self.tray().values_list("public_id", "batch", "position")))

    def files(self) -> Any:
        files = IngestFile.objects.filter(batch__studio=self.studio, batch__campaign=self.campaign)
        return files.select_related("batch")

    def address(self, file: str = "") -> str:
        here = reverse("students:picture-tray", args=self.place)
        return f"{here}?file={file}" if file else here


def explain(row: Any) -> None:
    """What the templates show of a file."""
    row.why = reason_text(row.reason, row.reason_data)
    row.is_picture = bool(row.preview)


class Order:
    """The tray as it is worked through: a ring, so that nobody hits its end."""

    def __init__(self, rows: list[tuple[str, int, int]]) -> None:
        self.ids = [file for file, _batch, _position in rows]
        self.places = [(-batch, position) for _file, batch, position in rows]

    def after(self, row: IngestFile) -> str:
        """The file behind this one, which may have left the tray; "" if there is no other."""
        here = (-row.batch_id, row.position)
        behind = next((at for at, place in enumerate(self.places) if place > here), 0)
        return self.ids[behind] if self.ids and self.ids[behind] != row.public_id else ""

    def before(self, row: IngestFile) -> str:
        here = (-row.batch_id, row.position)
        ahead = [at for at, place in enumerate(self.places) if place < here]
        at = ahead[-1] if ahead else -1
        return self.ids[at] if self.ids and self.ids[at] != row.public_id else ""


class TrayPage(TrayBase):
    """`…/pictures/tray/`: all of it; with `?file=` one file, large, with the nearest candidates.

    Searching for somebody else is a POST: no student number in an address (design §5).
    """

    needs = "view"
    template_name = "students/tray.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen = request.GET.get("file", "")
        if chosen:
            return self.one(chosen)
        page = Paginator(self.tray(), TRAY_PER_PAGE).get_page(request.GET.get("page"))
        for row in page:
            explain(row)
        return self.render(page_obj=page, undo=self.undo(), breadcrumb=self.crumbs(_("Tray")))

    def post(self, request: HttpRequest) -> HttpResponse:
        """One file with whom the words find; writes nothing."""
        chosen, words = request.POST.get("file", ""), request.POST.get("q", "").strip()
        return self.one(chosen, words) if chosen else redirect(self.address())

    def one(self, chosen: str, words: str = "") -> HttpResponse:
        order = self.order()
        if chosen not in order.ids:
            gone = self.get_scoped(self.files(), public_id=chosen)
            messages.info(self.request, _("This file is no longer in the tray."))
            return redirect(self.address(order.after(gone)))
        found = self.tray().select_related("batch__studio", "batch__campaign", "batch__by")
        row = self.get_scoped(found, public_id=chosen)
        explain(row)
        return self.render(
            "students/tray_file.html",
            row=row,
            number=order.ids.index(chosen) + 1,
            of=len(order.ids),
            before=order.before(row),
            after=order.after(row),
            words=words,
            choices=self.choices(row, words),
            undo=self.undo(),
            breadcrumb=self.crumbs(_("Tray")),
        )

    def choices(self, row: Any, words: str) -> list[Any]:
        if not (row.is_picture and self.can_edit):
            return []
        known = known_people(self.studio, self.campaign)
        if words:
            return find_choices(self.studio, self.campaign, words, known)
        return candidates_for(row, known)

    def undo(self) -> IngestFile | None:
        """The reader's own last assignment, while it can be taken back and its person be seen."""
        found = last_assignment(self.studio, self.campaign, self.user) if self.can_edit else None
        return found if found and self.scoped(IngestFile).filter(pk=found.pk).exists() else None


class TrayAct(TrayBase):
    """POST on one file: assign, undo, try again, discard; or try everything again. Goes on to the next file of a view."""

    needs = "edit"

    def post(self, request: HttpRequest) -> HttpResponse:
        act = request.POST.get("act", "")
        row = None
        try:
            if act == "retry_all":
                retry_all(studio=self.studio, campaign=self.campaign, by=self.user)
                messages.success(request, _("Everything in the tray is being read again."))
            else:
                row = self.get_scoped(self.files(), public_id=request.POST.get("file", ""))
                self.act_on_one(act, row)
        except DomainError as error:
            messages.error(request, str(error))
        return redirect(self.next_page(act, row))

    def next_page(self, act: str, row: IngestFile | None) -> str:
        """The next file of the work view; the page that it was done on otherwise, and where it was refused."""
        view = self.request.POST.get("view", "")
        if view == "upload" and row is not None:
            return reverse("students:picture-batch", args=[*self.place, row.batch.public_id])
        if view != "file" or row is None:
            return self.address()
        order = self.order()
        shown = self.request.POST.get("shown", "")
        # What is being read at this moment comes back a little later.
        for file in (row.public_id, shown):
            if file in order.ids:
                return self.address(file)
        return self.address(order.after(row))

    def act_on_one(self, act: str, row: IngestFile) -> None:
        if act == "assign":
            self.assign(row)
        elif act == "undo":
            take_back(file=row, by=self.user)
            messages.success(
                self.request, _("The assignment has been taken back; the file waits in the tray again.")
            )
        elif act == "retry":
            retry_file(file=row, by=self.user)
            messages.success(self.request, _("The file is being read again."))
        elif act == "discard":
            discard_file(file=row, by=self.user)
            messages.success(self.request, _("The file has been discarded."))

    def assign(self, row: IngestFile) -> None:
        data = self.request.POST
        shot, graduate = data.get("shot", "").strip(), None
        if data.get("graduate") and self.shows_people:
            people = Graduate.objects.filter(campaign=self.campaign)
            graduate = self.get_scoped(people, public_id=data["graduate"])
        assign_file(file=row, graduate=graduate, shot=shot, by=self.user)
        if data.get("view") != "file":
            messages.success(self.request, _("The picture is being filed under the chosen person."))
