"""A model of booking that knows nothing of the database, and random steps that drive both (hypothesis).

The model is a table: which booking holds which half hours, in which state, until when. After every step the rows of the
calendar must be exactly the model's hours, none twice; the ledger must agree; nobody may wait who could be served.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.ledger import disagreements, load_checks
from photocampus.models import User
from sessions import booking as acts
from sessions import offers, studio_days, waitlist
from sessions.booking import name_companion
from sessions.holding import release_lapsed
from sessions.hours import HalfHour, availability, room_in
from sessions.models import Booking, Hold, Station, WaitlistEntry
from tests import factories as make
from tests.shoots.booking_world import World, make_world
from units.models import Unit

BEGIN = dt.datetime(2018, 4, 10, 10, 0)
LAST_MOMENT = dt.datetime(2018, 4, 16, 9, 0)  # the days themselves never come
DAYS = [dt.date(2018, 4, 17), dt.date(2018, 4, 18), dt.date(2018, 4, 19)]
STARTS = [dt.time(9, 30), dt.time(10), dt.time(10, 30), dt.time(11), dt.time(11, 30)]
OPEN = ("offered", "asked", "proposed", "countered")
ANSWERS = ("propose", "counter", "move", "accept", "confirm", "take", "cancel", "withdraw", "decline")
POSSIBLE = {
    "offered": ("take", "take", "withdraw", "decline"),
    "asked": ("propose", "confirm", "confirm", "withdraw", "decline"),
    "proposed": ("counter", "accept", "accept", "withdraw", "decline"),
    "countered": ("propose", "confirm", "withdraw", "decline"),
    "confirmed": ("move", "move", "cancel"),
}

STEPS = [
    *["ask"] * 4, *["answer"] * 9, *["join"] * 3, "leave", *["wait"] * 2, "chores", "close_or_open_a_day",
    "day_off_or_on",
]  # fmt: skip
numbers = st.integers(0, 999)


class BookingMachine(RuleBasedStateMachine):
    """`held` booking → half hours, `state` booking → state, `until` booking → deadline or None."""

    def __init__(self) -> None:
        super().__init__()
        self.frame = transaction.atomic()
        self.frame.__enter__()
        self.now = BEGIN
        self.held: dict[int, set[HalfHour]] = {}
        self.state: dict[int, str] = {}
        self.until: dict[int, dt.datetime | None] = {}
        self.done: list[str] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.frame.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.world: World = make_world(43, 30)
        self.world.studio.weekly_hours.filter(start=dt.time(13)).delete()
        small = make.make_unit()
        make.make_graduates(6, self.world.campaign, small)
        world = self.world
        self.parties: list[tuple[Unit, User]] = [
            (world.unit, world.coordinator), (world.other, world.rival), (small, make.make_coordinator(small)),
        ]  # fmt: skip
        for bay in (0, 1):  # the first day is full at once, so that people wait for it
            self.ask(number=bay, day=DAYS[0], first=bay, length=5, bays=1)

    @rule(
        step=st.sampled_from(STEPS), number=numbers, choice=numbers, day=st.sampled_from(DAYS), first=numbers,
        length=st.sampled_from([1, 2, 5, 5]), bays=st.sampled_from([1, 2]),
    )  # fmt: skip
    def step(self, step: str, **drawn: Any) -> None:
        """One rule for all: rules of their own would be left out for whole walks, and steps without choices preferred."""
        act = getattr(self, step)
        names = inspect.signature(act).parameters
        act(**{name: value for name, value in drawn.items() if name in names})

    # How a step is done: the use case, then what the model expects of it.

    def hours(self, day: dt.date, first: int, length: int, bays: int) -> list[HalfHour]:
        chosen = self.world.bays[first % 2 :][:bays] if bays == 1 else self.world.bays
        begin = 0 if length == 5 else first % 5
        return [HalfHour(bay.pk, day, start) for bay in chosen for start in STARTS[begin : begin + length]]

    def attempt(self, name: str, call: Callable[[], Any]) -> Any:
        """The use case at the model's moment; None when it refuses in our own words."""
        try:
            with clock.at(self.now):
                result = call()
        except DomainError as refusal:
            assert str(refusal)
            return None
        self.done.append(name)
        return result or True

    def pick(self, number: int) -> Booking | None:
        """Any booking; those that live twice as often as those that are over."""
        live = [key for key, hours in self.held.items() if hours]
        keys = [*self.state, *live, *live]
        return Booking.objects.get(pk=keys[number % len(keys)]) if keys else None

    def owner(self, booking: Booking) -> User:
        unit = booking.units.get()
        return next(by for place, by in self.parties if place == unit)

    def model_lapse(self, wanted: list[HalfHour] | None = None, but: Booking | None = None) -> None:
        """Past the deadline: all of them, or those at the same stations on the same days as the hours wanted."""
        moment = timezone.make_aware(self.now)
        stations, on = {h.station for h in wanted or []}, {h.day for h in wanted or []}
        for key, until in self.until.items():
            near = wanted is None or any(h.station in stations and h.day in on for h in self.held[key])
            if self.state[key] in OPEN and until and until < moment and near and not (but and but.pk == key):
                self.close(key, "lapsed")

    def close(self, key: int, state: str) -> None:
        self.state[key], self.held[key], self.until[key] = state, set(), None

    def put(
        self, key: int, state: str, hours: list[HalfHour] | None = None, *, days: int | None = None
    ) -> None:
        self.state[key] = state
        if hours is not None:
            self.held[key] = set(hours)
        self.until[key] = timezone.make_aware(self.now) + dt.timedelta(days=days) if days else None

    # The steps of the conversation.

    def ask(self, number: int, day: dt.date, first: int, length: int, bays: int) -> None:
        unit, by = self.parties[number % 3]
        wanted = self.hours(day, first, length, bays)
        self.model_lapse(wanted)
        booking = self.attempt(
            "ask",
            lambda: acts.ask_booking(
                campaign=self.world.campaign, studio=self.world.studio, units=[unit], kind="group", hours=wanted, by=by,
                companion_name="陈老师", companion_phone="13900000001", reason="换一天",
            ),
        )  # fmt: skip
        if booking:
            self.put(booking.pk, "asked", wanted, days=5)

    def answer(self, number: int, choice: int, day: dt.date, first: int, length: int, bays: int) -> None:
        """One step of a conversation: mostly one that its state allows, now and then any."""
        if (booking := self.pick(number)) is None:
            return
        possible = POSSIBLE.get(self.state[booking.pk], ()) if choice % 5 else ()
        step = (possible or ANSWERS)[choice // 5 % len(possible or ANSWERS)]
        if step in ("propose", "counter", "move"):
            self.exchange(step, booking, self.hours(day, first, length, bays))
        else:
            self.settle(step, booking)

    def exchange(self, step: str, booking: Booking, wanted: list[HalfHour]) -> None:
        owner, studio = self.owner(booking), self.world.photographer
        to, use_case, more = {
            "propose": ("proposed", acts.propose_hours, {"by": studio, "agreed_load": 60}),
            "counter": ("countered", acts.counter_proposal, {"by": owner}),
            "move": ("confirmed", acts.move_booking, {"by": owner}),
        }[step]
        self.model_lapse(wanted, but=booking)
        if self.attempt(step, lambda: use_case(booking=booking, hours=wanted, **more)):  # type: ignore[operator]
            self.put(booking.pk, to, wanted, days=None if to == "confirmed" else 5)

    def settle(self, step: str, booking: Booking) -> None:
        """Steps that say yes or no to the hours as they are."""
        owner, studio = self.owner(booking), self.world.photographer
        steps: dict[str, tuple[str, Callable[[], Any]]] = {
            "accept": ("confirmed", lambda: acts.accept_proposal(booking=booking, by=owner)),
            "confirm": (
                "confirmed",
                lambda: acts.confirm_booking(booking=booking, agreed_load=60, by=studio),
            ),
            "take": ("asked", lambda: waitlist.accept_offer(booking=booking, by=owner, reason="换一天")),
            "cancel": ("cancelled", lambda: acts.cancel_booking(booking=booking, reason="考试", by=owner)),
            "withdraw": ("withdrawn", lambda: acts.withdraw_booking(booking=booking, by=owner)),
            "decline": ("declined", lambda: acts.decline_booking(booking=booking, reason="已满", by=studio)),
        }
        to, call = steps[step]
        if not self.attempt(step, call):
            return
        if to in ("confirmed", "asked"):
            if step == "take":
                name_companion(booking=booking, name="王老师", phone="13900000002", by=owner)
            self.put(booking.pk, to, days=5 if to == "asked" else None)
        else:
            self.close(booking.pk, to)

    # Time, and what happens by itself.

    def wait(self, number: int) -> None:
        self.now = min(self.now + dt.timedelta(hours=1 + number % 40), LAST_MOMENT)

    def chores(self) -> None:
        """What the worker does every minute."""
        self.model_lapse()
        self.attempt("lapse", release_lapsed)
        assert self.attempt(
            "serve", lambda: offers.offer_wherever_free() == 0
        )  # nothing was left to be found

    # The calendar.

    def close_or_open_a_day(self, day: dt.date) -> None:
        studio, by = self.world.studio, self.world.photographer
        if closure := studio.closures.first():
            self.attempt("open", lambda: studio_days.remove_closure(closure=closure, by=by))
        else:
            closing = {"first": day, "last": day, "reason": "盘点"}
            self.attempt("close", lambda: studio_days.add_closure(studio=studio, by=by, **closing))

    def day_off_or_on(self, day: dt.date, number: int) -> None:
        station, by = self.world.bays[number % 2], self.world.photographer
        if off := station.days_off.first():
            self.attempt("back", lambda: studio_days.remove_day_off(day_off=off, by=by))
        else:
            self.attempt("off", lambda: studio_days.add_day_off(station=station, day=day, reason="", by=by))

    # The waiting list.

    def join(self, number: int, choice: int, day: dt.date) -> None:
        people = (None, 1, 5)[choice % 3]
        unit, by = self.parties[number % 3]
        self.attempt(
            "join",
            lambda: waitlist.join_waitlist(
                campaign=self.world.campaign, studio=self.world.studio, unit=unit, kind="group", day=day, people=people, by=by
            ),
        )  # fmt: skip

    def leave(self, number: int) -> None:
        entries = list(WaitlistEntry.objects.order_by("pk"))
        if entries:
            entry = entries[number % len(entries)]
            self.attempt("leave", lambda: waitlist.leave_waitlist(entry=entry, by=entry.joined_by))

    # What must hold after every step.

    def absorb_offers(self) -> None:
        """What the list offered in this step: hours nobody held, enough for the people, and known to the model from now."""
        stations = Station.objects.in_bulk()
        for booking in Booking.objects.exclude(pk__in=self.state).order_by("pk"):
            hours = [HalfHour(*row) for row in booking.holds.values_list("station", "day", "start")]
            taken = set().union(*self.held.values()) if self.held else set()
            assert booking.state == "offered" and not taken & set(hours)
            assert room_in(hours, stations) >= booking.people > 0
            assert booking.waitlist_entry.unit == booking.units.get()
            self.put(booking.pk, "offered", hours)
            self.until[booking.pk] = booking.held_until

    @invariant()
    def rows_are_the_models(self) -> None:
        self.absorb_offers()
        rows: dict[int, set[HalfHour]] = {}
        count = 0
        for booking, station, day, start in Hold.objects.values_list("booking", "station", "day", "start"):
            rows.setdefault(booking, set()).add(HalfHour(station, day, start))
            count += 1
        assert rows == {key: hours for key, hours in self.held.items() if hours}
        assert count == len(set().union(*rows.values())) if rows else count == 0
        assert dict(Booking.objects.values_list("pk", "state")) == self.state

    @invariant()
    def flagged_is_exactly_who_lost_hours(self) -> None:
        if not hasattr(self, "world"):
            return
        self.absorb_offers()
        shut = {closure.first for closure in self.world.studio.closures.all()}
        off = {(off.station_id, off.day) for bay in self.world.bays for off in bay.days_off.all()}
        lost = {
            key
            for key, hours in self.held.items()
            if any(hour.day in shut or (hour.station, hour.day) in off for hour in hours)
        }
        assert set(Booking.objects.filter(flag="hours").values_list("pk", flat=True)) == lost

    @invariant()
    def nobody_waits_who_could_be_served(self) -> None:
        with clock.at(self.now):
            for entry in WaitlistEntry.objects.filter(state="waiting").select_related("studio", "campaign"):
                day = availability(
                    studio=entry.studio, campaign=entry.campaign, kind="group", first=entry.day, last=entry.day,
                    with_stale=False,
                )[0]  # fmt: skip
                assert not waitlist.has_room(day, entry.people), entry

    @invariant()
    def ledger_agrees(self) -> None:
        assert list(disagreements(name for name in load_checks() if name.startswith("shoots."))) == []
