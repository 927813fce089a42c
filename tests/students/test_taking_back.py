"""Assignments taken back in every state of their file: what the person has then, where the bytes are, what stays."""

import hashlib
import io

import pytest
from django.test import TestCase

from photocampus.errors import NotAllowed
from photocampus.models import Event
from sessions.models import Delivery, DeliveryItem
from students import ingest_job
from students.acceptance import accept_picture, refuse_picture
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import Offer, offer_files
from students.models import (
    Decision,
    Exemption,
    Finding,
    Graduate,
    IngestFile,
    IngestState,
    Photo,
    RefusalCode,
    Rendition,
    Stage,
)
from students.near_pictures import CHECK
from students.piece_uploads import Piece, hash_over, receive_piece
from students.roster_edit import decide_exemption
from students.taking_back import NotTakenBack, last_assignment, put_aside, take_back
from students.tray import assign_file, discard_file, retry_all, tray_of
from tests import factories as make
from tests.students import odd_pictures as odd
from tests.students.tray_place import TrayPlace, picture, picture_faults, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_faces(monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)


@pytest.fixture(autouse=True)
def on_commit_runs(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    place = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "media")},
    }
    settings.STORAGES = {**settings.STORAGES, "default": place}


@pytest.fixture
def place():
    return TrayPlace()


def assign(place, row, person=None, shot=""):
    return assign_file(file=row, graduate=person, shot=shot, by=place.photographer)


def undo(place, row):
    with TestCase.captureOnCommitCallbacks(execute=True):
        take_back(file=row, by=place.photographer)
    row.refresh_from_db()
    return row


def test_before_the_job_has_read_it_the_file_is_back_for_its_old_reason(place):
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, place.people[0], "A2-0417-001")
    undo(place, row)
    assert (row.state, row.reason, row.assigned, row.shot) == (IngestState.TRAY, "no_number", None, "")
    undo(place, row)  # harmless when repeated
    make.run_jobs()
    row.refresh_from_db()
    assert row.state == IngestState.TRAY and not Photo.objects.exists()
    assert Event.objects.filter(kind="file_taken_back").count() == 1


def test_filed_picture_is_taken_from_the_person_and_can_be_given_to_another(place):
    wrong, right = place.people[:2]
    data = picture(1)
    (row,) = place.put(("who.jpg", data)).values()
    assign(place, row, wrong)
    make.run_jobs()
    undo(place, row)
    assert (row.state, row.reason, row.photo) == (IngestState.TRAY, "no_number", None)
    assert place.again(wrong).picture is None
    gone = Photo.objects.get()
    assert gone.taken_back_at is not None and not gone.original
    assert row.file.open("rb").read() == data and row.preview.open("rb").read(2) == b"\xff\xd8"
    assert len(stored()) == 2
    assert picture_faults() == []
    undo(place, row)
    # To another person, and back, and to the first again: the same file each time.
    for person in (right, wrong):
        assign(place, row, person)
        make.run_jobs()
        row.refresh_from_db()
        assert row.state == IngestState.FILED and place.again(person).picture == row.photo
        assert row.photo.original.open("rb").read() == data
        assert picture_faults() == []
        undo(place, row)
        assert place.again(person).picture is None
    assert Photo.objects.filter(taken_back_at=None).count() == 0 and len(stored()) == 2


def test_earlier_picture_and_its_decisions_come_back(place):
    person = place.people[0]
    coordinator = make.make_coordinator(place.unit)
    place.put((place.name_of(person), picture(1)))
    earlier = place.again(person).picture
    accept_picture(graduate=place.again(person), photo=earlier, by=coordinator)
    (row,) = place.put(("who.jpg", picture(2))).values()
    assign(place, row, person)
    make.run_jobs()
    assert not Decision.objects.filter(is_current=True).exists()
    undo(place, row)
    assert place.again(person).picture == earlier
    decision = Decision.objects.get(is_current=True)
    assert (decision.photo, decision.stage, decision.outcome) == (earlier, Stage.ACCEPTANCE, "yes")
    assert picture_faults() == []


