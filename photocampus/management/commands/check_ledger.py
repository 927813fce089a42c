"""`manage.py check_ledger`: re-derives every count and state from the facts and prints each disagreement."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from photocampus.ledger import disagreements, load_checks


class Command(BaseCommand):
    help = "Compare what is stored with the facts it rests on. Exit status 1 if anything disagrees."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", nargs="*", default=[], help="names of checks; all without this")

    def handle(self, *args: Any, **options: Any) -> None:
        checks = load_checks()
        unknown = set(options["only"]) - set(checks)
        if unknown:
            self.stderr.write(
                f"no such check: {', '.join(sorted(unknown))}; known: {', '.join(sorted(checks))}"
            )
            sys.exit(2)
        found = 0
        for disagreement in disagreements(options["only"]):
            self.stdout.write(str(disagreement))
            found += 1
        if found:
            self.stderr.write(f"{found} disagreements")
            sys.exit(1)
        self.stdout.write(f"{len(options['only'] or checks)} checks, no disagreement")
