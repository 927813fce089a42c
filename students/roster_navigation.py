"""Links to the roster and its sheets."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.models import Role
from photocampus.navigation import NavItem, nav_items
from units.navigation import place


@nav_items(20)
def roster_pages(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.unit and here.campaign:
        where = [here.unit.code, here.campaign.code]
        yield NavItem(
            _("Roster"), reverse("students:roster", args=where), icon="roster", section=here.section
        )
        yield NavItem(
            _("Sign-off sheets"), reverse("students:sign-off", args=where), icon="sign", section=here.section
        )
    elif here.role == Role.STAFF and here.campaign:
        address = reverse("students:office-roster", args=[here.campaign.code])
        yield NavItem(_("Roster of all units"), address, icon="roster", section=here.section)
