"""Links to shoot days, receipts, deliveries and problems in the main navigation."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.models import Role
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


@nav_items(115)
def problems(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.campaign is None:
        return
    if here.role == Role.STAFF:
        yield NavItem(_("Problems"), reverse("shoots:office-problems", args=[here.campaign.code]), "issue")
    elif here.unit:
        args = [here.unit.code, here.campaign.code]
        yield NavItem(_("Problems"), reverse("shoots:unit-problems", args=args), "issue", here.section)
    elif here.studio:
        args = [here.studio.code, here.campaign.code]
        yield NavItem(_("Problems"), reverse("shoots:studio-problems", args=args), "issue", here.section)
