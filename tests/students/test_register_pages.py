"""Pages of submission, verification, batches and answers: what each role sees and does, and what a stranger gets."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from photocampus.event_words import word_of
from photocampus.models import AccessLog
from students.batch_build import zip_file
from students.batch_files import stream_file
from students.batches import find_profile, start_batch
from students.chsi_files import write_xlsx
from students.models import AnswerFile, ExportBatch, Finding, Submission
from students.reference import ensure_export_profile
from tests.factories import make_coordinator, make_photographer, make_unit, run_jobs
from tests.students.register_people import World, make_code
from tests.students.sheet_people import measured

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    ensure_export_profile()
    make_code("other")
    make_code()
    return World()


@pytest.fixture
def as_unit(world, client):
    client.force_login(world.coordinator)
    return client


@pytest.fixture
def as_staff(world, client):
    client.force_login(world.staff)
    return client


def submissions_url(world, unit=None):
    return reverse("students:submissions", args=[(unit or world.college).code, world.campaign.code])


def build(world):
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    run_jobs()
    batch.refresh_from_db()
    return batch


def test_coordinator_sees_who_is_ready_and_why_others_are_not_and_submits(world, as_unit):
    ready, hindered = world.graduate(), world.graduate(accepted=False)
    page = as_unit.get(submissions_url(world)).content.decode()
    assert hindered.enrolment.student_number in page
    assert ready.enrolment.student_number not in page
    data = {"term": "2018-07", "classes": [ready.enrolment.class_group_id]}
    answer = as_unit.post(reverse("students:submit", args=[world.college.code, "2018"]), data, follow=True)
    submission = Submission.objects.get()
    assert answer.redirect_chain[0][0].endswith(f"/submissions/{submission.public_id}/")
    assert ready.enrolment.student.name in answer.content.decode()
    assert ready.enrolment.student.id_number.reveal() not in answer.content.decode()


def test_submit_without_ready_people_says_why(world, as_unit):
    data = {"term": "2018-07", "classes": []}
    page = as_unit.post(reverse("students:submit", args=[world.college.code, "2018"]), data, follow=True)
    assert page.status_code == 200
    assert Submission.objects.count() == 0
    assert "note-bad" in page.content.decode() or "messages" in page.content.decode()


def test_coordinator_withdraws_with_a_reason(world, as_unit):
    world.graduate()
    submission = world.submit()
    address = reverse("students:withdraw", args=[world.college.code, "2018", submission.public_id])
    as_unit.post(address, {"reason": ""})
    submission.refresh_from_db()
    assert submission.state == "submitted"
    as_unit.post(address, {"reason": "名单有误"})
    submission.refresh_from_db()
    assert submission.state == "withdrawn"


def test_admissions_unit_is_told_who_submits(world, client):
    unit = make_unit(kind="admissions", college=world.college)
    client.force_login(make_coordinator(unit))
    assert world.college.name in client.get(submissions_url(world, unit)).content.decode()


def test_strangers_reach_neither_pages_nor_images(world, client):
    graduate = world.graduate()
    submission = world.submit()
    other = make_unit()
    image = reverse("students:submitted-image", args=[submission.public_id, graduate.public_id])
    for user in (make_coordinator(other), make_photographer(world.studio)):
        client.force_login(user)
        assert client.get(submissions_url(world)).status_code == 404
        assert client.get(image).status_code == 404
        assert client.get(
            reverse("admin:students_submission_verify", args=[submission.public_id])
        ).status_code in (
            302,
            404,
        )
    client.logout()
    assert client.get(image).status_code == 302


def test_image_is_the_submitted_one_and_private(world, as_unit):
    graduate = world.graduate()
    submission = world.submit()
    answer = as_unit.get(reverse("students:submitted-image", args=[submission.public_id, graduate.public_id]))
    with submission.items.get().rendition.file.open() as stream:
        assert b"".join(answer.streaming_content) == stream.read()
    assert answer["Cache-Control"].startswith("private")


def test_staff_verify_and_return_on_the_grid(world, as_staff):
    one, two = world.graduates(2)
    submission = world.submit()
    assert (
        world.college.name in as_staff.get(reverse("admin:students_submission_changelist")).content.decode()
    )
    address = reverse("admin:students_submission_verify", args=[submission.public_id])
    page = as_staff.get(address).content.decode()
    plain = one.enrolment.student.id_number.reveal()
    assert plain not in page
    assert plain[:6] + "**********" + plain[-2:] in page
    items = {item.graduate_id: item.pk for item in submission.items.all()}
    as_staff.post(address, {"act": "verify", "items": [items[one.pk]]})
    as_staff.post(address, {"act": "return", "items": [items[two.pk]], "code": ""})
    assert submission.items.get(graduate=two).state == "submitted"
    as_staff.post(address, {"act": "return", "items": [items[two.pk]], "code": "eyes_closed", "note": "x"})
    assert submission.items.get(graduate=one).state == "verified"
    assert submission.items.get(graduate=two).state == "returned"
    as_staff.force_login(world.coordinator)
    page = as_staff.get(f"{submissions_url(world)}{submission.public_id}/").content.decode()
    assert word_of("items_returned") in page and "items returned" not in page


@pytest.mark.parametrize("text", ["²", "①", "-1", "x", "9" * 20, "9" * 5000])
def test_marked_images_that_are_no_numbers_of_ours_are_none(world, as_staff, text):
    world.graduate()
    submission = world.submit()
    address = reverse("admin:students_submission_verify", args=[submission.public_id])
    page = as_staff.post(address, {"act": "verify", "items": [text]}, follow=True)
    assert page.status_code == 200 and "message-error" in page.content.decode()
    assert submission.items.get().state == "submitted"


def test_a_reason_beside_a_verification_decides_nothing(world, as_staff):
    """Enter in the note presses the form's first button where no script runs."""
    world.graduate()
    submission = world.submit()
    address = reverse("admin:students_submission_verify", args=[submission.public_id])
    data = {"act": "verify", "items": [submission.items.get().pk], "code": "other", "note": "背景"}
    page = as_staff.post(address, data, follow=True).content.decode()
    assert "message-error" in page and submission.items.get().state == "submitted"
    assert 'label="其他"' in page  # the groups in words, not their codes


