"""The roster's pages: who may, what they show, and that numbers stay masked."""

import datetime as dt
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from photocampus import clock
from photocampus.models import AccessLog
from students.models import Correction, Exemption, Graduate, RosterUpload, SignOff, UploadState
from tests import rosters
from tests.factories import make_coordinator, make_photographer, make_staff, make_studio, make_unit, run_jobs
from tests.rosters import people, person
from tests.students.roster_help import Place

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(dt.datetime(2018, 3, 20, 12)):
        yield


@pytest.fixture
def place(db, client):
    place = Place()
    place.client = client
    client.force_login(place.by)
    return place


def address(place, name, *args):
    return reverse(f"students:{name}", args=[place.unit.code, place.campaign.code, *args])


def send(place, data, name="名单.xlsx", completeness="adds"):
    file = SimpleUploadedFile(name, data)
    return place.client.post(address(place, "uploads"), {"file": file, "completeness": completeness})


def text(response):
    return response.content.decode()


def test_a_coordinator_uploads_looks_applies_and_undoes(place):
    rows = people(3)
    rows[2]["id_number"] = rows[2]["id_number"][:-1] + "*"
    answer = send(place, rosters.xlsx(rows))
    upload = RosterUpload.objects.get()
    assert answer.url == address(place, "upload", upload.public_id)
    working = text(place.client.get(answer.url))
    assert "hx-get" in working
    run_jobs()
    page = text(place.client.get(answer.url + "?kind=refused"))
    assert person(3)["student_number"] in page
    assert "hx-get" not in page.split('id="upload"')[1].split(">")[0]
    assert not any(row["id_number"][:17] in page for row in rows)
    place.client.post(address(place, "upload-apply", upload.public_id))
    run_jobs()
    assert Graduate.objects.count() == 2
    place.client.post(address(place, "upload-undo", upload.public_id))
    run_jobs()
    upload.refresh_from_db()
    assert (upload.state, Graduate.objects.count()) == (UploadState.UNDONE, 0)


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.xlsx", b"nonsense"), ("a.xlsx", b" "), ("a.csv", b"\x00\x01"), ("a.xlsx", b"PK\x03\x04broken")],
)
def test_a_bad_file_gets_one_message_and_leaves_nothing(place, name, data, settings):
    answer = send(place, data, name)
    assert answer.status_code == 200
    assert text(answer).count('id="id_file_error"') <= 1
    assert RosterUpload.objects.count() == 0


def test_wrong_headings_are_named_at_once(place):
    answer = send(place, "学号,姓名\n1,张三\n".encode(), "a.csv")
    assert "证件号码" in str(answer.context["form"].errors["file"])
    assert RosterUpload.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_large_file_with_wrong_headings_is_refused_by_the_job_and_goes_away(place, monkeypatch):
    monkeypatch.setattr("students.roster_uploads.QUICK_BYTES", 0)
    send(place, "学号,姓名\n1,张三\n".encode(), "a.csv")
    run_jobs()
    upload = RosterUpload.objects.get()
    assert upload.state == UploadState.FAILED
    assert "证件号码" in upload.error
    assert not upload.file.storage.exists(upload.file.name)
    assert "证件号码" in text(place.client.get(address(place, "upload", upload.public_id)))


def test_uploaded_file_and_name_lie_encrypted(place):
    send(place, rosters.csv_file(people(1)), f"{person(1)['id_number']}.csv")
    upload = RosterUpload.objects.get()
    with upload.file.open("rb") as stored:
        content = stored.read()
    assert person(1)["id_number"].encode() not in content
    assert person(1)["id_number"] not in upload.file.name
    assert person(1)["id_number"] not in upload.file_name.sealed


