"""What shoots add to pictures: whose a shot number is, and from which attendance a picture comes."""

import datetime as dt
import re

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from sessions.models import Attendance, AttendanceState, BookingState, DeliveryItem, Shot
from sessions.picture_links import link_photo, shots_by_code
from sessions.shots import CODE_FORM
from students.filing import on_photo_filed
from students.makeup import add_reason
from students.matching import (
    IssuedShot,
    ListedShot,
    Match,
    ShootDay,
    register_matcher,
    register_shot_lists,
)
from students.models import Graduate, MatchMode, Origin, Photo
from students.taking_back import NotTakenBack, on_taking_back
from units.models import Campaign, Studio

# A student number's last digits with a date and a counter behind them are no shot number.
CODE_IN_NAME = re.compile(rf"(?<![0-9A-Za-z]){CODE_FORM.pattern}(?![0-9])")


def match_shot(campaign: Campaign, studio: Studio, stem: str) -> Match | None:
    """The person photographed under the shot number in a file's name, None when there is no such number."""
    found = CODE_IN_NAME.search(stem)
    if found is None:
        return None
    shots = shots_by_code(studio, campaign, found.group())
    valid = [shot for shot in shots if shot.voided_at is None]
    if len(valid) == 1:
        return Match(valid[0].attendance.graduate, shot=valid[0].code)
    if valid:
        return Match(reason="ambiguous")
    return Match(reason="shot_voided" if shots else "unknown_number")


class StationDays:
    """The lists of shot numbers that a card's frames are aligned with."""

    def days(self, studio: Studio, campaign: Campaign) -> list[ShootDay]:
        rows = _shots_of(studio, campaign).order_by().values("station__code", "day").annotate(n=Count("pk"))
        found = [ShootDay(row["station__code"], row["day"], row["n"]) for row in rows]
        return sorted(found, key=lambda row: (row.day, row.station), reverse=True)

    def shots(self, studio: Studio, campaign: Campaign, station: str, day: dt.date) -> list[ListedShot]:
        """In the order of issue; void numbers too, since a frame may have been taken under one."""
        rows = _shots_of(studio, campaign).filter(station__code=station, day=day)
        rows = rows.select_related(
            "attendance__graduate__enrolment__student", "attendance__graduate__enrolment__class_group"
        )
        return [_listed(shot) for shot in rows.order_by("issued_at", "series", "number")]

    def issued(self, studio: Studio, campaign: Campaign) -> list[IssuedShot]:
        """All valid numbers in one query, in the order of issue of each station and day."""
        rows = (
            _shots_of(studio, campaign).filter(voided_at=None).order_by("day", "station", "issued_at", "pk")
        )
        fields = rows.values_list("code", "station", "day", "attendance__graduate")
        return [IssuedShot(code, f"{station} {day}", graduate) for code, station, day, graduate in fields]


def _shots_of(studio: Studio, campaign: Campaign) -> QuerySet[Shot]:
    return Shot.objects.filter(station__studio=studio, attendance__booking__campaign=campaign)


def _listed(shot: Shot) -> ListedShot:
    graduate, group = shot.attendance.graduate, shot.attendance.graduate.enrolment.class_group
    at = None if shot.voided_at else shot.attendance.photographed_at or shot.issued_at
    return ListedShot(
        shot.code, at, group.public_id, group.name, graduate, is_void=shot.voided_at is not None
    )


def tie_to_attendance(graduate: Graduate, photo: Photo, shot: str) -> None:
    """A picture taken at a shoot belongs to the attendance of its shot number, else to the person's newest one."""
    if photo.origin == Origin.SCAN:
        return
    valid = [known for known in shots_by_code(photo.studio, photo.campaign, shot) if known.voided_at is None]
    link_photo(photo, shot=valid[0] if len(valid) == 1 else None)


def must_not_be_delivered(photo: Photo) -> None:
    """What somebody has in hand as prints or files is not taken back."""
    if DeliveryItem.objects.filter(photo=photo).exists():
        raise NotTakenBack("delivered")


def _attended(**conditions: object) -> Exists:
    return Exists(Attendance.objects.filter(graduate=OuterRef("pk"), **conditions))


def photographed() -> Exists:
    return _attended(state=AttendanceState.PHOTOGRAPHED)


def not_in() -> Exists:
    """The shoot is over, and the studio has not put the picture in."""
    return _attended(state=AttendanceState.PHOTOGRAPHED, booking__state=BookingState.DONE)


def absent() -> Q:
    return Q(_attended(state=AttendanceState.ABSENT)) & ~Q(photographed())


def passed_over() -> Exists:
    """Still only expected at a shoot that is over."""
    waiting = [AttendanceState.EXPECTED, AttendanceState.CHECKED_IN]
    return _attended(state__in=waiting, booking__state=BookingState.DONE)


def register() -> None:
    add_reason("absent", _("absent at the shoot"), absent, order=20)
    add_reason("not_in", _("photographed, picture not in yet"), not_in, order=30)
    add_reason("passed_over", _("not photographed at the shoot"), passed_over, order=40)
    register_matcher(MatchMode.SHOT_NUMBER, match_shot)
    register_shot_lists(StationDays())
    on_photo_filed(tie_to_attendance)
    on_taking_back(must_not_be_delivered)
