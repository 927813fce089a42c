"""The register's answer: by student number and ID number, idempotent, and a refused image frees the person (R7)."""

import pytest
from django.core.files.storage import default_storage

from photocampus.errors import NotAllowed
from photocampus.events import history_of
from students.answers import (
    NotPreviewed,
    apply_answer,
    apply_staged_answer,
    discard_answer,
    open_answer,
    plan_answer,
    stage_answer,
)
from students.batches import BatchNotFrozen, NobodyToBatch, find_profile, start_batch
from students.chsi_files import write_xlsx
from students.models import AnswerFile, Decision, Stage
from students.reference import ensure_export_profile
from students.submissions import people_of, with_standing
from tests.factories import run_jobs
from tests.students.register_people import World, accept, make_code, make_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    ensure_export_profile()
    make_code("background_uneven")
    make_code("other")
    return World()


def build(world):
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    run_jobs()
    batch.refresh_from_db()
    return batch


def answer(*rows):
    return write_xlsx(["XH", "XM", "SFZH", "BZ"], rows, title="x")


def row(graduate, remark, **changes):
    enrolment = graduate.enrolment
    cells = {
        "XH": enrolment.student_number,
        "XM": enrolment.student.name,
        "SFZH": enrolment.student.id_number.reveal(),
    }
    return [*{**cells, **changes}.values(), remark]


def test_each_answer_is_written_to_its_row_with_the_remark(world):
    people = world.verified(4)
    batch = build(world)
    remarks = ["核验通过", "未通过:姓名不符", "不确定", "学籍异常"]
    plan = apply_answer(
        batch=batch, data=answer(*(row(*pair) for pair in zip(people, remarks, strict=True))), by=world.staff
    )
    assert plan.counts == {
        "passed": 1, "failed": 1, "uncertain": 1, "abnormal": 1, "unchanged": 0, "problems": 0,
    }  # fmt: skip
    found = {one.graduate_id: (one.answer, one.answer_text, one.is_live) for one in batch.rows.all()}
    kinds = ["passed", "failed", "uncertain", "abnormal"]
    assert found == {
        person.pk: (kind, remark, True) for person, kind, remark in zip(people, kinds, remarks, strict=True)
    }
    batch.refresh_from_db()
    assert (batch.state, batch.reported_by) == ("answered", world.staff)
    assert [event.kind for event in history_of(people[0])][-3:] == ["reported", "answered", "chsi_yes"]
    assert Decision.objects.get(stage=Stage.CHSI, is_current=True).graduate == people[0]


def test_same_file_twice_changes_nothing(world):
    person = world.verified(1)[0]
    batch = build(world)
    data = answer(row(person, "核验通过"))
    apply_answer(batch=batch, data=data, by=world.staff)
    events = history_of(person).count()
    plan = apply_answer(batch=batch, data=data, by=world.staff)
    assert plan.counts == {"unchanged": 1, "problems": 0}
    assert history_of(person).count() == events


def test_refused_image_frees_the_person_for_a_later_batch_with_a_new_picture(world):
    person, other = world.verified(2)
    batch = build(world)
    data = answer(row(person, "照片退回:背景不均匀"), row(other, "核验通过"))
    apply_answer(batch=batch, data=data, by=world.staff)
    refused = batch.rows.get(graduate=person)
    assert (refused.answer, refused.answer_code.code, refused.is_live) == (
        "image_refused",
        "background_uneven",
        False,
    )
    assert {(d.stage, d.outcome) for d in person.decisions.filter(is_current=True)} == {(Stage.CHSI, "no")}
    assert person.submission_items.get().state == "returned"
    with pytest.raises(NobodyToBatch):
        build(world)
    accept(person, world.coordinator)
    standing = with_standing(people_of(world.college, world.term), world.campaign).get(pk=person.pk).standing
    assert standing == "register_refused"
    make_photo(person, by=world.staff, studio=world.studio)
    accept(person, world.coordinator)
    from students.submissions import verify_items

    verify_items(submission=world.submit(), by=world.staff)
    second = build(world)
    assert [one.graduate for one in second.rows.all()] == [person]
    again = apply_answer(batch=batch, data=data, by=world.staff)
    assert again.counts == {"unchanged": 2, "problems": 0}
    assert second.rows.get().is_live


