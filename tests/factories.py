"""Invented people, units and campaigns for tests: small functions with sensible defaults, each returning a saved row."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from photocampus.jobs import run_job
from photocampus.models import Job, JobState, Role, School, User
from sessions.models import (
    Attendance,
    Booking,
    BookingKind,
    BookingState,
    BookingUnit,
    Station,
    StationKind,
    WeeklyHours,
)
from students.models import ClassGroup, Enrolment, Gender, Graduate, IdType, Student
from units.models import (
    Campaign,
    CampaignState,
    Contract,
    ImageProfile,
    Membership,
    Studio,
    StudioGrant,
    StudioMembership,
    Term,
    Unit,
)

_numbers = itertools.count(1)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = "子涵雨桐浩然思远欣怡俊杰梦瑶博文"


def make_school(**fields: Any) -> School:
    school, _created = School.objects.get_or_create(
        singleton=True, defaults={"code": "51160", "name": "测试开放大学", **fields}
    )
    return school


def make_user(role: str = Role.STAFF, **fields: Any) -> User:
    number = next(_numbers)
    defaults = {"username": f"user{number:07d}", "name": f"用户{number:07d}", "role": role}
    return User.objects.create_user(**{**defaults, **fields})


def make_staff(**fields: Any) -> User:
    return make_user(Role.STAFF, is_superuser=True, **fields)


def make_campaign(code: str = "2018", **fields: Any) -> Campaign:
    """A published campaign with the numbers of 2018, its two terms and its three image profiles."""
    campaign, created = Campaign.objects.get_or_create(
        code=code,
        defaults={
            "name": f"{code}年毕业生图像信息采集",
            "state": CampaignState.PUBLISHED,
            "window_start": dt.date(2018, 3, 1),
            "window_end": dt.date(2018, 7, 15),
            **fields,
        },
    )
    if created:
        for term, day in (("2018-01", dt.date(2018, 1, 15)), ("2018-07", dt.date(2018, 7, 15))):
            Term.objects.create(campaign=campaign, code=term, graduation_date=day)
        make_profiles(campaign)
    return campaign


def make_profiles(campaign: Campaign) -> None:
    backgrounds = [[100, 197, 255], [255, 255, 255], [240, 240, 240]]
    ImageProfile.objects.create(
        campaign=campaign, name="small", width=240, height=320, max_bytes=8192, backgrounds=backgrounds
    )
    ImageProfile.objects.create(
        campaign=campaign,
        name="registration",
        width=480,
        height=640,
        min_bytes=20_480,
        max_bytes=40_000,
        min_quality=60,
        backgrounds=backgrounds,
        hairline_min=50,
        hairline_max=110,
        eyes_min=200,
        eyes_max=300,
        face_min=180,
        face_max=300,
    )
    ImageProfile.objects.create(
        campaign=campaign, name="large", width=1200, height=1600, backgrounds=backgrounds
    )


def make_term(campaign: Campaign, code: str = "2018-07") -> Term:
    return Term.objects.get(campaign=campaign, code=code)


def make_unit(code: str = "", **fields: Any) -> Unit:
    code = code or f"{next(_numbers):07d}"  # of one width: later units come later in every list
    return Unit.objects.create(**{"code": code, "name": f"第{code}学院", **fields})


def make_coordinator(unit: Unit, **fields: Any) -> User:
    user = make_user(Role.UNIT, **fields)
    Membership.objects.create(user=user, unit=unit)
    return user


def make_studio(code: str = "", campaign: Campaign | None = None, **fields: Any) -> Studio:
    """A studio open Tuesday to Sunday (R13), contracted for `campaign` when one is given."""
    code = code or f"ST{next(_numbers):07d}"
    defaults = {
        "name": f"{code}摄影有限公司",
        "short_name": code,
        "address": "样例市样例区样例路2号",
        "phone": "010-00000000",
    }
    studio = Studio.objects.create(code=code, **{**defaults, **fields})
    for weekday in range(1, 7):
        for start, end in ((dt.time(9, 30), dt.time(12, 0)), (dt.time(13, 0), dt.time(17, 0))):
            WeeklyHours.objects.create(studio=studio, weekday=weekday, start=start, end=end)
    if campaign is not None:
        Contract.objects.create(studio=studio, campaign=campaign)
    return studio


def make_photographer(studio: Studio, **fields: Any) -> User:
    user = make_user(Role.STUDIO, **fields)
    StudioMembership.objects.create(user=user, studio=studio)
    return user


def make_station(studio: Studio, code: str = "", kind: str = StationKind.BAY, **fields: Any) -> Station:
    code = code or f"A{studio.stations.count() + 1}"
    return Station.objects.create(studio=studio, code=code, name=f"{code}号机位", kind=kind, **fields)


def make_grant(studio: Studio, unit: Unit, campaign: Campaign, by: User | None = None) -> StudioGrant:
    return StudioGrant.objects.create(
        studio=studio, unit=unit, campaign=campaign, given_by=by or make_photographer(studio)
    )


def make_class(unit: Unit, name: str = "会计1班") -> ClassGroup:
    return ClassGroup.objects.get_or_create(unit=unit, name=name)[0]


def id_number(number: int, *, gender: str = Gender.FEMALE, birth: dt.date = dt.date(1995, 6, 15)) -> str:
    """A resident identity number that passes every check and belongs to nobody."""
    order = 2 * (number % 499) + (1 if gender == Gender.MALE else 2)
    birth = birth + dt.timedelta(days=number // 499)
    body = f"110105{birth:%Y%m%d}{order:03d}"
    weights = [2**power % 11 for power in range(17, 0, -1)]
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def make_student(**fields: Any) -> Student:
    student = new_student(**fields)
    student.save(force_insert=True)
    return student


def new_student(**fields: Any) -> Student:
    """Not stored yet."""
    from students.digests import id_digest

    number = next(_numbers)
    gender = fields.get("gender", Gender.FEMALE)
    birth = fields.pop("birth_date", dt.date(1995, 6, 15))
    plain = fields.pop("id_number", None) or id_number(number, gender=gender, birth=birth)
    id_type = fields.pop("id_type", IdType.ID_CARD)
    name = SURNAMES[number % len(SURNAMES)] + GIVEN[number % len(GIVEN)] + GIVEN[number // 7 % len(GIVEN)]
    return Student(
        **{
            "name": name,
            "gender": gender,
            "birth_date": birth + dt.timedelta(days=number // 499),
            "id_type": id_type,
            "id_number": plain,
            "id_digest": id_digest(id_type, plain),
            **fields,
        }
    )


def make_enrolment(
    unit: Unit | None = None, class_name: str = "会计1班", student: Student | None = None, **fields: Any
) -> Enrolment:
    unit = unit or make_unit()
    enrolment = new_enrolment(student or make_student(), unit, make_class(unit, class_name), **fields)
    enrolment.save(force_insert=True)
    return enrolment


def new_enrolment(student: Student, unit: Unit, class_group: ClassGroup, **fields: Any) -> Enrolment:
    """Not stored yet."""
    return Enrolment(
        **{
            "student": student,
            "student_number": f"2014{next(_numbers):06d}",
            "unit": unit,
            "class_group": class_group,
            "level": "本科",
            "major_code": "120203",
            "major_name": "会计学",
            "study_form": "开放教育",
            "length": "2.5",
            "entry_date": dt.date(2015, 9, 1),
            "expected_graduation": dt.date(2018, 7, 15),
            **fields,
        }
    )


def make_graduate(
    campaign: Campaign | None = None,
    unit: Unit | None = None,
    *,
    class_name: str = "会计1班",
    enrolment: Enrolment | None = None,
    **fields: Any,
) -> Graduate:
    campaign = campaign or make_campaign()
    enrolment = enrolment or make_enrolment(unit, class_name)
    return Graduate.objects.create(
        **{"campaign": campaign, "enrolment": enrolment, "term": make_term(campaign), **fields}
    )


def make_graduates(
    count: int, campaign: Campaign, unit: Unit, *, class_name: str = "会计1班", **fields: Any
) -> list[Graduate]:
    """As many at once, in three statements."""
    students = Student.objects.bulk_create(new_student() for _ in range(count))
    group, term = make_class(unit, class_name), make_term(campaign)
    enrolments = Enrolment.objects.bulk_create(new_enrolment(student, unit, group) for student in students)
    return Graduate.objects.bulk_create(
        Graduate(**{"campaign": campaign, "enrolment": enrolment, "term": term, **fields})
        for enrolment in enrolments
    )


def make_booking(
    campaign: Campaign, studio: Studio, *units: Unit, by: User | None = None, **fields: Any
) -> Booking:
    """A confirmed group booking without hours; tests of booking itself use the use cases."""
    booking = Booking.objects.create(
        **{
            "campaign": campaign,
            "studio": studio,
            "kind": BookingKind.GROUP,
            "state": BookingState.CONFIRMED,
            "agreed_load": 100,
            "asked_by": by or make_user(Role.UNIT),
            **fields,
        }
    )
    BookingUnit.objects.bulk_create(BookingUnit(booking=booking, unit=unit) for unit in units)
    return booking


def make_attendance(booking: Booking, graduate: Graduate, **fields: Any) -> Attendance:
    return Attendance.objects.create(
        **{"booking": booking, "graduate": graduate, "fee_due": Decimal(20), **fields}
    )


def run_jobs() -> int:
    """Run every open job here and now, as a worker would; returns how many ran."""
    ran = 0
    while job := Job.objects.filter(state=JobState.QUEUED).order_by("id").first():
        ran += run_job(job.pk, heartbeat=False)
    return ran
