"""The upload page in a real browser: a dropped folder, a broken connection, a reload, and nothing sent twice."""

from __future__ import annotations

import base64
import collections
import hashlib
import random
import time
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from students import stored_files, upload_pages
from students.models import Graduate, IngestBatch, IngestFile, IngestPiece, IngestState
from tests import factories as make
from tests.students import odd_pictures as odd

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILES = 200

DROP = """([files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
  document.querySelector(".drop").dispatchEvent(new DragEvent("drop", options));
}"""


@pytest.fixture
def place(browser_context, live_server):
    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        people = make.make_graduates(FILES, campaign, unit)

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    Place.path = f"/studio/{Place.studio.code}/{Place.campaign.code}/pictures/"
    client = Client()
    client.force_login(Place.photographer)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    browser_context.add_cookies([cookie])
    return Place


def files_of(place) -> list[tuple[str, bytes]]:
    """Small pictures with different bytes, named by student number."""
    start, rest = odd.jpeg(1, 120, 160)[:2], odd.jpeg(1, 120, 160)[2:]
    comments = (f"picture {number:05d}".encode() for number in range(FILES))
    return [
        (f"{person.enrolment.student_number}.jpg", start + b"\xff\xfe\x00\x0f" + comment[-13:] + rest)
        for person, comment in zip(place.people, comments, strict=True)
    ]


def drop_and_send(page, files) -> None:
    page.evaluate(DROP, [[[name, base64.b64encode(data).decode()] for name, data in files]])
    page.locator("[data-chosen]:not(template)").filter(has_text=str(len(files))).wait_for()
    page.locator("[data-picture-upload] .actions .button-primary").click()


def test_upload_survives_a_dead_connection_and_a_reload_and_sends_nothing_twice(
    place, page, browser_context, monkeypatch
):
    written = collections.Counter()
    receive = upload_pages.receive_file

    def counted(**options):
        row = receive(**options)
        written[options["sha256"]] += 1
        return row

    monkeypatch.setattr(upload_pages, "receive_file", counted)
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)
    files = files_of(place)
    answered = []
    page.on("response", lambda answer: answered.append(answer) if answer.url.endswith("/files/") else None)

    page.goto(place.path)
    drop_and_send(page, files)
    while len(answered) < FILES // 3:
        page.wait_for_timeout(20)
    browser_context.set_offline(True)
    page.locator("[data-progress-text]").filter(has_text="连接").wait_for()
    arrived = sum(written.values())
    assert 0 < arrived < FILES and IngestBatch.objects.get().job is None

    browser_context.set_offline(False)
    page.reload()
    assert page.locator(".note-wait").is_visible()
    drop_and_send(page, files)
    page.wait_for_url("**/uploads/*/")
    assert len(written) == FILES and set(written.values()) == {1}

    make.run_jobs()
    assert IngestBatch.objects.count() == 1
    assert IngestFile.objects.filter(state=IngestState.FILED).count() == IngestFile.objects.count() == FILES
    assert Graduate.objects.exclude(picture=None).count() == FILES


def test_a_refused_file_is_named_and_the_rest_is_read_on_demand(place, page, settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 30_000}
    small, large = files_of(place)[0], ("large.jpg", odd.jpeg(2, 600, 800))
    page.goto(place.path)
    drop_and_send(page, [small, large, ("again.jpg", small[1])])
    page.locator("[data-read]").wait_for()
    text = page.locator("[data-errors]").inner_text()
    assert "large.jpg" in text and "again.jpg" in text
    page.locator("[data-read]").click()
    page.wait_for_url("**/uploads/*/")
    assert IngestFile.objects.filter(state=IngestState.WAITING).count() == 1


def archive_of(place, path: Path, people: int, filling: int) -> Path:
    """A ZIP with pictures, and with something that no picture shrinks to, so that it has its size."""
    noise = random.Random(2018)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files_of(place)[:people]:
            archive.writestr(name, data)
        for number in range(filling):
            archive.writestr(f"notes-{number}.txt", noise.randbytes(1 << 20))
    return path


