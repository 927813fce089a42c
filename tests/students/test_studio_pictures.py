"""The studio's pages: upload without and with script, what became of it, the tray."""

import hashlib
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from photocampus import clock
from photocampus.access import visible_to
from students.models import IngestBatch, IngestFile, IngestState, Photo, Student
from tests import factories as make
from tests.students import odd_pictures as odd
from units.models import StudioGrant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(client):
    class Place:
        campaign = make.make_campaign()
        unit = make.make_unit()
        studio = make.make_studio(campaign=campaign)
        photographer = make.make_photographer(studio)
        person = make.make_graduate(campaign, unit)

    make.make_grant(Place.studio, Place.unit, Place.campaign, by=Place.photographer)
    Place.base = f"/studio/{Place.studio.code}/{Place.campaign.code}/pictures/"
    client.force_login(Place.photographer)
    return Place


def upload(client, place, *files, match="auto"):
    data = {
        "match": match,
        "origin": "attendance",
        "unit": "",
        "files": [SimpleUploadedFile(*file) for file in files],
    }
    answer = client.post(f"{place.base}open/", data)
    make.run_jobs()
    return answer


def test_plain_form_takes_many_files(place, client):
    number = place.person.enrolment.student_number
    answer = upload(
        client, place, (f"{number}.jpg", odd.jpeg(1, 600, 800)), ("who.jpg", odd.jpeg(2, 600, 800))
    )
    batch = IngestBatch.objects.get()
    assert answer["Location"] == f"{place.base}uploads/{batch.public_id}/"
    page = client.get(answer["Location"]).content.decode()
    assert f"{number}.jpg" in page and "who.jpg" in page and place.person.enrolment.student.name in page
    assert client.get(place.base).status_code == 200
    part = client.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<div id=") and "hx-get" not in part


JSON = {"Accept": "application/json"}


def open_by_script(client, place) -> dict[str, str]:
    return client.post(f"{place.base}open/", {"match": "auto", "origin": "attendance"}, headers=JSON).json()


def send_by_script(client, urls, name, data, **headers):
    sent = {"X-File-Name": quote(name), "X-File-Sha256": hashlib.sha256(data).hexdigest(), **headers}
    return client.post(urls["files"], data, content_type="application/octet-stream", headers=JSON | sent)


def test_script_asks_and_sends_files_one_by_one(place, client):
    urls = open_by_script(client, place)
    data, name = odd.jpeg(1, 600, 800), f"照片/{place.person.enrolment.student_number}.jpg"
    assert send_by_script(client, urls, name, data).json() == {"ok": True}
    assert IngestFile.objects.get().name.reveal() == name
    offer = {
        "files": [
            {"name": name, "sha256": hashlib.sha256(data).hexdigest()},
            {"name": "b", "sha256": "0" * 64},
        ]
    }
    answer = client.post(urls["offer"], offer, content_type="application/json", headers=JSON).json()
    known = {offer["files"][0]["sha256"]: {"state": "waiting", "renamed": False}}
    assert answer == {"known": known, "there": {}}
    assert open_by_script(client, place) == urls  # after a reload the same upload goes on
    assert client.get(place.base).context["unfinished"].files_in_all == 1
    assert client.post(urls["start"], headers=JSON).json()["next"].startswith(place.base)
    make.run_jobs()
    assert IngestFile.objects.get().state == IngestState.FILED
    assert client.get(place.base).context["unfinished"] is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"files": 3}',
        b'{"files": [{"name": "a"}]}',
        b'{"files": [{"name": "a", "sha256": "x"}]}',
        b'{"files": [{"name": "a", "sha256": "%s", "size": 1e999}]}' % (b"0" * 64),
        b'{"files": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["nothing", "list", "number", "no hash", "short hash", "endless size", "nested"],
)
def test_offers_that_are_none_are_refused(place, client, body):
    urls = open_by_script(client, place)
    answer = client.post(urls["offer"], body, content_type="application/json", headers=JSON)
    assert answer.status_code == 400 and answer.json()["error"]


