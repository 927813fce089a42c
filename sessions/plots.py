"""A plot over time as the parts of an SVG: pure arithmetic, no model and no request. One dot per picture, one shape per
station, a line of running means, the bounds as a band."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from sessions.shoot_measures import Bounds, Measured, by_station, running_mean

WIDTH, HEIGHT = 480, 236
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 10, 30
SHAPES = 4  # circle, square, triangle, diamond; a fifth station looks like the first


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """`marks` and `lines` are SVG made here of numbers and shot numbers only."""

    check: str
    title: str
    summary: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    band_top: float
    band_height: float
    lines: SafeString
    marks: SafeString

    width, height = WIDTH, HEIGHT
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    inner_width, left_text = WIDTH - LEFT - RIGHT, LEFT - 6


def shape_of(station: str, stations: Sequence[str]) -> int:
    return stations.index(station) % SHAPES


def plot(
    check: str,
    *,
    title: str,
    summary: str,
    pictures: Sequence[Measured],
    bounds: Bounds,
    hours: tuple[dt.datetime, dt.datetime],
    stations: Sequence[str],
) -> Plot:
    """The plot of one measure between two times. `stations` fixes which shape each one has on all plots."""
    shown = [row for row in pictures if check in row.values]
    low, high = value_range([row.values[check] for row in shown], bounds)
    start, end = hours
    seconds = max(1.0, (end - start).total_seconds())

    def x(at: dt.datetime) -> float:
        return LEFT + (at - start).total_seconds() / seconds * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    marks, lines = [], []
    for station, rows in by_station(shown):
        shape = shape_of(station, stations)
        values = [row.values[check] for row in rows]
        middle = zip(rows, running_mean(values), strict=True)
        points = " ".join(f"{x(row.at):.1f},{y(value):.1f}" for row, value in middle)
        lines.append(f'<polyline class="plot-line plot-{shape}" points="{points}"/>')
        marks += [_mark(row, check, x(row.at), y(row.values[check]), shape) for row in rows]
    band = sorted(y(min(high, max(low, value))) for value in _band(bounds, low, high))
    return Plot(
        check,
        title,
        summary,
        tuple(Tick(round(x(at), 1), f"{at:%H:%M}") for at in time_ticks(start, end)),
        tuple(Tick(round(y(value), 1), f"{value:g}") for value in value_ticks(low, high)),
        round(band[0], 1),
        round(band[1] - band[0], 1),
        mark_safe("".join(lines)),
        mark_safe("".join(marks)),
    )


def _band(bounds: Bounds, low: float, high: float) -> tuple[float, float]:
    return (low if bounds.low is None else bounds.low, high if bounds.high is None else bounds.high)


def _mark(row: Measured, check: str, x: float, y: float, shape: int) -> str:
    """A dot that says its shot number, time and value; in the plot of backgrounds it has the background's colour."""
    classes = f"plot-mark plot-{shape}" + (" is-bad" if check in row.bad else "")
    colour = ""
    if check == "background_colour" and row.rgb:
        colour = f' fill="rgb({row.rgb[0]},{row.rgb[1]},{row.rgb[2]})"'
        classes += " plot-own"
    size = 5.5 if check in row.bad else 3.5
    text = f"{escape(row.shot)} {row.at:%H:%M} {row.values[check]:g}".strip()
    return f'<path class="{classes}"{colour} d="{outline(shape, x, y, size)}"><title>{text}</title></path>'


def outline(shape: int, x: float, y: float, r: float) -> str:
    if shape == 0:
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r:g} 0a{r} {r} 0 1 0 {-2 * r:g} 0z"
    if shape == 1:
        return f"M{x - r:.1f} {y - r:.1f}h{2 * r:g}v{2 * r:g}h{-2 * r:g}z"
    if shape == 2:
        return f"M{x:.1f} {y - 1.2 * r:.1f}l{1.2 * r:.1f} {2.1 * r:.1f}h{-2.4 * r:.1f}z"
    return f"M{x:.1f} {y - 1.3 * r:.1f}l{1.3 * r:.1f} {1.3 * r:.1f}l{-1.3 * r:.1f} {1.3 * r:.1f}l{-1.3 * r:.1f} {-1.3 * r:.1f}z"


def value_range(values: Sequence[float], bounds: Bounds) -> tuple[float, float]:
    """What the axis must hold: every value, and both bounds, with a little room."""
    held = [*values, *(value for value in (bounds.low, bounds.high) if value is not None)] or [0.0, 1.0]
    low, high = min(held), max(held)
    room = 0.06 * (high - low) or max(0.5, abs(high) * 0.1)
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def value_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two values: steps of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 10) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def time_ticks(start: dt.datetime, end: dt.datetime, most: int = 6) -> list[dt.datetime]:
    """Round times between two: every quarter, half or whole hour, or every few hours."""
    minutes = (end - start).total_seconds() / 60
    step = next((size for size in (5, 10, 15, 30, 60, 120, 180, 240) if minutes / size <= most), 360)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = math.ceil((start - midnight).total_seconds() / 60 / step)
    ticks = [midnight + dt.timedelta(minutes=index * step) for index in range(first, first + 24)]
    return [tick for tick in ticks if tick <= end]


def hours_around(pictures: Iterable[Measured]) -> tuple[dt.datetime, dt.datetime]:
    """From the quarter before the first picture to the quarter after the last."""
    times = [row.at for row in pictures]
    quarter = dt.timedelta(minutes=15)
    first = min(times)
    start = first.replace(minute=first.minute // 15 * 15, second=0, microsecond=0)
    steps = max(1, math.ceil((max(times) - start) / quarter))
    return start, start + steps * quarter
