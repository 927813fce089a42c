"""A campaign that is closed, or not yet published: nothing is agreed in it, and nobody is shown to a studio."""

from django.db import connection
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

    Comes before any lock on a booking, because whoever closes a campaign holds the campaign first. The lock is shared
    and only on the campaign's key: nobody waits for another request, or for a roster that is being written. On SQLite
    the transaction writes alone.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM units_campaign WHERE id = %s FOR KEY SHARE", [campaign])
    require_published(campaign)
