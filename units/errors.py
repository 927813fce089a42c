"""Refusals that several use cases of this app share."""

from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError


class CampaignClosed(DomainError):
    code = "campaign_closed"
    message = _("The campaign “%(campaign)s” is closed; nothing in it changes any more.")


class CodeTaken(DomainError):
    code = "code_taken"
    message = _("The code %(code)s is taken.")
