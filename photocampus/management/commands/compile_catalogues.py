"""Compile the message catalogues, without a system gettext."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from photocampus.catalogues import compile_catalogues


class Command(BaseCommand):
    help = "Compiles message catalogues that are newer than their compiled form."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in compile_catalogues(Path(folder) for folder in settings.LOCALE_PATHS):
            if options["verbosity"] > 1:
                self.stdout.write(str(path))
