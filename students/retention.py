"""Removes personal data when a campaign's time is over (design §5); nothing else in the program deletes.

What stays: who did what and when, number, hashes and counts of batches, and everything of people whose study goes on
in a campaign that is not over, or who were photographed early: their enrolment may still need the picture.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from students.batches import must_be_staff
from students.models import (
    AnswerFile,
    BatchPart,
    Category,
    Correction,
    Decision,
    Enrolment,
    ExportBatch,
    ExportRow,
    Graduate,
    IngestFile,
    IngestPiece,
    Photo,
    Rendition,
    RosterRow,
    RosterState,
    RosterUpload,
    Student,
)
from units.models import Campaign

BLOCK = 500
REMOVED = "removed-"
NO_NAME = "–"

# Later apps add what they keep of a campaign: called in a transaction of its own, may run again, and returns the names
# of stored files to delete when it is committed.
Step = Callable[[Campaign], list[str]]
_steps: list[Step] = []


class NothingExpired(DomainError):
    code = "nothing_expired"
    message = _("No campaign's retention has ended.")


@dataclass
class Removal:
    """What one run removed from one campaign."""

    campaign: Campaign
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int) -> None:
        if count:
            self.counts[what] = self.counts.get(what, 0) + count


def retention_step(step: Step) -> Step:
    """Register a later app's part of the removal."""
    _steps.append(step)
    return step


def expired_campaigns(today: dt.date) -> QuerySet[Campaign]:
    """The last day of retention is included: removal begins on the day after."""
    return Campaign.objects.filter(retention_until__lt=today).order_by("retention_until")


def run_retention(*, by: User) -> list[Removal]:
    """Remove what has expired, in short transactions; harmless when repeated or killed. Raises NotAllowed, NothingExpired.

    Files are deleted after the rows that name them are committed without them.
    """
    must_be_staff(by)
    campaigns = list(expired_campaigns(clock.today()))
    if not campaigns:
        raise NothingExpired()
    removals = [Removal(campaign) for campaign in campaigns]
    for removal in removals:
        _remove_uploads(removal)
        _remove_batches(removal)
        _remove_later_apps(removal)
        for block in _blocks(removal.campaign):
            _remove_people(removal, block)
        if removal.counts:
            record(removal.campaign, "retention_run", by=by, data=removal.counts)
    return removals


def _still_needed() -> Q:
    """Enrolments that a campaign under way or a later graduation may still ask for."""
    today = clock.today()
    here = Graduate.objects.filter(enrolment=OuterRef("pk"))
    live = here.filter(Q(campaign__retention_until=None) | Q(campaign__retention_until__gte=today))
    goes_on = here.filter(Q(category=Category.EARLY) | Q(roster_state=RosterState.DEFERRED))
    later = Q(expected_graduation=None) | Q(expected_graduation__gte=today)
    return Q(Exists(live)) | (Q(Exists(goes_on)) & later)


def _blocks(campaign: Campaign) -> Iterator[list[int]]:
    """Enrolments of the campaign to clear, block by block; cleared ones are out of the set."""
    people = Enrolment.objects.filter(graduates__campaign=campaign).exclude(
        Q(student_number__startswith=REMOVED) | _still_needed()
    )
    while block := list(people.order_by("pk").values_list("pk", flat=True)[:BLOCK]):
        yield block


@transaction.atomic
def _remove_people(removal: Removal, enrolments: list[int]) -> None:
    photos = Photo.objects.filter(enrolment__in=enrolments)
    renditions = Rendition.objects.filter(photo__enrolment__in=enrolments)
    files = [*photos.values_list("original", flat=True), *renditions.values_list("file", flat=True)]
    removal.add("pictures", photos.exclude(original="").update(original=""))
    renditions.update(file="")
    graduates = Graduate.objects.filter(enrolment__in=enrolments)
    graduates.update(state_reason="")
    Decision.objects.filter(graduate__in=graduates).update(note="")
    Correction.objects.filter(graduate__in=graduates).update(changes="", reason="", answer="")
    rows = Enrolment.objects.filter(pk__in=enrolments)
    students = list(rows.values_list("student", flat=True))
    removal.add(
        "people",
        rows.update(student_number=Concat(Value(REMOVED), F("public_id")), candidate_number=""),
    )
    # A person who studies on at another level stays.
    going_on = Enrolment.objects.filter(student=OuterRef("pk")).exclude(student_number__startswith=REMOVED)
    Student.objects.filter(~Exists(going_on), pk__in=students).update(
        name=NO_NAME,
        birth_date=None,
        id_number="",
        phone="",
        id_digest=Concat(Value(REMOVED), F("public_id")),
    )
    _delete_later(files)


def _remove_uploads(removal: Removal) -> None:
    """Rosters and pictures on their way in: the files and what was read from them."""
    while block := list(
        RosterRow.objects.filter(upload__campaign=removal.campaign).values_list("pk", flat=True)[: 10 * BLOCK]
    ):
        removal.add("roster_rows", RosterRow.objects.filter(pk__in=block).delete()[0])
    with transaction.atomic():
        uploads = RosterUpload.objects.filter(campaign=removal.campaign).exclude(file="")
        incoming = IngestFile.objects.filter(batch__campaign=removal.campaign).exclude(
            file="", preview="", name=""
        )
        files = list(uploads.values_list("file", flat=True))
        for pair in incoming.values_list("file", "preview"):
            files += pair
        pieces = IngestPiece.objects.filter(file__batch__campaign=removal.campaign)
        files += [piece.stored_name for piece in pieces]
        pieces.delete()
        removal.add("uploads", uploads.update(file="", file_name=""))
        removal.add("incoming_files", incoming.update(file="", preview="", name="", reason_data={}))
        _delete_later(files)


def _remove_later_apps(removal: Removal) -> None:
    for step in _steps:
        with transaction.atomic():
            files = [name for name in step(removal.campaign) if name]
            removal.add("other_files", len(files))
            _delete_later(files)


def _remove_batches(removal: Removal) -> None:
    """The bytes and the values of batches; number, hashes, sizes and answers stay."""
    for batch in ExportBatch.objects.filter(campaign=removal.campaign):
        with transaction.atomic():
            parts = BatchPart.objects.filter(file__batch=batch)
            answers = AnswerFile.objects.filter(batch=batch)
            staged = [*parts.values_list("sealed", flat=True), *answers.values_list("sealed", flat=True)]
            removal.add("batch_parts", parts.delete()[0])
            answers.update(sealed="", file_name="")
            ExportRow.objects.filter(batch=batch).exclude(values="").update(values="", answer_text="")
            if batch.problems:
                batch.problems = []
                batch.save(update_fields=["problems"])
            _delete_later(staged)


def _delete_later(names: list[str]) -> None:
    """After the commit: a row never names a file that is gone, at worst a file outlives its row until the next run."""
    for name in filter(None, names):
        transaction.on_commit(lambda name=name: default_storage.delete(name))
