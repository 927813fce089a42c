"""Who was photographed and has no picture: the studio's work first, the make-up list only once the shoot is over."""

import pytest

from photocampus import clock
from photocampus.waiting import Scope, waiting_items
from sessions.models import AttendanceState, BookingState
from students.makeup import make_up_list
from tests.factories import (
    make_attendance,
    make_booking,
    make_campaign,
    make_graduates,
    make_photographer,
    make_studio,
    make_unit,
)
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
