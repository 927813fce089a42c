"""When retention ends, personal data go; number, hashes and counts of a batch stay (design §5)."""

import datetime as dt
import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from photocampus import clock
from photocampus.errors import NotAllowed
from photocampus.ledger import disagreements
from photocampus.models import Event
from students.answers import plan_answer
from students.batch_build import zip_file
from students.batches import FilesRemoved, find_profile, start_batch, take_file
from students.models import BatchFile, Enrolment, IngestBatch, IngestFile, IngestPiece, Student
from students.reference import ensure_export_profile
from students.retention import NothingExpired, retention_step, run_retention
from tests.factories import make_campaign, make_graduate, make_photographer, make_studio, run_jobs
from tests.students.register_people import World

pytestmark = pytest.mark.django_db
AFTER = dt.date(2020, 1, 2)


@pytest.fixture
def world():
    ensure_export_profile()
    return World(retention_until=dt.date(2020, 1, 1))


def run(world, django_capture_on_commit_callbacks):
    with clock.at(AFTER), django_capture_on_commit_callbacks(execute=True):
        return run_retention(by=world.staff)


def stored():
    found, folders = [], [""]
    while folders:
        folder = folders.pop()
        inner, files = default_storage.listdir(folder)
        folders += [f"{folder}/{name}".lstrip("/") for name in inner]
        found += files
    return found


def test_nothing_is_removed_on_the_last_day(world):
    world.graduate()
    with clock.at(dt.date(2020, 1, 1)), pytest.raises(NothingExpired):
        run_retention(by=world.staff)
    with clock.at(AFTER), pytest.raises(NotAllowed):
        run_retention(by=world.coordinator)


def test_people_pictures_and_files_go_and_the_batchs_number_hash_and_counts_stay(
    world, django_capture_on_commit_callbacks
):
    people = world.verified(2)
    numbers = [one.enrolment.student_number for one in people]
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    run_jobs()
    batch.refresh_from_db()
    before = dict(BatchFile.objects.values_list("name", "sha256"))
    assert stored()
    (removal,) = run(world, django_capture_on_commit_callbacks)
    assert (removal.counts["people"], removal.counts["pictures"]) == (2, 2)
    assert stored() == []
    assert not Enrolment.objects.filter(student_number__in=numbers).exists()
    student = Student.objects.first()
    assert (student.name, student.birth_date, bool(student.id_number), bool(student.phone)) == (
        "–",
        None,
        False,
        False,
    )
    batch.refresh_from_db()
    assert (batch.number, batch.people, batch.rows.count()) == (1, 2, 2)
    assert dict(BatchFile.objects.values_list("name", "sha256")) == before
    assert all(before.values())
    assert [str(one) for one in disagreements() if one.check.startswith("students.")] == []
    with pytest.raises(FilesRemoved):
        take_file(file=zip_file(batch), by=world.staff, purpose="x")
    with pytest.raises(FilesRemoved):
        plan_answer(batch=batch, data=b"")
    assert Event.objects.get(kind="retention_run").data == removal.counts
    assert run(world, django_capture_on_commit_callbacks)[0].counts == {}
    assert Event.objects.filter(kind="retention_run").count() == 1


def test_people_whose_study_goes_on_are_kept(world, django_capture_on_commit_callbacks):
    later = make_campaign("2021", window_start=dt.date(2021, 3, 1), window_end=dt.date(2021, 7, 1))
    again, early, deferred, gone = world.graduates(4)
    type(early).objects.filter(pk=early.pk).update(category="early")
    type(deferred).objects.filter(pk=deferred.pk).update(roster_state="deferred")
    for one in (early, deferred):
        Enrolment.objects.filter(pk=one.enrolment_id).update(expected_graduation=dt.date(2021, 7, 1))
    make_graduate(later, enrolment=again.enrolment, term=later.terms.first())
    run(world, django_capture_on_commit_callbacks)
    for kept in (again, early, deferred):
        kept.refresh_from_db()
        assert kept.enrolment.student.id_number
        assert default_storage.exists(kept.picture.original.name)
    gone = type(gone).objects.get(pk=gone.pk)
    assert not gone.enrolment.student.id_number
    assert not gone.picture.original


def test_later_apps_take_part_and_their_files_go(world, django_capture_on_commit_callbacks, monkeypatch):
    name = default_storage.save("deliveries/x", ContentFile(b"x"))
    monkeypatch.setattr("students.retention._steps", [])
    retention_step(lambda campaign: [name] if campaign == world.campaign else [])
    monkeypatch.setattr("students.retention.BLOCK", 2)
    world.graduates(3)
    (removal,) = run(world, django_capture_on_commit_callbacks)
    assert (removal.counts["people"], removal.counts["other_files"]) == (3, 1)
    assert stored() == []


def test_pieces_of_uploads_go(world, django_capture_on_commit_callbacks):
    world.graduate()
    studio = make_studio(campaign=world.campaign)
    batch = IngestBatch.objects.create(studio=studio, campaign=world.campaign, by=make_photographer(studio))
    file = IngestFile.objects.create(batch=batch, position=0, name="a.zip", size=20, piece_bytes=10)
    for number in range(2):
        piece = IngestPiece.objects.create(file=file, number=number, size=10, sha256="0" * 64)
        default_storage.save(piece.stored_name, ContentFile(bytes(10)))
    run(world, django_capture_on_commit_callbacks)
    assert stored() == [] and not IngestPiece.objects.exists()


def test_command_reports_and_says_when_nothing_expired(world):
    out, err = io.StringIO(), io.StringIO()
    world.graduate()
    with clock.at(AFTER):
        call_command("run_retention", stdout=out, stderr=err)
    assert out.getvalue().startswith("2018 ")
    with clock.at(dt.date(2019, 1, 1)), pytest.raises(SystemExit) as end:
        call_command("run_retention", stdout=out, stderr=err)
    assert end.value.code == 2