def test_refused_lines_come_back_as_the_same_file_with_reasons_and_are_logged(place):
    rows = people(2)
    rows[1]["gender"] = "=1+1"
    headings = [*rosters.HEADINGS[:3], "备注", *rosters.HEADINGS[3:]]
    from photocampus.sheets import sheet_bytes

    lines = [[*line[:3], "另有一列", *line[3:]] for line in rosters.lines(rows)]
    upload = place.upload(sheet_bytes(headings=headings, rows=lines))
    answer = place.client.post(address(place, "upload-refused", upload.public_id))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert sheet[0] == [*headings, "原因"]
    assert sheet[1][:-1] == lines[1]
    assert sheet[1][-1].startswith("性别")
    log = AccessLog.objects.get()
    assert (log.action, log.full, log.rows, log.by) == ("roster_refused", True, 1, place.by)
    # Corrected, it goes in as it is: the column 原因 is ignored.
    sheet[1][2] = person(2)["gender"]
    again = place.upload(sheet_bytes(headings=sheet[0], rows=sheet[1:]))
    assert again.counts["new"] == 1


def test_template_is_accepted_when_filled(place):
    answer = place.client.get(address(place, "roster-template"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.get_sheet_by_index(0).to_python()[0] == rosters.HEADINGS
    explained = book.get_sheet_by_index(1).to_python()
    start = next(n for n, line in enumerate(explained) if line[0] == "学号" and line[1] == "姓名")
    from photocampus.sheets import sheet_bytes

    upload = place.upload(sheet_bytes(headings=explained[start], rows=explained[start + 1 :]))
    assert (upload.counts["new"], upload.counts["refused"]) == (3, 0)


PAGES = ["roster", "uploads", "roster-add", "roster-template", "corrections", "sign-off"]
OFFICE = [
    "office-roster",
    "office-uploads",
    "office-roster-add",
    "office-roster-template",
    "office-corrections",
]


def test_nobody_else_sees_a_units_roster(place, client):
    upload = place.load(people(1))
    graduate = place.graduate(1)
    group = graduate.enrolment.class_group
    addresses = [address(place, name) for name in PAGES]
    addresses += [
        address(place, "upload", upload.public_id),
        address(place, "person-edit", graduate.public_id),
        address(place, "person-state", graduate.public_id),
        address(place, "sign-off-sheet", group.public_id),
    ]
    office = [reverse(f"students:{name}", args=[place.campaign.code]) for name in OFFICE]
    office.append(reverse("students:office-upload", args=[place.campaign.code, upload.public_id]))
    for url in addresses:
        assert client.get(url).status_code == 200, url
    for url in office:
        assert client.get(url).status_code == 404, url
    for stranger in (make_coordinator(make_unit()), make_photographer(make_studio(campaign=place.campaign))):
        client.force_login(stranger)
        for url in [*addresses, *office]:
            assert client.get(url).status_code == 404, url
    client.force_login(make_staff())
    for url in office:
        assert client.get(url).status_code == 200, url
    assert client.get(address(place, "roster")).status_code == 200
    assert client.get(address(place, "person-edit", graduate.public_id)).status_code == 404
    assert client.post(address(place, "upload-undo", upload.public_id)).status_code == 404


def test_an_upload_of_another_unit_is_not_found_under_the_own_one(place):
    other = make_unit("fl", name="外国语学院")
    foreign = place.upload(people(1, unit="外国语学院"), unit=other, by=make_coordinator(other))
    assert place.client.get(address(place, "upload", foreign.public_id)).status_code == 404
    assert place.client.post(address(place, "upload-apply", foreign.public_id)).status_code == 404


def test_roster_list_finds_filters_and_asks_as_often_for_three_as_for_one(place, django_assert_num_queries):
    place.load(people(1))
    place.client.get(address(place, "roster"))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        place.client.get(address(place, "roster"))
    place.load(people(3))
    with CaptureQueriesContext(connection) as three:
        page = text(place.client.get(address(place, "roster")))
    assert len(three) == len(one)
    assert person(3)["name"] in page
    assert person(3)["id_number"] not in page
    found = text(place.client.post(address(place, "roster"), {"q": person(2)["student_number"]}))
    assert person(2)["name"] in found
    assert person(3)["student_number"] not in found
    answer = place.client.post(address(place, "roster"), {"id_number": person(2)["id_number"].lower()})
    assert place.graduate(2).public_id in answer.url
    assert person(2)["id_number"] not in answer.url


def test_found_people_are_paged_without_their_number_in_any_address(place, monkeypatch):
    monkeypatch.setattr("students.roster_people_pages.PER_PAGE", 2)
    place.load(people(5))
    here, start = address(place, "roster"), person(1)["student_number"][:6]
    # An address with a number in it, written by hand or kept from elsewhere, is not carried any further.
    assert place.client.get(here, {"q": start, "term": "2018-07"}).url == f"{here}?term=2018-07"
    words = {"q": start, "term": "2018-07", "state": "active"}
    seen = []
    for number in ("", "2", "3"):
        page = text(place.client.post(here, words | {"page": number}))
        assert f'value="{start}"' in page
        assert re.findall(r'(?:href|action)="[^"]*' + start, page) == []
        pager = re.findall(r'<button form="roster-find" name="page" value="(\d)">', page)
        assert pager == [one for one in "123" if one != (number or "1")]
        seen += [n for n in range(1, 6) if person(n)["name"] in page]
    assert sorted(seen) == [1, 2, 3, 4, 5]
    assert text(place.client.post(here, words | {"term": "2018-01"})).count("<tbody>") == 0
    # Without words the filters go into the address, where they can be kept.
    assert place.client.post(here, {"q": " ", "term": "2018-07", "class": ""}).url == f"{here}?term=2018-07"


def form_cells(number, **changes):
    cells = person(number, unit="cs", id_type="id_card", term="2018-07", category="graduate", entry_date="2014-09-01",
                   expected_graduation="2018-07-01")  # fmt: skip
    return cells | changes


def test_add_and_edit_one_person(place):
    url = address(place, "roster-add")
    assert place.client.post(url, form_cells(1)).status_code == 302
    graduate = place.graduate(1)
    assert graduate.enrolment.student.id_number.reveal() == person(1)["id_number"]
    again = place.client.post(url, form_cells(1))
    assert again.status_code == 200
    edit = address(place, "person-edit", graduate.public_id)
    shown = text(place.client.get(edit))
    assert person(1)["id_number"] not in shown
    assert person(1)["phone"] not in shown
    answer = place.client.post(edit, form_cells(1, id_number="", phone="", class_name="新班", major_name=""))
    assert answer.status_code == 302
    enrolment = place.graduate(1).enrolment
    assert (enrolment.class_group.name, enrolment.major_name) == ("新班", "")
    assert enrolment.student.id_number.reveal() == person(1)["id_number"]
    assert enrolment.student.phone.reveal() == person(1)["phone"]


def test_a_wrong_number_in_the_form_is_refused_at_its_field(place):
    answer = place.client.post(address(place, "roster-add"), form_cells(1, id_number="110105199603070000"))
    assert answer.status_code == 200
    assert "id_number" in answer.context["form"].errors
    assert Graduate.objects.count() == 0


def test_state_with_a_reason(place):
    place.load(people(1))
    url = address(place, "person-state", place.graduate(1).public_id)
    assert place.client.post(url, {"to": "left", "reason": ""}).status_code == 200
    assert place.client.post(url, {"to": "left", "reason": "退学"}).status_code == 302
    assert place.graduate(1).roster_state == "left"


def test_exemption_is_a_decision_of_staff(place, client):
    place.load(people(1))
    graduate = place.graduate(1)
    client.force_login(make_staff())
    url = reverse("students:office-person-exemption", args=[place.campaign.code, graduate.public_id])
    assert client.get(url).status_code == 200
    assert client.post(url, {"exempt": "1", "reason": "2016年已采集"}).status_code == 302
    assert place.graduate(1).exemption == Exemption.STAFF_DECISION


def test_correction_is_asked_and_decided(place, client):
    place.load(people(2))
    graduate = place.graduate(1)
    Graduate.objects.filter(pk=graduate.pk).update(identity_frozen_at=clock.now())
    edit = place.client.post(
        address(place, "person-edit", graduate.public_id), form_cells(1, name="改名", id_number="", phone="")
    )
    assert "name" in edit.context["form"].errors
    ask = address(place, "person-correction", graduate.public_id)
    assert "correction_open" not in text(place.client.get(ask))
    taken = place.client.post(ask, {"id_number": person(2)["id_number"], "birth_date": person(2)["birth_date"],
                                    "gender": person(2)["gender"], "reason": "x"})  # fmt: skip
    assert taken.status_code == 200
    assert place.client.post(ask, {"name": "改名", "reason": "户口簿更名"}).status_code == 302
    assert place.client.post(ask, {"name": "又改", "reason": "x"}).status_code == 200
    correction = Correction.objects.get()
    staff = make_staff()
    client.force_login(staff)
    url = reverse("students:office-corrections", args=[place.campaign.code])
    assert "改名" in text(client.get(url))
    client.post(url, {"correction": correction.public_id, "decision": "accept", "answer": ""})
    assert place.graduate(1).enrolment.student.name == "改名"
    correction.refresh_from_db()
    assert (correction.state, correction.decided_by) == ("done", staff)


def test_sign_off_sheet_is_masked_until_a_purpose_is_given(place):
    place.load(people(2))
    group = place.graduate(1).enrolment.class_group
    url = address(place, "sign-off-sheet", group.public_id)
    masked = text(place.client.get(url))
    assert person(1)["id_number"] not in masked
    assert AccessLog.objects.count() == 0
    assert person(1)["id_number"] not in text(place.client.post(url, {"purpose": ""}))
    full = place.client.post(url, {"purpose": "打印核对签字表"})
    assert person(1)["id_number"] in text(full)
    assert full["Cache-Control"] == "no-store"
    log = AccessLog.objects.get()
    assert (log.full, log.rows, log.purpose) == (True, 2, "打印核对签字表")


def test_sign_off_is_recorded_and_outdated_by_a_later_change(place):
    place.load(people(2))
    group = place.graduate(1).enrolment.class_group
    done = address(place, "sign-off-done", group.public_id)
    place.client.post(done, {"checked_on": "2018-03-21"})
    assert SignOff.objects.count() == 0
    place.client.post(done, {"checked_on": "2018-03-19"})
    sign_off = SignOff.objects.get()
    assert (sign_off.checked_on, sign_off.people, sign_off.by) == (dt.date(2018, 3, 19), 2, place.by)
    page = place.client.get(address(place, "sign-off"))
    assert (page.context["done"], page.context["outdated"]) == (1, 0)
    place.load([person(1, name="改名")])
    page = place.client.get(address(place, "sign-off"))
    assert (page.context["done"], page.context["outdated"]) == (0, 1)


def test_gone_are_decided_on_their_own(place):
    place.load(people(3))
    upload = place.upload(people(1), completeness="unit")
    lines = list(upload.rows.filter(kind="gone").values_list("line", flat=True))
    gone = address(place, "upload-gone", upload.public_id)
    place.client.post(gone, {"lines": lines[:1], "fate": "left", "reason": ""})
    assert upload.rows.exclude(fate="").count() == 0
    place.client.post(gone, {"lines": lines[:1], "fate": "deferred", "reason": "延期"})
    assert upload.rows.get(line=lines[0]).fate == "deferred"
    assert json.dumps(upload.counts)
    place.client.post(address(place, "upload-apply", upload.public_id))
    run_jobs()
    assert [place.graduate(n).roster_state for n in (1, 2, 3)] == ["active", "deferred", "active"]
