"""Forms of booking and planning: text in, clean values out; the use cases judge."""

import datetime as dt
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from sessions.models import BookingKind, Route, Station, Venue, WeeklyHours
from units.models import Studio

PHONE = RegexValidator(r"^\+?[0-9][0-9 -]{5,19}$", _("Please enter a telephone number."))


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class Time(forms.TimeInput):
    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attrs={"step": "1800"}, format="%H:%M", **kwargs)


class CompanionForm(forms.Form):
    companion_name = forms.CharField(
        label=_("Companion"),
        max_length=40,
        help_text=_("Stays throughout the shoot, keeps the order of classes, checks the processed pictures."),
    )
    companion_phone = forms.CharField(
        label=_("Mobile of the companion"),
        max_length=20,
        validators=[PHONE],
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


class AskForm(forms.Form):
    """What goes with the hours when a unit asks."""

    venue = forms.ModelChoiceField(label=_("Room"), queryset=Venue.objects.none(), required=False)
    companion_name = forms.CharField(label=_("Companion"), max_length=40, required=False)
    companion_phone = forms.CharField(
        label=_("Mobile of the companion"),
        max_length=20,
        required=False,
        validators=[PHONE],
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("Note to the studio"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, venues: Any = None, is_more: bool = False, **kwargs: Any) -> None:
        """`is_more`: there is room for everybody already, so that another shoot needs a reason."""
        super().__init__(*args, **kwargs)
        if is_more:
            self.fields["reason"] = why_more()
        if venues is None:
            del self.fields["venue"]
        else:
            self.fields["venue"].queryset = venues  # type: ignore[attr-defined]


def why_more() -> forms.CharField:
    return forms.CharField(
        label=_("Why another shoot is needed"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class WhyMoreForm(forms.Form):
    reason = why_more()


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class SayForm(forms.Form):
    note = forms.CharField(label=_("Message"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class WaitlistForm(forms.Form):
    """Which day's list to join, and with how many people; studios are named by code."""

    studio = forms.ModelChoiceField(queryset=Studio.objects.none(), to_field_name="code")
    kind = forms.ChoiceField(choices=BookingKind.choices)
    day = forms.DateField()
    people = forms.IntegerField(label=_("People in the group"), min_value=1, required=False)

    def __init__(self, *args: Any, studios: list[Studio], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Studio.objects.filter(pk__in=[studio.pk for studio in studios])
        self.fields["studio"].queryset = known  # type: ignore[attr-defined]


class LoadForm(NoteForm):
    field_order = ("agreed_load", "note")
    agreed_load = forms.IntegerField(
        label=_("Agreed people per station and day"),
        min_value=1,
        max_value=2000,
        help_text=_("Part of the confirmation."),
    )


class VenueChoiceForm(forms.Form):
    venue = forms.ModelChoiceField(label=_("Room"), queryset=Venue.objects.none())

    def __init__(self, *args: Any, venues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["venue"].queryset = venues  # type: ignore[attr-defined]


class VenueForm(forms.ModelForm):
    class Meta:
        model = Venue
        fields = (
            "name", "address", "area", "longest_side", "doors", "voltage", "power", "fire_equipment", "certified_by",
            "certified_until", "note",
        )  # fmt: skip
        widgets = {"certified_until": Day()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("area", "longest_side", "power"):
            if (value := cleaned.get(name)) is not None and value <= 0:
                self.add_error(name, _("Must be greater than 0."))
        return cleaned


class VenuePhotoForm(forms.Form):
    photo = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG, HEIC or TIFF. The place where it was taken is not kept."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    caption = forms.CharField(label=_("What it shows"), max_length=100, required=False)


class OverrideForm(ReasonForm):
    route = forms.ChoiceField(label=_("Route"), choices=Route.choices)


class ClosureForm(forms.Form):
    first = forms.DateField(label=_("First day"), widget=Day())
    last = forms.DateField(label=_("Last day"), widget=Day())
    reason = forms.CharField(label=_("Reason"), max_length=100, required=False)


class ExceptionForm(forms.Form):
    day = forms.DateField(label=_("Day"), widget=Day())
    morning_from = forms.TimeField(label=_("Opens at"), required=False, widget=Time())
    morning_until = forms.TimeField(label=_("Closes at"), required=False, widget=Time())
    afternoon_from = forms.TimeField(label=_("Opens again at"), required=False, widget=Time())
    afternoon_until = forms.TimeField(label=_("Closes again at"), required=False, widget=Time())
    reason = forms.CharField(label=_("Reason"), max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for part in ("morning", "afternoon"):
            if (cleaned.get(f"{part}_from") is None) != (cleaned.get(f"{part}_until") is None):
                self.add_error(f"{part}_until", _("Please give both times, or neither."))
        return cleaned

    def spans(self) -> list[tuple[dt.time, dt.time]]:
        """The openings; none means closed."""
        cleaned = self.cleaned_data
        pairs = [(cleaned[f"{part}_from"], cleaned[f"{part}_until"]) for part in ("morning", "afternoon")]
        return [(start, end) for start, end in pairs if start and end]


WEEKDAYS: list[tuple[int, Any]] = list(WeeklyHours._meta.get_field("weekday").flatchoices)  # type: ignore[union-attr]


class WeekForm(forms.Form):
    """The hours of every weekday: two openings each, none means closed."""

    since = forms.DateField(label=_("First day"), widget=Day())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday, _name in WEEKDAYS:
            for part in OPENINGS:
                self.fields[f"{part}_{weekday}"] = forms.TimeField(required=False, widget=Time())

    def rows(self) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        """Weekday by weekday: its name, and its fields with their labels."""
        return [
            (name, [(label, self[f"{part}_{weekday}"]) for part, label in OPENINGS.items()])
            for weekday, name in WEEKDAYS
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for weekday, _name in WEEKDAYS:
            for part in ("morning", "afternoon"):
                given = [cleaned.get(f"{part}_{end}_{weekday}") is None for end in ("from", "until")]
                if len(set(given)) == 2:
                    self.add_error(f"{part}_until_{weekday}", _("Please give both times, or neither."))
        return cleaned

    def spans(self) -> dict[int, list[tuple[dt.time, dt.time]]]:
        found: dict[int, list[tuple[dt.time, dt.time]]] = {}
        for weekday, _name in WEEKDAYS:
            for part in ("morning", "afternoon"):
                start, end = (self.cleaned_data[f"{part}_{edge}_{weekday}"] for edge in ("from", "until"))
                if start and end:
                    found.setdefault(weekday, []).append((start, end))
        return found


OPENINGS: dict[str, Any] = {
    "morning_from": _("Opens at"),
    "morning_until": _("Closes at"),
    "afternoon_from": _("Opens again at"),
    "afternoon_until": _("Closes again at"),
}


class DayOffForm(forms.Form):
    station = forms.ModelChoiceField(label=_("Station"), queryset=Station.objects.none())
    day = forms.DateField(label=_("Day"), widget=Day())
    reason = forms.CharField(label=_("Reason"), max_length=100, required=False)

    def __init__(self, *args: Any, stations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["station"].queryset = stations  # type: ignore[attr-defined]


class StationForm(forms.ModelForm):
    class Meta:
        model = Station
        fields = ("code", "name", "kind", "rate", "daily_load", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # The code stands in every shot number, and holds are made for the kind.
            self.fields["code"].disabled = self.fields["kind"].disabled = True


class SeatsForm(NoteForm):
    field_order = ("seats", "note")
    seats = forms.IntegerField(label=_("Seats per half hour"), min_value=1, max_value=100, initial=4)
