"""`manage.py import_roster`: the roster upload of the portal, from the shell."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from photocampus.commands import REJECTED, PortalCommand
from photocampus.jobs import run_job
from photocampus.models import Job, User
from photocampus.sheets import write_report
from students.models import Completeness, RosterUpload, RowKind, UploadState
from students.roster_columns import BY_FIELD
from students.roster_uploads import ask_apply, discard_upload, start_upload
from students.row_problems import sentence
from students.staging import payload_sealer, unpack
from units.models import Campaign, Unit


class Command(PortalCommand):
    help = (
        "Read a roster file (XLSX, XLS, CSV), show what it means and apply all good rows."
        " Graduates missing from a complete file are only counted; the portal asks what became of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--campaign", required=True, help="code of the campaign")
        parser.add_argument(
            "--unit", default="", help="code of the unit; without it rows of all units are taken"
        )
        parser.add_argument("--dry-run", action="store_true", help="only the preview; nothing is changed")
        parser.add_argument(
            "--report", type=Path, help="write the refused rows here (XLSX or CSV, numbers masked)"
        )
        parser.add_argument("--completeness", choices=Completeness.values, default=Completeness.ADDS)

    def act(self, *, by: User, **options: Any) -> int:
        campaign, unit = self.find(options)
        try:
            with options["file"].open("rb") as file:
                upload = start_upload(
                    campaign=campaign, unit=unit, file=file, name=options["file"].name,
                    completeness=options["completeness"], by=by,
                )  # fmt: skip
        except OSError as error:
            self.nothing_done(str(error.strerror))
        upload = self.finish(upload)
        if upload.state == UploadState.FAILED:
            self.nothing_done(upload.error)
        refused = self.report(upload, options["report"])
        if not options["dry_run"]:
            upload = self.apply(upload, by)
        self.stdout.write(" ".join(f"{kind}={upload.counts.get(kind, 0)}" for kind in RowKind.values))
        good = sum(upload.counts.get(kind, 0) for kind in (RowKind.NEW, RowKind.CHANGED, RowKind.UNCHANGED))
        if upload.state == UploadState.PREVIEWED:
            discard_upload(upload=upload, by=by)
        if not good:
            self.nothing_done(_("No row of the file could be taken."))
        return REJECTED if refused else 0

    def find(self, options: dict[str, Any]) -> tuple[Campaign, Unit | None]:
        campaign = Campaign.objects.filter(code=options["campaign"]).first()
        if campaign is None:
            self.nothing_done(_("There is no campaign %(code)s.") % {"code": options["campaign"]})
        unit = Unit.objects.filter(code=options["unit"]).first()
        if unit is None and options["unit"]:
            self.nothing_done(_("There is no unit %(code)s.") % {"code": options["unit"]})
        return campaign, unit

    def finish(self, upload: RosterUpload) -> RosterUpload:
        """The upload's job runs here unless a worker was faster; then its end is waited for."""
        upload = RosterUpload.objects.select_related("campaign", "unit").get(pk=upload.pk)
        assert upload.job_id is not None
        while not run_job(upload.job_id) and Job.objects.get(pk=upload.job_id).is_open:
            time.sleep(0.5)  # a worker has it
        job = Job.objects.get(pk=upload.job_id)
        if job.error:
            self.nothing_done(job.error)
        return RosterUpload.objects.select_related("campaign", "unit").get(pk=upload.pk)

    def apply(self, upload: RosterUpload, by: User) -> RosterUpload:
        """Apply; once more when somebody changed the roster in between."""
        for _attempt in range(3):
            if not (upload.counts.get(RowKind.NEW) or upload.counts.get(RowKind.CHANGED)):
                return upload
            ask_apply(upload=upload, by=by)
            upload = self.finish(upload)
            if upload.state == UploadState.APPLIED:
                return upload
        return self.nothing_done(_("The roster keeps being changed by somebody else. Try again later."))

    def report(self, upload: RosterUpload, path: Path | None) -> int:
        """Name every refused row: in the report file, else on standard output. Returns how many there are."""
        lines = list(refusals(upload))
        if path is not None:
            write_report(path, headings=["行", "列", "值", "原因"], rows=lines)
        else:
            for line, column, value, reason in lines:
                self.stdout.write(f"{line} {column} {value} {reason}")
        return upload.counts.get(RowKind.REFUSED, 0)


def refusals(upload: RosterUpload) -> Iterator[tuple[int, str, str, str]]:
    """(line, column, value as it may be shown, reason) of every problem."""
    sealer = payload_sealer()
    for row in upload.rows.filter(kind=RowKind.REFUSED).order_by("line").iterator(chunk_size=2000):
        _values, rest = unpack(sealer.open(row.payload.sealed))
        for field, shown, code, data in rest["findings"]:
            yield row.line, BY_FIELD[field].heading, shown, sentence(code, data)
