"""A model of booking that knows nothing of the database, and random steps that drive both (hypothesis).

The model is a table: which booking holds which half hours, in which state, until when. After every step the rows of the
calendar must be exactly the model's hours, none twice; the ledger must agree; nobody may wait who could be served.
"""

from __future__ import annotations

import datetime as dt
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

days = st.sampled_from(DAYS)
numbers = st.integers(0, 99)
# Whole mornings of one or two bays as often as a few half hours, so that days are full now and then.
lengths = st.sampled_from([1, 2, 5, 5])
crews = st.sampled_from([1, 2])


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

    def pick(self, number: int, *states: str) -> Booking | None:
        """Any booking for most steps, now and then one in a state from which the step is not possible."""
        keys = [key for key, state in self.state.items() if not states or state in states or number % 7 == 0]
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

    @rule(party=numbers, day=days, first=numbers, length=lengths, bays=crews)
    def ask(self, party: int, day: dt.date, first: int, length: int, bays: int) -> None:
        unit, by = self.parties[party % 3]
        wanted = self.hours(day, first, length, bays)
        self.model_lapse(wanted)
        booking = self.attempt(
            "ask",
            lambda: acts.ask_booking(
                campaign=self.world.campaign, studio=self.world.studio, units=[unit], kind="group", hours=wanted, by=by,
                companion_name="陈老师", companion_phone="13900000001",
            ),
        )  # fmt: skip
        if booking:
            self.put(booking.pk, "asked", wanted, days=5)

    def exchange(
        self, name: str, booking: Booking | None, wanted: list[HalfHour], to: str, **more: Any
    ) -> None:
        if booking is None:
            return
        self.model_lapse(wanted, but=booking)
        act = getattr(acts, name)
        if self.attempt(name, lambda: act(booking=booking, hours=wanted, **more)):
            self.put(booking.pk, to, wanted, days=None if to == "confirmed" else 5)

    @rule(number=numbers, day=days, first=numbers, length=lengths, bays=crews)
    def propose(self, number: int, day: dt.date, first: int, length: int, bays: int) -> None:
        booking, by = self.pick(number, "asked", "countered"), self.world.photographer
        self.exchange(
            "propose_hours", booking, self.hours(day, first, length, bays), "proposed", by=by, agreed_load=60
        )

    @rule(number=numbers, day=days, first=numbers, length=lengths, bays=crews)
    def counter(self, number: int, day: dt.date, first: int, length: int, bays: int) -> None:
        if booking := self.pick(number, "proposed"):
            wanted = self.hours(day, first, length, bays)
            self.exchange("counter_proposal", booking, wanted, "countered", by=self.owner(booking))

    @rule(number=numbers, day=days, first=numbers, length=lengths, bays=crews)
    def move(self, number: int, day: dt.date, first: int, length: int, bays: int) -> None:
        if booking := self.pick(number, "confirmed"):
            by = self.owner(booking) if first % 2 else self.world.photographer
            self.exchange("move_booking", booking, self.hours(day, first, length, bays), "confirmed", by=by)

    @rule(number=numbers)
    def accept(self, number: int) -> None:
        if booking := self.pick(number, "proposed"):
            by = self.owner(booking)
            if self.attempt("accept", lambda: acts.accept_proposal(booking=booking, by=by)):
                self.put(booking.pk, "confirmed")

    @rule(number=numbers)
    def confirm(self, number: int) -> None:
        if booking := self.pick(number, "asked", "countered"):
            by = self.world.photographer
            if self.attempt("confirm", lambda: acts.confirm_booking(booking=booking, agreed_load=60, by=by)):
                self.put(booking.pk, "confirmed")

    @rule(number=numbers, way=st.sampled_from(["cancel", "withdraw", "decline"]))
    def give_up(self, number: int, way: str) -> None:
        states = ("confirmed",) if way == "cancel" else OPEN
        if (booking := self.pick(number, *states)) is None:
            return
        owner, studio = self.owner(booking), self.world.photographer
        ways: dict[str, tuple[str, Callable[[], Any]]] = {
            "cancel": ("cancelled", lambda: acts.cancel_booking(booking=booking, reason="考试", by=owner)),
            "withdraw": ("withdrawn", lambda: acts.withdraw_booking(booking=booking, by=owner)),
            "decline": ("declined", lambda: acts.decline_booking(booking=booking, reason="已满", by=studio)),
        }
        state, call = ways[way]
        if self.attempt(way, call):
            self.close(booking.pk, state)

    # Time, and what happens by itself.

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.now = min(self.now + dt.timedelta(hours=hours), LAST_MOMENT)

    @rule()
    def lapse(self) -> None:
        self.model_lapse()
        self.attempt("lapse", release_lapsed)

    @rule()
    def serve(self) -> None:
        self.attempt("serve", offers.offer_wherever_free)

    # The calendar.

    @rule(day=days)
    def close_or_open_a_day(self, day: dt.date) -> None:
        studio, by = self.world.studio, self.world.photographer
        if closure := studio.closures.first():
            self.attempt("open", lambda: studio_days.remove_closure(closure=closure, by=by))
        else:
            closing = {"first": day, "last": day, "reason": "盘点"}
            self.attempt("close", lambda: studio_days.add_closure(studio=studio, by=by, **closing))

    @rule(day=days, bay=st.sampled_from([0, 1]))
    def day_off_or_on(self, day: dt.date, bay: int) -> None:
        station, by = self.world.bays[bay], self.world.photographer
        if off := station.days_off.first():
            self.attempt("back", lambda: studio_days.remove_day_off(day_off=off, by=by))
        else:
            self.attempt("off", lambda: studio_days.add_day_off(station=station, day=day, reason="", by=by))

    # The waiting list.

    @rule(party=numbers, day=days, people=st.sampled_from([None, 1, 5]))
    def join(self, party: int, day: dt.date, people: int | None) -> None:
        unit, by = self.parties[party % 3]
        self.attempt(
            "join",
            lambda: waitlist.join_waitlist(
                campaign=self.world.campaign, studio=self.world.studio, unit=unit, kind="group", day=day, people=people, by=by
            ),
        )  # fmt: skip

    @rule(number=numbers)
    def leave(self, number: int) -> None:
        entries = list(WaitlistEntry.objects.order_by("pk"))
        if entries:
            entry = entries[number % len(entries)]
            self.attempt("leave", lambda: waitlist.leave_waitlist(entry=entry, by=entry.joined_by))

    @rule(number=numbers)
    def take(self, number: int) -> None:
        if booking := self.pick(number, "offered"):
            by = self.owner(booking)
            if self.attempt("take", lambda: waitlist.accept_offer(booking=booking, by=by)):
                self.put(booking.pk, "asked", days=5)

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
