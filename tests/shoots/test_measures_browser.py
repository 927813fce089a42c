"""What was measured, in a real browser: plots and drawn findings are accessible in both schemes and fit a telephone."""

import pytest
from django.urls import reverse

from tests.photocampus.test_pages_in_browser import complaints_about
from tests.shoots.shoot_day import at, make_photo, make_shoot_day
from tests.shoots.test_measures import add_findings, unit_page
from tests.students.sheet_people import measured

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_plots_and_drawn_findings_are_accessible_and_fit(page):
    day = make_shoot_day(3)
    with at(9, 45):
        for attendance in day.attendances:
            day.photograph(attendance)
    for index, graduate in enumerate(day.graduates):
        photo = make_photo(day, graduate)
        add_findings(photo, bad=index == 0)
        for row in measured(photo):
            if not photo.findings.filter(check_name=row.check_name).exists():
                row.save()
    day.coordinator.set_password("ein-langes-wort")
    day.coordinator.save()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto("/login/")
    page.fill("[name=username]", day.coordinator.username)
    page.fill("[name=password]", "ein-langes-wort")
    page.keyboard.press("Enter")
    page.wait_for_url("**/unit/**")

    page.goto(unit_page(day))
    assert page.locator(".plot svg").count() == 4
    assert page.locator(".plot-mark.is-bad").count() == 1
    # A mark of the background has the colour that was measured, in spite of the style sheet.
    own = page.locator(".plot .plot-own").last
    assert own.evaluate("mark => getComputedStyle(mark).fill") == "rgb(100, 197, 255)"
    assert complaints_about(page) == []

    place = [day.unit.code, day.campaign.code]
    page.goto(reverse("students:picture", args=[*place, day.graduates[0].public_id]))
    page.locator("[data-measures]").check()
    overlay = page.locator(".picture-figure .overlay")
    assert overlay.is_visible() and "250" in (overlay.get_attribute("aria-label") or "")
    assert complaints_about(page) == []
    page.goto(reverse("students:pictures", args=place) + "?class=all")
    assert page.locator(".shot .overlay").first.is_visible()
    assert complaints_about(page) == []
    # The pictures of this test are no JPEGs; nothing else may be complained of.
    assert [text for text in said if "Content Security" in text or "Uncaught" in text] == []
