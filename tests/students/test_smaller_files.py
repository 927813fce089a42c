"""Files of one picture in several sizes, in uploads of their own: a smaller one never takes the place of a larger one."""

import pytest

from students import ingest_job
from students.models import Decision, Graduate, IngestState, Origin, Outcome, Photo, Stage
from students.taking_back import NotTakenBack, take_back
from students.tray import assign_file
from tests import factories as make
from tests.students import odd_pictures as odd
from tests.students import test_ingest
from tests.students.odd_base import srgb

pytestmark = pytest.mark.django_db
place, own_media, on_commit_runs = test_ingest.place, test_ingest.own_media, test_ingest.on_commit_runs
SIZES = {"small": (240, 320, 60), "registration": (480, 640, 80), "large": (1200, 1600, 90)}


@pytest.fixture(autouse=True)
def no_faces(monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)


def finished(seed: int, name: str, **options) -> bytes:
    """A file as the studio finishes it, of the picture that a drawing of any size shows."""
    width, height, quality = SIZES[name]
    picture = odd.drawing(seed, 600, 800).resize((width, height))
    return odd.saved(picture, "JPEG", **({"quality": quality, "dpi": (300, 300)} | options))


def original(seed: int) -> bytes:
    return odd.saved(odd.drawing(seed, 600, 800), "JPEG", quality=93)


def put(place, data, name=""):
    name = name or place.name_of(place.first)
    (row,) = place.put((name, data)).values()
    place.first.refresh_from_db()
    return row


def accept(place) -> None:
    Decision.objects.create(
        graduate=place.first,
        photo=place.first.picture,
        stage=Stage.ACCEPTANCE,
        outcome=Outcome.YES,
        by=place.photographer,
    )


def sent_later(kind: str, photo: Photo) -> bytes:
    if kind == "ours":
        return photo.renditions.get(profile__name="small").file.read()
    options = {"fits": {}, "too_many_bytes": {"quality": 95}, "with_profile": {"icc_profile": srgb()}}
    return finished(1, "small", **options[kind])


@pytest.mark.parametrize("kind", ["fits", "ours", "too_many_bytes", "with_profile"])
def test_small_file_sent_later_leaves_the_accepted_picture(place, kind):
    photo = put(place, original(1)).photo
    accept(place)
    data = sent_later(kind, photo)
    row = put(place, data)
    expected = ("known", "") if kind == "ours" else ("tray", "smaller_copy")
    assert (row.state, row.reason) == expected
    assert place.first.picture == photo and Decision.objects.get().is_current
    # Sent once more it does not fill the tray.
    assert put(place, data).state == IngestState.KNOWN
    assert put(place, original(1)).reason == "" and place.first.picture == photo


def test_small_file_that_fits_no_profile_does_not_replace_what_nobody_has_decided_on(place):
    photo = put(place, original(1)).photo
    assert put(place, sent_later("too_many_bytes", photo)).reason == "smaller_copy"
    assert put(place, finished(2, "small")).reason == "too_small"
    assert place.first.picture == photo
    # Who is sure says so by hand, and can take it back.
    row = put(place, finished(3, "small"))
    assign_file(file=row, graduate=place.first, by=place.photographer)
    make.run_jobs()
    place.first.refresh_from_db()
    assert place.first.picture.width == 240
    row.refresh_from_db()
    take_back(file=row, by=place.photographer)
    place.first.refresh_from_db()
    assert place.first.picture == photo


def test_earlier_picture_sent_again_changes_nothing_but_can_be_chosen_again_by_hand(place):
    first = put(place, original(1)).photo
    second = put(place, original(2)).photo
    row = put(place, original(1))
    assert (row.state, row.reason, place.first.picture) == ("known", "earlier_known", second)
    row = put(place, original(1), "who.jpg")
    assign_file(file=row, graduate=place.first, by=place.photographer)
    make.run_jobs()
    place.first.refresh_from_db()
    row.refresh_from_db()
    assert (row.state, row.reason, place.first.picture) == ("known", "chosen_again", first)
    assert Photo.objects.count() == 2
    with pytest.raises(NotTakenBack) as refused:
        take_back(file=row, by=place.photographer)
    assert refused.value.code == "chosen_again"


def test_finished_files_sent_smallest_first_are_all_kept(place):
    sent = {name: finished(1, name) for name in SIZES}
    for data in sent.values():
        assert put(place, data).state == IngestState.FILED
    photo = place.first.picture
    assert (photo.width, photo.origin) == (1200, Origin.STUDIO_FILE)
    kept = {row.profile.name: row.file.read() for row in photo.renditions.select_related("profile")}
    assert kept == sent
    assert put(place, sent["small"]).state == IngestState.KNOWN


def test_finished_file_of_another_picture_is_not_carried_over(place):
    put(place, finished(1, "small"))
    photo = put(place, original(2)).photo
    assert photo.origin == Origin.ATTENDANCE and not photo.renditions.filter(is_studio_file=True).exists()


def test_larger_picture_filed_meanwhile_by_another_job_is_not_replaced(place, monkeypatch):
    """Between the look at the person's picture and the lock."""
    photo = put(place, original(1)).photo
    Graduate.objects.update(picture=None)
    write = ingest_job.write_files

    def write_late(*args):
        write(*args)
        Graduate.objects.filter(pk=place.first.pk).update(picture=photo)

    monkeypatch.setattr(ingest_job, "write_files", write_late)
    before = test_ingest.stored()
    row = put(place, sent_later("too_many_bytes", photo))
    assert (row.state, row.reason, place.first.picture) == ("tray", "smaller_copy", photo)
    assert [name for name in test_ingest.stored() if not name.startswith("incoming")] == before
