"""`manage.py serve` as a person starts and stops it: real processes on a data folder of their own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from tests.machine import free_port
from tests.template_database import copy_template_to

PATIENCE = 300  # on a machine that does much else besides


class Portal:
    """A running `serve`, and what it said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOCAMPUS_")}
        self.environment = clean | {
            "PHOTOCAMPUS_VAR": str(folder),
            "PHOTOCAMPUS_DEMO": "0",
            "PORT": str(self.port),
            "PHOTOCAMPUS_WEB_WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "photocampus.settings",
            "PYTHONUNBUFFERED": "1",
        }

    def start(self) -> None:
        self.lines: list[str] = []
        self.is_over = False
        self.news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=settings.BASE_DIR, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()
        with self.news:
            self.is_over = True
            self.news.notify_all()

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def wait_for(self, text: str) -> None:
        with self.news:
            ended = self.news.wait_for(lambda: self.is_over or self.has_said(text), timeout=PATIENCE)
        assert ended and self.has_said(text), f"{text!r} was not said: {''.join(self.lines)}"

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        return self.process.wait(timeout=PATIENCE)

    def children(self) -> list[int]:
        """Processes whose parent is `serve`, oldest first."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in listed.stdout.split()]


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    portal = Portal(tmp_path / "var")
    portal.folder.mkdir()
    copy_template_to(portal.folder / "photocampus.sqlite3")  # migrating from nothing takes long
    yield portal
    if portal.process.poll() is None:
        portal.process.terminate()
        portal.process.wait(timeout=PATIENCE)


def test_serve_starts_everything_replaces_a_dead_worker_and_stops_cleanly(portal: Portal):
    portal.start()
    portal.wait_for("Ctrl-C stops everything.")
    assert "Open it in a browser to set up your school.\n" in portal.lines
    assert portal.status_of("/") == 200  # redirected to the page that sets up the school
    worker, server = portal.children()
    os.kill(worker, signal.SIGKILL)
    portal.wait_for("The worker ended with status -9; starting it again.")
    assert portal.stop(signal.SIGINT) == 0
    assert not alive(server)

    # A second time it goes on with the same data, and says no to a port that is taken.
    keys = {path.name: path.read_bytes() for path in (portal.folder / "keys").iterdir()}
    before = migrations_applied(portal.folder)
    portal.start()
    portal.wait_for("Ctrl-C stops everything.")
    second = subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=settings.BASE_DIR, env=portal.environment,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert second.returncode != 0
    assert f"Cannot listen on 127.0.0.1:{portal.port}" in second.stderr
    assert portal.stop(signal.SIGTERM) == 0
    assert {path.name: path.read_bytes() for path in (portal.folder / "keys").iterdir()} == keys
    assert migrations_applied(portal.folder) == before


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def migrations_applied(folder: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(folder / "photocampus.sqlite3")) as database:
        return database.execute("SELECT app, name, applied FROM django_migrations ORDER BY id").fetchall()
