"""The demonstration's problems (R22): one for each side to see to, one overdue, one settled."""

import datetime as dt

from sessions import problems as acts
from sessions.demo.scene import TODAY, Scene, on
from sessions.models import Booking, BookingState, Delivery, DeliveryState
from students.models import Graduate

YESTERDAY = TODAY - dt.timedelta(days=1)


def raise_problems(scene: Scene) -> None:
    """On a shoot that is under way, an incomplete delivery, a booking that is done and a person, as far as they exist."""
    _on_the_shoot(scene)
    _on_the_delivery(scene)
    _on_a_past_shoot(scene)
    _on_a_person(scene)


def _on_the_shoot(scene: Scene) -> None:
    booking = Booking.objects.filter(state=BookingState.UNDER_WAY, units__isnull=False).first()
    if booking is None:
        return
    coordinator = next(demo.coordinator for demo in scene.units if demo.unit in booking.units.all())
    with on(TODAY, 8, 50):
        problem = acts.raise_problem(
            subject=booking,
            day=TODAY,
            title="二号机位插座没有电",
            text="物业说上午十点前来人。请先把两个班并到一号机位。",
            owner_side="studio",
            due=TODAY,
            by=coordinator,
        )
    with on(TODAY, 8, 58):
        acts.take_up(problem=problem, text="已自带接线板，先从走廊取电。", by=scene.photographer)


def _on_the_delivery(scene: Scene) -> None:
    delivery = Delivery.objects.filter(state=DeliveryState.INCOMPLETE).select_related("unit").first()
    if delivery is None:
        return
    coordinator = next(demo.coordinator for demo in scene.units if demo.unit == delivery.unit)
    raised = max(delivery.received_at.date() if delivery.received_at else YESTERDAY, dt.date(2018, 3, 20))
    with on(raised, 16, 20):
        acts.raise_problem(
            subject=delivery,
            title="一寸照片少一张",
            text="已当面核对两遍。请补洗后随下一批送来。",
            owner_side="studio",
            due=raised + dt.timedelta(days=1),
            by=coordinator,
        )


def _on_a_past_shoot(scene: Scene) -> None:
    booking = Booking.objects.filter(state=BookingState.DONE, units__isnull=False).order_by("pk").first()
    if booking is None:
        return
    with on(YESTERDAY, 9, 10):
        problem = acts.raise_problem(
            subject=booking,
            title="有班级晚到四十分钟",
            text="后面的班级都往后推了，加拍到中午十二点半。请以后按计划时间到场。",
            owner_side="unit",
            by=scene.photographer,
        )
    coordinator = next(demo.coordinator for demo in scene.units if demo.unit in booking.units.all())
    with on(YESTERDAY, 15, 30):
        acts.settle(problem=problem, answer="已与班主任谈过，补拍时提前半小时集合。", by=coordinator)


def _on_a_person(scene: Scene) -> None:
    demo = next((unit for unit in scene.units if unit.reaches("plan")), None)
    person = Graduate.objects.filter(enrolment__unit=demo.unit).order_by("pk").first() if demo else None
    if demo is None or person is None:
        return
    with on(YESTERDAY, 11, 5):
        acts.raise_problem(
            subject=person,
            title="姓名中的生僻字能否上报",
            text="户口簿上的字与学籍系统不一致，请教务处确认以哪个为准。",
            owner_side="staff",
            due=TODAY + dt.timedelta(days=3),
            by=demo.coordinator,
        )
