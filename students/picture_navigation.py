"""Links to the picture pages of units and studios."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.navigation import NavItem, nav_items
from units.navigation import place


@nav_items(80)
def picture_pages(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.campaign is None:
        return
    if here.unit:
        address = [here.unit.code, here.campaign.code]
        yield NavItem(
            _("Pictures"), reverse("students:pictures", args=address), icon="pictures", section=here.section
        )
        yield NavItem(
            _("Make-up list"), reverse("students:make-up", args=address), icon="makeup", section=here.section
        )
    elif here.studio:
        address = [here.studio.code, here.campaign.code]
        pages = reverse("students:studio-pictures", args=address)
        yield NavItem(_("Pictures"), pages, icon="pictures", section=here.section)
