"""Links for academic affairs that belong to no campaign."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.models import Role
from photocampus.navigation import NavItem, nav_items
from units.navigation import place


@nav_items(880)
def find_person(request: HttpRequest) -> Iterable[NavItem]:
    if place(request).role == Role.STAFF:
        yield NavItem(_("Find a person"), reverse("students:find"), icon="search", section=_("Portal"))
