"""A migrated, empty database that is copied for each test process instead of migrating in each.

On SQLite a file, kept for each state of the migrations; on PostgreSQL a database of a server that is gone afterwards.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql

BASE = Path(__file__).resolve().parent.parent
KEPT = 5  # templates of earlier states


def state_of_migrations() -> str:
    """Changes with any migration of ours, any version of a package, and Python itself."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [BASE / "requirements.lock", *sorted(BASE.glob("*/migrations/*.py"))]:
        digest.update(path.relative_to(BASE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


def copy_template_to(target: Path) -> None:
    """Put a migrated, empty database at `target`; the first process to ask makes the template."""
    folder = Path(tempfile.gettempdir()) / f"photocampus-test-templates-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    template = folder / f"{state_of_migrations()}.sqlite3"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            make_template(template)
            for old in sorted(folder.glob("*.sqlite3"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                old.unlink()
    shutil.copyfile(template, target)


def make_postgres_template(server: str) -> str:
    """Migrate a database of this server, of which the address of another one is given; returns the new one's name."""
    name = "photocampus_template"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate({"PHOTOCAMPUS_DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"})
    return name


def copy_postgres_template(server: str, template: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def migrate(environment: dict[str, str]) -> None:
    """In a process of its own, with a data folder that goes away unless one is named."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOCAMPUS_")}
    with tempfile.TemporaryDirectory(prefix="photocampus-test-") as var:
        settings = {"PHOTOCAMPUS_VAR": var, "DJANGO_SETTINGS_MODULE": "photocampus.settings", **environment}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=BASE, env=clean | settings, check=True, stdin=subprocess.DEVNULL)


def make_template(template: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="photocampus-test-") as var:
        migrate({"PHOTOCAMPUS_VAR": var})
        draft = Path(var) / "template.sqlite3"
        # Page by page: functions that Django adds to SQLite are not known to this connection.
        with closing(sqlite3.connect(Path(var) / "photocampus.sqlite3")) as source:
            with closing(sqlite3.connect(draft)) as copy:
                source.backup(copy)
        shutil.copyfile(draft, template.with_suffix(".new"))
        template.with_suffix(".new").replace(template)
