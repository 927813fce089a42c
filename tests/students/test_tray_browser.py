"""A tray emptied with the keyboard alone, one assignment of it taken back; and a picture large beside its candidates."""

from __future__ import annotations

import pytest
from django.test import Client

from students.models import IngestFile, IngestState
from students.tray import tray_of
from tests import factories as make
from tests.students.tray_place import TrayPlace, picture, picture_faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILES = 8


@pytest.fixture
def place(browser_context, live_server, monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)
    place = TrayPlace(people=FILES)
    client = Client()
    client.force_login(place.photographer)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    browser_context.add_cookies([cookie])
    return place


def swapped(number: str) -> str:
    """The typing slip that a person makes: the last two digits exchanged."""
    return f"{number[:-2]}{number[-1]}{number[-2]}"


def press(page, key: str) -> None:
    """A key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_eight_files_are_assigned_by_keys_and_one_is_taken_back(place, page):
    people = place.people
    names = [f"{swapped(person.enrolment.student_number)}.jpg" for person in people]
    names[3] = "unknown.jpg"
    place.put(*((name, picture(seed)) for seed, name in enumerate(names)))
    page.goto(f"{place.base}tray/")
    press(page, "n")
    for at, person in enumerate(people):
        heading = page.locator("h2.tray-name")
        assert heading.inner_text() == names[at]
        assert page.evaluate("document.querySelector('.tray-picture img').naturalWidth") > 0
        if at == 3:
            # Nobody is named: search by the number, typed into the field that the slash leads to.
            page.keyboard.press("/")
            page.keyboard.type(person.enrolment.student_number)
            assert heading.inner_text() == names[at]  # digits in a field assign nothing
            press(page, "Enter")
            assert person.enrolment.student_number not in page.url
        first = page.locator(".tray-choice").first
        assert person.enrolment.student.name in first.inner_text()
        press(page, "1")
        if at == 4:
            make.run_jobs()  # the worker is as fast as it likes
            press(page, "u")
            assert page.locator("h2.tray-name").inner_text() == names[at]
            assert place.again(person).picture is None
            press(page, "1")
    assert "?file=" not in page.url and not tray_of(place.studio, place.campaign).exists()
    make.run_jobs()
    assert all(place.again(person).picture is not None for person in people)
    assert set(IngestFile.objects.values_list("state", flat=True)) == {IngestState.FILED}
    assert picture_faults() == []


def test_arrows_turn_the_pages_and_delete_asks_first(place, page):
    place.put(("x.jpg", picture(1)), ("y.jpg", picture(2)))
    page.goto(f"{place.base}tray/")
    press(page, "n")
    press(page, "ArrowRight")
    assert page.locator("h2.tray-name").inner_text() == "y.jpg"
    press(page, "p")
    assert page.locator("h2.tray-name").inner_text() == "x.jpg"
    page.keyboard.press("Delete")
    assert page.locator("dialog#confirm").is_visible()
    page.keyboard.press("n")  # keys are the dialog's now
    page.keyboard.press("Escape")
    assert page.locator("h2.tray-name").inner_text() == "x.jpg"
    page.keyboard.press("Delete")
    page.keyboard.press("Tab")
    press(page, "Enter")
    assert page.locator("h2.tray-name").inner_text() == "y.jpg"
    states = {row.name.reveal(): row.state for row in IngestFile.objects.all()}
    assert states == {"x.jpg": IngestState.DISCARDED, "y.jpg": IngestState.TRAY}
