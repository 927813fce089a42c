"""The whole portal in one process group: migrations, demonstration if empty, a worker and gunicorn."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

PATIENCE = 10.0  # seconds that a child has to end by itself
UPLOAD_TIMEOUT = 900  # seconds; a slow line takes that long for a large upload
PR_SET_PDEATHSIG = 1


def log_in_file() -> Path:
    """Where the demonstration keeps its log-ins, readable by the owner only."""
    return settings.VAR / "demo-logins.txt"


def is_database_empty() -> bool:
    """Nobody set up a school and nobody can log in."""
    school = apps.get_model("photocampus", "School")
    return not school.objects.exists() and not get_user_model().objects.exists()


def end_with_parent() -> None:
    """Let the kernel stop this child when `serve` is killed outright; Linux only, elsewhere without effect."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A process that belongs to the portal and may be started again."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command, self.failures = name, command, 0
        self.start()

    def start(self) -> None:
        self.started = time.monotonic()
        # A session of its own: Ctrl-C reaches `serve` alone, which then stops the children in order.
        self.process = subprocess.Popen(
            self.command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=end_with_parent,
        )  # fmt: skip

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def restart(self) -> None:
        """Start again, each time a little later if it keeps dying at once."""
        self.failures = self.failures + 1 if time.monotonic() - self.started < 10 else 0
        time.sleep(min(self.failures, 10))
        self.start()

    def ask_to_end(self) -> None:
        if not self.has_ended():
            self.process.terminate()

    def wait_for_end(self, until: float) -> None:
        try:
            self.process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Command(BaseCommand):
    help = "Migrates, loads the demonstration into an empty database, and serves until it is told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = "127.0.0.1", int(os.environ.get("PORT", "8000"))
        refuse_if_taken(host, port)
        # For what the children print on papers and into mails, unless a real address was given.
        os.environ.setdefault("PHOTOCAMPUS_BASE_URL", f"http://{host}:{port}")
        # SIGINT, too: a shell that starts something in the background makes it deaf to Ctrl-C.
        signal.signal(signal.SIGINT, raise_interrupt)
        signal.signal(signal.SIGTERM, raise_interrupt)
        children: list[Child] = []
        try:
            self.prepare()
            worker = Child("worker", [sys.executable, "manage.py", "worker"])
            children.append(worker)
            server = Child("server", gunicorn_command(host, port))
            children.append(server)
            wait_until_answering(f"http://{host}:{port}/healthz", lambda: not server.has_ended())
            self.greet(f"http://{host}:{port}/")
            self.watch(server, worker)
        except KeyboardInterrupt:
            self.stdout.write("Stopping …")
        finally:
            stop(children)

    def watch(self, server: Child, worker: Child) -> None:
        """Until the server ends; a worker that dies is replaced."""
        while not server.has_ended():
            if worker.has_ended():
                self.stderr.write(
                    f"The worker ended with status {worker.process.returncode}; starting it again."
                )
                worker.restart()
            time.sleep(0.5)
        raise CommandError(f"The web server ended with status {server.process.returncode}.")

    def prepare(self) -> None:
        """Bring database and static files up to this version; a second time changes nothing."""
        call_command("migrate", interactive=False, verbosity=0)
        if are_static_files_stale():
            call_command("collectstatic", interactive=False, verbosity=0)
        if os.environ.get("PHOTOCAMPUS_DEMO") != "0" and "demo" in get_commands() and is_database_empty():
            self.stdout.write("The database is empty: loading the demonstration campaign.")
            call_command("demo")

    def greet(self, address: str) -> None:
        self.stdout.write(f"\nphotocampus is at {address}\n")
        if log_in_file().exists():
            self.stdout.write(log_in_file().read_text(encoding="utf-8"))
        elif is_database_empty():
            self.stdout.write("Open it in a browser to set up your school.")
        self.stdout.write("Ctrl-C stops everything.")
        self.stdout.flush()


def gunicorn_command(host: str, port: int) -> list[str]:
    """Threads, because uploads are slow and pages are not; the time-out is longer than any upload."""
    return [
        sys.executable, "-m", "gunicorn", "photocampus.wsgi:application",
        "--bind", f"{host}:{port}",
        "--worker-class", "gthread", "--workers", os.environ.get("PHOTOCAMPUS_WEB_WORKERS", "2"), "--threads", "8",
        "--timeout", str(UPLOAD_TIMEOUT), "--graceful-timeout", "5", "--keep-alive", "5",
        "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip


def refuse_if_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port} ({error.strerror}); try PORT=8001.") from None


def are_static_files_stale() -> bool:
    """Never collected, or something in `static/` changed since: the manifest is written last."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    sources = [path for path in (settings.BASE_DIR / "static").rglob("*") if path.is_file()]
    return not manifest.exists() or any(path.stat().st_mtime > manifest.stat().st_mtime for path in sources)


def wait_until_answering(address: str, is_alive: Callable[[], bool]) -> None:
    """Until the portal answers at all; an unwell answer is an answer."""
    hosts = [host for host in settings.ALLOWED_HOSTS if host and host[0] not in "*."]
    request = urllib.request.Request(address, headers={"Host": hosts[0]} if hosts else {})  # noqa: S310
    until = time.monotonic() + 60
    while is_alive() and time.monotonic() < until:
        try:
            urllib.request.urlopen(request, timeout=5)  # noqa: S310
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return


def stop(children: list[Child]) -> None:
    """Ask all of them, then wait; who does not end in time is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in children:
        child.ask_to_end()
    until = time.monotonic() + PATIENCE
    for child in children:
        child.wait_for_end(until)


def raise_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
