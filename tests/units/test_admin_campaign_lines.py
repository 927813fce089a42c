"""Terms and contracts on a campaign's page in the admin: what names a stored line is fixed, the rest leaves a trace."""

import pytest
from django.urls import reverse

from photocampus.models import Event
from tests import factories as make
from tests.photocampus.test_admin import form_of
from units.models import Campaign, CampaignState, Contract

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    make.make_school()
    boss = make.make_staff()
    client.force_login(boss)
    return boss


def url(model, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=args)


def test_terms_and_contracts_of_a_campaign_keep_what_names_them(client, boss):
    """Another code or studio on a stored line would be another row: only dates and numbers change, with a trace."""
    campaign, other = make.make_campaign(), make.make_studio("OTHER")
    contract = Contract.objects.create(campaign=campaign, studio=make.make_studio("ST"), number="1")
    change = url(Campaign, campaign.pk)
    data = form_of(client.get(change)) | {
        "terms-0-code": "2018-03", "contracts-0-studio": other.pk, "contracts-0-number": "2",
    }  # fmt: skip
    assert client.post(change, data).status_code == 302
    contract.refresh_from_db()
    assert (contract.studio.code, contract.number) == ("ST", "2") and Contract.objects.count() == 1
    assert [term.code for term in campaign.terms.all()] == ["2018-01", "2018-07"]
    event = Event.objects.get(kind="changed", subject_type="units.contract")
    assert event.by == boss and event.data == {"number": ["1", "2"]}


def test_terms_and_contracts_of_a_closed_campaign_stay(client, boss):
    campaign = make.make_campaign()
    contract = Contract.objects.create(campaign=campaign, studio=make.make_studio(), number="1")
    Campaign.objects.update(state=CampaignState.CLOSED)
    for row in (contract, campaign.terms.first()):
        address = url(type(row), row.pk)
        assert 'name="_save"' not in client.get(address).content.decode()
        assert client.post(address, {"number": "2"}).status_code == 403
