"""Two uploads, or an upload and the portal, at the same people: nothing is doubled, nobody's change is lost."""

import datetime as dt
import threading

import pytest
from django.db import connection, connections

from photocampus import clock
from students import roster_apply
from students.models import Graduate, RosterUpload, UploadState
from students.roster_edit import edit_graduate
from students.roster_uploads import ask_apply
from tests.factories import run_jobs
from tests.rosters import people, person
from tests.students.roster_help import Place, counts

NOON = dt.datetime(2018, 3, 20, 12)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(NOON):
        yield


@pytest.mark.django_db
def test_the_slower_of_two_uploads_is_compared_again():
    place = Place()
    first, second = place.upload(people(3)), place.upload([person(3, name="另一名"), person(4)])
    place.apply(first)
    second = place.apply(second)
    assert (second.state, second.counts["stale"]) == (UploadState.PREVIEWED, True)
    assert counts(second) == {"new": 1, "changed": 1}


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_what_a_lost_lock_would_let_through(monkeypatch):
    """Without the comparison under the lock the unique constraints still send the second upload back."""
    place = Place()
    first, second = place.upload(people(3)), place.upload(people(3))
    write = roster_apply._write

    def meanwhile(upload, *args):
        monkeypatch.setattr(roster_apply, "_write", write)
        monkeypatch.setattr(roster_apply, "still_holds", lambda *_: True)
        place.apply(first)
        write(upload, *args)

    monkeypatch.setattr(roster_apply, "_write", meanwhile)
    second = place.apply(second)
    assert counts(second) == {"unchanged": 3}
    assert Graduate.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_portal_edit_between_comparison_and_lock_is_noticed(monkeypatch):
    place = Place()
    place.load(people(2))
    upload = place.upload([person(1, class_name="新班"), person(2)])
    write = roster_apply._write

    def meanwhile(*args):
        monkeypatch.setattr(roster_apply, "_write", write)
        cells = person(1, id_type="id_card", name="门户改名", term="2018-07", category="毕业生")
        edit_graduate(graduate=place.graduate(1), cells=cells, by=place.by)
        write(*args)

    monkeypatch.setattr(roster_apply, "_write", meanwhile)
    upload = place.apply(upload)
    assert (upload.state, upload.counts["stale"]) == (UploadState.PREVIEWED, True)
    assert place.graduate(1).enrolment.student.name == "门户改名"


@pytest.mark.django_db(transaction=True)
def test_two_uploads_applied_at_the_same_moment():
    place = Place()
    uploads = [place.upload(people(40)), place.upload(people(40))]
    for upload in uploads:
        ask_apply(upload=upload, by=place.by)
    errors = []
    barrier = threading.Barrier(2)

    def work(pk):
        try:
            with clock.at(NOON):
                barrier.wait()
                roster_apply.apply_roster(upload=RosterUpload.objects.get(pk=pk), by=place.by)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[upload.pk]) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    assert errors == []
    run_jobs()
    states = sorted(RosterUpload.objects.values_list("state", flat=True))
    assert states == [UploadState.APPLIED, UploadState.PREVIEWED]
    assert Graduate.objects.count() == 40