def test_a_refusal_of_the_wrong_picture_lapses_and_the_earlier_one_is_decided_anew(place):
    person = place.people[0]
    coordinator = make.make_coordinator(place.unit)
    place.put((place.name_of(person), picture(1)))
    earlier = place.again(person).picture
    accept_picture(graduate=place.again(person), photo=earlier, by=coordinator)
    (row,) = place.put(("who.jpg", picture(2))).values()
    assign(place, row, person)
    make.run_jobs()
    row.refresh_from_db()
    code = RefusalCode.objects.get(code="not_this_person")
    refuse_picture(graduate=place.again(person), photo=row.photo, code=code, by=coordinator)
    undo(place, row)
    assert place.again(person).picture == earlier
    assert not Decision.objects.filter(is_current=True).exists()
    assert picture_faults() == []


def test_undo_in_the_wrong_order_finds_the_picture_that_was_there_before_both(place):
    person = place.people[0]
    place.put((place.name_of(person), picture(1)))
    earlier = place.again(person).picture
    rows = place.put(("x.jpg", picture(2)), ("y.jpg", picture(3)))
    for row in rows.values():
        assign(place, row, person)
        make.run_jobs()
    undo(place, rows["x.jpg"])
    rows["y.jpg"].refresh_from_db()
    assert place.again(person).picture == rows["y.jpg"].photo
    undo(place, rows["y.jpg"])
    assert place.again(person).picture == earlier
    assert picture_faults() == []


def test_what_is_accepted_or_delivered_stays(place):
    person = place.people[0]
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, person)
    make.run_jobs()
    row.refresh_from_db()
    accept_picture(graduate=place.again(person), photo=row.photo, by=make.make_coordinator(place.unit))
    with pytest.raises(NotTakenBack) as refused:
        undo(place, row)
    assert refused.value.code == "accepted"
    Decision.objects.update(is_current=False)
    delivery = Delivery.objects.create(
        campaign=place.campaign,
        studio=place.studio,
        unit=place.unit,
        number=1,
        prepared_by=place.photographer,
    )
    DeliveryItem.objects.create(
        delivery=delivery, graduate=person, photo=row.photo, bag="1", position=1, prints_2in=6, prints_1in=4
    )
    with pytest.raises(NotTakenBack) as refused:
        undo(place, row)
    assert refused.value.code == "delivered"
    assert place.again(person).picture == row.photo and picture_faults() == []


def test_only_what_was_assigned_by_hand_is_taken_back_and_only_by_the_studio(place):
    person = place.people[0]
    rows = place.put((place.name_of(person), picture(1)), ("who.jpg", picture(2)))
    with pytest.raises(NotTakenBack) as refused:
        undo(place, rows[place.name_of(person)])
    assert refused.value.code == "not_by_hand"
    assign(place, rows["who.jpg"], place.people[1])
    make.run_jobs()
    stranger = make.make_photographer(make.make_studio(campaign=place.campaign))
    for user in (stranger, make.make_coordinator(place.unit), make.make_staff()):
        with pytest.raises(NotAllowed):
            take_back(file=rows["who.jpg"], by=user)


def test_file_that_was_there_already_has_changed_nothing_and_is_not_taken_back(place):
    person = place.people[0]
    place.put((place.name_of(person), picture(1)))
    (row,) = place.put(("who.jpg", picture(2))).values()
    IngestFile.objects.filter(pk=row.pk).update(file="")
    row.refresh_from_db()
    (other,) = place.put(("else.jpg", picture(1))).values()
    assign(place, other, person)
    make.run_jobs()
    other.refresh_from_db()
    assert other.state == IngestState.KNOWN
    with pytest.raises(NotTakenBack) as refused:
        undo(place, other)
    assert refused.value.code == "known"


def test_a_file_that_bounced_is_only_freed(place):
    person = place.people[0]
    Graduate.objects.filter(pk=person.pk).update(exemption=Exemption.EARLIER_PICTURE)
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, person)
    make.run_jobs()
    row.refresh_from_db()
    assert (row.state, row.reason, row.assigned) == (IngestState.TRAY, "exempt", person)
    undo(place, row)
    assert (row.state, row.reason, row.assigned) == (IngestState.TRAY, "exempt", None)


