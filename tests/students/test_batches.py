"""Batches for the register: who goes in, what is in the files, and that they never change (R7)."""

import datetime as dt
import io
import zipfile
from itertools import pairwise

import dbf
import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from photocampus import clock, crypto
from photocampus.errors import IllegalMove, MissingReason, NotAllowed
from photocampus.events import history_of
from photocampus.jobs import cancel_job
from photocampus.models import AccessLog, Job
from students.batch_build import problem_lines, zip_file
from students.batch_files import stream_file
from students.batches import (
    BatchBeingBuilt,
    BatchNotFrozen,
    ChannelNeedsStudio,
    NobodyToBatch,
    RowNotHeld,
    UnknownProfile,
    find_profile,
    free_row,
    give_up_batch,
    report_batch,
    start_batch,
    take_file,
)
from students.models import BatchFile, BatchPart, ExportBatch, ExportProfile, ExportRow
from students.reference import ensure_export_profile
from students.submissions import InBatch, return_item
from tests.factories import run_jobs
from tests.students.register_people import World, make_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    ensure_export_profile()
    return World()


def build(world, **given):
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff, **given)
    run_jobs()
    batch.refresh_from_db()
    return batch


def archive_of(batch):
    return zipfile.ZipFile(io.BytesIO(b"".join(stream_file(zip_file(batch)))))


def test_batch_holds_exactly_the_verified_graduates_line_by_line(world):
    people = world.verified(3)
    world.graduate()
    batch = build(world)
    assert (batch.state, batch.number, batch.people) == ("frozen", 1, 3)
    archive = archive_of(batch)
    assert archive.testzip() is None
    numbers = sorted(one.enrolment.student_number for one in people)
    assert archive.namelist() == [*(f"{number}.jpg" for number in numbers), "2018-0001.xlsx", "2018-0001.dbf"]
    sheet = openpyxl.load_workbook(io.BytesIO(archive.read("2018-0001.xlsx"))).active
    headings, *lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    column = {name: [line[headings.index(name)] for line in lines] for name in headings}
    assert column["XH"] == numbers
    by_number = {one.enrolment.student_number: one.enrolment.student for one in people}
    assert column["SFZH"] == [by_number[number].id_number.reveal() for number in numbers]
    assert (set(column["XB"]), set(column["YXDM"]), column["BZ"]) == ({"女"}, {"51160"}, [None] * 3)
    assert column["CSRQ"] == [f"{by_number[number].birth_date:%Y%m%d}" for number in numbers]
    for graduate in people:
        with graduate.picture.renditions.get().file.open() as stream:
            assert archive.read(f"{graduate.enrolment.student_number}.jpg") == stream.read()


def test_dbf_says_the_same_as_the_workbook_and_carries_the_batchs_date(world, tmp_path):
    world.verified(2)
    with clock.at(dt.datetime(2018, 7, 1, 23, 30)):
        batch = build(world)
    path = tmp_path / "x.dbf"
    path.write_bytes(archive_of(batch).read("2018-0001.dbf"))
    with dbf.Table(str(path)).open() as table:
        numbers = [record["XH"].strip() for record in table]
        assert table.last_update == dt.date(2018, 7, 1)
    assert numbers == [row.graduate.enrolment.student_number for row in batch.rows.all()]


def test_early_and_inactive_people_and_those_in_a_live_batch_stay_out(world):
    stays, early, left = world.verified(3)
    type(early).objects.filter(pk=early.pk).update(category="early")
    type(left).objects.filter(pk=left.pk).update(roster_state="left")
    first = build(world)
    assert [row.graduate for row in first.rows.all()] == [stays]
    with pytest.raises(NobodyToBatch):
        build(world)
    added = world.verified(1)
    second = build(world)
    assert (second.number, [row.graduate for row in second.rows.all()]) == (2, added)


