"""The conversation of a booking: what may be asked, every step, every forbidden step."""

import datetime as dt
from decimal import Decimal

import pytest

from photocampus import clock
from photocampus.errors import DomainError, IllegalMove, MissingReason, NotAllowed
from photocampus.events import history_of
from sessions import booking as acts
from sessions.holding import HoursTaken, NoHours, release_lapsed
from sessions.hours import OutsideWindow, StudioClosed, held_hours
from sessions.models import Attendance, Booking, BookingState, Closure, Hold, StationDayOff
from sessions.routes import KindNotPermitted
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_venue, make_world, name
from units.models import StudioGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_asking_holds_the_hours_until_the_campaigns_deadline(world: World) -> None:
    booking = ask(world)
    assert booking.state == "asked" and booking.holds.count() == 5 and booking.people == 43
    assert booking.held_until == clock.timezone.make_aware(NOW) + dt.timedelta(days=world.campaign.hold_days)
    assert [m.step for m in booking.messages.all()] == ["asked"]
    assert booking.messages.get().hours == [["A1", "2018-04-17", "09:30", "12:00"]]


@pytest.mark.parametrize(
    ("people", "kind", "allowed"), [(99, "group", 1), (99, "on_site", 0), (100, "on_site", 1)]
)
def test_route_decides_the_kind(people: int, kind: str, allowed: int) -> None:
    world = make_world(people)
    stations = world.crews if kind == "on_site" else world.bays
    if allowed:
        assert ask(world, hours(stations[0]), kind=kind).kind == kind
    else:
        with pytest.raises(KindNotPermitted) as refusal:
            ask(world, hours(stations[0]), kind=kind)
        assert "99" in str(refusal.value) and "100" in str(refusal.value)


@pytest.mark.parametrize(
    ("day", "refusal"),
    [
        (dt.date(2018, 7, 15), None),  # the last day of the window, a Sunday
        (dt.date(2018, 7, 17), OutsideWindow),
        (dt.date(2018, 4, 16), StudioClosed),  # Monday
        (dt.date(2018, 4, 5), StudioClosed),  # Qingming
        (dt.date(2018, 4, 6), StudioClosed),  # its substitute day
        (dt.date(2018, 4, 8), None),  # make-up working Sunday: open as every Sunday
        (dt.date(2018, 3, 15), StudioClosed),  # over
    ],
)
def test_only_open_days_inside_the_window_can_be_asked(
    world: World, day: dt.date, refusal: type | None
) -> None:
    if refusal is None:
        assert ask(world, hours(world.bays[0], day=day)).holds.count() == 5
        return
    with pytest.raises(refusal):
        ask(world, hours(world.bays[0], day=day))
    assert not Booking.objects.exists() and not Hold.objects.exists()


def test_first_day_of_the_window_can_be_asked(world: World) -> None:
    with clock.at(dt.datetime(2018, 2, 27, 9, 0)):
        booking = acts.ask_booking(
            campaign=world.campaign, studio=world.studio, units=[world.unit], kind="group", by=world.coordinator,
            hours=hours(world.bays[0], day=dt.date(2018, 3, 1)),
        )  # fmt: skip
    assert booking.holds.count() == 5


def test_lunch_closure_day_off_and_wrong_station_are_refused(world: World) -> None:
    Closure.objects.create(studio=world.studio, first=DAY, last=DAY, reason="盘点")
    StationDayOff.objects.create(station=world.bays[0], day=dt.date(2018, 4, 18))
    cases = [
        (hours(world.bays[0]), "盘点"),
        (hours(world.bays[0], day=dt.date(2018, 4, 18)), "A1"),
        (hours(world.bays[0], day=dt.date(2018, 4, 19), start="12:00", end="13:00"), "12:00"),
        (hours(world.crews[0], day=dt.date(2018, 4, 19)), "C1"),
    ]
    for wanted, part in cases:
        with pytest.raises(StudioClosed) as refusal:
            ask(world, wanted)
        assert part in str(refusal.value)


def test_asking_needs_hours_people_a_contract_and_the_own_unit(world: World) -> None:
    with pytest.raises(NoHours):
        ask(world, [])
    with pytest.raises(acts.NotContracted):
        ask(world, studio=make.make_studio())
    with pytest.raises(NotAllowed):
        ask(world, by=world.rival)
    with pytest.raises(NotAllowed):
        ask(world, units=[world.unit, world.other])
    with pytest.raises(NotAllowed):
        ask(world, kind="individual")
    empty = make.make_unit()
    with pytest.raises(acts.NobodyWaits):
        ask(world, units=[empty], by=make.make_coordinator(empty))


