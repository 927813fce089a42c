"""Per-request facts, the first-run door, and the forced change of a one-time password."""

import ipaddress
import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from photocampus import context_vars

SET_UP_KNOWN = "portal-is-set-up"
SET_UP_KNOWN_SECONDS = 30
GetResponse = Callable[[HttpRequest], HttpResponse]


def client_address(request: HttpRequest) -> str:
    """The client's address; forwarded ones count only when they come from a trusted proxy."""
    address = request.META.get("REMOTE_ADDR", "") or ""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if address not in settings.TRUSTED_PROXIES and not (not address and settings.TRUSTED_PROXIES):
        return address
    for candidate in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        try:
            ipaddress.ip_address(candidate)
        except ValueError:
            break
        if candidate not in settings.TRUSTED_PROXIES:
            return candidate
    return address


class RequestContextMiddleware:
    """Number the request and keep its address, so that every log row can name both."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = secrets.token_hex(8)
        tokens = (
            context_vars.request_id.set(number),
            context_vars.client_address.set(client_address(request)),
        )
        try:
            response = self.get_response(request)
        finally:
            context_vars.request_id.reset(tokens[0])
            context_vars.client_address.reset(tokens[1])
        response["X-Request-ID"] = number
        if "Cache-Control" not in response and not request.path.startswith(settings.STATIC_URL):
            # Pages show people; neither a shared machine's cache nor a proxy keeps them.
            response["Cache-Control"] = "no-store"
        return response


class FirstRunMiddleware:
    """While there is neither a school nor a user, every page leads to the set-up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        open_paths = (settings.STATIC_URL, reverse("setup"), reverse("healthz"), reverse("set_language"))
        if not request.path.startswith(open_paths) and not cache.get(SET_UP_KNOWN):
            from photocampus.first_run import is_new

            if is_new():
                return redirect("setup")
            # Not for ever: the demonstration may be taken out while the server runs.
            cache.set(SET_UP_KNOWN, True, SET_UP_KNOWN_SECONDS)
        return self.get_response(request)


class PasswordChangeMiddleware:
    """Whoever logs in with a one-time password chooses an own one before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.must_change_password:
            allowed = {reverse("password_change"), reverse("logout"), reverse("set_language")}
            if request.path not in allowed and not request.path.startswith(settings.STATIC_URL):
                return redirect("password_change")
        return self.get_response(request)
