"""The tray's pages: one file after the other, in both identity modes, without script; and two people at once."""

import re
import threading
from collections import Counter

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from photocampus.errors import DomainError
from sessions.models import AttendancePhoto
from students import ingest_job, tray
from students.acceptance import accept_picture
from students.models import IngestFile, IngestState, Photo
from students.taking_back import take_back
from students.tray import assign_file
from tests import factories as make
from tests.students.tray_place import TrayPlace, picture, picture_faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_faces(monkeypatch):
    monkeypatch.setattr("students.ingest_job.get_detector", lambda: None)


def enter(client, **options) -> TrayPlace:
    place = TrayPlace(**options)
    client.force_login(place.photographer)
    return place


def keys(page: str) -> dict[str, dict[str, str]]:
    """What each digit would send, read from the forms."""
    found = {}
    for form in re.findall(r"<form method=\"post\".*?</form>", page, re.S):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        key = re.search(r'data-key="(\w)"', form)
        if key and fields.get("act") in ("assign", "undo"):
            found[key.group(1)] = fields
    return found


def test_files_are_worked_through_one_after_the_other_and_taken_back(client):
    place = enter(client)
    first, second = place.people[:2]
    names = [f"9{place.name_of(person)}" for person in (first, second)]
    rows = place.put(*((name, picture(seed)) for seed, name in enumerate(names)))
    files = [rows[name].public_id for name in names]
    act, tray_url = f"{place.base}tray/act/", f"{place.base}tray/"

    page = client.get(tray_url).content.decode()
    assert all(f"?file={file}" in page for file in files) and 'data-key="u"' not in page
    page = client.get(tray_url, {"file": files[0]}).content.decode()
    assert first.enrolment.student.name in page and "1 / 2" in page
    answer = client.post(act, keys(page)["1"])
    assert answer["Location"] == f"{tray_url}?file={files[1]}"

    # The next file comes at once, with the way back; nothing has been read yet.
    page = client.get(answer["Location"]).content.decode()
    assert keys(page)["u"]["file"] == files[0] and "1 / 1" in page
    answer = client.post(act, keys(page)["1"])
    assert answer["Location"] == tray_url
    make.run_jobs()
    assert [place.again(person).picture is not None for person in (first, second)] == [True, True]

    page = client.get(tray_url).content.decode()
    assert keys(page)["u"]["file"] == files[1]
    undone = {"act": "undo", "file": files[1], "view": "file", "shown": ""}
    assert client.post(act, undone)["Location"] == f"{tray_url}?file={files[1]}"
    assert place.again(second).picture is None
    page = client.get(tray_url, {"file": files[1]}).content.decode()
    assert second.enrolment.student.name in page and keys(page)["u"]["file"] == files[0]


def test_shot_numbers_alone_in_capture_code_mode(client):
    place = enter(client, identity_mode="capture_code")
    person = place.people[2]
    (row,) = place.put(("A2_0417_003.jpg", picture(1)), match="shot_number").values()
    page = client.get(f"{place.base}tray/", {"file": row.public_id}).content.decode()
    hidden = [word for one in place.people for word in words_of(one)]
    assert "A2-0417-003" in page and not any(word in page for word in hidden)
    found = client.post(f"{place.base}tray/", {"file": row.public_id, "q": "0417-00"}).content.decode()
    assert [fields["shot"] for fields in keys(found).values()] == [f"A2-0417-00{n}" for n in range(1, 5)]
    answer = client.post(
        f"{place.base}tray/act/", {"act": "assign", "file": row.public_id, "graduate": person.public_id}
    )
    assert answer.status_code == 302 and not Photo.objects.exists()
    client.post(f"{place.base}tray/act/", keys(page)["1"])
    make.run_jobs()
    photo = place.again(person).picture
    assert AttendancePhoto.objects.get(photo=photo).shot.code == "A2-0417-003"
    pages = [f"{place.base}tray/", f"{place.base}uploads/{row.batch.public_id}/"]
    for address in pages:
        page = client.get(address).content.decode()
        assert 'value="undo"' in page and not any(word in page for word in hidden)


def words_of(person) -> list[str]:
    enrolment = person.enrolment
    return [enrolment.student.name, enrolment.student_number, enrolment.class_group.name, person.public_id]


def test_an_upload_offers_to_take_back_what_was_assigned_by_hand_alone(client):
    place = enter(client)
    first, second = place.people[:2]
    rows = place.put((place.name_of(first), picture(1)), ("who.jpg", picture(2)))
    row = rows["who.jpg"]
    assign_file(file=row, graduate=second, by=place.photographer)
    make.run_jobs()
    upload = f"{place.base}uploads/{row.batch.public_id}/"
    page = client.get(upload).content.decode()
    assert page.count('value="undo"') == 1 and str(place.photographer) in page
    fields = {"act": "undo", "view": "upload", "file": row.public_id}
    assert client.post(f"{place.base}tray/act/", fields)["Location"] == upload
    assert place.again(second).picture is None and place.again(first).picture is not None
    assert 'value="undo"' not in client.get(upload).content.decode()
    # Staff look, and change nothing.
    client.force_login(make.make_staff())
    page = client.get(f"{place.base}tray/", {"file": row.public_id}).content.decode()
    assert "who.jpg" in page and 'data-key="1"' not in page
    assert client.post(f"{place.base}tray/act/", fields).status_code == 404


