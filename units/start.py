"""The start pages of coordinators and studios: what waits for this person now, with a count and a link each."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from photocampus.models import Role
from photocampus.views import MemberPage
from photocampus.waiting import Scope, WaitingItem, scopes_of, waiting_items


@dataclass
class StartCard:
    """One unit or studio in one campaign."""

    scope: Scope
    items: list[WaitingItem]
    url: str

    @property
    def people(self) -> Any:
        return self.scope.unit or self.scope.studio


class UnitStart(MemberPage):
    """Coordinators: one list per unit and campaign. Staff are sent to the list of all units."""

    template_name = "units/start.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.user.role == Role.STUDIO:
            raise Http404
        scopes = scopes_of(self.user)
        if self.user.role == Role.STAFF:
            return redirect("students:units", scopes[0].campaign.code) if scopes else redirect("admin:index")
        cards = [
            StartCard(
                scope,
                waiting_items("unit", scope),
                reverse("shoots:overview", args=[scope.unit.code, scope.campaign.code]),
            )
            for scope in scopes
        ]
        return self.render(cards=cards)


class StudioStart(MemberPage):
    """Studio staff: one list per contract. Staff of academic affairs have no studio of their own."""

    template_name = "units/start.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.user.role == Role.UNIT:
            raise Http404
        if self.user.role == Role.STAFF:
            return redirect("admin:index")
        cards = [
            StartCard(
                scope,
                waiting_items("studio", scope),
                reverse("shoots:studio-units", args=[scope.studio.code, scope.campaign.code]),
            )
            for scope in scopes_of(self.user)
        ]
        return self.render(cards=cards)
