"""One person's whole history in one column: decisions, pictures, submissions, answers, and every recorded event.

Later apps add what they know (shoots, receipts, deliveries) with `history_source`, and name their events with
`name_events`. An event whose story a row of its own already tells is left out.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photocampus.event_words import add_words, word_of
from photocampus.models import Event
from students.history_names import EVENT_NAMES, QUIET
from students.models import (
    Answer,
    Category,
    Decision,
    Exemption,
    ExportRow,
    Graduate,
    ItemState,
    Outcome,
    Photo,
    RosterState,
    SignOff,
    Stage,
    SubmissionItem,
)


@dataclass(frozen=True)
class Entry:
    """One line of `components/timeline.html`."""

    when: dt.datetime
    title: str
    text: str = ""
    by: str = ""
    tone: str = ""
    url: str = ""
    # Among entries of one moment: what happened comes before what the record says about it.
    rank: int = 0


Source = Callable[[Graduate], Iterable[Entry]]
_sources: list[Source] = []
# Kinds of event and what they are called; kinds that map to "" are told by a row of their own.
_event_names: dict[str, str | Promise] = dict(EVENT_NAMES)
add_words(EVENT_NAMES)


def history_source(source: Source) -> Source:
    """Register a function that gives entries for a graduate."""
    _sources.append(source)
    return source


def name_events(names: dict[str, str | Promise]) -> None:
    """Say what kinds of event are called on the page; "" leaves a kind out."""
    _event_names.update(names)
    add_words(names)


def history_of_graduate(graduate: Graduate) -> list[Entry]:
    """Everything that happened to this person in and around this campaign, the oldest first."""
    entries = [entry for source in _sources for entry in source(graduate)]
    return sorted(entries, key=lambda entry: (entry.when, entry.rank))


def subjects(graduate: Graduate) -> Q:
    """The graduate's own events, and those of the person and the study behind it."""
    enrolment = graduate.enrolment
    return (
        Q(subject_type="students.graduate", subject_id=graduate.pk)
        | Q(subject_type="students.enrolment", subject_id=enrolment.pk)
        | Q(subject_type="students.student", subject_id=enrolment.student_id)
        | Q(
            subject_type="students.correction",
            subject_id__in=list(graduate.corrections.values_list("pk", flat=True)),
        )
    )


@history_source
def events(graduate: Graduate) -> Iterable[Entry]:
    found: QuerySet[Event] = Event.objects.filter(subjects(graduate)).select_related("by").order_by("id")
    for event in found:
        name = _event_names.get(event.kind)
        if name == "":
            continue
        title = str(name) if name is not None else word_of(event.kind, event.subject_type, event.new)
        yield Entry(event.at, title, event_text(event), str(event.by or ""), "off", rank=1)


def event_text(event: Event) -> str:
    """What changed, in the reader's words where the stored one is a choice, and why."""
    old, new = ("", "") if event.kind in QUIET else (shown(event.old), shown(event.new))
    change = f"{old} → {new}" if old and new else new or old
    return " · ".join(part for part in (change, event.reason) if part)


def shown(value: str) -> str:
    """A stored choice by its label; everything else as it is."""
    return str(CHOICES.get(value, value))


CHOICES: dict[str, str | Promise] = {
    **dict(RosterState.choices),
    **dict(Exemption.choices),
    **dict(Category.choices),
}


DECIDED: dict[tuple[str, str], str | Promise] = {
    (Stage.ACCEPTANCE, Outcome.YES): gettext_lazy("Picture accepted by the unit"),
    (Stage.ACCEPTANCE, Outcome.NO): gettext_lazy("Picture refused by the unit"),
    (Stage.VERIFICATION, Outcome.YES): gettext_lazy("Verified by academic affairs"),
    (Stage.VERIFICATION, Outcome.NO): gettext_lazy("Returned by academic affairs"),
    (Stage.CHSI, Outcome.YES): gettext_lazy("Passed by CHSI"),
    (Stage.CHSI, Outcome.NO): gettext_lazy("Not passed by CHSI"),
}


@history_source
def decisions(graduate: Graduate) -> Iterable[Entry]:
    rows: QuerySet[Decision] = graduate.decisions.select_related("by", "code")
    for row in rows:
        text = " · ".join(part for part in (str(row.code) if row.code else "", row.note) if part)
        tone = "good" if row.outcome == Outcome.YES else "bad"
        yield Entry(row.at, str(DECIDED[row.stage, row.outcome]), text, str(row.by), tone)


@history_source
def pictures(graduate: Graduate) -> Iterable[Entry]:
    rows: QuerySet[Photo] = graduate.enrolment.photos.select_related("studio")
    for row in rows:
        text = f"{row.get_origin_display()} · {row.width} × {row.height}"
        yield Entry(row.created_at, _("Picture put in"), text, row.studio.short_name, "info")


@history_source
def sign_offs(graduate: Graduate) -> Iterable[Entry]:
    enrolment = graduate.enrolment
    rows = SignOff.objects.filter(campaign=graduate.campaign_id, class_group=enrolment.class_group_id)
    for row in rows.select_related("by"):
        text = _("%(class)s, checked on %(day)s") % {"class": enrolment.class_group, "day": row.checked_on}
        yield Entry(row.at, _("Data signed off"), text, str(row.by), "good")


@history_source
def submissions(graduate: Graduate) -> Iterable[Entry]:
    rows: QuerySet[SubmissionItem] = graduate.submission_items.select_related(
        "submission__college", "submission__term", "submission__by"
    )
    for row in rows:
        submission = row.submission
        text = _("%(college)s, term %(term)s, submission %(number)d") % {
            "college": submission.college,
            "term": submission.term,
            "number": submission.number,
        }
        if row.state != ItemState.SUBMITTED:
            text = f"{text} · {row.get_state_display()}"
        yield Entry(submission.at, _("Image submitted"), text, str(submission.by), "info")


ANSWER_TONES = {Answer.PASSED: "good", Answer.UNCERTAIN: "wait", Answer.NONE: ""}


@history_source
def batches(graduate: Graduate) -> Iterable[Entry]:
    rows: QuerySet[ExportRow] = graduate.export_rows.select_related(
        "batch__by", "batch__campaign", "answer_code"
    )
    for row in rows:
        batch = row.batch
        text = _("Batch %(number)s, line %(line)d") % {"number": batch, "line": row.line}
        yield Entry(
            batch.frozen_at or batch.created_at, _("Put into a CHSI batch"), text, str(batch.by), "info"
        )
        if row.answered_at:
            parts: tuple[Any, ...] = (row.get_answer_display(), row.answer_code, row.answer_text)
            text = " · ".join(str(part) for part in parts if part)
            tone = ANSWER_TONES.get(Answer(row.answer), "bad")
            yield Entry(row.answered_at, _("Answer of CHSI"), text, "", tone)
