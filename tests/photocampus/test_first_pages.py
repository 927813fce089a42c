"""The first minutes with a new portal, in a real browser: setting up the school, logging in and out."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from photocampus.models import Role, School, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def faults(page, options=STANDARD) -> list[str]:
    """What axe has against the page by WCAG 2.2 AA. The library is put into each page once, and only faults come back."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(
        "async (options) => (await axe.run(document, options)).violations",
        {**options, "resultTypes": ["violations"]},
    )
    return [f"{fault['id']}: {node['target']}" for fault in found for node in fault["nodes"]]


def is_wider_than_window(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_first_run_sets_up_a_school_and_its_administrator(page):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/")
    assert page.url.endswith("/setup/")
    assert faults(page) == []
    page.fill("[name=code]", "10001")
    page.fill("[name=school_name]", "晨光大学")
    page.fill("[name=username]", "jiaowu")
    page.fill("[name=name]", "周敏")
    page.fill("[name=password]", "a-long-pass-phrase")
    page.fill("[name=password_again]", "a-long-pass-phrase")
    page.locator("main form button.button-primary").click()
    page.wait_for_url("**/login/")
    assert School.objects.get().name == "晨光大学"
    assert User.objects.get().username == "jiaowu"
    assert complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_log_in_page_is_accessible_and_fits(page, width):
    School.objects.create(code="10001", name="晨光大学")
    User.objects.create_user("liang", "a-long-pass-phrase", name="梁宇", role=Role.UNIT)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/login/")
    assert faults(page) == []
    assert not is_wider_than_window(page)
    assert page.locator("h1").count() == 1
    page.fill("[name=username]", "liang")
    page.fill("[name=password]", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("main .errors, main .errorlist").first).to_be_visible()
    page.fill("[name=username]", "liang")
    page.fill("[name=password]", "a-long-pass-phrase")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
