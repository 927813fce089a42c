"""The inbox: everything a person was told, newest first; and how to be told by mail."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.models import MailChoice, Notification, User
from photocampus.told import sentence, unread_count
from photocampus.views import MemberPage

PER_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One message with its sentence in the reader's language."""

    row: Notification
    text: str


class Inbox(MemberPage):
    """`/inbox/`: the own messages and nobody else's, whatever the role. Always the same number of queries."""

    template_name = "photocampus/inbox.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        only_unread = request.GET.get("show") == "unread"
        rows = Notification.objects.filter(user=self.user).select_related("event").order_by("-id")
        if only_unread:
            rows = rows.filter(read_at=None)
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        lines = [Line(row, sentence(row)) for row in page]
        return self.render(page_obj=page, lines=lines, only_unread=only_unread, unread=unread_count(request))


class ReadAll(MemberPage):
    """Mark everything as read up to the newest message that the page showed."""

    def post(self, request: HttpRequest) -> HttpResponse:
        rows = Notification.objects.filter(user=self.user, read_at=None)
        newest = request.POST.get("newest", "")
        if shown := Notification.objects.filter(user=self.user, public_id=newest).first():
            rows = rows.filter(pk__lte=shown.pk)
        rows.update(read_at=clock.now())
        return redirect("inbox")


class OpenMessage(MemberPage):
    """Mark one message as read and go where it leads; `stay` only marks it."""

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        row = get_object_or_404(Notification, user=self.user, public_id=public_id)
        Notification.objects.filter(pk=row.pk, read_at=None).update(read_at=clock.now())
        if "stay" in request.POST or not row.url:
            return redirect("inbox")
        return redirect(row.url)


class NewsChoiceForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["mail_choice", "language"]
        widgets = {"mail_choice": forms.RadioSelect, "language": forms.RadioSelect}


class NewsChoice(MemberPage):
    """`/account/news/`: mail at once, once a day or never, and in which language."""

    template_name = "photocampus/news_choice.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(NewsChoiceForm(instance=self.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewsChoiceForm(request.POST, instance=self.user)
        if not form.is_valid():
            return self.show(form)
        self.user.save(update_fields=["mail_choice", "language"])
        messages.success(request, _("Your choice is saved."))
        return redirect("news-choice")

    def show(self, form: NewsChoiceForm) -> HttpResponse:
        return self.render(form=form, has_mail=bool(settings.EMAIL_URL), never=MailChoice.NONE)
