"""Ten minutes of damaged pictures of every accepted format through one process: no crash, no other error, flat memory."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

MINUTES = 10
MOST_MB = 600  # above the process that has read each whole file once
GROWN_MB = 60  # between a tenth of the way and the end


def test_ten_minutes_of_damaged_pictures(rounds):
    """In a process of its own: a crash of a decoder would be seen as its exit status."""
    seconds = rounds(MINUTES * 60)
    child = subprocess.run(
        [sys.executable, "-m", "tests.soak.test_fuzzed_pictures", str(seconds)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    said = json.loads(child.stdout.splitlines()[-1])
    assert said["other"] == []
    assert said["refused"] > 0 and said["taken"] > 0
    assert said["peak_mb"] < MOST_MB
    assert said["grown_mb"] < GROWN_MB


def fuzz(seconds: float) -> dict[str, object]:
    """Damage and read until the time is over; what came out, and how much memory it took."""
    from photocampus.errors import DomainError
    from students.processing import process_picture
    from students.profiles import DEFAULT_PROFILES
    from tests.soak.test_damaged_files import damaged
    from tests.students.odd_damage import whole_files

    def read(data: bytes) -> str:
        try:
            process_picture(io.BytesIO(data), DEFAULT_PROFILES, detector=None)
        except DomainError as refusal:
            return "refused" if str(refusal) else "without a word"
        return "taken"

    whole = list(whole_files().items())
    for _name, data in whole:
        read(data)
    counts = {"taken": 0, "refused": 0}
    other: list[str] = []
    idle, begun, early = memory("VmRSS"), time.monotonic(), 0.0
    number = 0
    while (now := time.monotonic() - begun) < seconds:
        name, data = whole[number % len(whole)]
        try:
            counts[read(damaged(data, random.Random(f"{name} {number}")))] += 1
        except Exception as error:
            other.append(f"{name} {number}: {type(error).__name__}: {error}")
        number += 1
        if not early and now > seconds / 10:
            early = memory("VmRSS")
    return {
        **counts,
        "other": other[:20],
        "peak_mb": memory("VmHWM") - idle,
        "grown_mb": memory("VmRSS") - (early or idle),
    }


def memory(what: str) -> float:
    """Resident memory of this process now (`VmRSS`) or at its highest (`VmHWM`), in MB."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{what}:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(fuzz(float(sys.argv[1]))))
