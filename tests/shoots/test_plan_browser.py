"""Booking and plan in a real browser: countered, confirmed, changed by mouse and by keyboard only, undone, printed."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from photocampus.models import User
from sessions.models import Booking, PlanEntry
from tests import factories as make
from tests.photocampus.test_first_pages import faults, is_wider_than_window
from tests.shoots.booking_world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PASSWORD = "ein-langes-wort"
SHOWN = os.environ.get("PHOTOCAMPUS_SCREENSHOTS")


@pytest.fixture
def world() -> World:
    """The server lives in March, four weeks before the shoot."""
    school = make.make_school()
    school.demo_date = "2018-03-20"
    school.save()
    made = make_world()
    for user in (made.coordinator, made.photographer):
        user.set_password(PASSWORD)
        user.save()
    return made


class Person:
    """Somebody at an own browser; what the browser complains about is kept."""

    def __init__(self, browser: Any, live_server: Any, user: User, base: str) -> None:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 1440, "height": 900}, locale="zh-CN"
        )
        context.set_default_timeout(15_000)
        self.base, self.page, self.complaints = base, context.new_page(), []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/login/")
        self.page.fill("[name=username]", user.username)
        self.page.fill("[name=password]", PASSWORD)
        self.press("form:has([name=password]) button")

    def go(self, rest: str) -> Page:
        answer = self.page.goto(self.base + rest)
        assert answer is not None and answer.status == 200, rest
        return self.page

    def press(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        sure = self.page.locator("dialog#confirm[open] [data-confirm-yes]")
        if sure.count():
            sure.click()
        self.page.wait_for_load_state("networkidle")

    def tick(self, station: str, count: int, first: int = 0) -> None:
        """Half hours of one station on the open day, and no others on it."""
        boxes = self.page.locator(f"[name=h][type=checkbox][value^='{station}_']")
        for index in range(boxes.count()):
            boxes.nth(index).set_checked(first <= index < first + count)

    def show(self, name: str) -> None:
        if SHOWN:
            self.page.screenshot(path=f"{SHOWN}/{name}.png", full_page=True)


def block(page: Page, at: str) -> Any:
    return page.locator(f"[data-slot='{at}'] .block[data-entry]").first


def planned() -> list[tuple]:
    rows = PlanEntry.objects.order_by("day", "start", "station__code", "class_group__name")
    found = rows.values_list("day", "start", "station__code", "class_group__name", "people")
    return [(f"{day:%d}", f"{start:%H:%M}", *rest) for day, start, *rest in found]


def drag(page: Page, block: Any, target: Any) -> None:
    """As a hand does: press, move in steps, let go."""
    block.scroll_into_view_if_needed()
    source, goal = block.bounding_box(), target.bounding_box()
    page.mouse.move(source["x"] + 20, source["y"] + 12)
    page.mouse.down()
    page.mouse.move(source["x"] + 40, source["y"] + 20, steps=3)
    page.mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + goal["height"] - 6, steps=6)
    expect(page.locator(".is-target")).to_have_count(1)
    page.mouse.up()


def book(unit: Person, studio: Person) -> str:
    """Asked, other hours proposed, countered, confirmed."""
    unit.go("bookings/new/?kind=group&month=2018-04-01")
    unit.show("month")
    unit.page.locator(".month a[href*='day=2018-04-17']").click()
    unit.show("day")
    assert faults(unit.page) == []
    unit.tick("A1", 5)
    unit.press("form:has([name=h][type=checkbox]) .button-primary")
    unit.page.fill("[name=companion_name]", "陈老师")
    unit.page.fill("[name=companion_phone]", "13900000001")
    unit.press("form[method=post]:has([name=companion_name]) .button-primary")
    booking = Booking.objects.get()
    here = f"bookings/{booking.public_id}/"
    offer(studio, here + "hours/?day=2018-04-18&month=2018-04-01", "proposed")
    unit.go(here)
    expect(unit.page.locator("form[action$='/accept/']")).to_have_count(1)
    offer(unit, here + "hours/?day=2018-04-19&month=2018-04-01", "countered")
    studio.go(here)
    studio.page.fill("[name=agreed_load]", "60")
    studio.press("form[action$='/confirm/'] button")
    booking.refresh_from_db()
    assert booking.state == "confirmed"
    return here


def offer(who: Person, path: str, state: str) -> None:
    """Add a morning of the second bay to the hours that are there."""
    page = who.go(path)
    who.tick("A2", 5)
    if page.locator("[name=agreed_load]").count():
        page.fill("[name=agreed_load]", "60")
    forms = page.locator("form:has([name=h][type=checkbox]) .button-primary")
    forms.first.click()
    page.wait_for_load_state("networkidle")
    send = page.locator("form[method=post]:has([name=h]) .button-primary")
    if Booking.objects.get().state != state:
        if page.locator("[name=agreed_load]").count():
            page.fill("[name=agreed_load]", "60")
        send.last.click()
        page.wait_for_load_state("networkidle")
    assert Booking.objects.get().state == state


def test_plan_is_booked_changed_by_mouse_and_keyboard_undone_and_printed(browser, live_server, world: World):
    unit = Person(browser, live_server, world.coordinator, f"/unit/{world.unit.code}/{world.campaign.code}/")
    desk = f"/studio/{world.studio.code}/{world.campaign.code}/"
    studio = Person(browser, live_server, world.photographer, desk)
    here = book(unit, studio)
    page = unit.go(here + "plan/")
    unit.press("form[action$='/make/'] button")
    before = planned()
    assert sum(row[-1] for row in before) == 43
    by_mouse(page, before)
    by_keyboard(page, before)
    assert faults(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_timeout(400)  # colours fade from one scheme to the other
    assert faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert not is_wider_than_window(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    unit.show("plan")
    unit.go(here + "plan/print/")
    assert len(page.pdf(format="A4")) > 5000
    page.emulate_media(media="print")
    expect(page.locator(".sheet")).to_have_count(len({row[0] for row in before}))
    unit.go(here + "plan/classes/")
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 2
    studio.go(here + "plan/")
    expect(studio.page.locator(".block")).to_have_count(len(before))
    assert unit.complaints == [] and studio.complaints == []


def by_mouse(page: Page, before: list[tuple]) -> None:
    """A class into a full hour is refused where it was dropped; into a free one it goes; undone it is back."""
    first, last = page.locator(".block[data-entry]").first, page.locator("[data-slot]:visible").last
    drag(page, first, last)
    expect(page.locator(".plan-say [role=alert]")).to_be_visible()
    assert planned() == before
    page.locator(".plan-say button").click()
    expect(page.locator("[data-undo]")).to_have_count(1)
    assert planned() != before
    page.locator("[data-undo] button").click()
    expect(page.locator("[data-undo]")).to_have_count(0)
    assert planned() == before
    drag(page, page.locator(".block[data-entry]").first, page.locator("[data-tray-drop]"))
    expect(page.locator(".plan-tray .block")).to_have_count(1)
    assert len(planned()) == len(before) - 1
    drag(page, page.locator(".plan-tray .block"), page.locator("[data-slot]:visible").first)
    expect(page.locator(".plan-tray .block")).to_have_count(0)
    assert planned() == before
    page.locator("[data-undo] button").click()
    expect(page.locator(".plan-tray .block")).to_have_count(1)
    page.locator("[data-undo] button").click()
    expect(page.locator("[data-undo]")).to_have_count(0)


def by_keyboard(page: Page, before: list[tuple]) -> None:
    """Nothing but keys: pick up, choose another day's hour and five people, put down, lock, undo everything."""
    page.reload()
    page.locator(".block[data-entry]").first.focus()
    live = page.locator("#plan-live")
    page.keyboard.press("Space")
    expect(live).to_contain_text("已拿起")
    page.keyboard.press("Escape")
    expect(live).to_contain_text("保持原位")
    page.keyboard.press("Space")
    page.keyboard.press("PageDown")
    page.keyboard.press("5")
    expect(live).to_contain_text("5 人")
    expect(page.locator("[data-slot].is-target")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(live).to_contain_text("5 人改为")
    assert len(planned()) == len(before) + 1 and planned() != before
    expect(page.locator(".block:focus")).to_have_attribute("data-people", "5")
    page.keyboard.press("l")
    expect(page.locator(".block:focus")).to_have_attribute("data-locked", "0")
    page.keyboard.press("Enter")
    expect(page.locator("#entry-title:focus")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.locator(".plan-undo")).not_to_contain_text("已解锁")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-undo]")).to_have_count(0)
    assert planned() == before
