"""Re-shoots after the window: academic affairs extend the time of one person, with a reason (R2)."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError, MissingReason, NotAllowed
from photocampus.events import record
from photocampus.models import Role, User
from students.models import Graduate


class NotAnExtension(DomainError):
    code = "not_an_extension"
    message = _("The window ends on %(last)s; an extension must end later.")


@transaction.atomic
def extend_reshoot(*, graduate: Graduate, until: dt.date, reason: str, by: User) -> None:
    """Let this person be photographed until `until`, both included. Staff only, with a reason; logged with both dates."""
    if by.role != Role.STAFF:
        raise NotAllowed()
    if not reason.strip():
        raise MissingReason()
    graduate = Graduate.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=graduate.pk)
    if until <= graduate.campaign.window_end:
        raise NotAnExtension(last=graduate.campaign.window_end)
    old = graduate.reshoot_until
    graduate.reshoot_until = until
    graduate.save(update_fields=["reshoot_until"])
    record(graduate, "reshoot_extended", by=by, old=str(old or ""), new=str(until), reason=reason.strip())
