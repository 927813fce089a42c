"""SIGKILL at every named point of a re-derivation, then a restarted worker: the same images, rows, counts and files."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus.models import Event, Job, JobState
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import add_upload
from students.models import Finding, Graduate, Photo, Rendition
from students.near_pictures import CHECK
from students.rederive import start_rederive
from tests import factories as make
from tests.killing import restart_workers, run_in_child
from tests.students import odd_pictures as odd
from tests.students.test_ingest_kill import stored
from units.image_profiles import change_profile

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = [
    "rederive.file_written",
    "rederive.file_written:2",
    "rederive.rows_written",
    "rederive.settled",
    "rederive.settled:2",
    "rederive.settled:3",
    "rederive.rows_written:3",
]


@pytest.fixture
def world():
    """Three people's pictures; the third cannot be read any more, two are the same, none has been compared."""

    class World:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        staff = make.make_staff()
        people = make.make_graduates(4, campaign, unit)

        def new_version(self, width=150):
            """Two profiles change, so that each picture gets two images."""
            small, large = {"width": width, "height": width * 4 // 3}, {"dpi": 100 + width}
            for name, changes in (("small", small), ("large", large)):
                profile = self.campaign.image_profiles.filter(name=name).order_by("-version").first()
                change_profile(profile=profile, by=self.staff, **changes)

    make.make_grant(World.studio, World.unit, World.campaign, by=World.photographer)
    world = World()
    file_pictures(world)
    return world


def file_pictures(world) -> None:
    batch = open_batch(studio=world.studio, campaign=world.campaign, by=world.photographer)
    same = odd.drawing(1, 600, 800)
    for person, quality, seed in zip(world.people, (95, 80, 90, 90), (1, 1, 2, 3), strict=True):
        data = odd.saved(same if seed == 1 else odd.drawing(seed, 600, 800), "JPEG", quality=quality)
        upload = SimpleUploadedFile(f"{person.enrolment.student_number}.jpg", data)
        add_upload(batch=batch, upload=upload, by=world.photographer)
    start_ingest(batch=batch, by=world.photographer)
    make.run_jobs()
    lost = Graduate.objects.get(pk=world.people[2].pk).picture
    default_storage.delete(lost.original.name)
    world.lost = lost.original.name


def as_before(world, filed) -> None:
    """Everything as it was when the pictures had been filed, under new versions of the profiles."""
    Rendition.objects.exclude(pk__in=filed["renditions"]).delete()
    Photo.objects.update(look="", checked_with="")
    Finding.objects.filter(check_name=CHECK).delete()
    for name in set(stored()) - set(filed["files"]):
        default_storage.delete(name)


def start(world) -> Job:
    job = start_rederive(campaign=world.campaign, by=world.staff)
    return Job.objects.get(pk=job.pk)


def snapshot(job):
    """Everything that a killed re-derivation could have spoilt."""
    job.refresh_from_db()
    return {
        "job": (job.state, job.result, job.done, job.total),
        "renditions": sorted(
            Rendition.objects.values_list("photo", "profile__name", "profile__version", "sha256", "file")
        ),
        "findings": sorted(
            Finding.objects.values_list("photo", "check_name", "code", "severity", "measure"), key=repr
        ),
        "photos": sorted(Photo.objects.values_list("pk", "look", "checked_with")),
        "stored": {name: default_storage.open(name).read() for name in stored()},
    }


def test_rederivation_killed_at_any_point_ends_as_if_undisturbed(world):
    filed = {"renditions": list(Rendition.objects.values_list("pk", flat=True)), "files": stored()}
    world.new_version()
    as_before(world, filed)
    job = start(world)
    assert run_in_child(job.pk)
    undisturbed = snapshot(job)
    state, result, done, total = undisturbed["job"]
    assert (state, done, total) == (JobState.DONE, 4, 4)
    assert (result["made"], result["checked"], result["unreadable"], result["compared"]) == (6, 3, 1, 3)
    assert sum(CHECK in row for row in undisturbed["findings"]) == 2
    for point in POINTS:
        as_before(world, filed)
        job = start(world)
        assert not run_in_child(job.pk, point), point
        restart_workers()
        assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
        assert run_in_child(job.pk)
        assert snapshot(job) == undisturbed, point
    assert Event.objects.filter(kind="pictures_derived_again").count() == len(POINTS) + 1


def test_what_a_kill_left_under_a_version_that_is_replaced_before_it_goes_on_is_taken_away(world):
    filed = {"renditions": list(Rendition.objects.values_list("pk", flat=True)), "files": stored()}
    world.new_version()
    as_before(world, filed)
    job = start(world)
    assert not run_in_child(job.pk, "rederive.file_written:2")
    assert len(stored()) == len(filed["files"]) + 2
    world.new_version(width=180)
    restart_workers()
    assert run_in_child(job.pk)
    named = {
        *Rendition.objects.values_list("file", flat=True),
        *Photo.objects.values_list("original", flat=True),
    }
    assert set(stored()) == named - {world.lost}
