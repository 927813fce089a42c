"""What booking does by the clock: holds lapse, freed hours are offered, shoots are reminded of, calendars and rooms
are compared with the bookings."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.chores import chore
from sessions import expectations, offers, room_flags, studio_days
from sessions.holding import release_lapsed
from sessions.models import Hold
from sessions.reminders import remind_of_holds, remind_of_shoots
from units.models import Studio


@chore("lapse", title=_("Held hours that lapse"), every=timedelta(seconds=30))
def lapse_what_nobody_answered() -> int:
    return release_lapsed()


@chore("waiting lists", title=_("Freed hours to waiting lists"), every=timedelta(minutes=1))
def serve_waiting_lists() -> int:
    """Closes the lists of days that came, and finds room that no change of a calendar announced."""
    return offers.end_waiting() + offers.offer_wherever_free()


@chore("calendars", title=_("Calendars against bookings"), every=timedelta(hours=1))
def compare_calendars() -> int:
    """A year's holidays may be published after people booked in it: nobody changes a row then, so the worker looks."""
    coming = Hold.objects.filter(day__gte=clock.today()).values("booking__studio")
    return sum(studio_days.flag_shut_hours(studio, None) for studio in Studio.objects.filter(pk__in=coming))


@chore("reminders", title=_("Reminders of shoots and of held hours"), every=timedelta(minutes=10))
def remind() -> int:
    return remind_of_shoots() + remind_of_holds()


@chore("rooms", title=_("Rooms against bookings"), every=timedelta(hours=1))
def compare_rooms() -> int:
    """A booking may have worn another flag when its room changed."""
    return room_flags.flag_unfit_rooms(room_flags.confirmed_on_site(), None)


@chore("people of shoots", title=_("Expected people of shoots to come"), every=timedelta(minutes=10))
def expect_people_to_come() -> int:
    return expectations.expect_at_shoots_to_come()
