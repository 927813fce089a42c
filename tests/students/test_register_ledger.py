"""check_ledger: quiet after honest work, and each row damaged by hand in the database is named (Done-when 8)."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection

from photocampus.ledger import disagreements
from students.answers import apply_answer
from students.batch_build import zip_file
from students.batches import find_profile, start_batch
from students.chsi_files import write_xlsx
from students.models import BatchPart, Enrolment, Graduate, Rendition
from students.reference import ensure_export_profile
from students.submissions import return_item
from tests.factories import make_class, make_unit, run_jobs
from tests.students.register_people import World, make_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    """A whole story: submitted, one returned, batched, one passed, one refused."""
    ensure_export_profile()
    make_code("other")
    world = World()
    world.verified(2)
    third = world.graduate()
    return_item(item=world.submit().items.get(), code=make_code(), by=world.staff)
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    run_jobs()
    rows = []
    for row, remark in zip(batch.rows.all(), ["核验通过", "照片退回"], strict=True):
        enrolment = row.graduate.enrolment
        rows.append([enrolment.student_number, enrolment.student.id_number.reveal(), remark])
    data = write_xlsx(["XH", "SFZH", "BZ"], rows, title="x")
    apply_answer(batch=batch, data=data, by=world.staff)
    batch.refresh_from_db()
    assert third.pk
    return batch


def found():
    return {one.check for one in disagreements() if one.check.startswith("students.")}


def damage(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount > 0


def test_honest_work_leaves_no_disagreement(batch):
    assert [str(one) for one in disagreements()] == []


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        (
            "UPDATE students_submission SET state = 'submitted' WHERE number = 1",
            "students.submission_history",
        ),
        ("UPDATE students_submission SET number = 7 WHERE number = 2", "students.submissions"),
        (
            "UPDATE students_submissionitem SET state = 'verified' WHERE state = 'returned'",
            "students.submissions",
        ),
        ("UPDATE students_exportbatch SET state = 'reported'", "students.batch_history"),
        ("UPDATE students_exportbatch SET people = 9", "students.batches"),
        ("UPDATE students_exportrow SET line = 5 WHERE line = 2", "students.batches"),
        ("UPDATE students_exportrow SET is_live = true WHERE is_live = false", "students.batches"),
        ("UPDATE students_exportrow SET answer = 'none' WHERE answer = 'passed'", "students.batches"),
        ("UPDATE students_exportrow SET image_sha256 = 'x' WHERE line = 1", "students.batch_files"),
        ("UPDATE students_exportrow SET values = 'k1:AAAA' WHERE line = 1", "students.batch_files"),
        ("UPDATE students_batchfile SET sha256 = 'x' WHERE name = '2018-0001.zip'", "students.batch_files"),
        (
            "UPDATE students_batchpart SET position = position + 10 WHERE kind = 'images'",
            "students.batch_files",
        ),
        ("UPDATE students_decision SET is_current = false WHERE stage = 'chsi'", "students.batches"),
        ("UPDATE students_rendition SET sha256 = 'x'", "students.files"),
    ],
)
def test_row_damaged_by_hand_is_named(batch, sql, check):
    damage(sql.replace("SET values =", 'SET "values" ='))
    assert check in found()


@pytest.mark.parametrize(
    "change", [{"roster_state": "left"}, {"category": "early"}, {"term": "2018-01"}, {"unit": "other"}]
)
def test_submitted_person_who_is_not_where_the_submission_says_is_named(change):
    world = World()
    graduate = world.graduate()
    world.submit()
    assert not found()
    rows = Graduate.objects.filter(pk=graduate.pk)
    if not {"term", "unit"} & change.keys():
        rows.update(**change)
    elif "term" in change:
        rows.update(term=world.campaign.terms.get(code=change["term"]))
    else:
        unit = make_unit()
        Enrolment.objects.update(unit=unit, class_group=make_class(unit, "甲班"))
    assert "students.submitted_people" in found()


def test_picture_chosen_for_another_person_is_named(batch):
    damage("UPDATE students_graduate SET picture_id = (SELECT min(id) FROM students_photo)")
    assert {"students.pictures"} <= found()


def test_damaged_and_missing_files_are_named(batch):
    rendition = Rendition.objects.first()
    default_storage.delete(rendition.file.name)
    part = BatchPart.objects.filter(file=zip_file(batch)).first()
    with default_storage.open(part.sealed.name, "rb") as stream:
        data = bytearray(stream.read())
    data[-1] ^= 1
    with default_storage.open(part.sealed.name, "wb") as stream:
        stream.write(data)
    assert {"students.files", "students.batch_files"} <= found()


def run(*words):
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("check_ledger", *words, stdout=out, stderr=err)
    except SystemExit as end:
        status = end.code
    return status, out.getvalue()


def test_command_says_what_it_found_by_its_status(batch):
    assert run()[0] == 0
    damage("UPDATE students_exportbatch SET people = 9")
    status, out = run()
    assert (status, out.startswith("students.batches: ")) == (1, True)
    assert run("--only", "students.decisions")[0] == 0
    assert run("--only", "nope")[0] == 2
