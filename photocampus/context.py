"""What every template knows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from photocampus import __version__, clock
from photocampus.models import School
from photocampus.navigation import navigation
from photocampus.told import unread_count


def portal(request: HttpRequest) -> dict[str, Any]:
    """`school`, `today`, `demo_date` (None in real life), `version`, the navigation `nav`, and how much is `unread`."""
    return {
        "school": School.objects.first(),
        "today": clock.today(),
        "demo_date": clock.demo_date(),
        "version": __version__,
        "unread": SimpleLazyObject(lambda: unread_count(request)),
        "nav": SimpleLazyObject(lambda: navigation(request)),
    }
