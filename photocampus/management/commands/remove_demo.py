"""`manage.py remove_demo`: takes the demonstration out, before a real campaign goes in."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from photocampus.demo_removal import remove_demo
from photocampus.errors import DomainError


class Command(BaseCommand):
    help = "Take the demonstration out: rows, files, accounts, logs. Exit status 2 if there is nothing to take out."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = remove_demo()
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(
            "{rows} rows, {files} files and {accounts} accounts removed. "
            "Restart the portal; without an administrator it begins with the set-up.".format(**counts)
        )
