"""A campaign's life: created or copied from last year's, published, changed with a trace, closed."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import build_event, move_state, record, record_many
from photocampus.lists import join_parts
from photocampus.models import User
from units.errors import CampaignClosed, CodeTaken
from units.hooks import campaign_changed
from units.image_profiles import copy_profiles, current_profiles, make_profiles
from units.models import (
    Campaign,
    CampaignState,
    Contract,
    IdentityMode,
    Notice,
    ProfileName,
    Studio,
    StudioGrant,
    Term,
)
from units.permissions import require_staff

MOVES = {
    CampaignState.DRAFT: {CampaignState.PUBLISHED},
    CampaignState.PUBLISHED: {CampaignState.CLOSED},
}
# Identity modes that every page and file honours (design §5). A campaign in another one is not published.
HONOURED_MODES = frozenset({IdentityMode.ID_CARD})
DATES = (
    "window_start",
    "window_end",
    "acknowledge_by",
    "roster_by",
    "sign_off_by",
    "booking_by",
    "acceptance_by",
    "submission_by",
    "retention_until",
)
NOT_NUMBERS = {"id", "code", "name", "state", "copied_from", "is_demo", *DATES}
NUMBERS = tuple(field.name for field in Campaign._meta.concrete_fields if field.name not in NOT_NUMBERS)
EDITABLE = ("code", "name", *DATES, *NUMBERS)


class ModeNotHonoured(DomainError):
    code = "mode_not_honoured"
    message = _(
        "A campaign with capture codes cannot be published yet: not every page of the studio hides names and ID numbers."
    )


class NotReady(DomainError):
    code = "not_ready"
    message = _("The campaign cannot be published: %(missing)s.")


class CodeIsFixed(DomainError):
    code = "code_is_fixed"
    message = _("The code of a published campaign stands in addresses and papers and cannot change.")


class ContractExists(DomainError):
    code = "contract_exists"
    message = _("%(studio)s already has a contract for this campaign.")


@transaction.atomic
def create_campaign(
    *,
    code: str,
    name: str,
    window_start: dt.date,
    window_end: dt.date,
    by: User,
    terms: Mapping[str, dt.date] | None = None,
    small: str = "240x320",
    with_profiles: bool = True,
    **numbers: Any,
) -> Campaign:
    """A draft with the numbers of the 2018 notice where `numbers` gives none, its terms and the three image profiles.

    `terms` maps codes such as 2018-07 to dates of graduation; without it January and July of the window's last year (R1).
    `small` is 240x320 or 150x210. Raises `CodeTaken`; values are checked by the model (`ValidationError`).
    """
    require_staff(by)
    campaign = Campaign(
        code=code,
        name=name,
        window_start=window_start,
        window_end=window_end,
        is_demo=by.is_demo,
        **{key: value for key, value in numbers.items() if key in EDITABLE},
    )
    _save_new(campaign)
    if terms is None:
        terms = {f"{window_end.year}-{month:02d}": dt.date(window_end.year, month, 15) for month in (1, 7)}
    for term, day in terms.items():
        Term.objects.create(campaign=campaign, code=term, graduation_date=day)
    if with_profiles:
        make_profiles(campaign, small)
    record(campaign, "campaign_created", by=by, new=campaign.code)
    return campaign


def _save_new(campaign: Campaign) -> None:
    """Check the values, then let the database decide about the code."""
    try:
        campaign.full_clean(validate_unique=False, validate_constraints=False)
        _check_values(campaign)
        with transaction.atomic():
            campaign.save()
    except IntegrityError:
        raise CodeTaken(code=campaign.code) from None


def _check_values(campaign: Campaign) -> None:
    """The model's constraints, except uniqueness, as errors people can read."""
    if campaign.window_end < campaign.window_start:
        raise ValidationError({"window_end": _("The window ends before it begins.")})
    for name in ("threshold", "scan_min_dpi", "hold_days", "offer_hours"):
        if getattr(campaign, name) < 1:
            raise ValidationError({name: _("This number must be at least 1.")})
    for name in ("fee_group", "fee_single"):
        if getattr(campaign, name) < 0:
            raise ValidationError({name: _("A fee is not negative.")})


