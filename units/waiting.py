"""For whom a person works now, and what of the notice still waits (step 1)."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.access import visible_to
from photocampus.models import Role, User
from photocampus.waiting import Scope, WaitingItem, urgency, waiting, waiting_scopes
from units.access import own_unit_ids, studio_ids
from units.models import Acknowledgement, Campaign, CampaignState, Contract, Notice, Unit


def open_campaigns(user: User) -> list[Campaign]:
    """Published campaigns that this user may see, the newest first."""
    seen = visible_to(user, Campaign.objects.filter(state=CampaignState.PUBLISHED))
    return list(seen.distinct().order_by("-window_start"))


@waiting_scopes(role=Role.UNIT)
def units_and_campaigns(user: User) -> Iterable[Scope]:
    units = list(Unit.objects.filter(pk__in=own_unit_ids(user)).select_related("college"))
    for campaign in open_campaigns(user):
        for unit in units:
            yield Scope(user=user, today=clock.today(), campaign=campaign, unit=unit)


@waiting_scopes(role=Role.STUDIO)
def studios_and_campaigns(user: User) -> Iterable[Scope]:
    contracts = Contract.objects.filter(
        studio__in=studio_ids(user), campaign__state=CampaignState.PUBLISHED
    ).select_related("studio", "campaign")
    for contract in contracts.order_by("-campaign__window_start", "studio__code"):
        yield Scope(user=user, today=clock.today(), campaign=contract.campaign, studio=contract.studio)


@waiting_scopes(role=Role.STAFF)
def all_campaigns(user: User) -> Iterable[Scope]:
    for campaign in open_campaigns(user):
        yield Scope(user=user, today=clock.today(), campaign=campaign)


def current_notice(campaign: Campaign) -> Notice | None:
    """The newest published edition."""
    return Notice.objects.filter(campaign=campaign, published_at__isnull=False).order_by("-edition").first()


@waiting(role="unit", order=10)
def notice_to_acknowledge(scope: Scope) -> WaitingItem | None:
    """The newest edition, while this unit has not acknowledged it."""
    mine = Acknowledgement.objects.filter(notice=OuterRef("pk"), unit=scope.unit)
    published = Notice.objects.filter(campaign=scope.campaign, published_at__isnull=False)
    notice = published.annotate(is_acknowledged=Exists(mine)).order_by("-edition").first()
    if notice is None:
        return None
    return WaitingItem(
        _("Notice to acknowledge"),
        int(not notice.is_acknowledged),
        reverse("units:notice", args=[scope.unit.code, scope.campaign.code]),
        hint=_("Read it and name the unit's contact person."),
        urgency=urgency(scope.campaign.acknowledge_by, scope.today),
    )


@waiting(role="staff", order=10)
def units_without_acknowledgement(scope: Scope) -> WaitingItem:
    """Active units that have not acknowledged the newest edition."""
    newer = Notice.objects.filter(
        campaign=OuterRef("notice__campaign"),
        published_at__isnull=False,
        edition__gt=OuterRef("notice__edition"),
    )
    mine = Acknowledgement.objects.filter(
        ~Exists(newer), unit=OuterRef("pk"), notice__campaign=scope.campaign
    )
    return WaitingItem(
        _("Units that have not acknowledged the notice"),
        Unit.objects.filter(~Exists(mine), is_active=True).count(),
        reverse("units:acknowledgements", args=[scope.campaign.code]),
        urgency=urgency(scope.campaign.acknowledge_by, scope.today),
    )
