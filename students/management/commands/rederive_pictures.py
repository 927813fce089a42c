"""`manage.py rederive_pictures`: renditions and findings under the present image profiles, from the originals."""

import time
from collections import Counter
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from photocampus.commands import REJECTED, PortalCommand
from photocampus.errors import DomainError
from photocampus.jobs import requeue_lost_jobs, run_job
from photocampus.models import Job, User
from students.filing import Profiles, profiles_of
from students.models import Photo
from students.rederive import (
    COUNTS,
    chosen_photos,
    derive,
    each,
    outdated_photos,
    standing_renditions,
    start_rederive,
)
from units.models import Campaign

REPORT_EVERY = 200


class Command(PortalCommand):
    help = (
        "Make the renditions that are missing under a campaign's present image profiles, and check its pictures again."
        " Runs as a job: killed, it is continued by a worker or by the same command. What exists is never written over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--campaign", required=True, help="code of the campaign whose people's pictures are meant"
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing; say what would come out")
        parser.add_argument(
            "--standard",
            default="",
            help="with --dry-run: the profiles of this campaign, such as next year's",
        )

    def act(self, *, by: User, **options: Any) -> int:
        campaign = self.find_campaign(options["campaign"])
        if options["dry_run"]:
            standard = self.find_campaign(options["standard"] or options["campaign"])
            return self.foretell(campaign, profiles_of(standard))
        if options["standard"]:
            self.nothing_done(_("Another campaign's profiles can only be tried with --dry-run."))
        requeue_lost_jobs()
        job = start_rederive(campaign=campaign, by=by)
        while not run_job(job.pk) and Job.objects.get(pk=job.pk).is_open:
            time.sleep(0.5)  # a worker has it
        job.refresh_from_db()
        if job.error:
            self.nothing_done(job.error)
        left = outdated_photos(campaign, profiles_of(campaign))
        return self.report(Counter(job.result or {}), [photo.public_id for photo in each(left)])

    def find_campaign(self, code: str) -> Campaign:
        campaign = Campaign.objects.filter(code=code).first()
        if campaign is None:
            self.nothing_done(_("There is no campaign %(code)s.") % {"code": code})
        return campaign

    def foretell(self, campaign: Campaign, profiles: Profiles) -> int:
        """Everything is decoded, rendered and measured; only the counts are kept."""
        photos = chosen_photos(campaign)
        total = photos.count()
        if not total:
            self.nothing_done(_("The campaign has no pictures."))
        counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        codes: Counter[str] = Counter()
        unreadable: list[str] = []
        for photo in each(photos):
            self.count(photo, profiles, counts, codes, unreadable)
            done = counts["checked"] + counts["unreadable"]
            if done % REPORT_EVERY == 0:
                self.stdout.write(f"{done}/{total}")
        for code, pictures in sorted(codes.items()):
            self.stdout.write(f"{code}: {pictures}")
        return self.report(counts, unreadable)

    def count(
        self,
        photo: Photo,
        profiles: Profiles,
        counts: Counter[str],
        codes: Counter[str],
        unreadable: list[str],
    ) -> None:
        try:
            derived = derive(photo, profiles, standing=standing_renditions(photo))
        except (DomainError, OSError):
            counts["unreadable"] += 1
            unreadable.append(photo.public_id)
            return
        counts.update(derived.counted)
        counts["made"] += len(derived.missing)
        counts["compared"] += derived.processed.look != photo.look
        codes.update(set(derived.refusals))

    def report(self, counts: Counter[str], unreadable: list[str]) -> int:
        for public_id in unreadable:
            self.stdout.write(_("Picture %(picture)s cannot be read.") % {"picture": public_id})
        self.stdout.write(" ".join(f"{name}={counts[name]}" for name in COUNTS))
        return REJECTED if unreadable or counts["incomplete"] else 0
