"""A shoot with its people, for the tests of the day, its fees, receipts and deliveries."""

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from django.core.files.base import ContentFile

from photocampus import clock
from photocampus.models import User
from sessions.checkin import check_in, mark_photographed
from sessions.models import Attendance, Booking, BookingKind, Hold, PlanEntry, Station
from sessions.picture_links import link_photo
from sessions.shoots import start_shoot
from sessions.shots import issue_shot
from students.decisions import write_decisions
from students.models import Graduate, Origin, Outcome, Photo, Rendition, Stage, Student
from tests import factories as make
from units.models import Campaign, ImageProfile, Studio, Unit

DAY = dt.date(2018, 4, 17)  # a Tuesday
MORNING = [dt.time(9, 30), dt.time(10, 0), dt.time(10, 30), dt.time(11, 0), dt.time(11, 30)]


def at(hour: int, minute: int = 0, day: dt.date = DAY):
    """The clock of the shoot's day."""
    return clock.at(dt.datetime.combine(day, dt.time(hour, minute)))


@dataclass
class ShootDay:
    campaign: Campaign
    unit: Unit
    studio: Studio
    station: Station
    booking: Booking
    photographer: User
    coordinator: User
    graduates: list[Graduate] = field(default_factory=list)

    @property
    def attendances(self) -> list[Attendance]:
        rows = Attendance.objects.filter(booking=self.booking)
        return list(rows.order_by("graduate__enrolment__student_number"))

    def number_of(self, attendance: Attendance) -> str:
        student = Student.objects.get(enrolments__graduates=attendance.graduate_id)
        return student.id_number.reveal()

    def photograph(self, attendance: Attendance) -> Attendance:
        """Compare, number, photograph: the three steps of the console."""
        assert check_in(attendance=attendance, typed=self.number_of(attendance), by=self.photographer)
        issue_shot(attendance=attendance, station=self.station, by=self.photographer)
        return mark_photographed(attendance=attendance, by=self.photographer)


def make_shoot_day(
    people: int = 3, *, kind: str = BookingKind.GROUP, started: bool = True, **fields
) -> ShootDay:
    """A confirmed shoot of one class on 17 April 2018 from 9:30 at one station, with everybody expected."""
    campaign = make.make_campaign()
    unit = make.make_unit()
    studio = make.make_studio(campaign=campaign)
    station = make.make_station(studio, "A2")
    photographer, coordinator = make.make_photographer(studio), make.make_coordinator(unit)
    booking = make.make_booking(campaign, studio, unit, kind=kind, by=coordinator, **fields)
    make.make_grant(studio, unit, campaign, by=photographer)
    Hold.objects.bulk_create(
        Hold(station=station, booking=booking, day=DAY, start=start) for start in MORNING
    )
    day = ShootDay(campaign, unit, studio, station, booking, photographer, coordinator)
    day.graduates = make.make_graduates(people, campaign, unit)
    for graduate in day.graduates:
        fee = campaign.fee_single if kind == BookingKind.INDIVIDUAL else campaign.fee_group
        make.make_attendance(booking, graduate, fee_due=fee)
    if started:
        with at(9):
            start_shoot(booking=booking, by=photographer)
        booking.refresh_from_db()
    return day


def make_plan(day: ShootDay, rate: int) -> None:
    """The class at so many an hour from 9:30 on."""
    left, start = len(day.graduates), dt.datetime.combine(DAY, dt.time(9, 30))
    while left > 0:
        PlanEntry.objects.create(
            booking=day.booking, class_group=day.graduates[0].enrolment.class_group, station=day.station, day=DAY,
            start=start.time(), end=(start + dt.timedelta(hours=1)).time(), people=min(rate, left),
        )  # fmt: skip
        left, start = left - rate, start + dt.timedelta(hours=1)


def make_photo(day: ShootDay, graduate: Graduate, *, accepted: bool = True, text: str = "") -> Photo:
    """A picture with its small and large rendition, filed, chosen and accepted."""
    data = f"picture {graduate.pk} {text}".encode()
    photo = Photo.objects.create(
        enrolment=graduate.enrolment, campaign=day.campaign, studio=day.studio, origin=Origin.ATTENDANCE,
        original=ContentFile(data, name="x"), sha256=hashlib.sha256(data).hexdigest(), size=len(data),
        width=1200, height=1600, format="JPEG", by=day.photographer,
    )  # fmt: skip
    for profile in ImageProfile.objects.filter(campaign=day.campaign):
        content = data + profile.name.encode()
        Rendition.objects.create(
            photo=photo, profile=profile, file=ContentFile(content, name="x"), size=len(content), width=profile.width,
            sha256=hashlib.sha256(content).hexdigest(), height=profile.height, quality=80, made_with="test",
        )  # fmt: skip
    Graduate.objects.filter(pk=graduate.pk).update(picture=photo)
    link_photo(photo)
    if accepted:
        write_decisions(
            pairs=[(graduate.pk, photo.pk)], stage=Stage.ACCEPTANCE, outcome=Outcome.YES, by=day.coordinator
        )
    return photo
