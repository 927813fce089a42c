"""What the steps of the demonstration share: people with log-ins, the units and how far each of them comes."""

import datetime as dt
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from photocampus import clock
from photocampus.env import env
from photocampus.jobs import run_job
from photocampus.models import Job, JobState, User
from sessions.demo.invented import InventedPerson, InventedUnit, invent_people, invent_units
from units.models import Campaign, Studio, Unit

TODAY = dt.date(2018, 4, 17)
CAMPAIGN_CODE = "2018"
STEPS = (
    "campaign", "notice", "acknowledge", "roster", "sign_off", "booking", "plan", "shoot", "pictures", "acceptance",
    "delivery", "submission", "verification", "batch", "answer",
)  # fmt: skip
# What a unit does last. The first three units have parts of their own; the others take these in turn, so that with
# twelve units somebody waits at every step.
ENDS = (
    "booking", "campaign", "acknowledge", "roster", "sign_off", "confirmed", "shoot", "pictures", "acceptance",
)  # fmt: skip
Say = Callable[[str], None]


class DemoFailed(Exception):
    """A step that should have worked did not: the demonstration is not half shown."""


@dataclass
class DemoUnit:
    """One unit of the demonstration, its people, and the last step it takes."""

    invented: InventedUnit
    ends: str
    people: list[InventedPerson]
    unit: Unit = field(init=False)
    coordinator: User = field(init=False)

    def reaches(self, step: str) -> bool:
        order = (*STEPS[:5], "booking", "confirmed", *STEPS[6:])
        return order.index(step) <= order.index(self.ends)

    def typed_number(self, student_number: str) -> str:
        """The ID number as the person types it or the card says it."""
        return self._numbers[student_number]

    @property
    def _numbers(self) -> dict[str, str]:
        if not hasattr(self, "_cache"):
            self._cache = {person.student_number: person.id_number for person in self.people}
        return self._cache


@dataclass
class Scene:
    """The demonstration while it is made."""

    seed: int
    password: str
    say: Say
    units: list[DemoUnit]
    staff: User = field(init=False)
    photographer: User = field(init=False)
    studio: Studio = field(init=False)
    campaign: Campaign = field(init=False)
    later: list[tuple[int, list[int]]] = field(default_factory=list)

    def reaching(self, step: str) -> Iterator[DemoUnit]:
        return (unit for unit in self.units if unit.reaches(step))

    @property
    def rng(self) -> random.Random:
        return random.Random(self.seed)


def set_scene(units: int, graduates: int, seed: int, say: Say) -> Scene:
    """Invent units and people and decide how far each unit comes. Raises ValueError for impossible numbers."""
    rng = random.Random(seed)
    invented = invent_units(units, graduates, rng)
    made, first = [], 1
    for index, unit in enumerate(invented):
        people = list(invent_people(unit, first, rng))
        first += len(people)
        made.append(DemoUnit(unit, _end_of(index), people))
    password = env("DEMO_PASSWORD") or secrets.token_urlsafe(9)
    return Scene(seed=seed, password=password, say=say, units=made)


def _end_of(index: int) -> str:
    if index < 2:
        return "answer"  # 99: everything; 100: everything, some of it in part
    if index == 2:
        return "shoot"  # 101: its shoot is under way today
    return ENDS[(index - 3) % len(ENDS)]


@contextmanager
def on(day: dt.date, hour: int = 10, minute: int = 0) -> Iterator[dt.datetime]:
    """Let a step happen at its date, but never after the demonstration's today."""
    moment = dt.datetime.combine(min(day, TODAY), dt.time(hour, minute))
    with clock.at(moment) as pinned:
        yield pinned


def work_off_jobs() -> None:
    """Do what a worker would do, here and now. A failed job ends the demonstration."""
    while job := Job.objects.filter(state=JobState.QUEUED).order_by("pk").first():
        run_job(job.pk, heartbeat=False)
        job.refresh_from_db()
        if job.state != JobState.DONE:
            raise DemoFailed(f"{job.kind}: {job.error or job.state}")


def progress_bar(say: Say, label: str) -> Callable[[int, int], Any]:
    """Report long steps every tenth part."""
    said = {"part": -1}

    def report(done: int, total: int) -> None:
        part = 10 * done // total if total else 10
        if part > said["part"]:
            said["part"] = part
            say(f"  {label}: {done}/{total}")

    return report


def log_in_lines(scene: Scene) -> list[str]:
    """The log-ins, one a line: user name, who that is, and the one password at the end."""
    lines = [
        f"  {scene.staff.username:<12} {scene.staff.name}",
        f"  {'studio':<12} {scene.photographer.name}",
    ]
    lines += [f"  {unit.coordinator.username:<12} {unit.unit.name}" for unit in scene.units]
    return [*lines, f"  password for all: {scene.password}"]


def keep_log_ins(scene: Scene) -> None:
    """So that the next start can print them again; readable by the owner only."""
    path = settings.VAR / "demo-logins.txt"
    path.touch(mode=0o600)
    path.write_text("\n".join(["Log-ins of the demonstration:", *log_in_lines(scene), ""]), encoding="utf-8")
