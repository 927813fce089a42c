"""One row of the benchmark table: our number beside a peer's from the same run."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

MARK = "@row "


@dataclass(frozen=True)
class Row:
    """`unit` "s" or "MB": less is better; "/s" or "points": more is better. `wanted` is the ratio asked for, `most`
    and `least` bound our own number.

    `ratio` is always "how many times better than the peer"; a row without a peer stands for itself.
    """

    what: str
    ours: float
    unit: str = "s"
    peer_name: str = ""
    peer: float | None = None
    wanted: float | None = None
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if self.peer is None or not self.ours or not self.peer:
            return None
        return self.ours / self.peer if self.unit in ("/s", "points") else self.peer / self.ours

    @property
    def verdict(self) -> str:
        """`ok` or `missed` where a bound was given."""
        kept = []
        if self.wanted is not None and self.ratio is not None:
            kept.append(self.ratio >= self.wanted)
        if self.most is not None:
            kept.append(self.ours <= self.most)
        if self.least is not None:
            kept.append(self.ours >= self.least)
        return "" if not kept else "ok" if all(kept) else "missed"

    def emit(self) -> None:
        """Hand the row to the process that prints the table."""
        print(MARK + json.dumps(asdict(self)), flush=True)


def read_row(line: str) -> Row | None:
    return Row(**json.loads(line.removeprefix(MARK))) if line.startswith(MARK) else None


def print_table(rows: list[Row]) -> None:
    heads = ("what", "ours", "peer", "ratio", "asked for", "")
    lines = [heads]
    for row in rows:
        peer = f"{number(row.peer)} {row.unit} {row.peer_name}" if row.peer is not None else row.note
        ratio = f"{row.ratio:.2f} x" if row.ratio is not None else ""
        bounds = ((">=", row.wanted, " x"), ("<=", row.most, ""), (">=", row.least, ""))
        asked = ", ".join(f"{sign} {bound:g}{unit}" for sign, bound, unit in bounds if bound is not None)
        lines.append((row.what, f"{number(row.ours)} {row.unit}", peer, ratio, asked, row.verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
