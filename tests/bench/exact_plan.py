"""The planner's aims as an exact model for OR-Tools CP-SAT, solved one aim after the other."""

from __future__ import annotations

from collections.abc import Sequence

from sessions.planning.terms import Problem, hours_needed, slots_of


def optimum(
    problem: Problem, seconds: float = 20.0, hint: Sequence[int] | None = None
) -> tuple[list[int], bool] | None:
    """The aims after "everyone placed" in their order, `finish` as the position of the last hour in use.

    (values, proven) or None when not everybody can be placed. A time limit hit on the way makes `proven` false.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    slots = slots_of(problem.stations)
    people, comes = {}, {}
    for g, group in enumerate(problem.groups):
        for n, slot in enumerate(slots):
            if any(b.meets(slot.day, slot.start, slot.end) for b in group.blocked):
                continue
            people[g, n] = model.new_int_var(0, min(group.size, slot.capacity), "")
            comes[g, n] = model.new_bool_var("")
            model.add(people[g, n] >= comes[g, n])
            model.add(people[g, n] <= min(group.size, slot.capacity) * comes[g, n])
        model.add(sum(people[g, n] for n in range(len(slots)) if (g, n) in people) == group.size)
    for n, slot in enumerate(slots):
        model.add(sum(people[g, n] for g in range(len(problem.groups)) if (g, n) in people) <= slot.capacity)

    def any_of(parts: list) -> object:
        var = model.new_bool_var("")
        for part in parts:
            model.add_implication(part, var)
        model.add_bool_or([*parts, var.negated()])
        return var

    workload = {station.key: station.workload for station in problem.stations}
    days = sorted({slot.day for slot in slots})
    used_days = []
    for day in days:
        for station in problem.stations:
            here = [n for n, s in enumerate(slots) if s.day == day and s.station == station.key]
            total = sum(people[g, n] for g in range(len(problem.groups)) for n in here if (g, n) in people)
            if (limit := workload[station.key]) is not None:
                model.add(total <= limit)
            used_days.append(
                any_of([comes[g, n] for g in range(len(problem.groups)) for n in here if (g, n) in comes])
            )
    split, lunch, extra, changing = [], [], [], []
    for g, group in enumerate(problem.groups):

        def present(test: object) -> object:
            return any_of([comes[g, n] for n, s in enumerate(slots) if (g, n) in comes and test(s)])  # noqa: B023

        on = {day: present(lambda s, d=day: s.day == d) for day in days}
        split.append(_more_than(model, list(on.values()), 1))
        overs = []
        for day in days:
            am = present(lambda s, d=day: s.day == d and s.start < problem.lunch)
            pm = present(lambda s, d=day: s.day == d and s.start >= problem.lunch)
            overs.append(_more_than(model, [am, pm], 1))
        lunch.append(any_of(overs))
        hours = sorted({(s.day, s.start, s.end) for s in slots})
        in_hour = [present(lambda s, h=hour: (s.day, s.start, s.end) == h) for hour in hours]
        extra.append(_more_than(model, in_hour, hours_needed(group.size, problem.stations)))
        at = [present(lambda s, k=station.key: s.station == k) for station in problem.stations]
        both = model.new_bool_var("")
        many_hours, many_stations = _more_than(model, in_hour, 1), _more_than(model, at, 1)
        model.add_bool_or([many_hours.negated(), many_stations.negated(), both])
        changing.append(both)
    ends = sorted({(s.day, s.end) for s in slots})
    finish = model.new_int_var(0, len(ends), "")
    for (_g, n), here in comes.items():
        model.add(finish >= ends.index((slots[n].day, slots[n].end)) + 1).only_enforce_if(here)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    values, proven = [], True
    for aim in (sum(used_days), sum(split), sum(lunch), sum(extra), sum(changing), finish):
        model.minimize(aim)
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return None
        if status == cp_model.UNKNOWN:
            return (values, False)
        proven = proven and status == cp_model.OPTIMAL
        values.append(round(solver.objective_value))
        model.add(aim == values[-1]) if status == cp_model.OPTIMAL else model.add(aim <= values[-1])
        model.clear_hints()
        for var in [*people.values(), *comes.values()]:
            model.add_hint(var, solver.value(var))
    return values, proven


def _more_than(model: object, parts: list, limit: int) -> object:
    """A variable that is true whenever more than `limit` of the parts are (and, minimised, only then)."""
    var = model.new_bool_var("")
    model.add(sum(parts) <= limit + len(parts) * var)
    return var