@transaction.atomic
def change_campaign(*, campaign: Campaign, by: User, **changes: Any) -> list[str]:
    """Write changed fields (names of `EDITABLE`) with one event that keeps old and new; returns the changed names.

    Raises `CampaignClosed` (only the end of retention may still move), `CodeIsFixed` after publication.
    """
    require_staff(by)
    fresh = Campaign.objects.select_for_update().get(pk=campaign.pk)
    before = {name: getattr(fresh, name) for name in EDITABLE}
    differing = [name for name in EDITABLE if name in changes and changes[name] != before[name]]
    if not differing:
        return []
    if fresh.state == CampaignState.CLOSED and differing != ["retention_until"]:
        raise CampaignClosed(campaign=fresh)
    if fresh.state != CampaignState.DRAFT and "code" in differing:
        raise CodeIsFixed()
    if fresh.state == CampaignState.PUBLISHED and changes.get("identity_mode") not in (None, *HONOURED_MODES):
        raise ModeNotHonoured()
    for name in differing:
        setattr(fresh, name, changes[name])
    fresh.full_clean(validate_unique=False, validate_constraints=False)
    _check_values(fresh)
    try:
        with transaction.atomic():
            fresh.save(update_fields=differing)
    except IntegrityError:
        raise CodeTaken(code=fresh.code) from None
    data = {name: [str(before[name]), str(changes[name])] for name in differing}
    record(fresh, "campaign_changed", by=by, data=data)
    for name in differing:
        setattr(campaign, name, changes[name])
    campaign_changed(fresh, differing, by)
    return differing


@transaction.atomic
def set_term(*, campaign: Campaign, code: str, graduation_date: dt.date, by: User) -> Term:
    """Add a term, or move its date of graduation. Raises `CampaignClosed`."""
    require_staff(by)
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state == CampaignState.CLOSED:
        raise CampaignClosed(campaign=campaign)
    term = Term.objects.filter(campaign=campaign, code=code).first()
    old = str(term.graduation_date) if term else ""
    if term is None:
        term = Term(campaign=campaign, code=code)
    term.graduation_date = graduation_date
    term.full_clean(validate_unique=False, validate_constraints=False)
    term.save()
    if old != str(graduation_date):
        record(term, "term_set", by=by, old=old, new=str(graduation_date))
    return term


@transaction.atomic
def add_contract(
    *, campaign: Campaign, studio: Studio, by: User, number: str = "", signed_on: dt.date | None = None
) -> Contract:
    """Contract a studio for the campaign (R11). Raises `ContractExists`, `CampaignClosed`."""
    require_staff(by)
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state == CampaignState.CLOSED:
        raise CampaignClosed(campaign=campaign)
    try:
        with transaction.atomic():
            contract = Contract.objects.create(
                campaign=campaign, studio=studio, number=number, signed_on=signed_on
            )
    except IntegrityError:
        raise ContractExists(studio=studio) from None
    record(
        contract, "contract_added", by=by, new=number, data={"campaign": campaign.code, "studio": studio.code}
    )
    return contract


@transaction.atomic
def change_contract(*, contract: Contract, by: User, number: str, signed_on: dt.date | None) -> None:
    """Number and date of a contract, with an event that keeps the old ones. Raises `CampaignClosed`."""
    require_staff(by)
    campaign = Campaign.objects.select_for_update().get(pk=contract.campaign_id)
    if campaign.state == CampaignState.CLOSED:
        raise CampaignClosed(campaign=campaign)
    fresh = Contract.objects.select_for_update().get(pk=contract.pk)
    wanted = {"number": number, "signed_on": signed_on}
    differing = {name: value for name, value in wanted.items() if value != getattr(fresh, name)}
    if not differing:
        return
    data = {name: [str(getattr(fresh, name) or ""), str(value or "")] for name, value in differing.items()}
    Contract.objects.filter(pk=fresh.pk).update(**differing)
    record(fresh, "changed", by=by, new=number, data=data)


