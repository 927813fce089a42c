"""Four hundred people want the same forty half hours at once, while the worker imports a roster of 100,000 rows.

Through the real portal: gunicorn with several workers, over HTTP, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.machine import is_everything_required, postgres_address
from tests.portal import RunningPortal, portal_database

HOURS, ATTEMPTS, ROWS = 40, 400, 100_000
WORKERS = 3
PATIENCE = 600  # seconds for one answer, on a machine that does much else besides
TOKEN = "r" * 32  # any token will do, as long as cookie and form agree


@dataclass
class Answer:
    status: int
    place: str
    text: str
    seconds: float

    @property
    def kind(self) -> str:
        """held: led to the new booking. refused: the page says what is taken and shows what is free instead."""
        if self.status == 302 and "/bookings/" in self.place and "/login/" not in self.place:
            return "held"
        if self.status == 409 and 'role="alert"' in self.text and 'class="alternatives"' in self.text:
            return "refused"
        return f"{self.status} {self.place} {self.text[:300]}"


def send(portal: RunningPortal, attempt: dict[str, str]) -> Answer:
    """One attempt: the form of the page for asking, sent as a browser sends it."""
    form = urlencode(
        {
            "csrfmiddlewaretoken": TOKEN,
            "picking": "1",
            "kind": "group",
            "studio": "XGC",
            "h": attempt["hour"],
        }
    )
    headers = {
        "Cookie": f"sessionid={attempt['session']}; csrftoken={TOKEN}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=PATIENCE)
    try:
        connection.request("POST", attempt["path"], form, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        return Answer(answer.status, answer.getheader("Location", ""), text, time.monotonic() - began)
    except OSError as error:
        return Answer(0, type(error).__name__, str(error), time.monotonic() - began)
    finally:
        connection.close()


def all_at_once(portal: RunningPortal, attempts: list[dict[str, str]]) -> list[Answer]:
    answers: list[Answer] = []
    barrier = threading.Barrier(len(attempts))

    def run(attempt: dict[str, str]) -> None:
        barrier.wait(timeout=60)
        answers.append(send(portal, attempt))

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class Rush:
    """The portal with its world; `call` runs a step of `rush_world` on its data."""

    def __init__(self, portal: RunningPortal) -> None:
        self.portal = portal

    def call(self, *step: str) -> dict[str, Any]:
        done = self.portal.run(sys.executable, "-m", "tests.soak.rush_world", *step)
        return json.loads(done.stdout.splitlines()[-1])

    def wait_for(self, is_reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if is_reached(found := self.call("state")):
                return found
            time.sleep(0.5)
        raise AssertionError(self.portal.log.read_text(errors="replace")[-3000:])

    def import_to_the_end(self) -> None:
        """What academic affairs do meanwhile: look at the preview and apply it."""
        self.wait_for(lambda found: found["is_previewed"])
        self.call("apply")
        self.wait_for(lambda found: found["is_applied"])


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both databases in one run, whatever the rest of the run is on."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            monkeypatch.delenv("PHOTOCAMPUS_TEST_DATABASE_URL", raising=False)
        else:
            address = stack.enter_context(postgres_address())
            if address is None and not is_everything_required():
                pytest.skip("no PostgreSQL on this machine; apt-get install postgresql")
            assert address, "PostgreSQL is required"
            monkeypatch.setenv("PHOTOCAMPUS_TEST_DATABASE_URL", address)
        yield stack.enter_context(portal_database("photocampus_rush"))


def test_same_hours_wanted_by_ten_each_are_held_once(
    database: str, tmp_path: Path, rounds: Callable[[int], int]
) -> None:
    # A sample is a tenth of it: what is shown about one hour does not depend on how many there are.
    share = 1 if rounds(100) == 100 else 10
    portal = RunningPortal(tmp_path, database)
    portal.environment |= {"PHOTOCAMPUS_WEB_WORKERS": f"{WORKERS}", "PHOTOCAMPUS_DEMO": "0"}
    portal.migrate()
    rush = Rush(portal)
    roster = str(tmp_path / "roster.csv")
    world = rush.call("make", f"{ATTEMPTS // share}", f"{HOURS // share}", f"{ROWS // share}", roster)
    before = rush.call("state")["graduates"]
    with portal.serving():
        rush.call("import", roster)
        office = threading.Thread(target=rush.import_to_the_end)
        office.start()
        at_start = rush.wait_for(lambda found: found["job"] != "queued")
        answers = all_at_once(portal, world["attempts"])
        at_end = rush.call("state")
        office.join(timeout=PATIENCE)
        final = rush.call("state")
    kinds = Counter(answer.kind for answer in answers)
    times = sorted(answer.seconds for answer in answers)
    print(f"\n{kinds}, half within {times[len(times) // 2]:.1f} s, all within {times[-1]:.1f} s; "
          f"import {at_start['import']} → {at_end['import']}")  # fmt: skip
    log = portal.log.read_text(errors="replace")
    assert kinds == {"held": HOURS // share, "refused": (ATTEMPTS - HOURS) // share}, log[-4000:]
    wanted = {attempt["hour"].rpartition("_")[0] for attempt in world["attempts"]}
    assert final["held"] == sorted(wanted) and final["bookings"] == ["asked"] * len(wanted)
    assert final["is_applied"] and final["graduates"] == before + ROWS // share
    portal.manage("check_ledger")
    assert "Traceback" not in portal.log.read_text(errors="replace")
