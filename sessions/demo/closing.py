"""The demonstration from acceptance to the register's answer."""

import datetime as dt
import io

from django.db.models import Max

from photocampus import sheets
from sessions.deliveries import (
    Missing,
    prepare_delivery,
    prepare_for_receipt,
    receive_delivery,
    send_delivery,
)
from sessions.demo.scene import TODAY, DemoFailed, DemoUnit, Scene, on, work_off_jobs
from sessions.models import BookingKind, Delivery, Receipt
from sessions.receipts import hand_over
from students.acceptance import accept_picture, refuse_picture
from students.answers import apply_staged_answer, stage_answer
from students.batches import find_profile, report_batch, start_batch
from students.models import (
    BatchState,
    ExportBatch,
    Finding,
    Graduate,
    RefusalCode,
    Severity,
    Submission,
    SubmissionState,
)
from students.submissions import return_item, submit_images, verify_items

DELIVERED = dt.date(2018, 4, 6)
SUBMITTED = dt.date(2018, 4, 10)
VERIFIED = dt.date(2018, 4, 12)
BATCHED = dt.date(2018, 4, 13)
ANSWERED = dt.date(2018, 4, 16)


def accept(scene: Scene) -> None:
    """Coordinators go through the contact sheet: good ones are accepted, some are refused with a code, some wait."""
    for demo in scene.reaching("acceptance"):
        with on(_after_pictures(demo), 10):
            for index, graduate in enumerate(_with_picture(scene, demo)):
                _decide(demo, graduate, index)


def _after_pictures(demo: DemoUnit) -> dt.date:
    taken = demo.unit.bookings.exclude(kind=BookingKind.INDIVIDUAL).aggregate(last=Max("holds__day"))["last"]
    return taken + dt.timedelta(days=3)


def _with_picture(scene: Scene, demo: DemoUnit) -> list[Graduate]:
    people = Graduate.objects.filter(
        campaign=scene.campaign, enrolment__unit=demo.unit, picture__isnull=False
    )
    return list(people.with_people())


def _decide(demo: DemoUnit, graduate: Graduate, index: int) -> None:
    if index % 29 == 11:
        return  # not looked at yet
    refusing = Finding.objects.filter(photo=graduate.picture_id, severity=Severity.REFUSE).exclude(code="")
    code = refusing.values_list("code", flat=True).first() or ("eyes_closed" if index % 47 == 5 else None)
    photo = graduate.picture
    if photo is None:
        raise DemoFailed(f"no picture at {demo.unit}")
    if code:
        reason = RefusalCode.objects.filter(code=code).first() or RefusalCode.objects.order_by("position")[0]
        refuse_picture(graduate=graduate, photo=photo, code=reason, by=demo.coordinator, note="请补拍。")
    else:
        accept_picture(graduate=graduate, photo=photo, by=demo.coordinator)


def deliver(scene: Scene) -> None:
    """The first unit has received everything but one print; the second's delivery is on its way."""
    for demo in scene.reaching("delivery"):
        with on(DELIVERED, 9):
            delivery = prepare_delivery(
                studio=scene.studio, campaign=scene.campaign, unit=demo.unit, by=scene.photographer
            )
            work_off_jobs()
        with on(DELIVERED, 15):
            delivery.refresh_from_db()
            send_delivery(delivery=delivery, by=scene.photographer, note="专人送达")
        if demo is scene.units[0]:
            _receive(demo, delivery)
    _deliver_individuals(scene)


def _receive(demo: DemoUnit, delivery: Delivery) -> None:
    item = delivery.items.select_related("graduate").order_by("position")[4]
    with on(DELIVERED + dt.timedelta(days=2), 10):
        receive_delivery(
            delivery=delivery,
            missing={item.graduate.public_id: Missing(prints_1in=1)},
            by=demo.coordinator,
            note="第5袋缺1张1寸照片",
        )


