"""Forms of a campaign in the admin: a new one, a copy, its closing and the end of retention."""

import datetime as dt

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from units.campaigns import EDITABLE
from units.image_profiles import SMALL_SIZES
from units.models import Campaign


class NewCampaignForm(forms.ModelForm):
    small = forms.ChoiceField(
        label=_("small image"),
        choices=[(size, size.replace("x", " × ")) for size in SMALL_SIZES],
        help_text=_("The notice names bytes only; 150 × 210 is what the degree centre asked for in 2009."),
    )

    class Meta:
        model = Campaign
        fields = list(EDITABLE)


class CopyForm(forms.Form):
    code = forms.SlugField(label=_("Code of the new campaign"), max_length=20)
    name = forms.CharField(label=_("Name of the new campaign"), max_length=100)
    years = forms.IntegerField(label=_("Years later"), initial=1, min_value=1, max_value=10)
    with_contracts = forms.BooleanField(
        label=_("With the contracts of the studios"), required=False, initial=True
    )


class RetentionForm(forms.Form):
    """Until when the people's data stay; without a date they would stay for ever."""

    retention_until = forms.DateField(
        label=Campaign._meta.get_field("retention_until").verbose_name,  # type: ignore[union-attr]
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_retention_until(self) -> dt.date:
        day: dt.date = self.cleaned_data["retention_until"]
        if day < clock.today():
            raise ValidationError(_("This day is over; the data would be removed at once."))
        return day


class CloseForm(RetentionForm):
    reason = forms.CharField(label=_("Remark"), max_length=200, required=False)
