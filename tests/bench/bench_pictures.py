"""Renditions per second of one core against three ImageMagick commands on the same portraits; size, quality, memory.

Times are processor time of the process and its children, so that other work on the machine does not count. ImageMagick
gets its size hints (`-define jpeg:size`), one thread, and a byte limit where the profile has one. What is drawn here is
cropped like a studio's picture: the head fills the frame as the standard wants it.
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

import numpy as np
from PIL import Image

from students.faces import SEARCH_HEIGHT, Detector, get_detector
from students.imaging import decode, read_header
from students.portraits import draw_portrait
from students.processing import prepare, process_picture, render
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
FILLED = 99.0  # per cent
BETTER = 1.5  # points of SSIMULACRA2
NO_PEER = "no ImageMagick here: apt-get install imagemagick"
NO_METRIC = "no ssimulacra2 here: make bench installs it"


def run() -> None:
    for name, size in SIZES.items():
        with portraits(size) as files:
            speed(name, files)
            if name == "8":
                quality(files)
    memory()


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
    plain = rate(files, ours)
    peer = rate(files, imagemagick) if is_imagemagick() else None
    note = "" if peer else NO_PEER
    what = f"three renditions, {name} MP"
    Row(what, plain, "/s", "ImageMagick", peer, WANTED[name], note=note).emit()
    detector = get_detector()
    if detector is not None:
        checked = rate(files, lambda path: ours_checked(path, detector))
        text = f"{what}, all checks, faces searched at {SEARCH_HEIGHT} px"
        Row(text, checked, "/s", "ImageMagick", peer, WANTED_WITH_CHECKS, note=note).emit()
    Row(f"decoding alone, {name} MP", rate(files, floor), "/s", note="the floor: no output").emit()


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


def ours(path: Path) -> dict[str, bytes]:
    """The three renditions, cropped as without a face."""
    with path.open("rb") as file:
        made, _results = render(prepare(file, DEFAULT_PROFILES, detector=None), DEFAULT_PROFILES)
    return {item.profile.name: item.data for item in made}


def ours_checked(path: Path, detector: Detector) -> None:
    """Faces found, cropped by the face, all checks, three renditions: what a worker does with a picture."""
    with path.open("rb") as file:
        process_picture(file, DEFAULT_PROFILES, detector=detector)


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
    made = [ours(path)["small"] for path in files]
    limit = SMALL.max_bytes or 1
    fill = statistics.mean(len(data) for data in made) / limit
    Row("small image, filled on average", 100 * fill, "%", least=FILLED, note=f"of {limit} bytes").emit()
    Row("small image, the largest", max(map(len, made)), "bytes", most=float(limit)).emit()
    what = "small image, SSIMULACRA2"
    if not is_imagemagick():
        Row(f"{what} above ImageMagick's", float("nan"), "points", note=NO_PEER).emit()
        return
    theirs = [convert(path, 240, 320, "-define", "jpeg:extent=8kb") for path in files]
    mine = [likeness(path, data, is_ours=True) for path, data in zip(files, made, strict=True)]
    other = [likeness(path, data, is_ours=False) for path, data in zip(files, theirs, strict=True)]
    scores = [(a, b) for a, b in zip(mine, other, strict=True) if a is not None and b is not None]
    if not scores:
        Row(f"{what} above ImageMagick's", float("nan"), "points", note=NO_METRIC).emit()
        return
    above = [a - b for a, b in scores]
    Row(what, statistics.mean(a for a, _b in scores), "points", note="100 is the same picture").emit()
    Row(f"{what} above ImageMagick's, on average", statistics.mean(above), "points", least=BETTER).emit()
    Row(f"{what} above ImageMagick's, the worst", min(above), "points", least=0.0).emit()


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


def memory() -> None:
    """The peak of a worker that processes one picture, above the same worker that has done a tiny one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny = folder / "tiny.jpg"
        draw_portrait(1, size=(240, 320)).image.save(tiny)
        idle = peak_of(tiny)
        Row("memory of an idle worker", idle / 1024, "MB").emit()
        picture = draw_portrait(1, size=SIZES["24"]).image
        for label, options, most in (
            ("24 MP baseline", {"subsampling": 2}, 60),
            ("24 MP progressive 4:2:0", {"progressive": True, "subsampling": 2}, 110),
            ("24 MP progressive 4:4:4", {"progressive": True, "subsampling": 0}, 180),
        ):
            path = folder / "picture.jpg"
            picture.save(path, quality=92, **options)
            above = (peak_of(tiny, path) - idle) / 1024
            Row(f"memory, {label}", above, "MB", most=float(most), note="above the idle worker").emit()
        peaks = {}
        for label, path in largest_accepted(folder):
            peaks[label] = (peak_of(tiny, path) - idle) / 1024
            path.unlink()
        worst = max(peaks, key=lambda label: peaks[label])
        note = f"the worst of {', '.join(peaks)}: {worst}"
        Row("memory, anything accepted, 60 MP", peaks[worst], "MB", most=600.0, note=note).emit()


def largest_accepted(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each accepted format at the most pixels that are accepted, in the form that takes the most memory."""
    small = draw_portrait(1, size=(600, 800)).image
    picture = small.resize((6700, 8930), Image.Resampling.BILINEAR)
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    fast = {"preset": "ultrafast"}
    forms: tuple[tuple[str, Callable[[], Image.Image], dict[str, object]], ...] = (
        ("PNG with alpha", lambda: picture.convert("RGBA"), {"format": "PNG", "compress_level": 1}),
        ("PNG of 16 bits", lambda: Image.fromarray(grey), {"format": "PNG", "compress_level": 1}),
        ("TIFF CMYK", lambda: picture.convert("CMYK"), {"format": "TIFF", "compression": "tiff_lzw"}),
        (
            "JPEG CMYK progressive",
            lambda: picture.convert("CMYK"),
            {"format": "JPEG", "quality": 90, "progressive": True},
        ),
        ("HEIC", lambda: picture, {"format": "HEIF", "quality": 30, "enc_params": fast}),
    )
    for label, form, options in forms:
        path = folder / "largest"
        form().save(path, **options)
        yield label, path


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
