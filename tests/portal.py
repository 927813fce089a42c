"""A running portal of its own for browser tests: data folder, database, server and worker as `manage.py serve` starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from tests.machine import free_port
from tests.template_database import copy_template_to

PASSWORD = "Probe-2018-Probe"
PATIENCE = 180


class RunningPortal:
    """`url` leads to it; `manage` runs a command on its data; everything it said is in `log`."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "serve.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOCAMPUS_")}
        self.environment = clean | {
            "PHOTOCAMPUS_VAR": str(folder / "var"),
            "PHOTOCAMPUS_DEMO_PASSWORD": PASSWORD,
            "PHOTOCAMPUS_BASE_URL": self.url,
            "PHOTOCAMPUS_WEB_WORKERS": "1",
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "photocampus.settings",
            "PYTHONPATH": str(settings.BASE_DIR),
        }
        if database:
            self.environment["PHOTOCAMPUS_DATABASE_URL"] = database

    def manage(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "manage.py", *command, check=check)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def migrate(self) -> None:
        """The tables, empty: copied where a migrated database is at hand."""
        if "PHOTOCAMPUS_DATABASE_URL" not in self.environment:
            (self.folder / "var").mkdir(exist_ok=True)
            copy_template_to(self.folder / "var" / "photocampus.sqlite3")
        self.manage("migrate", "--verbosity", "0")

    @contextmanager
    def serving(self) -> Iterator[None]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=settings.BASE_DIR, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                self._wait(process)
                yield
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        raise AssertionError(self.log.read_text(errors="replace")[-3000:])


@contextmanager
def portal_database(name: str) -> Iterator[str]:
    """A new database on the test run's PostgreSQL server, migrated if it has a template; "" for SQLite in the data folder."""
    address = os.environ.get("PHOTOCAMPUS_TEST_DATABASE_URL", "")
    if not address:
        yield ""
        return
    import psycopg

    parts = urlsplit(address)
    server = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        template = os.environ.get("PHOTOCAMPUS_TEST_TEMPLATE", "template1")
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
