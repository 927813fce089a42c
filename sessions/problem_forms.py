"""Forms of problems: text in, clean values out; the use cases judge."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from photocampus.models import User
from sessions.booking_forms import Day
from sessions.models import Problem, ProblemSide
from sessions.problem_parties import people_of, sides_of
from units.models import Studio


def text_area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class RaiseForm(forms.Form):
    title = forms.CharField(label=_("In a few words"), max_length=100)
    text = forms.CharField(label=_("What is the matter"), max_length=2000, widget=text_area(5))
    studio = forms.ModelChoiceField(
        label=_("Studio concerned"),
        queryset=Studio.objects.none(),
        required=False,
        empty_label=_("none: it stays between the unit and academic affairs"),
    )
    owner_side = forms.ChoiceField(label=_("Who is to see to it"))
    due = forms.DateField(label=_("Due"), required=False, widget=Day())

    def __init__(self, *args: Any, sides: list[str], studios: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner_side"].choices = [(side, ProblemSide(side).label) for side in sides]  # type: ignore[attr-defined]
        if studios is None:
            del self.fields["studio"]
        else:
            self.fields["studio"].queryset = studios  # type: ignore[attr-defined]


class MessageForm(forms.Form):
    text = forms.CharField(label=_("Message"), max_length=2000, widget=text_area())


class TakeUpForm(forms.Form):
    text = forms.CharField(label=_("Note"), max_length=500, required=False, widget=text_area(2))


class SettleForm(forms.Form):
    text = forms.CharField(label=_("How it was settled"), max_length=2000, widget=text_area(2))


class ReopenForm(forms.Form):
    text = forms.CharField(label=_("Why it is not settled"), max_length=2000, widget=text_area(2))


class OwnerForm(forms.Form):
    """Owner and due date in one step; `seen` carries what the page showed, so that a faster decision is not undone."""

    owner = forms.ChoiceField(label=_("Who is to see to it"))
    due = forms.DateField(label=_("Due"), required=False, widget=Day())
    seen = forms.CharField(widget=forms.HiddenInput(), required=False)

    def __init__(self, data: Any = None, *, problem: Problem, side: str, **kwargs: Any) -> None:
        self.problem = problem
        initial = {
            "owner": _key(problem.owner_side, problem.owner),
            "due": problem.due,
            "seen": _seen(problem),
        }
        super().__init__(data, initial=initial, **kwargs)
        self.people: dict[str, tuple[str, User | None]] = {}
        self.fields["owner"].choices = self._choices(side)  # type: ignore[attr-defined]

    def _choices(self, mine: str) -> list[tuple[str, str]]:
        """Every party as a side; by name the people of the own side (academic affairs: everybody's)."""
        choices = []
        for side in sides_of(self.problem):
            label = str(ProblemSide(side).label)
            people: list[User] = []
            if mine in (side, ProblemSide.STAFF):
                people = list(people_of(self.problem, side))
            elif self.problem.owner is not None and side == self.problem.owner_side:
                people = [self.problem.owner]
            for person in [None, *people]:
                self.people[_key(side, person)] = (side, person)
                choices.append((_key(side, person), f"{label}: {person.name}" if person else label))
        return choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "owner" in cleaned:
            cleaned["side"], cleaned["person"] = self.people[cleaned["owner"]]
        return cleaned

    def shown(self) -> tuple[str, int | None, dt.date | None] | None:
        """What the page showed, for the compare-and-set; None when nothing usable came back."""
        parts = str(self.cleaned_data.get("seen", "")).split("|")
        try:
            side, person, due = parts
            return side, int(person) if person else None, dt.date.fromisoformat(due) if due else None
        except ValueError:
            return None


def _key(side: str, person: User | None) -> str:
    return f"{side}:{person.username}" if person else side


def _seen(problem: Problem) -> str:
    return f"{problem.owner_side}|{problem.owner_id or ''}|{problem.due.isoformat() if problem.due else ''}"
