"""Campaigns and notices; units, studios and who belongs to them."""

from units.models.campaigns import (
    Acknowledgement,
    Campaign,
    CampaignState,
    IdentityMode,
    ImageProfile,
    Notice,
    NoticeAttachment,
    ProfileName,
    Term,
)
from units.models.people import (
    Contract,
    Membership,
    Studio,
    StudioGrant,
    StudioMembership,
    Unit,
    UnitKind,
    Urging,
)

__all__ = [
    "Acknowledgement",
    "Campaign",
    "CampaignState",
    "Contract",
    "IdentityMode",
    "ImageProfile",
    "Membership",
    "Notice",
    "NoticeAttachment",
    "ProfileName",
    "Studio",
    "StudioGrant",
    "StudioMembership",
    "Term",
    "Unit",
    "UnitKind",
    "Urging",
]
