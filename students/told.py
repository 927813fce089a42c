"""Whom the events of rosters, corrections, submissions and CHSI's answers concern (`photocampus.told`)."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus.models import Event
from photocampus.told import Reader, tell
from students.models import Answer, ExportBatch, ExportRow, Graduate, Submission
from units.audiences import coordinators, office_readers, unit_readers
from units.models import Campaign, Unit

GRADUATE, SUBMISSION, BATCH, UNIT = (
    "students.graduate",
    "students.submission",
    "students.exportbatch",
    "units.unit",
)


def graduate_of(event: Event) -> Graduate:
    return Graduate.objects.select_related("enrolment__unit", "campaign").get(pk=event.subject_id)


def correction_to_office(event: Event) -> Iterable[Reader]:
    graduate = graduate_of(event)
    url = reverse("students:office-corrections", args=[graduate.campaign.code])
    return office_readers(url, unit=graduate.enrolment.unit.name)


def person_to_unit(event: Event) -> Iterable[Reader]:
    """The unit's coordinators, led to the person's page. The sentence names nobody."""
    graduate = graduate_of(event)
    unit = graduate.enrolment.unit
    return unit_readers([unit], graduate.campaign, "students:graduate", graduate.public_id, unit=unit.name)


tell(
    GRADUATE,
    "correction_asked",
    says=_("%(unit)s asks for a correction of identity."),
    to=correction_to_office,
)
for _kind, _says in {
    "correction_done": _("A correction of identity that %(unit)s asked for was carried out."),
    "correction_refused": _("A correction of identity that %(unit)s asked for was refused."),
    "exemption_decided": _("Academic affairs decided whether a person of %(unit)s needs a new picture."),
    "reshoot_extended": _("A person of %(unit)s may be photographed later: the time was extended."),
}.items():
    tell(GRADUATE, _kind, says=_says, to=person_to_unit)


def exemption_to_both(event: Event) -> Iterable[Reader]:
    """The unit, which has one more to be photographed, and academic affairs, whose decision the exemption may have been."""
    graduate = graduate_of(event)
    yield from person_to_unit(event)
    url = reverse("students:office-person-exemption", args=[graduate.campaign.code, graduate.public_id])
    yield from office_readers(url, unit=graduate.enrolment.unit.name)


tell(
    GRADUATE,
    "exemption_ended",
    says=_("A person of %(unit)s needs a new picture after all: the earlier one was refused."),
    to=exemption_to_both,
)


def transfer_readers(event: Event) -> Iterable[Reader]:
    """Both units are told of people who moved from one to the other; each event is about one of them."""
    unit = Unit.objects.get(pk=event.subject_id)
    campaign = Campaign.objects.filter(code=event.data.get("campaign", "")).first()
    if campaign is None:
        return []
    facts = {"unit": unit.name, "other": event.new or event.old, "people": event.data.get("people", 0)}
    return unit_readers([unit], campaign, "students:roster", **facts)


tell(
    UNIT,
    "people_transferred_out",
    says=_("Transferred from %(unit)s to %(other)s: %(people)s people."),
    to=transfer_readers,
)
tell(
    UNIT,
    "people_transferred_in",
    says=_("Transferred to %(unit)s from %(other)s: %(people)s people."),
    to=transfer_readers,
)


def _submission_of(event: Event) -> Submission:
    return Submission.objects.select_related("college", "term__campaign").get(pk=event.subject_id)


def submission_facts(submission: Submission, event: Event) -> dict[str, Any]:
    return {
        "unit": submission.college.name,
        "term": submission.term.code,
        "number": submission.number,
        "people": event.data.get("people", 0),
    }


def submission_to_college(event: Event) -> Iterable[Reader]:
    submission = _submission_of(event)
    return unit_readers(
        [submission.college],
        submission.term.campaign,
        "students:submission",
        submission.public_id,
        **submission_facts(submission, event),
    )


def submission_to_office(event: Event) -> Iterable[Reader]:
    submission = _submission_of(event)
    url = reverse("admin:students_submission_changelist") + f"?campaign={submission.term.campaign.code}"
    return office_readers(url, **submission_facts(submission, event))


tell(
    SUBMISSION,
    "state_submitted",
    says=_("%(unit)s submitted %(people)s images for %(term)s (no. %(number)s)."),
    to=submission_to_office,
)
tell(
    SUBMISSION,
    "state_withdrawn",
    says=_("%(unit)s withdrew its submission no. %(number)s for %(term)s."),
    to=submission_to_office,
)
tell(
    SUBMISSION,
    "state_verified",
    says=_("Submission no. %(number)s of %(unit)s for %(term)s was verified."),
    to=submission_to_college,
)
tell(
    SUBMISSION,
    "items_returned",
    says=_("Academic affairs returned %(people)s images of submission no. %(number)s for %(term)s."),
    to=submission_to_college,
)


def submission_to_both(event: Event) -> Iterable[Reader]:
    yield from submission_to_college(event)
    yield from submission_to_office(event)


tell(
    SUBMISSION,
    "items_withdrawn",
    says=_("%(people)s people of submission no. %(number)s of %(unit)s for %(term)s graduate later."),
    to=submission_to_both,
)
tell(
    SUBMISSION,
    "items_restored",
    says=_("%(people)s people are back in submission no. %(number)s of %(unit)s for %(term)s."),
    to=submission_to_both,
)


def answer_readers(event: Event) -> Iterable[Reader]:
    """Each college with people in the batch, with its own numbers; academic affairs with all."""
    batch = ExportBatch.objects.select_related("campaign").get(pk=event.subject_id)
    unit = F("graduate__enrolment__unit")
    rows = (
        ExportRow.objects.filter(batch=batch)
        .order_by()
        .values(owner=Coalesce(F("graduate__enrolment__unit__college"), unit))
        .annotate(
            passed=Count("pk", filter=Q(answer=Answer.PASSED)),
            other=Count("pk", filter=~Q(answer__in=[Answer.PASSED, Answer.NONE])),
        )
    )
    counts = {row["owner"]: row for row in rows}
    total = {key: sum(row[key] for row in counts.values()) for key in ("passed", "other")}
    url = reverse("admin:students_exportbatch_changelist") + f"?campaign={batch.campaign.code}"
    yield from office_readers(url, batch=str(batch), **total)
    for user, college in coordinators(Unit.objects.filter(pk__in=list(counts))).items():
        own = counts[college.pk]
        yield Reader(
            user,
            reverse("students:submissions", args=[college.code, batch.campaign.code]),
            {"batch": str(batch), "passed": own["passed"], "other": own["other"]},
        )


tell(
    BATCH,
    "answer_applied",
    says=_("CHSI answered batch %(batch)s: %(passed)s passed, %(other)s with another answer."),
    to=answer_readers,
)