def test_second_asker_learns_who_was_first_and_gets_free_hours_nearby(world: World) -> None:
    ask(world)
    with pytest.raises(HoursTaken) as refusal:
        ask(world, units=[world.other], by=world.rival)
    assert world.unit.name not in str(refusal.value)  # a stranger's name is not told
    alternative = refusal.value.data["alternatives"][0]
    assert [(h.station, h.day) for h in alternative] == [(world.bays[1].pk, DAY)] * 5
    assert ask(world, alternative, units=[world.other], by=world.rival).holds.count() == 5
    with pytest.raises(HoursTaken) as own:
        ask(world, kind="makeup")
    assert world.unit.name in str(own.value)


def test_partly_taken_hours_keep_what_is_free_in_the_alternative(world: World) -> None:
    ask(world, hours(world.bays[0], start="09:30", end="10:30"))
    with pytest.raises(HoursTaken) as refusal:
        ask(world, hours(world.bays[0]), units=[world.other], by=world.rival)
    assert len(refusal.value.data["hours"]) == 2
    alternative = refusal.value.data["alternatives"][0]
    assert set(hours(world.bays[0], start="10:30", end="12:00")) < set(alternative) and len(alternative) == 5
    assert Booking.objects.count() == 1


def test_lapsed_hold_gives_way_to_the_next_asker_and_not_before(world: World) -> None:
    first = ask(world)
    with pytest.raises(HoursTaken):
        ask(world, units=[world.other], by=world.rival)
    with clock.at(NOW + dt.timedelta(days=6)):
        second = acts.ask_booking(
            campaign=world.campaign, studio=world.studio, units=[world.other], kind="group", by=world.rival,
            hours=hours(world.bays[0]),
        )  # fmt: skip
    first.refresh_from_db()
    assert first.state == "lapsed" and not first.holds.exists() and second.holds.count() == 5
    assert first.messages.last().step == "lapsed"


def test_lapse_is_repeatable_and_spares_what_is_confirmed(world: World) -> None:
    done = confirmed(world)
    ask(world, hours(world.bays[1]), units=[world.other], by=world.rival)
    with clock.at(NOW + dt.timedelta(days=30)):
        assert [release_lapsed(), release_lapsed()] == [1, 0]
    done.refresh_from_db()
    assert done.state == "confirmed" and Hold.objects.count() == 5


def test_confirmation_gives_the_grant_and_expects_the_people(world: World) -> None:
    booking = confirmed(world)
    assert (booking.state, booking.agreed_load, booking.held_until) == ("confirmed", 100, None)
    assert StudioGrant.objects.filter(studio=world.studio, unit=world.unit, ended_at=None).count() == 1
    assert Attendance.objects.filter(booking=booking, state="expected", fee_due=Decimal(20)).count() == 43
    assert [event.kind for event in history_of(booking)] == [
        "state_asked",
        "state_confirmed",
        "expected_people",
    ]


def test_confirmation_needs_companion_and_load(world: World) -> None:
    booking = ask(world)
    with clock.at(NOW):
        with pytest.raises(acts.CompanionMissing):
            acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)
        name(world, booking)
        with pytest.raises(acts.LoadMissing):
            acts.confirm_booking(booking=booking, agreed_load=0, by=world.photographer)
        acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)
    booking.refresh_from_db()
    assert booking.companion_phone.reveal() == "13900000001"
    assert not StudioGrant.objects.filter(unit=world.other).exists()


