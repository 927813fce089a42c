"""Running a job in a child process that a test may kill, as a worker is killed."""

import contextlib
import os
import signal
import traceback

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from photocampus import jobs


def run_in_child(job_id: int, crash_at: str = "") -> bool:
    """Run the job in a process of its own; True if it came to the job's end, False if it was killed at `crash_at`."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            inherited = forget_connections()  # noqa: F841  # kept, so that nothing closes them
            os.environ[jobs.CRASH_VARIABLE] = crash_at
            jobs._visits.clear()
            jobs.run_job(job_id, heartbeat=False)
            connections.close_all()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def forget_connections() -> list[BaseDatabaseWrapper]:
    """Make the child open connections of its own.

    `close_all` in the parent reaches only those of its asynchronous side while a browser test's event loop is alive in
    the thread; the child, which has no loop, would take up one that belongs to both.
    """
    inherited = connections.all(initialized_only=True)
    for alias in connections:
        with contextlib.suppress(AttributeError):
            del connections[alias]
    return inherited


def restart_workers() -> None:
    """What every worker does all the time: find jobs whose worker died and put them back. Nobody presses anything."""
    jobs.requeue_lost_jobs()
