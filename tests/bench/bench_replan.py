"""Planning the rest of a day anew after a power cut of two hours, beside an exact model of the fewest moves.

PHOTOCAMPUS_BENCH_REPLANS sets the number of instances (200 unless told).
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

from sessions.planner import Interval, Lack, make_plan, replan
from tests.bench.exact_replan import fewest_moved
from tests.bench.table import Row
from tests.plan_instances import DAY, small_problem

CUT = (10 * 60 + 15, 12 * 60 + 15)


def run() -> None:
    """Half of the cuts hit one station, half of them all; instances in which the rest has no room are compared, too."""
    compared = fewest = unproven = impossible = 0
    ours = exact = 0.0
    for seed in range(int(os.environ.get("PHOTOCAMPUS_BENCH_REPLANS", "200"))):
        problem = small_problem(seed)
        before = make_plan(problem)
        if before.shortfall:
            continue
        stations = tuple(
            replace(s, pauses=(*s.pauses, Interval(DAY, *CUT))) if seed % 2 or not n else s
            for n, s in enumerate(problem.stations)
        )
        cut = replace(problem, stations=stations)
        began = time.perf_counter()
        after = replan(cut, before.entries, (DAY, CUT[0]))
        ours += time.perf_counter() - began
        began = time.perf_counter()
        known = () if after.plan.shortfall else [e for e in after.plan.entries if e not in set(after.kept)]
        best = fewest_moved(cut, before.entries, after.kept, (DAY, CUT[0]), known, len(after.moved))
        exact += time.perf_counter() - began
        lack = after.plan.shortfall.lack if after.plan.shortfall else None
        assert (best is None) == (lack in (Lack.HOURS, Lack.WORKLOAD, Lack.BLOCKED)), (
            f"{seed}: {best}, {lack}"
        )
        if best is None:
            impossible += 1
            continue
        compared += 1
        unproven += not best[1]
        fewest += len(after.moved) == best[0]
        if len(after.moved) != best[0]:
            print(f"instance {seed}: {len(after.moved)} moved, {best} needed")
    note = f"{compared} instances, {unproven} without a proof; {impossible} times no room, agreed by both"
    print(note)
    Row(
        "re-plan: fewest classes moved (share)", fewest / compared, "points", "CP-SAT", 1, 1, note=note
    ).emit()
    Row("re-plan: all instances together", ours, "s", "CP-SAT", exact).emit()
