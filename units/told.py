"""Whom the events of notices, campaigns and handovers concern (`photocampus.told`)."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus.models import Event, User
from photocampus.told import Reader, tell
from units.audiences import studio_people, unit_readers
from units.campaigns import DATES
from units.models import Campaign, CampaignState, Notice, Studio, Unit

NOT_FOR_UNITS = {"retention_until"}


def notice_readers(event: Event) -> Iterable[Reader]:
    """Every coordinator, and the contracted studios."""
    notice = Notice.objects.select_related("campaign").get(pk=event.subject_id)
    facts = {"title": notice.title, "edition": notice.edition}
    campaign = notice.campaign
    studios = campaign.contracts.values_list("studio", flat=True)
    url = reverse("units:read-notice", args=[campaign.code])
    yield from (Reader(user, url, facts) for user in studio_people(*studios))
    yield from unit_readers(Unit.objects.filter(is_active=True), campaign, "units:notice", **facts)


tell(
    "units.notice",
    "notice_published",
    says=_("The notice “%(title)s” (edition %(edition)s) was published. Units acknowledge it."),
    to=notice_readers,
)


def dates_readers(event: Event) -> Iterable[Reader]:
    """Coordinators and studios, when one of the dates that concern them moved in a published campaign."""
    campaign = Campaign.objects.get(pk=event.subject_id)
    moved = (set(event.data) & set(DATES)) - NOT_FOR_UNITS
    if campaign.state != CampaignState.PUBLISHED or not moved:
        return
    facts = {"campaign": campaign.name}
    yield from unit_readers(Unit.objects.filter(is_active=True), campaign, "units:notice", **facts)
    url = reverse("units:read-notice", args=[campaign.code])
    for user in studio_people(*campaign.contracts.values_list("studio", flat=True)):
        yield Reader(user, url, facts)


tell(
    "units.campaign",
    "campaign_changed",
    says=_("Dates of “%(campaign)s” have changed; please look at them again."),
    to=dates_readers,
)


def handover_readers(event: Event) -> Iterable[Reader]:
    """Who leaves a place, and who takes it."""
    model = Unit if event.subject_type == "units.unit" else Studio
    facts = {"place": model.objects.values_list("name", flat=True).get(pk=event.subject_id)}
    names = dict(User.objects.filter(username__in=[event.old, event.new]).values_list("username", "name"))
    facts |= {"leaving": names.get(event.old, event.old), "successor": names.get(event.new, event.new)}
    for user in User.objects.filter(username__in=[event.old, event.new]).values_list("pk", flat=True):
        yield Reader(user, reverse("start"), facts)


for _place in ("units.unit", "units.studio"):
    tell(
        _place,
        "handed_over",
        says=_("%(successor)s took over “%(place)s” from %(leaving)s; what is open waits on the start page."),
        to=handover_readers,
    )
