"""Deciding about pictures with the keyboard alone: ticks, Enter, a reason asked for, and nothing under the bar."""

import pytest
from django.test import Client

from students.models import Decision, Outcome
from tests import factories as make
from tests.students.register_people import make_code
from tests.students.sheet_people import add_pictures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def sheet(page, live_server) -> str:
    campaign, unit = make.make_campaign(), make.make_unit()
    studio = make.make_studio(campaign=campaign)
    make_code("eyes_closed")
    add_pictures(campaign, unit, studio, make.make_photographer(studio), 60)
    client = Client()
    client.force_login(make.make_coordinator(unit))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    return f"/unit/{unit.code}/{campaign.code}/pictures/?class=all"


def test_enter_accepts_what_is_ticked_and_in_the_note_refuses(page, sheet):
    page.goto(sheet)
    boxes = page.locator(".shot input[name=seen]")
    boxes.first.focus()
    for key in ("Space", "ArrowRight", "Space", "Enter"):
        page.keyboard.press(key)
    page.locator(".message-success").wait_for()
    assert Decision.objects.filter(outcome=Outcome.YES).count() == 2

    page.locator(".shot:not(.is-good) input[name=seen]").first.check()
    page.locator("#note").focus()
    page.keyboard.type("左眼")
    page.keyboard.press("Enter")
    # Nothing is sent without a reason, and the tick stays.
    assert page.evaluate("document.querySelector('#code').validationMessage").startswith("退回照片须")
    assert page.locator(".shot input[name=seen]:checked").count() == 1
    page.select_option("#code", "eyes_closed")
    page.locator("#note").press("Enter")
    page.locator(".message-success").wait_for()
    assert Decision.objects.filter(outcome=Outcome.NO, note="左眼").count() == 1


def test_bar_stays_in_reach_and_covers_no_focused_picture(page, sheet):
    page.emulate_media(reduced_motion="reduce")
    page.goto(sheet)
    page.locator(".shot input[name=seen]").nth(40).focus()
    page.wait_for_timeout(300)
    assert page.locator(".decide").bounding_box()["y"] < 100
    covered = """() => {
      const bar = document.querySelector(".decide").getBoundingClientRect().bottom;
      return document.activeElement.getBoundingClientRect().bottom <= bar;
    }"""
    for _step in range(60):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(covered) is False
