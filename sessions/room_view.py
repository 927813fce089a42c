"""Pictures of rooms on pages, and their way to a browser: authorised each time."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from photocampus.files import serve_private
from photocampus.views import MemberPage, Page
from sessions.models import Venue, VenuePhoto


def photos_of(page: Page, venue: Venue | None) -> list[VenuePhoto]:
    """What the reader may see of a room's pictures."""
    if venue is None:
        return []
    return list(page.scoped(VenuePhoto.objects.filter(venue=venue, removed_at=None)))


class VenuePhotoFile(MemberPage):
    """`/venues/pictures/<picture>/`: the unit's people, academic affairs, and the studio that is booked for the room."""

    def get(self, request: HttpRequest, photo: str) -> HttpResponseBase:
        row = self.get_scoped(VenuePhoto.objects.filter(removed_at=None), public_id=photo)
        return serve_private(
            request, row.file, filename="room.jpg", etag=row.sha256[:32], content_type="image/jpeg"
        )
