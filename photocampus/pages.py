"""The first page of everybody, and the switch of the language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.i18n import set_language

from photocampus.models import Role, User
from photocampus.views import MemberPage, PublicPage

STARTS = {Role.STAFF: "admin:index", Role.UNIT: "units:unit-start", Role.STUDIO: "units:studio-start"}


class StartPage(MemberPage):
    """`/` leads everybody to the start page of the own role."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(STARTS[Role(self.user.role)])


class SetLanguage(PublicPage):
    """Simplified Chinese or English, kept in a cookie, and with the account for mails."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        answer = set_language(request)
        chosen = request.POST.get("language", "")
        if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
            # Mails speak the language that the person last chose.
            User.objects.filter(pk=request.user.pk).update(language=chosen)
        return answer
