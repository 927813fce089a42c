"""Large files in pieces: any order, twice, with gaps, from two tabs, after a kill; read as one file and swept as one."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import threading
import zipfile
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.db import connections
from django.utils import timezone

from photocampus import jobs
from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.jobs import cancel_job
from photocampus.ledger import disagreements
from photocampus.models import JobState
from photocampus.uploads import TooLarge
from students.chores import sweep_abandoned_pieces
from students.ingest import NoFiles, open_batch, start_ingest
from students.ingest_uploads import (
    BadOffer,
    Offer,
    UploadBroken,
    continue_or_open,
    offer_files,
    receive_file,
    unfinished_uploads,
)
from students.models import IngestBatch, IngestFile, IngestPiece, IngestState, Photo
from students.piece_uploads import Piece, hash_over, pieces_there, receive_piece, unfinished_files
from students.stored_files import open_stored
from students.tray import discard_file
from tests import factories as make
from tests.killing import forget_connections
from tests.students import odd_pictures as odd

pytestmark = pytest.mark.django_db(transaction=True)
STEP = 20_000
OPTIONS = {"match": "auto", "origin": "attendance", "unit": None}


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Large:
    """A file as a browser sees it: cut into pieces, known by their hashes."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data
        self.pieces = [data[start : start + STEP] for start in range(0, len(data), STEP)]
        self.offer = Offer(name, hash_over([hash_of(piece) for piece in self.pieces]), len(data))