def test_picture_that_an_exemption_rests_on_stays_until_the_exemption_ends(place):
    person = place.people[0]
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, person)
    make.run_jobs()
    row.refresh_from_db()
    photo, staff = row.photo, make.make_staff()
    decide_exemption(graduate=person, exempt=True, reason="已采集", by=staff)
    with pytest.raises(NotTakenBack) as refused:
        undo(place, row)
    assert refused.value.code == "exempt" and "教务处" in str(refused.value)
    assert not put_aside(graduate=person, photo=photo, by=place.photographer, reason="闭眼")
    assert place.again(person).picture == photo
    decide_exemption(graduate=person, exempt=False, reason="须重拍", by=staff)
    undo(place, row)
    assert place.again(person).picture is None


def test_finished_parts_come_back_with_the_picture_that_they_joined(place):
    person, right = place.people[:2]
    sizes = {"large": (1200, 1600), "small": (240, 320)}
    files = [
        (f"who-{name}.jpg", odd.saved(odd.drawing(9, *size), "JPEG", quality=60, dpi=(300, 300)))
        for name, size in sizes.items()
    ]
    rows = place.put(*files)
    for name in ("who-large.jpg", "who-small.jpg"):
        assign(place, rows[name], person)
        make.run_jobs()
    large, small = (IngestFile.objects.get(pk=row.pk) for row in rows.values())
    assert small.photo == large.photo == place.again(person).picture
    with pytest.raises(NotTakenBack) as refused:
        undo(place, small)
    assert refused.value.code == "part"
    undo(place, large)
    small.refresh_from_db()
    assert {large.state, small.state} == {IngestState.TRAY} and small.assigned is None
    assert len(stored()) == 3 and picture_faults() == []
    # Both again, to whom they belong.
    for row in (large, small):
        assign(place, row, right)
        make.run_jobs()
    photo = place.again(right).picture
    assert set(photo.ingest_files.values_list("pk", flat=True)) == {large.pk, small.pk}
    assert photo.renditions.get(profile__name="small").is_studio_file
    assert picture_faults() == [] and not stored("incoming")


def test_the_same_bytes_are_known_while_they_wait_and_after_they_were_taken_back(place):
    data = picture(1)
    (row,) = place.put(("who.jpg", data)).values()
    assign(place, row, place.people[0])
    make.run_jobs()
    undo(place, row)
    (again,) = place.put(("other.jpg", data)).values()
    assert again.state == IngestState.KNOWN
    # Named right, it is a picture like any other; the file in the tray is then known, too.
    (named,) = place.put((place.name_of(place.people[1]), data)).values()
    assert named.state == IngestState.FILED and place.again(place.people[1]).picture == named.photo
    assert picture_faults() == []


def test_discarded_after_an_undo_nothing_of_it_is_stored(place):
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, place.people[0])
    make.run_jobs()
    undo(place, row)
    with TestCase.captureOnCommitCallbacks(execute=True):
        discard_file(file=row, by=place.photographer)
    row.refresh_from_db()
    assert row.state == IngestState.DISCARDED and stored() == []
    assert not Rendition.objects.exclude(file="").exists()


def test_everything_can_be_tried_again_after_an_undo(place):
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, place.people[0], "A2-0417-001")
    make.run_jobs()
    undo(place, row)
    retry_all(studio=place.studio, campaign=place.campaign, by=place.photographer)
    make.run_jobs()
    row.refresh_from_db()
    assert (row.state, row.reason) == (IngestState.TRAY, "no_number")
    assert list(tray_of(place.studio, place.campaign)) == [row] and picture_faults() == []


