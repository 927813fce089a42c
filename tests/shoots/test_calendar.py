"""R13 and R2: Mondays, holidays, substitute days, closures, exceptions, the half-hour grid."""

from dataclasses import replace
from datetime import date, time

import pytest

from sessions.calendar import (
    Closure,
    Exceptional,
    Shut,
    Span,
    StudioCalendar,
    capacity,
    days_off,
    half_hours_in,
    in_window,
    is_provisional,
    makeup_working_days,
    runs,
)

MORNING, AFTERNOON = Span(time(9, 30), time(12)), Span(time(13), time(17))
STUDIO = StudioCalendar(
    weekly=dict.fromkeys(range(1, 7), (MORNING, AFTERNOON)),
    closures=(Closure(date(2018, 1, 10), date(2018, 2, 28), "winter"),),
)


def test_day_has_thirteen_half_hours_and_none_over_lunch() -> None:
    starts = STUDIO.half_hours(date(2018, 4, 17))
    assert len(starts) == 13
    assert [starts[0], starts[4], starts[5], starts[-1]] == [
        time(9, 30),
        time(11, 30),
        time(13),
        time(16, 30),
    ]


def test_mondays_are_shut() -> None:
    assert STUDIO.half_hours(date(2018, 4, 16)) == []
    assert STUDIO.day_off(date(2018, 4, 16)).kind == Shut.WEEKDAY


@pytest.mark.parametrize("day", [date(2018, 1, 10), date(2018, 2, 28)])
def test_closure_includes_both_ends(day: date) -> None:
    assert STUDIO.day_off(day).kind == Shut.CLOSURE
    assert STUDIO.day_off(day).name == "winter"


def test_day_after_closure_is_open() -> None:
    assert STUDIO.day_off(date(2018, 3, 1)) is None


def test_holidays_of_the_2018_window_cover_the_announced_breaks() -> None:
    inside = [day for day in sorted(days_off(2018)) if date(2018, 3, 1) <= day <= date(2018, 7, 15)]
    assert inside == [
        *(date(2018, 4, n) for n in (5, 6, 7)),  # Qingming, the 6th against Sunday the 8th
        *(date(2018, 4, n) for n in (29, 30)),  # Labour Day, the 30th against Saturday the 28th
        date(2018, 5, 1),
        date(2018, 6, 18),  # Dragon Boat, only next to a weekend: that weekend is worked as usual
    ]


def test_long_breaks_reach_over_their_weekends_and_over_new_year() -> None:
    autumn = [day for day in sorted(days_off(2018)) if day.month >= 9]
    assert autumn == [
        date(2018, 9, 24),
        *(date(2018, 10, n) for n in range(1, 8)),
        date(2018, 12, 30),
        date(2018, 12, 31),
    ]
    assert date(2019, 1, 1) in days_off(2019)


@pytest.mark.parametrize(("day", "is_open"), [(date(2018, 4, 8), True), (date(2018, 4, 28), True)])
def test_makeup_working_days_on_open_weekdays_stay_open(day: date, is_open: bool) -> None:
    assert day in makeup_working_days(2018)
    assert bool(STUDIO.half_hours(day)) is is_open


def test_makeup_working_day_never_opens_a_shut_weekday() -> None:
    shut_on_weekends = replace(STUDIO, weekly=dict.fromkeys(range(5), (MORNING,)))
    assert shut_on_weekends.half_hours(date(2018, 4, 8)) == []
    assert STUDIO.half_hours(date(2018, 6, 18)) == []  # Monday and holiday


def test_substitute_day_off_is_shut_though_the_weekday_is_open() -> None:
    off = STUDIO.day_off(date(2018, 4, 6))
    assert off.kind == Shut.HOLIDAY and off.name


def test_exception_opens_a_monday_a_holiday_and_a_closure() -> None:
    days = [date(2018, 4, 16), date(2018, 4, 5), date(2018, 2, 1)]
    opened = replace(STUDIO, exceptions={day: Exceptional((Span(time(10), time(11)),)) for day in days})
    assert [opened.half_hours(day) for day in days] == [[time(10), time(10, 30)]] * 3


def test_exception_closes_early_or_for_the_day() -> None:
    special = replace(
        STUDIO,
        exceptions={
            date(2018, 4, 17): Exceptional((MORNING,)),
            date(2018, 4, 18): Exceptional(reason="repairs"),
        },
    )
    assert len(special.half_hours(date(2018, 4, 17))) == 5
    assert special.day_off(date(2018, 4, 18)).kind == Shut.EXCEPTION
    assert special.day_off(date(2018, 4, 18)).name == "repairs"


def test_grid_keeps_only_whole_half_hours() -> None:
    assert half_hours_in([Span(time(9, 40), time(11, 15))]) == [time(10), time(10, 30)]
    assert half_hours_in([Span(time(9, 30), time(10)), Span(time(9, 30), time(10, 30))]) == [
        time(9, 30),
        time(10),
    ]


def test_runs_join_neighbours_and_break_at_lunch() -> None:
    assert runs(STUDIO.half_hours(date(2018, 4, 17))) == [MORNING, AFTERNOON]


def test_capacity_never_exceeds_an_hours_rate() -> None:
    day = STUDIO.half_hours(date(2018, 4, 17))
    assert capacity(day, 20) == 40 + 10 + 80
    assert capacity(day, 25) == 50 + 12 + 100
    assert capacity([], 20) == 0


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2018, 2, 28), False),
        (date(2018, 3, 1), True),
        (date(2018, 7, 15), True),
        (date(2018, 7, 16), False),
    ],
)
def test_window_includes_both_ends(day: date, inside: bool) -> None:
    assert in_window(day, date(2018, 3, 1), date(2018, 7, 15)) is inside


def test_collection_date_counts_opening_days_only() -> None:
    # Wednesday the 4th: 5 to 7 holiday, 8th open, 9th Monday, 10th open.
    assert STUDIO.collection_date(date(2018, 4, 4), 1) == date(2018, 4, 8)
    assert STUDIO.collection_date(date(2018, 4, 4), 2) == date(2018, 4, 10)
    assert STUDIO.collection_date(date(2018, 4, 4), 0) == date(2018, 4, 4)
    assert STUDIO.collection_date(date(2018, 4, 5), 0) == date(2018, 4, 8)


def test_collection_date_of_a_studio_that_never_opens_is_none() -> None:
    assert StudioCalendar(weekly={}).collection_date(date(2018, 4, 4), 3) is None


def test_years_without_published_arrangement_are_provisional() -> None:
    assert [is_provisional(year) for year in (2018, 2025, 2035)] == [False, False, True]
