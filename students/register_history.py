"""How submissions, batches and what they did to people are called in a history."""

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.event_words import word_of
from photocampus.events import history_of
from photocampus.lists import join_words
from photocampus.models import Event
from students.history import Entry, name_events
from students.models import Answer

# On a person's page: kinds that map to "" are told by a row of their own there.
PERSON_EVENTS: dict[str, str | Promise] = {
    "submitted": "",
    "acceptance_yes": "",
    "acceptance_no": "",
    "verification_yes": "",
    "verification_no": "",
    "chsi_yes": "",
    "chsi_no": "",
    "batched": "",
    "answered": "",
    "submission_withdrawn": gettext_lazy("Submission withdrawn"),
    "submission_restored": gettext_lazy("Back in the submission"),
    "reported": gettext_lazy("Batch reported to CHSI"),
    "freed_from_batch": gettext_lazy("Freed for a later batch"),
}
name_events(PERSON_EVENTS)

SUBJECT_EVENTS: dict[str, tuple[str | Promise, str]] = {
    "state_submitted": (gettext_lazy("Submitted"), "info"),
    "state_verified": (gettext_lazy("All images decided, the good ones verified"), "good"),
    "state_returned": (gettext_lazy("All images returned"), "bad"),
    "state_withdrawn": (gettext_lazy("Withdrawn"), "off"),
    "state_building": (gettext_lazy("Building began"), "info"),
    "state_frozen": (gettext_lazy("Frozen"), "good"),
    "state_failed": (gettext_lazy("Given up"), "bad"),
    "state_reported": (gettext_lazy("Reported"), "info"),
    "state_answered": (gettext_lazy("Everybody answered"), "good"),
    "answer_applied": (gettext_lazy("Answer applied"), "info"),
}


def entries_of(subject: Model) -> list[Entry]:
    """Rows of `components/timeline.html` for a submission or a batch, the oldest first."""
    return [_entry(event) for event in history_of(subject)]


def _entry(event: Event) -> Entry:
    known = SUBJECT_EVENTS.get(event.kind)
    title, tone = known or (word_of(event.kind, event.subject_type, event.new), "")
    parts = [event.reason, _counts(event)]
    text = " · ".join(part for part in parts if part)
    return Entry(event.at, str(title), text, str(event.by or ""), tone)


def _counts(event: Event) -> str:
    """What the event's numbers say, in the reader's language."""
    if event.kind == "answer_applied":
        names = dict(Answer.choices)
        return join_words(f"{names[key]} {count}" for key, count in event.data.items() if key in names)
    if people := event.data.get("people"):
        return _("%(people)d people") % {"people": people}
    return ""