def missing_for_publication(campaign: Campaign) -> list[Any]:
    """What `publish_campaign` would still ask for, in words; empty when everything is there."""
    missing: list[Any] = []
    if not campaign.terms.exists():
        missing.append(_("it has no term"))
    if {profile.name for profile in current_profiles(campaign)} != set(ProfileName.values):
        missing.append(_("an image profile is missing"))
    if not campaign.contracts.filter(studio__is_active=True).exists():
        missing.append(_("no studio has a contract for it"))
    if not Notice.objects.filter(campaign=campaign, published_at__isnull=False).exists():
        missing.append(_("its notice is not published"))
    return missing


@transaction.atomic
def publish_campaign(*, campaign: Campaign, by: User) -> None:
    """Open the campaign to units and studio.

    Raises `ModeNotHonoured` (design §5), `NotReady` naming everything that is missing, `IllegalMove`, `ChangedMeanwhile`.
    """
    require_staff(by)
    fresh = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if fresh.identity_mode not in HONOURED_MODES:
        raise ModeNotHonoured()
    if fresh.state == CampaignState.DRAFT and (missing := missing_for_publication(fresh)):
        raise NotReady(missing=join_parts(missing))
    move_state(fresh, CampaignState.PUBLISHED, moves=MOVES, by=by)
    campaign.state = fresh.state


@transaction.atomic
def close_campaign(*, campaign: Campaign, by: User, reason: str = "") -> int:
    """End the campaign and every studio's right to see its people (design §2); returns how many grants ended.

    Requests that nobody has confirmed end with it.

    Raises `IllegalMove` unless it is published, `ChangedMeanwhile`.
    """
    require_staff(by)
    fresh = Campaign.objects.select_for_update().get(pk=campaign.pk)
    move_state(fresh, CampaignState.CLOSED, moves=MOVES, by=by, reason=reason)
    campaign.state = fresh.state
    grants = list(StudioGrant.objects.select_for_update().filter(campaign=fresh, ended_at=None))
    StudioGrant.objects.filter(pk__in=[grant.pk for grant in grants]).update(ended_at=clock.now())
    record_many(
        build_event(grant, "grant_ended", by=by, reason=gettext("The campaign is closed."))
        for grant in grants
    )
    campaign_changed(fresh, ["state"], by)
    return len(grants)


def shift_years(day: dt.date | None, years: int) -> dt.date | None:
    """The same day `years` later; 29 February becomes the 28th."""
    if day is None:
        return None
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


@transaction.atomic
def copy_campaign(
    *, source: Campaign, code: str, name: str, by: User, years: int = 1, with_contracts: bool = False
) -> Campaign:
    """A draft for another year: every number, the terms and dates `years` later, the newest image profiles,
    the newest notice as a draft with its attachments, and the contracts if asked for. Raises `CodeTaken`.
    """
    from units.notices import copy_notice

    require_staff(by)
    copy = Campaign(
        code=code,
        name=name,
        copied_from=source,
        is_demo=by.is_demo,
        **{field: shift_years(getattr(source, field), years) for field in DATES},
        **{field: getattr(source, field) for field in NUMBERS},
    )
    _save_new(copy)
    for term in source.terms.all():
        Term.objects.create(
            campaign=copy,
            code=f"{int(term.code[:4]) + years}{term.code[4:]}",
            graduation_date=shift_years(term.graduation_date, years),
        )
    copy_profiles(source, copy)
    if with_contracts:
        for contract in source.contracts.filter(studio__is_active=True):
            Contract.objects.create(campaign=copy, studio=contract.studio)
    newest = source.notices.order_by("-edition").first()
    if newest is not None:
        copy_notice(newest, copy, years)
    record(copy, "campaign_copied", by=by, old=source.code, new=copy.code)
    return copy
