"""Every count of a bar comes from one query, and each graduate stands on exactly one step."""

import datetime as dt

import pytest

from photocampus import clock
from sessions.models import AttendanceState, Delivery, DeliveryItem, DeliveryState, PlanEntry
from students.models import (
    Answer,
    Decision,
    ExportBatch,
    ExportProfile,
    ExportRow,
    Graduate,
    Outcome,
    Photo,
    RefusalCode,
    Rendition,
    RosterState,
    SignOff,
    Stage,
    Submission,
    SubmissionItem,
)
from students.progress import Progress, progress_by_unit, progress_of, steps, total_of
from tests.factories import (
    make_attendance,
    make_booking,
    make_campaign,
    make_graduate,
    make_graduates,
    make_staff,
    make_station,
    make_studio,
    make_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return make_campaign()


@pytest.fixture
def unit(campaign):
    return make_unit()


def counts(unit, campaign) -> dict[str, int]:
    parts = progress_of(unit=unit, campaign=campaign).parts
    return {part["key"]: part["count"] for part in parts if part["count"]}


def give_picture(graduate: Graduate, studio) -> Photo:
    photo = Photo.objects.create(
        enrolment=graduate.enrolment,
        campaign=graduate.campaign,
        studio=studio,
        origin="attendance",
        original="p",
        sha256=f"{graduate.pk:064d}",
        size=1,
        width=1200,
        height=1600,
        format="JPEG",
        by=make_staff(),
    )
    graduate.picture = photo
    graduate.save(update_fields=["picture"])
    return photo


def decide(
    graduate: Graduate, stage: str, outcome: str = Outcome.YES, photo: Photo | None = None
) -> Decision:
    code = None
    if outcome == Outcome.NO:
        code = RefusalCode.objects.get_or_create(
            code="test-code", defaults={"group": "g", "label_zh": "原因", "label_en": "reason"}
        )[0]
    return Decision.objects.create(
        graduate=graduate,
        photo=photo or graduate.picture,
        stage=stage,
        outcome=outcome,
        code=code,
        by=make_staff(),
    )


def test_steps_are_the_twelve_of_the_chain():
    assert [step.number for step in steps()] == list(range(1, 13))
    assert [step.key for step in steps()] == [
        "rostered",
        "signed_off",
        "booked",
        "planned",
        "photographed",
        "pictured",
        "accepted",
        "delivered",
        "submitted",
        "verified",
        "batched",
        "passed",
    ]


def test_progress_counts_active_people_only(campaign, unit):
    make_graduates(2, campaign, unit)
    make_graduate(campaign, unit, roster_state=RosterState.LEFT)
    assert counts(unit, campaign) == {"rostered": 2}


def test_progress_moves_along_the_whole_chain(campaign, unit):
    studio, staff = make_studio(campaign=campaign), make_staff()
    graduate = make_graduate(campaign, unit)
    group = graduate.enrolment.class_group
    seen = [counts(unit, campaign)]

    def look() -> None:
        seen.append(counts(unit, campaign))

    SignOff.objects.create(
        campaign=campaign,
        class_group=group,
        checked_on=dt.date(2018, 3, 1),
        people=1,
        content_digest="d",
        by=staff,
    )
    look()
    booking = make_booking(campaign, studio, unit)
    look()
    PlanEntry.objects.create(
        booking=booking,
        class_group=group,
        station=make_station(studio),
        day=dt.date(2018, 4, 17),
        start=dt.time(9, 30),
        end=dt.time(10),
        people=1,
    )
    look()
    make_attendance(
        booking,
        graduate,
        state=AttendanceState.PHOTOGRAPHED,
        photographed_at=clock.now(),
        day=dt.date(2018, 4, 17),
    )
    look()
    photo = give_picture(graduate, studio)
    look()
    decide(graduate, Stage.ACCEPTANCE)
    look()
    delivery = Delivery.objects.create(
        campaign=campaign, studio=studio, unit=unit, number=1, state=DeliveryState.RECEIVED, prepared_by=staff
    )
    DeliveryItem.objects.create(
        delivery=delivery,
        graduate=graduate,
        photo=photo,
        bag="b",
        position=1,
        prints_2in=6,
        prints_1in=4,
        state="received",
    )
    look()
    rendition = Rendition.objects.create(
        photo=photo,
        profile=campaign.image_profiles.get(name="small"),
        file="r",
        sha256="s",
        size=1,
        width=240,
        height=320,
        made_with="test",
    )
    submission = Submission.objects.create(college=unit, term=graduate.term, number=1, by=staff)
    SubmissionItem.objects.create(submission=submission, graduate=graduate, photo=photo, rendition=rendition)
    look()
    decide(graduate, Stage.VERIFICATION)
    look()
    profile = ExportProfile.objects.create(name="test-profile", title="t", columns=["XH"])
    batch = ExportBatch.objects.create(campaign=campaign, number=1, profile=profile, by=staff)
    row = ExportRow.objects.create(
        batch=batch,
        line=1,
        graduate=graduate,
        photo=photo,
        rendition=rendition,
        values="{}",
        image_sha256="s",
    )
    look()
    row.answer = Answer.PASSED
    row.save(update_fields=["answer"])
    look()
    assert seen == [{step.key: 1} for step in steps()]


def test_decision_about_an_earlier_picture_does_not_count(campaign, unit):
    studio = make_studio(campaign=campaign)
    graduate = make_graduate(campaign, unit)
    old = give_picture(graduate, studio)
    decide(graduate, Stage.ACCEPTANCE, photo=old)
    assert counts(unit, campaign) == {"accepted": 1}
    new = Photo.objects.create(
        enrolment=graduate.enrolment,
        campaign=campaign,
        studio=studio,
        origin="attendance",
        original="q",
        sha256="f" * 64,
        size=1,
        width=1200,
        height=1600,
        format="JPEG",
        by=make_staff(),
    )
    graduate.picture = new
    graduate.save(update_fields=["picture"])
    assert counts(unit, campaign) == {"pictured": 1}


def test_refused_people_are_counted_beside_their_step(campaign, unit):
    studio = make_studio(campaign=campaign)
    graduates = make_graduates(3, campaign, unit)
    for graduate in graduates[:2]:
        give_picture(graduate, studio)
    decide(graduates[0], Stage.ACCEPTANCE, Outcome.NO)
    progress = progress_of(unit=unit, campaign=campaign)
    assert progress.refused == 1
    assert progress.total == 3
    assert progress.pictured == 2


def test_all_units_cost_one_query(campaign, django_assert_num_queries):
    units = [make_unit() for _ in range(3)]
    for number, unit in enumerate(units, start=1):
        make_graduates(number, campaign, unit)
    with django_assert_num_queries(1):
        found = progress_by_unit(Graduate.objects.filter(campaign=campaign))
    assert {unit.pk: found[unit.pk].total for unit in units} == {
        unit.pk: number for number, unit in enumerate(units, start=1)
    }
    assert total_of(found.values()).total == 6


def test_progress_without_anybody_is_empty(campaign, unit):
    progress = progress_of(unit=unit, campaign=campaign)
    assert progress == Progress()
    assert progress.total == 0
    assert len(progress.parts) == 12
