"""Every page of every role in a real browser: accessible in both schemes, quiet, and never too wide.

Those to which links lead, and those to which none does in the small world.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator
from typing import Literal
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import ConsoleMessage, Error, Page

from tests.photocampus.test_access_walk import PORTAL
from tests.photocampus.test_first_pages import STANDARD, faults, is_wider_than_window
from tests.world import OBJECTS, World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.django_db(transaction=True)]
# Lists and forms of Django's own admin have tests of their own; files are no pages.
ADMIN_PAGES = {"admin:index"}
# Academic affairs see the pages of units and studios as these do, who look at them here themselves.
FOREIGN = ("/unit/", "/studio/")
COLOURLESS = {**STANDARD, "rules": {"color-contrast": {"enabled": False}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def view_name(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def links_of(page: Page) -> list[str]:
    """Addresses of the same portal on the page, without those that download."""
    found = page.eval_on_selector_all(
        "a[href]:not([download])", "links => links.map(link => link.getAttribute('href'))"
    )
    parts = [urlsplit(urljoin(page.url, link)) for link in found]
    here = urlsplit(page.url).netloc
    return [
        part.path + (f"?{part.query}" if part.query else "")
        for part in parts
        if part.netloc == here and part.scheme == "http"
    ]


def pages_without_link(world: World, client: Client, seen: Container[str]) -> Iterator[str]:
    """Addresses not seen yet that answer this client with a page of their own; each is asked for when it is its turn."""
    for address in PORTAL:
        if address.name in seen:
            continue
        path = address.url(world.values(OBJECTS.get(address.name)))
        answer = client.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            yield path


def open_page(page: Page, path: str) -> bool:
    """False for an address that answers with a file."""
    try:
        answer = page.goto(path)
    except Error as error:
        if "Download" in str(error) or "ERR_ABORTED" in str(error):
            return False
        raise
    assert answer is not None
    if "text/html" not in answer.headers.get("content-type", ""):
        return False
    assert answer.status == 200, path
    return True


def show_scheme(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Colours fade from one scheme to the other; half-way they are nobody's choice, so the end is waited for."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(
        """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
            document.getAnimations().forEach((fade) => fade.finish());
            requestAnimationFrame(done);
        })))"""
    )


def complaints_about(page: Page, *, in_colour: bool = True) -> list[str]:
    """What is wrong with the open page, at 1440 and 390 pixels, light and, in colour, dark."""
    found = []
    if page.locator("h1").count() != 1:
        found.append("not one h1")
    page.set_viewport_size({"width": 1440, "height": 900})
    show_scheme(page, "light")
    found += faults(page) if in_colour else faults(page, COLOURLESS)
    if in_colour:
        show_scheme(page, "dark")
        found += [f"dark: {fault}" for fault in faults(page, CONTRAST)]
    page.set_viewport_size({"width": 390, "height": 844})
    if is_wider_than_window(page):
        found.append("wider than 390 pixels")
    return found


@pytest.mark.parametrize(("role", "least"), [("unit", 18), ("studio", 14), ("staff", 7)])
def test_every_page_reached_by_links_is_accessible_quiet_and_fits(browser_context, live_server, role, least):
    world = make_world()
    client = Client()
    client.force_login(world.people[role])
    browser_context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page = browser_context.new_page()
    console: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # The small world stores one small image and no large one.
        if message.type == "error" and "/pictures/" not in message.location["url"]:
            console.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: console.append(str(error)))
    seen, problems = {"set_language", "logout"}, {}
    waiting, others = deque(["/"]), pages_without_link(world, client, seen)
    while path := (waiting.popleft() if waiting else next(others, "")):
        name = view_name(path.partition("?")[0])
        if not name or name in seen or (name.startswith("admin:") and name not in ADMIN_PAGES):
            continue
        if role == "staff" and path.startswith(FOREIGN):
            continue
        seen.add(name)
        console.clear()
        if not open_page(page, path):
            continue
        # Every pair of colours is computed in tests/photocampus/test_design.py; here some pages show that they are used.
        wrong = complaints_about(page, in_colour=len(seen) % 3 == 0) + console
        if wrong:
            problems[f"{name} {path}"] = wrong
        waiting.extend(links_of(page))
    assert problems == {}
    assert len(seen) >= least