def test_grid_draws_what_was_measured_in_the_same_queries_for_one_and_more(
    world, as_staff, django_assert_max_num_queries
):
    counts = []
    for people in (1, 3):
        world.graduates(people)
        submission = world.submit()
        for item in submission.items.all():
            Finding.objects.bulk_create(measured(item.photo))
        address = reverse("admin:students_submission_verify", args=[submission.public_id])
        as_staff.get(address)
        with django_assert_max_num_queries(60) as queries:
            page = as_staff.get(address).content.decode()
        assert page.count('class="overlay"') == people and 'd="M0 221.2L480 278.8"' in page
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_staff_verify_all_that_wait(world, as_staff):
    world.graduates(3)
    submission = world.submit()
    as_staff.post(
        reverse("admin:students_submission_verify", args=[submission.public_id]), {"act": "verify_all"}
    )
    submission.refresh_from_db()
    assert submission.state == "verified"


def test_admin_index_links_lead_to_the_pages(world, as_staff):
    world.graduate()
    submission = world.submit()
    change = reverse("admin:students_submission_change", args=[submission.pk])
    assert as_staff.get(change).url.endswith(f"verify/{submission.public_id}/")
    assert reverse("admin:students_exportbatch_changelist") in as_staff.get("/admin/").content.decode()


