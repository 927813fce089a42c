"""R14: what a room must be for so many crews, who vouches for it, its pictures, and what a change does to a shoot."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation
from PIL import Image

from photocampus import clock
from photocampus.errors import NotAllowed
from photocampus.events import history_of
from photocampus.models import User
from sessions import booking as acts
from sessions import venues as use
from sessions.models import Booking, Venue, VenuePhoto
from sessions.rooms import by_crews, judge_venue, most_crews
from sessions.routes import keep_booking, set_flag
from students.imaging import BadPicture
from tests import factories as make
from tests.shoots.booking_world import DAY, NOW, World, ask, confirmed, hours, make_venue, make_world
from units.campaigns import change_campaign

NUMBERS = SimpleNamespace(
    room_area=Decimal(30), room_side=Decimal(5), room_doors=2, room_voltage=220, room_power=Decimal(5)
)
GOOD = {
    "area": Decimal(60),
    "longest_side": Decimal(8),
    "doors": 2,
    "voltage": 220,
    "power": Decimal(10),
    "fire_equipment": "灭火器",
    "certified_by": "后勤处王工",
    "certified_until": DAY,
}


def room(**fields) -> SimpleNamespace:
    return SimpleNamespace(**{**GOOD, **fields})


# -- the rule alone


@pytest.mark.parametrize(
    ("fields", "missing", "warnings"),
    [
        ({}, [], []),
        ({"area": Decimal("29.9")}, ["area"], []),
        ({"area": Decimal(30)}, [], []),
        ({"longest_side": Decimal("4.9")}, ["side"], []),
        ({"longest_side": Decimal(5)}, [], []),
        ({"voltage": 380}, ["voltage"], []),
        ({"power": Decimal("4.9")}, ["power"], []),
        ({"fire_equipment": " "}, ["fire"], []),
        ({"doors": 1}, [], ["doors"]),
        ({"certified_until": DAY - dt.timedelta(days=1)}, ["certificate"], []),
        ({"certified_until": None}, [], []),
        ({"certified_until": None, "certified_by": ""}, [], ["uncertified"]),
    ],
)
def test_one_crew_needs_what_the_notice_says(fields, missing, warnings) -> None:
    judged = judge_venue(room(**fields), NUMBERS, 1, DAY)
    assert [lack.code for lack in judged.missing] == missing
    assert [lack.code for lack in judged.warnings] == warnings
    assert judged.is_enough == (not missing)


def test_area_and_power_grow_with_the_crews_and_nothing_else_does() -> None:
    assert most_crews(room(), NUMBERS, DAY) == 2
    assert most_crews(room(area=Decimal(90)), NUMBERS, DAY) == 2
    assert most_crews(room(area=Decimal(90), power=Decimal(15)), NUMBERS, DAY) == 3
    assert most_crews(room(fire_equipment=""), NUMBERS, DAY) == 0
    rows = by_crews(room(), NUMBERS, 4, DAY)
    assert [(row.crews, row.is_enough) for row in rows] == [(1, True), (2, True), (3, False), (4, False)]
    with translation.override("en"):
        assert str(rows[2].missing[0]) == "area 60 m², needed 90 m²"


def test_numbers_are_the_campaigns() -> None:
    numbers = SimpleNamespace(**{**vars(NUMBERS), "room_area": Decimal(20), "room_power": Decimal(3)})
    assert most_crews(room(), numbers, DAY) == 3


# -- the register


@pytest.fixture
def world(db: None) -> Iterator[World]:
    make.make_school()
    make.make_campaign(threshold=3)  # four people go on site
    with clock.at(NOW):
        yield make_world(4, 2)


def on_site(world: World, **fields) -> Booking:
    venue = make_venue(world.unit, certified_by="后勤处", **fields)
    return confirmed(world, hours(*world.crews[:2]), kind="on_site", venue=venue)


def test_only_the_unit_keeps_its_rooms(world: World) -> None:
    venue = make_venue(world.unit)
    for act in (
        lambda: use.save_venue(unit=world.unit, by=world.rival, venue=venue, name="别的"),
        lambda: use.retire_venue(venue=venue, by=world.rival),
        lambda: use.add_photo(venue=venue, upload=picture(), by=world.rival),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_room_of_another_unit_cannot_be_taken(world: World) -> None:
    foreign = make_venue(world.other)
    with pytest.raises(NotAllowed):
        ask(world, hours(world.crews[0]), kind="on_site", venue=foreign)
    booking = ask(world, hours(world.crews[0]), kind="on_site")
    with pytest.raises(NotAllowed):
        acts.choose_venue(booking=booking, venue=foreign, by=world.coordinator)


def test_date_of_a_certificate_needs_a_name(world: World) -> None:
    with pytest.raises(use.CertifierMissing):
        use.save_venue(unit=world.unit, by=world.coordinator, **{**GOOD, "name": "x", "certified_by": ""})


def test_expired_certificate_blocks_the_confirmation_and_says_so(world: World) -> None:
    venue = make_venue(world.unit, certified_by="后勤处", certified_until=DAY - dt.timedelta(days=1))
    booking = ask(
        world,
        hours(world.crews[0]),
        kind="on_site",
        venue=venue,
        companion_name="陈老师",
        companion_phone="13900000001",
    )
    with pytest.raises(acts.VenueUnfit, match="2018-04-16"):
        acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)
    use.save_venue(unit=world.unit, by=world.coordinator, venue=venue, certified_until=DAY)
    acts.confirm_booking(booking=booking, agreed_load=100, by=world.photographer)


# -- a change under a confirmed shoot


def flags(booking: Booking) -> str:
    booking.refresh_from_db()
    return booking.flag


def test_smaller_room_flags_the_confirmed_booking_and_a_larger_one_clears_it(world: World) -> None:
    booking = on_site(world)
    change = {"unit": world.unit, "by": world.coordinator, "venue": booking.venue}
    use.save_venue(**change, area=Decimal(59))
    assert flags(booking) == "room" and "59" in booking.flag_note and booking.state == "confirmed"
    assert booking.holds.count() == 10
    use.save_venue(**change, area=Decimal(61))
    assert flags(booking) == ""
    use.save_venue(**change, note="钥匙在值班室")
    assert flags(booking) == ""
    assert [event.kind for event in history_of(booking)][-2:] == ["flagged", "flag_cleared"]


def test_room_taken_out_of_the_register_flags_and_another_room_clears(world: World) -> None:
    booking = on_site(world)
    for _n in range(2):
        use.retire_venue(venue=booking.venue, by=world.coordinator)
    assert flags(booking) == "room"
    other = make_venue(world.unit, name="体育馆")
    acts.choose_venue(booking=booking, venue=other, by=world.coordinator)
    assert flags(booking) == ""


def test_other_numbers_of_the_campaign_flag(world: World) -> None:
    booking = on_site(world)
    change_campaign(campaign=world.campaign, by=world.staff, room_power=Decimal(6))
    assert flags(booking) == "room"
    change_campaign(campaign=world.campaign, by=world.staff, room_power=Decimal(5))
    assert flags(booking) == ""


def test_room_kept_with_a_reason_is_flagged_again_only_for_something_else(world: World) -> None:
    booking = on_site(world)
    change = {"unit": world.unit, "by": world.coordinator, "venue": booking.venue}
    use.save_venue(**change, area=Decimal(59))
    keep_booking(booking=booking, reason="只差一平方米", by=world.staff)
    use.save_venue(**change, note="已与公司沟通")
    assert flags(booking) == ""
    acts.move_booking(
        booking=booking,
        hours=hours(*world.crews[:2], day=DAY + dt.timedelta(days=1)),
        by=world.coordinator,
    )
    with pytest.raises(acts.VenueUnfit):  # a third crew was not accepted
        acts.move_booking(booking=booking, hours=hours(*world.crews), by=world.coordinator)
    use.save_venue(**change, fire_equipment="")
    assert flags(booking) == "room"


def test_other_flag_stands_and_the_worker_looks_again(world: World) -> None:
    from sessions.chores import compare_rooms

    booking = on_site(world)
    set_flag(booking, "route", "x", None)
    use.save_venue(unit=world.unit, by=world.coordinator, venue=booking.venue, area=Decimal(59))
    assert flags(booking) == "room route"
    set_flag(booking, "", "", None)
    compare_rooms()
    assert flags(booking) == "room"
    with clock.at(DAY + dt.timedelta(days=1)):
        Venue.objects.update(area=Decimal(60))
        compare_rooms()  # the shoot is over: its flag is history
    assert flags(booking) == "room"


# -- pictures


def picture(size: tuple[int, int] = (400, 300), form: str = "JPEG", **options) -> SimpleUploadedFile:
    target = BytesIO()
    Image.new("RGB", size, (120, 160, 90)).save(target, form, **options)
    return SimpleUploadedFile("room.jpg", target.getvalue(), content_type="image/jpeg")


def with_place() -> SimpleUploadedFile:
    exif = Image.Exif()
    exif[0x010F] = "SecretCam"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 26.0)
    return picture((3000, 2000), exif=exif.tobytes(), comment=b"SecretCam")


def test_picture_is_drawn_anew_upright_small_and_without_metadata(world: World) -> None:
    venue = make_venue(world.unit)
    upload = with_place()
    assert b"SecretCam" in upload.read()
    photo = use.add_photo(venue=venue, upload=upload, by=world.coordinator, caption="东墙插座")
    with default_storage.open(photo.file.name) as file:
        data = file.read()
    with Image.open(BytesIO(data)) as kept:
        assert kept.format == "JPEG" and kept.size == (photo.width, photo.height) == (1067, 1600)
        assert not kept.getexif() and "comment" not in kept.info
    assert b"SecretCam" not in data and photo.size == len(data)


def test_same_picture_twice_is_one_and_there_is_a_limit(world: World, monkeypatch) -> None:
    venue = make_venue(world.unit)
    first = use.add_photo(venue=venue, upload=picture(), by=world.coordinator)
    assert use.add_photo(venue=venue, upload=picture(), by=world.coordinator) == first
    monkeypatch.setattr(use, "MAX_PHOTOS", 2)
    use.add_photo(venue=venue, upload=picture((300, 400)), by=world.coordinator)
    with pytest.raises(use.TooManyPhotos):
        use.add_photo(venue=venue, upload=picture((500, 400)), by=world.coordinator)
    use.remove_photo(photo=first, by=world.coordinator)
    use.add_photo(venue=venue, upload=picture((500, 400)), by=world.coordinator)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<svg onload=alert(1)>", b"\xff\xd8\xff\xe0broken"])
def test_only_pictures_are_kept(world: World, data: bytes) -> None:
    venue = make_venue(world.unit)
    with pytest.raises(BadPicture):
        use.add_photo(venue=venue, upload=SimpleUploadedFile("room.jpg", data), by=world.coordinator)
    assert not VenuePhoto.objects.exists()


def test_too_large_an_upload_is_refused(world: World, settings) -> None:
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "attachment": 100}
    with pytest.raises(use.DomainError, match=r"room\.jpg"):
        use.add_photo(venue=make_venue(world.unit), upload=picture(), by=world.coordinator)


def test_removed_picture_loses_its_file_after_the_commit(
    world: World, django_capture_on_commit_callbacks
) -> None:
    photo = use.add_photo(venue=make_venue(world.unit), upload=picture(), by=world.coordinator)
    name = photo.file.name
    with django_capture_on_commit_callbacks(execute=True):
        use.remove_photo(photo=photo, by=world.coordinator)
        assert default_storage.exists(name)
    assert not default_storage.exists(name)
    photo.refresh_from_db()
    assert (photo.file.name, photo.removed_at) == ("", clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        VenuePhoto.objects.update(removed_at=None)


# -- pages


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_pages_show_judgement_pictures_and_flag(world: World) -> None:
    booking = on_site(world)
    unit, studio = client_of(world.coordinator), client_of(world.photographer)
    where = f"/unit/{world.unit.code}/{world.campaign.code}/venues/"
    here = f"{where}{booking.venue.public_id}/"
    answer = unit.post(f"{here}picture/", {"photo": picture(), "caption": "东墙插座"}, follow=True)
    assert "东墙插座" in answer.content.decode()
    file = f"/venues/pictures/{VenuePhoto.objects.get().public_id}/"
    for client in (unit, studio, client_of(world.staff)):
        served = client.get(file)
        assert served.status_code == 200 and served["Content-Type"] == "image/jpeg"
    stranger = make.make_photographer(make.make_studio(campaign=world.campaign))
    for user in (world.rival, stranger):
        assert client_of(user).get(file).status_code == 404
    page = studio.get(f"/studio/{world.studio.code}/{world.campaign.code}/bookings/{booking.public_id}/")
    assert [(row.crews, row.is_enough) for row in page.context["room"].rows] == [
        (1, True),
        (2, True),
        (3, False),
    ]
    assert file in page.content.decode()
    form = {**GOOD, "name": booking.venue.name, "area": "59", "certified_until": "2018-12-31"}
    assert unit.post(here, form).status_code == 302
    booked = unit.get(f"/unit/{world.unit.code}/{world.campaign.code}/bookings/{booking.public_id}/")
    assert booked.context["booking"].flag == "room" and booked.context["room"].missing
    assert unit.post(f"{here}picture/", {}).status_code == 422
    bad = SimpleUploadedFile("room.jpg", b"no picture")
    assert unit.post(f"{here}picture/", {"photo": bad}).status_code == 409
    removed = unit.post(f"{here}remove-picture/", {"picture": VenuePhoto.objects.get().public_id})
    assert removed.status_code == 302 and unit.get(file).status_code == 404
    assert unit.post(f"{here}nonsense/").status_code == 404
    assert unit.post(f"{here}retire/").status_code == 302
    assert unit.get(where).status_code == 200


def test_staff_read_the_room_and_change_nothing(world: World) -> None:
    venue = make_venue(world.unit)
    staff = client_of(world.staff)
    here = f"/unit/{world.unit.code}/{world.campaign.code}/venues/{venue.public_id}/"
    assert "灭火器" in staff.get(here).content.decode()
    assert staff.post(here, {**GOOD, "name": "x", "certified_until": ""}).status_code == 404
    assert staff.get(f"/unit/{world.unit.code}/{world.campaign.code}/venues/new/").status_code == 404
