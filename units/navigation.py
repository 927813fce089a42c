"""Where the reader stands: which unit or studio, in which campaign; and the first links of the navigation."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.access import visible_to
from photocampus.models import Role, User
from photocampus.navigation import NavItem, nav_items
from photocampus.told import unread_count
from units.access import own_unit_ids, studio_ids
from units.models import Campaign, CampaignState, Contract, Studio, Unit


@dataclass
class Place:
    """The unit or studio and the campaign of the page's address; else the own first unit and the newest campaign."""

    user: User
    kwargs: dict[str, str]

    @property
    def role(self) -> str:
        return self.user.role

    @cached_property
    def campaign(self) -> Campaign | None:
        seen = visible_to(self.user, Campaign).distinct()
        if code := self.kwargs.get("campaign"):
            return seen.filter(code=code).first()
        return seen.filter(state=CampaignState.PUBLISHED).order_by("-window_start").first()

    @cached_property
    def unit(self) -> Unit | None:
        if self.role == Role.STUDIO:
            return None
        if code := self.kwargs.get("unit"):
            return visible_to(self.user, Unit).filter(code=code).first()
        if self.role == Role.UNIT:
            return Unit.objects.filter(pk__in=own_unit_ids(self.user)).order_by("code").first()
        return None

    @cached_property
    def studio(self) -> Studio | None:
        if self.role == Role.UNIT:
            return None
        if code := self.kwargs.get("studio"):
            return visible_to(self.user, Studio).filter(code=code).first()
        if self.role == Role.STUDIO:
            own = Contract.objects.filter(studio__in=studio_ids(self.user), campaign=self.campaign)
            first = own.select_related("studio").order_by("studio__code").first()
            return first.studio if first else None
        return None

    @property
    def section(self) -> str:
        """The name over the links of this unit or studio."""
        return str(self.unit or self.studio or "")


def place(request: HttpRequest) -> Place:
    """Found once per request; every app's navigation asks for it."""
    found = getattr(request, "_place", None)
    if found is None:
        match = request.resolver_match
        kwargs = {key: str(value) for key, value in (match.kwargs if match else {}).items()}
        assert isinstance(request.user, User)
        found = Place(request.user, kwargs)
        request._place = found  # type: ignore[attr-defined]
    return found


@nav_items(0)
def start(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.role == Role.UNIT:
        yield NavItem(_("What waits"), reverse("units:unit-start"), icon="home")
    elif here.role == Role.STUDIO:
        yield NavItem(_("What waits"), reverse("units:studio-start"), icon="home")
    else:
        yield NavItem(_("Academic affairs"), reverse("admin:index"), icon="home")
        if here.campaign:
            yield NavItem(_("Units"), reverse("students:units", args=[here.campaign.code]), icon="people")


@nav_items(1)
def inbox(request: HttpRequest) -> Iterable[NavItem]:
    yield NavItem(_("Inbox"), reverse("inbox"), icon="inbox", count=unread_count(request))


@nav_items(5)
def overview(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.campaign is None:
        return
    if here.unit:
        url = reverse("shoots:overview", args=[here.unit.code, here.campaign.code])
        yield NavItem(_("The unit's page"), url, icon="unit", section=here.section)
    elif here.studio:
        url = reverse("shoots:studio-units", args=[here.studio.code, here.campaign.code])
        yield NavItem(_("Units and telephones"), url, icon="phone", section=here.section)


@nav_items(10)
def notice(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.campaign is None:
        return
    if here.role == Role.UNIT and here.unit:
        url = reverse("units:notice", args=[here.unit.code, here.campaign.code])
        yield NavItem(_("Notice"), url, icon="notice", section=here.section)
    elif here.role == Role.STUDIO:
        yield NavItem(_("Notice"), reverse("units:read-notice", args=[here.campaign.code]), icon="notice")
    elif here.role == Role.STAFF:
        url = reverse("units:acknowledgements", args=[here.campaign.code])
        yield NavItem(_("Acknowledgements"), url, icon="notice", section=here.section)


@nav_items(11)
def deadlines(request: HttpRequest) -> Iterable[NavItem]:
    here = place(request)
    if here.role == Role.STAFF and here.campaign:
        yield NavItem(_("Deadlines"), reverse("units:deadlines", args=[here.campaign.code]), icon="clock")


@nav_items(890)
def accounts(request: HttpRequest) -> Iterable[NavItem]:
    if place(request).role == Role.STAFF:
        yield NavItem(_("Accounts"), reverse("units:accounts"), icon="people", section=_("Portal"))


@nav_items(900)
def jobs(request: HttpRequest) -> Iterable[NavItem]:
    yield NavItem(_("Jobs"), reverse("jobs"), icon="job", section=_("Portal"))
