"""`make test`: every test that this machine can run, on SQLite and, where there is a server, on PostgreSQL.

    python -m tests.run [--only sqlite|postgres] [--workers N] [arguments for pytest]

PHOTOCAMPUS_REQUIRE_ALL=1 makes a missing server or browser a failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.machine import chromium_path, is_everything_required, postgres_address

BASE = Path(__file__).resolve().parent.parent


def run_pytest(title: str, environment: dict[str, str], *arguments: str) -> int:
    """One whole run of pytest; its closing line is left as it is. Gives the exit status."""
    print(f"\n=== {title} ===", flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", *arguments]
    status = subprocess.run(command, cwd=BASE, env={**os.environ, **environment}, check=False).returncode
    print(f"=== {title}: exit status {status} after {time.monotonic() - started:.0f} s ===", flush=True)
    return status


def run_on_sqlite(arguments: list[str]) -> int:
    environment = {"PHOTOCAMPUS_TEST_DATABASE_URL": ""}
    return run_pytest("SQLite", environment, *arguments)


def run_on_postgres(arguments: list[str]) -> int | None:
    """The exit status, or None if there is no server here."""
    with postgres_address() as address:
        if address is None:
            return None
        environment = {"PHOTOCAMPUS_TEST_DATABASE_URL": address}
        # Once is enough for pure rules, which see no database, and for how pages look. The pipeline goes through the pages
        # and the browser on both databases; here, where somebody waits, once.
        again = ["--database-only", "-m", "not looks and not soak"]
        if not is_everything_required():
            again = ["--database-only", "--no-pages", "-m", "not looks and not soak and not browser"]
        return run_pytest("PostgreSQL", environment, *again, *arguments)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    # One more than there are cores: browsers, servers and locks make tests wait.
    parser.add_argument("--workers", default=str((os.cpu_count() or 1) + 1))
    options, rest = parser.parse_known_args()
    arguments = ["-n", options.workers, "--dist", "loadgroup", *rest]
    statuses, missing = [], []
    if options.only != "postgres":
        statuses.append(run_on_sqlite(arguments))
    if options.only != "sqlite":
        status = run_on_postgres(arguments)
        if status is None:
            missing.append(
                "PostgreSQL: the suite did not run on it. Install a server (apt-get install postgresql) or name one "
                "in PHOTOCAMPUS_TEST_DATABASE_URL=postgres://user:password@host/database."
            )
        else:
            statuses.append(status)
    if chromium_path() is None:
        missing.append("Chromium: browser tests were skipped. apt-get install chromium fonts-noto-cjk")
    for line in missing:
        print(f"NOT RUN - {line}")
    if missing and is_everything_required():
        return 1
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(main())
