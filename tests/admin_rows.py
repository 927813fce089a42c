"""One row of every kind that the admin shows, with the codes that the program writes: what a walk through all pages needs."""

import datetime as dt
from typing import Any

from django.core.files.base import ContentFile

from photocampus import clock
from photocampus.access_log import log_access
from photocampus.events import record
from photocampus.feeds import make_feed
from photocampus.models import Chore, Job, Notification, Reminded, Untold, User, WorkerBeat
from sessions import models as shoots
from students import models as students
from students.catalogue import ENTRIES
from students.ingest_sources import FileTooLarge
from tests import factories as make
from units import models as units

DAY = dt.date(2018, 4, 17)
NINE, TEN = dt.time(9, 30), dt.time(10, 0)


def one_of_everything(boss: User) -> units.Campaign:
    """The campaign of the rows. Names are Chinese; Latin letters stand only where the program itself puts them."""
    make.make_school()
    campaign = make.make_campaign()
    unit = make.make_unit("101", name="经济管理学院", campus="本部")
    studio = make.make_studio("9", campaign=campaign, name="样例摄影公司", short_name="样例摄影")
    make.make_coordinator(unit)
    make.make_photographer(studio)
    make.make_grant(studio, unit, campaign, by=boss)
    graduate = make.make_graduate(campaign, unit)
    of_the_office(campaign, unit, boss)
    booking = of_the_calendar(campaign, unit, studio, boss)
    photo = of_the_pictures(campaign, graduate, studio, boss)
    of_the_roster(campaign, graduate, unit, boss)
    of_the_register(campaign, graduate, photo, unit, boss)
    of_the_shoot(campaign, graduate, photo, booking, boss)
    return campaign


def of_the_office(campaign: units.Campaign, unit: units.Unit, boss: User) -> None:
    notice = units.Notice.objects.create(
        campaign=campaign, title="采集通知", body="正文", issuer="教务处", issued_on=dt.date(2017, 11, 28)
    )
    units.NoticeAttachment.objects.create(
        notice=notice, file=ContentFile(b"%PDF-1.4", "x"), name="要求", sha256="0" * 64
    )
    units.Acknowledgement.objects.create(
        notice=notice, unit=unit, contact_name="张老师", contact_phone="13800000000", by=boss
    )
    units.Urging.objects.create(
        campaign=campaign, unit=unit, deadline="booking_by", day=DAY, missing=1, by=boss
    )
    data = {"identity_mode": ["id_card", "capture_code"], "scans_allowed": ["True", "False"]}
    event = record(campaign, "campaign_changed", by=boss, data=data)
    Notification.objects.create(
        user=boss, event=event, url="/", facts={"campaign": "采集"}, mail_state="due", mail_after=clock.now()
    )
    Untold.objects.get_or_create(event=event)
    for key in ("shoot:1:1", "hold:1:1"):
        Reminded.objects.create(key=key)
    Chore.objects.create(name="waiting lists")
    WorkerBeat.objects.create(worker="1:2:3")
    make_feed(user=boss)
    log_access("export", by=boss, label="units.unit", rows=3)
    log_access("reveal", by=boss, subject=unit, purpose="核对", rows=1, full=True)
    Job.objects.create(
        kind="students.roster_read", label="2018", by=boss, state="failed", finished_at=clock.now(),
        result={"new": 3, "files": 2}, error="无法读取该文件。", error_code="damaged",
    )  # fmt: skip


def of_the_calendar(
    campaign: units.Campaign, unit: units.Unit, studio: units.Studio, boss: User
) -> shoots.Booking:
    shoots.Closure.objects.create(
        studio=studio, first=dt.date(2018, 1, 10), last=dt.date(2018, 2, 28), reason="放假"
    )
    shoots.DayException.objects.create(studio=studio, day=DAY, openings=[["09:30", "12:00"]], reason="加班")
    station = make.make_station(studio)
    shoots.StationDayOff.objects.create(station=station, day=DAY, reason="检修")
    shoots.RouteOverride.objects.create(
        campaign=campaign, unit=unit, route="on_site", reason="人数接近标准", by=boss
    )
    venue = shoots.Venue.objects.create(unit=unit, name="报告厅", area=60, longest_side=9, power=6)
    shoots.VenuePhoto.objects.create(
        venue=venue, file=ContentFile(b"x", "x"), sha256="0" * 64, size=1, width=4, height=3, by=boss
    )
    booking = make.make_booking(
        campaign, studio, unit, by=boss, venue=venue, people=12, flag="hours room", flag_note="时段\n场地"
    )
    shoots.BookingMessage.objects.create(
        booking=booking, step="countered", by=boss, hours=[["1", "2018-04-17", "09:30", "10:00"]]
    )
    shoots.Hold.objects.create(station=station, booking=booking, day=DAY, start=NINE)
    group = make.make_class(unit)
    shoots.PlanEntry.objects.create(
        booking=booking, class_group=group, station=station, day=DAY, start=NINE, end=TEN, people=12,
        why={"reason": "first"},
    )  # fmt: skip
    shoots.PlanChange.objects.create(booking=booking, kind="moved", by=boss)
    shoots.BlockedHours.objects.create(
        campaign=campaign, class_group=group, day=DAY, start=NINE, end=dt.time(12)
    )
    shoots.WaitlistEntry.objects.create(
        campaign=campaign, studio=studio, unit=unit, kind="group", day=DAY, people=12, joined_by=boss
    )
    shoots.Disturbance.objects.create(booking=booking, station=station, what="停电", by=boss)
    record(booking, "flagged", by=boss, new="hours room", reason="时段不再开放")
    return booking


