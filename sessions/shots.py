"""Shot numbers: issued in order per station, day and series; voided at most, never used twice (design §6)."""

import datetime as dt
import re

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError, MissingReason
from photocampus.events import move_state, record
from photocampus.models import User
from sessions.checkin import ATTENDANCE_MOVES, HasShotNumber, lock_attendance
from sessions.models import Attendance, AttendanceState, Shot, Station
from sessions.shoots import WrongStation, stations_of

ATTEMPTS = 20
CODE_FORM = re.compile(r"([0-9A-Za-z]{1,4})-(\d{4})-([A-Za-z]{0,4})(\d{1,6})")
SERIES_FORM = re.compile(r"[A-Z]{0,4}")


class NotCheckedIn(DomainError):
    code = "not_checked_in"
    message = _("A shot number is issued only after the ID number was compared and is equal.")


class WrongSeries(DomainError):
    code = "wrong_series"
    message = _("A series is named by at most four capital letters.")


class AlreadyVoided(DomainError):
    code = "already_voided"
    message = _("The shot number %(code)s is void already.")


def shot_code(station: str, day: dt.date, series: str, number: int) -> str:
    """`A2-0417-031`; with a series `A2-0417-B031`."""
    return f"{station}-{day:%m%d}-{series}{number:03d}"


def normal_code(typed: str) -> str:
    """A typed or scanned shot number in its printed form, or "" if it is none."""
    match = CODE_FORM.fullmatch(typed.strip().replace("—", "-").replace("－", "-").replace(" ", ""))
    if not match:
        return ""
    station, day, series, number = match.groups()
    return f"{station.upper()}-{day}-{series.upper()}{int(number):03d}"


@transaction.atomic
def issue_shot(*, attendance: Attendance, station: Station, by: User, series: str = "") -> Shot:
    """The next number of this station today, for a person who has checked in and has no valid one.

    Two consoles that ask at once get two numbers: the database refuses the second row, which then asks anew.
    """
    row = lock_attendance(attendance, by)
    if row.state != AttendanceState.CHECKED_IN:
        raise NotCheckedIn()
    if valid := row.shots.filter(voided_at=None).first():
        raise HasShotNumber(code=valid.code)
    if not SERIES_FORM.fullmatch(series):
        raise WrongSeries()
    if station.pk not in {allowed.pk for allowed in stations_of(row.booking)}:
        raise WrongStation(station=station.code)
    shot = _next_shot(row, station, clock.today(), series, by)
    record(row, "shot_issued", by=by, new=shot.code)
    return shot


def last_number(station: Station, day: dt.date, series: str) -> int:
    """The highest number so far, void ones too; 0 when there is none."""
    rows = Shot.objects.filter(station=station, day=day, series=series)
    return rows.aggregate(last=Max("number"))["last"] or 0


def _next_shot(row: Attendance, station: Station, day: dt.date, series: str, by: User) -> Shot:
    for _attempt in range(ATTEMPTS):
        number = last_number(station, day, series) + 1
        try:
            with transaction.atomic():
                return Shot.objects.create(
                    station=station,
                    day=day,
                    series=series,
                    number=number,
                    code=shot_code(station.code, day, series, number),
                    attendance=row,
                    issued_by=by,
                    issued_at=clock.now(),
                )
        except IntegrityError:  # somebody took this number, or gave this person another one
            if row.shots.filter(voided_at=None).exists():
                raise ChangedMeanwhile() from None
    raise ChangedMeanwhile()


@transaction.atomic
def void_shot(*, shot: Shot, reason: str, by: User) -> None:
    """Strike the number out with a reason. Who was photographed under it is only checked in again and gets a new one.

    A picture filed under the number stays where it is; the retaken one supersedes it. If the person leaves instead,
    `mark_absent` puts it aside.
    """
    if not reason.strip():
        raise MissingReason()
    row = lock_attendance(shot.attendance, by)
    shot = Shot.objects.select_for_update().get(pk=shot.pk)
    if shot.voided_at:
        raise AlreadyVoided(code=shot.code)
    shot.voided_at, shot.void_reason = clock.now(), reason.strip()[:200]
    shot.save(update_fields=["voided_at", "void_reason"])
    record(row, "shot_voided", by=by, old=shot.code, reason=shot.void_reason)
    if row.state == AttendanceState.PHOTOGRAPHED:
        move_state(
            row,
            AttendanceState.CHECKED_IN,
            moves=ATTENDANCE_MOVES,
            by=by,
            reason=shot.void_reason,
            photographed_at=None,
        )
