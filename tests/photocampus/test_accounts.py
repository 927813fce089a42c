"""One-time passwords, resets, switching off, and the group of academic affairs."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.test import RequestFactory

from photocampus import accounts
from photocampus.errors import MissingReason, NotAllowed
from photocampus.models import Event, Role, User
from photocampus.roles import ACADEMIC_AFFAIRS
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make.make_staff()


def create(by, **values):
    defaults = {"username": "wang", "name": "王老师", "role": Role.UNIT}
    return accounts.create_account(by=by, **{**defaults, **values})


def log_in(username, password):
    return authenticate(RequestFactory().post("/login/"), username=username, password=password)


def test_create_account_gives_a_one_time_password(boss):
    issued = create(boss, phone="13800000000", email="w@example.org")
    assert log_in("wang", issued.password) == issued.user
    assert issued.user.must_change_password and not issued.user.is_staff
    assert len({accounts.one_time_password() for _ in range(50)}) == 50
    assert issued.password not in str(list(Event.objects.values("data", "old", "new", "reason")))


def test_create_account_refuses_what_the_model_would(boss):
    create(boss)
    with pytest.raises(accounts.UserNameTaken):
        create(boss)
    for values in (
        {"username": "a b"},
        {"username": "x", "name": ""},
        {"username": "x", "email": "nonsense"},
    ):
        with pytest.raises(accounts.BadAccount):
            create(boss, **values)


def test_staff_accounts_join_the_group_and_may_work_but_never_delete(boss):
    staff = create(boss, role=Role.STAFF).user
    staff = User.objects.get(pk=staff.pk)
    assert list(staff.groups.values_list("name", flat=True)) == [ACADEMIC_AFFAIRS]
    for permission in (
        "units.change_campaign",
        "units.view_campaign",
        "photocampus.add_user",
        "students.view_graduate",
    ):
        assert staff.has_perm(permission), permission
    group = Group.objects.get(name=ACADEMIC_AFFAIRS)
    assert not group.permissions.filter(codename__startswith="delete_").exists()
    create(staff, username="li")
    with pytest.raises(NotAllowed):
        create(staff, username="boss2", role=Role.STAFF, is_superuser=True)
    with pytest.raises(NotAllowed):
        accounts.reset_password(user=boss, by=staff)
    with pytest.raises(NotAllowed):
        accounts.switch_off_account(user=boss, by=staff, reason="x")


@pytest.mark.parametrize("role", [Role.UNIT, Role.STUDIO])
def test_others_manage_no_accounts(boss, role):
    other = make.make_user(role)
    with pytest.raises(NotAllowed):
        create(other)
    with pytest.raises(NotAllowed):
        accounts.reset_password(user=make.make_user(Role.UNIT), by=other)


def test_reset_password_replaces_it_and_forces_a_change(boss):
    issued = create(boss)
    User.objects.filter(pk=issued.user.pk).update(must_change_password=False)
    again = accounts.reset_password(user=issued.user, by=boss)
    assert log_in("wang", issued.password) is None and log_in("wang", again.password) == issued.user
    assert User.objects.get(username="wang").must_change_password
    with pytest.raises(accounts.OwnAccount):
        accounts.reset_password(user=boss, by=boss)
    accounts.switch_off_account(user=issued.user, by=boss, reason="left")
    with pytest.raises(accounts.AccountIsOff):
        accounts.reset_password(user=issued.user, by=boss)


def test_switch_off_keeps_the_row_and_asks_for_a_reason(boss):
    issued = create(boss)
    with pytest.raises(MissingReason):
        accounts.switch_off_account(user=issued.user, by=boss, reason=" ")
    accounts.switch_off_account(user=issued.user, by=boss, reason="离职")
    accounts.switch_off_account(user=issued.user, by=boss, reason="离职")
    assert log_in("wang", issued.password) is None
    assert Event.objects.filter(kind="account_switched_off").count() == 1
    accounts.switch_on_account(user=issued.user, by=boss)
    assert log_in("wang", issued.password) == issued.user


def test_the_last_administrator_stays(boss):
    second = make.make_staff()
    accounts.switch_off_account(user=second, by=boss, reason="x")
    with pytest.raises(accounts.OwnAccount):
        accounts.switch_off_account(user=boss, by=boss, reason="x")
    User.objects.filter(pk=second.pk).update(is_active=True)
    User.objects.filter(pk=boss.pk).update(is_active=False)
    boss.is_active = True
    with pytest.raises(accounts.LastAdministrator):
        accounts.switch_off_account(user=second, by=boss, reason="x")


def test_change_details_of_oneself(boss):
    user = create(boss).user
    assert accounts.change_details(user=user, by=user, name="王新", email="x@example.org", phone="13900000000") == [
        "name", "email", "phone",
    ]  # fmt: skip
    assert User.objects.get(pk=user.pk).phone.reveal() == "13900000000"
    assert accounts.change_details(user=user, by=user, name="王新", email="x@example.org") == []
    assert "13900000000" not in str(list(Event.objects.values("data", "old", "new")))
    for bad in ({"name": ""}, {"name": "x", "email": "nonsense"}):
        with pytest.raises(accounts.BadAccount):
            accounts.change_details(user=user, by=user, **bad)
    with pytest.raises(NotAllowed):
        accounts.change_details(user=boss, by=user, name="x")


def test_only_administrators_make_administrators_and_one_is_always_left(boss):
    staff = create(boss, role=Role.STAFF).user
    accounts.set_administrator(user=staff, by=boss, administrator=True)
    accounts.set_administrator(user=staff, by=boss, administrator=True)
    assert User.objects.get(pk=staff.pk).is_superuser
    assert Event.objects.filter(kind="administrator_made").count() == 1
    accounts.set_administrator(user=staff, by=boss, administrator=False)
    with pytest.raises(accounts.LastAdministrator):
        accounts.set_administrator(user=boss, by=boss, administrator=False)
    with pytest.raises(NotAllowed):
        accounts.set_administrator(user=staff, by=User.objects.get(pk=staff.pk), administrator=True)
    with pytest.raises(accounts.NotStaff):
        accounts.set_administrator(user=make.make_user(Role.UNIT), by=boss, administrator=True)
    accounts.switch_off_account(user=staff, by=boss, reason="x")
    with pytest.raises(accounts.AccountIsOff):
        accounts.set_administrator(user=staff, by=boss, administrator=True)
