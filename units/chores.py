"""What is done by the clock here: deadlines that come near."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from photocampus.chores import chore
from units.urging import remind_of_deadlines


@chore("deadlines", title=_("Deadlines that come near"), every=timedelta(minutes=15))
def deadlines_near() -> int:
    return remind_of_deadlines()
