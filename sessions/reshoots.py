"""When a person may be photographed: inside the window, or with an extension of the own (R2); exempt people not (R9)."""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from students.models import Exemption, Graduate, RosterState
from units.models import Campaign


class OutsideWindow(DomainError):
    code = "outside_window"
    message = _(
        "Pictures are taken from %(first)s to %(last)s. "
        "Afterwards academic affairs must extend the time for this person, with a reason."
    )


class Exempt(DomainError):
    code = "exempt"
    message = _("This person has a valid picture of the same education level and is not photographed again.")


class NotOnRoster(DomainError):
    code = "not_on_roster"
    message = _("This person is not an active graduate of this campaign (%(state)s).")


def may_shoot_on(campaign: Campaign, day: dt.date, reshoot_until: dt.date | None) -> bool:
    """R2: the window with both ends, or until the end of the person's extension."""
    return campaign.contains(day) or (
        reshoot_until is not None and campaign.window_end < day <= reshoot_until
    )


def check_may_be_photographed(graduate: Graduate, campaign: Campaign, day: dt.date) -> None:
    """Raises `NotOnRoster`, `Exempt` or `OutsideWindow`."""
    if graduate.roster_state != RosterState.ACTIVE:
        raise NotOnRoster(state=graduate.get_roster_state_display())
    if graduate.exemption != Exemption.NONE:
        raise Exempt()
    if not may_shoot_on(campaign, day, graduate.reshoot_until):
        raise OutsideWindow(first=campaign.window_start, last=campaign.window_end)
