"""The waiting list of a day: who may join, who is served first, what becomes of an offer, whatever frees the hours."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from photocampus import clock
from photocampus.chores import run_due_chores
from photocampus.errors import IllegalMove, NotAllowed
from photocampus.events import history_of
from photocampus.ledger import disagreements
from photocampus.models import User
from photocampus.waiting import Scope, waiting_items
from sessions import booking as acts
from sessions import offers, studio_days, waitlist
from sessions.holding import HoursTaken, release_lapsed
from sessions.hours import StudioClosed, held_hours
from sessions.models import Booking, Hold, WaitlistEntry, WeeklyHours
from sessions.routes import KindNotPermitted
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_world
from tests.shoots.test_booking_pages import client, studio, text, unit
from units.campaigns import change_campaign
from units.models import Unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Iterator[World]:
    """Both bays are booked for the whole day, the first one by the first unit."""
    with clock.at(NOW):
        world = make_world()
        whole_day(world)
        yield world


def whole_day(world: World) -> list[Booking]:
    """One confirmed booking per bay, so that one of them can go."""
    place, by = another(world, 50)
    first, second = ([*hours(bay), *hours(bay, start="13:00", end="17:00")] for bay in world.bays)
    return [confirmed(world, first), confirmed(world, second, units=[place], by=by)]


def another(world: World, people: int) -> tuple[Unit, User]:
    place = make.make_unit()
    make.make_graduates(people, world.campaign, place)
    return place, make.make_coordinator(place)


def join(world: World, place: Unit | None = None, by: User | None = None, **more: Any) -> WaitlistEntry:
    return waitlist.join_waitlist(
        campaign=world.campaign,
        studio=world.studio,
        unit=place or world.other,
        kind=more.pop("kind", "group"),
        day=more.pop("day", DAY),
        by=by or world.rival,
        **more,
    )


def offer_of(entry: WaitlistEntry) -> Booking:
    entry.refresh_from_db()
    assert entry.booking is not None
    return entry.booking


def test_freed_hours_are_held_for_the_first_that_fits_and_the_rest_for_the_next(world: World) -> None:
    big, big_owner = another(world, 90)
    first, second = join(world, big, big_owner), join(world)
    third = join(world, *another(world, 30))
    acts.move_booking(
        booking=Booking.objects.earliest("pk"), hours=hours(world.bays[0], start="14:00", end="17:00"), by=world.photographer
    )  # fmt: skip
    first.refresh_from_db()
    assert first.state == "waiting"  # seven half hours of one bay take 70 people, not 90
    booking = offer_of(second)
    assert (booking.state, booking.people, booking.holds.count()) == ("offered", 5, 1)
    assert booking.held_until == timezone.make_aware(NOW) + dt.timedelta(hours=24)
    assert [message.step for message in booking.messages.all()] == ["offered"]
    assert offer_of(third).holds.count() == 3
    assert [event.kind for event in history_of(second)] == ["state_waiting", "state_offered"]
    assert [event.kind for event in history_of(booking)] == ["state_offered"]
    acts.cancel_booking(
        booking=Booking.objects.filter(state="confirmed").latest("pk"), reason="停电", by=world.photographer
    )
    assert offer_of(first).people == 90
    assert list(disagreements()) == []


def test_accepted_offer_is_an_ordinary_request(world: World) -> None:
    entry = join(world)
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    booking = offer_of(entry)
    with pytest.raises(NotAllowed):
        waitlist.accept_offer(booking=booking, by=world.coordinator)
    with pytest.raises(IllegalMove):
        acts.confirm_booking(booking=booking, agreed_load=50, by=world.photographer)
    waitlist.accept_offer(booking=booking, by=world.rival)
    booking.refresh_from_db()
    assert (booking.state, booking.asked_by) == ("asked", world.rival)
    assert booking.held_until == timezone.make_aware(NOW) + dt.timedelta(days=world.campaign.hold_days)
    with pytest.raises(IllegalMove):
        waitlist.accept_offer(booking=booking, by=world.rival)
    acts.name_companion(booking=booking, name="王老师", phone="13900000002", by=world.rival)
    acts.confirm_booking(booking=booking, agreed_load=50, by=world.photographer)
    assert list(disagreements()) == []


def test_passing_and_lapsing_hand_the_hours_on(world: World) -> None:
    entries = [join(world, *another(world, 99)) for _ in range(3)]
    bookings = list(Booking.objects.order_by("pk"))
    acts.cancel_booking(booking=bookings[0], reason="考试", by=world.coordinator)
    assert [WaitlistEntry.objects.get(pk=e.pk).state for e in entries] == ["offered", "waiting", "waiting"]
    acts.withdraw_booking(booking=offer_of(entries[0]), by=entries[0].joined_by)
    assert offer_of(entries[0]).state == "withdrawn" and offer_of(entries[1]).holds.count() == 10
    later = NOW + dt.timedelta(hours=25)
    with clock.at(later):
        with pytest.raises(waitlist.OfferOver):
            waitlist.accept_offer(booking=offer_of(entries[1]), by=entries[1].joined_by)
        assert release_lapsed() == 1
        assert offer_of(entries[1]).state == "lapsed" and offer_of(entries[2]).state == "offered"
    assert list(disagreements()) == []


def test_lapsed_hours_go_to_the_list_before_whoever_asks_next(world: World) -> None:
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    old = ask(world, [*hours(world.bays[0]), *hours(world.bays[0], start="13:00", end="17:00")])
    entry = join(world)
    with clock.at(NOW + dt.timedelta(days=6)):
        with pytest.raises(HoursTaken):
            acts.ask_booking(
                campaign=world.campaign, studio=world.studio, units=[world.unit], kind="group",
                hours=hours(world.bays[0], start="09:30", end="10:00"), by=world.coordinator,
            )  # fmt: skip
        old.refresh_from_db()
        assert old.state == "lapsed" and offer_of(entry).state == "offered"


def decline(world: World, booking: Booking) -> None:
    acts.decline_booking(booking=booking, reason="已满", by=world.photographer)


def withdraw(world: World, booking: Booking) -> None:
    acts.withdraw_booking(booking=booking, by=world.coordinator)


def counter(world: World, booking: Booking) -> None:
    acts.propose_hours(booking=booking, hours=held_hours(booking), agreed_load=50, by=world.photographer)
    other = hours(world.bays[0], day=dt.date(2018, 4, 18))
    acts.counter_proposal(booking=booking, hours=other, by=world.coordinator)


def lapse(world: World, booking: Booking) -> None:
    Booking.objects.filter(pk=booking.pk).update(held_until=timezone.make_aware(NOW - dt.timedelta(hours=1)))
    release_lapsed()


@pytest.mark.parametrize("free", [decline, withdraw, counter, lapse])
def test_every_step_that_frees_hours_serves_the_list(
    world: World, free: Callable[[World, Booking], None]
) -> None:
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    booking = ask(world, [*hours(world.bays[0]), *hours(world.bays[0], start="13:00", end="17:00")])
    entry = join(world)
    free(world, booking)
    assert offer_of(entry).state == "offered"


def lift_closure(world: World) -> None:
    studio_days.remove_closure(closure=world.studio.closures.get(), by=world.photographer)


def open_longer(world: World) -> None:
    spans = [(dt.time(9, 30), dt.time(12)), (dt.time(13), dt.time(18))]
    studio_days.set_exception(studio=world.studio, day=DAY, spans=spans, reason="加班", by=world.photographer)


def another_bay(world: World) -> None:
    studio_days.save_station(
        studio=world.studio,
        by=world.photographer,
        code="A3",
        name="三号",
        kind="bay",
        rate=20,
        daily_load=100,
    )


def day_off_lifted(world: World) -> None:
    off = studio_days.add_day_off(
        station=make.make_station(world.studio, "A4"), day=DAY, reason="", by=world.photographer
    )
    assert WaitlistEntry.objects.get().state == "waiting"
    studio_days.remove_day_off(day_off=off, by=world.photographer)


@pytest.mark.parametrize("open_more", [open_longer, another_bay])
def test_more_room_in_the_calendar_serves_the_list(world: World, open_more: Callable[[World], None]) -> None:
    entry = join(world)
    open_more(world)
    assert offer_of(entry).state == "offered"


def test_lifted_closure_serves_who_joined_before_it(world: World) -> None:
    entry = join(world)
    closure = studio_days.add_closure(
        studio=world.studio, first=DAY, last=DAY, reason="盘点", by=world.photographer
    )
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    entry.refresh_from_db()
    assert entry.state == "waiting"  # closed: nothing can be offered
    studio_days.remove_closure(closure=closure, by=world.photographer)
    assert offer_of(entry).state == "offered"


def test_wider_window_and_weekly_hours_serve_the_list(client: Any, world: World) -> None:
    """The ways around the studio's own pages: the campaign's window, and the admin."""
    last = dt.date(2018, 4, 17)
    entry = join(world)
    change_campaign(campaign=world.campaign, by=world.staff, window_end=dt.date(2018, 4, 16))
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    entry.refresh_from_db()
    assert entry.state == "waiting"
    change_campaign(campaign=world.campaign, by=world.staff, window_end=last)
    booking = offer_of(entry)
    acts.withdraw_booking(booking=booking, by=world.rival)
    ask(world, [*hours(world.bays[0]), *hours(world.bays[0], start="13:00", end="17:00")])
    again = join(world)
    client.force_login(world.staff)
    data = {"studio": world.studio.pk, "weekday": 1, "start": "17:00", "end": "18:00"}
    assert client.post("/admin/shoots/weeklyhours/add/", data).status_code == 302
    assert WeeklyHours.objects.filter(weekday=1).count() == 3
    assert {h.start for h in held_hours(offer_of(again))} == {dt.time(17)}


def test_joining_is_for_full_open_days_to_come(world: World) -> None:
    with pytest.raises(waitlist.RoomLeft):
        join(world, day=dt.date(2018, 4, 18))
    with pytest.raises(StudioClosed):
        join(world, day=dt.date(2018, 4, 16))
    with pytest.raises(waitlist.ListClosed):
        join(world, day=NOW.date())
    with pytest.raises(KindNotPermitted):
        join(world, kind="on_site")
    with pytest.raises(NotAllowed):
        join(world, kind="individual")
    with pytest.raises(NotAllowed):
        join(world, by=world.coordinator)
    with pytest.raises(waitlist.WrongCount):
        join(world, people=6)
    with pytest.raises(acts.NotContracted):
        waitlist.join_waitlist(
            campaign=world.campaign, studio=make.make_studio(), unit=world.other, kind="group", day=DAY, by=world.rival
        )  # fmt: skip
    crowd = another(world, 99)
    world.bays[0].daily_load = world.bays[1].daily_load = 40
    for bay in world.bays:
        bay.save(update_fields=["daily_load"])
    with pytest.raises(waitlist.TooManyPeople) as refusal:
        join(world, *crowd)
    assert "80" in str(refusal.value) and join(world, *crowd, people=80).people == 80
    join(world)
    with pytest.raises(waitlist.AlreadyWaiting):
        join(world)


def test_database_knows_one_place_per_day_and_no_offer_without_booking(world: World) -> None:
    entry = join(world)
    fields = {f.name: getattr(entry, f.name) for f in entry._meta.fields if f.name not in ("id", "public_id")}
    for wrong in (
        {},
        {"state": "offered"},
        {"state": "left", "booking": Booking.objects.first()},
        {"people": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            WaitlistEntry.objects.create(**{**fields, **wrong})


def test_leaving_and_asking_directly_end_the_wait(world: World) -> None:
    entry = join(world)
    with pytest.raises(NotAllowed):
        waitlist.leave_waitlist(entry=entry, by=world.coordinator)
    waitlist.leave_waitlist(entry=entry, by=world.rival)
    with pytest.raises(IllegalMove):
        waitlist.leave_waitlist(entry=entry, by=world.rival)
    again = join(world)
    make.make_station(world.studio, "A3")  # behind the calendar's back: nothing is offered yet
    ask(world, hours(make.Station.objects.get(code="A3"), end="10:30"), units=[world.other], by=world.rival)
    again.refresh_from_db()
    assert again.state == "left" and offers.offer_wherever_free() == 0


def test_worker_finds_room_that_nobody_announced_and_closes_days_that_came(world: World) -> None:
    entry = join(world, *another(world, 99))
    day_off_lifted(world)
    assert offer_of(entry).state == "offered"
    late = join(world, *another(world, 98))
    make.make_station(world.studio, "A5")
    assert run_due_chores(all_of_them=True)["waiting lists"] == 1
    assert offer_of(late).state == "offered"
    last = join(world, *another(world, 97))
    with clock.at(dt.datetime(2018, 4, 17, 0, 5)):
        done = run_due_chores(all_of_them=True)
    assert (done["waiting lists"], done["lapse"]) == (1, 2)
    last.refresh_from_db()
    assert last.state == "over" and offer_of(late).state == "lapsed"


def test_offer_ends_at_the_latest_when_its_hours_begin(world: World) -> None:
    entry = join(world)
    with clock.at(dt.datetime(2018, 4, 16, 15, 0)):
        acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    assert timezone.localtime(offer_of(entry).held_until).replace(tzinfo=None) == dt.datetime(
        2018, 4, 17, 9, 30
    )


def test_pages_lead_from_the_full_day_to_the_accepted_offer(world: World) -> None:
    browser, here = client(world.rival), f"/unit/{world.other.code}/{world.campaign.code}/"
    page = text(browser.get(f"{here}bookings/new/?day={DAY}&month=2018-04-01"))
    assert f"{here}waitlist/join/" in page
    assert f"{here}waitlist/join/" not in text(browser.get(f"{here}bookings/new/?day=2018-04-18"))
    sent = {"studio": world.studio.code, "kind": "group", "day": f"{DAY}", "people": 5}
    text(browser.post(f"{here}waitlist/join/", {**sent, "day": "x"}), 422)
    text(browser.post(f"{here}waitlist/join/", {**sent, "day": "2018-04-18"}), 409)
    assert browser.post(f"{here}waitlist/join/", sent).status_code == 302
    entry = WaitlistEntry.objects.get()
    assert "第 1 位（共 1 个）" in text(browser.get(f"{here}waitlist/"))
    assert f"{here}waitlist/join/" not in text(browser.get(f"{here}bookings/new/?day={DAY}&month=2018-04-01"))
    for reader, address in (
        (world.photographer, studio(world, "waitlist/")),
        (world.staff, f"/office/{world.campaign.code}/waitlist/"),
    ):
        assert world.other.name in text(client(reader).get(address))
    assert world.other.name not in text(client(world.coordinator).get(unit(world, "waitlist/")))
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    offer = offer_of(entry)
    scope = Scope(world.rival, NOW.date(), world.campaign, unit=world.other)
    assert (f"{here}waitlist/", 1, "now") in [
        (i.url, i.count, i.urgency) for i in waiting_items("unit", scope)
    ]
    for page in ("waitlist/", "bookings/", f"bookings/{offer.public_id}/"):
        assert f"{here}bookings/{offer.public_id}/take/" in text(browser.get(here + page))
    hours_said = "4月17日 9:30–10:00 A1"
    assert hours_said in text(browser.get(f"{here}waitlist/"))
    assert hours_said in text(client(world.staff).get(f"/office/{world.campaign.code}/waitlist/"))
    for page in (studio(world, "bookings/"), studio(world, f"bookings/{offer.public_id}/")):
        text(client(world.photographer).get(page))
    assert browser.post(f"{here}bookings/{offer.public_id}/take/").status_code == 302
    offer.refresh_from_db()
    assert offer.state == "asked"
    text(browser.post(f"{here}bookings/{offer.public_id}/take/"), 409)
    text(browser.post(f"{here}waitlist/{entry.public_id}/leave/"), 409)


def test_refused_hours_offer_the_list_and_one_click_alternatives(world: World) -> None:
    browser, here = client(world.rival), f"/unit/{world.other.code}/{world.campaign.code}/"
    sent = {
        "h": ["A1_2018-04-17_0930_1200"],
        "picking": "1",
        "studio": world.studio.code,
        "kind": "group",
        "note": "上午最好",
    }
    page = text(browser.post(f"{here}bookings/new/", sent), 409)
    assert f"{here}waitlist/join/" in page and 'name="note" value="上午最好"' in page
    first = page.index('<ul class="alternatives">')
    code = page[page.index('name="h" value="', first) + 16 :].split('"')[0]
    assert code.startswith("A1_2018-04-18_0930") or "2018-04" in code
    answer = browser.post(f"{here}bookings/new/", {**sent, "h": [code]})
    assert answer.status_code == 302
    booking = Booking.objects.latest("pk")
    assert booking.units.get() == world.other and booking.messages.get().note == "上午最好"


def test_lists_need_the_same_queries_for_one_and_three_groups(
    world: World, django_assert_num_queries: Any
) -> None:
    pages = [
        (client(world.photographer), studio(world, "waitlist/")),
        (client(world.staff), f"/office/{world.campaign.code}/waitlist/"),
        (client(world.rival), f"/unit/{world.other.code}/{world.campaign.code}/waitlist/"),
    ]
    join(world)
    counts = []
    for browser, address in pages:
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        counts.append(len(captured))
    for _ in range(2):
        join(world, *another(world, 20))
    for count, (browser, address) in zip(counts, pages, strict=True):
        with django_assert_num_queries(count):
            browser.get(address)


def test_no_hour_is_lost_or_doubled(world: World) -> None:
    entry = join(world)
    acts.cancel_booking(booking=Booking.objects.earliest("pk"), reason="考试", by=world.coordinator)
    acts.decline_booking(booking=offer_of(entry), reason="设备检修", by=world.photographer)
    assert Hold.objects.count() == 13 and offer_of(entry).state == "declined"