def test_a_file_that_is_gone_leads_to_the_next_and_a_strangers_to_nothing(client):
    place = enter(client)
    rows = list(place.put(("x.jpg", picture(1)), ("y.jpg", picture(2))).values())
    assign_file(file=rows[0], graduate=place.people[0], by=place.photographer)
    tray_url = f"{place.base}tray/"
    assert (
        client.get(tray_url, {"file": rows[0].public_id})["Location"]
        == f"{tray_url}?file={rows[1].public_id}"
    )
    late = {"act": "assign", "view": "file", "file": rows[0].public_id}
    answer = client.post(f"{tray_url}act/", late | {"graduate": place.people[1].public_id}, follow=True)
    assert answer.context["row"].pk == rows[1].pk
    assert {str(message) for message in answer.context["messages"]} == {str(tray.NotInTray())}
    other = make.make_studio(campaign=place.campaign)
    client.force_login(make.make_photographer(other))
    theirs = f"/studio/{other.code}/{place.campaign.code}/pictures/tray/"
    assert client.get(theirs, {"file": rows[1].public_id}).status_code == 404
    undo = {"act": "undo", "file": rows[0].public_id}
    assert client.post(f"{theirs}act/", undo).status_code == 404


def test_what_was_taken_back_is_shown_to_nobody(client):
    place = enter(client)
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign_file(file=row, graduate=place.people[0], by=place.photographer)
    make.run_jobs()
    row.refresh_from_db()
    address = f"/pictures/{row.photo.public_id}/small/"
    assert client.get(address).status_code == 200
    take_back(file=row, by=place.photographer)
    for user in (place.photographer, make.make_coordinator(place.unit)):
        client.force_login(user)
        assert client.get(address).status_code == 404


def test_the_work_view_takes_the_same_number_of_queries_for_few_and_many(client, django_assert_num_queries):
    place = enter(client)
    rows = place.put(("x.jpg", picture(1, 60)), (place.name_of(place.people[0]), picture(2, 90)))
    address = f"{place.base}tray/?file={rows['x.jpg'].public_id}"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(5, 30):
        place.shoot(make.make_graduate(place.campaign, place.unit), number)
    place.put(*((f"more{seed}.jpg", picture(seed)) for seed in range(5, 9)))
    with django_assert_num_queries(len(few.captured_queries)):
        client.get(address)


# ---- two at once


def start_together(*acts):
    """Run the acts in threads of their own; the outcomes by code."""
    barrier = threading.Barrier(len(acts), timeout=20)
    outcomes: list[str] = []

    def run(act):
        try:
            barrier.wait()
            act()
            outcomes.append("done")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return Counter(outcomes)


def test_of_two_who_assign_one_file_at_once_one_is_refused():
    place = TrayPlace()
    other = make.make_photographer(place.studio)
    (row,) = place.put(("who.jpg", picture(1))).values()
    outcomes = start_together(
        lambda: assign_file(file=row, graduate=place.people[0], by=place.photographer),
        lambda: assign_file(file=row, graduate=place.people[1], by=other),
    )
    assert outcomes == {"done": 1, "not_in_tray": 1}
    make.run_jobs()
    assert Photo.objects.count() == 1 and picture_faults() == []


def test_two_who_take_one_assignment_back_at_once_do_it_once():
    place = TrayPlace()
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign_file(file=row, graduate=place.people[0], by=place.photographer)
    make.run_jobs()

    def act():
        take_back(file=row, by=place.photographer)

    assert start_together(act, act) == {"done": 2}
    row.refresh_from_db()
    assert row.state == IngestState.TRAY and row.file.open("rb").read() == picture(1)
    assert picture_faults() == []


def test_of_accepting_and_taking_back_at_once_exactly_one_happens():
    place = TrayPlace()
    coordinator = make.make_coordinator(place.unit)
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign_file(file=row, graduate=place.people[0], by=place.photographer)
    make.run_jobs()
    row = IngestFile.objects.select_related("photo").get(pk=row.pk)
    person = place.again(place.people[0])
    outcomes = start_together(
        lambda: take_back(file=row, by=place.photographer),
        lambda: accept_picture(graduate=person, photo=row.photo, by=coordinator),
    )
    assert outcomes["done"] == 1 and picture_faults() == []
    assert (place.again(person).picture is None) == ("changed_meanwhile" in outcomes)


def test_a_picture_that_is_filed_while_it_is_taken_back_ends_in_the_tray(monkeypatch):
    place = TrayPlace()
    (row,) = place.put(("who.jpg", picture(1))).values()
    assign_file(file=row, graduate=place.people[0], by=place.photographer)
    filing, undoing = threading.Event(), threading.Event()
    file_photo = ingest_job.file_photo

    def slowly(**options):
        filing.set()
        assert undoing.wait(20)
        return file_photo(**options)

    def undo():
        assert filing.wait(20)
        undoing.set()
        take_back(file=row, by=place.photographer)

    monkeypatch.setattr(ingest_job, "file_photo", slowly)
    assert start_together(make.run_jobs, undo) == {"done": 2}
    row.refresh_from_db()
    assert (row.state, row.assigned, row.photo) == (IngestState.TRAY, None, None)
    assert place.again(place.people[0]).picture is None
    assert row.file.open("rb").read() == picture(1) and picture_faults() == []
