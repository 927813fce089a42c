"""Who belongs where, and hand-over without losing history."""

import pytest

from photocampus.accounts import AccountIsOff
from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.models import Event, Notification, Role, User
from tests import factories as make
from units import accounts
from units.access import own_unit_ids
from units.models import Membership, StudioMembership

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make.make_staff()


def test_create_coordinator_for_several_units(staff):
    first, second = make.make_unit(), make.make_unit()
    issued = accounts.create_coordinator(username="wang", name="王老师", units=[first, second], by=staff)
    assert {row["unit"] for row in own_unit_ids(issued.user)} == {first.pk, second.pk}
    with pytest.raises(accounts.NoPlace):
        accounts.create_coordinator(username="li", name="李老师", units=[], by=staff)
    assert not User.objects.filter(username="li").exists()


def test_create_studio_account(staff):
    studio = make.make_studio()
    issued = accounts.create_studio_account(username="cam", name="摄影师", studio=studio, by=staff)
    assert issued.user.role == Role.STUDIO and StudioMembership.objects.get().studio == studio


def test_add_coordinator_refusals(staff):
    unit = make.make_unit()
    user = make.make_coordinator(unit)
    with pytest.raises(accounts.AlreadyMember):
        accounts.add_coordinator(user=user, unit=unit, by=staff)
    with pytest.raises(accounts.WrongRole):
        accounts.add_coordinator(user=make.make_user(Role.STUDIO), unit=unit, by=staff)
    with pytest.raises(AccountIsOff):
        accounts.add_coordinator(user=make.make_user(Role.UNIT, is_active=False), unit=unit, by=staff)
    with pytest.raises(NotAllowed):
        accounts.add_coordinator(user=make.make_user(Role.UNIT), unit=unit, by=user)


def test_hand_over_keeps_history_and_tells_both(staff, django_capture_on_commit_callbacks):
    unit = make.make_unit()
    leaving = make.make_coordinator(unit, email="old@example.org")
    successor = make.make_user(Role.UNIT, email="new@example.org")
    membership = Membership.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        accounts.hand_over(membership=membership, successor=successor, by=staff, switch_off=True)
    assert [row.user for row in Notification.objects.all()] == [successor]  # who left is switched off
    assert Membership.objects.get(user=leaving).ended_at is not None
    assert Membership.objects.get(user=successor).ended_at is None
    assert not User.objects.get(pk=leaving.pk).is_active
    event = Event.objects.get(kind="handed_over")
    assert (event.old, event.new) == (leaving.username, successor.username)
    with pytest.raises(ChangedMeanwhile):
        accounts.hand_over(membership=membership, successor=successor, by=staff)
    third = make.make_user(Role.UNIT)
    with django_capture_on_commit_callbacks(execute=True):
        accounts.hand_over(membership=Membership.objects.get(user=successor), successor=third, by=staff)
    told = Notification.objects.filter(event__kind="handed_over", event__new=third.username)
    assert {row.user for row in told} == {successor, third}


def test_hand_over_leaves_the_account_on_while_another_place_is_left(staff):
    unit, other = make.make_unit(), make.make_unit()
    leaving = make.make_coordinator(unit)
    Membership.objects.create(user=leaving, unit=other)
    successor = make.make_coordinator(unit)
    accounts.hand_over(
        membership=Membership.objects.get(user=leaving, unit=unit),
        successor=successor,
        by=staff,
        switch_off=True,
    )
    assert User.objects.get(pk=leaving.pk).is_active
    assert Membership.objects.filter(user=successor, unit=unit).count() == 1


def test_hand_over_refusals(staff):
    unit = make.make_unit()
    leaving = make.make_coordinator(unit)
    membership = Membership.objects.get()
    with pytest.raises(accounts.SamePerson):
        accounts.hand_over(membership=membership, successor=leaving, by=staff)
    with pytest.raises(accounts.WrongRole):
        accounts.hand_over(membership=membership, successor=make.make_user(Role.STUDIO), by=staff)
    with pytest.raises(NotAllowed):
        accounts.hand_over(membership=membership, successor=make.make_user(Role.UNIT), by=leaving)
    assert Membership.objects.get().ended_at is None


def test_hand_over_of_a_studio_place(staff):
    studio = make.make_studio()
    make.make_photographer(studio)
    successor = make.make_user(Role.STUDIO)
    accounts.hand_over(membership=StudioMembership.objects.get(), successor=successor, by=staff)
    assert StudioMembership.objects.get(ended_at=None).user == successor
