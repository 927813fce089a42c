"""The planner beside an exact model (OR-Tools CP-SAT) on small instances, and alone on large ones.

PHOTOCAMPUS_BENCH_PLANS sets the number of small instances (300 unless told).
"""

from __future__ import annotations

import os
import time

from sessions.planner import Plan, Problem, faults, make_plan, slots_of
from tests.bench.exact_plan import optimum
from tests.bench.table import Row
from tests.plan_instances import large_problem, small_problem


def aims(problem: Problem, plan: Plan) -> list[int]:
    """The aims as the exact model gives them."""
    assert plan.scores is not None
    ends = sorted({(slot.day, slot.end) for slot in slots_of(problem.stations)})
    s = plan.scores
    position = ends.index(s.finish) + 1
    return [s.station_days, s.split_days, s.split_lunch, s.extra_hours, s.changing_station, position]


def run() -> None:
    small()
    large()


def small() -> None:
    count = int(os.environ.get("PHOTOCAMPUS_BENCH_PLANS", "300"))
    ours = exact = longest = 0.0
    compared = first_three = all_aims = unproven = 0
    for seed in range(count):
        problem = small_problem(seed)
        began = time.perf_counter()
        plan = make_plan(problem)
        spent = time.perf_counter() - began
        ours, longest = ours + spent, max(longest, spent)
        began = time.perf_counter()
        best = optimum(problem)
        exact += time.perf_counter() - began
        assert (best is None) == (plan.shortfall is not None), f"instance {seed}: can everybody be placed?"
        if best is None:
            continue
        assert not faults(problem, plan.entries), f"instance {seed} breaks a rule"
        mine, (values, proven) = aims(problem, plan), best
        compared += 1
        unproven += not proven
        first_three += mine[:2] <= values[:2]
        all_aims += mine <= values
        if mine > values:
            print(f"instance {seed}: {mine}, optimum {values}{'' if proven else ' (not proven)'}")
    note = f"{compared} instances, {unproven} without a proof in time"
    Row(
        "plan: optimum of placed, station-days, days (share)",
        first_three / compared,
        "points",
        "CP-SAT",
        1,
        1,
        note=note,
    ).emit()
    Row("plan: optimum of all aims (share)", all_aims / compared, "points", "CP-SAT", 1, 0.95).emit()
    Row("plan: small instances, all together", ours, "s", "CP-SAT", exact).emit()
    Row("plan: slowest small instance", longest, "s").emit()


def large() -> None:
    for people, classes, most in (
        (1000, 30, None),
        (5000, 150, 1.0),
        (20_000, 600, None),
        (100_000, 3000, None),
    ):
        problem = large_problem(people, classes)
        began = time.perf_counter()
        plan = make_plan(problem)
        spent = time.perf_counter() - began
        assert plan.scores is not None and not faults(problem, plan.entries)
        gap = plan.scores.station_days - -(-people // 130)
        s = plan.scores
        note = f"{gap} station-days above the bound; {s.split_days} split, {s.split_lunch} over lunch, {s.extra_hours} longer"
        Row(f"plan: {people:,} people in {classes:,} classes", spent, "s", most=most, note=note).emit()
        Row(f"plan: station-days above the bound, {people:,} people", gap, "", most=1).emit()
