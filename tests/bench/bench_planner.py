"""The planner beside an exact model (OR-Tools CP-SAT) on small instances, and alone on large ones.

PHOTOCAMPUS_BENCH_PLANS sets the number of small instances (300 unless told).
"""

from __future__ import annotations

import os
import time

from sessions.planner import faults, make_plan
from tests.bench.exact_plan import aims, optimum
from tests.bench.table import Row
from tests.plan_brute import best_scores, tiny_problem
from tests.plan_instances import large_problem, small_problem


def run() -> None:
    tiny()
    small()
    large()


def tiny() -> None:
    """The exact model itself, checked against every plan there is."""
    for seed in range(60):
        problem = tiny_problem(seed)
        best, exact = best_scores(problem), optimum(problem)
        assert (exact.values if exact else None) == (aims(problem, best) if best else None), (
            f"tiny instance {seed}"
        )


def small() -> None:
    """Random instances; an instance without a proof in time counts by the best plan that the model found."""
    count = int(os.environ.get("PHOTOCAMPUS_BENCH_PLANS", "300"))
    ours = exact = longest = 0.0
    compared = first_three = all_aims = unproven = 0
    for seed in range(count):
        problem = small_problem(seed)
        began = time.perf_counter()
        plan = make_plan(problem)
        spent = time.perf_counter() - began
        ours, longest = ours + spent, max(longest, spent)
        assert not faults(problem, plan.entries), f"instance {seed} breaks a rule"
        mine = aims(problem, plan.scores) if plan.scores else []
        began = time.perf_counter()
        best = optimum(problem, plan.entries, mine)
        exact += time.perf_counter() - began
        assert (best is None) == (plan.shortfall is not None), f"instance {seed}: can everybody be placed?"
        if best is None:
            continue
        assert not faults(problem, best.entries), f"instance {seed}: the model breaks a rule"
        compared += 1
        unproven += not best.proven
        first_three += mine[:2] <= best.values[:2]
        all_aims += mine <= best.values
        if mine > best.values or not best.proven:
            print(f"instance {seed}: {mine}, optimum {best.values}{'' if best.proven else ' (not proven)'}")
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
