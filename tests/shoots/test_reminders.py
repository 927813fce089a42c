"""Reminders of shoots and of hours about to lapse; and the ready texts for the classes."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from photocampus import clock
from photocampus.chores import run_due_chores
from photocampus.models import Notification, Reminded
from photocampus.told import tell_waiting
from photocampus.waiting import scopes_of, waiting_items
from sessions import booking as use
from sessions.class_texts import class_texts
from sessions.models import Booking, PlanEntry, Station
from sessions.plans import generate_plan
from sessions.reminders import remind_of_holds, remind_of_shoots
from students.models import Graduate
from tests.shoots.booking_world import DAY, NOW, confirmed, hours, make_world
from tests.shoots.test_told import ask
from units.campaigns import change_campaign
from units.models import Campaign

THREE_BEFORE = DAY - dt.timedelta(days=3)


@pytest.fixture
def world(db):
    with clock.at(NOW):
        yield make_world()


@pytest.fixture
def booking(world):
    booking = ask(world)
    use.confirm_booking(booking=booking, agreed_load=60, by=world.photographer)
    tell_waiting()
    Notification.objects.update(read_at=clock.now())
    return Booking.objects.select_related("campaign", "studio", "venue").get(pk=booking.pk)


def told():
    tell_waiting()
    rows = Notification.objects.filter(read_at=None).select_related("event", "user")
    return {(row.user, row.event.kind) for row in rows}


def near(role, user):
    (scope,) = scopes_of(user)
    return [item.count for item in waiting_items(role, scope) if "3 天内" in item.label]


def test_a_shoot_is_reminded_of_so_many_days_before_as_the_campaign_says(world, booking):
    with clock.at(THREE_BEFORE - dt.timedelta(days=1)):
        assert remind_of_shoots() == 0 and near("unit", world.coordinator) == []
    with clock.at(THREE_BEFORE):
        assert (remind_of_shoots(), remind_of_shoots()) == (1, 0)
        assert near("unit", world.coordinator) == near("studio", world.photographer) == [1]
        assert near("unit", world.rival) == []
    assert told() == {(user, "shoot_near") for user in (world.coordinator, world.photographer)}
    with clock.at(DAY):
        assert remind_of_shoots() == 0


def test_a_moved_shoot_is_reminded_of_again_and_a_cancelled_one_not(world, booking):
    with clock.at(THREE_BEFORE):
        remind_of_shoots()
        use.move_booking(
            booking=booking, hours=hours(*world.bays, day=DAY + dt.timedelta(days=7)), by=world.photographer
        )
        assert remind_of_shoots() == 0
    with clock.at(THREE_BEFORE + dt.timedelta(days=7)):
        assert remind_of_shoots() == 1
        use.cancel_booking(booking=booking, reason="停电", by=world.coordinator)
        assert remind_of_shoots() == 0


def test_the_number_of_days_is_the_campaigns(world, booking):
    Campaign.objects.update(reminder_days=10)
    with clock.at(DAY - dt.timedelta(days=10)):
        assert run_due_chores(all_of_them=True)["reminders"] == 1
    assert (world.coordinator, "shoot_near") in told()


def test_several_numbers_of_days_remind_several_times(world, booking):
    Campaign.objects.update(reminder_days="14, 3, 1")
    counts = {}
    for left in (20, 15, 14, 10, 4, 3, 2, 1, 0):
        with clock.at(DAY - dt.timedelta(days=left)):
            counts[left] = (remind_of_shoots(), remind_of_shoots())
    assert {left for left, written in counts.items() if written != (0, 0)} == {14, 3, 1}
    assert set(counts.values()) == {(0, 0), (1, 0)}
    with clock.at(DAY - dt.timedelta(days=14)):
        (scope,) = scopes_of(world.coordinator)
        assert [item.count for item in waiting_items("unit", scope) if "14 天内" in item.label] == [1]


def test_who_confirms_late_gets_the_next_reminder_only(world, booking):
    Campaign.objects.update(reminder_days="14, 3, 1")
    with clock.at(DAY - dt.timedelta(days=2)):
        assert (remind_of_shoots(), remind_of_shoots()) == (1, 0)
    with clock.at(DAY - dt.timedelta(days=1)):
        assert remind_of_shoots() == 1


def test_other_numbers_in_the_midst_of_it_repeat_nothing(world, booking):
    with clock.at(THREE_BEFORE):
        assert remind_of_shoots() == 1
        Campaign.objects.update(reminder_days="5")
        assert remind_of_shoots() == 0
        Campaign.objects.update(reminder_days="14, 3, 1")
        assert remind_of_shoots() == 0
    with clock.at(DAY - dt.timedelta(days=1)):
        assert remind_of_shoots() == 1


def test_a_reminder_of_the_time_with_one_number_counts(world, booking):
    Reminded.objects.create(key=f"shoot:{booking.pk}:{booking.sequence}")
    with clock.at(THREE_BEFORE):
        assert (remind_of_shoots(), remind_of_shoots()) == (0, 0)
    Campaign.objects.update(reminder_days="3, 1")
    with clock.at(DAY):
        assert remind_of_shoots() == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("3", "3"), ("1 3，14", "14, 3, 1"), ("14、3、3", "14, 3"), ("0", "0"), (7, "7")],
)
def test_numbers_of_days_are_kept_in_order(world, typed, kept):
    change_campaign(campaign=world.campaign, by=world.staff, reminder_days=typed)
    world.campaign.refresh_from_db()
    assert world.campaign.reminder_days == kept
    assert world.campaign.reminders == [int(number) for number in kept.split(", ")]


@pytest.mark.parametrize("typed", ["", "three", "-3", "3.5", "1,2,3,4,5,6", "366", "99999"])
def test_other_than_numbers_of_days_are_refused(world, typed):
    with pytest.raises(ValidationError):
        change_campaign(campaign=world.campaign, by=world.staff, reminder_days=typed)


def test_a_last_call_before_held_hours_lapse(world):
    booking = ask(world)
    end = booking.held_until
    with clock.at(end - dt.timedelta(hours=25)):
        assert remind_of_holds() == 0
    with clock.at(end - dt.timedelta(hours=23)):
        assert (remind_of_holds(), remind_of_holds()) == (1, 0)
    assert {(user, "hold_ends_soon") for user in (world.coordinator, world.photographer)} <= told()
    with clock.at(end - dt.timedelta(hours=22)):
        use.propose_hours(booking=booking, hours=hours(*world.bays), agreed_load=50, by=world.photographer)
        booking.refresh_from_db()
    with clock.at(booking.held_until - dt.timedelta(hours=1)):
        assert remind_of_holds() == 1  # another deadline, another call


def test_who_has_only_a_day_to_answer_gets_no_last_call(world):
    Campaign.objects.update(hold_days=1)
    world.campaign.refresh_from_db()
    ask(world)
    assert remind_of_holds() == 0


def test_texts_say_when_where_what_to_bring_and_to_whom_the_fee_goes(world, booking):
    generate_plan(booking=booking, by=world.coordinator)
    world.studio.payee = "样例收款公司"
    world.studio.save(update_fields=["payee"])
    booking.refresh_from_db()
    with translation.override("zh-hans"):
        first, second = class_texts(booking, world.unit)
    entry = PlanEntry.objects.filter(class_group__name="会计2班").first()
    report = (dt.datetime.combine(DAY, entry.start) - dt.timedelta(minutes=15)).time()
    assert second.name == "会计2班" and second.people == 14
    for expected in (
        f"{DAY}",
        f"{report:%H:%M} 到场",
        world.studio.address,
        "深色正装",
        "身份证",
        "20 元",
        "样例收款公司",
    ):
        assert expected in second.text
    people = Graduate.objects.select_related("enrolment__student")
    for graduate in people:
        student = graduate.enrolment.student
        for secret in (student.name, student.id_number.reveal(), graduate.enrolment.student_number):
            assert secret not in first.text + second.text
    assert world.studio.phone not in first.text  # students do not ring the studio (R18)


def test_texts_of_a_split_class_say_whose_turn_is_when(world, booking):
    group = world.unit.classes.get(name="会计1班")
    for start, end, people in (("09:30", "10:00", 20), ("10:00", "10:30", 9)):
        PlanEntry.objects.create(
            booking=booking,
            class_group=group,
            station=world.bays[0],
            day=DAY,
            start=start,
            end=end,
            people=people,
        )
    with translation.override("zh-hans"):
        (entry,) = class_texts(
            Booking.objects.select_related("campaign", "studio").get(pk=booking.pk), world.unit
        )
    assert "按学号第 1 至 20 位" in entry.text and "按学号第 21 至 29 位" in entry.text
    assert class_texts(booking, world.other) == []


def test_texts_of_a_class_at_two_shoots_say_whom_they_mean(world):
    Station.objects.update(rate=14)
    days = (DAY, DAY + dt.timedelta(days=1))
    shoots = [confirmed(world, hours(world.bays[0], day=day, end="11:30")) for day in days]
    for shoot in shoots:
        generate_plan(booking=shoot, by=world.coordinator)
    with translation.override("zh-hans"):
        texts = [(one.name, one.text) for shoot in shoots for one in class_texts(shoot, world.unit)]
    divided = [text for name, text in texts if name == "会计1班"]
    assert sorted(text.count("时间：") for text in divided) == [1, 2]
    for text in divided:
        assert "仅限个人页面显示本场拍摄的同学参加" in text and "按学号" not in text
        assert ("每人的具体时段以个人页面显示为准" in text) is (text.count("时间：") == 2)
    (whole,) = [text for name, text in texts if name == "会计2班"]
    assert "个人页面" not in whole


def test_page_shows_the_texts_ready_to_copy(world, booking):
    client = Client()
    client.force_login(world.coordinator, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("shoots:class-texts", args=[world.unit.code, "2018", booking.public_id])
    assert client.get(url).context["texts"] == []
    generate_plan(booking=booking, by=world.coordinator)
    page = client.get(url).content.decode()
    assert page.count("<textarea") == 2 and "data-copy=" in page
    booked = client.get(reverse("shoots:unit-booking", args=[world.unit.code, "2018", booking.public_id]))
    assert url in booked.content.decode()
