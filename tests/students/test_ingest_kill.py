"""SIGKILL at every named point of the ingest, then a restarted worker: the same people, files and rows."""

import io
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from photocampus.models import Event, Job, JobState
from students.ingest import open_batch, start_ingest
from students.ingest_job import MOST_TRIES
from students.ingest_uploads import add_upload
from students.models import Finding, Graduate, IngestBatch, IngestFile, IngestState, Photo, Rendition
from tests import factories as make
from tests.killing import restart_workers, run_in_child
from tests.students import odd_pictures as odd

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = [
    "ingest.unpacked",
    "ingest.claimed",
    "ingest.claimed:3",
    "ingest.files_written",
    "ingest.files_written:2",
    "ingest.filed",
    "ingest.filed:3",
    "ingest.kept",
    "ingest.settled",
    "ingest.cleared",
    "ingest.cleared:2",
]


@pytest.fixture
def world():
    class World:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        people = make.make_graduates(3, campaign, unit)

    make.make_grant(World.studio, World.unit, World.campaign, by=World.photographer)
    return World


def stored(folder="") -> list[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    found = [f"{folder}/{name}".lstrip("/") for name in files]
    return found + [path for name in folders for path in stored(f"{folder}/{name}".lstrip("/"))]


def members(world) -> list[tuple[str, bytes]]:
    """Two plain pictures, one person with finished files, one file for the tray, one that is no picture."""
    first, second, third = (person.enrolment.student_number for person in world.people)
    sizes = {"large": (1200, 1600), "small": (240, 320)}
    finished = [
        (f"{third}-{name}.jpg", odd.saved(odd.drawing(9, *size), "JPEG", quality=60, dpi=(300, 300)))
        for name, size in sizes.items()
    ]
    return [
        (f"{first}.jpg", odd.jpeg(1, 600, 800)),
        (f"{second}.jpg", odd.jpeg(2, 600, 800)),
        *finished,
        ("somebody.jpg", odd.jpeg(4, 600, 800)),
        ("list.jpg", b"no picture at all"),
    ]


def start(world):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members(world):
            archive.writestr(zipfile.ZipInfo(name), data)  # without today's date: the same bytes each time
    batch = open_batch(studio=world.studio, campaign=world.campaign, by=world.photographer)
    upload = SimpleUploadedFile("all.zip", out.getvalue())
    add_upload(batch=batch, upload=upload, by=world.photographer)
    start_ingest(batch=batch, by=world.photographer)
    batch.refresh_from_db()
    return batch


def snapshot(batch):
    """Everything that a killed ingest could have spoilt, without the random names."""
    rows = IngestFile.objects.filter(batch=batch)
    return {
        "files": sorted(
            (row.name.reveal(), row.state, row.reason, row.sha256, bool(row.photo_id)) for row in rows
        ),
        "pictures": {
            person.enrolment.student_number: person.picture and person.picture.sha256
            for person in Graduate.objects.select_related("enrolment", "picture")
        },
        "photos": Photo.objects.count(),
        "renditions": sorted(
            Rendition.objects.values_list("photo__sha256", "profile__name", "sha256", "is_studio_file")
        ),
        "findings": Finding.objects.count(),
        "events": Event.objects.filter(kind="picture_filed").count(),
        "stored": len(stored()),
    }


def forget():
    for model in (
        IngestFile.objects.exclude(archive=None),
        IngestFile.objects.all(),
        IngestBatch.objects.all(),
    ):
        model.delete()
    Graduate.objects.update(picture=None)
    for model in (Finding, Rendition, Photo):
        model.objects.all().delete()
    for name in stored():
        default_storage.delete(name)


def test_ingest_killed_at_any_point_ends_as_if_undisturbed(world):
    forget()
    batch = start(world)
    assert run_in_child(batch.job_id)
    undisturbed = snapshot(batch)
    once = undisturbed.pop("events")
    states = sorted(state for _name, state, *_rest in undisturbed["files"])
    assert states == ["filed", "filed", "filed", "filed", "refused", "tray", "unpacked"]
    # three originals, three times renditions, two tray files and one preview
    assert undisturbed["stored"] == 3 + len(undisturbed["renditions"]) + 3
    for times, point in enumerate(POINTS, start=2):
        forget()
        batch = start(world)
        assert not run_in_child(batch.job_id, point), point
        restart_workers()
        assert Job.objects.get(pk=batch.job_id).state == JobState.QUEUED
        assert run_in_child(batch.job_id)
        disturbed = snapshot(batch)
        assert disturbed.pop("events") == times * once, point
        assert disturbed == undisturbed, point
    forget()


@pytest.mark.parametrize(("kills", "reasons"), [(MOST_TRIES - 2, []), (MOST_TRIES - 1, ["gave_up"])])
def test_file_that_stops_the_program_each_time_ends_in_the_tray_and_the_others_are_filed(
    world, kills, reasons
):
    forget()
    batch = start(world)
    assert not run_in_child(batch.job_id, "ingest.claimed:2")  # behind the archive, its first member
    for _attempt in range(kills):
        restart_workers()
        assert not run_in_child(batch.job_id, "ingest.claimed")
    restart_workers()
    assert run_in_child(batch.job_id)
    assert Job.objects.get(pk=batch.job_id).state == JobState.DONE
    tray = batch.files.filter(state=IngestState.TRAY).order_by("reason")
    assert list(tray.filter(reason="gave_up").values_list("reason", flat=True)) == reasons
    # "somebody" matches nobody, and stays in the tray in any case
    assert tray.count() == 1 + len(reasons)
    assert batch.files.filter(state=IngestState.FILED).count() == 4 - len(reasons)
    forget()


def test_command_reads_a_folder_and_says_what_is_left(world, tmp_path, capsys):
    forget()
    for name, data in members(world):
        (tmp_path / name).write_bytes(data)
    with pytest.raises(SystemExit) as stopped:
        call_command("ingest_photos", str(tmp_path), campaign="2018")
    assert stopped.value.code == 1
    printed = capsys.readouterr().out
    assert "filed=4 known=0 tray=2" in printed and "somebody.jpg" in printed
    assert Graduate.objects.exclude(picture=None).count() == 3
    call_command("ingest_photos", str(tmp_path), campaign="2018")
    assert "filed=0 known=6 tray=0" in capsys.readouterr().out
    assert Photo.objects.count() == 3
    forget()


def test_command_reads_an_archive_and_refuses_what_is_not_there(world, tmp_path, capsys):
    forget()
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members(world)[:2]:
            archive.writestr(name, data)
    call_command("ingest_photos", str(path), campaign="2018", match="student_number")
    assert "filed=2 known=0 tray=0" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        call_command("ingest_photos", str(tmp_path / "nowhere"), campaign="2018")
    assert stopped.value.code == 2
    forget()
