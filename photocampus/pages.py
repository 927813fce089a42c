"""The first page of everybody, and the switch of the language."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.i18n import set_language

from photocampus.models import Role
from photocampus.views import MemberPage, PublicPage

STARTS = {Role.STAFF: "admin:index", Role.UNIT: "units:unit-start", Role.STUDIO: "units:studio-start"}


class StartPage(MemberPage):
    """`/` leads everybody to the start page of the own role."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(STARTS[Role(self.user.role)])


class SetLanguage(PublicPage):
    """Simplified Chinese or English, kept in a cookie."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        return set_language(request)
