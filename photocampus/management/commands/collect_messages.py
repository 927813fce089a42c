"""Bring the Chinese catalogue up to the sentences of sources and templates."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from photocampus.catalogues import messages_of, update_catalogue


class Command(BaseCommand):
    help = "Collects every sentence to translate; prints those that have no translation yet."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        catalog = update_catalogue(settings.BASE_DIR)
        empty = [message for message in messages_of(catalog) if not message.string or not any(message.string)]
        for message in empty:
            self.stdout.write(message.id if isinstance(message.id, str) else message.id[0])
        self.stdout.write(f"{len(catalog)} sentences, {len(empty)} without translation")
        sys.exit(1 if empty else 0)
