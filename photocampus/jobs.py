"""Long work that people can watch and that survives a killed process (design §6).

A kind of job is one function, registered by name. It works in short committed pieces, each of which may be repeated,
and reports progress between them. `Job` is the truth: whoever holds its lease works. A worker that dies stops beating;
`requeue_lost_jobs`, which every worker runs, hands its jobs to the next one.
"""

import importlib
import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.models import Job, JobState, User

logger = logging.getLogger("photocampus.jobs")
CRASH_VARIABLE = "PHOTOCAMPUS_TEST_CRASH_AT"


class JobCancelled(Exception):
    """Somebody asked for the job to stop; raised between two pieces."""


class LeaseLost(Exception):
    """Another worker has the job now; this one must write nothing more."""


class CannotCancel(DomainError):
    code = "cannot_cancel"
    message = _("This job cannot be cancelled: it has ended, or stopping it half-way would not be safe.")


@dataclass(frozen=True)
class JobKind:
    name: str
    title: str | Promise
    run: Callable[["JobContext"], Mapping[str, Any] | None]
    cancellable: bool


_kinds: dict[str, JobKind] = {}


def job_kind(
    name: str, *, title: str | Promise, cancellable: bool = False
) -> Callable[[Callable[["JobContext"], Any]], Callable[["JobContext"], Any]]:
    """Register a function as a kind of job. It gets a `JobContext` and returns the result (small, no personal data)."""

    def register(run: Callable[[JobContext], Any]) -> Callable[[JobContext], Any]:
        _kinds[name] = JobKind(name, title, run, cancellable)
        return run

    return register


def load_kinds() -> None:
    """Import every app's `jobs` module."""
    for config in apps.get_app_configs():
        if config.name in ("photocampus", "units", "students", "sessions"):
            module = f"{config.name}.jobs"
            if importlib.util.find_spec(module):
                importlib.import_module(module)


def all_kinds() -> dict[str, JobKind]:
    load_kinds()
    return dict(_kinds)


def get_kind(name: str) -> JobKind:
    if name not in _kinds:
        load_kinds()
    return _kinds[name]


def worker_name() -> str:
    """`host:pid:random`: lets a worker on the same host see at once that another has died."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def start_job(
    kind: str, *, by: User | None, args: Mapping[str, Any], label: str = "", url: str = "", total: int = 0
) -> Job:
    """Create the job and put it on the queue when the transaction commits. `args` are ids, never personal data."""
    get_kind(kind)
    job = Job.objects.create(kind=kind, by=by, args=dict(args), label=label[:200], url=url, total=total)
    transaction.on_commit(lambda: enqueue(job.pk))
    return job


def enqueue(job_id: int) -> None:
    from photocampus.tasks import run_job_task

    run_job_task.enqueue(job_id)


def cancel_job(*, job: Job, by: User) -> None:
    """Ask the job to stop after its current piece. Harmless when repeated; raises `CannotCancel`."""
    if not job.is_open or not get_kind(job.kind).cancellable:
        raise CannotCancel()
    stamp = timezone.now()
    Job.objects.filter(pk=job.pk, cancel_requested_at=None, finished_at=None).update(
        cancel_requested_at=stamp
    )
    Job.objects.filter(pk=job.pk, state=JobState.QUEUED, lease_until=None).update(
        state=JobState.CANCELLED, finished_at=stamp
    )


def lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim_job(job_id: int, worker: str) -> Job | None:
    """Take the job if nobody holds it or its holder stopped beating. One UPDATE decides between two workers."""
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    taken = Job.objects.filter(
        free, pk=job_id, finished_at=None, state__in=[JobState.QUEUED, JobState.RUNNING]
    ).update(
        worker=worker,
        lease_until=lease_end(),
        attempt=F("attempt") + 1,
        state=JobState.RUNNING,
    )
    if not taken:
        return None
    Job.objects.filter(pk=job_id, started_at=None).update(started_at=timezone.now())
    return Job.objects.select_related("by").get(pk=job_id)


class JobContext:
    """What a running job sees: its arguments, and the means to report, to stop, and to prove that it still holds the lease."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.args: dict[str, Any] = job.args
        self.by: User | None = job.by

    def _mine(self) -> Any:
        return Job.objects.filter(
            pk=self.job.pk, worker=self.job.worker, attempt=self.job.attempt, finished_at=None
        )

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Write progress and renew the lease. Call it between pieces, outside their transactions.

        Raises `JobCancelled` when somebody asked to stop and `LeaseLost` when another worker took over.
        """
        if not self._mine().update(done=done, total=total, note=note[:200], lease_until=lease_end()):
            raise LeaseLost()
        if Job.objects.filter(pk=self.job.pk, cancel_requested_at__isnull=False).exists():
            raise JobCancelled()

    def hold(self) -> None:
        """Inside a piece's transaction: lock the row and make sure that the lease is still ours, else `LeaseLost`."""
        if self._mine().select_for_update().first() is None:
            raise LeaseLost()

    def keep(self, result: Mapping[str, Any]) -> None:
        """Inside a piece's transaction: what the next attempt goes on from, should this one die (`job.result`)."""
        if not self._mine().update(result=dict(result)):
            raise LeaseLost()

    def checkpoint(self, name: str) -> None:
        """A named point at which tests may kill the process: `PHOTOCAMPUS_TEST_CRASH_AT=name` or `name:3` (third visit)."""
        crash_point(name)


