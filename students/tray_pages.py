"""The tray: what could not be filed, looked at and assigned by the studio's own people."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from photocampus.errors import DomainError
from students.ingest_reasons import reason_text
from students.models import Graduate, IngestFile
from students.studio_pictures import PicturesBase
from students.tray import assign_file, discard_file, find_people, retry_all, retry_file, tray_of

TRAY_PER_PAGE = 20


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
