"""`manage.py demo`: campaign 2018 with invented people, each step done by the use case that the pages call."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from photocampus.commands import NOTHING_DONE
from photocampus.errors import DomainError
from sessions.demo.scene import STEPS, DemoFailed, log_in_lines
from sessions.demo.steps import NotEmpty, make_demo


class Command(BaseCommand):
    help = "Load the demonstration campaign into an empty database and print the log-ins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--units", type=int, default=12)
        parser.add_argument("--graduates", type=int, default=400)
        parser.add_argument("--seed", type=int, default=2018)
        parser.add_argument("--until", choices=STEPS, default=STEPS[-1], help="the last step to take")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()

        def say(text: str) -> None:
            self.stdout.write(f"{time.monotonic() - begun:6.1f} s  {text}")
            self.stdout.flush()

        try:
            scene = make_demo(
                units=options["units"],
                graduates=options["graduates"],
                seed=options["seed"],
                until=options["until"],
                say=say,
            )
        except NotEmpty:
            self._nothing_done(_("The database is not empty; the demonstration goes into an empty one only."))
        except (ValueError, DemoFailed, DomainError) as error:
            self._nothing_done(str(error))
        else:
            self.stdout.write("\n".join(["", _("Log-ins of the demonstration:"), *log_in_lines(scene)]))

    def _nothing_done(self, reason: str) -> None:
        self.stderr.write(reason)
        raise SystemExit(NOTHING_DONE)
