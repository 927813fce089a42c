"""How a picture finds the person at a shoot (by shot number) and is tied to the attendance it comes from."""

from django.db import IntegrityError, transaction

from sessions.models import Attendance, AttendancePhoto, AttendanceState, Shot
from sessions.shots import normal_code
from students.models import Graduate, Photo
from units.models import Campaign, Studio


def shots_by_code(studio: Studio, campaign: Campaign, typed: str) -> list[Shot]:
    """All shots of this printed number, voided ones too; more than one only across years of one campaign."""
    code = normal_code(typed)
    if not code:
        return []
    return list(
        Shot.objects.filter(
            code=code, station__studio=studio, attendance__booking__campaign=campaign
        ).select_related("attendance__graduate__enrolment")
    )


def graduate_of_shot(studio: Studio, campaign: Campaign, typed: str) -> Graduate | None:
    """Who was photographed under this valid number; None for void, unknown and ambiguous ones."""
    valid = [shot for shot in shots_by_code(studio, campaign, typed) if shot.voided_at is None]
    return valid[0].attendance.graduate if len(valid) == 1 else None


def link_photo(photo: Photo, *, shot: Shot | None = None) -> AttendancePhoto | None:
    """Tie a picture taken at a shoot to its attendance: that of the shot number, else the person's newest.

    Harmless when repeated. None when the person has not been photographed at any shoot of this studio.
    """
    if known := AttendancePhoto.objects.filter(photo=photo).first():
        return known
    attendance = shot.attendance if shot else _newest_attendance(photo)
    if attendance is None:
        return None
    shot = shot or attendance.shots.filter(voided_at=None).first()
    try:
        with transaction.atomic():
            return AttendancePhoto.objects.create(attendance=attendance, photo=photo, shot=shot)
    except IntegrityError:
        return AttendancePhoto.objects.filter(photo=photo).first()


def _newest_attendance(photo: Photo) -> Attendance | None:
    rows = Attendance.objects.filter(
        graduate__enrolment=photo.enrolment_id,
        graduate__campaign=photo.campaign_id,
        booking__studio=photo.studio_id,
        state=AttendanceState.PHOTOGRAPHED,
    )
    return rows.order_by("-photographed_at").first()
