"""R3 and R4 at the line."""

import pytest

from sessions.routing import Route, crosses_line, judge, permits


@pytest.mark.parametrize(
    ("counted", "route"), [(0, "studio"), (99, "studio"), (100, "on_site"), (101, "on_site")]
)
def test_route_includes_the_threshold_itself(counted: int, route: str) -> None:
    assert judge(counted, 100).route == route


def test_route_follows_the_campaigns_threshold() -> None:
    assert [judge(100, line).route for line in (99, 100, 101)] == ["on_site", "on_site", "studio"]


def test_override_holds_and_keeps_what_the_rule_says() -> None:
    verdict = judge(99, 100, override="on_site")
    assert (verdict.route, verdict.by_rule, verdict.overridden) == (Route.ON_SITE, Route.GROUP_STUDIO, True)
    assert not judge(99, 100, override="studio").overridden


def test_distance_counts_people_to_the_other_side() -> None:
    facts = [(judge(n, 100).distance, judge(n, 100).people_to_the_other_side) for n in (90, 99, 100, 130)]
    assert facts == [(-10, 10), (-1, 1), (0, 1), (30, 31)]


def test_crossing_is_noticed_in_both_directions_only_at_the_line() -> None:
    pairs = [(99, 100), (100, 99), (98, 99), (100, 101)]
    assert [crosses_line(before, after, 100) for before, after in pairs] == [True, True, False, False]


def test_group_kinds_follow_the_route_and_makeup_is_open_to_all() -> None:
    large, small = judge(100, 100), judge(99, 100)
    assert permits(large, "on_site") and not permits(large, "group")
    assert permits(small, "group") and not permits(small, "on_site")
    assert all(permits(verdict, kind) for verdict in (large, small) for kind in ("makeup", "individual"))
