"""A small world in which somebody could see too much: two units, two studios, and one object of each kind in unit A."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.base import ContentFile

from photocampus import clock
from photocampus.feeds import make_feed
from photocampus.models import Event, Job, Notification, User, WorkerBeat
from sessions.models import (
    Delivery,
    DeliveryItem,
    Fee,
    Hold,
    PlanEntry,
    Problem,
    Receipt,
    Shot,
    Venue,
    VenuePhoto,
    WaitlistEntry,
)
from students.models import (
    IngestBatch,
    IngestFile,
    Photo,
    Rendition,
    RosterUpload,
    Submission,
    SubmissionItem,
)
from students.portraits import portrait_jpeg
from tests import factories as make
from units.models import Campaign, Notice, NoticeAttachment, Studio, Unit

PUBLIC = {
    *("login", "logout", "setup", "set_language", "healthz"),
    *("shoots:me", "shoots:me-picture", "shoots:me-code", "shoots:me-act"),
    "shoots:feed",
}
# What these answer to those who may: set-up is over, and nobody typed the own number on the graduate's page.
EXPECTED = {"setup": {404}, "shoots:me-picture": {404}, "shoots:me-code": {404}}
# Start pages are for one role each; staff are led to the list of units.
MAY = {
    "units:unit-start": {"unit", "other_unit", "staff"},
    "units:studio-start": {"studio", "other_studio", "staff"},
}
# Posting here writes nothing but the access log: staff may do it on a page that they only read.
ONLY_LOGGED = {
    "students:graduate",
    "students:roster",
    "students:sign-off-sheet",
    "students:make-up-file",
    "shoots:cash",
    "shoots:delivery-packing-list",
    "shoots:studio-delivery-files",
    "shoots:unit-delivery-files",
}


@dataclass(frozen=True)
class Opens:
    """Which object an address opens: path arguments from the world, and who may when the door alone does not tell."""

    kwargs: Callable[[World], dict[str, Any]]
    may: frozenset[str] | None = None
    shared: bool = False


@dataclass
class World:
    campaign: Campaign
    unit: Unit
    other_unit: Unit
    studio: Studio
    other_studio: Studio
    people: dict[str, User | None]
    things: dict[str, Any] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def values(self, opens: Opens | None) -> dict[str, str]:
        base = {"unit": self.unit.code, "campaign": self.campaign.code, "studio": self.studio.code}
        return {**base, **({key: str(value) for key, value in opens.kwargs(self).items()} if opens else {})}


def of(thing: str, key: str = "public_id", attribute: str = "public_id", **options: Any) -> Opens:
    """The address names `thing` by `attribute` in its argument `key`; further arguments are given by name."""
    fixed = {name: options.pop(name) for name in list(options) if name not in ("may", "shared")}
    return Opens(lambda world: {key: getattr(world.things[thing], attribute), **fixed}, **options)


OWNER = frozenset({"unit", "staff"})
BOTH_SIDES = frozenset({"unit", "studio", "staff"})
EVERYBODY = frozenset({"staff", "unit", "other_unit", "studio", "other_studio"})


def named(opens: Opens, *names: str) -> dict[str, Opens]:
    return dict.fromkeys(names, opens)


OBJECTS: dict[str, Opens] = {
    **named(of("job", may=OWNER), "job", "job-cancel"),
    "inbox-open": of("notification", may=frozenset({"unit"})),
    "units:read-edition": of("notice", "edition", "edition", may=EVERYBODY),
    "units:notice-file": of("attachment", may=EVERYBODY),
    **named(
        of("coordinator", "username", "username"),
        *("units:account-of", "units:account-change", "units:account-reset", "units:account-off"),
        *("units:account-on", "units:account-administrator", "units:account-add-place"),
    ),
    **named(
        Opens(lambda w: {"username": w.things["coordinator"].username, "place": w.unit.code}),
        *("units:end-place", "units:hand-over"),
    ),
    **named(
        of("graduate"),
        *("students:graduate", "students:picture", "students:person-edit", "students:person-state"),
        *("students:person-correction", "students:office-person-edit", "students:office-person-state"),
        *("students:office-person-correction", "students:office-person-exemption"),
    ),
    "students:extension": of("graduate", "graduate"),
    **named(of("submission"), "students:submission", "students:withdraw"),
    "students:submitted-image": Opens(
        lambda w: {
            "public_id": w.things["submission"].public_id,
            "graduate": w.things["graduate"].public_id,
        },
        may=OWNER,
    ),
    **named(
        of("upload"),
        *("students:upload", "students:upload-apply", "students:upload-undo", "students:upload-discard"),
        *("students:upload-gone", "students:upload-refused"),
    ),
    **named(
        of("office_upload"),
        *("students:office-upload", "students:office-upload-apply", "students:office-upload-undo"),
        *("students:office-upload-discard", "students:office-upload-gone", "students:office-upload-refused"),
    ),
    **named(of("group", "group"), "students:sign-off-sheet", "students:sign-off-done"),
    "students:picture-file": of("photo", profile="small", may=BOTH_SIDES),
    **named(
        of("batch"),
        *("students:picture-batch", "students:picture-upload-file", "students:picture-upload-start"),
        "students:picture-upload-piece",
        *("students:picture-upload-offer", "students:picture-order", "students:picture-order-act"),
    ),
    "students:picture-tray-preview": of("tray_file"),
    "students:studio-sheet": Opens(lambda w: {}),
    **named(
        of("booking", "booking"),
        *("shoots:console", "shoots:console-find", "shoots:console-station", "shoots:console-walk-in"),
        *(
            "shoots:console-disturbance",
            "shoots:shoot-replan",
            "shoots:cash",
            "shoots:unit-booking",
            "shoots:unit-hours",
            "shoots:plan",
            "shoots:shoot-measures",
            "shoots:unit-shoot-measures",
            "shoots:class-texts",
            "shoots:unit-booking-calendar",
            "shoots:studio-booking-calendar",
        ),
        *("shoots:plan-print", "shoots:plan-sheet", "shoots:studio-booking", "shoots:studio-hours"),
        *("shoots:number-cards", "shoots:studio-number-cards"),
        *("shoots:studio-plan", "shoots:studio-plan-sheet", "shoots:office-booking"),
        *(
            "shoots:plan-classes",
            "shoots:studio-plan-print",
            "shoots:studio-plan-classes",
            "shoots:unit-replan",
        ),
    ),
    "shoots:console-act": Opens(
        lambda w: {
            "booking": w.things["booking"].public_id,
            "person": w.things["attendance"].public_id,
            "act": "absent",
        }
    ),
    "shoots:shoot-move": of("booking", "booking", move="start"),
    "shoots:plan-act": of("booking", "booking", act="generate"),
    "shoots:unit-booking-act": of("booking", "booking", act="say"),
    "shoots:studio-booking-act": of("booking", "booking", act="say"),
    **named(
        of("receipt", "receipt"),
        *("shoots:receipt", "shoots:receipt-code", "shoots:receipt-prepare", "shoots:hand-over-done"),
    ),
    **named(
        of("delivery", "delivery"),
        *("shoots:studio-delivery", "shoots:delivery-labels", "shoots:delivery-packing-list"),
        *("shoots:studio-delivery-files", "shoots:unit-delivery", "shoots:unit-delivery-files"),
    ),
    "shoots:delivery-move": of("delivery", "delivery", move="send"),
    **named(
        of("problem", "problem"), "shoots:unit-problem", "shoots:studio-problem", "shoots:office-problem"
    ),
    **named(
        of("problem", "problem", act="say"),
        *("shoots:unit-problem-act", "shoots:studio-problem-act", "shoots:office-problem-act"),
    ),
    "shoots:report-settle": of("graduate", "graduate"),
    **named(of("graduate", "token", "me_token"), "shoots:me", "shoots:me-picture", "shoots:me-code"),
    "shoots:me-act": of("graduate", "token", "me_token", act="report"),
    "units:urge": Opens(lambda w: {"key": "booking_by"}, may=frozenset({"staff"})),
    "shoots:feed": Opens(lambda w: {"token": w.things["feed_token"]}, shared=True),
    "shoots:venue": of("venue", "venue"),
    "shoots:venue-act": of("venue", "venue", act="picture"),
    "shoots:venue-photo": of("venue_photo", "photo", may=OWNER),
    "shoots:leave-waitlist": of("waitlist", "entry"),
    "shoots:studio-days-act": Opens(lambda w: {"act": "closure"}, shared=True),
    "shoots:station": of("station", "station"),
    "shoots:route-decision": Opens(lambda w: {}),
}
# Addresses that name a unit or a class beside the studio's own path, so that they count as naming an object.
ALSO_OBJECTS = {"students:studio-sheet", "shoots:route-decision"}


def make_world() -> World:
    """Unit A works with studio S, which holds a grant; unit B and studio T have nothing to do with them."""
    make.make_school()
    campaign = make.make_campaign()
    unit, other_unit = make.make_unit("A"), make.make_unit("B")
    studio, other_studio = make.make_studio("S", campaign), make.make_studio("T", campaign)
    staff, coordinator = make.make_staff(), make.make_coordinator(unit)
    photographer = make.make_photographer(studio)
    people: dict[str, User | None] = {
        "anonymous": None,
        "staff": staff,
        "unit": coordinator,
        "other_unit": make.make_coordinator(other_unit),
        "studio": photographer,
        "other_studio": make.make_photographer(other_studio),
    }
    make.make_grant(studio, unit, campaign, by=photographer)
    world = World(campaign, unit, other_unit, studio, other_studio, people)
    WorkerBeat.objects.create(worker="here:1:x")
    _add_papers(world, staff, coordinator)
    _add_people(world, photographer)
    _add_shoot(world, photographer)
    _add_handovers(world, coordinator, photographer)
    return world


def _add_papers(world: World, staff: User, coordinator: User) -> None:
    notice = Notice.objects.create(
        campaign=world.campaign,
        title="通知",
        body="正文",
        issuer="教务处",
        issued_on=dt.date(2017, 11, 28),
        published_at=clock.now(),
        published_by=staff,
    )
    attachment = NoticeAttachment(notice=notice, name="附件.txt", size=2, sha256="0" * 64)
    attachment.file.save("x", ContentFile(b"ok"))
    event = Event.objects.create(subject_type="units.notice", subject_id=notice.pk, kind="notice_published")
    notification = Notification.objects.create(
        user=coordinator, event=event, facts={"title": "通知", "edition": 1}, url="/"
    )
    job = Job.objects.create(kind="students.roster_read", by=coordinator)
    uploads = [
        RosterUpload.objects.create(
            campaign=world.campaign,
            unit=unit,
            file_name="名单.xlsx",
            sha256="0" * 64,
            by=by,
            state="discarded",
        )
        for unit, by in ((world.unit, coordinator), (None, staff))
    ]
    world.things |= {
        "notice": notice,
        "attachment": attachment,
        "coordinator": coordinator,
        "job": job,
        "notification": notification,
        "feed_token": make_feed(user=coordinator),
        "upload": uploads[0],
        "office_upload": uploads[1],
    }


def _add_people(world: World, photographer: User) -> None:
    """One graduate of unit A with a picture, whose name and number no stranger may read."""
    student = make.make_student(name="绝密之名", phone="13911112222")
    graduate = make.make_graduate(
        world.campaign, enrolment=make.make_enrolment(world.unit, "保密班", student=student)
    )
    photo = Photo(
        enrolment=graduate.enrolment,
        campaign=world.campaign,
        studio=world.studio,
        origin="attendance",
        sha256="1" * 64,
        size=1,
        width=1,
        height=1,
        format="JPEG",
        by=photographer,
    )
    photo.original.save("x", ContentFile(b"jpeg"))
    rendition = Rendition(
        photo=photo,
        profile=world.campaign.image_profiles.get(name="small"),
        sha256="2" * 64,
        size=1,
        width=240,
        height=320,
        made_with="test",
    )
    rendition.file.save("x", ContentFile(b"jpeg"))
    graduate.picture = photo
    graduate.save(update_fields=["picture"])
    batch = IngestBatch.objects.create(campaign=world.campaign, studio=world.studio, by=photographer)
    tray_file = IngestFile(batch=batch, position=1, name="x.jpg", state="tray", reason="unknown")
    tray_file.file.save("x", ContentFile(portrait_jpeg(1, size=(240, 320))), save=False)
    tray_file.preview.save("x", ContentFile(portrait_jpeg(1, size=(240, 320))))
    world.secrets += ["绝密之名", "保密班", graduate.enrolment.student_number, student.id_number]
    world.things |= {
        "graduate": graduate,
        "group": graduate.enrolment.class_group,
        "photo": photo,
        "rendition": rendition,
        "batch": batch,
        "tray_file": tray_file,
    }


def _add_shoot(world: World, photographer: User) -> None:
    graduate = world.things["graduate"]
    booking = make.make_booking(world.campaign, world.studio, world.unit, state="under_way", flag="route")
    station = make.make_station(world.studio)
    single = make.make_booking(world.campaign, world.studio, world.unit, kind="individual", state="done")
    attendance = make.make_attendance(booking, graduate)
    alone = make.make_attendance(single, graduate, state="photographed", photographed_at=clock.now())
    receipt = Receipt.objects.create(
        studio=world.studio,
        campaign=world.campaign,
        number=1,
        attendance=alone,
        issued_by=photographer,
        collect_from=dt.date(2018, 4, 20),
    )
    venue = Venue.objects.create(unit=world.unit, name="多功能厅", area=90, longest_side=12, power=15)
    waiting = WaitlistEntry.objects.create(
        campaign=world.campaign,
        studio=world.studio,
        unit=world.unit,
        kind="group",
        day=dt.date(2018, 4, 25),
        people=5,
        joined_by=world.people["unit"],
    )
    picture = VenuePhoto(venue=venue, sha256="3" * 64, size=4, width=1, height=1, by=photographer)
    picture.file.save("room.jpg", ContentFile(b"room"))
    world.things |= {
        "booking": booking,
        "station": station,
        "attendance": attendance,
        "receipt": receipt,
        "venue": venue,
        "venue_photo": picture,
        "waitlist": waiting,
    }


def _add_handovers(world: World, coordinator: User, photographer: User) -> None:
    graduate, photo = world.things["graduate"], world.things["photo"]
    submission = Submission.objects.create(college=world.unit, term=graduate.term, number=1, by=coordinator)
    SubmissionItem.objects.create(
        submission=submission, graduate=graduate, photo=photo, rendition=world.things["rendition"]
    )
    delivery = Delivery.objects.create(
        campaign=world.campaign, studio=world.studio, unit=world.unit, number=1, prepared_by=photographer
    )
    delivery.files.save("x.zip", ContentFile(b"zip"))
    problem = Problem.objects.create(
        campaign=world.campaign,
        graduate=graduate,
        studio=world.studio,
        title="绝密之事",
        raised_side="unit",
        raised_by=coordinator,
        owner_side="studio",
    )
    world.secrets.append(problem.title)
    world.things |= {"submission": submission, "delivery": delivery, "problem": problem}


def add_studio_work(world: World) -> None:
    """What the studio has done with the one person of unit A: planned, photographed, uploaded, packed.

    Its pages then say who that is wherever they may; the file's name is the student number.
    """
    graduate, photo, booking = world.things["graduate"], world.things["photo"], world.things["booking"]
    photographer, station, day = world.people["studio"], world.things["station"], dt.date(2018, 4, 17)
    number = graduate.enrolment.student_number
    receipt = world.things["receipt"]
    for start in (dt.time(10), dt.time(10, 30)):
        Hold.objects.create(station=station, booking=booking, day=day, start=start)
    PlanEntry.objects.create(
        booking=booking, class_group=world.things["group"], station=station, day=day, people=1,
        start=dt.time(10), end=dt.time(11),
    )  # fmt: skip
    Shot.objects.create(
        station=station, day=day, number=1, code="A1-0417-001", attendance=receipt.attendance,
        issued_at=clock.now(), issued_by=photographer,
    )  # fmt: skip
    Fee.objects.create(attendance=world.things["attendance"], kind="group", amount=20)
    batch = world.things["batch"]
    batch.station, batch.day = station.code, day
    batch.save(update_fields=["station", "day"])
    IngestFile.objects.create(batch=batch, position=2, name="frame.jpg", state="held", shot="A1-0417-001")
    assigned = {"assigned": graduate, "assigned_by": photographer, "assigned_at": clock.now()}
    IngestFile.objects.create(
        batch=batch, position=3, name=f"{number}.jpg", state="filed", photo=photo, **assigned
    )
    refused = IngestFile(
        batch=batch, position=4, name=f"{number}_2.jpg", state="refused", reason="unreadable", **assigned
    )
    refused.preview.save("x", ContentFile(portrait_jpeg(1, size=(240, 320))))
    at_counter = Delivery.objects.create(
        campaign=world.campaign, studio=world.studio, unit=world.unit, number=2, receipt=receipt, state="sent",
        prepared_by=photographer,
    )  # fmt: skip
    at_counter.files.save("x.zip", ContentFile(b"zip"))
    for delivery, is_open in ((world.things["delivery"], True), (at_counter, False)):
        DeliveryItem.objects.create(
            delivery=delivery, graduate=graduate, photo=photo, bag=graduate.enrolment.class_group.name,
            position=1, prints_2in=6, prints_1in=4, is_open=is_open,
        )  # fmt: skip
    world.things |= {"refused_file": refused, "counter_delivery": at_counter}