def test_on_site_needs_a_room_that_fulfils_the_requirements() -> None:
    world = make_world(100)
    booking = ask(
        world, hours(*world.crews[:2]), kind="on_site", companion_name="陈老师", companion_phone="139"
    )
    with clock.at(NOW):
        with pytest.raises(acts.VenueMissing):
            acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)
        small = make_venue(
            world.unit, name="小会议室", area=Decimal(59), power=Decimal("9.5"), fire_equipment="", doors=1
        )
        acts.choose_venue(booking=booking, venue=small, by=world.coordinator)
        with pytest.raises(acts.VenueUnfit) as refusal:
            acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)
        assert (
            all(part in str(refusal.value) for part in ("59", "60", "9.5", "10"))
            and str(refusal.value).count("；") == 2
        )
        acts.choose_venue(booking=booking, venue=make_venue(world.unit, doors=1), by=world.coordinator)
        acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)
        with pytest.raises(acts.VenueUnfit):  # three crews need 90 m²
            acts.move_booking(booking=booking, hours=hours(*world.crews), by=world.coordinator)
    booking.refresh_from_db()
    assert booking.state == "confirmed" and booking.holds.count() == 10


def test_proposal_counter_and_acceptance_exchange_the_hours(world: World) -> None:
    booking = ask(world)
    name(world, booking)
    other_day, third = dt.date(2018, 4, 18), dt.date(2018, 4, 19)
    with clock.at(NOW):
        acts.propose_hours(
            booking=booking, hours=hours(world.bays[0], day=other_day), agreed_load=90, by=world.photographer
        )
        assert {h.day for h in held_hours(booking)} == {other_day}
        acts.counter_proposal(
            booking=booking, hours=hours(world.bays[1], day=third), by=world.coordinator, note="周四更好"
        )
        assert {(h.day, h.station) for h in held_hours(booking)} == {(third, world.bays[1].pk)}
        acts.propose_hours(
            booking=booking, hours=hours(world.bays[0], day=third), agreed_load=80, by=world.photographer
        )
        acts.accept_proposal(booking=booking, by=world.coordinator)
    booking.refresh_from_db()
    assert (booking.state, booking.agreed_load) == ("confirmed", 80)
    assert [m.step for m in booking.messages.all()] == [
        "asked",
        "proposed",
        "countered",
        "proposed",
        "confirmed",
    ]


def test_proposal_of_taken_hours_keeps_the_old_ones(world: World) -> None:
    ask(world, hours(world.bays[1]), units=[world.other], by=world.rival)
    booking = ask(world)
    with clock.at(NOW), pytest.raises(HoursTaken):
        acts.propose_hours(booking=booking, hours=hours(world.bays[1]), agreed_load=90, by=world.photographer)
    booking.refresh_from_db()
    assert booking.state == "asked" and {h.station for h in held_hours(booking)} == {world.bays[0].pk}


def test_moving_is_one_exchange(world: World) -> None:
    booking = confirmed(world)
    ask(world, hours(world.bays[1]), units=[world.other], by=world.rival)
    with clock.at(NOW):
        with pytest.raises(HoursTaken):
            acts.move_booking(booking=booking, hours=hours(*world.bays), by=world.coordinator)
        assert booking.holds.count() == 5
        acts.move_booking(
            booking=booking, hours=hours(world.bays[0], start="10:30", end="12:00"), by=world.photographer
        )
    booking.refresh_from_db()
    assert booking.holds.count() == 3 and booking.sequence == 2
    assert Attendance.objects.filter(booking=booking).count() == 43


def test_closing_frees_the_hours_and_forgets_the_expected(world: World) -> None:
    with clock.at(NOW):
        declined = ask(world)
        with pytest.raises(MissingReason):
            acts.decline_booking(booking=declined, reason=" ", by=world.photographer)
        acts.decline_booking(booking=declined, reason="当日已有安排", by=world.photographer)
        withdrawn = ask(world)
        acts.withdraw_booking(booking=withdrawn, by=world.coordinator)
        cancelled = confirmed(world)
        acts.cancel_booking(booking=cancelled, reason="考试", by=world.coordinator)
    states = [Booking.objects.get(pk=b.pk).state for b in (declined, withdrawn, cancelled)]
    assert states == ["declined", "withdrawn", "cancelled"]
    assert not Hold.objects.exists() and not Attendance.objects.exists()


def test_cancelling_is_refused_once_somebody_was_photographed(world: World) -> None:
    booking = confirmed(world)
    row = Attendance.objects.filter(booking=booking).first()
    Attendance.objects.filter(pk=row.pk).update(state="photographed", photographed_at=clock.timezone.now())
    with pytest.raises(acts.PicturesTaken):
        acts.cancel_booking(booking=booking, reason="x", by=world.coordinator)