def test_sent_files_must_say_what_they_are(place, client, settings):
    urls = open_by_script(client, place)
    form = client.post(urls["files"], {"file": SimpleUploadedFile("a.jpg", b"a")}, headers=JSON)
    assert form.status_code == 400
    assert send_by_script(client, urls, "a.jpg", b"abc", **{"X-File-Sha256": "short"}).status_code == 400
    # Bytes that are not those that were announced are worth another attempt.
    assert send_by_script(client, urls, "a.jpg", b"abc", **{"X-File-Sha256": "0" * 64}).status_code == 409
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 1000}
    answer = send_by_script(client, urls, "a.jpg", odd.jpeg(1, 600, 800))
    assert answer.status_code == 400 and "a.jpg" in answer.json()["error"]
    assert set(IngestFile.objects.values_list("state", flat=True)) == {IngestState.DISCARDED}


def piece_headers(name, data, number, step):
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    hashes = [hashlib.sha256(piece).digest() for piece in pieces]
    return pieces[number], {
        "X-File-Name": quote(name),
        "X-File-Size": str(len(data)),
        "X-File-Sha256": hashlib.sha256(b"".join(hashes)).hexdigest(),
        "X-Piece-Number": str(number),
        "X-Piece-Sha256": hashes[number].hex(),
    }


