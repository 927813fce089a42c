"""Log-in with its pause, log-out, the password, and the forced change of a one-time password."""

import pytest
from django.test import Client
from django.urls import reverse

from photocampus.models import AccessLog, Role, User
from tests.factories import make_school, make_staff, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "Lang-genug-2018"


@pytest.fixture(autouse=True)
def school():
    return make_school()


def log_in(client: Client, username: str, password: str, address: str = "10.0.0.1"):
    return client.post(reverse("login"), {"username": username, "password": password}, REMOTE_ADDR=address)


def test_login_page_comes_in_chinese_and_in_english_on_demand(client):
    assert "登录" in client.get(reverse("login")).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": reverse("login")})
    assert "Log in" in client.get(reverse("login")).content.decode()


@pytest.mark.parametrize(
    ("role", "start"), [(Role.STAFF, "/admin/"), (Role.UNIT, "/unit/"), (Role.STUDIO, "/studio/")]
)
def test_login_leads_each_role_to_its_start_page(client, role, start):
    user = make_user(role, password=PASSWORD)
    answer = client.post(reverse("login"), {"username": user.username, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == start
    assert answer.status_code == 200


def test_login_refuses_a_wrong_password_without_saying_which_was_wrong(client):
    user = make_user(password=PASSWORD)
    wrong_password = log_in(client, user.username, "nope").content.decode()
    wrong_name = log_in(client, "nobody", "nope").content.decode()
    assert "用户名或密码错误" in wrong_password
    assert "用户名或密码错误" in wrong_name


def test_login_pauses_for_account_and_address_together(client):
    victim, other = make_user(password=PASSWORD), make_user(password=PASSWORD)
    for _ in range(5):
        answer = log_in(client, victim.username, "wrong")
    assert answer.status_code == 429
    assert "登录已暂停" in answer.content.decode()
    assert log_in(client, victim.username, PASSWORD).status_code == 429
    # The same account from elsewhere and another account from the same address still get in.
    assert log_in(Client(), victim.username, PASSWORD, address="10.0.0.2").status_code == 302
    assert log_in(Client(), other.username, PASSWORD).status_code == 302


def test_logout_needs_a_post(client):
    client.force_login(make_staff())
    assert client.get(reverse("logout")).status_code == 405
    assert client.get(reverse("jobs")).status_code == 200
    client.post(reverse("logout"))
    assert client.get(reverse("jobs")).status_code == 302


def test_inactive_user_does_not_get_in(client):
    user = make_user(password=PASSWORD, is_active=False)
    assert log_in(client, user.username, PASSWORD).status_code == 200
    assert "_auth_user_id" not in client.session


def test_one_time_password_forces_a_change_on_every_page(client):
    user = make_user(Role.UNIT, password=PASSWORD, must_change_password=True)
    client.force_login(user)
    for name in ("start", "jobs", "units:unit-start"):
        assert client.get(reverse(name)).headers["Location"] == reverse("password_change")
    assert client.get(reverse("password_change")).status_code == 200


def test_forced_change_does_not_take_the_one_time_password_again(client):
    user = make_user(Role.UNIT, password=PASSWORD, must_change_password=True)
    client.force_login(user)
    answer = client.post(
        reverse("password_change"),
        {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD},
    )
    assert answer.status_code == 200
    assert User.objects.get(pk=user.pk).must_change_password


def test_password_change_opens_the_portal_and_is_logged(client):
    user = make_user(Role.UNIT, password=PASSWORD, must_change_password=True)
    client.force_login(user)
    new = "Neu-und-lang-2018"
    answer = client.post(
        reverse("password_change"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert answer.status_code == 302
    fresh = User.objects.get(pk=user.pk)
    assert not fresh.must_change_password
    assert fresh.check_password(new)
    assert AccessLog.objects.filter(action="password_changed", by=user).count() == 1
    assert client.get(reverse("units:unit-start")).status_code == 200


def test_weak_password_is_refused_with_the_reason_at_the_field(client):
    user = make_user(Role.UNIT, password=PASSWORD)
    client.force_login(user)
    answer = client.post(
        reverse("password_change"), {"old_password": PASSWORD, "new_password1": "123", "new_password2": "123"}
    )
    page = answer.content.decode()
    assert 'id="id_new_password2_error"' in page
    assert 'aria-invalid="true"' in page
