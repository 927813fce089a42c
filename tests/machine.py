"""What this machine offers beside Python: a browser, a PostgreSQL server, or the means to start one."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVER_OPTIONS = {
    # A database of tests need not survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "listen_addresses": "127.0.0.1",
}


def is_everything_required() -> bool:
    """PHOTOCAMPUS_REQUIRE_ALL=1: a missing server or browser is a failure, not a reason to skip."""
    return os.environ.get("PHOTOCAMPUS_REQUIRE_ALL", "") not in ("", "0")


@cache
def chromium_path() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@cache
def postgres_programs() -> Path | None:
    """The folder with initdb and pg_ctl of the newest PostgreSQL here; Debian keeps it off the PATH."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0),
    )
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


@contextlib.contextmanager
def postgres_cluster() -> Iterator[str]:
    """A private PostgreSQL server in a temporary folder; gives its address, and is gone afterwards.

    Started by root it runs as the user postgres, because initdb refuses root.
    """
    programs = postgres_programs()
    if programs is None:
        raise RuntimeError("no PostgreSQL on this machine: apt-get install postgresql")
    as_user: dict[str, str] = {}
    if os.geteuid() == 0:
        pwd.getpwnam("postgres")
        as_user = {"user": "postgres", "group": "postgres"}
    folder = Path(tempfile.mkdtemp(prefix="photocampus-pg-"))
    if as_user:
        shutil.chown(folder, **as_user)
    data, port = folder / "data", free_port()

    def call(*command: str) -> None:
        with (folder / "setup.log").open("ab") as log:
            environment = {**os.environ, "LC_ALL": "C.UTF-8"}
            subprocess.run(
                command, check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment, extra_groups=[] if as_user else None, **as_user,
            )  # fmt: skip

    try:
        call(
            f"{programs}/initdb", "-D", f"{data}", "-U", "photocampus", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        options = " ".join(f"-c {name}={value}" for name, value in SERVER_OPTIONS.items())
        server_log = f"{folder}/server.log"
        call(
            f"{programs}/pg_ctl", "-D", f"{data}", "-w", "-l", server_log,
            "-o", f"-p {port} -k {folder} {options}", "start",
        )  # fmt: skip
        try:
            yield f"postgres://photocampus@127.0.0.1:{port}/postgres"
        finally:
            call(f"{programs}/pg_ctl", "-D", f"{data}", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgres_address() -> Iterator[str | None]:
    """PHOTOCAMPUS_TEST_DATABASE_URL, else a cluster of our own, else nothing."""
    if named := os.environ.get("PHOTOCAMPUS_TEST_DATABASE_URL"):
        yield named
    elif postgres_programs() is not None and (os.geteuid() != 0 or has_user("postgres")):
        with postgres_cluster() as address:
            yield address
    else:
        yield None


def has_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