def test_files_are_the_same_bytes_after_everything_around_them_changed(world):
    person = world.verified(1)[0]
    batch = build(world)
    file = zip_file(batch)
    before = b"".join(stream_file(file))
    person.enrolment.student.name = "改名了"
    person.enrolment.student.save(update_fields=["name"])
    rendition = person.picture.renditions.get()
    default_storage.delete(rendition.file.name)
    ExportProfile.objects.update(columns=["XH"])
    assert b"".join(stream_file(file)) == before
    assert file.size == len(before)


def test_nothing_in_storage_or_rows_shows_an_id_number(world):
    people = world.verified(2)
    batch = build(world)
    numbers = [one.enrolment.student.id_number.reveal().encode() for one in people]
    for part in BatchPart.objects.all():
        with part.sealed.open("rb") as stream:
            data = stream.read()
        assert data.startswith(crypto.current_key_id().encode())
        assert not any(number in data for number in numbers)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM students_exportrow")
        stored = repr(cursor.fetchall())
    assert not any(number.decode() in stored for number in numbers)
    assert batch.rows.count() == 2


def test_unreportable_people_are_named_and_end_the_building(world):
    people = world.verified(2)
    student = people[0].enrolment.student
    student.name = "李㛃"
    student.save(update_fields=["name"])
    batch = build(world)
    assert (batch.state, batch.number, batch.rows.count()) == ("failed", None, 0)
    job = Job.objects.get(pk=batch.job_id)
    assert (job.state, job.error_code) == ("failed", "unreportable")
    assert [(pk, m.column, m.cause, m.characters) for pk, m in problem_lines(batch)] == [
        (people[0].pk, "XM", "outside_gbk", "㛃")
    ]


def test_unreportable_people_are_left_out_when_staff_say_so_and_wait_for_a_later_batch(world):
    people = world.verified(2)
    student = people[0].enrolment.student
    student.name = "李" * 21
    student.save(update_fields=["name"])
    batch = build(world, leave_out=True)
    assert (batch.state, [row.graduate for row in batch.rows.all()]) == ("frozen", [people[1]])
    assert [(pk, m.cause) for pk, m in problem_lines(batch)] == [(people[0].pk, "too_wide")]
    student.name = "李"
    student.save(update_fields=["name"])
    assert [row.graduate for row in build(world).rows.all()] == [people[0]]


def test_changed_image_file_is_found_before_anything_is_frozen(world):
    person = world.verified(1)[0]
    rendition = person.picture.renditions.get()
    with default_storage.open(rendition.file.name, "wb") as stream:
        stream.write(b"other")
    batch = build(world)
    assert [misfit.cause for _pk, misfit in problem_lines(batch)] == ["image_changed"]


def test_images_are_named_as_the_profile_says(world):
    person = world.verified(1)[0]
    ExportProfile.objects.update(image_name="id_number", write_dbf=False)
    names = archive_of(build(world)).namelist()
    assert names == [f"{person.enrolment.student.id_number.reveal()}.jpg", "2018-0001.xlsx"]


def test_only_those_verified_when_it_was_asked_for_are_in_the_batch(world):
    first = world.verified(1)
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    world.verified(1)
    run_jobs()
    assert [row.graduate for row in batch.rows.all()] == first


def test_only_one_batch_of_a_campaign_is_built_at_a_time(world):
    world.verified(1)
    start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    with pytest.raises(BatchBeingBuilt):
        start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    assert ExportBatch.objects.count() == 1


def test_building_cancelled_while_it_waits_blocks_nothing(world):
    world.verified(1)
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    cancel_job(job=batch.job, by=world.staff)
    run_jobs()
    assert build(world).number == 1
    batch.refresh_from_db()
    assert batch.state == "failed"


def test_building_cancelled_half_way_frees_its_people(world, monkeypatch):
    monkeypatch.setattr("students.batch_build.PIECE", 1)
    world.verified(2)
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)

    def cancel(_name):
        if batch.rows.exists():
            cancel_job(job=batch.job, by=world.staff)

    monkeypatch.setattr("photocampus.jobs.crash_point", cancel)
    run_jobs()
    batch.refresh_from_db()
    assert (batch.state, batch.job.state if batch.job else "") == ("failed", "cancelled")
    assert default_storage.listdir(f"batches/{batch.public_id}")[1]
    monkeypatch.undo()
    assert build(world).people == 2


