"""Five hundred pictures in a real browser: only what is near the window is fetched, and nothing jumps while scrolling."""

import pytest

from tests import factories as make
from tests.students.sheet_people import add_pictures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
TILES = 500
WATCH = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
  }).observe({ type: "layout-shift", buffered: true });
}"""
NEAR = """() => [...document.querySelectorAll(".shot img")].filter((image) => {
  const box = image.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}).map((image) => image.complete && image.naturalWidth === 240)"""


@pytest.fixture
def sheet(page) -> str:
    campaign, unit = make.make_campaign(), make.make_unit()
    studio = make.make_studio(campaign=campaign)
    add_pictures(campaign, unit, studio, make.make_photographer(studio), TILES)
    coordinator = make.make_coordinator(unit)
    coordinator.set_password("ein-langes-wort")
    coordinator.save()
    page.goto("/login/")
    page.fill("[name=username]", coordinator.username)
    page.fill("[name=password]", "ein-langes-wort")
    page.keyboard.press("Enter")
    page.wait_for_url("**/unit/**")
    return f"/unit/{unit.code}/{campaign.code}/pictures/?class=all"


def until(page, script: str) -> None:
    """Ask again and again: the page's policy forbids Playwright's own waiting, which evaluates text."""
    for _try in range(200):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never true: {script}")


def all_near_are_shown(page) -> bool:
    until(page, f"() => {{ const near = ({NEAR})(); return near.length > 0 && near.every(Boolean); }}")
    return True


def test_five_hundred_pictures_scroll_without_a_jump_and_are_fetched_when_near(page, sheet):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/small/" in request.url else None)
    page.goto(sheet)
    page.evaluate(WATCH)
    assert page.locator(".shot").count() == TILES
    assert all_near_are_shown(page)
    # Chromium fetches ahead of the window; most of the sheet lies far below it.
    assert 0 < len(asked) < TILES * 0.4
    first = len(asked)
    # What lies outside the window is not laid out at all.
    skipped = """() => [...document.querySelectorAll(".shot")].filter(
        (tile) => !tile.querySelector("img").checkVisibility({ contentVisibilityAuto: true })).length"""
    assert page.evaluate(skipped) > TILES * 0.6
    height = page.evaluate("document.documentElement.scrollHeight")
    for step in range(1, 9):
        page.mouse.wheel(0, 700)
        until(page, f"() => scrollY >= {step * 600}")
        assert all_near_are_shown(page)
    assert sum(page.evaluate("window.shifts")) < 0.01
    assert first < len(asked) < TILES
    # The height was known from the beginning: the scroll bar does not run away.
    assert abs(page.evaluate("document.documentElement.scrollHeight") / height - 1) < 0.05
    assert len(set(asked)) == len(asked)

    # A second visit takes the pictures from the browser's own copy.
    page.goto(sheet)
    assert all_near_are_shown(page)
    sizes = page.evaluate(
        """() => performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/small/"))
        .map((entry) => entry.transferSize)"""
    )
    assert sizes and set(sizes) == {0}

    # The measures lie over the pictures when switched on, with the key too, and the choice is kept.
    overlay = page.locator(".shot .overlay").first
    assert not overlay.is_visible()
    page.get_by_label("显示标准区域与检测标线").check()
    assert overlay.is_visible()
    page.reload()
    assert overlay.is_visible() and page.locator("[data-measures]").is_checked()
    page.locator(".shot input[type=checkbox]").first.focus()
    page.keyboard.press("m")
    assert not overlay.is_visible()