def test_refused_image_with_an_unknown_reason_gets_the_code_other(world):
    person = world.verified(1)[0]
    batch = build(world)
    apply_answer(batch=batch, data=answer(row(person, "图像不合格(neverheard)")), by=world.staff)
    assert batch.rows.get().answer_code.code == "other"


def test_later_answer_of_the_register_replaces_a_doubtful_one(world):
    person = world.verified(1)[0]
    batch = build(world)
    apply_answer(batch=batch, data=answer(row(person, "不确定")), by=world.staff)
    apply_answer(batch=batch, data=answer(row(person, "核验通过")), by=world.staff)
    assert batch.rows.get().answer == "passed"


def test_rows_that_match_nobody_are_reported_and_change_nothing(world):
    one, two, three = world.verified(3)
    batch = build(world)
    data = answer(
        row(one, "核验通过", XH="999"),
        row(one, "核验通过", SFZH="110105199001011234"),
        row(two, ""),
        row(two, "见附件"),
        row(three, "核验通过"),
    )
    plan = apply_answer(batch=batch, data=data, by=world.staff)
    assert [(problem.line, problem.cause) for problem in plan.problems] == [
        (2, "unknown_person"),
        (3, "other_id"),
        (4, "no_answer"),
        (5, "unreadable"),
    ]
    assert plan.counts["passed"] == 1
    batch.refresh_from_db()
    assert batch.state == "reported"


def test_person_who_stands_twice_with_one_answer_is_answered_once(world):
    one, two = world.verified(2)
    batch = build(world)
    data = answer(row(one, "核验通过"), row(two, "核验通过"), row(one, "核验通过"))
    plan = apply_answer(batch=batch, data=data, by=world.staff)
    assert (plan.counts, len(plan.changes)) == ({"passed": 2, "unchanged": 0, "problems": 0}, 2)
    assert one.decisions.filter(stage=Stage.CHSI).count() == 1
    assert apply_answer(batch=batch, data=data, by=world.staff).counts == {"unchanged": 2, "problems": 0}


def test_two_remarks_with_one_verdict_are_joined_whatever_their_order(world):
    person = world.verified(1)[0]
    batch = build(world)
    rows = [row(person, "未通过:姓名不符"), row(person, "未通过:专业不符"), row(person, "未通过:姓名不符")]
    plan = apply_answer(batch=batch, data=answer(*rows), by=world.staff)
    assert plan.counts == {"failed": 1, "unchanged": 0, "problems": 0}
    assert batch.rows.get().answer_text == "未通过:专业不符；未通过:姓名不符"
    events = history_of(person).count()
    for again in (rows, rows[::-1]):
        plan = apply_answer(batch=batch, data=answer(*again), by=world.staff)
        assert plan.counts == {"unchanged": 1, "problems": 0}
    assert history_of(person).count() == events


def test_image_refused_for_two_reasons_is_refused_once_with_a_named_one(world):
    person = world.verified(1)[0]
    batch = build(world)
    rows = [row(person, "图像不合格(neverheard)"), row(person, "照片退回:背景不均匀")]
    data = answer(*rows)
    assert apply_answer(batch=batch, data=data, by=world.staff).counts["image_refused"] == 1
    kept = batch.rows.get()
    assert (kept.answer_code.code, kept.answer_text) == (
        "background_uneven",
        "照片退回:背景不均匀；图像不合格(neverheard)",
    )
    assert person.decisions.filter(stage=Stage.CHSI).count() == 1
    for again in (data, answer(*rows[::-1])):
        assert apply_answer(batch=batch, data=again, by=world.staff).counts == {"unchanged": 1, "problems": 0}


