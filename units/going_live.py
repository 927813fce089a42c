"""The steps from an empty portal to a published campaign."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from photocampus.going_live import Step, going_live
from photocampus.models import School
from units.models import Campaign, CampaignState, Contract, Membership, Notice, Studio, StudioMembership, Unit


def listed(model: str, action: str = "changelist") -> str:
    return reverse(f"admin:units_{model}_{action}")


@going_live(10)
def from_school_to_campaign() -> Iterable[Step]:
    yield Step(
        _("Remove the demonstration"),
        _("Run “manage.py remove_demo” on the server before real data come in."),
        reverse("admin:photocampus_school_changelist"),
        not School.objects.filter(demo_date__isnull=False).exists(),
    )
    yield Step(
        _("Enter the units"),
        _("Colleges and admissions units, by hand or from a spreadsheet."),
        listed("unit"),
        Unit.objects.filter(is_active=True).exists(),
    )
    yield Step(
        _("Enter the studio"),
        _("Address, way there, telephone, opening hours and stations."),
        listed("studio"),
        Studio.objects.filter(is_active=True).exists(),
    )
    live = Campaign.objects.exclude(state=CampaignState.CLOSED)
    yield Step(
        _("Create the campaign"),
        _("New with the numbers of the notice, or copied from last year's."),
        listed("campaign"),
        live.exists(),
    )
    yield Step(
        _("Contract the studio"),
        _("On the campaign's page."),
        listed("contract"),
        Contract.objects.filter(campaign__in=live).exists(),
    )
    yield Step(
        _("Publish the notice"),
        _("Write it, attach the files, publish it."),
        listed("notice"),
        Notice.objects.filter(campaign__in=live, published_at__isnull=False).exists(),
    )
    yield Step(
        _("Give every unit a coordinator"),
        _("From a spreadsheet, with one-time passwords."),
        reverse("units:account-import"),
        _every_unit_has_a_coordinator(),
    )
    yield Step(
        _("Give the studio its accounts"),
        _("One for each person who works with the portal."),
        reverse("units:account-new") + "?role=studio",
        StudioMembership.objects.filter(ended_at=None).exists(),
    )
    yield Step(
        _("Publish the campaign"),
        _("From then on units and studio see it."),
        listed("campaign"),
        Campaign.objects.filter(state=CampaignState.PUBLISHED).exists(),
    )


def _every_unit_has_a_coordinator() -> bool:
    units = Unit.objects.filter(is_active=True)
    return (
        units.exists()
        and not units.exclude(pk__in=Membership.objects.filter(ended_at=None).values("unit")).exists()
    )
