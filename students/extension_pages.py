"""The page on which academic affairs extend one person's time for a re-shoot (R2)."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.errors import DomainError
from photocampus.views import StaffPage
from students.extensions import extend_reshoot
from students.models import Graduate


class ExtensionForm(forms.Form):
    until = forms.DateField(
        label=gettext_lazy("Re-shoot allowed until"), widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class Extension(StaffPage):
    """`/people/<graduate>/extension/`"""

    template_name = "students/extension.html"

    def find(self, public_id: str) -> Graduate:
        people = Graduate.objects.select_related("campaign", "enrolment__student", "enrolment__unit")
        return self.get_scoped(people, public_id=public_id)

    def get(self, request: HttpRequest, graduate: str) -> HttpResponse:
        return self.show(self.find(graduate), ExtensionForm())

    def post(self, request: HttpRequest, graduate: str) -> HttpResponse:
        person, form = self.find(graduate), ExtensionForm(request.POST)
        if form.is_valid():
            try:
                extend_reshoot(graduate=person, by=self.user, **form.cleaned_data)
                messages.success(request, _("The time for the re-shoot has been extended."))
                unit = person.enrolment.unit
                return redirect("students:graduate", unit.code, person.campaign.code, person.public_id)
            except DomainError as error:
                form.add_error(None, str(error))
        return self.show(person, form)

    def show(self, person: Graduate, form: ExtensionForm) -> HttpResponse:
        return self.render(graduate=person, campaign=person.campaign, form=form)
