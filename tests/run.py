"""`make test`: every test that this machine can run, on SQLite and, where there is a server, on PostgreSQL.

    python -m tests.run [--only sqlite|postgres] [--workers N] [arguments for pytest]

PHOTOCAMPUS_REQUIRE_ALL=1 makes a missing server or browser a failure.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from tests.machine import chromium_path, is_everything_required, postgres_address
from tests.template_database import make_postgres_template

BASE = Path(__file__).resolve().parent.parent


def run_pytest(title: str, environment: dict[str, str], *arguments: str, log: IO[str] | None = None) -> int:
    """One whole run of pytest; its closing line is left as it is. Gives the exit status."""
    print(f"\n=== {title} ===", flush=True, file=log)
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", *arguments]
    # Many processes, here and in the tests: where bytecode is not kept, each of them compiles everything anew.
    complete = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}
    status = subprocess.run(command, cwd=BASE, env=complete, check=False, stdout=log, stderr=log).returncode
    print(
        f"=== {title}: exit status {status} after {time.monotonic() - started:.0f} s ===",
        flush=True,
        file=log,
    )
    return status


def run_on_sqlite(arguments: list[str]) -> int:
    environment = {"PHOTOCAMPUS_TEST_DATABASE_URL": ""}
    return run_pytest("SQLite", environment, *arguments)


def run_on_postgres(arguments: list[str], log: IO[str] | None = None) -> int | None:
    """The exit status, or None if there is no server here."""
    with postgres_address() as address:
        if address is None:
            return None
        environment = {"PHOTOCAMPUS_TEST_DATABASE_URL": address}
        if "PHOTOCAMPUS_TEST_DATABASE_URL" not in os.environ:
            environment["PHOTOCAMPUS_TEST_TEMPLATE"] = make_postgres_template(address)
        # Once is enough for pure rules, which see no database, and for how pages look. The pipeline goes through the pages
        # and the browser on both databases; here, where somebody waits, once.
        again = ["--database-only", "-m", "not looks and not soak"]
        if not is_everything_required():
            again = ["--database-only", "--short", "-m", "not looks and not soak and not browser"]
        return run_pytest("PostgreSQL", environment, *again, *arguments, log=log)


def run_both(workers: int, rest: list[str]) -> tuple[int, int | None]:
    """One after the other in the pipeline; else the shorter run beside the longer one, and printed behind it."""
    together = [*in_processes(workers), *rest]
    if is_everything_required():
        return run_on_sqlite(together), run_on_postgres(together)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log, ThreadPoolExecutor() as pool:
        beside = pool.submit(run_on_postgres, [*in_processes(1), *rest], log)
        status = run_on_sqlite(together)
        other = beside.result()
        log.seek(0)
        shutil.copyfileobj(log, sys.stdout)
        sys.stdout.flush()
    return status, other


def in_processes(number: int) -> list[str]:
    return ["-n", str(number), "--dist", "loadgroup"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    # One more than there are cores: browsers, servers and locks make tests wait.
    parser.add_argument("--workers", type=int, default=(os.cpu_count() or 1) + 1)
    options, rest = parser.parse_known_args()
    arguments = [*in_processes(options.workers), *rest]
    sqlite: int | None = 0
    postgres: int | None = 0
    if options.only is None:
        sqlite, postgres = run_both(options.workers, rest)
    elif options.only == "sqlite":
        sqlite = run_on_sqlite(arguments)
    else:
        postgres = run_on_postgres(arguments)
    missing = []
    if postgres is None:
        missing.append(
            "PostgreSQL: the suite did not run on it. Install a server (apt-get install postgresql) or name one "
            "in PHOTOCAMPUS_TEST_DATABASE_URL=postgres://user:password@host/database."
        )
    if chromium_path() is None:
        missing.append("Chromium: browser tests were skipped. apt-get install chromium fonts-noto-cjk")
    for line in missing:
        print(f"NOT RUN - {line}")
    if missing and is_everything_required():
        return 1
    return sqlite or postgres or 0


if __name__ == "__main__":
    sys.exit(main())
