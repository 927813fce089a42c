"""`manage.py import_chsi_result`: takes the register's answer to a batch back in."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from photocampus.commands import REJECTED, PortalCommand, read_number
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
        parser.add_argument("--batch", type=read_number, required=True, help="number of the batch")
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
        batches = ExportBatch.objects.filter(number=options["batch"]).select_related("campaign")
        if options["campaign"]:
            batches = batches.filter(campaign__code=options["campaign"])
        found = list(batches[:2])
        if not found:
            self.nothing_done(_("There is no batch %(number)d.") % {"number": options["batch"]})
        if len(found) > 1:
            self.nothing_done(_("Several campaigns have a batch of this number; name one with --campaign."))
        return found[0]
