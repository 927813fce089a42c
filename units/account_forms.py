"""Forms around accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.models import Role, User
from units.models import Studio, Unit

PHONE_INPUT = {"inputmode": "tel", "autocomplete": "off"}


class DetailsForm(forms.Form):
    """Name, telephone and e-mail; the telephone field is empty and means “as it is”, so that no page prints a number."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40)
    phone = forms.CharField(
        label=gettext_lazy("New telephone number"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("Leave empty to keep the present one."),
        widget=forms.TextInput(attrs=PHONE_INPUT),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)


class NewAccountForm(forms.Form):
    """A new account and where it belongs."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Role, widget=forms.RadioSelect, initial=Role.UNIT
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=60,
        help_text=gettext_lazy("Such as the staff number; letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=40)
    phone = forms.CharField(
        label=gettext_lazy("Telephone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs=PHONE_INPUT),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    units = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Units"),
        queryset=Unit.objects.filter(is_active=True),
        required=False,
        help_text=gettext_lazy("For coordinators; several with Ctrl."),
    )
    studio = forms.ModelChoiceField(
        label=gettext_lazy("Studio"),
        queryset=Studio.objects.filter(is_active=True),
        required=False,
        help_text=gettext_lazy("For studio staff."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("role") == Role.UNIT and not data.get("units"):
            self.add_error("units", _("Please choose at least one unit."))
        if data.get("role") == Role.STUDIO and not data.get("studio"):
            self.add_error("studio", _("Please choose the studio."))
        return data


class PlaceForm(forms.Form):
    """One more unit or studio for an account; which of the two, its role says."""

    unit = forms.ModelChoiceField(label=gettext_lazy("Unit"), queryset=Unit.objects.filter(is_active=True))
    studio = forms.ModelChoiceField(
        label=gettext_lazy("Studio"), queryset=Studio.objects.filter(is_active=True)
    )

    def __init__(self, role: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("unit", "studio"):
            if name != role:
                del self.fields[name]


class HandOverForm(forms.Form):
    """Who takes the place: an existing account of the same role."""

    successor = forms.ModelChoiceField(
        label=gettext_lazy("Successor"),
        queryset=User.objects.none(),
        help_text=gettext_lazy("Somebody without an account gets one first."),
    )
    switch_off = forms.BooleanField(
        label=gettext_lazy("Switch the predecessor's account off"), required=False, initial=True
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["successor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(role=user.role, is_active=True).exclude(pk=user.pk)
        field.label_from_instance = lambda one: f"{one.name} ({one.username})"  # type: ignore[method-assign,assignment]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class SpreadsheetForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Spreadsheet"),
        help_text=gettext_lazy("XLSX, XLS or CSV with the headings of the template."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
