"""Who was handed in and graduates a campaign later: the image leaves its submission, the picture and decisions go along."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse

from photocampus import clock
from photocampus.errors import ChangedMeanwhile
from photocampus.events import history_of
from photocampus.ledger import disagreements
from students.batches import find_profile, free_row, start_batch
from students.models import (
    Decision,
    Exemption,
    ExportRow,
    Graduate,
    ItemState,
    RosterState,
    Submission,
    SubmissionItem,
    UploadState,
)
from students.reference import ensure_export_profile
from students.roster_apply import EventRows, write_plan
from students.roster_edit import BadLine, add_graduate
from students.roster_plan import Planner, Stale
from students.roster_undo import ask_undo, undo_roster
from students.submissions import submit_images, verify_items, withdraw_submission
from tests.factories import (
    make_campaign,
    make_coordinator,
    make_school,
    make_staff,
    make_studio,
    make_unit,
    run_jobs,
)
from tests.rosters import people, person
from tests.students.register_people import accept, make_photo
from tests.students.roster_help import Place, reasons, roster_dump, row
from units.models import Term

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2018, 6, 20, 12)
LATER = [person(1, term="2019年1月")]


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(NOON):
        yield


@pytest.fixture
def place(db):
    """Two people who are submitted, and the campaign in which one of them graduates."""
    make_school()
    ensure_export_profile()
    place = Place()
    place.staff = make_staff()
    place.load(people(2))
    studio = make_studio(campaign=place.campaign)
    with clock.at(NOON - dt.timedelta(days=2)):
        for number in (1, 2):
            graduate = place.graduate(number)
            make_photo(graduate, by=place.by, studio=studio)
            accept(graduate, place.by)
    place.later = make_campaign("2019", window_start=dt.date(2019, 3, 1), window_end=dt.date(2019, 7, 15))
    Term.objects.filter(campaign=place.later).delete()
    Term.objects.create(campaign=place.later, code="2019-01", graduation_date=dt.date(2019, 1, 15))
    with clock.at(NOON - dt.timedelta(days=1)):
        place.submission = submit_images(
            college=place.unit, term=place.graduate(1).term, by=place.by, graduates=[place.graduate(1).pk]
        )
    return place


def verify(place):
    with clock.at(NOON - dt.timedelta(hours=1)):
        verify_items(submission=place.submission, by=place.staff)


def batch(place) -> ExportRow:
    start_batch(campaign=place.campaign, profile=find_profile(), by=place.staff)
    run_jobs()
    return ExportRow.objects.get()


def standing(place) -> tuple[str, str, str]:
    """Of the item, its submission and the person's earlier place."""
    item = SubmissionItem.objects.get(submission=place.submission)
    return item.state, Submission.objects.get(pk=item.submission_id).state, place.graduate(1).roster_state


def kinds(subject) -> list[str]:
    return [event.kind for event in history_of(subject)]


def faults() -> list[str]:
    return [str(one) for one in disagreements() if one.check.startswith("students.")]


@pytest.mark.parametrize("is_verified", [False, True])
def test_deferral_takes_the_image_out_of_its_submission_and_keeps_picture_and_decisions(place, is_verified):
    stages = ["acceptance"]
    if is_verified:
        verify(place)
        stages.append("verification")
    upload = place.upload(LATER, campaign=place.later)
    assert row(upload, "new")[0].tags == ["deferral", "earlier_picture", "withdrawn"]
    place.apply(upload)
    assert standing(place) == ("withdrawn", "withdrawn", "deferred")
    new = Graduate.objects.get(campaign=place.later)
    assert (new.picture, new.exemption) == (place.graduate(1).picture, Exemption.EARLIER_PICTURE)
    kept = Decision.objects.filter(graduate=new, is_current=True, outcome="yes", photo=new.picture)
    assert list(kept.order_by("pk").values_list("stage", flat=True)) == stages
    event = history_of(place.graduate(1)).get(kind="submission_withdrawn")
    assert (event.reason, event.by) == ("延期毕业", place.by)
    told = history_of(place.submission).get(kind="items_withdrawn")
    assert (told.reason, told.data) == ("延期毕业", {"people": 1})
    assert faults() == []
    # The new campaign's submission may name the same picture.
    again = submit_images(college=place.unit, term=new.term, by=place.by)
    assert again.items.get().photo == new.picture and faults() == []


@pytest.mark.parametrize("is_verified", [False, True])
def test_undo_puts_the_image_back_to_what_it_was(place, is_verified):
    if is_verified:
        verify(place)
    was, before = standing(place), roster_dump()
    upload = place.load(LATER, campaign=place.later)
    ask_undo(upload=upload, by=place.by)
    run_jobs()
    upload.refresh_from_db()
    assert (upload.state, standing(place), roster_dump()) == (UploadState.UNDONE, was, before)
    assert "submission_restored" in kinds(place.graduate(1))
    assert "items_restored" in kinds(place.submission) and faults() == []


