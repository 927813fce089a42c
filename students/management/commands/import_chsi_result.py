"""`manage.py import_chsi_result`: takes the register's answer to a batch back in."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from photocampus.commands import OTHER_CAMPAIGN, REJECTED, PortalCommand, read_batch
from photocampus.models import User
from students.answers import apply_answer
from students.models import ExportBatch


class Command(PortalCommand):
    help = (
        "Read the register's answer (XLSX, XLS, CSV or DBF) to a batch. The same file twice changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--batch", type=read_batch, required=True, help="the batch: 1 or 2018-0001")
        parser.add_argument("--campaign", default="", help="code; needed when two campaigns have this number")

    def act(self, *, by: User, **options: Any) -> int:
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            self.nothing_done(str(error.strerror))
        plan = apply_answer(batch=self.find(options), data=data, by=by)
        for problem in plan.problems:
            self.stdout.write(_("line %(line)d: %(reason)s") % {"line": problem.line, "reason": problem})
        self.stdout.write(" ".join(f"{name}={count}" for name, count in plan.counts.items()))
        if not plan.changes and not plan.unchanged:
            self.nothing_done(_("No row of the file answers for a person of this batch."))
        return REJECTED if plan.problems else 0

    def find(self, options: dict[str, Any]) -> ExportBatch:
        (written, number), code = options["batch"], options["campaign"]
        if written and code and written != code:
            self.nothing_done(OTHER_CAMPAIGN % {"batch": f"{written}-{number}", "code": code})
        batches = ExportBatch.objects.filter(number=number).select_related("campaign")
        if code := code or written:
            batches = batches.filter(campaign__code=code)
        found = list(batches[:2])
        if not found and code:
            self.nothing_done(
                _("Campaign %(code)s has no batch %(number)d.") % {"code": code, "number": number}
            )
        if not found:
            self.nothing_done(_("There is no batch %(number)d.") % {"number": number})
        if len(found) > 1:
            self.nothing_done(_("Several campaigns have a batch of this number; name one with --campaign."))
        return found[0]