def _deliver_individuals(scene: Scene) -> None:
    """Who was photographed alone first has collected prints and handed them over (R5)."""
    receipt = Receipt.objects.filter(studio=scene.studio, campaign=scene.campaign).order_by("number").first()
    if receipt is None or receipt.collect_from > TODAY:
        return
    graduate = receipt.attendance.graduate
    unit = next(demo for demo in scene.units if demo.unit == graduate.enrolment.unit)
    if not graduate.decisions.filter(stage="acceptance", outcome="yes", is_current=True).exists():
        return
    with on(receipt.collect_from, 9, 40):
        delivery = prepare_for_receipt(receipt=receipt, by=scene.photographer)
        work_off_jobs()
        delivery.refresh_from_db()
        send_delivery(delivery=delivery, by=scene.photographer)
        receive_delivery(delivery=delivery, missing={}, by=scene.photographer)
    with on(receipt.collect_from + dt.timedelta(days=1), 10):
        hand_over(receipt=receipt, by=unit.coordinator)


def submit(scene: Scene) -> None:
    """Colleges submit the small images of each term."""
    for demo in scene.reaching("submission"):
        if demo.unit.college_id:
            continue
        for term in scene.campaign.terms.order_by("code"):
            if Graduate.objects.filter(
                campaign=scene.campaign, term=term, enrolment__unit=demo.unit
            ).exists():
                with on(SUBMITTED, 11):
                    submit_images(college=demo.unit, term=term, by=demo.coordinator)


def verify(scene: Scene) -> None:
    """Academic affairs verify the first unit's images, return one, and have the second unit's still before them."""
    code = (
        RefusalCode.objects.filter(group="background").first() or RefusalCode.objects.order_by("position")[0]
    )
    submissions = Submission.objects.filter(state=SubmissionState.SUBMITTED).order_by("pk")
    for index, submission in enumerate(submissions):
        with on(VERIFIED, 14):
            if submission.college == scene.units[0].unit:
                items = list(submission.items.order_by("pk").values_list("pk", flat=True))
                verify_items(submission=submission, by=scene.staff, items=items[1:] if index == 0 else None)
                if index == 0:
                    return_item(item=submission.items.get(pk=items[0]), code=code, by=scene.staff)
            elif submission.items.count() > 40:
                half = submission.items.order_by("pk").values_list("pk", flat=True)[:20]
                _verify_later(scene, submission, list(half))


def _verify_later(scene: Scene, submission: Submission, items: list[int]) -> None:
    """These wait for the next batch: they are verified after the first one is frozen."""
    scene.later.append((submission.pk, items))


def batch(scene: Scene) -> None:
    """One batch of all who are verified; afterwards some more are verified, who wait for the next."""
    with on(BATCHED, 9):
        made = start_batch(campaign=scene.campaign, profile=find_profile(), by=scene.staff, leave_out=True)
        work_off_jobs()
        made.refresh_from_db()
        if made.state != BatchState.FROZEN:
            raise DemoFailed(f"batch: {made.get_state_display()}")
        report_batch(batch=made, by=scene.staff)
    with on(BATCHED, 16):
        for submission, items in scene.later:
            verify_items(submission=Submission.objects.get(pk=submission), by=scene.staff, items=items)


def answer(scene: Scene) -> None:
    """The register has passed most, is uncertain of one and refuses one image; some have no answer yet."""
    made = ExportBatch.objects.get(campaign=scene.campaign, state=BatchState.REPORTED)
    numbers = list(made.rows.order_by("line").values_list("graduate__enrolment__student_number", flat=True))
    known = {person.student_number: person.id_number for demo in scene.units for person in demo.people}
    verdicts = ["核验通过"] * (len(numbers) * 3 // 4)
    if len(verdicts) > 3:
        verdicts[1:3] = ["不确定", "图像不合格：背景不均匀"]
    rows = [[number, known[number], text] for number, text in zip(numbers, verdicts, strict=False)]
    data = io.BytesIO()
    sheets.write_sheet(data, headings=["XH", "SFZH", "BZ"], rows=rows)
    with on(ANSWERED, 10):
        staged, _plan = stage_answer(
            batch=made, data=data.getvalue(), file_name="学信网核验结果.xlsx", by=scene.staff
        )
        apply_staged_answer(answer=staged, by=scene.staff)
