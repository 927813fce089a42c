"""Forms of the roster's pages. What a cell may hold, the use cases judge, with a file's rules and sentences."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from students.models import Category, Gender, IdType, RosterState
from students.roster_columns import BY_FIELD, FIELDS
from students.roster_edit import BadLine

GENDER_CELLS = {Gender.MALE: "男", Gender.FEMALE: "女"}


class PersonForm(forms.Form):
    """One line of the roster. Cells are judged by the use case, with a file's rules and sentences."""

    student_number = forms.CharField(max_length=15)
    name = forms.CharField(max_length=40)
    gender = forms.ChoiceField(choices=[(cell, Gender(value).label) for value, cell in GENDER_CELLS.items()])
    id_type = forms.ChoiceField(choices=IdType.choices)
    id_number = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    unit = forms.ChoiceField()
    class_name = forms.CharField(max_length=24)
    level = forms.CharField(max_length=12)
    term = forms.ChoiceField()
    birth_date = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "date"}))
    major_code = forms.CharField(max_length=6, required=False)
    major_name = forms.CharField(max_length=50, required=False)
    study_form = forms.CharField(max_length=10, required=False)
    length = forms.CharField(max_length=3, required=False)
    entry_date = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "date"}))
    expected_graduation = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "date"}))
    candidate_number = forms.CharField(max_length=18, required=False)
    category = forms.ChoiceField(choices=Category.choices)
    phone = forms.CharField(max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"}))

    def __init__(
        self, *args: Any, units: list[tuple[str, str]], terms: list[str], editing: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in FIELDS:
            self.fields[name].label = str(BY_FIELD[name].label)
        self.fields["unit"].choices = units  # type: ignore[attr-defined]
        self.fields["term"].choices = [(code, code) for code in terms]  # type: ignore[attr-defined]
        if editing:
            for name in ("id_number", "phone"):
                self.fields[name].required = False
                self.fields[name].help_text = _("Leave blank to keep what is on record.")

    def add_errors(self, error: BadLine) -> None:
        for name, sentences in error.errors.items():
            for text in sentences:
                self.add_error(name if name in self.fields else None, f"{BY_FIELD[name].label} {text}")


class StateForm(forms.Form):
    to = forms.ChoiceField(label=gettext_lazy("New state"), choices=RosterState.choices)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ExemptionForm(forms.Form):
    exempt = forms.TypedChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("1", gettext_lazy("An earlier picture serves: no new shoot")),
            ("", gettext_lazy("A new picture is needed")),
        ],
        coerce=bool,
        required=False,
        empty_value=False,  # type: ignore[arg-type]
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class CorrectionForm(forms.Form):
    """What it should read; blank fields stay."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40, required=False)
    gender = forms.ChoiceField(
        label=gettext_lazy("Gender"),
        choices=[("", "—"), *[(c, Gender(v).label) for v, c in GENDER_CELLS.items()]],
        required=False,
    )
    birth_date = forms.CharField(
        label=gettext_lazy("Date of birth"), required=False, widget=forms.TextInput(attrs={"type": "date"})
    )
    id_type = forms.ChoiceField(
        label=gettext_lazy("ID type"), choices=[("", "—"), *IdType.choices], required=False
    )
    id_number = forms.CharField(
        label=gettext_lazy("ID number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
