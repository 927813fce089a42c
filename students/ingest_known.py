"""Whether the bytes of an incoming file are a picture of the person already, or a finished part of one."""

from django.db.models import Q, QuerySet

from photocampus.events import history_of
from students.models import Graduate, IngestFile, IngestState, Photo, Rendition


def known_photos(graduate: Graduate, sha256: str) -> list[Photo]:
    """The person's pictures that these bytes were filed as, or have joined; the newest first."""
    photos = Photo.objects.filter(enrolment=graduate.enrolment_id, taken_back_at=None)
    parts = Rendition.objects.filter(photo__in=photos, sha256=sha256).values("photo")
    same = Q(sha256=sha256) | Q(pk__in=parts) | Q(pk__in=_sent(photos, sha256).values("photo"))
    return list(photos.filter(same).order_by("-pk"))


def holds(chosen: Photo, known: list[Photo], sha256: str) -> bool:
    """Whether the chosen picture is one of the known ones, or has carried over what these bytes became there."""
    if chosen in known:
        return True
    became = {one.sha256 for photo in known for one in _parts_made_of(photo, sha256)}
    return chosen.renditions.filter(is_studio_file=True, sha256__in=became).exists()


def _sent(photos: QuerySet[Photo], sha256: str) -> QuerySet[IngestFile]:
    """A finished file lies there without its metadata: only its row knows the bytes that came."""
    return IngestFile.objects.filter(photo__in=photos, sha256=sha256, state=IngestState.FILED)


def _parts_made_of(photo: Photo, sha256: str) -> list[Rendition]:
    """The finished parts of a picture that these bytes became, with the picture itself or later."""
    files = set(_sent(Photo.objects.filter(pk=photo.pk), sha256).values_list("public_id", flat=True))
    joined = {
        event.data.get("profile")
        for event in history_of(photo).filter(kind="studio_file_joined")
        if event.data.get("file") in files
    }
    own_size = (photo.width, photo.height) if photo.sha256 == sha256 else None
    return [
        one
        for one in photo.renditions.filter(is_studio_file=True).select_related("profile")
        if one.sha256 == sha256 or one.profile.name in joined or (one.width, one.height) == own_size
    ]
