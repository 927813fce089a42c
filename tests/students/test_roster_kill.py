"""SIGKILL at every named point of reading, applying and undoing: a restarted worker ends as if undisturbed."""

import datetime as dt
import io

import pytest

from photocampus import clock
from photocampus.models import Event, Job
from students.models import Completeness, Graduate, RosterRow, RosterUpload, Student, UploadState
from students.roster_undo import ask_undo
from students.roster_uploads import ask_apply, start_upload
from students.staging import unpack
from tests import rosters
from tests.killing import restart_workers, run_in_child
from tests.rosters import people, person
from tests.students.roster_help import Place, roster_dump

pytestmark = pytest.mark.django_db(transaction=True)
NOON = dt.datetime(2018, 3, 20, 12)

READ_POINTS = [
    "roster.block",
    "roster.block:2",
    "roster.block.open",
    "roster.block.open:3",
    "roster.staged",
    "roster.previewed",
]
APPLY_POINTS = ["roster.planned", "roster.apply.open", "roster.applied"]
UNDO_POINTS = ["roster.undo.prepared", "roster.undo.open"]


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setattr("students.roster_read.BLOCK", 3)
    with clock.at(NOON):
        place = Place()
        place.load(people(6))
        yield place


def changed_file():
    """New, moved, renamed, exchanged, refused lines, and one person gone."""
    rows = [*people(5), person(10), person(11), person(12, gender="?")]
    rows[0]["class_name"] = "新班"
    rows[1]["name"] = "改名"
    for index, source in ((2, 4), (3, 3)):
        rows[index] |= {name: person(source)[name] for name in ("id_number", "birth_date", "gender")}
    return rosters.xlsx(rows)


def begin(place):
    return start_upload(
        campaign=place.campaign, unit=place.unit, file=io.BytesIO(changed_file()), name="r.xlsx",
        completeness=Completeness.UNIT, by=place.by,
    )  # fmt: skip


def preview(upload):
    upload.refresh_from_db()
    rows = [
        (row.line, row.kind, row.tags, unpack(row.payload.reveal())) for row in upload.rows.order_by("line")
    ]
    return upload.state, upload.counts, upload.revision, rows


def events():
    """How often each event happened; a killed piece must not have told its story twice."""
    return sorted(Event.objects.exclude(kind="uploaded").values_list("subject_type", "kind", "old", "new"))


def killed_and_resumed(job_id, point):
    assert not run_in_child(job_id, point), point
    restart_workers()
    assert run_in_child(job_id), point
    job = Job.objects.get(pk=job_id)
    assert (job.state, job.attempt) == ("done", 2), (point, job.error)


def forget(upload):
    upload = RosterUpload.objects.get(pk=upload.pk)
    RosterRow.objects.filter(upload=upload).delete()
    RosterUpload.objects.filter(pk=upload.pk).delete()


def test_reading_killed_anywhere_ends_in_the_same_preview(place):
    upload = begin(place)
    assert run_in_child(upload.job_id)
    undisturbed = preview(upload)
    assert undisturbed[:2] == (
        UploadState.PREVIEWED, {"new": 2, "changed": 4, "unchanged": 1, "gone": 1, "refused": 1},
    )  # fmt: skip
    for point in READ_POINTS:
        forget(upload)
        upload = begin(place)
        killed_and_resumed(upload.job_id, point)
        assert preview(upload) == undisturbed, point


def test_applying_and_undoing_killed_anywhere_end_as_undisturbed(place):
    before = roster_dump()
    upload = begin(place)
    assert run_in_child(upload.job_id)
    told = len(events())
    ask_apply(upload=upload, by=place.by)
    upload.refresh_from_db()
    assert run_in_child(upload.job_id)
    undisturbed, happened = roster_dump(), len(events()) - told
    assert undisturbed != before
    for point in [*UNDO_POINTS, *APPLY_POINTS]:
        if point in UNDO_POINTS:
            killed_and_resumed(ask_undo(upload=upload, by=place.by).pk, point)
            assert roster_dump() == before, point
            upload = begin(place)
            assert run_in_child(upload.job_id)
            assert run_in_child(ask_apply(upload=upload, by=place.by).pk)
            continue
        assert run_in_child(ask_undo(upload=upload, by=place.by).pk)
        upload = begin(place)
        assert run_in_child(upload.job_id)
        told = len(events())
        killed_and_resumed(ask_apply(upload=upload, by=place.by).pk, point)
        assert roster_dump() == undisturbed, point
        assert len(events()) - told == happened, point
    assert Student.objects.count() == Graduate.objects.count() == 8
