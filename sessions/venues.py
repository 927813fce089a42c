"""The unit's register of rooms for on-site shoots, with their pictures. It is not bound to a campaign: next year's
shoots take the same rooms. What a room must be stands in `sessions.rooms`."""

import hashlib
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from photocampus.uploads import check_upload_size
from sessions.models import Venue, VenuePhoto
from sessions.parties import require_unit
from sessions.room_flags import confirmed_on_site, flag_unfit_rooms
from students.imaging import decode, read_header
from units.models import Unit

FIELDS = (
    "name", "address", "area", "longest_side", "doors", "voltage", "power", "fire_equipment", "certified_by",
    "certified_until", "note",
)  # fmt: skip
MAX_PHOTOS = 8
PHOTO_SIDE = 1600  # pixels of the longer side, enough to see sockets and doors
PHOTO_QUALITY = 82


class VenueNameTaken(DomainError):
    code = "venue_name_taken"
    message = _("The unit already has a room named “%(name)s”.")


class CertifierMissing(DomainError):
    code = "certifier_missing"
    message = _("A date until which the room is certified needs the person who certified it.")


class TooManyPhotos(DomainError):
    code = "too_many_photos"
    message = _("A room has at most %(limit)d pictures.")


@transaction.atomic
def save_venue(*, unit: Unit, by: User, venue: Venue | None = None, **fields: Any) -> Venue:
    """Enter a room into the unit's register or change it; confirmed shoots for which it is no longer enough are flagged.

    Raises `VenueNameTaken`, `CertifierMissing`.
    """
    require_unit(by, [unit])
    before = Venue.objects.select_for_update().get(pk=venue.pk, unit=unit) if venue else None
    venue = venue or Venue(unit=unit)
    for name in FIELDS:
        if name in fields:
            setattr(venue, name, fields[name])
    if venue.certified_until and not venue.certified_by.strip():
        raise CertifierMissing()
    changed = [name for name in FIELDS if before and getattr(before, name) != getattr(venue, name)]
    try:
        with transaction.atomic():
            venue.save()
            record(venue, "venue_changed" if before else "venue_added", by=by, data={"fields": changed})
    except IntegrityError:
        raise VenueNameTaken(name=venue.name) from None
    if before:
        venue.refresh_from_db()  # numbers from a form may still be text
        flag_unfit_rooms(confirmed_on_site().filter(venue=venue), by)
    return venue


@transaction.atomic
def retire_venue(*, venue: Venue, by: User) -> None:
    """Take a room out of the register; bookings that name it keep it and, when confirmed, are flagged. Harmless when
    repeated."""
    require_unit(by, [venue.unit])
    if Venue.objects.filter(pk=venue.pk, is_active=True).update(is_active=False):
        record(venue, "venue_retired", by=by)
        flag_unfit_rooms(confirmed_on_site().filter(venue=venue), by)


def add_photo(*, venue: Venue, upload: UploadedFile, by: User, caption: str = "") -> VenuePhoto:
    """Keep a picture of the room, drawn anew as JPEG: smaller, upright, without the camera's and the place's data.

    The same picture twice is one. Raises `TooLarge`, `BadPicture`, `TooManyPhotos`.
    """
    require_unit(by, [venue.unit])
    check_upload_size(upload, "attachment")
    data, width, height = drawn_anew(upload)
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        Venue.objects.select_for_update().get(pk=venue.pk)
        live = VenuePhoto.objects.filter(venue=venue, removed_at=None)
        if known := live.filter(sha256=digest).first():
            return known
        if live.count() >= MAX_PHOTOS:
            raise TooManyPhotos(limit=MAX_PHOTOS)
        photo = VenuePhoto(
            venue=venue,
            caption=caption.strip()[:100],
            sha256=digest,
            size=len(data),
            width=width,
            height=height,
            by=by,
        )
        photo.at = clock.now()
        photo.file.save("room.jpg", ContentFile(data), save=False)
        photo.save()
        record(venue, "venue_photo_added", by=by, data={"sha256": digest})
    return photo


def drawn_anew(upload: UploadedFile) -> tuple[bytes, int, int]:
    """JPEG bytes without metadata, width, height. Raises `BadPicture` for whatever is no picture."""
    file: Any = upload
    header = read_header(file)
    file.seek(0)
    picture = decode(file, header, at_least=(PHOTO_SIDE, PHOTO_SIDE)).image.convert("RGB")
    picture.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    picture.info.clear()
    target = BytesIO()
    picture.save(target, "JPEG", quality=PHOTO_QUALITY, optimize=True)
    return target.getvalue(), picture.width, picture.height


@transaction.atomic
def remove_photo(*, photo: VenuePhoto, by: User) -> None:
    """Take a picture of the room away: its file goes, the line that there was one stays. Harmless when repeated."""
    require_unit(by, [photo.venue.unit])
    now = clock.now()
    if VenuePhoto.objects.filter(pk=photo.pk, removed_at=None).update(removed_at=now, file=""):
        record(photo.venue, "venue_photo_removed", by=by, data={"sha256": photo.sha256})
        storage, name = photo.file.storage, photo.file.name
        transaction.on_commit(lambda: storage.delete(str(name)))