def test_the_last_assignment_is_the_users_own_and_the_one_before_after_an_undo(place):
    rows = list(place.put(("x.jpg", picture(1)), ("y.jpg", picture(2)), ("z.jpg", picture(3))).values())
    other = make.make_photographer(place.studio)
    assign(place, rows[0], place.people[0])
    assign(place, rows[1], place.people[1])
    assign_file(file=rows[2], graduate=place.people[2], by=other)

    def last(user=place.photographer):
        return last_assignment(place.studio, place.campaign, user)

    assert last() == rows[1] and last(other) == rows[2]
    undo(place, rows[1])
    assert last() == rows[0]
    make.run_jobs()
    assert last() == rows[0]
    undo(place, rows[0])
    assert last() is None


def test_file_taken_back_while_it_is_being_read_is_not_filed(place, monkeypatch):
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign(place, row, place.people[0])
    process = ingest_job.process_picture

    def meanwhile(*args, **options):
        take_back(file=row, by=place.photographer)
        return process(*args, **options)

    monkeypatch.setattr(ingest_job, "process_picture", meanwhile)
    make.run_jobs()
    row.refresh_from_db()
    assert (row.state, row.reason, row.assigned) == (IngestState.TRAY, "no_number", None)
    assert place.again(place.people[0]).picture is None and not Photo.objects.exists()
    assert len(stored()) == 2 and row.preview and picture_faults() == []


def test_file_taken_back_while_it_turns_out_to_be_known_keeps_its_bytes(place, monkeypatch):
    person = place.people[0]
    data = picture(1)
    place.put((place.name_of(person), data))
    (row,) = place.put(("who.jpg", picture(2))).values()
    assign(place, row, person)
    run = ingest_job._Run
    judge = run._must_be_new

    def meanwhile(self, graduate, sha256, row_):
        take_back(file=row, by=place.photographer)
        return judge(self, graduate, Photo.objects.get().sha256, row_)

    monkeypatch.setattr(run, "_must_be_new", meanwhile)
    make.run_jobs()
    row.refresh_from_db()
    assert row.state == IngestState.TRAY and row.file.open("rb").read() == picture(2)


def test_an_earlier_picture_that_comes_back_has_its_double_again(place):
    """One picture under two people is a finding on both; so it is when the wrong one that hid it goes."""
    first, second = place.people[:2]
    place.put((place.name_of(first), picture(1)))
    place.put((place.name_of(second), odd.saved(odd.drawing(1, 300, 400), "JPEG", quality=60)))

    def marked():
        found = Finding.objects.filter(check_name=CHECK, photo__chosen_by__isnull=False)
        return {row.photo_id: row.data["photo"] for row in found}

    pictures = [place.again(person).picture for person in (first, second)]
    both = {pictures[0].pk: pictures[1].public_id, pictures[1].pk: pictures[0].public_id}
    assert marked() == both
    (row,) = place.put(("who.jpg", picture(2))).values()
    assign(place, row, second)
    make.run_jobs()
    assert marked() == {}
    undo(place, row)
    assert marked() == both


def test_a_file_that_came_in_pieces_comes_back_as_a_whole(place, settings):
    settings.UPLOAD_PIECE_BYTES = 20_000
    data = odd.saved(odd.drawing(3, 300, 400), "PNG")
    pieces = [data[start : start + 20_000] for start in range(0, len(data), 20_000)]
    hashes = [hashlib.sha256(piece).hexdigest() for piece in pieces]
    offer = Offer("who.png", hash_over(hashes), len(data))
    batch = open_batch(studio=place.studio, campaign=place.campaign, by=place.photographer)
    for number, piece in enumerate(pieces):
        part = {"size": len(piece), "piece": Piece(number, hashes[number]), "file": offer}
        receive_piece(batch=batch, stream=io.BytesIO(piece), by=place.photographer, **part)
    start_ingest(batch=batch, by=place.photographer)
    make.run_jobs()
    row = batch.files.get()
    assert len(pieces) > 2 and row.state == IngestState.TRAY
    for person in place.people[:2]:
        assign(place, row, person)
        make.run_jobs()
        undo(place, row)
        assert place.again(person).picture is None and picture_faults() == []
        assert row.file.open("rb").read() == data and not row.pieces.exists() and len(stored()) == 2
    known = offer_files(batch=batch, offers=[offer], by=place.photographer)
    assert known[offer.sha256].state == IngestState.WAITING  # it need not be sent again