def of_the_pictures(
    campaign: units.Campaign, graduate: students.Graduate, studio: units.Studio, boss: User
) -> students.Photo:
    for entry in ENTRIES:
        students.RefusalCode.objects.get_or_create(
            code=entry.code, defaults={"group": entry.group, "label_zh": entry.zh, "label_en": entry.en}
        )
    photo = students.Photo.objects.create(
        enrolment=graduate.enrolment, campaign=campaign, studio=studio, origin="attendance", sha256="1" * 64,
        original=ContentFile(b"x", "x"), size=1, width=1200, height=1600, format="JPEG", by=boss,
    )  # fmt: skip
    students.Rendition.objects.create(
        photo=photo, profile=campaign.image_profiles.get(name="small"), file=ContentFile(b"x", "x"), sha256="2" * 64,
        size=1, width=240, height=320, made_with="1",
    )  # fmt: skip
    checks = (("eye_line", "eye_line", "look"), ("face", "no_face", "look"), ("captured", "", "note"))
    for check, code, severity in checks:
        students.Finding.objects.create(
            photo=photo, check_name=check, code=code, severity=severity, data={"unchecked": True}
        )
    students.Decision.objects.create(
        graduate=graduate, photo=photo, stage="acceptance", outcome="no", by=boss,
        code=students.RefusalCode.objects.get(code="eyes_closed"),
    )  # fmt: skip
    batch = students.IngestBatch.objects.create(campaign=campaign, studio=studio, by=boss)
    for position, (reason, data) in enumerate(
        (("unknown_number", {}), (FileTooLarge.code, {"name": "一", "limit": 80}))
    ):
        students.IngestFile.objects.create(
            batch=batch, position=position, name="一.jpg", state="tray", reason=reason, reason_data=data
        )
    students.IngestPiece.objects.create(file=batch.files.first(), number=1, size=1, sha256="7" * 64)
    return photo


def of_the_roster(
    campaign: units.Campaign, graduate: students.Graduate, unit: units.Unit, boss: User
) -> None:
    upload = students.RosterUpload.objects.create(
        campaign=campaign, unit=unit, file=ContentFile(b"x", "x"), file_name="名单", sha256="3" * 64, by=boss,
        counts={"new": 1},
    )  # fmt: skip
    students.RosterRow.objects.create(upload=upload, line=2, kind="changed", tags=["deferral"], payload="{}")
    students.SignOff.objects.create(
        campaign=campaign, class_group=graduate.enrolment.class_group, checked_on=DAY, people=1, by=boss
    )
    students.Correction.objects.create(graduate=graduate, changes="{}", reason="姓名有误", asked_by=boss)
    for kind in ("roster_moved_class", "correction_asked", "identity_frozen"):
        record(graduate, kind, by=boss)


def of_the_register(
    campaign: units.Campaign, graduate: students.Graduate, photo: students.Photo, unit: units.Unit, boss: User
) -> None:
    small = photo.renditions.get()
    code = students.RefusalCode.objects.get(code="head_tilt")
    submission = students.Submission.objects.create(
        college=unit, term=graduate.term, number=1, by=boss, at=clock.now()
    )
    students.SubmissionItem.objects.create(
        submission=submission, graduate=graduate, photo=photo, rendition=small, state="returned", code=code
    )
    profile = students.ExportProfile.objects.get_or_create(
        name="standard", defaults={"title": "标准列", "columns": ["XH", "XM"]}
    )[0]
    batch = students.ExportBatch.objects.create(
        campaign=campaign, number=1, profile=profile, state="frozen", by=boss, people=1
    )
    students.ExportRow.objects.create(
        batch=batch, line=1, graduate=graduate, photo=photo, rendition=small, values="{}", image_sha256="4" * 64,
        answer="failed", answer_code=code,
    )  # fmt: skip
    file = students.BatchFile.objects.create(batch=batch, name="1.zip", sha256="5" * 64)
    students.BatchPart.objects.create(
        file=file, position=0, kind="manifest", sealed=ContentFile(b"x", "x"), size=1
    )
    students.AnswerFile.objects.create(
        batch=batch, sealed=ContentFile(b"x", "x"), sha256="6" * 64, size=1, by=boss, counts={"passed": 1}
    )


def of_the_shoot(
    campaign: units.Campaign,
    graduate: students.Graduate,
    photo: students.Photo,
    booking: shoots.Booking,
    boss: User,
) -> None:
    attendance = make.make_attendance(booking, graduate)
    station = shoots.Station.objects.get()
    shot = shoots.Shot.objects.create(
        station=station, day=DAY, number=1, code="1-0417-001", attendance=attendance, issued_by=boss
    )
    shoots.AttendancePhoto.objects.create(attendance=attendance, photo=photo, shot=shot)
    shoots.Fee.objects.create(attendance=attendance, kind="group", amount=20)
    whose: dict[str, Any] = {"studio": booking.studio, "campaign": campaign}
    shoots.ReceiptCounter.objects.create(**whose, last=1)
    shoots.Receipt.objects.create(**whose, number=1, attendance=attendance, issued_by=boss, collect_from=DAY)
    delivery = shoots.Delivery.objects.create(
        **whose, unit=graduate.enrolment.unit, number=1, prepared_by=boss
    )
    shoots.DeliveryItem.objects.create(
        delivery=delivery, graduate=graduate, photo=photo, bag="1", position=1, prints_2in=6, prints_1in=4,
        state="missing", missing={"prints_2in": 1, "small": True},
    )  # fmt: skip
    problem = shoots.Problem.objects.create(
        campaign=campaign, delivery=delivery, studio=booking.studio, title="少一袋", raised_side="unit", raised_by=boss,
        owner_side="studio",
    )  # fmt: skip
    shoots.ProblemMessage.objects.create(
        problem=problem, step="handed_over", side="staff", by=boss, data={"side": "studio"}
    )
