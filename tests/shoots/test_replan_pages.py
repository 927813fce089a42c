"""The rest of a day planned anew by either side: compared, applied only as it was compared, and whom to tell."""

import datetime as dt

import pytest
from django.urls import reverse

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, NotAllowed
from sessions.models import Attendance, AttendanceState, PlanChange, PlanEntry
from sessions.plan_edits import set_locked
from sessions.plan_rows import entries_of
from sessions.plans import NotPlannable
from sessions.replanning import Outages, replan_rest, seal_of
from tests import factories as make
from tests.shoots.booking_world import DAY, World, ask, confirmed, hours, make_world
from tests.shoots.shoot_day import at, make_plan, make_shoot_day

pytestmark = pytest.mark.django_db
CUT = {"start": "10:30", "end": "11:00"}


def starts() -> list[str]:
    return [f"{row.start:%H:%M}" for row in PlanEntry.objects.order_by("start")]


def field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def test_unit_compares_applies_and_is_given_the_words_for_the_class(client):
    with at(9, 40):
        day = make_shoot_day(8, companion_name="陈老师", companion_phone="13900000001")
        make_plan(day, rate=4)  # 9:30 and 10:30
        client.force_login(day.coordinator)
        url = reverse("shoots:unit-replan", args=[day.unit.code, day.campaign.code, day.booking.public_id])
        plan = reverse("shoots:plan", args=[day.unit.code, day.campaign.code, day.booking.public_id])
        assert url in client.get(plan).content.decode()
        assert client.get(url).status_code == 200 and starts() == ["09:30", "10:30"]
        shown = client.post(url, CUT).content.decode()
        assert starts() == ["09:30", "10:30"]
        own = "每人的具体时段以个人页面显示为准"
        for part in ("<del>04-17 10:30", "<ins>04-17 11:00", "10:45", "13900000001", "陈老师", own):
            assert part in shown
        only = "仅限个人页面显示本场拍摄的同学参加"
        assert only not in shown
        make.make_graduates(1, day.campaign, day.unit)
        assert only in client.post(url, CUT).content.decode()
        sent = {**CUT, "apply": "1", "compared": field(shown, "compared"), "moment": field(shown, "moment")}
        assert client.post(url, sent).status_code == 302
        assert starts() == ["09:30", "11:00"]
        page = client.get(plan).content.decode()
        assert "11:00" in page and page.count('class="block ') == 2  # the hour beside the grid is shown, too


def test_what_changed_after_the_comparison_is_compared_again(client):
    with at(9, 40):
        day = make_shoot_day(8)
        make_plan(day, rate=4)
        client.force_login(day.photographer)
        url = reverse("shoots:shoot-replan", args=[day.studio.code, day.campaign.code, day.booking.public_id])
        shown = client.post(url, CUT).content.decode()
        waiting = Attendance.objects.filter(booking=day.booking)[:1]
        Attendance.objects.filter(pk__in=waiting.values("pk")).update(state=AttendanceState.ABSENT)
        sent = {**CUT, "apply": "1", "compared": field(shown, "compared"), "moment": field(shown, "moment")}
        again = client.post(url, sent).content.decode()
        assert "其他人刚刚修改了此内容" in again and starts() == ["09:30", "10:30"]
        assert field(again, "compared") != sent["compared"]
        assert client.post(url, {**sent, "compared": field(again, "compared")}).status_code == 302


def test_only_stations_that_are_out_are_left_and_locked_hours_stay() -> None:
    with clock.at(dt.datetime(2018, 4, 17, 9, 0)):
        world: World = make_world()
        booking = confirmed(world, hours(*world.bays))
        from sessions.plans import generate_plan

        generate_plan(booking=booking, by=world.coordinator)
        first = entries_of(booking)[0]
        set_locked(entry=first, locked=True, by=world.coordinator)
        moment = dt.datetime(2018, 4, 17, 10, 30)
        late = {row.station.code for row in entries_of(booking) if row.start >= dt.time(10, 30)}
        broken = next(bay for bay in world.bays if bay.code in late)
        details = {
            "booking": booking, "moment": moment, "outages": Outages([(broken, dt.time(10, 30), dt.time(12, 0))]),
        }  # fmt: skip
        answer = replan_rest(**details, by=world.coordinator, apply=False)
        with pytest.raises(ChangedMeanwhile):
            replan_rest(**details, by=world.coordinator, apply=True, compared="0" * 32)
        replan_rest(**details, by=world.coordinator, apply=True, compared=seal_of(answer))
        rows = entries_of(booking)
        assert not [r for r in rows if r.station == broken and r.start >= dt.time(10, 30)]
        kept = next(row for row in rows if row.public_id == first.public_id)
        assert kept.is_locked and kept.people == first.people and sum(row.people for row in rows) == 43
        assert not PlanChange.objects.exists()


def test_strangers_and_open_bookings_are_refused() -> None:
    with clock.at(dt.datetime(2018, 3, 20, 10, 0)):
        world = make_world()
        asked = ask(world)
        cut = Outages([(None, dt.time(10, 30), dt.time(11, 0))])
        details = {"moment": dt.datetime.combine(DAY, dt.time(10, 30)), "outages": cut, "apply": True}
        with pytest.raises(NotPlannable):
            replan_rest(booking=asked, by=world.coordinator, **details)
        booking = confirmed(world, hours(world.bays[1], start="13:00", end="15:00"), reason="分批到店")
        other_studio = make.make_photographer(make.make_studio(campaign=world.campaign))
        for stranger in (world.rival, other_studio, world.staff):
            with pytest.raises(NotAllowed):
                replan_rest(booking=booking, by=stranger, **details)
