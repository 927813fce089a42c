"""A campaign's life, and every refusal on the way."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from photocampus import clock
from photocampus.errors import IllegalMove, NotAllowed
from photocampus.events import history_of
from photocampus.models import Event, Role
from tests import factories as make
from units import campaigns
from units.errors import CampaignClosed, CodeTaken
from units.hooks import _listeners, on_campaign_changed
from units.image_profiles import NothingChanged, UnknownSmallSize, change_profile, current_profiles
from units.models import Campaign, CampaignState, ImageProfile, Notice, StudioGrant
from units.notices import publish_notice, write_notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make.make_staff()


def draft(staff, code="2018", **fields):
    values = {"window_start": dt.date(2018, 3, 1), "window_end": dt.date(2018, 7, 15)}
    return campaigns.create_campaign(code=code, name="2018年采集", by=staff, **{**values, **fields})


def make_ready(campaign, staff):
    campaigns.add_contract(campaign=campaign, studio=make.make_studio("ST"), by=staff)
    notice = write_notice(
        campaign=campaign,
        by=staff,
        title="通知",
        body="正文",
        issuer="教务处",
        issued_on=dt.date(2017, 11, 28),
    )
    publish_notice(notice=notice, by=staff)
    return notice


def test_create_campaign_has_the_numbers_of_2018_terms_and_profiles(staff):
    campaign = draft(staff)
    assert (campaign.state, campaign.threshold, campaign.fee_group, campaign.fee_single) == (
        "draft",
        100,
        20,
        30,
    )
    assert [term.code for term in campaign.terms.all()] == ["2018-01", "2018-07"]
    small, registration, large = current_profiles(campaign)
    assert (small.width, small.height, small.max_bytes) == (240, 320, 8192)
    assert (registration.width, registration.min_bytes, registration.max_bytes) == (480, 20_480, 40_000)
    assert (registration.min_quality, registration.face_min, registration.eyes_max) == (60, 180, 300)
    assert (large.width, large.height, large.max_bytes) == (1200, 1600, None)
    assert [event.kind for event in history_of(campaign)] == ["campaign_created"]


def test_create_campaign_offers_the_small_image_of_the_degree_centre(staff):
    assert current_profiles(draft(staff, small="150x210"))[0].width == 150
    with pytest.raises(UnknownSmallSize):
        draft(staff, "2019", small="100x100")


def test_create_campaign_refuses_a_taken_code_and_a_window_backwards(staff):
    draft(staff)
    with pytest.raises(CodeTaken):
        draft(staff)
    with pytest.raises(ValidationError):
        draft(staff, "2019", window_end=dt.date(2018, 1, 1))


@pytest.mark.parametrize("role", [Role.UNIT, Role.STUDIO])
def test_only_staff_manage_campaigns(role, staff):
    other = make.make_user(role)
    with pytest.raises(NotAllowed):
        draft(other)
    campaign = draft(staff)
    for act in (campaigns.publish_campaign, campaigns.close_campaign):
        with pytest.raises(NotAllowed):
            act(campaign=campaign, by=other)


def test_publish_campaign_names_everything_that_is_missing(staff):
    campaign = campaigns.create_campaign(
        code="2018", name="x", window_start=dt.date(2018, 3, 1), window_end=dt.date(2018, 7, 1), by=staff, terms={},
        with_profiles=False,
    )  # fmt: skip
    assert len(campaigns.missing_for_publication(campaign)) == 4
    with pytest.raises(campaigns.NotReady):
        campaigns.publish_campaign(campaign=campaign, by=staff)
    assert Campaign.objects.get().state == CampaignState.DRAFT


def test_publish_campaign_opens_it_once(staff):
    campaign = draft(staff)
    make_ready(campaign, staff)
    campaigns.publish_campaign(campaign=campaign, by=staff)
    assert Campaign.objects.get().state == campaign.state == CampaignState.PUBLISHED
    with pytest.raises(IllegalMove):
        campaigns.publish_campaign(campaign=campaign, by=staff)


def test_publish_campaign_refuses_capture_codes(staff):
    campaign = draft(staff, identity_mode="capture_code")
    make_ready(campaign, staff)
    with pytest.raises(campaigns.ModeNotHonoured):
        campaigns.publish_campaign(campaign=campaign, by=staff)
    campaigns.change_campaign(campaign=campaign, by=staff, identity_mode="id_card")
    campaigns.publish_campaign(campaign=campaign, by=staff)
    with pytest.raises(campaigns.ModeNotHonoured):
        campaigns.change_campaign(campaign=campaign, by=staff, identity_mode="capture_code")


def test_close_campaign_ends_the_studios_grants(staff):
    campaign, other = make.make_campaign(), make.make_campaign("2017")
    studio, unit = make.make_studio(campaign=campaign), make.make_unit()
    make.make_grant(studio, unit, campaign)
    kept = make.make_grant(studio, unit, other)
    with clock.at(dt.date(2018, 9, 1)):
        assert campaigns.close_campaign(campaign=campaign, by=staff) == 1
    assert list(StudioGrant.objects.filter(ended_at=None)) == [kept]
    assert Event.objects.filter(kind="grant_ended").count() == 1
    with pytest.raises(IllegalMove):
        campaigns.close_campaign(campaign=campaign, by=staff)
    with pytest.raises(CampaignClosed):
        campaigns.change_campaign(campaign=campaign, by=staff, threshold=50)
    with pytest.raises(CampaignClosed):
        campaigns.add_contract(campaign=campaign, studio=studio, by=staff)
    assert campaigns.change_campaign(campaign=campaign, by=staff, retention_until=dt.date(2020, 1, 1))


def test_a_draft_cannot_be_closed(staff):
    with pytest.raises(IllegalMove):
        campaigns.close_campaign(campaign=draft(staff), by=staff)


def test_change_campaign_keeps_old_and_new_and_tells_listeners(staff):
    campaign = make.make_campaign()
    heard = []
    listener = on_campaign_changed(lambda found, fields, by: heard.append((found.code, list(fields), by)))
    try:
        assert campaigns.change_campaign(campaign=campaign, by=staff, threshold=80, fee_group=20) == [
            "threshold"
        ]
    finally:
        _listeners.remove(listener)
    assert heard == [("2018", ["threshold"], staff)]
    assert Event.objects.get(kind="campaign_changed").data == {"threshold": ["100", "80"]}
    assert campaigns.change_campaign(campaign=campaign, by=staff, threshold=80) == []
    with pytest.raises(campaigns.CodeIsFixed):
        campaigns.change_campaign(campaign=campaign, by=staff, code="2019")
    with pytest.raises(ValidationError):
        campaigns.change_campaign(campaign=campaign, by=staff, threshold=0)
    with pytest.raises(ValidationError):
        campaigns.change_campaign(campaign=campaign, by=staff, fee_group=-1)


def test_add_contract_once_per_studio(staff):
    campaign, studio = draft(staff), make.make_studio("ST")
    campaigns.add_contract(campaign=campaign, studio=studio, by=staff, number="C-1")
    with pytest.raises(campaigns.ContractExists):
        campaigns.add_contract(campaign=campaign, studio=studio, by=staff)


def test_set_term_adds_and_moves(staff):
    campaign = draft(staff)
    campaigns.set_term(campaign=campaign, code="2018-09", graduation_date=dt.date(2018, 9, 1), by=staff)
    campaigns.set_term(campaign=campaign, code="2018-09", graduation_date=dt.date(2018, 9, 9), by=staff)
    assert campaign.terms.get(code="2018-09").graduation_date == dt.date(2018, 9, 9)
    with pytest.raises(ValidationError):
        campaigns.set_term(campaign=campaign, code="autumn", graduation_date=dt.date(2018, 9, 1), by=staff)


def test_copy_campaign_shifts_dates_and_takes_everything_along(staff):
    source = draft(staff, "2016", window_start=dt.date(2016, 2, 29), window_end=dt.date(2016, 7, 15), threshold=80,
                   terms={"2016-07": dt.date(2016, 7, 15)}, roster_by=dt.date(2016, 1, 5))  # fmt: skip
    make_ready(source, staff)
    change_profile(profile=current_profiles(source)[0], by=staff, max_bytes=9000)
    copy = campaigns.copy_campaign(source=source, code="2017", name="2017年", by=staff, with_contracts=True)
    assert (copy.window_start, copy.window_end) == (dt.date(2017, 2, 28), dt.date(2017, 7, 15))
    assert (copy.state, copy.threshold, copy.roster_by) == ("draft", 80, dt.date(2017, 1, 5))
    assert [(term.code, term.graduation_date) for term in copy.terms.all()] == [
        ("2017-07", dt.date(2017, 7, 15))
    ]
    assert current_profiles(copy)[0].max_bytes == 9000
    assert copy.contracts.count() == 1 and copy.copied_from == source
    notice = Notice.objects.get(campaign=copy)
    assert notice.published_at is None and notice.body == "正文"
    plain = campaigns.copy_campaign(source=source, code="2018", name="2018年", by=staff, years=2)
    assert plain.contracts.count() == 0
    with pytest.raises(CodeTaken):
        campaigns.copy_campaign(source=source, code="2018", name="again", by=staff)


def test_change_profile_makes_a_new_version_and_keeps_the_old(staff):
    campaign = draft(staff)
    small = current_profiles(campaign)[0]
    fresh = change_profile(profile=small, by=staff, max_bytes=10_000)
    assert (fresh.version, fresh.max_bytes) == (2, 10_000)
    assert ImageProfile.objects.get(pk=small.pk).max_bytes == 8192
    assert current_profiles(campaign)[0] == fresh
    assert Event.objects.get(kind="profile_changed").data == {"max_bytes": [8192, 10_000]}
    with pytest.raises(NothingChanged):
        change_profile(profile=fresh, by=staff, max_bytes=10_000)
    with pytest.raises(ValidationError):
        change_profile(profile=fresh, by=staff, min_bytes=20_000)
    with pytest.raises(NotAllowed):
        change_profile(profile=fresh, by=make.make_user(Role.STUDIO), max_bytes=1)
