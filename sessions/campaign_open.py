"""A campaign that is closed, or not yet published: nothing is agreed in it, and nobody is shown to a studio."""

from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from units.models import Campaign, CampaignState


class CampaignNotOpen(DomainError):
    code = "campaign_not_open"
    message = _("The campaign is not published, or already closed.")


def require_published(campaign: int) -> None:
    """Refuse with `CampaignNotOpen` unless the campaign with this id is published at this moment."""
    if not Campaign.objects.filter(pk=campaign, state=CampaignState.PUBLISHED).exists():
        raise CampaignNotOpen()


def keep_published(campaign: int) -> None:
    """The same, and nobody closes it before the transaction ends.

    Comes before any lock on a booking, because whoever closes a campaign holds the campaign first. Its key stays, so
    that new rows that point to it need not wait.
    """
    open_ones = Campaign.objects.select_for_update(no_key=True).filter(state=CampaignState.PUBLISHED)
    if not open_ones.filter(pk=campaign).values_list("pk", flat=True):
        raise CampaignNotOpen()