def test_words_that_do_not_fit_into_the_batch_are_cut_alike_each_time(world):
    person = world.verified(1)[0]
    batch = build(world)
    data = answer(row(person, "未通过:" + "姓" * 150), row(person, "未通过:" + "名" * 150))
    apply_answer(batch=batch, data=data, by=world.staff)
    assert apply_answer(batch=batch, data=data, by=world.staff).counts == {"unchanged": 1, "problems": 0}


def test_rows_that_answer_otherwise_for_one_person_are_all_reported_and_none_is_applied(world):
    one, two = world.verified(2)
    batch = build(world)
    data = answer(
        row(one, "核验通过"),
        row(two, "核验通过"),
        row(one, "", XH="999"),
        row(one, "照片退回:背景不均匀"),
        row(one, "核验通过"),
    )
    plan = apply_answer(batch=batch, data=data, by=world.staff)
    assert [(problem.line, problem.cause) for problem in plan.problems] == [
        (2, "contradiction"),
        (4, "unknown_person"),
        (5, "contradiction"),
        (6, "contradiction"),
    ]
    assert plan.counts == {"passed": 1, "unchanged": 0, "problems": 4}
    assert batch.rows.get(graduate=one).answer == "none"
    assert not one.decisions.filter(stage=Stage.CHSI).exists()


def test_answer_finds_people_by_what_was_reported_not_by_what_the_roster_says_now(world):
    person = world.verified(1)[0]
    batch = build(world)
    cells = row(person, "核验通过")
    person.enrolment.student_number = "NEW-1"
    person.enrolment.save(update_fields=["student_number"])
    assert plan_answer(batch=batch, data=answer(cells)).counts["passed"] == 1


def test_answer_is_refused_before_the_batch_is_frozen_and_from_others_than_staff(world):
    person = world.verified(1)[0]
    batch = start_batch(campaign=world.campaign, profile=find_profile(), by=world.staff)
    with pytest.raises(BatchNotFrozen):
        apply_answer(batch=batch, data=answer(row(person, "核验通过")), by=world.staff)
    with pytest.raises(NotAllowed):
        apply_answer(batch=batch, data=b"", by=world.coordinator)


def test_previewed_answer_lies_sealed_and_is_applied_once(world):
    person = world.verified(1)[0]
    batch = build(world)
    data = answer(row(person, "核验通过"))
    staged, plan = stage_answer(batch=batch, data=data, file_name="结果.xlsx", by=world.staff)
    assert plan.counts["passed"] == 1
    assert batch.rows.get().answer == "none"
    with default_storage.open(staged.sealed.name) as stream:
        assert person.enrolment.student.id_number.reveal().encode() not in stream.read()
    assert open_answer(staged) == data
    apply_staged_answer(answer=staged, by=world.staff)
    assert batch.rows.get().answer == "passed"
    with pytest.raises(NotPreviewed):
        apply_staged_answer(answer=staged, by=world.staff)


def test_second_upload_replaces_the_first_preview(world, django_capture_on_commit_callbacks):
    person = world.verified(1)[0]
    batch = build(world)
    first, _plan = stage_answer(
        batch=batch, data=answer(row(person, "不确定")), file_name="a", by=world.staff
    )
    name = first.sealed.name
    with django_capture_on_commit_callbacks(execute=True):
        second, _plan = stage_answer(
            batch=batch, data=answer(row(person, "核验通过")), file_name="b", by=world.staff
        )
    assert not default_storage.exists(name)
    assert list(AnswerFile.objects.values_list("state", flat=True)) == ["previewed", "discarded"]
    discard_answer(answer=second, by=world.staff)
    with pytest.raises(NotPreviewed):
        discard_answer(answer=second, by=world.staff)
