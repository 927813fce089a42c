"""Files on their way from a browser: asked for by hash, received as they come, taken up again after a break."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.core.files.storage import default_storage

from photocampus.errors import ChangedMeanwhile, NotAllowed
from photocampus.models import Event
from photocampus.uploads import TooLarge
from students.ingest import open_batch, start_ingest
from students.ingest_uploads import (
    BadOffer,
    Offer,
    UploadBroken,
    continue_or_open,
    offer_files,
    receive_file,
    unfinished_uploads,
)
from students.models import IngestFile, IngestState, Photo
from tests import factories as make
from tests.students import odd_pictures as odd

pytestmark = pytest.mark.django_db(transaction=True)
OPTIONS = {"match": "auto", "origin": "attendance", "unit": None}


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Stream:
    """Bytes that come in small pieces and may break off."""

    def __init__(self, data: bytes, break_at: int | None = None) -> None:
        self.file, self.break_at, self.most = io.BytesIO(data), break_at, 0

    def read(self, size: int = -1) -> bytes:
        self.most = max(self.most, size)
        if self.break_at is not None and self.file.tell() >= self.break_at:
            raise OSError("the client is gone")
        return self.file.read(min(size, 1000))


@pytest.fixture
def place():
    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        person = make.make_graduate(campaign, unit)

        def batch(self):
            return continue_or_open(
                studio=self.studio, campaign=self.campaign, by=self.photographer, **OPTIONS
            )

        def send(self, batch, name, data, **more):
            stream = more.pop("stream", None) or Stream(data)
            options = {"size": len(data), "sha256": hash_of(data), **more}
            return receive_file(batch=batch, name=name, stream=stream, by=self.photographer, **options)

        def offer(self, batch, *offers):
            pairs = [Offer(name, hash_of(data)) for name, data in offers]
            return offer_files(batch=batch, offers=pairs, by=self.photographer)

        @property
        def name(self):
            return f"{self.person.enrolment.student_number}.jpg"

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    return Place()


def stored() -> list[str]:
    return default_storage.listdir("incoming")[1] if default_storage.exists("incoming") else []


def test_upload_whose_reading_never_began_is_continued(place):
    batch = place.batch()
    place.send(batch, "a.jpg", b"first")
    assert place.batch() == batch
    assert list(unfinished_uploads(place.studio, place.campaign, place.photographer)) == [batch]
    colleague = make.make_photographer(place.studio)
    other = continue_or_open(studio=place.studio, campaign=place.campaign, by=colleague, **OPTIONS)
    assert other != batch
    sheets = {**OPTIONS, "match": "shot_number"}
    assert (
        continue_or_open(studio=place.studio, campaign=place.campaign, by=place.photographer, **sheets)
        != batch
    )
    start_ingest(batch=batch, by=place.photographer)
    assert place.batch() != batch


def test_what_arrived_is_not_asked_for_again_and_what_did_not_is(place):
    batch, data = place.batch(), odd.jpeg(1, 600, 800)
    row = place.send(batch, place.name, data)
    assert (row.sha256, row.size, row.state) == (hash_of(data), len(data), IngestState.WAITING)
    known = place.offer(batch, (place.name, data), ("b.jpg", b"other"))
    assert {key: one.state for key, one in known.items()} == {hash_of(data): "waiting"}
    start_ingest(batch=batch, by=place.photographer)
    make.run_jobs()
    again = place.batch()
    assert place.offer(again, (f"card/{place.name}", data))[hash_of(data)].renamed is False
    # Filed already: another name on the same bytes moves nobody's picture.
    assert place.offer(again, ("other.jpg", data))[hash_of(data)].renamed is True
    assert Photo.objects.count() == 1 and again.files.count() == 0


def test_new_name_for_what_lies_in_the_tray_counts_without_sending(place):
    first, data = place.batch(), odd.jpeg(1, 600, 800)
    place.send(first, "who.jpg", data)
    start_ingest(batch=first, by=place.photographer)
    make.run_jobs()
    second = place.batch()
    place.offer(second, ("who.jpg", data))
    assert first.files.get().state == IngestState.TRAY
    known = place.offer(second, (place.name, data))
    assert known[hash_of(data)].state == "waiting" and not first.files.exists()
    assert Event.objects.filter(kind="file_sent_again").count() == 1
    start_ingest(batch=second, by=place.photographer)
    make.run_jobs()
    assert second.files.get().state == IngestState.FILED


def test_file_that_broke_off_leaves_nothing_and_is_sent_into_the_same_row(place):
    batch, data = place.batch(), bytes(5000)
    with pytest.raises(OSError):
        place.send(batch, "a.jpg", data, stream=Stream(data, break_at=2000))
    with pytest.raises(UploadBroken):  # a proxy that ends the body early without a word
        place.send(batch, "a.jpg", data, stream=Stream(data[:3000]))
    with pytest.raises(UploadBroken):  # bytes changed on the way
        place.send(batch, "a.jpg", data, stream=Stream(b"x" * 5000))
    row = batch.files.get()
    assert (row.state, row.reason, stored()) == (IngestState.DISCARDED, "upload_broken", [])
    assert place.offer(batch, ("a.jpg", data)) == {}
    place.send(batch, "a.jpg", data)
    row.refresh_from_db()
    assert batch.files.get() == row and row.state == IngestState.WAITING and stored() == [row.public_id]


def test_reading_that_begins_meanwhile_gives_up_what_is_still_on_its_way(place):
    batch, data = place.batch(), bytes(5000)
    place.send(batch, "b.jpg", b"there")

    class Begun(Stream):
        def read(self, size: int = -1) -> bytes:
            if 2000 <= self.file.tell() < 3000:
                start_ingest(batch=batch, by=place.photographer)
            return super().read(size)

    with pytest.raises(ChangedMeanwhile):
        place.send(batch, "a.jpg", data, stream=Begun(data))
    assert sorted(batch.files.values_list("state", flat=True)) == ["discarded", "waiting"]
    assert len(stored()) == 1


def test_size_is_judged_by_kind_before_and_while_the_file_arrives(place, settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 4000, "archive": 8000}
    batch = place.batch()
    with pytest.raises(TooLarge):
        place.send(batch, "a.jpg", bytes(5000))
    assert not batch.files.exists()
    with pytest.raises(TooLarge):  # it said less than it sends
        place.send(batch, "a.jpg", bytes(5000), size=10)
    place.send(batch, "a.zip", b"PK\x03\x04" + bytes(5000))
    assert len(stored()) == 1


def test_file_passes_through_in_small_pieces(place):
    stream = Stream(bytes(700_000))
    place.send(place.batch(), "a.zip", bytes(700_000), stream=stream)
    assert stream.most <= 1 << 18


def test_only_the_studios_own_people_may_ask_and_send(place):
    batch, stranger = place.batch(), make.make_coordinator(place.unit)
    with pytest.raises(NotAllowed):
        offer_files(batch=batch, offers=[], by=stranger)
    with pytest.raises(NotAllowed):
        receive_file(batch=batch, name="a", size=1, stream=io.BytesIO(b"a"), by=stranger)
    with pytest.raises(NotAllowed):
        continue_or_open(studio=place.studio, campaign=place.campaign, by=stranger, **OPTIONS)
    with pytest.raises(BadOffer):
        place.offer(batch, *[("a", bytes([n % 256, n // 256])) for n in range(501)])
    # Another studio's files are unknown, whatever their hash.
    other = make.make_studio(campaign=place.campaign)
    make.make_grant(other, make.make_unit(), place.campaign)
    theirs = open_batch(studio=other, campaign=place.campaign, by=make.make_photographer(other))
    place.send(batch, "a.jpg", b"first")
    offers = [Offer("a.jpg", hash_of(b"first"))]
    assert offer_files(batch=theirs, offers=offers, by=theirs.by) == {}
    assert IngestFile.objects.count() == 1
