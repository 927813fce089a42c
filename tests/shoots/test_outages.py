"""Disturbances add up: each plan keeps to all that are recorded and not over; who was moved may come back (R17)."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from photocampus import clock
from photocampus.errors import NotAllowed
from photocampus.models import Event, Notification
from photocampus.told import tell_waiting
from sessions import plan_edits as edits
from sessions import plan_rules as rules
from sessions.models import Booking, BookingState, Disturbance, PlanEntry
from sessions.outages import in_force, recorded, spans_of
from sessions.plan_rows import entries_of
from sessions.plan_table import plan_view
from sessions.plans import PlanImpossible, generate_plan
from sessions.replanning import Outages, planned_from, replan_rest
from sessions.shoots import AlreadyEnded, EndsBefore, end_disturbance, record_disturbance
from tests.shoots.booking_world import DAY, NOW, World, confirmed, hours, make_world

pytestmark = pytest.mark.django_db
T = dt.time


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(NOW):
        yield make_world(60)


def on(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(DAY, T(hour, minute))


@pytest.fixture
def booking(world: World) -> Booking:
    """40 and 20 people with two bays held for a whole day, of which they need one; under way."""
    both = [*hours(*world.bays), *hours(*world.bays, start="13:00", end="17:00")]
    found = confirmed(world, both)
    generate_plan(booking=found, by=world.coordinator)
    Booking.objects.filter(pk=found.pk).update(state=BookingState.UNDER_WAY)
    found.refresh_from_db()
    return found


def table(booking: Booking) -> list[tuple]:
    return [
        (f"{row.start:%H:%M}", row.station.code, row.class_group.name, row.people)
        for row in entries_of(booking)
    ]


def cut(world: World, booking: Booking, *pauses: tuple, at: dt.datetime, **more: object) -> object:
    """Compare and apply, as a page does."""
    outages = Outages(pauses, **more)
    with clock.at(at):
        moment = planned_from(booking, outages, DAY)
        return replan_rest(booking=booking, moment=moment, outages=outages, by=world.coordinator, apply=True)


def planned_in(booking: Booking, station: str, start: dt.time, end: dt.time) -> list[PlanEntry]:
    rows = entries_of(booking)
    return [row for row in rows if row.station.code == station and row.start < end and start < row.end]


def test_the_second_disturbance_keeps_to_the_first(world: World, booking: Booking) -> None:
    first, second = world.bays
    cut(world, booking, (first, T(10, 30), T(15, 0)), at=on(10, 20), what="灯坏了")
    assert not planned_in(booking, first.code, T(10, 30), T(15, 0))
    assert [row.what for row in recorded(booking)] == ["灯坏了"]
    cut(world, booking, (second, T(13, 0), T(14, 0)), at=on(11), what="停电")
    assert not planned_in(booking, first.code, T(10, 30), T(15, 0))
    assert not planned_in(booking, second.code, T(13, 0), T(14, 0))
    assert sum(row.people for row in entries_of(booking)) == 60
    with clock.at(on(11)):
        assert len(in_force(booking)) == 2


def test_plan_made_again_and_changes_by_hand_keep_to_it(world: World, booking: Booking) -> None:
    first, second = world.bays
    cut(world, booking, (first, T(13, 0), None), at=on(9, 20))
    with clock.at(on(9, 20)):
        row = max(entries_of(booking), key=lambda entry: entry.start)
        with pytest.raises(rules.HourNotHeld):
            edits.move_entry(entry=row, station=first, day=DAY, start=T(15, 0), by=world.coordinator)
        edits.move_entry(entry=row, station=second, day=DAY, start=T(15, 0), by=world.coordinator)
        generate_plan(booking=booking, by=world.coordinator)
        assert not planned_in(booking, first.code, T(13, 0), T(17, 0))
        assert all(cell.is_out for cell in cells(booking, first.code) if cell.station == first)


def cells(booking: Booking, station: str) -> list:
    days = plan_view(booking, entries_of(booking)).days
    found = [cell for day in days for row in day.rows if row.start >= T(13, 0) for cell in row.cells]
    return [cell for cell in found if cell.station.code == station]


def test_no_end_known_lasts_for_the_rest_of_the_day(world: World, booking: Booking) -> None:
    with clock.at(on(9, 40)):
        record_disturbance(booking=booking, what="停电", by=world.photographer)
        assert spans_of(in_force(booking))[0].interval.end == 24 * 60
        with pytest.raises(PlanImpossible):
            replan_rest(
                booking=booking, moment=on(9, 40), outages=Outages(), by=world.coordinator, apply=False
            )
        row = recorded(booking)[0]
        outages = Outages(until={row.pk: T(11, 0)})
        replan_rest(booking=booking, moment=on(9, 40), outages=outages, by=world.coordinator, apply=True)
        row.refresh_from_db()
        assert (
            f"{dt.datetime.fromisoformat(row.until.isoformat()).astimezone(clock.now().tzinfo):%H:%M}"
            == "11:00"
        )
        assert not [e for e in entries_of(booking) if T(9, 40) <= e.start < T(11, 0)]
    with clock.at(on(11)):
        assert in_force(booking) == []
    with clock.at(on(23)):
        assert in_force(booking) == []


def test_when_it_ends_early_the_moved_classes_may_have_their_hours_again(
    world: World, booking: Booking
) -> None:
    before = table(booking)
    cut(world, booking, (None, T(9, 30), T(14, 0)), at=on(9))
    assert table(booking) != before
    row = recorded(booking)[0]
    with clock.at(on(9, 5)):
        end_disturbance(disturbance=row, by=world.coordinator)
        row.refresh_from_db()
        with pytest.raises(AlreadyEnded):
            end_disturbance(disturbance=row, by=world.photographer)
        outages = Outages(back=row)
        shown = replan_rest(
            booking=booking, moment=on(9, 5), outages=outages, by=world.coordinator, apply=False
        )
        assert shown.moved and table(booking) != before
        replan_rest(booking=booking, moment=on(9, 5), outages=outages, by=world.coordinator, apply=True)
    assert table(booking) == before


def test_nobody_is_called_back_into_an_hour_that_is_too_near_or_that_another_outage_hits(
    world: World, booking: Booking
) -> None:
    first, second = world.bays
    cut(world, booking, (None, T(9, 30), T(14, 0)), at=on(9))
    moved = table(booking)
    row = recorded(booking)[0]
    with clock.at(on(9, 20)):  # ten minutes: nobody reports fifteen minutes before any more
        end_disturbance(disturbance=row, by=world.coordinator)
        row.refresh_from_db()
        answer = replan_rest(
            booking=booking, moment=on(9, 20), outages=Outages(back=row), by=world.coordinator, apply=True
        )
    assert table(booking) != moved and len(answer.moved) == 1  # the class from the afternoon
    assert not planned_in(booking, first.code, T(9, 30), T(10, 30))
    Disturbance.objects.filter(pk=row.pk).update(ended_at=None, until=None)
    with clock.at(on(9)):
        for bay in (first, second):
            record_disturbance(
                booking=booking, what="设备故障", by=world.photographer, station=bay, until=T(12, 0)
            )
        end_disturbance(disturbance=row, by=world.coordinator)
        row.refresh_from_db()
        answer = replan_rest(
            booking=booking, moment=on(9), outages=Outages(back=row), by=world.coordinator, apply=False
        )
    assert answer.moved == ()


def test_what_the_unit_decided_since_is_not_taken_back(world: World, booking: Booking) -> None:
    cut(world, booking, (None, T(9, 30), T(14, 0)), at=on(9))
    row = recorded(booking)[0]
    with clock.at(on(9, 5)):
        late = entries_of(booking)[-1]
        edits.set_locked(entry=late, locked=True, by=world.coordinator)
        end_disturbance(disturbance=row, by=world.coordinator)
        row.refresh_from_db()
        replan_rest(
            booking=booking, moment=on(9, 5), outages=Outages(back=row), by=world.coordinator, apply=True
        )
    there = [r for r in entries_of(booking) if r.class_group_id == late.class_group_id]
    assert late.public_id in {r.public_id for r in there} and min(r.start for r in there) >= T(13, 0)


def test_a_moment_to_come_counts_the_share_of_its_hour(world: World, booking: Booking) -> None:
    """Nobody was photographed yet, and at 10:00 half of the hour from 9:30 will be over."""
    answer = cut(world, booking, (None, T(10, 0), T(10, 30)), at=on(9))
    assert sorted(e.count for e in answer.kept) == [10]


def test_who_may_and_what_is_refused(world: World, booking: Booking) -> None:
    with clock.at(on(10)):
        row = record_disturbance(booking=booking, what="停电", by=world.photographer, until=T(10, 30))
        for stranger in (world.rival, world.staff):
            with pytest.raises(NotAllowed):
                end_disturbance(disturbance=row, by=stranger)
        with pytest.raises(EndsBefore):
            record_disturbance(booking=booking, what="停电", by=world.photographer, until=T(9, 0))
        with pytest.raises(EndsBefore):
            replan_rest(
                booking=booking,
                moment=on(10),
                outages=Outages(until={row.pk: T(9, 0)}),
                by=world.coordinator,
                apply=True,
            )
    with pytest.raises(IntegrityError), transaction.atomic():
        Disturbance.objects.filter(pk=row.pk).update(until=row.began_at)


def test_the_other_side_is_told_of_it_and_led_to_the_comparison(world: World, booking: Booking) -> None:
    with clock.at(on(10)):
        row = record_disturbance(booking=booking, what="停电", by=world.photographer)
        end_disturbance(disturbance=row, by=world.photographer)
    tell_waiting()
    page = reverse("shoots:unit-replan", args=[world.unit.code, "2018", booking.public_id])
    told = Notification.objects.filter(user=world.coordinator, url=page)
    kinds = set(told.values_list("event__kind", flat=True))
    assert kinds == {"disturbance", "disturbance_ended"}
    assert Event.objects.filter(kind="disturbance").count() == 1


def test_pages_show_what_lasts_and_end_it(client, world: World, booking: Booking) -> None:
    first = world.bays[0]
    place = [world.unit.code, "2018", booking.public_id]
    plan, page = reverse("shoots:plan", args=place), reverse("shoots:unit-replan", args=place)
    client.force_login(world.coordinator)
    with clock.at(on(9)):
        sent = {"day": f"{DAY}", "start": "09:30", "end": "14:00", "what": "停电", "apply": "1"}
        before = table(booking)
        assert client.post(page, {**sent, "start": "", "end": ""}).status_code == 200
        assert client.post(page, sent).status_code == 302
        row = recorded(booking)[0]
        assert "停电" in client.get(plan).content.decode()
        shown = client.get(page).content.decode()
        assert f"until_{row.pk}" in shown and 'value="14:00"' in shown
        longer = {"day": f"{DAY}", f"until_{row.pk}": "15:00"}
        shown = client.post(page, longer).content.decode()
        assert "<ins>" in shown and [e for e in entries_of(booking) if e.start == T(14, 0)]
        assert client.post(page, {**longer, "apply": "1"}).status_code == 302
        assert not [e for e in entries_of(booking) if T(9, 30) <= e.start < T(15, 0)]
        answer = client.post(page, {"over": row.pk})
        assert answer.status_code == 302 and answer.url == f"{page}?back={row.pk}"
        shown = client.get(answer.url).content.decode()
        assert "<ins>04-17 09:30" in shown
        assert client.post(page, {"back": row.pk, "apply": "1"}).status_code == 302
        assert table(booking) == before
        assert client.post(page, {"over": "0"}).status_code == 404
        with clock.at(on(9, 40)):
            record_disturbance(booking=booking, what="相机故障", by=world.photographer, station=first)
            stranded = client.get(plan).content.decode()
            assert "相机故障" in stranded and page in stranded
        client.force_login(world.rival)
        assert client.post(page, {"over": row.pk}).status_code == 404


def test_console_ends_it_and_goes_on_to_the_comparison(client, world: World, booking: Booking) -> None:
    place = [world.studio.code, "2018", booking.public_id]
    console = reverse("shoots:console-disturbance", args=place)
    client.force_login(world.photographer)
    with clock.at(on(9)):
        client.post(console, {"what": "停电", "until": "11:00"})
        row = recorded(booking)[0]
        assert row.until is not None
        assert client.post(console, {"ended": row.pk}).url.endswith(f"/shoots/{booking.public_id}/")
        cut(world, booking, (None, T(9, 30), T(14, 0)), at=on(9))
        last = recorded(booking)[-1]
        assert client.post(console, {"ended": "²"}).status_code == 404
        answer = client.post(console, {"ended": last.pk})
        assert answer.url == reverse("shoots:shoot-replan", args=place) + f"?back={last.pk}"
        assert client.get(reverse("shoots:shoot-replan", args=place), {"back": "²"}).status_code == 200


def test_nobody_who_moves_comes_before_they_can_be_told_and_the_running_hour_stays_whole(
    world: World, booking: Booking
) -> None:
    first = entries_of(booking)[0]
    station = first.station
    with clock.at(on(9, 50)):
        outages = Outages([(station, T(13, 0), T(17, 0))])
        answer = replan_rest(
            booking=booking, moment=on(9, 50), outages=outages, by=world.coordinator, apply=True
        )
    assert answer.moved
    assert table(booking)[0] == ("09:30", station.code, first.class_group.name, 20)
    assert {f"{row.end:%H:%M}" for row in entries_of(booking) if row.start == T(9, 30)} == {"10:30"}
    assert not [row for row in entries_of(booking) if T(9, 30) < row.start < T(10, 5)]


def test_without_room_it_is_recorded_and_the_plan_says_whom_it_hits(
    client, world: World, booking: Booking
) -> None:
    place = [world.unit.code, "2018", booking.public_id]
    page = reverse("shoots:unit-replan", args=place)
    client.force_login(world.coordinator)
    before = table(booking)
    with clock.at(on(9, 20)):
        cut_off = {"day": f"{DAY}", "start": "10:00", "end": "", "what": "停电"}
        assert 'name="record"' in client.post(page, cut_off).content.decode()
        answer = client.post(page, {**cut_off, "record": "1"})
        assert answer.url == reverse("shoots:plan", args=place) and table(booking) == before
        assert len(in_force(booking)) == 1
        assert "会计1班、会计2班" in client.get(answer.url).content.decode()
