"""What the checks measured over one shoot, in order of time and by station, so that a lamp that fades is seen the same day.

Only light, sharpness and places are looked at; a point carries a shot number and no name.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from sessions.models import Attendance, AttendancePhoto
from students.background import oklab
from students.models import Finding, Photo

PLOTTED = ("background_colour", "exposure", "sharpness", "eye_line")
# Points with the same time are spread by their shot numbers, at most this far apart.
SPREAD = dt.timedelta(minutes=1)
WINDOW = 15  # pictures in a running mean: people differ, lamps do not


@dataclass(frozen=True)
class Measured:
    """One picture of a shoot. `at` is local time; `bad` names the checks that found something."""

    at: dt.datetime
    station: str
    shot: str
    graduate: str
    values: dict[str, float] = field(default_factory=dict)
    rgb: tuple[int, int, int] | None = None
    bad: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Bounds:
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Drift:
    """The running mean of one measure at one station moved away from where it began."""

    check: str
    station: str
    start: float
    end: float
    since: dt.datetime
    until: dt.datetime


def measured_pictures(
    attendances: QuerySet[Attendance], photos: QuerySet[Photo]
) -> tuple[list[Measured], dict[str, Bounds]]:
    """Every picture of these attendances among `photos` (both scoped to the reader), by time; and the newest bounds.

    Two queries however many pictures.
    """
    photos = photos.filter(taken_back_at=None)
    links = (
        AttendancePhoto.objects.filter(attendance__in=attendances, photo__in=photos)
        .select_related("photo", "attendance__graduate", "shot__station")
        .order_by("shot__number", "pk")
    )
    rows = {link.photo_id: link for link in links}
    found: dict[int, list[Finding]] = {}
    bounds: dict[str, Bounds] = {}
    wanted = AttendancePhoto.objects.filter(attendance__in=attendances, photo__in=photos).values("photo")
    for finding in Finding.objects.filter(photo__in=wanted, check_name__in=PLOTTED).order_by("id"):
        if finding.photo_id in rows:
            found.setdefault(finding.photo_id, []).append(finding)
            bounds[finding.check_name] = Bounds(finding.low, finding.high)
    pictures = [_measured(link, found.get(pk, [])) for pk, link in rows.items()]
    return _spread(sorted(pictures, key=lambda row: row.at)), bounds


def _measured(link: AttendancePhoto, findings: Iterable[Finding]) -> Measured:
    rows = [row for row in findings if row.measure is not None]
    colour = next((row.data.get("rgb") for row in rows if row.check_name == "background_colour"), None)
    return Measured(
        at=timezone.localtime(_time_of(link)),
        station=link.shot.station.code if link.shot else "",
        shot=link.shot.code if link.shot else "",
        graduate=link.attendance.graduate.public_id,
        values={row.check_name: float(row.measure or 0.0) for row in rows},
        rgb=(colour[0], colour[1], colour[2]) if colour else None,
        bad=frozenset(row.check_name for row in rows if row.code),
    )


def _time_of(link: AttendancePhoto) -> dt.datetime:
    """The camera's time where it names the day of the shoot, else the console's, else when the file came in."""
    taken, pressed = link.photo.captured_at, link.attendance.photographed_at
    if taken and (not pressed or timezone.localdate(taken) == timezone.localdate(pressed)):
        return taken
    return pressed or link.photo.created_at


def _spread(pictures: Sequence[Measured]) -> list[Measured]:
    """Pictures of one station with one and the same time, put one after the other until the next time."""
    result: list[Measured] = []
    for _station, rows in by_station(pictures):
        start = 0
        while start < len(rows):
            same = [row for row in rows[start:] if row.at == rows[start].at]
            end = start + len(same)
            room = (rows[end].at - rows[start].at) / len(same) if end < len(rows) else SPREAD
            step = min(SPREAD, room)
            result += [replace(row, at=row.at + index * step) for index, row in enumerate(same)]
            start = end
    return sorted(result, key=lambda row: row.at)


def by_station(pictures: Iterable[Measured]) -> list[tuple[str, list[Measured]]]:
    found: dict[str, list[Measured]] = {}
    for row in pictures:
        found.setdefault(row.station, []).append(row)
    return sorted(found.items())


def midmean(values: Sequence[float]) -> float:
    """The mean of the middle three fifths: one odd picture does not count, and two kinds of faces do not make it jump."""
    cut = (len(values) + 2) // 5
    middle = sorted(values)[cut : len(values) - cut]
    return sum(middle) / len(middle)


def running_mean(values: Sequence[float], window: int = WINDOW) -> list[float]:
    """For each value the `midmean` of those around it; at both ends of fewer."""
    half = window // 2
    return [midmean(values[max(0, index - half) : index + half + 1]) for index in range(len(values))]


# -- what moved


def _colour_step(start: np.ndarray, end: np.ndarray) -> float:
    colours = oklab(np.array([start, end]))
    return float(np.linalg.norm(colours[0] - colours[1]))


def _share(start: float, end: float) -> float:
    return abs(end - start) / max(1e-6, abs(start))


# How far a running mean may move before somebody should look. The background is the same for everybody and shows a
# lamp first; faces differ, so their brightness must move further. Eye lines follow the crop, in its pixels.
LARGEST: dict[str, tuple[Callable[[float, float], float], float]] = {
    "exposure": (_share, 0.15),
    "sharpness": (_share, 0.25),
    "eye_line": (lambda start, end: abs(end - start), 15.0),
}
LARGEST_COLOUR_STEP = 0.02  # in Oklab: just seen side by side


def drifts(pictures: Iterable[Measured]) -> list[Drift]:
    """What moved during the day, per station, where there are pictures enough to tell."""
    found = []
    for station, rows in by_station(pictures):
        for check in LARGEST:
            known = [row for row in rows if check in row.values]
            if drift := _drift(check, station, known):
                found.append(drift)
        if drift := _colour_drift(station, [row for row in rows if row.rgb]):
            found.insert(0, drift)
    return found


def _drift(check: str, station: str, rows: list[Measured]) -> Drift | None:
    if len(rows) < 2 * WINDOW:
        return None
    step, largest = LARGEST[check]
    values = [row.values[check] for row in rows]
    blocks = [midmean(values[at : at + WINDOW]) for at in range(len(values) - WINDOW + 1)]
    worst = max(range(len(blocks)), key=lambda at: step(blocks[0], blocks[at]))
    if step(blocks[0], blocks[worst]) < largest:
        return None
    return Drift(check, station, blocks[0], blocks[worst], rows[0].at, rows[worst + WINDOW // 2].at)


def _colour_drift(station: str, rows: list[Measured]) -> Drift | None:
    """The colour itself, since a fading lamp may lead from one side of the wanted colour to the other."""
    if len(rows) < 2 * WINDOW:
        return None
    colours = np.array([row.rgb for row in rows], dtype=np.float32)
    blocks = [np.median(colours[at : at + WINDOW], axis=0) for at in range(len(rows) - WINDOW + 1)]
    steps = [_colour_step(blocks[0], block) for block in blocks]
    worst = max(range(len(steps)), key=steps.__getitem__)
    if steps[worst] < LARGEST_COLOUR_STEP:
        return None
    lightness: list[Any] = [float(oklab(blocks[at])[0]) * 100 for at in (0, worst)]
    return Drift(
        "background_colour", station, lightness[0], lightness[1], rows[0].at, rows[worst + WINDOW // 2].at
    )


# -- in numbers


@dataclass(frozen=True)
class HourRow:
    """One station in one hour: how many pictures, the median of each measure, how many out of bounds."""

    station: str
    hour: dt.datetime
    pictures: int
    medians: tuple[float | None, ...]  # in the order of PLOTTED
    bad: int


def hour_rows(pictures: Iterable[Measured]) -> list[HourRow]:
    found: dict[tuple[dt.datetime, str], list[Measured]] = {}
    for row in pictures:
        hour = row.at.replace(minute=0, second=0, microsecond=0)
        found.setdefault((hour, row.station), []).append(row)
    return [
        HourRow(
            station,
            hour,
            len(rows),
            tuple(_median_of(rows, check) for check in PLOTTED),
            sum(bool(row.bad) for row in rows),
        )
        for (hour, station), rows in sorted(found.items())
    ]


def _median_of(rows: Iterable[Measured], check: str) -> float | None:
    values = [row.values[check] for row in rows if check in row.values]
    return median(values) if values else None
