"""Links of this app in the main navigation."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.models import Role
from photocampus.navigation import NavItem, nav_items
from sessions import shoot_navigation  # noqa: F401  (registers its own)
from units.navigation import place


@nav_items(order=40)
def routes(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.role == Role.STAFF and here.campaign:
        yield NavItem(_("Routes"), reverse("shoots:routes", args=[here.campaign.code]), icon="place")


@nav_items(order=50)
def bookings(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.unit and here.campaign:
        args = [here.unit.code, here.campaign.code]
        yield NavItem(
            _("Bookings"), reverse("shoots:unit-bookings", args=args), icon="calendar", section=here.section
        )
        yield NavItem(_("Rooms"), reverse("shoots:venues", args=args), icon="place", section=here.section)
    elif here.studio and here.campaign:
        args = [here.studio.code, here.campaign.code]
        yield NavItem(
            _("Bookings"), reverse("shoots:studio-bookings", args=args), icon="calendar", section=here.section
        )
        yield NavItem(
            _("Calendar"), reverse("shoots:studio-calendar", args=args), icon="clock", section=here.section
        )
        yield NavItem(
            _("Working days and stations"),
            reverse("shoots:studio-days", args=args),
            icon="settings",
            section=here.section,
        )
        if here.role == Role.STUDIO:  # a page that only takes a form
            yield NavItem(
                _("Days for individuals"),
                reverse("shoots:open-individual-day", args=args),
                icon="person",
                section=here.section,
            )
