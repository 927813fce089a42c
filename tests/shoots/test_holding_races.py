"""Two people hold one half hour at the same moment: one gets it, because the database says so."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections

from photocampus import clock
from sessions import holding
from sessions.booking import ask_booking
from sessions.booking_cover import SameTime
from sessions.holding import HoursTaken
from sessions.models import Booking, Hold
from tests.shoots.booking_world import NOW, World, hours, make_world

pytestmark = pytest.mark.django_db(transaction=True)
UNIQUE = next(c for c in Hold._meta.constraints if c.name == "half_hour_held_once")


@pytest.fixture
def world() -> World:
    return make_world(people=12, other_people=4)


@pytest.fixture
def without_constraint() -> Iterator[None]:
    """The test's own database without the unique constraint on holds."""
    known = Hold._meta.constraints
    # SQLite makes the table anew from the model, so the model must not know the constraint either.
    Hold._meta.constraints = [constraint for constraint in known if constraint is not UNIQUE]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Hold, UNIQUE)
    yield
    Hold.objects.all().delete()
    Hold._meta.constraints = known
    with connection.schema_editor() as editor:
        editor.add_constraint(Hold, UNIQUE)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads that start together; gives each result or exception."""
    results: list[object] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number: int, call: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=20)
            with clock.at(NOW):
                results[number] = call()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n, call)) for n, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def asking(world: World, unit: object, by: object) -> Callable[[], object]:
    def ask() -> Booking:
        return ask_booking(
            campaign=world.campaign, studio=world.studio, units=[unit], kind="group", by=by, hours=hours(world.bays[0])
        )  # fmt: skip

    return ask


def test_two_who_ask_for_the_same_hours_end_with_one_booking(world: World) -> None:
    calls = [asking(world, world.unit, world.coordinator), asking(world, world.other, world.rival)]
    results = at_once(*calls, *calls)
    won = [result for result in results if isinstance(result, Booking)]
    # The winner's other request may learn that the unit has these hours already.
    lost = [result for result in results if isinstance(result, HoursTaken | SameTime)]
    assert (len(won), len(lost)) == (1, 3), results
    assert Hold.objects.count() == 5 and Booking.objects.get() == won[0]


def test_without_the_constraint_the_same_hours_are_held_twice(
    world: World, without_constraint: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The look before the lock sees what the other has committed: it must not stand in for the constraint here.
    monkeypatch.setattr("sessions.booking.look_first", lambda **look: None)
    results = at_once(asking(world, world.unit, world.coordinator), asking(world, world.other, world.rival))
    assert all(isinstance(result, Booking) for result in results), results
    assert Hold.objects.count() == 10


def test_lapsed_hours_go_to_exactly_one_of_two_askers(world: World) -> None:
    with clock.at(NOW):
        old = asking(world, world.unit, world.coordinator)()
    Booking.objects.filter(pk=old.pk).update(held_until=clock.timezone.make_aware(NOW.replace(year=2017)))
    results = at_once(asking(world, world.unit, world.coordinator), asking(world, world.other, world.rival))
    assert sorted(type(result).__name__ for result in results) == ["Booking", "HoursTaken"], results
    old.refresh_from_db()
    assert old.state == "lapsed" and Hold.objects.count() == 5
    with clock.at(NOW):
        assert holding.release_lapsed() == 0
