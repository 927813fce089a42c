"""`manage.py run_chores`: one round of the regular work that a running worker does by itself."""

from typing import Any

from django.core.management.base import BaseCommand

from photocampus.chores import run_due_chores


class Command(BaseCommand):
    help = "Do what is due by the clock now: lapses, reminders, messages, mail. Harmless when repeated."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in run_due_chores(all_of_them=True).items():
            self.stdout.write(f"{name}: {count}")
