"""A new threshold moves the line under bookings that exist: they are flagged, never rebooked silently (R4)."""

import pytest

from sessions.models import Booking, BookingKind
from sessions.routes import FLAG_ROUTE
from tests import factories as make
from units.campaigns import change_campaign

pytestmark = pytest.mark.django_db


def test_new_threshold_flags_bookings_on_the_wrong_side():
    staff, campaign = make.make_staff(), make.make_campaign()
    studio, small, large = make.make_studio(campaign=campaign), make.make_unit(), make.make_unit()
    make.make_graduates(3, campaign, small)
    make.make_graduates(6, campaign, large)
    change_campaign(campaign=campaign, by=staff, threshold=2)
    for unit in (small, large):
        make.make_booking(campaign, studio, unit, kind=BookingKind.ON_SITE)
    change_campaign(campaign=campaign, by=staff, fee_group=25)
    assert not Booking.objects.filter(flag=FLAG_ROUTE).exists()
    change_campaign(campaign=campaign, by=staff, threshold=5)
    assert [booking.units.get() for booking in Booking.objects.filter(flag=FLAG_ROUTE)] == [small]
