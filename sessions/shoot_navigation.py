"""Links to shoot days, receipts and deliveries in the main navigation."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.navigation import NavItem, nav_items
from units.navigation import place


@nav_items(70)
def shoot_days(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.studio and here.campaign:
        args = [here.studio.code, here.campaign.code]
        yield NavItem(_("Shoot days"), reverse("shoots:shoots", args=args), "camera", here.section)
        yield NavItem(_("Receipts"), reverse("shoots:receipts", args=args), "receipt", here.section)


@nav_items(100)
def deliveries(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.studio and here.campaign:
        args = [here.studio.code, here.campaign.code]
        yield NavItem(_("Deliveries"), reverse("shoots:studio-deliveries", args=args), "box", here.section)
    if here.unit and here.campaign:
        args = [here.unit.code, here.campaign.code]
        yield NavItem(_("Deliveries"), reverse("shoots:unit-deliveries", args=args), "box", here.section)
