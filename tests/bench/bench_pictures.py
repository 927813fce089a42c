"""Renditions per second of one core against three ImageMagick commands on the same portraits; size, quality, memory.

Times are processor time of the process and its children, so that other work on the machine does not count. ImageMagick
gets its size hints (`-define jpeg:size`), one thread, and a byte limit where the profile has one.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

from students.faces import Detector, get_detector
from students.imaging import decode, read_header
from students.portraits import draw_portrait
from students.processing import process_picture
from students.profiles import DEFAULT_PROFILES, LARGE, SMALL
from students.renditions import crop_box
from tests.bench.table import Row

PORTRAITS = 8
SIZES = {"8": (2448, 3264), "24": (4000, 6000)}
CONVERT = next(
    (path for path in ("/usr/bin/convert", shutil.which("convert") or "") if Path(path).exists()), ""
)
WANTED = {"8": 8.0, "24": 6.0}
WANTED_WITH_CHECKS = 4.0


def run() -> None:
    for name, size in SIZES.items():
        with portraits(size) as files:
            speed(name, files)
            if name == "8":
                quality(files)
    for label, options, most in (
        ("24 MP baseline", {}, 60),
        ("24 MP progressive 4:2:0", {"progressive": True}, 110),
        ("24 MP progressive 4:4:4", {"progressive": True, "subsampling": 0}, 180),
    ):
        memory(label, options, most)


@contextmanager
def portraits(size: tuple[int, int]) -> Iterator[list[Path]]:
    """Drawn portraits as JPEG files of a camera."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for seed in range(PORTRAITS):
            path = Path(folder) / f"{seed}.jpg"
            draw_portrait(seed, size=size).image.save(path, quality=92, subsampling=1)
            files.append(path)
        yield files


def speed(name: str, files: list[Path]) -> None:
    plain = rate(files, lambda path: ours(path, None))
    peer = rate(files, imagemagick) if is_imagemagick() else None
    note = "" if peer else "ImageMagick is not installed"
    what = f"three renditions, {name} MP"
    Row(what, plain, "/s", "ImageMagick", peer, WANTED[name], note=note).emit()
    detector = get_detector()
    if detector is not None:
        checked = rate(files, lambda path: ours(path, detector))
        text = f"{what}, all checks, faces at 640 px"
        Row(text, checked, "/s", "ImageMagick", peer, WANTED_WITH_CHECKS, note=note).emit()
    Row(
        f"decoding alone, {name} MP", rate(files, floor), "/s", note="the floor: reduced scale, no output"
    ).emit()


def rate(files: list[Path], work: Callable[[Path], object]) -> float:
    """Pictures per second of processor time."""
    work(files[0])
    before = used()
    for path in files:
        work(path)
    return len(files) / (used() - before)


def used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def ours(path: Path, detector: Detector | None) -> dict[str, bytes]:
    with path.open("rb") as file:
        made = process_picture(file, DEFAULT_PROFILES, detector=detector)
    return {item.profile.name: item.data for item in made.renditions}


def floor(path: Path) -> None:
    with path.open("rb") as file:
        decode(file, read_header(file), at_least=(1200, 1600))


def is_imagemagick() -> bool:
    if not CONVERT:
        return False
    said = subprocess.run([CONVERT, "-version"], capture_output=True, text=True, check=False).stdout
    return "ImageMagick" in said


def imagemagick(path: Path) -> dict[str, bytes]:
    return {
        "small": convert(path, 240, 320, "-define", "jpeg:extent=8kb"),
        "registration": convert(path, 480, 640, "-define", "jpeg:extent=39kb"),
        "large": convert(path, 1200, 1600, "-quality", "92"),
    }


def convert(path: Path, width: int, height: int, *options: str) -> bytes:
    size = f"{width}x{height}"
    hint = f"jpeg:size={2 * width}x{2 * height}"
    scale = ["-strip", "-resize", f"{size}^", "-gravity", "center", "-extent", size]
    command = [CONVERT, "-define", hint, str(path), *scale, *options, "jpg:-"]
    environment = {**os.environ, "MAGICK_THREAD_LIMIT": "1"}
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def quality(files: list[Path]) -> None:
    """The small image: how full, and how near to the picture it shows, by SSIMULACRA2."""
    made = [ours(path, None)["small"] for path in files]
    fill = statistics.mean(len(data) for data in made) / (SMALL.max_bytes or 1)
    Row("small image, filled", 100 * fill, "%", note="of 8192 bytes, never above").emit()
    if not is_imagemagick():
        return
    theirs = [convert(path, 240, 320, "-define", "jpeg:extent=8kb") for path in files]
    pairs = [
        (likeness(path, mine, is_ours=True), likeness(path, other, is_ours=False))
        for path, mine, other in zip(files, made, theirs, strict=True)
    ]
    if any(None in pair for pair in pairs):
        return
    differences = [mine - other for mine, other in pairs if mine is not None and other is not None]
    note = f"worst {min(differences):+.2f} points against ImageMagick, {statistics.mean(differences):+.2f} on average"
    mean = statistics.mean(mine for mine, _other in pairs if mine is not None)
    Row("small image, SSIMULACRA2", mean, "points", note=note).emit()


def likeness(path: Path, data: bytes, *, is_ours: bool) -> float | None:
    """SSIMULACRA2 of a small image against the same crop of the original, reduced without loss."""
    try:
        from ssimulacra2 import compute_ssimulacra2
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        reference, shown = Path(folder) / "reference.png", Path(folder) / "shown.png"
        with Image.open(path) as original:
            picture = original.convert("RGB")
        box = part_shown(path, picture.size) if is_ours else None
        picture.resize(SMALL.size, Image.Resampling.LANCZOS, box=box).save(reference)
        with Image.open(BytesIO(data)) as small:
            small.convert("RGB").save(shown)
        return float(compute_ssimulacra2(str(reference), str(shown)))


def part_shown(path: Path, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Which part of the original our renditions show; ImageMagick's show all of it."""
    with path.open("rb") as file:
        decoded = decode(file, read_header(file), at_least=LARGE.size)
    box = crop_box(decoded.image.size, SMALL.shape, face=None, profile=None, exact=LARGE.width)
    factor = size[0] / decoded.image.width
    left, top, right, bottom = (side * factor for side in box)
    return left, top, right, bottom


def memory(label: str, options: dict[str, object], most: int) -> None:
    """The peak of a worker that processes one picture, above the same worker that has done a tiny one."""
    with tempfile.TemporaryDirectory() as folder:
        tiny, path = Path(folder) / "tiny.jpg", Path(folder) / "picture.jpg"
        draw_portrait(1, size=(240, 320)).image.save(tiny)
        picture = draw_portrait(1, size=SIZES["24"]).image
        progressive, subsampling = bool(options.get("progressive")), options.get("subsampling", 2)
        picture.save(path, quality=92, subsampling=subsampling, progressive=progressive)
        above = peak_of(tiny, path) - peak_of(tiny)
    Row(f"memory, {label}", above / 1024, "MB", most=float(most), note="above the idle worker").emit()


# Not ru_maxrss: a child starts with the peak of its parent.
WORKER = r"""
import re, sys, django
django.setup()
from students.processing import process_picture
from students.profiles import DEFAULT_PROFILES
from students.faces import get_detector
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        process_picture(file, DEFAULT_PROFILES, detector=get_detector())
print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
"""


def peak_of(*paths: Path) -> int:
    """Peak resident memory in KB of a fresh process that does these pictures."""
    command = [sys.executable, "-c", WORKER, *map(str, paths)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(said.strip().splitlines()[-1])
