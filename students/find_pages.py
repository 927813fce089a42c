"""Academic affairs find one person. By POST, so that no number stands in an address or a log (design §5)."""

import re

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.access_log import log_access
from photocampus.views import StaffPage
from students.digests import id_digest
from students.models import Graduate, IdType

LIMIT = 50
LOOKS_LIKE_ID = re.compile(r"^[A-Za-z]{0,3}[0-9]{7,18}[0-9Xx]?$")


class FindForm(forms.Form):
    words = forms.CharField(
        label=gettext_lazy("Name, student number or ID number"),
        max_length=60,
        help_text=gettext_lazy("A name also in part; numbers in full."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )


def find_graduates(words: str) -> QuerySet[Graduate]:
    """By the whole student number, by the digest of a whole ID number of any type, or by part of the name."""
    words = " ".join(words.split())
    condition = Q(enrolment__student_number=words)
    if LOOKS_LIKE_ID.match(words):
        digests = [id_digest(id_type, words) for id_type in IdType.values]
        condition |= Q(enrolment__student__id_digest__in=digests)
    else:
        condition |= Q(enrolment__student__name__icontains=words)
    found = Graduate.objects.filter(condition).select_related(
        "campaign", "term", "enrolment__student", "enrolment__unit", "enrolment__class_group"
    )
    return found.order_by("enrolment__student__name", "enrolment__student_number", "-campaign__window_start")


class FindPerson(StaffPage):
    """One match leads straight to the person's page; several are listed."""

    template_name = "students/find.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(form=FindForm(), found=None)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = FindForm(request.POST)
        if not form.is_valid():
            return self.render(form=form, found=None)
        found = list(self.scoped(find_graduates(form.cleaned_data["words"]))[: LIMIT + 1])
        log_access("find_person", by=self.user, rows=min(len(found), LIMIT))
        if len(found) == 1:
            one = found[0]
            return redirect("students:graduate", one.enrolment.unit.code, one.campaign.code, one.public_id)
        if not found:
            form.add_error("words", _("Nobody is found. Numbers must be complete."))
        return self.render(form=form, found=found[:LIMIT], more=len(found) > LIMIT)
