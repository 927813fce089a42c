"""Whom the events of notices, campaigns and handovers concern (`photocampus.told`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus.models import Event, User
from photocampus.told import Reader, tell
from units.audiences import studio_people, unit_readers
from units.campaigns import DATES
from units.deadlines import deadline_named
from units.models import Campaign, CampaignState, Notice, Studio, Unit

NOT_FOR_UNITS = {"retention_until"}


def everybody_in(campaign: Campaign, /, **facts: Any) -> Iterable[Reader]:
    """Every coordinator, and the contracted studios; each is led to the notice."""
    yield from unit_readers(Unit.objects.filter(is_active=True), campaign, "units:notice", **facts)
    url = reverse("units:read-notice", args=[campaign.code])
    for user in studio_people(*campaign.contracts.values_list("studio", flat=True)):
        yield Reader(user, url, facts)


def notice_readers(event: Event) -> Iterable[Reader]:
    """Everybody, unless the campaign is still a draft: then they can read it, and are told, when it begins."""
    notice = Notice.objects.select_related("campaign").get(pk=event.subject_id)
    if notice.campaign.state != CampaignState.DRAFT:
        yield from everybody_in(notice.campaign, title=notice.title, edition=notice.edition)


def beginning_readers(event: Event) -> Iterable[Reader]:
    """Everybody, with the newest edition of the notice, which stands by then."""
    campaign = Campaign.objects.get(pk=event.subject_id)
    notice = campaign.notices.filter(published_at__isnull=False).order_by("-edition").first()
    if notice is not None:
        yield from everybody_in(campaign, campaign=campaign.name, title=notice.title)


tell(
    "units.notice",
    "notice_published",
    says=_("The notice “%(title)s” (edition %(edition)s) was published. Units acknowledge it."),
    to=notice_readers,
)
tell(
    "units.campaign",
    "state_published",
    says=_("“%(campaign)s” begins. Its notice “%(title)s” can be read now; units acknowledge it."),
    to=beginning_readers,
)


def dates_readers(event: Event) -> Iterable[Reader]:
    """Coordinators and studios, when one of the dates that concern them moved in a published campaign."""
    campaign = Campaign.objects.get(pk=event.subject_id)
    moved = (set(event.data) & set(DATES)) - NOT_FOR_UNITS
    if campaign.state != CampaignState.PUBLISHED or not moved:
        return
    yield from everybody_in(campaign, campaign=campaign.name)


tell(
    "units.campaign",
    "campaign_changed",
    says=_("Dates of “%(campaign)s” have changed; please look at them again."),
    to=dates_readers,
)


def deadline_readers(event: Event) -> Iterable[Reader]:
    """The unit's coordinators, led to the page where what is open is done."""
    unit = Unit.objects.get(pk=event.subject_id)
    campaign = Campaign.objects.filter(code=event.data["campaign"]).first()
    entry = deadline_named(event.data["deadline"])
    if campaign and entry:
        facts = {key: event.data[key] for key in ("deadline", "date", "missing")}
        yield from unit_readers([unit], campaign, entry.page, unit=unit.name, **facts)


def _deadline_words(facts: Mapping[str, Any]) -> dict[str, Any]:
    entry = deadline_named(facts["deadline"])
    label = entry.label if entry else facts["deadline"]
    return {**facts, "what": label, "open": entry.counted if entry else ""}


def urged_sentence(facts: Mapping[str, Any]) -> str:
    return gettext(
        "Academic affairs remind %(unit)s: “%(what)s” is due on %(date)s. Still open: %(missing)s (%(open)s)."
    ) % _deadline_words(facts)


def deadline_sentence(facts: Mapping[str, Any]) -> str:
    return gettext(
        "“%(what)s” is due on %(date)s for %(unit)s. Still open: %(missing)s (%(open)s)."
    ) % _deadline_words(facts)


tell("units.unit", "urged", says=urged_sentence, to=deadline_readers)
tell("units.unit", "deadline_near", says=deadline_sentence, to=deadline_readers)


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
