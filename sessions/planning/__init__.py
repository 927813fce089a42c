"""The inside of the planner; `sessions.planner` is its door."""
