"""Pictures in: matched, filed, superseded, kept in the tray; nothing else stays anywhere."""

import datetime as dt
import io
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from photocampus.errors import NotAllowed
from photocampus.ledger import disagreements
from photocampus.models import JobState
from photocampus.sheets import sheet_bytes
from students.ingest import NobodyYet, NoFiles, NoGrant, ScansOff, open_batch, start_ingest
from students.ingest_reasons import reason_text
from students.ingest_uploads import add_upload
from students.models import (
    Decision,
    Exemption,
    IngestFile,
    IngestState,
    Origin,
    Outcome,
    Photo,
    RefusalCode,
    Rendition,
    RosterState,
    Stage,
    Student,
)
from students.tray import NotGranted, NotInTray, assign_file, discard_file, retry_file, tray_of
from tests import factories as make
from tests.students import odd_pictures as odd

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    """A unit with two graduates, and a studio that may see them."""

    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        first = make.make_graduate(campaign, unit)
        second = make.make_graduate(campaign, unit)

        def put(self, *files, **options):
            """Upload (name, bytes) pairs, read them, give the rows by name."""
            batch = open_batch(studio=self.studio, campaign=self.campaign, by=self.photographer, **options)
            for name, data in files:
                add_upload(batch=batch, upload=SimpleUploadedFile(name, data), by=self.photographer)
            start_ingest(batch=batch, by=self.photographer)
            make.run_jobs()
            batch.refresh_from_db()
            assert batch.job.state == JobState.DONE
            return {row.name.reveal(): row for row in batch.files.all()}

        def name_of(self, graduate, extension="jpg"):
            return f"{graduate.enrolment.student_number}.{extension}"

    place = Place()
    make.make_grant(place.studio, place.unit, place.campaign, by=place.photographer)
    return place