def test_undo_is_refused_where_the_verification_holds_no_longer(place):
    verify(place)
    upload = place.load(LATER, campaign=place.later)
    Decision.objects.filter(graduate=place.graduate(1)).update(is_current=False)
    with pytest.raises(ChangedMeanwhile):
        undo_roster(upload=upload, by=place.by)
    assert standing(place) == ("withdrawn", "withdrawn", "deferred")


def test_others_of_the_submission_stay_and_may_still_be_decided_or_withdrawn(place):
    withdraw_submission(submission=place.submission, by=place.by, reason="漏报一人")
    with clock.at(NOON - dt.timedelta(hours=2)):
        both = submit_images(college=place.unit, term=place.graduate(2).term, by=place.by)
        first = both.items.get(graduate=place.graduate(1))
        verify_items(submission=both, by=place.staff, items=[first.pk])
    upload = place.load(LATER, campaign=place.later)
    both.refresh_from_db()
    assert both.state == "submitted" and upload.state == UploadState.APPLIED
    assert sorted(both.items.values_list("state", flat=True)) == ["submitted", "withdrawn"]
    assert faults() == []
    withdraw_submission(submission=both, by=place.by, reason="照片有误")
    assert set(both.items.values_list("state", flat=True)) == {ItemState.WITHDRAWN}


def test_whom_a_batch_holds_stays_until_the_register_has_answered(place):
    verify(place)
    held = batch(place)
    upload = place.upload(LATER, campaign=place.later)
    assert reasons(upload) == [(2, [("term", "in_batch")])]
    assert standing(place) == ("verified", "verified", "active")
    ExportRow.objects.filter(pk=held.pk).update(answer="failed")
    free_row(row=held, by=place.staff, reason="延期毕业")
    assert row(place.upload(LATER, campaign=place.later), "new")[0].tags[-1] == "withdrawn"


@pytest.mark.parametrize("what", ["verified", "batched"])
def test_what_happens_to_the_image_after_the_preview_is_shown_first(place, what):
    if what == "batched":
        verify(place)
    upload = place.upload(LATER, campaign=place.later)
    if what == "batched":
        batch(place)
    else:
        verify(place)
    upload = place.apply(upload)
    assert (upload.state, place.graduate(1).roster_state) == (UploadState.PREVIEWED, RosterState.ACTIVE)
    if what == "batched":
        assert reasons(upload) == [(2, [("term", "in_batch")])]
    else:
        assert place.apply(upload).state == UploadState.APPLIED and faults() == []


def test_image_verified_between_plan_and_lock_makes_the_preview_stale(place):
    upload = place.upload(LATER, campaign=place.later)
    with Planner(upload.campaign, upload.unit) as planner, transaction.atomic():
        plan = planner.add_upload(upload)
        verify(place)
        with pytest.raises(Stale):
            write_plan(plan, planner.scope, upload.campaign, EventRows(place.by, None), None)
    assert standing(place) == ("verified", "verified", "active")


def test_another_unit_takes_nobody_out_of_a_submission(place):
    other = make_unit("fl", name="外国语学院")
    rows = [person(1, term="2019年1月", unit="外国语学院")]
    by = make_coordinator(other)
    assert reasons(place.upload(rows, campaign=place.later, unit=other, by=by)) == [
        (2, [("term", "submitted")])
    ]
    upload = place.upload(rows, campaign=place.later, unit=None, by=place.staff)
    assert "withdrawn" in row(upload, "new")[0].tags


def test_form_without_a_preview_takes_nobody_out_of_a_submission(place):
    with pytest.raises(BadLine) as refusal:
        add_graduate(campaign=place.later, unit=place.unit, cells=LATER[0], by=place.by)
    assert "预览" in str(refusal.value.errors["term"][0])
    assert standing(place) == ("submitted", "submitted", "active")


def test_pages_say_what_becomes_of_the_image(place, client, django_capture_on_commit_callbacks):
    client.force_login(place.by)
    upload = place.upload(LATER, campaign=place.later)
    address = reverse("students:upload", args=[place.unit.code, place.later.code, upload.public_id])
    page = client.get(address + "?kind=new").content.decode()
    assert "转入后一毕业批次" in page and "撤回已报送的图像" in page
    with django_capture_on_commit_callbacks(execute=True):
        place.apply(upload)
    submission = reverse(
        "students:submission", args=[place.unit.code, place.campaign.code, place.submission.public_id]
    )
    assert "图像已撤回：相关学生延期毕业" in client.get(submission).content.decode()
    assert place.staff.notifications.filter(event__kind="items_withdrawn").exists()
    client.force_login(place.staff)
    inbox = client.get(reverse("inbox")).content.decode()
    assert "1 人延期毕业，图像已撤回" in inbox
