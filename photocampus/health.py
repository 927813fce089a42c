"""`GET /healthz`: 200 when database, storage and worker are well, else 503 and the name of what is not."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from photocampus.models import WorkerBeat
from photocampus.views import PublicPage

logger = logging.getLogger("photocampus.health")
WORKER_SILENCE = timedelta(seconds=60)


def database_is_well() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def storage_is_well() -> bool:
    """The storage answers; whether this name exists does not matter."""
    default_storage.exists("healthz")
    return True


def worker_is_well() -> bool:
    return WorkerBeat.objects.filter(at__gte=timezone.now() - WORKER_SILENCE).exists()


CHECKS: dict[str, Callable[[], bool]] = {
    "database": database_is_well,
    "storage": storage_is_well,
    "worker": worker_is_well,
}


def health() -> dict[str, bool]:
    """Which of the three are well. Never raises: a check that fails is an answer."""
    answers = {}
    for name, check in CHECKS.items():
        try:
            answers[name] = check()
        except Exception:
            logger.exception("%s is not well", name)
            answers[name] = False
    return answers


class Health(PublicPage):
    """For the supervisor and the monitoring; tells nothing but well or not."""

    def get(self, request: HttpRequest) -> JsonResponse:
        answers = health()
        return JsonResponse(answers, status=200 if all(answers.values()) else 503)
