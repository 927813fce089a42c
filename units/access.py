"""Who may see which units' rows, and the doors of the unit's and the studio's pages (design §5)."""

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from photocampus.access import access_rule
from photocampus.models import Role, User
from photocampus.views import Page
from units.models import (
    Acknowledgement,
    Campaign,
    CampaignState,
    Contract,
    Membership,
    Notice,
    NoticeAttachment,
    Studio,
    StudioGrant,
    StudioMembership,
    Unit,
)


def own_unit_ids(user: User) -> QuerySet[Any]:
    """Units of which the user is a coordinator now."""
    return Membership.objects.filter(user=user, ended_at=None).values("unit")


def units_condition(user: User, path: str) -> Q:
    """The coordinator's rows, where `path` leads to the unit: the own units and the admissions units of an own college."""
    mine = own_unit_ids(user)
    if path == "pk":
        return Q(pk__in=mine) | Q(college__in=mine)
    return Q(**{f"{path}__in": mine}) | Q(**{f"{path}__college__in": mine})


def studio_ids(user: User) -> QuerySet[Any]:
    """Studios to which the user belongs now."""
    return StudioMembership.objects.filter(user=user, ended_at=None).values("studio")


def granted(user: User, *, unit: str, campaign: str) -> Exists:
    """The studio user's rows: those whose unit and campaign (paths) an open grant of the own studio names."""
    return Exists(
        StudioGrant.objects.filter(
            unit=OuterRef(unit), campaign=OuterRef(campaign), ended_at=None, studio__in=studio_ids(user)
        )
    )


def by_role(user: User, *, unit: Any = None, studio: Any = None) -> Any:
    """Pick the role's condition; None is nothing."""
    if user.role == Role.UNIT:
        return unit
    return studio if user.role == Role.STUDIO else None


@access_rule(Unit)
def units_of(user: User) -> Any:
    grants = StudioGrant.objects.filter(unit=OuterRef("pk"), ended_at=None, studio__in=studio_ids(user))
    return by_role(user, unit=units_condition(user, "pk"), studio=Exists(grants))


@access_rule(Campaign)
def campaigns_of(user: User) -> Any:
    shown = ~Q(state=CampaignState.DRAFT)
    return by_role(user, unit=shown, studio=shown & Q(contracts__studio__in=studio_ids(user)))


@access_rule(Notice)
def notices_of(user: User) -> Any:
    published = Q(published_at__isnull=False)
    return by_role(
        user, unit=published, studio=published & Q(campaign__contracts__studio__in=studio_ids(user))
    )


@access_rule(NoticeAttachment)
def attachments_of(user: User) -> Any:
    published = Q(notice__published_at__isnull=False)
    return by_role(
        user, unit=published, studio=published & Q(notice__campaign__contracts__studio__in=studio_ids(user))
    )


@access_rule(Acknowledgement)
def acknowledgements_of(user: User) -> Any:
    return by_role(user, unit=units_condition(user, "unit"))


@access_rule(Studio)
def studios_of(user: User) -> Any:
    # Coordinators must find the studio's address and telephone; they are printed on every paper anyway.
    return by_role(user, unit=Q(), studio=Q(pk__in=studio_ids(user)))


@access_rule(Contract)
def contracts_of(user: User) -> Any:
    return by_role(user, unit=Q(), studio=Q(studio__in=studio_ids(user)))


@access_rule(StudioGrant)
def grants_of(user: User) -> Any:
    return by_role(user, unit=units_condition(user, "unit"), studio=Q(studio__in=studio_ids(user)))


# What a page of a unit lets people do, and who may. Staff look, the unit acts; the college looks at its admissions units.
UNIT_NEEDS: dict[str, frozenset[str]] = {
    "view": frozenset({"member", "college", "staff"}),
    "edit": frozenset({"member"}),
    "submit": frozenset({"member"}),
}
STUDIO_NEEDS: dict[str, frozenset[str]] = {
    "view": frozenset({"member", "staff"}),
    "edit": frozenset({"member"}),
}


class CampaignPage(Page):
    """Base of the two doors below: finds the campaign named in the address. Not to be inherited directly."""

    door = "campaign"
    needs: ClassVar[str]
    table: ClassVar[dict[str, frozenset[str]]] = {}
    campaign: Campaign
    standing: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__ != __name__ and getattr(cls, "needs", None) not in cls.table:
            raise TypeError(f"{cls.__name__}.needs must be one of {sorted(cls.table)}")

    @property
    def can_edit(self) -> bool:
        """Whether to show the forms: the unit's or studio's own people, never a reading visitor."""
        return self.standing == "member"

    def enter(self, campaign: str) -> None:
        if self.standing not in self.table[self.needs]:
            raise Http404
        self.campaign = get_object_or_404(self.scoped(Campaign).distinct(), code=campaign)


class UnitPage(CampaignPage):
    """A page of one unit in one campaign: `/unit/<unit>/<campaign>/…`. Sets `unit`, `campaign`, `can_edit`.

    `needs` says what the page lets people do ("view", "edit", "submit"); it has no default, so that forgetting it
    fails when the program starts.
    """

    door = "unit"
    table = UNIT_NEEDS
    unit: Unit

    def dispatch(
        self, request: HttpRequest, *args: Any, unit: str, campaign: str, **kwargs: Any
    ) -> HttpResponseBase:
        if self.user.role == Role.STUDIO:
            raise Http404
        self.unit = get_object_or_404(self.scoped(Unit).select_related("college"), code=unit)
        self.standing = self._standing()
        self.enter(campaign)
        return super().dispatch(request, *args, **kwargs)

    def _standing(self) -> str:
        if self.user.role == Role.STAFF:
            return "staff"
        own = own_unit_ids(self.user).filter(unit=self.unit).exists()
        return "member" if own else "college"


class StudioPage(CampaignPage):
    """A page of one studio in one campaign: `/studio/<studio>/<campaign>/…`. Sets `studio`, `campaign`, `can_edit`."""

    door = "studio"
    table = STUDIO_NEEDS
    studio: Studio

    def dispatch(
        self, request: HttpRequest, *args: Any, studio: str, campaign: str, **kwargs: Any
    ) -> HttpResponseBase:
        if self.user.role == Role.UNIT:
            raise Http404
        self.studio = get_object_or_404(self.scoped(Studio), code=studio)
        self.standing = "staff" if self.user.role == Role.STAFF else "member"
        self.enter(campaign)
        get_object_or_404(Contract, studio=self.studio, campaign=self.campaign)
        return super().dispatch(request, *args, **kwargs)
