"""Two workers beside one, on the whole way of a picture: read, matched, checked, three renditions, filed in the database.

Each worker reads a folder of its own, as two uploads of one evening are read. Times are wall time, so other work on the
machine counts; rounds of one and of two workers alternate, and the middle one of their ratios is taken.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from students.ingest import open_batch, start_ingest
from students.models import IngestBatch, IngestState
from students.portraits import draw_portrait
from tests.bench.table import Row
from tests.factories import (
    make_campaign,
    make_graduates,
    make_grant,
    make_photographer,
    make_studio,
    make_unit,
)

PORTRAITS = 8
SIZE = (2448, 3264)
PICTURES = 40  # of each worker and round
ROUNDS = 3
WANTED_OF_TWO = 1.8


def run() -> None:
    campaign, unit = make_campaign(), make_unit()
    studio = make_studio(campaign=campaign)
    by = make_photographer(studio)
    make_grant(studio, unit, campaign, by=by)
    numbers = [row.enrolment.student_number for row in make_graduates(2 * PICTURES, campaign, unit)]
    halves = numbers[:PICTURES], numbers[PICTURES:]
    with tempfile.TemporaryDirectory() as name:
        portraits = draw(Path(name))
        rates: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(ROUNDS):
            for workers in (1, 2):
                folders = [
                    fill(Path(name), f"{turn}-{workers}-{half}", portraits, halves[half])
                    for half in range(workers)
                ]
                batches = [start(folder, studio=studio, campaign=campaign, by=by) for folder in folders]
                rates[workers].append(rate(batches))
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    note = (
        f"{statistics.median(rates[1]):.3g} /s by one; rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
    )
    what = "two workers, each an upload, times one"
    Row(
        what, statistics.median(ratios), "x", least=WANTED_OF_TWO, note=f"{note}; {os.cpu_count()} cores"
    ).emit()


def draw(folder: Path) -> list[bytes]:
    path = folder / "portrait.jpg"
    made = []
    for seed in range(PORTRAITS):
        draw_portrait(seed, size=SIZE).image.save(path, quality=92, subsampling=1)
        made.append(path.read_bytes())
    return made


def fill(folder: Path, label: str, portraits: list[bytes], numbers: list[str]) -> Path:
    """Portraits named by student number; a comment makes each file's bytes its own."""
    target = folder / label
    target.mkdir()
    for place, number in enumerate(numbers):
        text = f"{label} {number}".encode()
        comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
        data = portraits[place % PORTRAITS]
        (target / f"{number}.jpg").write_bytes(data[:2] + comment + data[2:])
    return target


def start(folder: Path, *, studio: Any, campaign: Any, by: Any) -> IngestBatch:
    batch = open_batch(studio=studio, campaign=campaign, by=by, source=folder)
    start_ingest(batch=batch, by=by)
    batch.refresh_from_db()
    return batch


def rate(batches: list[IngestBatch]) -> float:
    """Pictures per second by a process for each batch, started together once each is ready."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(batch.job_id)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for batch in batches
    ]
    for child in children:
        child.stdout.readline()  # type: ignore[union-attr]
    began = time.perf_counter()
    for child in children:
        child.stdin.write("\n")  # type: ignore[union-attr]
        child.stdin.flush()  # type: ignore[union-attr]
    for child in children:
        child.stdout.readline()  # type: ignore[union-attr]
    took = time.perf_counter() - began
    for child in children:
        child.communicate()
    filed = sum(batch.files.filter(state=IngestState.FILED).count() for batch in batches)
    assert filed == PICTURES * len(batches), filed
    return filed / took


# A first picture loads what a worker has loaded long since.
WORKER = r"""
import io, sys, django
django.setup()
from photocampus.jobs import run_job
from students.faces import get_detector
from students.portraits import draw_portrait
from students.processing import process_picture
from students.profiles import DEFAULT_PROFILES
out = io.BytesIO()
draw_portrait(1, size=(600, 800)).image.save(out, "JPEG")
process_picture(out, DEFAULT_PROFILES, detector=get_detector())
print("ready", flush=True)
sys.stdin.readline()
run_job(int(sys.argv[1]))
print("done", flush=True)
"""
