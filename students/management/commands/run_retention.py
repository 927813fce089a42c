"""`manage.py run_retention`: removes personal data of campaigns whose retention has ended. Run it every night."""

from typing import Any

from photocampus.commands import PortalCommand
from photocampus.models import User
from students.retention import run_retention


class Command(PortalCommand):
    help = "Remove personal data, pictures and files of campaigns whose retention has ended."

    def act(self, *, by: User, **options: Any) -> int:
        for removal in run_retention(by=by):
            counts = " ".join(f"{what}={count}" for what, count in removal.counts.items())
            self.stdout.write(f"{removal.campaign.code} {counts}".rstrip())
        return 0
