"""The first page of a new portal, and that it is gone afterwards."""

import pytest

from photocampus.first_run import AlreadySetUp, set_up_school
from photocampus.models import Event, School, User
from tests.factories import make_school, make_staff

pytestmark = pytest.mark.django_db
GOOD = {
    "code": "51160",
    "school_name": "江城开放大学",
    "username": "chen",
    "name": "陈教务",
    "password": "Lang-genug-2018",
    "password_again": "Lang-genug-2018",
}


@pytest.mark.parametrize("path", ["/", "/login/", "/admin/", "/unit/", "/jobs/", "/no/such/page/"])
def test_every_page_of_a_new_portal_leads_to_its_set_up(client, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/setup/"


def test_set_up_creates_school_and_administrator_who_can_log_in(client):
    assert client.get("/setup/").status_code == 200
    assert client.post("/setup/", GOOD).headers["Location"] == "/login/"
    assert School.objects.get().code == "51160"
    user = User.objects.get()
    assert (user.username, user.role, user.is_superuser) == ("chen", "staff", True)
    assert Event.objects.filter(kind="set_up", by=user).exists()
    answer = client.post("/login/", {"username": "chen", "password": GOOD["password"]})
    assert answer.status_code == 302


def test_set_up_is_gone_afterwards(client):
    client.post("/setup/", GOOD)
    assert client.get("/setup/").status_code == 404
    assert client.post("/setup/", {**GOOD, "username": "other"}).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "511"),
        ("code", "5116X"),
        ("school_name", ""),
        ("username", "with blank"),
        ("password", "short"),
        ("password_again", "Ganz-anders-2018"),
    ],
)
def test_set_up_refuses_bad_fields(client, field, value):
    answer = client.post("/setup/", {**GOOD, field: value})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not School.objects.exists()
    assert not User.objects.exists()


def test_set_up_is_refused_when_somebody_can_log_in():
    make_staff()
    data = {name: value for name, value in GOOD.items() if name != "password_again"}
    with pytest.raises(AlreadySetUp):
        set_up_school(**data)


def test_set_up_is_refused_when_there_is_a_school():
    make_school()
    data = {name: value for name, value in GOOD.items() if name != "password_again"}
    with pytest.raises(AlreadySetUp):
        set_up_school(**data)
    assert not User.objects.exists()
