"""What of being told is done by the clock: messages a killed process left, and mail."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from photocampus.chores import chore
from photocampus.told import tell_waiting
from photocampus.told_mail import send_due_mail


@chore("told", title=_("Messages that were left behind"), every=timedelta(seconds=10))
def tell_what_waits() -> int:
    return tell_waiting()


@chore("mail", title=_("Mail that is due"), every=timedelta(seconds=10))
def send_mail() -> int:
    return send_due_mail()
