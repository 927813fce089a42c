"""No page leads nowhere: every link that somebody sees opens for this somebody."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.photocampus.test_access_walk import PORTAL, client_of
from tests.world import OBJECTS, make_world

pytestmark = [pytest.mark.looks, pytest.mark.django_db]
LINK = re.compile(r'<a\b[^>]*?\shref="([^"#][^"]*)"')
# The small world stores one small image and no large one.
MISSING_FILES = re.compile(r"^/pictures/[\w-]+/(large|registration)/$")


def kind_of(path: str, query: str) -> tuple[str, tuple[str, ...]]:
    """Two addresses of one kind answer alike: the same page, asked for with the same keys."""
    keys = tuple(sorted(part.partition("=")[0] for part in query.split("&") if part))
    try:
        return resolve(path).view_name, keys
    except Resolver404:
        return path, keys


@pytest.mark.parametrize("role", ["unit", "studio", "staff"])
def test_every_link_opens_for_whoever_sees_it(role):
    world = make_world()
    client = client_of(world.people[role])
    addresses = [row.url(world.values(OBJECTS.get(row.name))) for row in PORTAL if row.name != "logout"]
    waiting = deque([("", path) for path in addresses])
    seen, dead = set(), []
    while waiting:
        place, link = waiting.popleft()
        parts = urlsplit(urljoin(f"http://testserver{place or '/'}", unescape(link)))
        kind = kind_of(parts.path, parts.query)
        if parts.netloc != "testserver" or (kind, bool(place)) in seen or MISSING_FILES.match(parts.path):
            continue
        if parts.path == place:  # filters and pages of the same list
            continue
        seen.add((kind, bool(place)))
        answer = client.get(f"{parts.path}?{parts.query}")
        if place and answer.status_code >= 400:
            dead.append(f"{place} leads to {parts.path}: {answer.status_code}")
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            waiting.extend((parts.path, found) for found in LINK.findall(answer.content.decode()))
    assert dead == []
    assert len(seen) > len(addresses)
