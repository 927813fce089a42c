"""The choice of hours: what was taken meanwhile is marked, with free hours to take instead; a full day offers nothing."""

import re
from collections.abc import Iterator

import pytest

from photocampus import clock
from sessions.studio_days import add_closure, open_individual_day
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world
from tests.shoots.test_booking_pages import MORNING, client, studio, text

pytestmark = pytest.mark.django_db
LOST = '<li class="is-lost">'


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world()


def path(world: World, rest: str) -> str:
    return f"/unit/{world.other.code}/{world.campaign.code}/bookings/new/?picking=1&{rest}"


def test_hours_taken_meanwhile_are_marked_with_the_nearest_free_ones(world: World) -> None:
    browser = client(world.rival)
    choice = f"h={MORNING}&h=A1_2018-05-15_0930_1000"
    assert LOST not in text(browser.get(path(world, choice)))
    confirmed(world)
    page = text(browser.get(path(world, choice)))
    assert page.count(LOST) == 1 and "已被占用：其他单位" in page and world.unit.name not in page
    note = page[page.index('id="lost"') :]
    links = [link.replace("&amp;", "&") for link in re.findall(r'button-small" href="([^"]+)"', note)]
    page = text(browser.get(links[0]))
    assert LOST not in page and "A2_2018-04-17_0930_1200" in page and "A1_2018-05-15_0930_1000" in page
    page = text(browser.get(links[-1]))  # left out
    assert LOST not in page and 'value="A1_2018-05-15_0930_1000"' in page and 'value="A2_' not in page


def test_hours_of_another_month_and_closed_days_are_marked_too(world: World) -> None:
    browser, choice = client(world.rival), f"h={MORNING}&month=2018-06-01"
    assert LOST not in text(browser.get(path(world, choice)))
    confirmed(world, hours(world.bays[0], end="10:30"))
    page = text(browser.get(path(world, choice)))
    assert page.count(LOST) == 1 and 'class="num">09:30–10:30' in page and 'class="num">10:30–12:00' in page
    add_closure(studio=world.studio, first=DAY, last=DAY, reason="盘点", by=world.photographer)
    assert "盘点" in text(browser.get(path(world, "h=A2_2018-04-17_1300_1400")))
    for code in ("A1_2018-04-16_0930_1000", "A1_2018-04-18_1200_1300", "A1_2018-08-01_0930_1000"):
        assert text(browser.get(path(world, f"h={code}"))).count(LOST) == 1, code


@pytest.mark.parametrize("day", ["9999-12-01", "9999-12-31", "0001-01-01", "0001-12-31"])
def test_days_far_away_show_the_nearest_month_of_the_window(world: World, day: str) -> None:
    shown = 'month-title">2018-07' if day > "2018" else 'month-title">2018-03'
    for query in (
        f"month={day}",
        f"day={day}",
        f"h=A1_{day}_0930_1000",
        f"h=A1_{day}_0930_1000&month={day}&day={day}",
    ):
        assert shown in text(client(world.rival).get(path(world, query))), query
        assert shown in text(client(world.photographer).get(studio(world, f"calendar/?picking=1&{query}")))
    sent = {"h": f"A1_{day}_0930_1000", "picking": "1", "kind": "group"}
    text(client(world.rival).post(path(world, ""), sent), 409)


def test_own_hours_of_a_booking_that_moves_are_not_lost(world: World) -> None:
    booking = confirmed(world)
    desk = client(world.photographer)
    address = studio(world, f"bookings/{booking.public_id}/hours/")
    assert LOST not in text(desk.get(address))
    add_closure(studio=world.studio, first=DAY, last=DAY, reason="盘点", by=world.photographer)
    assert text(desk.get(address)).count(LOST) == 1


@pytest.mark.parametrize("start", ["09²", "9" * 20])
def test_hours_that_are_no_time_of_day_are_left_out(world: World, start: str) -> None:
    page = client(world.rival).get(path(world, f"h=A1_{DAY}_{start}_1000"))
    assert page.status_code == 200 and LOST not in text(page)


def test_a_full_day_offers_nothing_to_take_over(world: World) -> None:
    browser = client(world.rival)
    day = f"day={DAY}&month=2018-04-01"
    assert "采用这些时段" in text(browser.get(path(world, day)))
    confirmed(world, [*hours(*world.bays), *hours(*world.bays, start="13:00", end="17:00")])
    page = text(browser.get(path(world, day)))
    assert "采用这些时段" not in page and "当天已没有空闲时段" in page
    assert "采用这些时段" in text(browser.get(path(world, "day=2018-04-18&month=2018-04-01")))


def test_a_day_for_individuals_says_so_to_everybody(world: World) -> None:
    open_individual_day(
        studio=world.studio, campaign=world.campaign, hours=hours(world.bays[0]), seats=2, by=world.photographer
    )  # fmt: skip
    for user, address in (
        (world.rival, path(world, f"day={DAY}&month=2018-04-01")),
        (world.photographer, studio(world, f"calendar/?day={DAY}&month=2018-04-01")),
    ):
        page = text(client(user).get(address))
        assert page.count('<span class="small">个人</span>') == 5 and "其他单位" not in page
