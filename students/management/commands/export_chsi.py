"""`manage.py export_chsi`: builds a batch of all who are verified and in no batch, or writes an existing one again."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from photocampus.commands import OTHER_CAMPAIGN, REJECTED, PortalCommand, read_batch
from photocampus.errors import MissingReason
from photocampus.jobs import run_job
from photocampus.models import Job, User
from students.batch_build import left_out, problem_lines, zip_file
from students.batches import KEPT_STATES, BatchNotFrozen, find_profile, start_batch, take_file
from students.models import BatchState, ExportBatch, Graduate
from units.models import Campaign


class Command(PortalCommand):
    help = "Batch all verified graduates who are in no batch, and write the ZIP file. Status 2 if there are none."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True)
        parser.add_argument("--output", required=True, type=Path, help="folder for the ZIP file")
        parser.add_argument("--profile", default="", help="name of the export profile")
        parser.add_argument("--batch", type=read_batch, help="write this batch again instead of building one")
        parser.add_argument("--leave-out", action="store_true", help="leave out who cannot be reported")
        parser.add_argument("--purpose", default="export_chsi", help="goes into the access log")

    def act(self, *, by: User, **options: Any) -> int:
        campaign = Campaign.objects.filter(code=options["campaign"]).first()
        if campaign is None:
            self.nothing_done(_("There is no campaign %(code)s.") % {"code": options["campaign"]})
        # Before a batch is built: its people would wait no more, and nobody would have the file.
        self.open_folder(options["output"])
        if not options["purpose"].strip():
            raise MissingReason()
        named = options["batch"]
        batch = self.build(campaign, by, options) if named is None else self.find(campaign, *named)
        self.name_problems(batch)
        if batch.state == BatchState.FAILED:
            self.nothing_done(_("No batch was built: the people above cannot be reported."))
        if batch.state not in KEPT_STATES:
            raise BatchNotFrozen()
        try:
            path = self.write(batch, by, options)
        except OSError as error:
            self.nothing_done(
                _(
                    "Batch %(batch)s is kept, but was not written: %(reason)s. Try again with --batch %(batch)s."
                )
                % {"batch": batch, "reason": error.strerror or error}
            )
        self.stdout.write(f"{path}\n{batch} {batch.people} {zip_file(batch).sha256}")
        return REJECTED if left_out(batch) and named is None else 0

    def open_folder(self, folder: Path) -> None:
        """Make the folder if need be and see that files can be written there."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            self.nothing_done(
                _("Nothing can be written to %(folder)s: %(reason)s.")
                % {"folder": folder, "reason": error.strerror or error}
            )

    def find(self, campaign: Campaign, code: str, number: int) -> ExportBatch:
        if code and code != campaign.code:
            self.nothing_done(OTHER_CAMPAIGN % {"batch": f"{code}-{number}", "code": campaign.code})
        batch = ExportBatch.objects.filter(campaign=campaign, number=number).first()
        if batch is None:
            self.nothing_done(
                _("Campaign %(code)s has no batch %(number)d.") % {"code": campaign.code, "number": number}
            )
        return batch

    def build(self, campaign: Campaign, by: User, options: dict[str, Any]) -> ExportBatch:
        """The job runs here unless a worker was faster; then its end is waited for."""
        profile = find_profile(options["profile"])
        batch = start_batch(campaign=campaign, profile=profile, by=by, leave_out=options["leave_out"])
        assert batch.job is not None
        while not run_job(batch.job.pk) and Job.objects.get(pk=batch.job.pk).is_open:
            time.sleep(0.5)  # a worker has it
        batch = ExportBatch.objects.select_related("campaign", "job").get(pk=batch.pk)
        if batch.job and batch.job.error and not batch.problems:
            self.nothing_done(batch.job.error)
        return batch

    def name_problems(self, batch: ExportBatch) -> None:
        lines = problem_lines(batch)
        people = Graduate.objects.select_related("enrolment__student").in_bulk({pk for pk, _misfit in lines})
        for pk, misfit in lines:
            enrolment = people[pk].enrolment
            self.stdout.write(f"{enrolment.student_number} {enrolment.student.name}: {misfit}")

    def write(self, batch: ExportBatch, by: User, options: dict[str, Any]) -> Path:
        """Under a temporary name first: the folder never shows half an archive."""
        folder: Path = options["output"]
        file = zip_file(batch)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as target:
                for chunk in take_file(file=file, by=by, purpose=options["purpose"]):
                    target.write(chunk)
            path = folder / file.name
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return path
