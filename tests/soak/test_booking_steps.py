"""Thousands of random steps of booking: whatever happens, hours belong to exactly one live booking."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pytest

from photocampus import clock
from photocampus.errors import DomainError
from sessions import booking as acts
from sessions import studio_days
from sessions.calendar import runs
from sessions.holding import release_lapsed
from sessions.hours import HalfHour, calendar_of
from sessions.models import ACTIVE_STATES, Attendance, Booking, Hold
from tests.shoots.booking_world import NOW, World, make_world

pytestmark = pytest.mark.django_db
DAYS = [dt.date(2018, 4, 17) + dt.timedelta(days=n) for n in range(6)]


class Walk:
    """One random walk; each step is a use case that may refuse."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.drawn, self.now = world, random.Random(seed), NOW
        self.refused = self.done = 0

    def hours(self) -> list[HalfHour]:
        day = self.drawn.choice(DAYS)
        starts = calendar_of(self.world.studio).half_hours(day) or [dt.time(9, 30)]
        first = self.drawn.randrange(len(starts))
        some = starts[first : first + self.drawn.randint(1, 6)]
        return [
            HalfHour(bay.pk, day, start)
            for bay in self.drawn.sample(self.world.bays, self.drawn.randint(1, 2))
            for start in some
        ]

    def booking(self) -> Booking:
        rows = list(Booking.objects.order_by("pk"))
        return self.drawn.choice(rows) if rows else self.ask()

    def ask(self) -> Booking:
        world = self.world
        unit, by = self.drawn.choice([(world.unit, world.coordinator), (world.other, world.rival)])
        return acts.ask_booking(
            campaign=world.campaign, studio=world.studio, units=[unit], kind="group", hours=self.hours(), by=by,
            companion_name="陈老师", companion_phone="13900000001",
        )  # fmt: skip

    def owner(self, booking: Booking):
        own = booking.units.filter(pk=self.world.unit.pk).exists()
        return self.world.coordinator if own else self.world.rival

    def step(self) -> None:
        booking, studio = self.booking(), self.world.photographer
        owner = self.owner(booking)
        steps: list[Callable[[], object]] = [
            self.ask,
            self.ask,
            lambda: acts.propose_hours(booking=booking, hours=self.hours(), agreed_load=50, by=studio),
            lambda: acts.counter_proposal(booking=booking, hours=self.hours(), by=owner),
            lambda: acts.accept_proposal(booking=booking, by=owner),
            lambda: acts.confirm_booking(booking=booking, agreed_load=60, by=studio),
            lambda: acts.move_booking(
                booking=booking, hours=self.hours(), by=self.drawn.choice([owner, studio])
            ),
            lambda: acts.cancel_booking(booking=booking, reason="考试", by=owner),
            lambda: acts.withdraw_booking(booking=booking, by=owner),
            lambda: acts.decline_booking(booking=booking, reason="已满", by=studio),
            release_lapsed,
            self.close_or_open,
            self.wait,
        ]
        try:
            self.drawn.choice(steps)()
            self.done += 1
        except DomainError:
            self.refused += 1

    def close_or_open(self) -> None:
        studio, by = self.world.studio, self.world.photographer
        if closure := studio.closures.first():
            studio_days.remove_closure(closure=closure, by=by)
        else:
            day = self.drawn.choice(DAYS)
            studio_days.add_closure(studio=studio, first=day, last=day, reason="盘点", by=by)

    def wait(self) -> None:
        if self.now.date() < DAYS[0] - dt.timedelta(days=2):
            self.now += dt.timedelta(hours=self.drawn.randint(1, 60))


def check(world: World) -> None:
    """What must hold after every step."""
    held = list(Hold.objects.values_list("station", "day", "start", "booking__state"))
    assert len({row[:3] for row in held}) == len(held)
    assert {state for *_place, state in held} <= set(ACTIVE_STATES)
    with_hours = set(Hold.objects.values_list("booking", flat=True))
    live = set(Booking.objects.filter(state__in=ACTIVE_STATES).values_list("pk", flat=True))
    assert with_hours == live
    assert not Attendance.objects.exclude(booking__state__in=("confirmed", "under_way")).exists()
    flagged = set(Booking.objects.filter(flag="hours").values_list("pk", flat=True))
    shut = {closure.first for closure in world.studio.closures.all()}
    assert flagged == set(Hold.objects.filter(day__in=shut).values_list("booking", flat=True))
    for booking in Booking.objects.filter(pk__in=live):
        said = booking.messages.exclude(step="note").order_by("pk").last()
        spans = {(h.station.code, f"{h.day}") for h in booking.holds.select_related("station")}
        assert {(station, day) for station, day, _start, _end in said.hours} == spans
    assert all(runs([start]) for _s, _d, start, _state in held)


def test_random_steps_never_lose_or_double_an_hour(rounds) -> None:
    world = make_world(12, 6)
    with clock.at(NOW):
        walk = Walk(world, seed=20180417)
    for number in range(rounds(3000)):
        with clock.at(walk.now):
            walk.step()
            if number % 5 == 0:
                check(world)
    with clock.at(walk.now):
        check(world)
    assert walk.done and walk.refused
