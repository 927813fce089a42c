"""Refusals and failures are explained in the reader's language, inside the portal's frame."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from photocampus import error_pages, health
from photocampus.models import WorkerBeat
from tests.factories import make_school, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def school():
    return make_school()


def test_unknown_page_is_explained_to_whoever_is_logged_in(client):
    client.force_login(make_staff())
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "页面不存在" in answer.content.decode()


def test_graduate_with_an_old_code_is_sent_to_the_unit(client):
    answer = client.get("/me/no-such-code/")
    assert answer.status_code == 404
    assert "请联系所在单位" in answer.content.decode()


def test_form_without_token_is_refused_with_an_explanation():
    answer = Client(enforce_csrf_checks=True).post(reverse("login"), {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "未能提交" in answer.content.decode()


def test_too_large_request_says_so(rf: RequestFactory):
    answer = error_pages.bad_request(as_visitor(rf), RequestDataTooBig())
    assert answer.status_code == 413
    assert "内容过大" in answer.content.decode()


def test_bad_request_and_forbidden_are_explained(rf: RequestFactory):
    assert error_pages.bad_request(as_visitor(rf), ValueError()).status_code == 400
    assert error_pages.forbidden(as_visitor(rf)).status_code == 403


def test_server_error_asks_neither_database_nor_session(rf: RequestFactory, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = error_pages.server_error(rf.get("/"))
    assert answer.status_code == 500
    assert "系统出错了" in answer.content.decode()


def as_visitor(rf: RequestFactory) -> HttpRequest:
    from django.contrib.auth.models import AnonymousUser

    request = rf.get("/")
    request.user = AnonymousUser()
    return request


def test_health_is_well_with_a_living_worker(client):
    WorkerBeat.objects.create(worker="w", at=timezone.now())
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "storage": True, "worker": True}


def test_health_names_a_silent_worker(client):
    WorkerBeat.objects.create(worker="w", at=timezone.now() - 2 * health.WORKER_SILENCE)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["worker"] is False


def test_health_names_a_broken_storage(client, monkeypatch):
    def broken() -> bool:
        raise OSError("no storage")

    monkeypatch.setitem(health.CHECKS, "storage", broken)
    assert client.get("/healthz").json()["storage"] is False
