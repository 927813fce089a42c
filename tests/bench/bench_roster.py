"""Rosters of 20,000 and 100,000 rows: preview and apply, beside django-import-export and the raw floor."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tests.bench import roster_peers
from tests.bench.table import Row
from tests.factories import make_campaign, make_staff, make_unit

TABLES = ("students_graduate", "students_enrolment", "students_student", "students_classgroup")


def run() -> None:
    make_campaign()
    make_unit("cs", name="计算机学院")
    make_staff()
    files = {rows: write_file(rows) for rows in (20_000, 100_000)}
    seconds = {}
    for rows, path in files.items():
        seconds[rows] = both_steps(path, rows)
        floor = step("floor", path)["seconds"]
        empty()
        Row(what=f"roster, {rows:,} rows: preview and apply", ours=seconds[rows], peer=floor,
            peer_name="raw executemany", wanted=1 / 3).emit()  # fmt: skip
    for bulk, wanted in ((True, None), (False, 15)):
        start = time.perf_counter()
        roster_peers.run(files[20_000].read_bytes(), bulk=bulk)
        peer = time.perf_counter() - start
        empty()
        name = "django-import-export " + ("bulk" if bulk else "default")
        Row(what="roster, 20,000 rows: preview and apply", ours=seconds[20_000], peer=peer, peer_name=name,
            wanted=wanted).emit()  # fmt: skip


def write_file(rows: int) -> Path:
    """Made in a process of its own: building a workbook would count as our memory."""
    path = Path(settings.VAR) / f"roster-{rows}.xlsx"
    code = (
        "import django; django.setup(); from tests import rosters; from pathlib import Path;"
        f"Path({str(path)!r}).write_bytes(rosters.xlsx(rosters.people({rows})))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    return path


def step(name: str, argument: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.roster_steps", name, str(argument)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def both_steps(path: Path, rows: int) -> float:
    """Seconds of preview and apply; the tables are empty again afterwards."""
    key = step("file", path)["upload"]
    preview, apply = step("preview", key), step("apply", key)
    assert preview["counts"]["new"] == rows
    again = step("preview", step("file", path)["upload"])
    assert again["counts"]["unchanged"] == rows
    label = f"roster, {rows:,} rows"
    Row(what=f"{label}: preview", ours=preview["seconds"]).emit()
    Row(what=f"{label}: apply", ours=apply["seconds"]).emit()
    Row(what=f"{label}: preview of the same file again", ours=again["seconds"]).emit()
    Row(what=f"{label}: write lock held at most", ours=apply["lock"], most=5).emit()
    peak = max(preview["peak"], apply["peak"], again["peak"])
    Row(what=f"{label}: peak memory", ours=peak, unit="MB", most=300).emit()
    empty()
    return preview["seconds"] + apply["seconds"]


def empty() -> None:
    with connection.cursor() as cursor:
        for table in ("students_rosterrow", *TABLES):
            cursor.execute(f"DELETE FROM {table}")