class Broken(io.BytesIO):
    """A connection that breaks off in the middle of the piece."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("the client is gone")
        return super().read(100)


class Interrupted(io.BytesIO):
    """Something happens while the piece arrives."""

    def __init__(self, data: bytes, happens) -> None:
        super().__init__(data)
        self.happens = happens

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() and self.happens:
            happens, self.happens = self.happens, None
            happens()
        return super().read(1000)


class ObjectStore(InMemoryStorage):
    """Whole objects by name, as an object store has them: nothing to append to, and no path."""

    def _relative_path(self, name):
        return os.path.relpath(super().path(name), self.location)

    def path(self, name):
        raise NotImplementedError


@pytest.fixture
def place(settings):
    settings.UPLOAD_PIECE_BYTES = STEP

    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        people = make.make_graduates(2, campaign, unit)

        def batch(self, by=None, **more):
            who = {"studio": self.studio, "campaign": self.campaign, "by": by or self.photographer}
            return continue_or_open(**who, **(OPTIONS | more))

        def send(self, batch, file, /, *numbers, stream=None, by=None, **more):
            for number in numbers:
                data = file.pieces[number]
                options = {"size": len(data), "piece": Piece(number, hash_of(data)), "file": file.offer}
                progress = receive_piece(
                    batch=batch,
                    stream=stream or io.BytesIO(data),
                    by=by or batch.by,
                    **(options | more),
                )
            return progress

        def there(self, batch, file):
            return pieces_there(batch=batch, offers=[file.offer], by=batch.by).get(file.offer.sha256, [])

        def read(self, batch):
            start_ingest(batch=batch, by=self.photographer)
            make.run_jobs()

        def archive(self):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for seed, person in enumerate(self.people):
                    name = f"{person.enrolment.student_number}.jpg"
                    archive.writestr(zipfile.ZipInfo(name), odd.jpeg(seed, 600, 800))
            return Large("card.zip", out.getvalue())

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    return Place()


def stored() -> list[str]:
    return sorted(default_storage.listdir("incoming")[1]) if default_storage.exists("incoming") else []


def names_of(row) -> list[str]:
    return sorted(piece.stored_name.removeprefix("incoming/") for piece in row.pieces.all())


def test_archive_comes_in_any_order_is_read_as_one_and_leaves_nothing(place):
    file, batch = place.archive(), place.batch()
    count = len(file.pieces)
    assert count > 4
    order = list(range(count))
    random.Random(7).shuffle(order)
    for sent, number in enumerate(order[:-1], start=1):
        progress = place.send(batch, file, number)
        assert (progress.there, progress.in_all, progress.is_whole) == (sent, count, False)
    row = batch.files.get()
    assert row.state == IngestState.UPLOADING and place.there(batch, file) == sorted(order[:-1])
    assert place.send(batch, file, order[-1]).is_whole
    row.refresh_from_db()
    assert (row.state, row.size) == (IngestState.WAITING, len(file.data))
    with open_stored(row) as whole:
        assert whole.read() == file.data
    assert names_of(row) == stored() and len(stored()) == count
    known = offer_files(batch=batch, offers=[file.offer], by=place.photographer)
    assert known[file.offer.sha256].state == "waiting"
    assert list(disagreements(["students.uploads"])) == []
    place.read(batch)
    assert Photo.objects.count() == 2 and stored() == [] and not IngestPiece.objects.exists()
    # Read and gone, but not forgotten: it is never sent again.
    again = place.batch()
    assert offer_files(batch=again, offers=[file.offer], by=place.photographer)[file.offer.sha256].state == (
        "unpacked"
    )
    assert place.send(again, file, 0).is_whole and not again.files.exists()


def test_same_piece_twice_changes_nothing(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, 0, 1)
    before = stored()
    assert place.send(batch, file, 1).there == 2
    assert stored() == before and IngestPiece.objects.count() == 2


def test_offer_names_the_pieces_that_are_there_and_only_those_of_this_file(place):
    file, other, batch = place.archive(), Large("b.zip", bytes(3 * STEP)), place.batch()
    assert place.there(batch, file) == []
    place.send(batch, file, 0, 2)
    assert place.there(batch, file) == [0, 2] and place.there(batch, other) == []
    longer = Offer(file.name, file.offer.sha256, file.offer.size + 1)
    assert pieces_there(batch=batch, offers=[longer], by=batch.by) == {}
    assert offer_files(batch=batch, offers=[file.offer], by=batch.by) == {}
    ((row, share),) = unfinished_files(batch)
    assert row.name.reveal() == "card.zip" and share == 100 * 2 * STEP // len(file.data)


def test_pieces_that_cannot_be_are_refused_before_anything_is_kept(place):
    file, batch = place.archive(), place.batch()
    last = len(file.pieces) - 1
    for more in (
        {"piece": Piece(last + 1, hash_of(b""))},
        {"piece": Piece(-1, hash_of(b""))},
        {"piece": Piece(0, "short")},
        {"piece": Piece(last, hash_of(file.pieces[0]))},  # only the last may be shorter
        {"size": STEP - 1},
        {"size": STEP + 1},
        {"file": Offer(file.name, "x" * 64, len(file.data))},
        {"file": Offer(file.name, file.offer.sha256, STEP)},  # comes as a whole
        {"file": Offer(file.name, file.offer.sha256, 0)},
    ):
        with pytest.raises(BadOffer):
            place.send(batch, file, 0, **more)
    assert not IngestFile.objects.exists() and stored() == []


def test_piece_that_breaks_off_or_is_another_leaves_the_others(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, 0)
    before = stored()
    for error, stream in (
        (OSError, Broken(file.pieces[1])),
        (UploadBroken, io.BytesIO(file.pieces[1][:-1])),  # a proxy that ends early without a word
        (UploadBroken, io.BytesIO(file.pieces[1] + b"x")),
        (UploadBroken, io.BytesIO(bytes(STEP))),
    ):
        with pytest.raises(error):
            place.send(batch, file, 1, stream=stream)
        assert stored() == before and place.there(batch, file) == [0]
    assert place.send(batch, file, 1).there == 2


def test_right_pieces_that_make_another_file_are_dropped(place):
    file, batch = place.archive(), place.batch()
    file.offer = Offer(file.name, "0" * 64, len(file.data))
    place.send(batch, file, *range(len(file.pieces) - 1))
    with pytest.raises(UploadBroken):
        place.send(batch, file, len(file.pieces) - 1)
    row = batch.files.get()
    assert (row.state, row.reason) == (IngestState.DISCARDED, "upload_broken")
    assert stored() == [] and not IngestPiece.objects.exists()


def test_size_is_judged_by_the_sum_and_by_kind(place, settings):
    file, plain, batch = place.archive(), Large("a.tif", bytes(3 * STEP)), place.batch()
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 2 * STEP, "archive": len(file.data)}
    place.send(batch, file, 1)
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "archive": len(file.data) - 1}
    with pytest.raises(TooLarge):
        place.send(batch, file, 2)
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "archive": len(file.data)}
    assert place.send(batch, file, 0).there == 2
    kept = stored()
    # What is no archive is found out by its first piece, and nothing of it stays.
    place.send(batch, plain, 2, 1)
    with pytest.raises(TooLarge):
        place.send(batch, plain, 0)
    assert stored() == kept
    assert batch.files.get(state=IngestState.DISCARDED).pieces.count() == 0


def test_pieces_belong_to_the_user_who_sent_them(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, 0, 1)
    colleague = make.make_photographer(place.studio)
    theirs = place.batch(by=colleague)
    assert place.there(theirs, file) == []
    place.send(theirs, file, 2)
    assert place.there(theirs, file) == [2] and place.there(batch, file) == [0, 1]
    stranger = make.make_coordinator(place.unit)
    with pytest.raises(NotAllowed):
        place.send(batch, file, 3, by=stranger)
    with pytest.raises(NotAllowed):
        pieces_there(batch=batch, offers=[file.offer], by=stranger)
    other = make.make_studio(campaign=place.campaign)
    make.make_grant(other, make.make_unit(), place.campaign)
    elsewhere = open_batch(studio=other, campaign=place.campaign, by=make.make_photographer(other))
    assert place.there(elsewhere, file) == []
    with pytest.raises(NotAllowed):
        place.send(elsewhere, file, 0, by=place.photographer)


def test_two_tabs_that_send_the_same_piece_at_once_keep_one(place):
    file, batch = place.archive(), place.batch()
    slow = Interrupted(file.pieces[0], lambda: place.send(batch, file, 0))
    assert place.send(batch, file, 0, stream=slow).there == 1
    assert batch.files.count() == IngestPiece.objects.count() == len(stored()) == 1
    # The other tab sends all the rest meanwhile: the file is whole, and the late piece is not needed.
    rest = range(1, len(file.pieces))
    late = Interrupted(file.pieces[1], lambda: place.send(batch, file, *rest))
    assert place.send(batch, file, 1, stream=late).is_whole
    row = batch.files.get()
    assert row.state == IngestState.WAITING and names_of(row) == stored()
    with open_stored(row) as whole:
        assert hash_of(whole.read()) == hash_of(file.data)


def test_tabs_that_send_everything_at_once_in_threads_keep_one_file(place):
    file, batch = place.archive(), place.batch()
    count, wholes, errors = len(file.pieces), [], []

    def tab(order):
        try:
            wholes.append([place.send(batch, file, number) for number in order][-1].is_whole)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    orders = [range(count), range(count - 1, -1, -1), [*range(1, count, 2), *range(0, count, 2)]]
    tabs = [threading.Thread(target=tab, args=(order,)) for order in orders]
    for thread in tabs:
        thread.start()
    for thread in tabs:
        thread.join(timeout=120)
    assert errors == [] and wholes == [True] * 3
    row = batch.files.get()
    assert row.state == IngestState.WAITING and names_of(row) == stored() and len(stored()) == count
    with open_stored(row) as whole:
        assert whole.read() == file.data


def test_store_of_objects_without_paths_is_enough(place, settings):
    objects = {"BACKEND": f"{__name__}.{ObjectStore.__name__}"}
    settings.STORAGES = {**settings.STORAGES, "default": objects}
    file, batch = place.archive(), place.batch()
    with pytest.raises(NotImplementedError):
        default_storage.path("incoming")
    place.send(batch, file, *range(len(file.pieces)))
    place.read(batch)
    assert Photo.objects.count() == 2 and stored() == []


def test_reading_that_begins_sets_a_file_aside_whose_pieces_are_not_all_there(place):
    file, batch = place.archive(), place.batch()
    picture = odd.jpeg(5, 300, 400)
    place.send(batch, file, 0, 1)
    receive_file(
        batch=batch, name="who.jpg", size=len(picture), stream=io.BytesIO(picture), by=place.photographer
    )
    slow = Interrupted(file.pieces[2], lambda: start_ingest(batch=batch, by=place.photographer))
    place.send(batch, file, 2, stream=slow)
    # The tab went on under the old address, so the file is there again; when the reading is started, it goes aside.
    assert batch.files.filter(state=IngestState.UPLOADING).count() == 1
    place.read(batch)
    aside = place.batch()
    assert aside != batch and list(unfinished_uploads(place.studio, place.campaign, place.photographer)) == [
        aside
    ]
    assert batch.files.get().state == IngestState.TRAY
    assert place.there(aside, file) == [0, 1, 2]
    with pytest.raises(NoFiles):
        start_ingest(batch=aside, by=place.photographer)
    assert place.there(aside, file) == [0, 1, 2]
    assert place.send(aside, file, *range(3, len(file.pieces))).is_whole
    place.read(aside)
    assert Photo.objects.count() == 2 and IngestBatch.objects.count() == 2


def test_other_options_chosen_after_a_break_cost_nothing(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, 0, 1)
    other = place.batch(match="student_number")
    assert other != batch and place.there(other, file) == [0, 1]
    place.send(other, file, *range(2, len(file.pieces)))
    assert not batch.files.exists() and other.files.get().state == IngestState.WAITING


def test_cancelled_reading_keeps_pieces_and_goes_on(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, *range(len(file.pieces)))
    job = start_ingest(batch=batch, by=place.photographer)
    cancel_job(job=job, by=place.photographer)
    make.run_jobs()
    job.refresh_from_db()
    row = batch.files.filter(archive=None).get()
    assert job.state == JobState.CANCELLED and len(stored()) == len(file.pieces)
    assert row.state in (IngestState.WAITING, IngestState.WORKING, IngestState.UNPACKED)
    place.read(batch)
    assert Photo.objects.count() == 2 and stored() == []


def test_large_picture_in_the_tray_keeps_its_pieces_until_it_is_settled(place):
    data = odd.saved(odd.drawing(3, 300, 400), "PNG")
    assert len(data) > 2 * STEP
    who, batch = Large("who.png", data), place.batch()
    place.send(batch, who, *range(len(who.pieces)))
    place.read(batch)
    row = batch.files.get()
    assert (row.state, row.sha256) == (IngestState.TRAY, hash_of(data))
    assert len(stored()) == len(who.pieces) + 1  # and the preview
    named = Large(f"{place.people[0].enrolment.student_number}.png", data)
    second = place.batch()
    offer_files(batch=second, offers=[named.offer], by=place.photographer)
    place.read(second)
    row.refresh_from_db()
    assert row.state == IngestState.FILED and row.batch == second and stored() == []
    assert Photo.objects.get().sha256 == hash_of(data)

    other = Large("nobody.png", odd.saved(odd.drawing(4, 300, 400), "PNG"))
    third = place.batch()
    place.send(third, other, *range(len(other.pieces)))
    place.read(third)
    discard_file(file=third.files.get(), by=place.photographer)
    assert stored() == [] and not IngestPiece.objects.exists()


def test_archive_whose_piece_is_gone_says_so(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, *range(len(file.pieces)))
    default_storage.delete(IngestPiece.objects.get(number=len(file.pieces) - 1).stored_name)
    place.read(batch)
    row = batch.files.get()
    assert row.state in (IngestState.TRAY, IngestState.REFUSED) and Photo.objects.count() == 0


def test_given_up_pieces_are_swept_and_others_stay(place):
    file, fresh, batch = place.archive(), Large("b.zip", b"PK\x03\x04" + bytes(3 * STEP)), place.batch()
    place.send(batch, file, 0, 1)
    place.send(batch, fresh, 0)
    old = timezone.now() - timedelta(days=8)
    IngestPiece.objects.filter(file__size=file.offer.size).update(created_at=old)
    # What dead processes left: an attempt that nobody finished, the pieces of a file that was given up half-way.
    row = batch.files.get(size=fresh.offer.size)
    dead = IngestPiece.objects.create(file=row, number=1, size=STEP, sha256="0" * 64, created_at=old)
    default_storage.save(dead.stored_name, ContentFile(b"half"))
    given_up = IngestFile.objects.create(
        batch=batch, position=9, name="c", piece_bytes=STEP, size=5 * STEP, state=IngestState.DISCARDED
    )
    left = IngestPiece.objects.create(file=given_up, number=1, size=9, sha256="0" * 64, has_arrived=True)
    default_storage.save(left.stored_name, ContentFile(b"left over"))
    assert sweep_abandoned_pieces() == 3
    assert place.there(batch, file) == [] and place.there(batch, fresh) == [0]
    assert stored() == names_of(row) and IngestPiece.objects.count() == 1
    assert batch.files.get(size=file.offer.size).reason == "upload_broken"
    assert sweep_abandoned_pieces() == 0


def test_piece_whose_file_is_given_up_meanwhile_is_sent_again_into_a_new_one(place):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, 0)

    def give_up():
        IngestPiece.objects.update(created_at=timezone.now() - timedelta(days=8))
        sweep_abandoned_pieces()

    with pytest.raises(ChangedMeanwhile):
        place.send(batch, file, 1, stream=Interrupted(file.pieces[1], give_up))
    assert stored() == [] and not IngestPiece.objects.exists()
    assert place.send(batch, file, 1).there == 1


@pytest.mark.parametrize("point", ["piece.owned", "piece.written", "piece.counted"])
def test_portal_killed_between_pieces_goes_on_with_the_next_missing_one(place, point, monkeypatch):
    file, batch = place.archive(), place.batch()
    place.send(batch, file, 0)
    assert killed(lambda: place.send(batch, file, 1), point)
    there = [0, 1] if point == "piece.counted" else [0]
    assert place.there(batch, file) == there
    missing = [number for number in range(len(file.pieces)) if number not in there]
    assert place.send(batch, file, *missing).is_whole
    row = batch.files.get()
    with open_stored(row) as whole:
        assert whole.read() == file.data
    place.read(batch)
    assert Photo.objects.count() == 2 and stored() == [] and not IngestPiece.objects.exists()


def killed(work, point: str) -> bool:
    """Do the work in a process of its own that is killed there."""
    child = os.fork()
    if child == 0:
        try:
            inherited = forget_connections()  # noqa: F841  # kept, so that nothing closes them
            os.environ[jobs.CRASH_VARIABLE] = point
            jobs._visits.clear()
            work()
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
