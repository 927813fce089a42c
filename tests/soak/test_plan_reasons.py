"""Hundreds of plans, and every reason in them held against all other ways."""

from tests.shoots.test_plan_reasons import check_against_all_ways, check_every_earlier_hour


def test_reasons_of_tiny_plans(rounds):
    for seed in range(1000, 1000 + rounds(500)):
        check_against_all_ways(seed)


def test_reasons_of_larger_plans(rounds):
    for seed in range(1000, 1000 + rounds(100)):
        check_every_earlier_hour(seed)
