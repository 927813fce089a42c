"""`manage.py worker`: does the background work, and takes over from workers that died."""

import logging
import threading
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker

from photocampus.chores import run_due_chores
from photocampus.jobs import requeue_lost_jobs, worker_name
from photocampus.models import WorkerBeat

logger = logging.getLogger("photocampus.jobs")
SWEEP_SECONDS = 2.0
CHORE_SECONDS = 5.0


class Command(BaseCommand):
    help = "Work on background jobs until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", action="store_true", help="Stop when nothing is left to do.")

    def handle(self, *args: Any, batch: bool, **options: Any) -> None:
        name = worker_name()
        sweep(name)
        stop = threading.Event()
        thread = threading.Thread(target=keep_sweeping, args=(name, stop), daemon=True)
        thread.start()
        # A thread of its own: a slow mail server must not look like a dead worker.
        chores = threading.Thread(target=keep_doing_chores, args=(stop,), daemon=True)
        if not batch:
            chores.start()
        worker = Worker(
            queue_names=["default"],
            interval=0.5,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=name[-64:],
            excluded_queue_names=[],
        )
        worker.configure_signals()
        try:
            worker.run()
        finally:
            stop.set()
            thread.join(timeout=5)
            if not batch:
                chores.join(timeout=5)
            WorkerBeat.objects.filter(worker=name).delete()


def sweep(name: str) -> None:
    """Say that we live, forget workers unseen for a day, and requeue what dead ones held."""
    now = timezone.now()
    WorkerBeat.objects.update_or_create(worker=name, defaults={"at": now})
    WorkerBeat.objects.filter(at__lt=now - timedelta(days=1)).delete()
    if count := requeue_lost_jobs():
        logger.warning("%d jobs of dead workers were put back on the queue", count)


def keep_sweeping(name: str, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_SECONDS):
        try:
            close_old_connections()
            sweep(name)
        except OperationalError:
            logger.warning("the database was busy; sweeping again soon")
    connection.close()


def keep_doing_chores(stop: threading.Event) -> None:
    while not stop.wait(CHORE_SECONDS):
        try:
            close_old_connections()
            run_due_chores()
        except OperationalError:
            logger.warning("the database was busy; the regular work comes round again")
    connection.close()