def test_staff_build_watch_download_report_and_take_the_answer_in(world, as_staff):
    person = world.verified(1)[0]
    page = as_staff.get(reverse("admin:students_exportbatch_changelist")).content.decode()
    assert reverse("admin:students_exportbatch_build", args=["2018"]) in page
    data = {"profile": find_profile().pk}
    as_staff.post(reverse("admin:students_exportbatch_build", args=["2018"]), data)
    batch = ExportBatch.objects.get()
    address = reverse("admin:students_exportbatch_page", args=[batch.public_id])
    assert "batch-job" in as_staff.get(address).content.decode()
    run_jobs()
    assert as_staff.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = as_staff.get(address).content.decode()
    plain = person.enrolment.student.id_number.reveal()
    assert person.enrolment.student.name in page
    assert plain not in page
    file = zip_file(batch)
    take = reverse("admin:students_exportbatch_file", args=[batch.public_id, file.public_id])
    assert as_staff.get(take).status_code == 405
    as_staff.post(take, {"purpose": ""})
    assert AccessLog.objects.count() == 0
    download = as_staff.post(take, {"purpose": "报送学信网"})
    assert b"".join(download.streaming_content) == b"".join(stream_file(file))
    assert (download["Content-Length"], download["Cache-Control"]) == (str(file.size), "no-store")
    assert AccessLog.objects.get().full
    report = reverse("admin:students_exportbatch_report", args=[batch.public_id])
    bad = as_staff.post(report, {"channel": "studio", "at": "2018-07-02T09:00"})
    assert bad.status_code == 200
    as_staff.post(report, {"channel": "academic_affairs", "at": "2018-07-02T09:00"})
    batch.refresh_from_db()
    assert batch.state == "reported"
    rows = [[person.enrolment.student_number, plain, "核验通过"], ["9", plain, "通过"]]
    upload = SimpleUploadedFile("结果.xlsx", write_xlsx(["XH", "SFZH", "BZ"], rows, title="x"))
    answer = as_staff.post(
        reverse("admin:students_exportbatch_upload", args=[batch.public_id]), {"file": upload}, follow=True
    )
    preview = answer.content.decode()
    assert person.enrolment.student.name in preview
    assert plain not in preview
    assert batch.rows.get().answer == "none"
    as_staff.post(answer.redirect_chain[0][0], {"act": "apply"})
    assert batch.rows.get().answer == "passed"
    assert as_staff.get(answer.redirect_chain[0][0]).status_code == 302


def test_bad_answer_file_gets_one_message_and_changes_nothing(world, as_staff):
    world.verified(1)
    batch = build(world)
    address = reverse("admin:students_exportbatch_upload", args=[batch.public_id])
    upload = SimpleUploadedFile("x.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    assert as_staff.post(address, {"file": upload}, follow=True).status_code == 200
    assert as_staff.post(address, follow=True).status_code == 200
    assert AnswerFile.objects.count() == 0


def test_unreportable_people_stand_on_the_batchs_page(world, as_staff):
    person = world.verified(1)[0]
    student = person.enrolment.student
    student.name = "李㛃"
    student.save(update_fields=["name"])
    batch = build(world)
    page = as_staff.get(reverse("admin:students_exportbatch_page", args=[batch.public_id])).content.decode()
    assert person.enrolment.student_number in page
    assert page.count("㛃") >= 2
    assert reverse("admin:students_exportbatch_build", args=["2018"]) in page


def test_staff_give_up_and_free_with_reasons(world, as_staff):
    world.verified(1)
    batch = build(world)
    batch.rows.update(answer="failed")
    free = reverse("admin:students_exportbatch_free", args=[batch.public_id, 1])
    as_staff.post(free, {"reason": ""})
    assert batch.rows.get().is_live
    as_staff.post(free, {"reason": "已更正"})
    assert not batch.rows.get().is_live
    give_up = reverse("admin:students_exportbatch_give_up", args=[batch.public_id])
    as_staff.post(give_up, {"reason": "列不对"})
    batch.refresh_from_db()
    assert batch.state == "failed"


@pytest.mark.parametrize("where", ["submissions", "submission", "verify", "batch", "batches"])
def test_lists_take_the_same_number_of_queries_for_one_and_for_three(
    world, client, where, django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr("photocampus.clock._CACHE_SECONDS", 600)  # a slow machine asks for the date again
    counts = []
    client.force_login(world.coordinator if where.startswith("submission") else world.staff)
    for total in (1, 3):
        world.verified(total)
        world.graduates(total, accepted=False)
        submission = Submission.objects.order_by("-pk").first()
        batch = build(world)
        address = {
            "submissions": lambda: submissions_url(world),
            "submission": lambda s=submission: reverse(
                "students:submission", args=[world.college.code, "2018", s.public_id]
            ),
            "verify": lambda s=submission: (
                reverse("admin:students_submission_verify", args=[s.public_id]) + "?state=all"
            ),
            "batch": lambda b=batch: reverse("admin:students_exportbatch_page", args=[b.public_id]),
            "batches": lambda: reverse("admin:students_exportbatch_changelist"),
        }[where]()
        client.get(address)
        with django_assert_max_num_queries(40) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
