"""The pure planner: hard rules always, aims in their order, reasons, forecasts, re-planning."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.planner import (
    Entry,
    Group,
    Interval,
    Lack,
    Pace,
    Problem,
    StationHours,
    explain,
    faults,
    forecast,
    make_plan,
    replan,
    score,
    slots_of,
)
from sessions.planning.forward import drawn_forward
from tests.plan_brute import best_scores, tiny_problem
from tests.plan_instances import AFTERNOON, DAY, MORNING, large_problem, small_problem

WHOLE_DAY = (Interval(DAY, *MORNING), Interval(DAY, *AFTERNOON))


def station(key: str = "S1", rate: int = 20, **fields: object) -> StationHours:
    return StationHours(key, rate, **{"hours": WHOLE_DAY, "workload": 130, **fields})


def problem(*sizes: int, stations: tuple[StationHours, ...] = (station(),), **fields: object) -> Problem:
    return Problem(tuple(Group(f"c{n}", size) for n, size in enumerate(sizes)), stations, **fields)


def lines(plan: object) -> list[tuple]:
    return [(e.start, e.end, e.station, e.group, e.count) for e in plan.entries]


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_plans_keep_every_rule_place_everybody_and_repeat_themselves(seed: int) -> None:
    instance = small_problem(seed)
    plan = make_plan(instance)
    assert make_plan(instance) == plan
    if plan.shortfall:
        assert plan.entries == () and plan.shortfall.people > 0 and plan.shortfall.hours > 0
        return
    assert faults(instance, plan.entries) == []
    assert plan.scores.unplaced == 0
    assert all(explain(instance, plan.entries, group.key) for group in instance.groups)


@pytest.mark.parametrize("seed", range(24))
def test_no_plan_of_a_few_people_is_better(seed: int) -> None:
    instance = tiny_problem(seed)
    assert make_plan(instance).scores == best_scores(instance)


def test_hours_begin_with_the_run_and_end_at_lunch() -> None:
    slots = [(slot.start, slot.end, slot.capacity) for slot in slots_of([station()])]
    assert slots[:3] == [(570, 630, 20), (630, 690, 20), (690, 720, 10)]
    assert slots[3:] == [(start, start + 60, 20) for start in (780, 840, 900, 960)]


def test_pause_takes_its_share_of_the_hour_rounded_down() -> None:
    slots = slots_of([station(rate=25, pauses=(Interval(DAY, 630, 645),))])
    assert [(slot.start, slot.end, slot.capacity) for slot in slots[:3]] == [
        (570, 630, 25),
        (645, 690, 18),
        (690, 720, 12),
    ]


def test_class_of_43_at_20_an_hour() -> None:
    assert lines(make_plan(problem(43))) == [
        (570, 630, "S1", "c0", 20),
        (630, 690, "S1", "c0", 20),
        (690, 720, "S1", "c0", 3),
    ]


def test_fewest_station_days_come_before_an_early_end() -> None:
    plan = make_plan(problem(100, stations=(station("S1"), station("S2"))))
    assert plan.scores.station_days == 1


def test_class_is_not_split_over_days_when_it_can_be_avoided() -> None:
    two_days = (*WHOLE_DAY, *(replace(i, day=DAY.replace(day=18)) for i in WHOLE_DAY))
    plan = make_plan(problem(70, 60, 50, 40, stations=(station(hours=two_days),)))
    assert (plan.scores.station_days, plan.scores.split_days) == (2, 0)


def test_class_is_not_split_over_lunch_when_it_can_be_avoided() -> None:
    plan = make_plan(problem(30, 20, 35))
    assert plan.scores.split_lunch == 0


def test_blocked_hours_and_workload_are_kept() -> None:
    blocked = Group("a", 20, (Interval(DAY, 570, 720),))
    plan = make_plan(Problem((blocked, Group("b", 40)), (station(workload=60),)))
    assert min(e.start for e in plan.entries if e.group == "a") >= 780
    assert faults(Problem((blocked, Group("b", 40)), (station(workload=60),)), plan.entries) == []


@pytest.mark.parametrize(
    ("instance", "lack", "people", "hours"),
    [
        (problem(131, stations=(station(workload=None),)), Lack.HOURS, 1, 0.5),
        (problem(120, stations=(station(workload=90),)), Lack.WORKLOAD, 30, 1.5),
        (
            Problem((Group("a", 60, (Interval(DAY, 570, 720), Interval(DAY, 780, 900))),), (station(),)),
            Lack.BLOCKED,
            20,
            1.0,
        ),
    ],
)
def test_no_plan_comes_with_reason_and_missing_hours(
    instance: Problem, lack: Lack, people: int, hours: float
) -> None:
    shortfall = make_plan(instance).shortfall
    assert (shortfall.lack, shortfall.people, shortfall.hours) == (lack, people, hours)


def test_locked_entries_stay_and_use_up_hours() -> None:
    fixed = Entry(DAY, 570, 630, "S1", "c1", 15, locked=True)
    plan = make_plan(problem(20, 25, locked=(fixed,)))
    assert fixed in plan.entries and sum(e.count for e in plan.entries if e.start == 570) <= 20
    wrong = make_plan(problem(20, 25, locked=(replace(fixed, start=575),)))
    assert wrong.shortfall.lack == Lack.LOCKED


def test_classes_are_drawn_forward_as_long_as_no_aim_suffers_and_no_class_is_drawn_apart() -> None:
    instance = problem(15, 20, 30)
    late = [
        Entry(DAY, 630, 690, "S1", "c0", 15),
        Entry(DAY, 780, 840, "S1", "c1", 20),
        Entry(DAY, 840, 900, "S1", "c2", 20),
        Entry(DAY, 900, 960, "S1", "c2", 10),
    ]
    found = drawn_forward(instance, late)
    assert [(e.start, e.group) for e in found] == [(570, "c0"), (630, "c1"), (780, "c2"), (840, "c2")]
    assert score(instance, found) < score(instance, late)
    fixed = replace(instance, locked=(replace(late[0], locked=True),))
    kept = drawn_forward(fixed, [*fixed.locked, *late[1:]])
    assert [(e.start, e.group) for e in kept] == [(570, "c1"), (630, "c0"), (780, "c2"), (840, "c2")]
    full = Entry(DAY, 630, 690, "S1", "c0", 20, locked=True)
    between = problem(20, 0, 30, locked=(full,))
    wide = drawn_forward(between, [full, *late[2:]])
    assert [e.start for e in wide] == [630, 780, 840]  # not at 570 and 690 with an hour's wait


def test_reasons_name_what_stood_against_earlier_hours() -> None:
    instance = Problem((Group("a", 20, (Interval(DAY, 570, 690),)), Group("b", 40)), (station(),))
    entries = make_plan(instance).entries
    assert [r.because for r in explain(instance, entries, "b")] == ["first"]
    assert {r.because for r in explain(instance, entries, "a")} >= {"cannot_come"}
    locked = tuple(replace(e, locked=True) for e in entries)
    assert [r.because for r in explain(instance, locked, "b")] == ["locked"]


def test_forecast_carries_delays_into_the_next_hour() -> None:
    pace = {"S1": Pace(3.0, 0.0)}
    sure = forecast([Entry(DAY, 570, 630, "S1", "a", 20), Entry(DAY, 630, 690, "S1", "b", 10)], pace)
    assert sure.groups == {("a", DAY): (630, 630), ("b", DAY): (660, 660)}
    slow = forecast(
        [Entry(DAY, 570, 630, "S1", "a", 20), Entry(DAY, 630, 690, "S1", "b", 10)], {"S1": Pace(3.5, 1.5)}
    )
    median, bound = slow.groups["b", DAY]
    assert (median, slow.days[DAY]) == (675, (median, bound)) and 680 <= bound <= 690


def simulated(entries: list[Entry], paces: dict[str, Pace], runs: int = 4000) -> list[float]:
    """When the day was over, many times: each person takes a random time, nobody begins before the hour."""
    drawn = random.Random(7)
    ends = []
    for _run in range(runs):
        free: dict[str, float] = {}
        for entry in sorted(entries):
            pace = paces[entry.station]
            shape = (pace.mean / pace.deviation) ** 2
            at = max(float(entry.start), free.get(entry.station, 0.0))
            at += sum(drawn.gammavariate(shape, pace.mean / shape) for _ in range(entry.count))
            free[entry.station] = at
        ends.append(max(free.values()))
    return sorted(ends)


@pytest.mark.parametrize("stations", [1, 2, 3, 6])
def test_forecast_of_a_day_holds_in_nine_of_ten_simulated_days(stations: int) -> None:
    """Also with many stations, of which one or the other is always late."""
    keys = [f"S{n}" for n in range(stations)]
    entries = [Entry(DAY, 570 + 60 * h, 630 + 60 * h, key, f"{key}{h}", 20) for key in keys for h in range(3)]
    paces = {key: Pace(3.0 + 0.05 * n, 1.5) for n, key in enumerate(keys)}
    ends = simulated(entries, paces)
    median, bound = forecast(entries, paces).days[DAY]
    assert abs(median - ends[len(ends) // 2]) <= 1
    kept = sum(end <= bound for end in ends) / len(ends)
    assert 0.88 <= kept <= 0.92


def test_forecast_of_a_class_at_two_stations_is_that_of_the_later_one() -> None:
    entries = [Entry(DAY, 570, 630, f"S{n}", "a", 20) for n in (1, 2)]
    paces = {f"S{n}": Pace(3.0, 1.5) for n in (1, 2)}
    ends = simulated(entries, paces)
    median, bound = forecast(entries, paces).groups["a", DAY]
    alone = forecast(entries[:1], paces).groups["a", DAY]
    assert median > alone[0] and bound > alone[1]
    assert 0.87 <= sum(end <= bound for end in ends) / len(ends) <= 0.93


def test_pace_of_past_shoots_needs_enough_of_them() -> None:
    assert Pace.observed([2.0] * 5, 20) == Pace.of_rate(20)
    assert Pace.observed([2.0, 4.0] * 20, 20).mean == 3.0


def test_power_cut_keeps_the_past_and_moves_the_fewest() -> None:
    instance = problem(20, 20, 10, 20, 20)
    before = make_plan(instance)
    cut = replace(instance, stations=(station(pauses=(Interval(DAY, 615, 735),)),))
    after = replan(cut, before.entries, (DAY, 615))
    assert after.plan.shortfall is None
    past = [e for e in before.entries if e.end <= 615]
    assert set(past) <= set(after.plan.entries)
    assert {e.group for e in after.kept} == {"c0"} and sum(e.count for e in after.kept) == 15
    assert not [e for e in after.plan.entries if 615 <= e.start < 735]
    assert sum(e.count for e in after.plan.entries) == 90
    assert len(after.moved) == 3  # those of the morning; the afternoon's classes stay
    stays = {e for e in before.entries if e.group not in after.moved}
    assert stays <= set(after.plan.entries)


def test_replanning_with_real_counts_places_exactly_the_rest() -> None:
    instance = problem(20, 20)
    before = make_plan(instance)
    first = before.entries[0].group
    after = replan(instance, before.entries, (DAY, 600), {first: 4})
    assert sum(e.count for e in after.plan.entries if e.group == first) == 20
    assert [e.count for e in after.kept] == [4]


def test_replanning_leaves_the_others_in_an_hour_that_goes_on() -> None:
    instance = problem(12, 8, 20)
    before = make_plan(instance)
    first = {e.group for e in before.entries if e.start == 570}
    after = replan(instance, before.entries, (DAY, 600), dict.fromkeys(first, 2))
    rest = [e for e in after.plan.entries if e.start == 600]
    assert sum(e.count for e in rest) <= 10  # half of an hour, half of its people
    assert len(after.moved) == 1 and sum(e.count for e in after.plan.entries) == 40


def test_replanning_moves_an_unlocked_class_rather_than_a_locked_one() -> None:
    one, two = (Entry(DAY, 570, 630, "S1", key, 10, locked=key == "c0") for key in ("c0", "c1"))
    slow = problem(10, 10, stations=(station(rate=10),))
    assert replan(slow, [one, two], (DAY, 560)).moved == ("c1",)


def test_replanning_a_class_that_shrank_moves_nobody() -> None:
    before = make_plan(problem(20, 20))
    smaller = problem(19, 20)
    after = replan(smaller, before.entries, (DAY, 560))
    assert after.moved == () and sum(e.count for e in after.plan.entries) == 39


def test_replanning_nothing_moves_nobody() -> None:
    instance = problem(20, 30, 25)
    before = make_plan(instance)
    after = replan(instance, before.entries, (DAY, 570))
    assert after.moved == () and set(after.plan.entries) == set(before.entries)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([570, 615, 645, 800, 1000]))
def test_replanning_never_exceeds_an_hour_and_loses_nobody(seed: int, minute: int) -> None:
    instance = small_problem(seed)
    before = make_plan(instance)
    if before.shortfall:
        return
    cut = tuple(
        replace(s, pauses=(*s.pauses, Interval(DAY, minute, minute + 30))) if n == 0 else s
        for n, s in enumerate(instance.stations)
    )
    after = replan(replace(instance, stations=cut), before.entries, (DAY, minute))
    if after.plan.shortfall:
        return
    assert sum(e.count for e in after.plan.entries) == sum(group.size for group in instance.groups)
    rest = [e for e in after.plan.entries if e not in set(after.kept)]
    left = tuple(replace(g, size=sum(e.count for e in rest if e.group == g.key)) for g in instance.groups)
    assert faults(Problem(left, _later(cut, minute), lunch=instance.lunch), rest) == []


def _later(stations: tuple[StationHours, ...], minute: int) -> tuple[StationHours, ...]:
    return tuple(replace(s, workload=None, pauses=(*s.pauses, Interval(DAY, 0, minute))) for s in stations)


def test_five_thousand_people_stay_within_one_station_day_of_the_bound() -> None:
    plan = make_plan(large_problem(5000, 150))
    assert plan.scores.unplaced == 0 and plan.scores.station_days <= -(-5000 // 130) + 1
