"""Pictures matched by their order: proposed, shown, corrected, confirmed; nothing is filed before."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
import segno
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.models import Event
from sessions.models import Attendance, PlanEntry, Shot
from students.ingest import open_batch, start_ingest
from students.ingest_order import (
    NotHeld,
    UnknownDay,
    UnknownShot,
    choose_day,
    confirm_order,
    fingerprint,
    held_files,
    pin_frame,
)
from students.ingest_uploads import add_upload
from students.models import Graduate, IngestFile, IngestState, MatchMode, Photo
from students.number_cards import card_text, read_card
from tests import factories as make
from tests.students import odd_pictures as odd

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2018, 4, 17)
MOMENTS = [0, 25, 61, 80, 118, 139, 181, 204]
START = dt.datetime(2018, 4, 17, 10, 0)  # the portal's clock; the camera's is an hour behind


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)

    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        people = make.make_graduates(len(MOMENTS), campaign, unit)
        station = make.make_station(studio, "A2")
        booking = make.make_booking(campaign, studio, unit)
        base = f"/studio/{studio.code}/{campaign.code}/pictures/"

        def put(self, files, **options):
            options = {"match": MatchMode.SEQUENCE, "station": "A2", "day": DAY, **options}
            batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.photographer, **options)
            for name, data in files:
                add_upload(batch=batch, upload=SimpleUploadedFile(name, data), by=self.photographer)
            start_ingest(batch=batch, by=self.photographer)
            make.run_jobs()
            batch.refresh_from_db()
            return batch

        def confirm(self, batch, *, only_sure=True):
            seen = fingerprint(held_files(batch))
            confirm_order(batch=batch, seen=seen, only_sure=only_sure, by=self.photographer)
            make.run_jobs()

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    for index, (person, moment) in enumerate(zip(Place.people, MOMENTS, strict=True)):
        at = timezone.make_aware(START + dt.timedelta(seconds=moment))
        attendance = make.make_attendance(Place.booking, person, state="photographed", photographed_at=at)
        shoot(Place, attendance, index + 1, at)
    return Place()


def shoot(place, attendance, number, at, **fields):
    return Shot.objects.create(
        station=place.station, day=DAY, number=number, code=f"A2-0417-{number:03d}", attendance=attendance,
        issued_at=at, issued_by=place.photographer, **fields,
    )  # fmt: skip


def frame(number: int, moment: float, picture: Image.Image | None = None) -> tuple[str, bytes]:
    exif = Image.Exif()
    taken = START - dt.timedelta(hours=1) + dt.timedelta(seconds=moment - 4)
    exif[0x0132] = taken.strftime("%Y:%m:%d %H:%M:%S")
    image = picture or odd.drawing(number, 180, 240)
    return f"DSC_{number}.JPG", odd.saved(image, "JPEG", quality=90, exif=exif.tobytes())


def all_frames(first: int = 8) -> list[tuple[str, bytes]]:
    """File names that only natural order sorts right: DSC_8, DSC_9, DSC_10…"""
    return [frame(first + index, moment) for index, moment in enumerate(MOMENTS)]


def card_picture(group: str) -> Image.Image:
    buffer = io.BytesIO()
    segno.make(card_text(group), error="h", micro=False).save(buffer, kind="png", scale=6, border=4)
    scene = odd.drawing(1, 600, 800).copy()
    scene.paste(Image.open(buffer).convert("RGB").rotate(7, expand=True, fillcolor="white"), (180, 350))
    return scene


def filed(place) -> list[str]:
    """For each person the file that was filed."""
    rows = IngestFile.objects.filter(state=IngestState.FILED).select_related("photo")
    by_person = {row.photo.enrolment_id: row.name.reveal() for row in rows}
    return [by_person.get(person.enrolment_id, "") for person in place.people]


def test_frames_wait_for_confirmation_and_are_then_filed_by_their_order(place):
    batch = place.put(reversed(all_frames()))
    assert not Photo.objects.exists() and set(batch.files.values_list("state", flat=True)) == {"held"}
    rows = held_files(batch)
    assert [row.shot for row in rows] == [f"A2-0417-{n:03d}" for n in range(1, 9)]
    assert all(row.doubts == "" and row.preview for row in rows)
    place.confirm(batch)
    assert filed(place) == [name for name, _data in all_frames()]
    assert not default_storage.exists("incoming") or default_storage.listdir("incoming")[1] == []
    photo = Photo.objects.get(enrolment=place.people[2].enrolment)
    assert photo.attendance_photo.shot.code == "A2-0417-003"


def test_zip_is_read_in_place_twice_and_goes_away(place):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in all_frames():
            archive.writestr(f"100CANON/{name}", data)
    batch = place.put([("card.zip", out.getvalue())])
    assert len(held_files(batch)) == 8
    place.confirm(batch)
    assert Graduate.objects.exclude(picture=None).count() == 8
    assert default_storage.listdir("incoming")[1] == []


def test_doubtful_frames_go_to_the_tray_with_their_reason(place):
    frames = all_frames()
    frames[2], frames[4] = (frames[2][0], frames[4][1]), (frames[4][0], frames[2][1])  # times exchanged
    frames.append(frame(99, MOMENTS[6] + 3))  # the seventh person twice
    batch = place.put(frames)
    place.confirm(batch)
    rows = {row.name.reveal(): row for row in batch.files.all()}
    assert rows["DSC_10.JPG"].reason == rows["DSC_12.JPG"].reason == "sequence_unsure"
    assert rows["DSC_11.JPG"].state == IngestState.FILED
    assert {rows["DSC_14.JPG"].reason, rows["DSC_99.JPG"].reason} <= {
        "sequence_double",
        "sequence_unsure",
        "",
    }
    assert sum(row.state == IngestState.FILED for row in rows.values()) <= 7


def test_correction_fixes_one_frame_and_aligns_the_rest_anew(place):
    frames = [
        (name, odd.saved(odd.drawing(n, 180, 240), "JPEG")) for n, (name, _d) in enumerate(all_frames())
    ]
    batch = place.put(frames[:-1])  # no times at all, one frame too few
    rows = held_files(batch)
    assert all("unsure" in row.doubts for row in rows)
    pin_frame(file=rows[1], shot="A2-0417-003", by=place.photographer)
    rows = held_files(batch)
    assert [row.shot[-3:] for row in rows[1:]] == ["003", "004", "005", "006", "007", "008"]
    assert rows[1].is_pinned and rows[1].doubts == ""
    pin_frame(file=rows[0], shot="", by=place.photographer)
    assert held_files(batch)[0].shot == ""
    pin_frame(file=rows[0], shot=None, by=place.photographer)
    assert held_files(batch)[0].shot and not held_files(batch)[0].is_pinned
    with pytest.raises(UnknownShot):
        pin_frame(file=rows[0], shot="A2-0417-099", by=place.photographer)
    place.confirm(batch, only_sure=False)
    assert Graduate.objects.exclude(picture=None).count() == 7
    assert Event.objects.filter(kind="order_confirmed").count() == 1


def test_confirmation_holds_only_for_what_was_shown_and_once(place):
    batch = place.put(all_frames())
    seen = fingerprint(held_files(batch))
    pin_frame(file=held_files(batch)[0], shot="", by=place.photographer)
    with pytest.raises(ChangedMeanwhile):
        confirm_order(batch=batch, seen=seen, only_sure=True, by=place.photographer)
    with pytest.raises(NotAllowed):
        confirm_order(batch=batch, seen=seen, only_sure=True, by=make.make_coordinator(place.unit))
    place.confirm(batch)
    with pytest.raises(NotHeld):
        confirm_order(batch=batch, seen="", only_sure=True, by=place.photographer)
    with pytest.raises(NotHeld):
        choose_day(batch=batch, station="A2", day=DAY, by=place.photographer)


def test_station_and_day_follow_from_the_camera_or_are_chosen(place):
    batch = place.put(all_frames(), station="", day=None)
    assert (batch.station, batch.day) == ("A2", DAY)
    other = make.make_station(place.studio, "A3")
    attendance = Attendance.objects.first()
    attendance.shots.update(voided_at=timezone.now(), void_reason="x")
    Shot.objects.create(
        station=other, day=DAY, number=1, code="A3-0417-001", attendance=attendance,
        issued_by=place.photographer,
    )  # fmt: skip
    second = place.put([frame(50, 5), frame(51, 30)], station="", day=None)
    assert second.station == "" and {row.shot for row in held_files(second)} == {""}
    with pytest.raises(UnknownDay):
        choose_day(batch=second, station="A9", day=DAY, by=place.photographer)
    choose_day(batch=second, station="A2", day=DAY, by=place.photographer)
    second.refresh_from_db()
    assert second.station == "A2"


def test_frame_of_a_voided_number_is_not_filed(place):
    last = Attendance.objects.order_by("pk").last()
    last.shots.update(voided_at=timezone.now(), void_reason="x")
    batch = place.put(all_frames())
    rows = held_files(batch)
    pin_frame(file=rows[7], shot="A2-0417-008", by=place.photographer)
    place.confirm(batch)
    assert batch.files.get(state=IngestState.TRAY).reason == "shot_voided"


def test_number_card_is_read_and_is_nobodys_picture(place):
    group = place.people[0].enrolment.class_group
    card = card_picture(group.public_id)
    assert read_card(card) == group.public_id and read_card(odd.drawing(1, 600, 800)) == ""
    batch = place.put([frame(7, -10, card), *all_frames()])
    rows = held_files(batch)
    assert (rows[0].card, rows[0].doubts, rows[0].shot) == (group.public_id, "card", "")
    place.confirm(batch)
    assert batch.files.get(card=group.public_id).state == IngestState.DISCARDED
    assert Graduate.objects.exclude(picture=None).count() == 8


def test_page_shows_the_first_doubt_corrects_and_confirms(place, client):
    frames = all_frames()
    frames[2], frames[4] = (frames[2][0], frames[4][1]), (frames[4][0], frames[2][1])
    batch = place.put(frames)
    client.force_login(place.photographer)
    here = f"{place.base}uploads/{batch.public_id}/"
    assert f"{here}order/" in client.get(here).content.decode()
    page = client.get(f"{here}order/")
    first = page.context["first"]
    assert first.name.reveal() == "DSC_10.JPG" and f"#frame-{first.public_id}" in page.content.decode()
    assert place.people[0].enrolment.student.name in page.content.decode()
    preview = client.get(f"{place.base}tray/{first.public_id}/preview/")
    assert preview["Content-Type"] == "image/jpeg"
    act = f"{here}order/act/"
    answer = client.post(act, {"act": "pin", "file": first.public_id, "shot": "A2-0417-003", "page": "1"})
    assert answer["Location"].endswith(f"#frame-{first.public_id}")
    wrong = {"act": "pin", "file": first.public_id, "shot": "a2-0417-999", "page": "1"}
    told = client.post(act, wrong, follow=True).content.decode()
    assert told.count("A2-0417-999") == 2  # at the head, and beside the frame to which the browser goes
    assert "message-error" in client.post(act, {"act": "day", "shots": ""}, follow=True).content.decode()
    client.post(act, {"act": "day", "shots": "A2 2018-04-17"})
    assert not IngestFile.objects.filter(is_pinned=True).exists()
    seen = client.get(f"{here}order/").context["seen"]
    client.post(act, {"act": "confirm_sure", "seen": "old"})
    assert not IngestFile.objects.exclude(state=IngestState.HELD).exists()
    assert client.post(act, {"act": "confirm_sure", "seen": seen})["Location"] == here
    make.run_jobs()
    assert Graduate.objects.exclude(picture=None).count() == 6
    assert client.get(f"{here}order/")["Location"] == here


def test_page_shows_no_names_in_capture_code_mode(place, client):
    place.campaign.identity_mode = "capture_code"
    place.campaign.save()
    batch = place.put(all_frames())
    client.force_login(place.photographer)
    page = client.get(f"{place.base}uploads/{batch.public_id}/order/").content.decode()
    assert "A2-0417-001" in page and not any(p.enrolment.student.name in page for p in place.people)
    place.confirm(batch)
    assert Graduate.objects.exclude(picture=None).count() == 8


def test_page_asks_the_database_equally_often_for_few_and_many_frames(
    place, client, django_assert_max_num_queries
):
    client.force_login(place.photographer)
    counts = []
    for number, frames in enumerate((all_frames()[:2], all_frames()[2:])):
        batch = place.put(frames)
        address = f"{place.base}uploads/{batch.public_id}/order/"
        client.get(address)
        with django_assert_max_num_queries(40) as asked:
            assert len(client.get(address).context["page_obj"].object_list) == (2, 6)[number]
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_command_says_where_the_order_is_confirmed(place, tmp_path, capsys):
    for name, data in all_frames():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(SystemExit) as stopped:
        call_command("ingest_photos", str(tmp_path), campaign="2018", match="sequence", station="A2", day=DAY)
    assert stopped.value.code == 1
    assert "held=8" in capsys.readouterr().out and not Photo.objects.exists()


def test_cards_are_printed_for_each_class_of_a_shoot(place, client):
    second = make.make_class(place.unit, "会计2班")
    PlanEntry.objects.create(
        booking=place.booking, class_group=second, station=place.station, day=DAY, start=dt.time(9, 30),
        end=dt.time(10, 0), people=5,
    )  # fmt: skip
    first = place.people[0].enrolment.class_group
    client.force_login(make.make_coordinator(place.unit))
    page = client.get(
        f"/unit/{place.unit.code}/{place.campaign.code}/bookings/{place.booking.public_id}/plan/cards/"
    )
    assert [card.group for card in page.context["cards"]] == [second, first]
    assert page.content.decode().count("<svg") >= 2
    client.force_login(place.photographer)
    theirs = (
        f"/studio/{place.studio.code}/{place.campaign.code}/bookings/{place.booking.public_id}/plan/cards/"
    )
    assert client.get(theirs).status_code == 200
