"""Runs one benchmark: Django set up, the database of the data folder migrated."""

from __future__ import annotations

import importlib
import sys

import django
from django.core.management import call_command


def main(name: str) -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    importlib.import_module(f"tests.bench.bench_{name}").run()


if __name__ == "__main__":
    main(sys.argv[1])