_visits: dict[str, int] = {}


def crash_point(name: str) -> None:
    """Kill this process here if the environment asks for it; see `JobContext.checkpoint`."""
    wanted = os.environ.get(CRASH_VARIABLE)
    if not wanted:
        return
    target, _sep, count = wanted.partition(":")
    if target == name:
        _visits[name] = _visits.get(name, 0) + 1
        if _visits[name] >= int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)


def run_job(job_id: int, *, worker: str | None = None, heartbeat: bool = True) -> bool:
    """Claim and run the job; False when somebody else has it or it has ended. Never raises for the job's own failure."""
    job = claim_job(job_id, worker or worker_name())
    if job is None:
        return False
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(job, stop), daemon=True)
    if heartbeat:
        beating.start()
    try:
        _run_claimed(job)
    finally:
        stop.set()
        if heartbeat:
            beating.join(timeout=5)
    return True


def _run_claimed(job: Job) -> None:
    context = JobContext(job)
    try:
        context.progress(job.done, job.total, job.note)
        result = get_kind(job.kind).run(context)
    except LeaseLost:
        logger.warning("job %s: another worker took over", job.public_id)
    except JobCancelled:
        _finish(context, JobState.CANCELLED)
    except DomainError as error:
        _finish(context, JobState.FAILED, error=str(error), error_code=error.code)
    except Exception:
        logger.exception("job %s (%s) failed", job.public_id, job.kind)
        message = _(
            "An unexpected error happened. Nothing was half-written; please tell the administrator the job's number."
        )
        _finish(context, JobState.FAILED, error=str(message), error_code="crash")
    else:
        _finish(context, JobState.DONE, result=dict(result or {}))


def _finish(context: JobContext, state: str, **changes: Any) -> None:
    if state == JobState.DONE:
        changes["done"] = F("total")
    context._mine().update(state=state, finished_at=timezone.now(), lease_until=None, **changes)


def _beat(job: Job, stop: threading.Event) -> None:
    """Renew the lease until the job ends. A thread of its own, so that a long piece does not lose it."""
    try:
        while not stop.wait(settings.JOB_LEASE_SECONDS / 4):
            Job.objects.filter(pk=job.pk, worker=job.worker, attempt=job.attempt, finished_at=None).update(
                lease_until=lease_end()
            )
            close_old_connections()
    except Exception:
        logger.exception("heartbeat of job %s stopped", job.public_id)
    finally:
        connection.close()


def requeue_lost_jobs() -> int:
    """Put jobs whose worker died back on the queue; returns how many. Every worker runs this all the time.

    Dead means: the lease ran out, or the worker's process on this host no longer exists. A job that waits unclaimed for
    long (its call was lost with a worker) is called again; a claim decides, so a call too many does nothing.
    """
    now = timezone.now()
    lost = 0
    for job in Job.objects.filter(state=JobState.RUNNING).only("pk", "worker", "lease_until", "attempt"):
        if (job.lease_until and job.lease_until < now) or _is_dead_here(job.worker):
            again = Job.objects.filter(pk=job.pk, attempt=job.attempt, worker=job.worker, finished_at=None)
            if again.update(state=JobState.QUEUED, lease_until=None, worker=""):
                enqueue(job.pk)
                lost += 1
    stale = now - timedelta(seconds=settings.JOB_LEASE_SECONDS)
    for pk in Job.objects.filter(state=JobState.QUEUED, created_at__lt=stale).values_list("pk", flat=True):
        if not _is_called(pk):
            enqueue(pk)
            lost += 1
    return lost


def _is_dead_here(worker: str) -> bool:
    host, _sep, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname()[:40] or not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _is_called(job_id: int) -> bool:
    from django_tasks_db.models import DBTaskResult

    return any(
        call["args"] == [job_id]
        for call in DBTaskResult.objects.ready().values_list("args_kwargs", flat=True)
    )
