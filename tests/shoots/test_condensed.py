"""Held hours put together as people say them."""

import datetime as dt

import pytest
from django.utils import translation

from sessions.condensed import Row, condensed, rows_said

MORNING, AFTERNOON = (dt.time(9, 30), dt.time(12)), (dt.time(13), dt.time(17))


def rows(
    *days: str, stations: str = "A1", times: tuple[tuple[dt.time, dt.time], ...] = (MORNING,)
) -> list[Row]:
    return [
        (station, dt.date.fromisoformat(day), start, end)
        for day in days
        for station in stations.split()
        for start, end in times
    ]


@pytest.mark.parametrize(
    ("held", "chinese", "english"),
    [
        (rows("2018-04-17"), ["4月17日 9:30–12:00 A1"], ["Apr 17 9:30–12:00 A1"]),
        (
            rows("2018-04-17", "2018-04-18", "2018-04-19", stations="A1 A2", times=(MORNING, AFTERNOON)),
            ["4月17日至19日 每天 9:30–12:00、13:00–17:00 A1、A2"],
            ["Apr 17 to 19, each day 9:30–12:00, 13:00–17:00 A1, A2"],
        ),
        (
            rows("2018-04-29", "2018-05-01", "2018-05-02", "2018-04-30"),
            ["4月29日至5月2日 每天 9:30–12:00 A1"],
            ["Apr 29 to May 2, each day 9:30–12:00 A1"],
        ),
        (
            [*rows("2018-04-17", "2018-04-19"), *rows("2018-04-18", times=(AFTERNOON,))],
            ["4月17日、4月19日 每天 9:30–12:00 A1", "4月18日 13:00–17:00 A1"],
            ["Apr 17, Apr 19, each day 9:30–12:00 A1", "Apr 18 13:00–17:00 A1"],
        ),
        (
            [*rows("2018-04-17"), *rows("2018-04-17", stations="A2", times=(AFTERNOON,))],
            ["4月17日 9:30–12:00 A1；13:00–17:00 A2"],
            ["Apr 17 9:30–12:00 A1; 13:00–17:00 A2"],
        ),
        (
            [*rows("2018-04-17", times=(MORNING, AFTERNOON)), *rows("2018-04-17", stations="A2 A3")],
            ["4月17日 9:30–12:00、13:00–17:00 A1；9:30–12:00 A2、A3"],
            ["Apr 17 9:30–12:00, 13:00–17:00 A1; 9:30–12:00 A2, A3"],
        ),
        ([], [], []),
    ],
)  # fmt: skip
def test_days_with_the_same_hours_are_said_once(
    held: list[Row], chinese: list[str], english: list[str]
) -> None:
    with translation.override("zh-hans"):
        assert condensed(held) == chinese
        assert condensed(reversed(held)) == chinese
    with translation.override("en"):
        assert condensed(held) == english


def test_hours_of_a_message_are_read_from_text() -> None:
    assert rows_said([["A1", "2018-04-17", "09:30", "12:00"]]) == rows("2018-04-17")
