"""Every address of the portal, tried by everybody: nobody gets in who should not, and no address is unknown.

A new address must have an object in `tests.world.OBJECTS` when its path names one; without that, the walk fails.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from photocampus.models import Event, Role
from photocampus.views import MemberPage, Page, PublicPage, StaffPage
from tests.world import ALSO_OBJECTS, EXPECTED, MAY, OBJECTS, ONLY_LOGGED, PUBLIC, World, make_world
from units.access import StudioPage, UnitPage

# Answers that say: you are not in, or there is nothing of this kind (405).
CLOSED = {302, 403, 404, 405}


@dataclass(frozen=True)
class Address:
    name: str
    view: type | None
    kwargs: tuple[str, ...]
    route: str

    def url(self, values: dict[str, str]) -> str:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], self.route)


def addresses(
    resolver: URLResolver | None = None, prefix: str = "", namespace: str = ""
) -> Iterator[Address]:
    resolver = resolver or get_resolver()
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from addresses(entry, route, inner)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", None)
            yield Address(f"{namespace}{entry.name or ''}", view, tuple(entry.pattern.converters), route)


PORTAL = [
    address
    for address in addresses()
    if not address.name.startswith("admin:") and "admin/" not in address.route
]
ADMIN = [address for address in addresses() if address.name.startswith("admin:")]
OFFICE = [
    address for address in addresses() if "admin/" in address.route and not address.name.startswith("admin:")
]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def bare_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the status counts: thousands of refusals need not each draw a page with its navigation."""
    monkeypatch.setattr(
        "photocampus.error_pages.render",
        lambda request, template, context, status: HttpResponse(status=status),
    )


def client_of(user: Any) -> Client:
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def is_refused(client: Client, url: str) -> bool:
    """Neither reading nor writing gets in. A redirect counts only when it leads to the log-in."""
    for answer in (client.get(url), client.post(url, {})):
        if answer.status_code == 302 and "/login/" not in answer["Location"]:
            return False
        if answer.status_code not in CLOSED:
            return False
    return True


def who_may(address: Address) -> set[str]:
    """The people of the world for whom the door of this address opens."""
    view = address.view
    assert view is not None
    if issubclass(view, PublicPage):
        return {"anonymous", "staff", "unit", "other_unit", "studio", "other_studio"}
    if issubclass(view, StaffPage):
        return {"staff"}
    if issubclass(view, UnitPage):
        return {"unit"} | ({"staff"} if "staff" in view.table[view.needs] else set())
    if issubclass(view, StudioPage):
        return {"studio"} | ({"staff"} if "staff" in view.table[view.needs] else set())
    assert issubclass(view, MemberPage), f"{address.name}: no known door"
    return {"staff", "unit", "other_unit", "studio", "other_studio"}


def test_every_address_has_a_door_and_public_ones_are_listed() -> None:
    without_door = [a.name for a in PORTAL if a.view is None or not issubclass(a.view, Page)]
    assert without_door == []
    public = {a.name for a in PORTAL if a.view and issubclass(a.view, PublicPage)}
    assert public == PUBLIC


def test_every_address_with_an_object_is_known_to_the_walk() -> None:
    named = {a.name for a in PORTAL if set(a.kwargs) - {"unit", "campaign", "studio"}}
    assert named - set(OBJECTS) == set(), "say in tests.world.OBJECTS which object of unit A these open"
    assert set(OBJECTS) - named == ALSO_OBJECTS, "these addresses are gone"


@pytest.mark.usefixtures("bare_refusals")
def test_addresses_open_only_for_whom_they_are_meant(world: World) -> None:
    wrong = []
    clients = {name: client_of(user) for name, user in world.people.items()}
    for address in PORTAL:
        opens = OBJECTS.get(address.name)
        url = address.url(world.values(opens))
        may = (opens and opens.may) or MAY.get(address.name) or who_may(address)
        for name, client in clients.items():
            if name not in may:
                wrong += [f"{name} got into {url}"] if not is_refused(client, url) else []
            elif (status := client.get(url).status_code) not in EXPECTED.get(
                address.name, {200, 204, 302, 304, 405, 409}
            ):
                wrong.append(f"{name} got {status} at {url}")
        clients = {**clients, **{name: client_of(world.people[name]) for name in may if "logout" in url}}
    assert wrong == [], "\n".join(wrong)


@pytest.mark.usefixtures("bare_refusals")
def test_own_address_does_not_open_a_foreign_object(world: World) -> None:
    """The path names the own unit or studio, the object belongs to somebody else."""
    wrong = []
    for address in PORTAL:
        opens = OBJECTS.get(address.name)
        if opens is None or opens.shared or address.view is None:
            continue
        for door, name, own in (
            (UnitPage, "other_unit", {"unit": world.other_unit.code}),
            (StudioPage, "other_studio", {"studio": world.other_studio.code}),
        ):
            url = address.url({**world.values(opens), **own})
            if issubclass(address.view, door) and not is_refused(client_of(world.people[name]), url):
                wrong.append(f"{name} got into {url}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.usefixtures("bare_refusals")
def test_admin_is_for_academic_affairs_only(world: World) -> None:
    open_to_all = ("/admin/login", "/admin/jsi18n", "/admin/logout")
    wrong = []
    for name in ("anonymous", "unit", "studio"):
        client = client_of(world.people[name])
        for address in ADMIN + OFFICE:
            url = re.sub(r"\(\?P\w*[^)]*\)|[\^$]", "1", address.url(defaultdict(lambda: "1")))
            if url.startswith(open_to_all):
                continue
            answer = client.get(url)
            if answer.status_code not in CLOSED or "login" not in answer.get("Location", "login"):
                wrong.append(f"{name} got {answer.status_code} at {url}")
    assert wrong == [], "\n".join(wrong)


def test_staff_only_read_on_pages_of_units_and_studios(world: World) -> None:
    """Who may look may not act: a POST by academic affairs writes nothing, not even an event."""
    client, wrong = client_of(world.people["staff"]), []
    for address in PORTAL:
        if (
            address.view
            and issubclass(address.view, UnitPage | StudioPage)
            and address.name not in ONLY_LOGGED
        ):
            before = Event.objects.count()
            status = client.post(address.url(world.values(OBJECTS.get(address.name))), {}).status_code
            if status not in {302, 403, 404, 405} or Event.objects.count() != before:
                wrong.append(f"staff posted to {address.name}: {status}")
    assert wrong == [], "\n".join(wrong)


def test_foreign_names_stay_out_of_every_page(world: World) -> None:
    """Whatever opens for the other unit and the other studio holds no name or number of unit A."""
    for name in ("other_unit", "other_studio"):
        client = client_of(world.people[name])
        for address in PORTAL:
            if address.name in OBJECTS:
                continue
            values = world.values(None)
            values["unit"], values["studio"] = world.other_unit.code, world.other_studio.code
            answer = client.get(address.url(values), follow=True)
            if answer.status_code == 200 and not answer.streaming:
                text = answer.content.decode(errors="replace")
                assert not [secret for secret in world.secrets if secret in text], f"{name} at {address.name}"


def test_roles_of_the_world_are_what_they_say(world: World) -> None:
    assert world.people["unit"].role == Role.UNIT and world.people["studio"].role == Role.STUDIO
