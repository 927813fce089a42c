"""`manage.py ingest_photos`: the studio's upload, from a folder or a ZIP file on this machine."""

import datetime as dt
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.commands import REJECTED, NoActor, PortalCommand
from photocampus.errors import DomainError
from photocampus.jobs import requeue_lost_jobs, run_job
from photocampus.lists import join_words
from photocampus.models import Job, User
from students.ingest import TRAY_STATES, open_batch, start_ingest
from students.ingest_reasons import reason_text
from students.models import IngestBatch, IngestState, MatchMode, Origin
from students.templatetags.pictures import masked_name
from units.models import Campaign, Contract, Studio, StudioMembership


class Command(PortalCommand):
    help = (
        "Read pictures from a folder or a ZIP file, match them by their names, file them. Runs as a job: killed, it is"
        " continued by a worker or by the same command. Acts for the contracted studio, as one of its users."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="folder or ZIP file")
        parser.add_argument("--campaign", required=True, help="code of the campaign")
        parser.add_argument("--match", choices=MatchMode.values, default=MatchMode.AUTO.value)
        parser.add_argument("--station", default="", help="whose shot numbers the order is compared with")
        parser.add_argument("--day", type=dt.date.fromisoformat, help="day of these shot numbers, YYYY-MM-DD")
        parser.add_argument("--studio", default="", help="code of the studio, where several have a contract")
        parser.add_argument("--unit", default="", help="match only people of this unit")
        parser.add_argument("--scans", action="store_true", help="the files are scans of prints")
        parser.add_argument("--user", default="", help="act as this user of the studio")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            status = self.ingest(**options)
        except DomainError as error:
            self.nothing_done(str(error))
        if status:
            raise SystemExit(status)

    def ingest(self, *, path: Path, match: str, scans: bool, **options: Any) -> int:
        if not path.exists():
            self.nothing_done(_("There is no folder or file %(path)s.") % {"path": path})
        campaign = Campaign.objects.filter(code=options["campaign"]).first()
        if campaign is None:
            self.nothing_done(_("There is no campaign %(code)s.") % {"code": options["campaign"]})
        studio = self.find_studio(campaign, options["studio"])
        batch = self.unfinished(campaign, studio, path)
        if batch is None:
            by = self.find_user(studio, options["user"])
            units = {unit.code: unit for unit in self.units_of(campaign, studio)}
            if options["unit"] and options["unit"] not in units:
                self.nothing_done(_("There is no unit %(code)s.") % {"code": options["unit"]})
            batch = open_batch(
                studio=studio,
                campaign=campaign,
                by=by,
                match=match,
                origin=Origin.SCAN if scans else Origin.ATTENDANCE,
                unit=units.get(options["unit"]),
                source=path,
                station=options["station"],
                day=options["day"],
            )
            start_ingest(batch=batch, by=by)
            batch.refresh_from_db()
        self.run(batch)
        return self.report(batch)

    def find_studio(self, campaign: Campaign, code: str) -> Studio:
        contracts = Contract.objects.filter(campaign=campaign).select_related("studio")
        studios = {contract.studio.code: contract.studio for contract in contracts}
        if code in studios:
            return studios[code]
        if code or len(studios) != 1:
            self.nothing_done(
                _("Name the studio with --studio; contracted are: %(codes)s.")
                % {"codes": join_words(sorted(studios))}
            )
        return next(iter(studios.values()))

    def find_user(self, studio: Studio, username: str) -> User:
        members = StudioMembership.objects.filter(studio=studio, ended_at=None, user__is_active=True)
        if username:
            members = members.filter(user__username=username)
        member = members.select_related("user").order_by("pk").first()
        if member is None:
            raise NoActor(name=username)
        return member.user

    def units_of(self, campaign: Campaign, studio: Studio) -> list[Any]:
        grants = studio.grants.filter(campaign=campaign, ended_at=None).select_related("unit")
        return [grant.unit for grant in grants]

    def unfinished(self, campaign: Campaign, studio: Studio, path: Path) -> IngestBatch | None:
        """An upload from the same place whose job was killed: it goes on where it stood."""
        requeue_lost_jobs()
        batches = IngestBatch.objects.filter(campaign=campaign, studio=studio, job__finished_at=None)
        for batch in batches.exclude(job=None).order_by("-pk"):
            if batch.source and batch.source.reveal() == str(path.resolve()):
                return batch
        return None

    def run(self, batch: IngestBatch) -> None:
        assert batch.job_id is not None
        while not run_job(batch.job_id) and Job.objects.get(pk=batch.job_id).is_open:
            time.sleep(0.5)  # a worker has it
        job = Job.objects.get(pk=batch.job_id)
        if job.error:
            self.nothing_done(job.error)

    def order_address(self, batch: IngestBatch) -> str:
        place = [batch.studio.code, batch.campaign.code, batch.public_id]
        return settings.BASE_URL + reverse("students:picture-order", args=place)

    def report(self, batch: IngestBatch) -> int:
        """One line of counts; every file that was not filed is named with its reason."""
        files = batch.files.exclude(state=IngestState.UNPACKED)
        counts = dict(files.values_list("state").annotate(n=Count("pk")).order_by())
        left = files.filter(state__in=TRAY_STATES).order_by("position")
        for row in left.iterator(chunk_size=500):
            self.stdout.write(f"{masked_name(row.name)}: {reason_text(row.reason, row.reason_data)}")
        tray = sum(counts.get(state, 0) for state in TRAY_STATES)
        filed, known = counts.get(IngestState.FILED, 0), counts.get(IngestState.KNOWN, 0)
        self.stdout.write(f"filed={filed} known={known} tray={tray}")
        if held := counts.get(IngestState.HELD, 0):
            self.stdout.write(
                _("held=%(held)d: the order of the frames waits for the studio: %(url)s")
                % {"held": held, "url": self.order_address(batch)}
            )
            return REJECTED
        if not filed and not known and not tray:
            self.nothing_done(_("There is no file to read."))
        return REJECTED if tray else 0
