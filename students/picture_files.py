"""Pictures on their way to a browser: authorised each time, kept by the browser only under their hash."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from photocampus.files import serve_private
from photocampus.views import MemberPage
from students.models import IngestFile, Rendition
from units.access import StudioPage

JPEG = "image/jpeg"
# How long a browser keeps a picture whose address names its content; logging out ends it sooner.
KEPT_SECONDS = 24 * 3600
LEAST_NAMED = 16  # characters of the hash


class PictureFile(MemberPage):
    """`/pictures/<photo>/<profile>/`: a rendition that the user may see.

    With `?v=` and the beginning of the content's hash the address stands for these bytes alone and is not asked again.
    """

    def get(self, request: HttpRequest, public_id: str, profile: str) -> HttpResponseBase:
        found = self.scoped(Rendition).filter(photo__public_id=public_id, profile__name=profile)
        rendition = found.select_related("photo").order_by("-profile__version").first()
        if rendition is None:
            raise Http404
        named = request.GET.get("v", "")
        is_named = len(named) >= LEAST_NAMED and rendition.sha256.startswith(named)
        return serve_private(
            request,
            rendition.file,
            filename=f"{profile}.jpg",
            etag=rendition.sha256,
            content_type=JPEG,
            kept_seconds=KEPT_SECONDS if is_named else 0,
        )


class TrayPreview(StudioPage):
    """`/studio/<studio>/<campaign>/pictures/tray/<file>/preview/`: an unmatched picture, small."""

    needs = "view"

    def get(self, request: HttpRequest, public_id: str) -> HttpResponseBase:
        files = IngestFile.objects.filter(batch__studio=self.studio, batch__campaign=self.campaign)
        row = self.get_scoped(files, public_id=public_id)
        return serve_private(
            request, row.preview, filename="preview.jpg", etag=row.sha256[:32], content_type=JPEG
        )