def test_coordinators_build_and_report_nothing(world):
    world.verified(1)
    with pytest.raises(NotAllowed):
        start_batch(campaign=world.campaign, profile=find_profile(), by=world.coordinator)
    with pytest.raises(NotAllowed):
        report_batch(batch=build(world), by=world.coordinator)


def test_unknown_profile_is_refused(world):
    with pytest.raises(UnknownProfile):
        find_profile("nope")


def test_each_download_is_logged_as_full_with_its_purpose_and_hash(world):
    world.verified(2)
    batch = build(world)
    file = zip_file(batch)
    with pytest.raises(MissingReason):
        take_file(file=file, by=world.staff, purpose=" ")
    data = b"".join(take_file(file=file, by=world.staff, purpose="报送学信网"))
    log = AccessLog.objects.get()
    assert (log.full, log.rows, log.purpose, log.sha256, log.label) == (
        True,
        2,
        "报送学信网",
        file.sha256,
        file.name,
    )
    assert data[:2] == b"PK"


def test_files_of_an_unfinished_batch_are_not_handed_out(world):
    world.verified(1)
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    file = BatchFile.objects.create(batch=batch, name="x.zip")
    with pytest.raises(BatchNotFrozen):
        take_file(file=file, by=world.staff, purpose="报送学信网")


def test_report_records_channel_studio_person_and_time(world):
    person = world.verified(1)[0]
    batch = build(world)
    with pytest.raises(ChannelNeedsStudio):
        report_batch(batch=batch, by=world.staff, channel="studio")
    at = timezone.make_aware(dt.datetime(2018, 7, 2, 9))
    report_batch(batch=batch, by=world.staff, channel="studio", studio=world.studio, at=at)
    batch.refresh_from_db()
    assert (batch.state, batch.channel, batch.studio, batch.reported_by, batch.reported_at) == (
        "reported",
        "studio",
        world.studio,
        world.staff,
        at,
    )
    assert [event.kind for event in history_of(person)][-2:] == ["batched", "reported"]
    with pytest.raises(IllegalMove):
        report_batch(batch=batch, by=world.staff)
    with pytest.raises(IllegalMove):
        give_up_batch(batch=batch, by=world.staff, reason="重做")


def test_frozen_batch_that_is_given_up_frees_its_people_and_keeps_its_number(world):
    world.verified(1)
    batch = build(world)
    give_up_batch(batch=batch, by=world.staff, reason="列不对")
    assert build(world).number == 2
    with pytest.raises(IllegalMove):
        give_up_batch(batch=batch, by=world.staff, reason="再次")


def test_verified_image_in_a_live_batch_is_not_returned(world):
    person = world.verified(1)[0]
    build(world)
    with pytest.raises(InBatch):
        return_item(item=person.submission_items.get(), code=make_code(), by=world.staff)


def test_only_doubtful_answers_free_a_person_for_a_later_batch(world):
    person = world.verified(1)[0]
    batch = build(world)
    row = batch.rows.get()
    with pytest.raises(RowNotHeld):
        free_row(row=row, by=world.staff, reason="已更正")
    ExportRow.objects.update(answer="failed")
    free_row(row=row, by=world.staff, reason="已更正")
    assert [one.graduate for one in build(world).rows.all()] == [person]


def test_many_pieces_are_one_archive(world, monkeypatch):
    monkeypatch.setattr("students.batch_build.PIECE", 2)
    people = world.verified(5)
    batch = build(world)
    file = zip_file(batch)
    assert [part.kind for part in file.parts.all()] == [*["images"] * 3, *["manifest"] * 2, "directory"]
    names = archive_of(batch).namelist()
    assert len(names) == 7
    assert all(a < b for a, b in pairwise(names[:5]))
    assert [row.line for row in batch.rows.all()] == [1, 2, 3, 4, 5]
    assert len(people) == 5
