"""What waits in the last steps: images to submit and to verify, batches to build, report and answer."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.waiting import Scope, WaitingItem, urgency, waiting
from students.batches import waiting_items
from students.models import BatchState, ExportBatch, Graduate, ItemState, Stage, Submission, SubmissionItem
from students.submissions import READY, people_of, with_standing
from units.models import UnitKind

STEP_SUBMIT, STEP_BATCH = 11, 12


@waiting(role="unit", order=110)
def ready_to_submit(scope: Scope) -> Iterable[WaitingItem]:
    if scope.unit.kind != UnitKind.COLLEGE:
        return
    address = reverse("students:submissions", args=[scope.unit.code, scope.campaign.code])
    for term in scope.campaign.terms.order_by("code"):
        people = with_standing(people_of(scope.unit, term), scope.campaign).filter(standing=READY)
        label = _("Images to submit, term %(term)s") % {"term": term.code}
        due = urgency(scope.campaign.submission_by, scope.today)
        yield WaitingItem(label, people.count(), f"{address}?term={term.code}", urgency=due, step=STEP_SUBMIT)


@waiting(role="unit", order=111)
def returned_images(scope: Scope) -> WaitingItem | None:
    """Returned by academic affairs or refused by the register, and no new picture accepted yet."""
    if scope.unit.kind != UnitKind.COLLEGE:
        return None
    stages = [Stage.VERIFICATION, Stage.CHSI]
    people = Graduate.objects.filter(
        pk__in=SubmissionItem.objects.filter(
            submission__college=scope.unit,
            submission__term__campaign=scope.campaign,
            state=ItemState.RETURNED,
        ).values("graduate"),
        decisions__stage__in=stages,
        decisions__outcome="no",
        decisions__is_current=True,
    ).distinct()
    address = reverse("students:submissions", args=[scope.unit.code, scope.campaign.code])
    return WaitingItem(_("Images returned, new ones needed"), people.count(), address, step=STEP_SUBMIT)


@waiting(role="staff", order=110)
def to_verify(scope: Scope) -> WaitingItem:
    waiting_now = SubmissionItem.objects.filter(
        state=ItemState.SUBMITTED, submission__term__campaign=scope.campaign
    )
    submissions = Submission.objects.filter(items__in=waiting_now).distinct().count()
    hint = _("in %(submissions)d submissions") % {"submissions": submissions}
    address = reverse("admin:students_submission_changelist") + f"?campaign={scope.campaign.code}"
    return WaitingItem(_("Images to verify"), waiting_now.count(), address, hint=hint, step=STEP_SUBMIT)


@waiting(role="staff", order=120)
def to_batch(scope: Scope) -> WaitingItem:
    address = reverse("admin:students_exportbatch_changelist") + f"?campaign={scope.campaign.code}"
    count = waiting_items(scope.campaign).count()
    return WaitingItem(_("Verified people in no batch"), count, address, step=STEP_BATCH)


@waiting(role="staff", order=121)
def batches_on_the_way(scope: Scope) -> Iterable[WaitingItem]:
    address = reverse("admin:students_exportbatch_changelist") + f"?campaign={scope.campaign.code}"
    states = list(
        ExportBatch.objects.filter(
            campaign=scope.campaign, state__in=[BatchState.FROZEN, BatchState.REPORTED]
        ).values_list("state", flat=True)
    )
    frozen, reported = states.count(BatchState.FROZEN), states.count(BatchState.REPORTED)
    yield WaitingItem(_("Batches to report"), frozen, address, step=STEP_BATCH)
    yield WaitingItem(_("Batches without the register's full answer"), reported, address, step=STEP_BATCH)
