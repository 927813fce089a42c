"""The order of the demonstration's steps."""

import random
from collections.abc import Callable

from django.core.management import call_command
from django.db import connection

from photocampus import clock
from photocampus.models import School, User
from sessions.demo import closing, opening, pictures, problems, shooting
from sessions.demo.scene import STEPS, Say, Scene, keep_log_ins, set_scene


class NotEmpty(Exception):
    """The database already holds a school or users: the demonstration goes into an empty one only."""


def deliver_and_complain(scene: Scene) -> None:
    """By now something has gone wrong in every place where it can."""
    closing.deliver(scene)
    problems.raise_problems(scene)


def book_and_wait(scene: Scene) -> None:
    shooting.ask_and_confirm(scene)
    shooting.wait_for_a_full_day(scene)


DOING: dict[str, Callable[[Scene], None]] = {
    "campaign": opening.open_campaign,
    "notice": opening.publish,
    "acknowledge": opening.acknowledge,
    "roster": opening.bring_rosters,
    "sign_off": opening.sign_off,
    "booking": book_and_wait,
    "plan": shooting.plan_units,
    "shoot": shooting.shoot,
    "pictures": pictures.put_in_pictures,
    "acceptance": closing.accept,
    "delivery": deliver_and_complain,
    "submission": closing.submit,
    "verification": closing.verify,
    "batch": closing.batch,
    "answer": closing.answer,
}


def make_demo(*, units: int, graduates: int, seed: int, until: str, say: Say) -> Scene:
    """Load the demonstration step by step, up to and with `until`. Raises `NotEmpty`, ValueError, `DemoFailed`."""
    if School.objects.exists() or User.objects.exists():
        raise NotEmpty()
    random.seed(seed)
    scene = set_scene(units, graduates, seed, say)
    opening.open_school(scene)
    for step in STEPS[: STEPS.index(until) + 1]:
        say(step)
        DOING[step](scene)
    clock.forget()
    keep_log_ins(scene)
    _tidy()
    return scene


def _tidy() -> None:
    """Calls of jobs that are done need no worker; statistics help the first pages."""
    call_command("prune_db_task_results", min_age_days=0, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
