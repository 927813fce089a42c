"""A deferral to a later campaign takes a picture that was handed in out of its submission; undone, it goes back (R7).

For the transactions of the roster, which have judged whose it is, and that no batch for the register holds it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from photocampus.errors import ChangedMeanwhile
from photocampus.events import build_event, record, record_many
from photocampus.models import User
from students.models import (
    Decision,
    Graduate,
    ItemState,
    Outcome,
    Stage,
    Submission,
    SubmissionItem,
    SubmissionState,
)
from students.submissions import SUBMISSION_MOVES, settle_submission

# What only an undone deferral may do.
BACK_MOVES: Mapping[str, tuple[str, ...]] = {
    SubmissionState.WITHDRAWN: (SubmissionState.SUBMITTED, SubmissionState.VERIFIED),
    SubmissionState.VERIFIED: (SubmissionState.SUBMITTED,),
}


class HandedIn(NamedTuple):
    """A graduate's open place in a submission, and whether it was verified."""

    graduate: int
    item: int
    state: str


def lock_handed_in(handed: Sequence[HandedIn]) -> None:
    """Keep submissions and images until the transaction ends: nobody verifies, returns or batches one meanwhile."""
    items = [one.item for one in handed]
    if items:
        of_these = SubmissionItem.objects.filter(pk__in=items)
        submissions = Submission.objects.filter(pk__in=of_these.values("submission"))
        list(submissions.select_for_update().order_by("pk").values_list("pk"))
        list(of_these.select_for_update().order_by("pk").values_list("pk"))


def withdraw_handed_in(handed: Sequence[HandedIn], *, by: User) -> None:
    """The images are submitted no longer; what was decided on them stays. Raises `ChangedMeanwhile`."""
    for state in (ItemState.SUBMITTED, ItemState.VERIFIED):
        items = [one.item for one in handed if one.state == state]
        _move(items, SubmissionItem.objects.filter(state=state), ItemState.WITHDRAWN)
    _tell(handed, "withdrawn", moves=SUBMISSION_MOVES, by=by)


def put_back(handed: Sequence[HandedIn], *, by: User) -> None:
    """The images are what they were, submitted or verified. Raises `ChangedMeanwhile` where they cannot be that any more."""
    verified = Decision.objects.filter(
        graduate=OuterRef("graduate"),
        photo=OuterRef("photo"),
        stage=Stage.VERIFICATION,
        outcome=Outcome.YES,
        is_current=True,
    )
    gone = SubmissionItem.objects.filter(state=ItemState.WITHDRAWN)
    for state, rows in ((ItemState.SUBMITTED, gone), (ItemState.VERIFIED, gone.filter(Exists(verified)))):
        _move([one.item for one in handed if one.state == state], rows, state)
    _tell(handed, "restored", moves=BACK_MOVES, by=by)


def _move(items: Collection[int], rows: QuerySet[SubmissionItem], to: str) -> None:
    if rows.filter(pk__in=items).update(state=to) != len(items):
        raise ChangedMeanwhile()


def _tell(handed: Sequence[HandedIn], what: str, *, moves: Mapping[str, tuple[str, ...]], by: User) -> None:
    """A line for each person and each submission, whose own state follows from its images."""
    reason = gettext("Graduation deferred") if what == "withdrawn" else gettext("Roster upload undone")
    rows = SubmissionItem.objects.filter(pk__in=[one.item for one in handed]).order_by("pk")
    people: Counter[Submission] = Counter()
    events = []
    for row in rows.select_related("submission"):
        people[row.submission] += 1
        data = {"submission": row.submission.public_id}
        subject = Graduate(pk=row.graduate_id)
        events.append(build_event(subject, f"submission_{what}", by=by, reason=reason, data=data))
    record_many(events)
    for submission, count in people.items():
        record(submission, f"items_{what}", by=by, reason=reason, data={"people": count})
        settle_submission(submission, by, moves=moves, reason=reason, people=count)
