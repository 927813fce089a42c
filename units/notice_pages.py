"""The notice as people read it: as a page and a printed document, its files, and the unit's acknowledgement."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from photocampus.files import serve_private
from photocampus.models import Role
from photocampus.views import MemberPage, StaffPage
from units.access import UnitPage
from units.models import Acknowledgement, Campaign, Notice, NoticeAttachment, Studio, Unit
from units.notices import acknowledge_notice, render_notice, units_by_acknowledgement
from units.waiting import current_notice


def document_context(notice: Notice) -> dict[str, Any]:
    """What `units/_notice.html` shows."""
    return {
        "notice": notice,
        "campaign": notice.campaign,
        "body": render_notice(notice.body),
        "attachments": notice.attachments.all(),
        "studios": Studio.objects.filter(contracts__campaign=notice.campaign).order_by("code"),
    }


class NoticePage(MemberPage):
    """`/notice/<campaign>/` shows the newest published edition; staff also reach drafts and older ones by number."""

    template_name = "units/notice.html"

    def get(self, request: HttpRequest, campaign: str, edition: int | None = None) -> HttpResponse:
        found = get_object_or_404(self.scoped(Campaign).distinct(), code=campaign)
        notices = Notice.objects.filter(campaign=found)
        seen = notices.filter(pk__in=self.scoped(Notice).values("pk"))
        notice = (seen.filter(edition=edition) if edition else seen.order_by("-edition")).first()
        if notice is None:
            raise Http404
        newest = current_notice(found)
        places = self._places(notice) if newest and newest.pk == notice.pk else []
        return self.render(
            **document_context(notice),
            places=places,
            newer=newest if newest and newest.edition > notice.edition else None,
            editions=seen.order_by("-edition") if self.user.role == Role.STAFF else [],
        )

    def _places(self, notice: Notice) -> list[tuple[Unit, str, bool]]:
        """A coordinator's own units with the address of their acknowledgement."""
        if self.user.role != Role.UNIT:
            return []
        done = set(
            Acknowledgement.objects.filter(notice=notice, unit__memberships__user=self.user).values_list(
                "unit", flat=True
            )
        )
        units = Unit.objects.filter(memberships__user=self.user, memberships__ended_at=None).order_by("code")
        return [
            (unit, reverse("units:notice", args=[unit.code, notice.campaign.code]), unit.pk in done)
            for unit in units
        ]


class AttachmentPage(MemberPage):
    """A file of the notice, for whoever may read the notice."""

    def get(self, request: HttpRequest, campaign: str, public_id: str) -> HttpResponseBase:
        attachment = self.get_scoped(
            NoticeAttachment.objects.filter(notice__campaign__in=self.scoped(Campaign).values("pk")),
            public_id=public_id,
            notice__campaign__code=campaign,
        )
        return serve_private(
            request, attachment.file, filename=attachment.name, attachment=True, etag=attachment.sha256
        )


class AcknowledgeForm(forms.Form):
    """Who answers for the photographs in this unit."""

    contact_name = forms.CharField(
        label=gettext_lazy("Contact person"),
        max_length=40,
        help_text=gettext_lazy(
            "Whom academic affairs and the studio ask first; a shoot may have another companion."
        ),
    )
    contact_phone = forms.CharField(
        label=gettext_lazy("Telephone of the contact"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )


class UnitNotice(UnitPage):
    """The notice as the unit reads and acknowledges it; staff and the college only look."""

    needs = "view"
    template_name = "units/unit_notice.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return show_unit_notice(self)


class AcknowledgeNotice(UnitPage):
    """The unit has read the newest edition and names its contact."""

    needs = "edit"
    template_name = "units/unit_notice.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("units:notice", self.unit.code, self.campaign.code)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AcknowledgeForm(request.POST)
        notice = current_notice(self.campaign)
        if notice is None:
            raise Http404
        if form.is_valid():
            try:
                acknowledge_notice(notice=notice, unit=self.unit, by=self.user, **form.cleaned_data)
                messages.success(request, _("The notice is acknowledged. Thank you."))
                return redirect("units:notice", self.unit.code, self.campaign.code)
            except DomainError as error:
                form.add_error(None, str(error))
        return show_unit_notice(self, form)


def show_unit_notice(
    page: UnitNotice | AcknowledgeNotice, form: AcknowledgeForm | None = None
) -> HttpResponse:
    notice = current_notice(page.campaign)
    if notice is None:
        return page.render(notice=None, unit=page.unit, campaign=page.campaign)
    done = Acknowledgement.objects.select_related("by").filter(notice=notice, unit=page.unit).first()
    if form is None:
        known = done or Acknowledgement.objects.filter(unit=page.unit).order_by("-id").first()
        initial = (
            {"contact_name": known.contact_name, "contact_phone": known.contact_phone.reveal()}
            if known and page.can_edit
            else {"contact_name": page.user.name if page.can_edit else ""}
        )
        form = AcknowledgeForm(initial=initial)
    return page.render(
        **{
            **document_context(notice),
            "unit": page.unit,
            "done": done,
            "form": form,
            "can_edit": page.can_edit,
        }
    )


class Acknowledgements(StaffPage):
    """Which units have acknowledged the newest edition, with whom to ring; those still missing first."""

    template_name = "units/acknowledgements.html"

    def get(self, request: HttpRequest, campaign: str) -> HttpResponse:
        found = self.get_scoped(Campaign, code=campaign)
        notice = current_notice(found)
        if notice is None:
            return self.render(campaign=found, notice=None)
        answers = {
            row.unit_id: row for row in Acknowledgement.objects.filter(notice=notice).select_related("by")
        }
        units = units_by_acknowledgement(notice).annotate(
            coordinators=Count("memberships", filter=Q(memberships__ended_at=None))
        )
        rows = [{"unit": unit, "answer": answers.get(unit.pk)} for unit in units]
        missing = sum(1 for row in rows if row["answer"] is None)
        return self.render(
            campaign=found, notice=notice, rows=rows, missing=missing, answered=len(rows) - missing
        )
