"""The plan by class and by hour (R15): pure, no models, the same input gives the same plan.

Aims, in this order: everyone placed; fewest station-days; no class split over days; no class split over the lunch
break; fewest classes in more hours than their size needs; no class at two stations in different hours; earliest
finish. Hours, rates and the agreed workload are never exceeded.
"""

from __future__ import annotations

from sessions.planning.explain import Because, Reason, explain, explain_all
from sessions.planning.forecast import Forecast, Pace, forecast
from sessions.planning.replan import Replanned, replan
from sessions.planning.solve import make_plan
from sessions.planning.terms import (
    Entry,
    Group,
    Interval,
    Lack,
    Plan,
    Problem,
    Scores,
    Shortfall,
    Slot,
    StationHours,
    faults,
    score,
    slots_of,
)

__all__ = [
    "Because", "Entry", "Forecast", "Group", "Interval", "Lack", "Pace", "Plan", "Problem", "Reason", "Replanned", "Scores",
    "Shortfall", "Slot", "StationHours", "explain", "explain_all", "faults", "forecast", "make_plan", "replan", "score", "slots_of",
]  # fmt: skip
