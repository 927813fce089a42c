"""What a person sees when a page refuses or fails: what happened, and what to do now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from photocampus.context_vars import request_id


def _answer(request: HttpRequest, status: int, heading: str, message: str) -> HttpResponse:
    context = {"heading": heading, "message": message, "code": status}
    return render(request, "errors/page.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if type(exception).__name__ in ("RequestDataTooBig", "TooManyFieldsSent", "TooManyFilesSent"):
        return too_large(request)
    return _answer(
        request, 400, _("That request was not understood"), _("Go back, reload the page and try once more.")
    )


def too_large(request: HttpRequest) -> HttpResponse:
    message = _("What you sent is larger than the portal takes in one go. Send it in smaller parts.")
    return _answer(request, 413, _("Too large"), message)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, _("Not allowed"), _("Your role does not allow this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    message = _("This page does not exist, or it belongs to people other than yours.")
    if request.path.startswith("/me/"):
        # Graduates have no log-in: the start page is of no use to them.
        message = _(
            "This code leads nowhere (any more): it is incomplete, or the campaign is over. Ask your unit."
        )
    return _answer(request, 404, _("Not found"), message)


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks neither the database nor the session: whatever broke may be one of them."""
    body = loader.get_template("500.html").render({"request_id": request_id.get()})
    return HttpResponse(body, status=500)
