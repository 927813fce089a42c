"""The job that reads a batch: one short committed piece per file, to be killed and continued at any point.

A file is claimed by one job; its files are written under names that follow from its own id, then its rows in one
transaction that proves the lease. What was written for a file that did not get that far is overwritten or taken away.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.jobs import JobCancelled, JobContext, LeaseLost, job_kind
from photocampus.models import User
from students.archives import BadArchive, is_zip
from students.faces import get_detector
from students.filing import (
    NotFiled,
    Parts,
    PictureChanged,
    Profiles,
    choose_again,
    file_photo,
    finished_parts,
    is_filed,
    must_be_fileable,
    profiles_of,
    write_files,
)
from students.filing_parts import (
    finished_part,
    join_rendition,
    must_not_lose_pixels,
    with_parts_of,
    write_part,
)
from students.imaging import read_header
from students.ingest import JOB_KIND, TRAY_STATES, clean_name
from students.ingest_known import holds, known_photos
from students.ingest_leftovers import clear_settled, clear_unfiled, sweep_batch
from students.ingest_listing import add_listed, add_members
from students.ingest_order import NUMBER_CARD, propose_order
from students.ingest_results import Result, Settled, Stays, TakenBack
from students.ingest_sources import Sources, digest_of
from students.matching import Match, granted_graduates, match_name, match_shot_number
from students.models import (
    Graduate,
    IngestBatch,
    IngestFile,
    IngestState,
    MatchMode,
    Origin,
    Photo,
)
from students.models.pictures import incoming_name, preview_name
from students.near_pictures import mark_near_pictures
from students.previews import preview_unmatched, survey_frame
from students.processing import Processed, Rendered, ScanRule, process_picture

logger = logging.getLogger("photocampus.ingest")
# A file that stops the program each time must not be met for ever; one at which the machine went down by chance must be.
MOST_TRIES = 6
BLOCK = 200
SECONDS_BETWEEN_REPORTS = 0.5


@job_kind(JOB_KIND, title=_("Read pictures"), cancellable=True)
def ingest_batch(context: JobContext) -> dict[str, int]:
    """Read everything that waits in the batch; the result counts the states."""
    batch = IngestBatch.objects.select_related("campaign", "studio", "unit", "by").get(
        pk=context.args["batch"]
    )
    with Sources(batch) as sources:
        run = _Run(context, batch, sources, profiles_of(batch.campaign), context.by or batch.by)
        run.sweep()
        run.list_source()
        try:
            for row in run.claimed():
                run.take(row)
                run.report()
        except JobCancelled:
            mark_near_pictures(batch)  # what was filed so far is looked at by people now
            raise
        run.sweep()
    mark_near_pictures(batch)
    if batch.match == MatchMode.SEQUENCE:
        propose_order(batch)
    counts = batch.files.values_list("state").annotate(files=Count("pk")).order_by()
    return {state: files for state, files in counts if state != IngestState.UNPACKED}


@dataclass
class _Run:
    context: JobContext
    batch: IngestBatch
    sources: Sources
    profiles: Profiles
    by: User
    reported: float = 0.0

    def list_source(self) -> None:
        """A folder or archive of the server becomes rows, all at once, the first time."""
        if not self.batch.source or self.batch.files.exists():
            return
        members = self.sources.listing()
        with transaction.atomic():
            self.context.hold()
            add_listed(self.batch, members)
        self.context.checkpoint("ingest.listed")

    def claimed(self) -> Iterator[IngestFile]:
        """The files, one after the other, each taken by this job alone: first what a dead attempt left half-done.

        Large files come first, so that a studio's finished small file finds its large one filed already.
        """
        while True:
            mine = Q(state=IngestState.WORKING, job=self.context.job)
            waiting = self.batch.files.filter(mine | Q(state=IngestState.WAITING))
            block = list(waiting.order_by("-state", "-size", "position").values_list("pk", flat=True)[:BLOCK])
            if not block:
                return
            for pk in block:
                taken = IngestFile.objects.filter(mine | Q(state=IngestState.WAITING), pk=pk).update(
                    state=IngestState.WORKING, job=self.context.job, tries=F("tries") + 1
                )
                if taken:
                    self.context.checkpoint("ingest.claimed")
                    row = IngestFile.objects.select_related("archive", "assigned").get(pk=pk)
                    row.batch = self.batch
                    yield row

    def take(self, row: IngestFile) -> None:
        """Read one file and settle it; whatever happens to this file, the next one is read."""
        try:
            self._take(row)
        except (LeaseLost, JobCancelled):
            raise
        except Exception:
            logger.exception("incoming file %s could not be settled", row.public_id)
            self.set_down(row)

    def _take(self, row: IngestFile) -> None:
        if row.tries > MOST_TRIES:
            self.settle(row, Result(IngestState.TRAY, "gave_up"))
            return
        try:
            if row.member is None and self._is_archive(row):
                self.unpack(row)
            else:
                with self.sources.open(row) as file:
                    self.read(row, file)
        except Stays as stays:
            self.settle(row, stays.result)
        except (LeaseLost, JobCancelled):
            raise
        except Settled:
            self._clear(row)
        except TakenBack:
            self.give_back(row)
        except DomainError as error:
            self.settle(row, Result(IngestState.REFUSED, error.code, error.data))
        except Exception:
            logger.exception("incoming file %s could not be read", row.public_id)
            self.settle(row, Result(IngestState.TRAY, "crash"))

    def _is_archive(self, row: IngestFile) -> bool:
        return is_zip(self.sources.start_of(row)) or PurePosixPath(row.name.reveal()).suffix.lower() == ".zip"

    def unpack(self, row: IngestFile) -> None:
        """An archive becomes its members, in one transaction. One that is refused leaves nothing but its reason."""
        try:
            members = self.sources.archive(row).members()
        except BadArchive as error:
            self.sources.forget(row)
            self.settle(row, Result(IngestState.REFUSED, error.code, error.data), keep=False)
            return
        with transaction.atomic():
            self.context.hold()
            IngestBatch.objects.select_for_update().get(pk=self.batch.pk)
            add_members(self.batch, row, members)
            self._still_mine(row).update(state=IngestState.UNPACKED)
        self.context.checkpoint("ingest.unpacked")

    def read(self, row: IngestFile, file: IO[bytes]) -> None:
        """Match, process, file. Raises `Stays` and refusals of the file."""
        sha256, size = digest_of(file)
        row.sha256, row.size = sha256, size
        if self.batch.match == MatchMode.SEQUENCE and not row.assigned_id:
            self._must_be_in_order(row, file)
        match = self._person_of(row)
        graduate = match.graduate
        if graduate is None:
            # Somebody will have to look at it: a file that is no picture at all says so at once.
            read_header(file)
            raise Stays(IngestState.TRAY, match.reason)
        processed: Processed | None = None
        while True:
            self._must_be_new(graduate, sha256, row)
            self._must_be_fileable(graduate, sha256, file)
            processed = processed or self._process(file)
            if self._placed(row, file, graduate, processed, match.shot):
                return
            graduate = Graduate.objects.select_related("enrolment", "picture").get(pk=graduate.pk)

    def _must_be_fileable(self, graduate: Graduate, sha256: str, file: IO[bytes]) -> None:
        try:
            must_be_fileable(graduate, sha256)
        except NotFiled as error:
            read_header(file)
            raise Stays(IngestState.TRAY, error.code) from None

    def _placed(
        self, row: IngestFile, file: IO[bytes], graduate: Graduate, processed: Processed, shot: str
    ) -> bool:
        """Join or file it, by the picture that the person has; False if that has changed, and all is judged anew."""
        studio = self.batch.studio_id
        parts = finished_parts(graduate.picture)
        part = finished_part(graduate, processed, studio)
        if part is not None:
            return self._join(row, graduate, part)
        if graduate.picture is not None:
            if not row.assigned_id:
                self._must_not_lose_pixels(graduate.picture, processed)
            processed = with_parts_of(graduate.picture, processed, self.profiles, studio)
        self._must_be_the_only_one(graduate, row)
        try:
            self._file(row, file, graduate, processed, shot, parts)
        except PictureChanged:
            return False
        return True

    def _must_not_lose_pixels(self, photo: Photo, processed: Processed) -> None:
        try:
            must_not_lose_pixels(photo, processed)
        except NotFiled as error:
            raise Stays(IngestState.TRAY, error.code) from None

    def _must_be_in_order(self, row: IngestFile, file: IO[bytes]) -> None:
        """Frames that are matched by their order wait until it is confirmed; then each has its number, or a reason."""
        if not row.is_ordered:
            seen = survey_frame(row, file)
            _overwrite(preview_name(row, ""), ContentFile(seen))
            row.preview.name = preview_name(row, "")
            raise Stays(IngestState.HELD)
        if row.reason == NUMBER_CARD:
            raise Stays(IngestState.DISCARDED, NUMBER_CARD)
        if row.reason:
            raise Stays(IngestState.TRAY, row.reason)

    def _person_of(self, row: IngestFile) -> Match:
        if row.assigned_id:
            people = granted_graduates(self.batch.studio, self.batch.campaign)
            person = people.filter(pk=row.assigned_id).first()
            return Match(person, shot=row.shot) if person else Match(reason="unknown_number")
        if self.batch.match == MatchMode.SEQUENCE:
            return match_shot_number(self.batch, row.shot)
        return match_name(self.batch, clean_name(row.name.reveal()))

    def _must_be_new(self, graduate: Graduate, sha256: str, row: IngestFile) -> None:
        """The same bytes twice change nothing; only by hand is an earlier picture chosen again."""
        known = known_photos(graduate, sha256)
        if not known:
            return
        if graduate.picture is not None and holds(graduate.picture, known, sha256):
            raise Stays(IngestState.KNOWN, photo=graduate.picture)
        if not row.assigned_id or not known[0].original:
            raise Stays(IngestState.KNOWN, "earlier_known", photo=known[0])
        try:
            with transaction.atomic():
                self.context.hold()
                self._must_be_wanted(row)
                choose_again(graduate=graduate, photo=known[0], by=self.by)
                self._write(row, Result(IngestState.KNOWN, "chosen_again", photo=known[0]))
        except NotFiled as error:
            raise Stays(IngestState.TRAY, error.code) from None
        self.context.checkpoint("ingest.settled")
        raise Settled

    def _must_be_the_only_one(self, graduate: Graduate, row: IngestFile) -> None:
        """Two different pictures of one person in one upload: people choose, unless this one was assigned by hand."""
        same = self.batch.files.filter(
            state=IngestState.FILED, photo__enrolment=graduate.enrolment_id, photo=graduate.picture_id
        )
        if not row.assigned_id and same.exists():
            raise Stays(IngestState.TRAY, "second_in_batch")

    def _process(self, file: IO[bytes]) -> Processed:
        campaign = self.batch.campaign
        scan = None
        if self.batch.origin == Origin.SCAN:
            scan = ScanRule(
                campaign.scan_min_dpi, campaign.scan_print_width_mm, campaign.scan_print_height_mm
            )
        return process_picture(file, self.profiles.specs, detector=get_detector(), scan=scan)

    def _file(
        self,
        row: IngestFile,
        file: IO[bytes],
        graduate: Graduate,
        processed: Processed,
        shot: str,
        parts: Parts,
    ) -> None:
        try:
            write_files(row, file, processed, self.profiles)
            self.context.checkpoint("ingest.files_written")
            with transaction.atomic():
                self.context.hold()
                self._must_be_wanted(row)
                photo = file_photo(
                    row=row,
                    graduate=graduate,
                    processed=processed,
                    sha256=row.sha256,
                    size=row.size,
                    profiles=self.profiles,
                    shot=shot,
                    by=self.by,
                    parts=parts,
                )
                self._write(row, Result(IngestState.FILED, photo=photo))
        except (LeaseLost, JobCancelled):
            raise  # the files may be another attempt's by now
        except Exception as error:
            if not is_filed(row):
                clear_unfiled(row, self.profiles)
            if isinstance(error, NotFiled):
                raise Stays(IngestState.TRAY, error.code) from None
            if isinstance(error, IntegrityError) and known_photos(graduate, row.sha256):
                raise PictureChanged from None  # the same bytes came with another upload
            raise
        self.context.checkpoint("ingest.filed")
        self._clear(row)

    def _join(self, row: IngestFile, graduate: Graduate, part: Rendered) -> bool:
        """False if it is no longer that picture's part."""
        with transaction.atomic():
            self.context.hold()
            self._must_be_wanted(row)
            photo = join_rendition(row=row, graduate=graduate, part=part, profiles=self.profiles, by=self.by)
            if photo is None:
                return False
            self._write(row, Result(IngestState.FILED, photo=photo))
            # Last, while the photo is locked: nothing that is refused or derived meanwhile can part file and row.
            write_part(photo, part, self.profiles)
            self.context.checkpoint("ingest.files_written")
        self.context.checkpoint("ingest.filed")
        self._clear(row)
        return True

    def settle(self, row: IngestFile, result: Result, *, keep: bool = True) -> None:
        """Write what became of a file. What stays in the tray keeps its bytes; what is filed or known does not."""
        try:
            self._settle(row, result, keep=keep)
        except TakenBack:
            self.give_back(row)

    def set_down(self, row: IngestFile) -> None:
        """A file that could not even be settled: of what was found out about it nothing is written but the reason."""
        row = IngestFile.objects.select_related("archive", "assigned").get(pk=row.pk)
        row.batch = self.batch
        crash = Result(IngestState.TRAY, "crash")
        try:
            self.settle(row, crash)
        except (LeaseLost, JobCancelled):
            raise
        except Exception:
            # Its bytes cannot be kept either, unless they lie in the storage already.
            logger.exception("incoming file %s could not be kept", row.public_id)
            row = IngestFile.objects.get(pk=row.pk)
            with transaction.atomic():
                self.context.hold()
                self._write(row, crash if row.file else Result(IngestState.REFUSED, "crash"))

    def give_back(self, row: IngestFile) -> None:
        """The assignment was taken back meanwhile: the file waits in the tray, for the reason that it had before."""
        row.assigned, row.shot = None, ""
        reason = IngestFile.objects.values_list("reason", flat=True).get(pk=row.pk)
        self._settle(row, Result(IngestState.TRAY, reason or "taken_back"), keep=True)

    def _settle(self, row: IngestFile, result: Result, *, keep: bool) -> None:
        if result.state in TRAY_STATES and keep:
            if self._is_known_in_tray(row):
                result = Result(IngestState.KNOWN)
            else:
                self._keep(row, result)
                self.context.checkpoint("ingest.kept")
        with transaction.atomic():
            self.context.hold()
            self._write(row, result)
        self.context.checkpoint("ingest.settled")
        if result.state not in (*TRAY_STATES, IngestState.HELD) or not keep:
            self._clear(row)

    def _is_known_in_tray(self, row: IngestFile) -> bool:
        if not row.sha256 or row.assigned_id:
            return False
        same = IngestFile.objects.filter(
            sha256=row.sha256,
            state__in=TRAY_STATES,
            batch__studio=self.batch.studio_id,
            batch__campaign=self.batch.campaign_id,
        )
        return same.exclude(pk=row.pk).exists()

    def _keep(self, row: IngestFile, result: Result) -> None:
        """Copy a member or a server's file into the storage, and make a preview of what is a picture."""
        try:
            with self.sources.open(row) as file:
                if not row.file:
                    name = incoming_name(row, "")
                    _overwrite(name, File(file))
                    row.file.name = name
                if result.state == IngestState.TRAY and result.reason not in ("gave_up", "crash"):
                    name = preview_name(row, "")
                    _overwrite(name, ContentFile(preview_unmatched(row, file)))
                    row.preview.name = name
        except DomainError as error:
            # The bytes themselves cannot be had: the reason is all that stays.
            if result.state == IngestState.TRAY:
                result.state, result.reason, result.data = IngestState.REFUSED, error.code, error.data

    def _must_be_wanted(self, row: IngestFile) -> None:
        """Lock a row that was assigned by hand before its person, as `take_back` does. Raises `TakenBack`."""
        if row.assigned_id is None:
            return
        rows = self._still_mine(row).select_for_update()
        if rows.values_list("assigned", flat=True).first() != row.assigned_id:
            raise TakenBack()

    def _still_mine(self, row: IngestFile) -> Any:
        return IngestFile.objects.filter(pk=row.pk, state=IngestState.WORKING, job=self.context.job)

    def _write(self, row: IngestFile, result: Result) -> None:
        written = (
            self._still_mine(row)
            .filter(assigned=row.assigned_id)
            .update(
                state=result.state,
                reason=result.reason,
                reason_data={
                    key: value for key, value in result.data.items() if isinstance(value, int | float)
                },
                photo=result.photo,
                sha256=row.sha256,
                size=row.size,
                file=row.file.name or "",
                preview=row.preview.name or "",
                taken_at=row.taken_at,
                card=row.card,
            )
        )
        if not written:
            raise TakenBack() if self._still_mine(row).exists() else LeaseLost()

    def _clear(self, row: IngestFile) -> None:
        clear_settled(row)
        self.context.checkpoint("ingest.cleared")

    def sweep(self) -> None:
        """Take back what jobs that have ended hold, and take away what dead attempts left."""
        ended = self.batch.files.filter(state=IngestState.WORKING, job__finished_at__isnull=False)
        ended.update(state=IngestState.WAITING, job=None)
        sweep_batch(
            self.batch,
            job=self.context.job,
            profiles=self.profiles,
            sources=self.sources,
            clear=self._clear,
        )

    def report(self) -> None:
        """Progress and lease, at most twice a second."""
        now = time.monotonic()
        if now - self.reported < SECONDS_BETWEEN_REPORTS:
            return
        self.reported = now
        files = self.batch.files.exclude(state=IngestState.UNPACKED)
        counts = files.aggregate(
            total=Count("pk"),
            open=Count("pk", filter=Q(state__in=[IngestState.WAITING, IngestState.WORKING])),
        )
        self.context.progress(counts["total"] - counts["open"], counts["total"])


def _overwrite(name: str, content: File) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    default_storage.save(name, content)
