"""The admin site for academic affairs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.templatetags import admin_list
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from photocampus.admin_words import OWN_APPS
from photocampus.going_live import steps_to_go_live
from photocampus.models import Role, User
from photocampus.waiting import scopes_of, waiting_items

APP_ORDER = ("units", "students", "shoots", "photocampus", "auth")


def yes_no_icon(value: bool | None) -> str:
    """Django's icon of a yes or no; its own is called True, False or None in every language."""
    name, word = {True: ("yes", _("yes")), False: ("no", _("no"))}.get(value, ("unknown", _("not known")))  # type: ignore[arg-type]
    return format_html('<img src="{}" alt="{}">', static(f"admin/img/icon-{name}.svg"), word)


setattr(admin_list, "_boolean_icon", yes_no_icon)  # noqa: B010  (private, so unknown to the type checker)


class PortalAdminSite(admin.AdminSite):
    site_header = _("photocampus – academic affairs")
    site_title = _("photocampus")
    index_title = _("What waits now")
    site_url = None
    # The start page has all lists; a column of sixty names beside every list only takes its room.
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Our own models only: what other packages register would bring deletion and pages of their own."""
        models: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        wanted = [
            model
            for model in models
            if model._meta.app_label in OWN_APPS or getattr(admin_class, "is_portals", False)
        ]
        if wanted:
            super().register(wanted, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.is_active and user.role == Role.STAFF)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Whoever is logged in and does not belong here gets 404, like everywhere else."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return door

    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The portal has one log-in, with its pause after wrong passwords; the admin's own leads there."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise Http404
        if request.user.is_authenticated:
            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("login"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The portal has one page for the password, too."""
        return redirect("password_change")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """In the order of the work, and in each app first what staff change."""
        found = super().get_app_list(request, app_label)
        place = {label: index for index, label in enumerate(APP_ORDER)}
        for app in found:
            app["models"].sort(
                key=lambda model: (not model["perms"]["change"], not model["add_url"], model["name"])
            )
        return sorted(found, key=lambda app: place.get(app["app_label"], len(place)))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Above the lists: what a new portal still needs, and what waits in each published campaign."""
        assert isinstance(request.user, User)
        waiting = [
            {
                "campaign": scope.campaign,
                "items": waiting_items("staff", scope),
                "url": reverse("students:units", args=[scope.campaign.code]),
            }
            for scope in scopes_of(request.user)
        ]
        steps = steps_to_go_live()
        done = sum(1 for step in steps if step.is_done)
        context = {"waiting": waiting, "go_live": steps, "go_live_done": done, **(extra_context or {})}
        return super().index(request, context)
