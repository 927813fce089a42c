"""Private files: each request was authorised by its page; here they only leave (design §5)."""

import mimetypes
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase


def serve_private(
    request: HttpRequest,
    file: FieldFile,
    *,
    filename: str = "",
    attachment: bool = False,
    etag: str = "",
    content_type: str = "",
    kept_seconds: int = 0,
) -> HttpResponseBase:
    """Stream the file, or hand it to the web server by `X-Accel-Redirect` when `ACCEL` is set.

    `etag` (a hash of the content) lets a browser keep its private copy, which it asks about each time; without it
    nothing is kept. An address that itself names the content may be kept for `kept_seconds` without asking.
    """
    if not file or not file.name:
        raise Http404
    quoted = f'"{etag}"' if etag else ""
    response: HttpResponseBase
    if quoted and quoted in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    elif settings.ACCEL and isinstance(default_storage, FileSystemStorage):
        response = HttpResponse()
        response["X-Accel-Redirect"] = f"{settings.ACCEL.rstrip('/')}/{quote(file.name)}"
    else:
        if not file.storage.exists(file.name):
            raise Http404
        response = FileResponse(file.open("rb"))
    guessed = content_type or mimetypes.guess_type(filename or file.name)[0] or "application/octet-stream"
    response["Content-Type"] = guessed
    response["X-Content-Type-Options"] = "nosniff"
    # A file opened by itself is a page of its own: it may run and load nothing.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    disposition = "attachment" if attachment else "inline"
    response["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{quote(filename or 'file')}"
    response["Cache-Control"] = "private, max-age=0, must-revalidate" if quoted else "no-store"
    if quoted and kept_seconds:
        response["Cache-Control"] = f"private, max-age={kept_seconds}, immutable"
    if quoted:
        response["ETag"] = quoted
    return response