def test_script_sends_a_large_file_in_pieces_and_goes_on_after_a_break(place, client, settings):
    settings.UPLOAD_PIECE_BYTES = step = 30_000
    data, name = odd.jpeg(1, 600, 800), f"{place.person.enrolment.student_number}.jpg"
    count = -(-len(data) // step)
    urls = open_by_script(client, place)
    assert urls["piece_bytes"] == step

    def send(number, **changed):
        piece, headers = piece_headers(name, data, number, step)
        kind = {"content_type": "application/octet-stream"}
        return client.post(urls["pieces"], piece, headers=JSON | headers | changed, **kind)

    def offer():
        headers = piece_headers(name, data, 0, step)[1]
        asked = {"name": name, "sha256": headers["X-File-Sha256"], "size": len(data)}
        body = {"files": [asked]}
        answer = client.post(urls["offer"], body, content_type="application/json", headers=JSON)
        return answer.json()["known"], list(answer.json()["there"].values())

    assert offer() == ({}, [])
    assert send(1).json() == {"ok": True, "there": 1, "in_all": count}
    assert offer() == ({}, [[1]])
    page = client.get(place.base)
    assert f"{name} 将从 {100 * step // len(data)}% 处继续上传" in page.content.decode()
    # A part of a file is nothing to read yet.
    assert page.context["unfinished"].files_arrived == 0
    assert urls["start"] not in page.content.decode()
    for changed in (
        {"X-Piece-Number": "x"},
        {"X-Piece-Number": str(count)},
        {"X-Piece-Number": "9" * 40},
        {"X-Piece-Sha256": ""},
        {"X-File-Size": "0"},
        {"X-File-Size": "-1"},
        {"X-File-Sha256": "short"},
    ):
        assert send(0, **changed).status_code == 400, changed
    assert send(0, **{"X-Piece-Sha256": "0" * 64}).status_code == 409
    for number in range(count):
        answer = send(number)
        assert answer.status_code == 200
    assert answer.json() == {"ok": True, "there": count, "in_all": count}
    assert [one["state"] for one in offer()[0].values()] == ["waiting"]
    assert client.get(place.base).context["unfinished"].files_arrived == 1
    assert client.post(urls["start"], headers=JSON).status_code == 200
    make.run_jobs()
    assert IngestFile.objects.get().state == IngestState.FILED


def test_tray_is_worked_off_on_its_page(place, client):
    upload(client, place, ("who.jpg", odd.jpeg(2, 600, 800)), ("bad.jpg", b"nothing"))
    number = place.person.enrolment.student_number
    rows = {row.name.reveal(): row for row in IngestFile.objects.all()}
    who = rows["who.jpg"]
    page = client.get(f"{place.base}tray/").content.decode()
    assert "who.jpg" in page and "bad.jpg" in page
    page = client.post(f"{place.base}tray/", {"q": number, "file": who.public_id}).content.decode()
    assert place.person.public_id in page and "bad.jpg" not in page
    preview = client.get(f"{place.base}tray/{who.public_id}/preview/")
    assert preview["Content-Type"] == "image/jpeg" and "private" in preview["Cache-Control"]
    act = f"{place.base}tray/act/"
    client.post(act, {"act": "assign", "file": who.public_id, "graduate": place.person.public_id})
    client.post(act, {"act": "discard", "file": rows["bad.jpg"].public_id})
    make.run_jobs()
    place.person.refresh_from_db()
    assert place.person.picture is not None
    assert client.get(f"{place.base}sheet/{place.unit.code}/").status_code == 200
    image = client.get(f"/pictures/{place.person.picture.public_id}/small/")
    assert image["ETag"] and "private" in image["Cache-Control"]
    again = client.get(
        f"/pictures/{place.person.picture.public_id}/small/", headers={"If-None-Match": image["ETag"]}
    )
    assert again.status_code == 304


def test_numbers_in_file_names_are_masked_on_pages(place, client):
    number = Student.objects.get().id_number.reveal()
    upload(client, place, (f"{number}.jpg", odd.jpeg(2, 600, 800)), (f"x{number}9.jpg", b"nothing"))
    batch = IngestBatch.objects.get()
    for address in (f"{place.base}uploads/{batch.public_id}/", f"{place.base}tray/"):
        assert number not in client.get(address).content.decode()


def test_other_studio_and_ungranted_unit_get_nothing(place, client):
    upload(client, place, ("who.jpg", odd.jpeg(2, 600, 800)))
    row, batch = IngestFile.objects.get(), IngestBatch.objects.get()
    other_unit = make.make_unit()
    assert client.get(f"{place.base}sheet/{other_unit.code}/").status_code == 404
    other = make.make_studio(campaign=place.campaign)
    client.force_login(make.make_photographer(other))
    theirs = f"/studio/{other.code}/{place.campaign.code}/pictures/"
    for address in (
        place.base,
        f"{theirs}uploads/{batch.public_id}/",
        f"{theirs}tray/{row.public_id}/preview/",
    ):
        assert client.get(address).status_code == 404
    assert client.post(f"{theirs}tray/act/", {"act": "discard", "file": row.public_id}).status_code == 404
    client.force_login(make.make_coordinator(place.unit))
    assert client.get(place.base).status_code == 404
    client.force_login(make.make_staff())
    assert client.get(place.base).status_code == 200
    assert client.post(f"{place.base}open/", {"match": "auto", "origin": "attendance"}).status_code == 404


def test_names_do_not_show_in_capture_code_mode(place, client):
    place.campaign.identity_mode = "capture_code"
    place.campaign.save()
    upload(client, place, ("who.jpg", odd.jpeg(2, 600, 800)), match="shot_number")
    name = place.person.enrolment.student.name
    number = place.person.enrolment.student_number
    row = IngestFile.objects.get()
    tray = f"{place.base}tray/"
    answers = [client.get(f"{place.base}{address}") for address in (f"sheet/{place.unit.code}/", "")]
    answers += [
        client.get(tray, {"file": row.public_id}),
        client.post(tray, {"file": row.public_id, "q": number}),
    ]
    for answer in answers:
        page = answer.content.decode()
        assert name not in page
        assert place.person.public_id not in page


def test_refused_file_is_named_with_its_number_masked(place, client, settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "picture": 1000}
    number = Student.objects.get().id_number.reveal()
    answer = upload(client, place, (f"{number}.jpg", odd.jpeg(2, 600, 800)))
    page = client.get(answer["Location"]).content.decode()
    assert number not in page and number[:6] in page


def test_file_known_from_an_earlier_campaign_stays_on_the_page_of_its_upload(place, client):
    data, name = odd.jpeg(1, 600, 800), f"{place.person.enrolment.student_number}.jpg"
    upload(client, place, (name, data))
    earlier = make.make_campaign("2017")
    photo = Photo.objects.get()
    Photo.objects.update(campaign=earlier)
    batch_page = upload(client, place, (name, data))["Location"]
    row = IngestFile.objects.latest("pk")
    assert (row.state, row.photo) == (IngestState.KNOWN, photo)
    assert visible_to(place.photographer, IngestFile).filter(pk=row.pk).exists()
    assert name in client.get(batch_page).content.decode()
    # Who sees the upload through another unit's grant does not see this person in it.
    make.make_grant(place.studio, make.make_unit(), place.campaign, by=place.photographer)
    StudioGrant.objects.filter(unit=place.unit).update(ended_at=clock.now())
    assert not visible_to(place.photographer, IngestFile).exists()
    assert client.get(batch_page).status_code == 200