OPEN = {"offered", "asked", "proposed", "countered"}
ALLOWED = {
    "propose_hours": {"asked", "countered"},
    "counter_proposal": {"proposed"},
    "accept_proposal": {"proposed"},
    "confirm_booking": {"asked", "countered"},
    "decline_booking": OPEN,
    "withdraw_booking": OPEN,
    "cancel_booking": {"confirmed"},
    "move_booking": {"confirmed"},
}


@pytest.mark.parametrize("state", BookingState.values)
@pytest.mark.parametrize("act", ALLOWED)
def test_each_step_is_possible_only_from_its_states(world: World, act: str, state: str) -> None:
    booking = ask(world, companion_name="陈老师", companion_phone="13900000001")
    Booking.objects.filter(pk=booking.pk).update(state=state, agreed_load=100)
    studio_acts = ("propose_hours", "confirm_booking", "decline_booking")
    details = {
        "by": world.photographer if act in studio_acts else world.coordinator,
        **(
            {"hours": hours(world.bays[1])}
            if act in ("propose_hours", "counter_proposal", "move_booking")
            else {}
        ),
        **({"agreed_load": 100} if act in ("propose_hours", "confirm_booking") else {}),
        **({"reason": "原因"} if act in ("decline_booking", "cancel_booking") else {}),
    }
    with clock.at(NOW):
        if state in ALLOWED[act]:
            getattr(acts, act)(booking=booking, **details)
            return
        with pytest.raises(IllegalMove):
            getattr(acts, act)(booking=booking, **details)
    assert Booking.objects.get(pk=booking.pk).state == state and booking.holds.count() == 5


@pytest.mark.parametrize("act", ["propose_hours", "confirm_booking", "decline_booking"])
def test_only_the_studio_itself_answers(world: World, act: str) -> None:
    booking = ask(world, companion_name="陈老师", companion_phone="139")
    stranger = make.make_photographer(make.make_studio(campaign=world.campaign))
    details = {
        "propose_hours": {"hours": hours(world.bays[1]), "agreed_load": 9},
        "confirm_booking": {"agreed_load": 9},
    }
    for by in (world.coordinator, world.staff, stranger):
        with clock.at(NOW), pytest.raises(NotAllowed):
            getattr(acts, act)(booking=booking, by=by, **details.get(act, {"reason": "x"}))


@pytest.mark.parametrize("act", ["counter_proposal", "accept_proposal", "withdraw_booking", "cancel_booking"])
def test_only_the_units_own_coordinator_acts_for_it(world: World, act: str) -> None:
    booking = ask(world)
    details = {"counter_proposal": {"hours": hours(world.bays[1])}, "cancel_booking": {"reason": "x"}}
    with clock.at(NOW), pytest.raises(NotAllowed):
        getattr(acts, act)(booking=booking, by=world.rival, **details.get(act, {}))


def test_makeup_counts_who_is_without_a_picture(world: World) -> None:
    first = confirmed(world)
    rows = list(Attendance.objects.filter(booking=first).order_by("pk"))
    taken, absent = [r.pk for r in rows[3:]], [r.pk for r in rows[:3]]
    Attendance.objects.filter(pk__in=taken).update(state="photographed", photographed_at=clock.timezone.now())
    Attendance.objects.filter(pk__in=absent).update(state="absent")
    Booking.objects.filter(pk=first.pk).update(state="done")
    makeup = confirmed(world, hours(world.bays[1]), kind="makeup")
    assert makeup.people == 3
    graduates = set(Attendance.objects.filter(booking=makeup).values_list("graduate", flat=True))
    assert graduates == {row.graduate_id for row in rows[:3]}


def test_staff_may_ask_for_several_units_in_one_shoot(world: World) -> None:
    booking = ask(world, units=[world.unit, world.other], by=world.staff)
    assert booking.people == 48 and booking.units.count() == 2
    assert str(acts.waiting_for(booking)) == "studio"


def test_hindrances_say_what_is_missing(world: World) -> None:
    booking = ask(world)
    with clock.at(NOW):
        assert len(acts.hindrances(booking)) == 1
    Closure.objects.create(studio=world.studio, first=DAY, last=DAY, reason="盘点")
    with clock.at(NOW):
        assert "盘点" in acts.hindrances(booking)[1]
        name(world, booking)
        with pytest.raises(DomainError):
            acts.confirm_booking(booking=booking, agreed_load=10, by=world.photographer)