def choose_and_send(page, path: Path) -> None:
    page.locator("#files").set_input_files(path)
    page.locator("[data-chosen]:not(template)").filter(has_text="1").wait_for()
    page.locator("[data-picture-upload] .actions .button-primary").click()


def test_large_archive_goes_on_at_the_next_missing_piece_after_a_dead_connection_and_a_reload(
    place, page, browser_context, monkeypatch, tmp_path, settings
):
    settings.UPLOAD_PIECE_BYTES = 8 << 20
    path = archive_of(place, tmp_path / "card.zip", people=3, filling=60)
    count = -(-path.stat().st_size // settings.UPLOAD_PIECE_BYTES)
    asked, acknowledged = collections.Counter(), collections.Counter()
    receive = upload_pages.receive_piece

    def counted(**options):
        asked[options["piece"].number] += 1
        time.sleep(0.3)  # a network has its pace, too
        progress = receive(**options)
        acknowledged[options["piece"].number] += 1
        return progress

    monkeypatch.setattr(upload_pages, "receive_piece", counted)
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)
    answered = []
    page.on("response", lambda answer: answered.append(answer) if answer.url.endswith("/pieces/") else None)

    page.goto(place.path)
    choose_and_send(page, path)
    while len(answered) < 3:
        page.wait_for_timeout(10)
    browser_context.set_offline(True)
    page.locator("[data-progress-text]").filter(has_text="连接").wait_for()
    page.goto("about:blank")
    while IngestPiece.objects.filter(has_arrived=False).exists():
        time.sleep(0.1)  # what was on its way ends one way or the other
    there = set(IngestPiece.objects.filter(has_arrived=True).values_list("number", flat=True))
    assert 3 <= len(there) < count and IngestBatch.objects.get().job is None

    asked.clear()
    browser_context.set_offline(False)
    page.goto(place.path)
    share = f"{100 * len(there) * settings.UPLOAD_PIECE_BYTES // path.stat().st_size}"
    assert share in page.locator(".note-wait li").inner_text()
    choose_and_send(page, path)
    page.locator("[data-errors] li").filter(has_text=f"{share}%").wait_for()
    page.wait_for_url("**/uploads/*/")
    assert not there & set(asked)
    assert set(asked) | there == set(range(count)) and max(acknowledged.values()) == 1

    archive = IngestFile.objects.get(archive=None)
    assert archive.state == IngestState.WAITING
    with stored_files.open_stored(archive) as file:
        assert (
            hashlib.file_digest(file, "sha256").hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
        )
    make.run_jobs()
    assert IngestFile.objects.filter(state=IngestState.FILED).count() == 3
    assert Graduate.objects.exclude(picture=None).count() == 3 and not IngestPiece.objects.exists()


def log_in(page, user) -> None:
    page.goto("/login/")
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", "ein-langes-wort")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/**")


def test_after_a_new_log_in_in_another_tab_the_upload_goes_on_and_other_files_can_be_chosen(
    place, page, browser_context, settings
):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 30_000}
    place.photographer.set_password("ein-langes-wort")
    place.photographer.save()
    log_in(page, place.photographer)
    page.goto(place.path)
    page.evaluate(DROP, [[["large.jpg", base64.b64encode(odd.jpeg(2, 600, 800)).decode()]]])
    page.locator("[data-chosen]:not(template)").filter(has_text="1").wait_for()
    browser_context.clear_cookies()
    log_in(browser_context.new_page(), place.photographer)
    page.locator("[data-picture-upload] .actions .button-primary").click()
    page.locator("[data-errors] li").filter(has_text="large.jpg").wait_for()
    assert page.locator("[data-progress-text]").inner_text().startswith("已到达 0 / 1")
    # What was refused is not the end: other files are chosen and sent.
    drop_and_send(page, files_of(place)[:2])
    page.wait_for_url("**/uploads/*/")
    assert IngestFile.objects.filter(state=IngestState.WAITING).count() == 2