@pytest.fixture(autouse=True)
def on_commit_runs(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield


def stored(folder="") -> list[str]:
    """Every file in the storage below a folder."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    found = [f"{folder}/{name}".lstrip("/") for name in files]
    for name in folders:
        found += stored(f"{folder}/{name}".lstrip("/"))
    return sorted(found)


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }


def zip_of(*members, **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def test_picture_is_filed_under_its_student_number(place):
    rows = place.put((place.name_of(place.first), odd.jpeg(1)))
    row = rows[place.name_of(place.first)]
    place.first.refresh_from_db()
    photo = place.first.picture
    assert (row.state, row.photo) == (IngestState.FILED, photo)
    assert {(item.profile.name, item.width) for item in photo.renditions.all()} == {
        ("small", 240),
        ("registration", 480),
        ("large", 1200),
    }
    assert photo.renditions.get(profile__name="small").size <= 8192
    assert photo.findings.filter(check_name="background_colour", code="").exists()
    assert len(stored()) == 4 and not stored("incoming")


def test_id_number_and_any_folder_in_the_name_find_the_person(place):
    student = Student.objects.get(enrolments__graduates=place.first)
    name = f"{student.id_number.reveal()}.jpg"
    rows = place.put((name, odd.jpeg(1)))
    assert rows[name].state == IngestState.FILED
    archive = zip_of((f"班级 A/{place.name_of(place.second)}", odd.jpeg(2)))
    rows = place.put(("all.zip", archive))
    assert rows[f"班级 A/{place.name_of(place.second)}"].state == IngestState.FILED


def test_id_numbers_are_not_looked_for_in_capture_code_mode(place):
    place.campaign.identity_mode = "capture_code"
    place.campaign.save()
    student = Student.objects.get(enrolments__graduates=place.first)
    name = f"{student.id_number.reveal()}.jpg"
    rows = place.put((name, odd.jpeg(1)), (place.name_of(place.first), odd.jpeg(2)))
    assert {row.state for row in rows.values()} == {IngestState.TRAY}
    assert rows[name].reason == "no_number"


def test_file_names_are_encrypted_at_rest(place):
    student = Student.objects.get(enrolments__graduates=place.first)
    place.put((f"{student.id_number.reveal()}.jpg", odd.jpeg(1)))
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM students_ingestfile")
        assert student.id_number.reveal() not in cursor.fetchone()[0]
    assert not [name for name in stored() if student.id_number.reveal() in name]


def test_same_bytes_twice_change_nothing(place):
    name = place.name_of(place.first)
    place.put((name, odd.jpeg(1)))
    before = (stored(), Photo.objects.count(), Rendition.objects.count())
    rows = place.put((name, odd.jpeg(1)))
    assert rows[name].state == IngestState.KNOWN
    assert (stored(), Photo.objects.count(), Rendition.objects.count()) == before


def test_new_picture_supersedes_and_ends_the_decision(place):
    name = place.name_of(place.first)
    place.put((name, odd.jpeg(1)))
    place.first.refresh_from_db()
    old = place.first.picture
    Decision.objects.create(
        graduate=place.first, photo=old, stage=Stage.ACCEPTANCE, outcome=Outcome.YES, by=place.photographer
    )
    place.put((name, odd.jpeg(2)))
    place.first.refresh_from_db()
    assert place.first.picture != old
    assert Photo.objects.filter(enrolment=place.first.enrolment).count() == 2
    assert not Decision.objects.get().is_current


def test_unknown_and_ambiguous_names_stay_in_the_tray(place):
    names = [place.name_of(graduate)[:-4] for graduate in (place.first, place.second)]
    rows = place.put(
        ("holiday.jpg", odd.jpeg(1)), ("2099999999.jpg", odd.jpeg(2)), ("-".join(names) + ".jpg", odd.jpeg(3))
    )
    assert {name: (row.state, row.reason) for name, row in rows.items()} == {
        "holiday.jpg": ("tray", "no_number"),
        "2099999999.jpg": ("tray", "unknown_number"),
        "-".join(names) + ".jpg": ("tray", "ambiguous"),
    }
    assert all(
        default_storage.exists(row.file.name) and default_storage.exists(row.preview.name)
        for row in rows.values()
    )
    assert not Photo.objects.exists()


def test_id_number_of_nobody_here_beside_a_student_number_stays_in_the_tray(place):
    stranger = make.make_graduate(place.campaign, make.make_unit())
    number = place.first.enrolment.student_number
    theirs = Student.objects.get(enrolments__graduates=stranger).id_number
    ids = [theirs.reveal(), "11010519491231002X"]
    rows = place.put(*[(f"{number} {other}.jpg", odd.jpeg(i)) for i, other in enumerate(ids)])
    assert {(row.state, row.reason) for row in rows.values()} == {("tray", "unknown_number")}
    # A date is no student number, though it looks like one.
    assert {row.state for row in place.put((f"{number}_20180417.jpg", odd.jpeg(3))).values()} == {"filed"}


def test_people_of_units_without_a_grant_cannot_be_found(place):
    stranger = make.make_graduate(place.campaign, make.make_unit())
    rows = place.put((place.name_of(stranger), odd.jpeg(1)))
    assert rows[place.name_of(stranger)].reason == "unknown_number"
    row = rows[place.name_of(stranger)]
    with pytest.raises(NotGranted):
        assign_file(file=row, graduate=stranger, by=place.photographer)


def test_only_the_studio_puts_pictures_in(place):
    other = make.make_photographer(make.make_studio(campaign=place.campaign))
    for user in (make.make_staff(), make.make_coordinator(place.unit), other):
        with pytest.raises(NotAllowed):
            open_batch(studio=place.studio, campaign=place.campaign, by=user)
    with pytest.raises(NoGrant):
        open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer, unit=make.make_unit())
    beginner = make.make_studio(campaign=place.campaign)
    with pytest.raises(NobodyYet):
        open_batch(studio=beginner, campaign=place.campaign, by=make.make_photographer(beginner))


def test_exempt_and_inactive_people_get_no_picture(place):
    place.first.exemption = Exemption.EARLIER_PICTURE
    place.first.save()
    place.second.roster_state = RosterState.LEFT
    place.second.save()
    rows = place.put((place.name_of(place.first), odd.jpeg(1)), (place.name_of(place.second), odd.jpeg(2)))
    assert {row.reason for row in rows.values()} == {"exempt", "not_active"}
    assert not Photo.objects.exists()


def test_one_file_for_two_people_is_stopped(place):
    place.put((place.name_of(place.first), odd.jpeg(1)))
    rows = place.put((place.name_of(place.second), odd.jpeg(1)))
    assert rows[place.name_of(place.second)].reason == "same_as_other"


def test_two_pictures_of_one_person_in_one_upload_are_a_choice(place):
    stem = place.name_of(place.first)[:-4]
    rows = place.put((f"{stem}_1.jpg", odd.jpeg(1)), (f"{stem}_2.jpg", odd.jpeg(2)))
    assert sorted((row.state, row.reason) for row in rows.values()) == [
        ("filed", ""),
        ("tray", "second_in_batch"),
    ]


def test_bad_files_each_keep_their_reason_and_change_nobody(place):
    number = place.first.enrolment.student_number
    files = [(f"{number}-{name}", data) for name, (data, _code) in odd.bad_files().items()]
    rows = place.put(*files)
    for name, (_data, code) in odd.bad_files().items():
        row = rows[f"{number}-{name}"]
        assert (row.state, row.reason) in {("refused", code), ("known", "")}, name
        assert row.state == "known" or reason_text(row.reason, row.reason_data) != row.reason
    place.first.refresh_from_db()
    assert place.first.picture is None and not Photo.objects.exists()
    assert len(stored()) == IngestFile.objects.filter(state=IngestState.REFUSED).count()


def encrypted_zip() -> bytes:
    data = bytearray(zip_of(("a.jpg", odd.jpeg(1, 300, 400))))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + offset
        data[at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zip_of(("../evil.jpg", b"x")), "archive_unsafe_names"),
        (zip_of(("/etc/evil.jpg", b"x")), "archive_unsafe_names"),
        (zip_of(("C:\\evil.jpg", b"x")), "archive_unsafe_names"),
        (zip_of(("bomb.jpg", b"\0" * 30_000_000)), "archive_bomb"),
        (zip_of(("inner.zip", zip_of(("a.jpg", b"x")))), "archive_nested"),
        (encrypted_zip(), "archive_encrypted"),
        (zip_of(("a.jpg", b"x"))[:-30], "archive_damaged"),
        (b"not a zip at all", "archive_damaged"),
        (zip_of(), "archive_empty"),
        (sheet_bytes(headings=["学号"], rows=[["1"]], title="名单"), "archive_document"),
    ],
)
def test_hostile_archive_is_refused_whole_and_leaves_nothing(place, data, code):
    rows = place.put(("pictures.zip", data))
    assert [(row.state, row.reason) for row in rows.values()] == [(IngestState.REFUSED, code)]
    assert reason_text(code, {"limit": 1})
    assert stored() == []


def test_archive_members_are_filed_or_stay_each_by_itself(place):
    archive = zip_of(
        (place.name_of(place.first), odd.jpeg(1)),
        ("__MACOSX/._x.jpg", b"x"),
        ("broken.jpg", odd.truncated(odd.jpeg(2), 5)),
        ("who.jpg", odd.jpeg(3)),
    )
    rows = place.put(("pictures.zip", archive))
    assert {name: (row.state, row.reason) for name, row in rows.items()} == {
        "pictures.zip": ("unpacked", ""),
        place.name_of(place.first): ("filed", ""),
        "broken.jpg": ("refused", "damaged"),
        "who.jpg": ("tray", "no_number"),
    }
    assert rows["pictures.zip"].file.name == ""
    assert len(stored("incoming")) == 3


def test_gbk_names_are_read():
    from students.archives import readable_name

    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = "会计1班/照片.jpg".encode("gbk").decode("cp437")
    assert readable_name(info) == "会计1班/照片.jpg"


def test_finished_files_of_the_studio_are_taken_unchanged(place):
    place.put((place.name_of(place.first), odd.jpeg(1)))
    derived = {
        item.profile.name: item.file.open("rb").read() for item in Rendition.objects.select_related("profile")
    }
    number = place.second.enrolment.student_number
    again = {
        name: odd.saved(odd.drawing(9, *size), "JPEG", quality=quality, dpi=(300, 300))
        for name, size, quality in (
            ("large", (1200, 1600), 95),
            ("registration", (480, 640), 80),
            ("small", (240, 320), 60),
        )
    }
    assert set(derived) == set(again)
    rows = place.put(*[(f"{number}_{name}.jpg", data) for name, data in again.items()])
    assert {row.state for row in rows.values()} == {IngestState.FILED}
    place.second.refresh_from_db()
    photo = place.second.picture
    assert photo.origin == Origin.STUDIO_FILE
    for rendition in photo.renditions.select_related("profile"):
        assert rendition.is_studio_file
        assert rendition.file.open("rb").read() == again[rendition.profile.name]
    assert len(stored()) == 4 + 4
    rows = place.put((f"{number}_small.jpg", again["small"]))
    assert rows[f"{number}_small.jpg"].state == IngestState.KNOWN


def test_scans_follow_the_campaign(place):
    scan = odd.saved(odd.drawing(3, 780, 1134), "JPEG", quality=92)
    coarse = odd.saved(odd.drawing(4, 390, 567), "JPEG", quality=92)
    rows = place.put(
        (place.name_of(place.first), scan), (place.name_of(place.second), coarse), origin=Origin.SCAN
    )
    assert rows[place.name_of(place.first)].photo.origin == Origin.SCAN
    refused = rows[place.name_of(place.second)]
    assert (refused.reason, refused.reason_data["dpi"]) == ("scan_too_coarse", 300)
    place.campaign.scans_allowed = False
    place.campaign.save()
    with pytest.raises(ScansOff):
        place.put((place.name_of(place.first), scan), origin=Origin.SCAN)


def test_tray_file_is_assigned_by_hand(place):
    row = place.put(("who.jpg", odd.jpeg(1)))["who.jpg"]
    assign_file(file=row, graduate=place.first, by=place.photographer)
    make.run_jobs()
    row.refresh_from_db()
    place.first.refresh_from_db()
    assert row.state == IngestState.FILED and place.first.picture == row.photo
    assert not stored("incoming")
    with pytest.raises(NotInTray):
        assign_file(file=row, graduate=place.second, by=place.photographer)


def test_tray_file_is_tried_again_and_discarded(place):
    unit = make.make_unit()
    later = make.make_graduate(place.campaign, unit)
    row = place.put((place.name_of(later), odd.jpeg(1)), ("who.jpg", odd.jpeg(2)))[place.name_of(later)]
    make.make_grant(place.studio, unit, place.campaign)
    retry_file(file=row, by=place.photographer)
    make.run_jobs()
    row.refresh_from_db()
    assert row.state == IngestState.FILED
    (other,) = tray_of(place.studio, place.campaign)
    discard_file(file=other, by=place.photographer)
    discard_file(file=other, by=place.photographer)
    assert not tray_of(place.studio, place.campaign).exists()


def test_same_unmatched_bytes_wait_in_the_tray_once(place):
    place.put(("who.jpg", odd.jpeg(1)))
    rows = place.put(("who-else.jpg", odd.jpeg(1)))
    assert rows["who-else.jpg"].state == IngestState.KNOWN
    assert tray_of(place.studio, place.campaign).count() == 1


def test_picture_older_than_the_campaign_is_worth_a_look(place):
    place.put((place.name_of(place.first), odd.turned(1)))
    finding = Photo.objects.get().findings.get(check_name="captured")
    assert (finding.code, finding.data) == ("", {"day": "2018-04-17"})
    place.campaign.window_start = dt.date(2018, 5, 1)
    place.campaign.save()
    place.put((place.name_of(place.second), odd.turned(8)))
    finding = Photo.objects.get(enrolment=place.second.enrolment).findings.get(check_name="captured")
    assert (finding.code, finding.severity) == ("earlier_picture", "look")


def test_broken_upload_leaves_its_reason_and_no_half_file(place):
    batch = open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer)
    add_upload(batch=batch, upload=SimpleUploadedFile("a.jpg", odd.jpeg(1)), by=place.photographer)
    IngestFile.objects.update(state=IngestState.UPLOADING, file="")
    assert stored("incoming")
    with pytest.raises(NoFiles), transaction.atomic():
        start_ingest(batch=batch, by=place.photographer)
    assert not stored("incoming")


def test_refusal_catalogue_is_loaded():
    from students.checks import BOUNDS

    codes = set(RefusalCode.objects.values_list("code", flat=True))
    assert {bound.code for bound in BOUNDS.values()} <= codes
    assert {"not_this_person", "earlier_level", "pixels", "no_face"} <= codes


@pytest.mark.parametrize("said", ["0001:01:01 00:00:00", "9999:12:31 23:59:59"])
def test_impossible_day_of_capture_stops_nothing(place, said):
    exif = Image.Exif()
    exif[0x0132] = said
    odd_one = odd.saved(odd.drawing(1), "JPEG", quality=90, exif=exif.tobytes())
    rows = place.put(
        (place.name_of(place.first), odd_one),
        ("who.jpg", odd_one + b" "),
        (place.name_of(place.second), odd.jpeg(2)),
    )
    assert [row.state for row in rows.values()] == [IngestState.FILED, IngestState.TRAY, IngestState.FILED]
    assert rows[place.name_of(place.first)].photo.captured_at is None


def test_finished_file_is_stored_with_the_hash_of_what_lies_there(place):
    """Its resolution is written and its metadata gone; the original is what was sent."""
    sent = odd.saved(odd.drawing(9, 480, 640), "JPEG", quality=80, dpi=(72, 72), comment=b"made in a studio")
    (row,) = place.put((place.name_of(place.first), sent)).values()
    finished = row.photo.renditions.get(profile__name="registration")
    data = finished.file.open("rb").read()
    assert finished.is_studio_file and data != sent and len(data) == finished.size
    assert row.photo.original.open("rb").read() == sent
    assert list(disagreements(["students.files", "students.uploads"])) == []
    (again,) = place.put((place.name_of(place.first), sent)).values()
    assert (again.state, again.photo) == (IngestState.KNOWN, row.photo)


@pytest.mark.parametrize("odd_part", [{"dpi": (72, 72)}, {"dpi": (300, 300), "comment": b"made in a studio"}])
def test_finished_file_that_joined_without_its_metadata_is_known_when_it_comes_again(place, odd_part):
    number = place.first.enrolment.student_number
    large = odd.saved(odd.drawing(9, 1200, 1600), "JPEG", quality=95, dpi=(300, 300))
    small = odd.saved(odd.drawing(9, 240, 320), "JPEG", quality=60, **odd_part)
    place.put((f"{number}.jpg", large))
    for state in (IngestState.FILED, IngestState.KNOWN):
        (row,) = place.put((f"{number}_small.jpg", small)).values()
        place.first.refresh_from_db()
        assert (row.state, row.photo, place.first.picture.width) == (state, place.first.picture, 1200)
