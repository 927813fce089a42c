"""Who was photographed and has no picture: the studio's work first, the make-up list only once the shoot is over."""

import pytest

from photocampus import clock
from photocampus.waiting import Scope, waiting_items
from sessions.expectations import without_picture
from sessions.models import AttendanceState, BookingState
from students.decisions import write_decisions
from students.makeup import make_up_list
from students.models import Outcome, Photo, Stage
from tests.factories import (
    make_attendance,
    make_booking,
    make_campaign,
    make_graduates,
    make_photographer,
    make_staff,
    make_studio,
    make_unit,
)
from tests.students.register_people import make_code
from tests.students.test_progress import give_picture

pytestmark = pytest.mark.django_db


def test_picture_not_put_in_waits_for_the_studio_and_then_counts_as_missing():
    campaign = make_campaign()
    unit, studio = make_unit(), make_studio(campaign=campaign)
    graduates = make_graduates(3, campaign, unit)
    booking = make_booking(campaign, studio, unit, state=BookingState.UNDER_WAY)
    for graduate in graduates[:2]:
        make_attendance(
            booking,
            graduate,
            state=AttendanceState.PHOTOGRAPHED,
            photographed_at=clock.now(),
            day=clock.today(),
        )
    user = make_photographer(studio)
    scope = Scope(user=user, today=clock.today(), campaign=campaign, studio=studio)

    def waiting_pictures() -> list[int]:
        return [item.count for item in waiting_items("studio", scope) if item.label == "待上传的照片"]

    assert waiting_pictures() == [2]
    assert list(make_up_list(campaign, unit)) == []
    booking.state = BookingState.DONE
    booking.save(update_fields=["state"])
    assert {graduate.makeup_reason for graduate in make_up_list(campaign, unit)} == {"not_in"}
    assert make_up_list(campaign, unit).count() == 2
    for graduate in graduates[:2]:
        give_picture(graduate, studio)
    assert waiting_pictures() == []
    assert list(make_up_list(campaign, unit)) == []


def test_refusal_of_an_earlier_picture_calls_nobody_to_another_shoot():
    """CHSI's answer stays the current one until there is another; the person has a new picture meanwhile."""
    campaign = make_campaign()
    unit, studio = make_unit(), make_studio(campaign=campaign)
    graduate = make_graduates(1, campaign, unit)[0]
    booking = make_booking(campaign, studio, unit, state=BookingState.DONE)
    make_attendance(booking, graduate, state=AttendanceState.PHOTOGRAPHED, photographed_at=clock.now())
    refused = give_picture(graduate, studio)
    write_decisions(
        pairs=[(graduate.pk, refused.pk)],
        stage=Stage.CHSI,
        outcome=Outcome.NO,
        by=make_staff(),
        code=make_code("highlight"),
    )
    assert list(without_picture(campaign, [unit])) == [graduate]
    Photo.objects.update(sha256="f" * 64)
    give_picture(graduate, studio)
    assert graduate.decisions.get().is_current
    assert list(without_picture(campaign, [unit])) == []
