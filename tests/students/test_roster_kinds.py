"""What each line of a roster is called, and what applying it does."""

import datetime as dt
import io

import pytest
from django.db import transaction

from photocampus import clock
from photocampus.events import history_of
from students.models import (
    Completeness,
    Decision,
    Enrolment,
    Exemption,
    Graduate,
    Photo,
    RosterState,
    RosterUpload,
    Student,
    UploadState,
)
from students.roster_apply import EventRows, write_plan
from students.roster_edit import BadLine, edit_graduate
from students.roster_plan import Planner, Stale
from students.roster_read import Quiet, read_roster
from students.roster_upload_pages import UploadForm
from students.roster_uploads import GoneSubmitted, decide_gone, discard_upload, start_upload
from students.submissions import submit_images
from students.tables import BadTable
from tests import rosters
from tests.factories import make_campaign, make_coordinator, make_staff, make_studio, make_unit
from tests.rosters import people, person
from tests.students.register_people import accept, make_photo
from tests.students.roster_help import Place, counts, reasons, roster_dump, row
from units.models import Term

pytestmark = pytest.mark.django_db(transaction=False)
TODAY = dt.date(2018, 3, 20)


@pytest.fixture(autouse=True)
def on_commit_at_once(django_capture_on_commit_callbacks):
    with clock.at(TODAY):
        yield


@pytest.fixture
def place(db):
    return Place()


def test_new_people_are_previewed_and_applied_with_every_field(place):
    upload = place.upload(people(3))
    assert (upload.state, counts(upload)) == (UploadState.PREVIEWED, {"new": 3})
    assert Graduate.objects.count() == 0
    upload = place.apply(upload)
    assert upload.state == UploadState.APPLIED
    graduate, cells = place.graduate(2), person(2)
    enrolment, student = graduate.enrolment, graduate.enrolment.student
    assert student.id_number.reveal() == cells["id_number"]
    assert student.phone.reveal() == cells["phone"]
    assert (student.name, student.birth_date.isoformat()) == (cells["name"], cells["birth_date"])
    assert (enrolment.unit, enrolment.class_group.name, enrolment.level) == (
        place.unit,
        cells["class_name"],
        "本科",
    )
    assert enrolment.entry_date == dt.date(2014, 9, 1)
    assert (graduate.term.code, graduate.category, graduate.roster_state) == ("2018-07", "graduate", "active")
    assert graduate.created_at == upload.applied_at
    assert (
        len({g.public_id for g in Graduate.objects.all()} | {g.me_token for g in Graduate.objects.all()}) == 6
    )


def test_the_same_file_twice_changes_nothing(place):
    rows = people(5)
    rows[3]["gender"] = "x"
    first = place.load(rows, completeness=Completeness.UNIT)
    before = roster_dump()
    second = place.upload(rows, completeness=Completeness.UNIT)
    assert counts(first) == {"new": 4, "refused": 1}
    assert counts(second) == {"unchanged": 4, "refused": 1}
    assert reasons(first) == reasons(second) == [(5, [("gender", "gender_unknown")])]
    assert roster_dump() == before


def test_only_the_stated_is_changed_and_shown_old_and_new(place):
    place.load(people(3))
    rows = people(3)
    rows[0] |= {"class_name": "计科2班", "phone": ""}
    rows[1]["name"] = "改名"
    upload = place.upload(rows)
    assert counts(upload) == {"changed": 2, "unchanged": 1}
    moved, values, rest = row(upload, "changed", 0)
    assert (moved.tags, rest["before"]) == (["moved_class"], {"class_name": person(1)["class_name"]})
    renamed, values, rest = row(upload, "changed", 1)
    assert (renamed.tags, rest["before"], values.name) == (
        ["corrected_name"],
        {"name": person(2)["name"]},
        "改名",
    )
    place.apply(upload)
    assert place.graduate(1).enrolment.class_group.name == "计科2班"
    assert place.graduate(1).enrolment.student.phone.reveal() == person(1)["phone"]
    assert place.graduate(2).enrolment.student.name == "改名"
    kinds = [event.kind for event in history_of(place.graduate(1))]
    assert kinds == ["roster_moved_class"]


def test_corrected_number(place):
    place.load(people(2))
    rows = people(2)
    rows[0] |= {name: person(900)[name] for name in ("id_number", "birth_date", "gender")}
    upload = place.upload(rows)
    changed, _values, rest = row(upload, "changed")
    assert changed.tags == ["corrected_number"]
    assert rest["before"]["id_number"] == person(1)["id_number"]
    assert person(1)["id_number"] not in changed.payload.sealed
    place.apply(upload)
    assert place.graduate(1).enrolment.student.id_number.reveal() == person(900)["id_number"]
    assert counts(place.upload(rows)) == {"unchanged": 2}


def test_exchanged_number_pair_is_named_and_applied(place):
    place.load(people(3))
    rows = people(3)
    identity = ("id_number", "birth_date", "gender")
    rows[0] |= {name: person(2)[name] for name in identity}
    rows[1] |= {name: person(1)[name] for name in identity}
    upload = place.upload(rows)
    assert counts(upload) == {"changed": 2, "unchanged": 1}
    first, _v, rest = row(upload, "changed", 0)
    assert (first.tags, rest["with"]) == (["exchanged_number"], 3)
    assert place.apply(upload).state == UploadState.APPLIED
    assert place.graduate(1).enrolment.student.id_number.reveal() == person(2)["id_number"]
    assert place.graduate(2).enrolment.student.id_number.reveal() == person(1)["id_number"]


def test_numbers_passed_round_three_people(place):
    place.load(people(3))
    rows = people(3)
    for index, source in ((0, 2), (1, 3), (2, 1)):
        rows[index] |= {name: person(source)[name] for name in ("id_number", "birth_date", "gender")}
    upload = place.apply(place.upload(rows))
    assert (upload.state, counts(upload)) == (UploadState.APPLIED, {"changed": 3})
    assert place.graduate(3).enrolment.student.id_number.reveal() == person(1)["id_number"]


def test_number_of_somebody_who_keeps_it_is_refused(place):
    place.load(people(2))
    upload = place.upload([person(1, **{f: person(2)[f] for f in ("id_number", "birth_date", "gender")})])
    assert reasons(upload) == [(2, [("id_number", "id_taken")])]
    cells = row(upload, "refused")[2]["cells"]
    assert cells[4] == person(2)["id_number"]


def test_number_freed_in_the_same_file_goes_to_a_new_person(place):
    place.load(people(1))
    corrected = person(1, **{f: person(2)[f] for f in ("id_number", "birth_date", "gender")})
    newcomer = person(3, **{f: person(1)[f] for f in ("id_number", "birth_date", "gender")})
    upload = place.upload([newcomer, corrected])
    assert counts(upload) == {"new": 1, "changed": 1}
    place.apply(upload)
    assert place.graduate(3).enrolment.student.id_number.reveal() == person(1)["id_number"]
    assert Student.objects.count() == 2


def test_one_number_with_two_names_or_birth_dates_or_twice_at_a_level(place):
    place.load([person(1), person(2, id_type="护照", id_number="E7654321")])
    same_id = {f: person(1)[f] for f in ("id_number", "birth_date", "gender")}
    passport = {
        "id_type": "护照",
        "id_number": "E7654321",
        "name": person(2)["name"],
        "gender": person(2)["gender"],
    }
    for cells, expected in (
        (person(11, **same_id, name="别人"), ("name", "id_known_other_name")),
        (person(12, **same_id, name=person(1)["name"]), ("id_number", "id_known_at_level")),
        (person(13, **passport, level="硕士", birth_date="19950505"), ("birth_date", "id_known_other_birth")),
    ):
        assert reasons(place.upload([cells])) == [(2, [expected])]


def test_another_level_of_a_known_person_is_another_enrolment(place):
    place.load(people(1))
    rows = [
        person(
            5,
            **{f: person(1)[f] for f in ("id_number", "birth_date", "gender", "name", "phone")},
            level="硕士",
        )
    ]
    upload = place.upload(rows)
    assert row(upload, "new")[0].tags == ["new_level"]
    place.apply(upload)
    assert (Student.objects.count(), Enrolment.objects.count()) == (1, 2)


def test_level_of_an_enrolment_never_changes(place):
    place.load(people(1))
    assert reasons(place.upload([person(1, level="硕士")])) == [(2, [("level", "level_fixed")])]


def test_gone_exists_only_for_complete_files_and_needs_a_word(place):
    place.load(people(3))
    assert counts(place.upload(people(2))) == {"unchanged": 2}
    upload = place.upload(people(2), completeness=Completeness.UNIT)
    assert counts(upload) == {"unchanged": 2, "gone": 1}
    gone = row(upload, "gone")[0]
    decide_gone(upload=upload, lines=[gone.line], fate=RosterState.LEFT, reason="退学", by=place.by)
    upload = place.apply(upload)
    graduate = place.graduate(3)
    assert (graduate.roster_state, graduate.state_reason) == ("left", "退学")
    assert [(e.kind, e.old, e.new, e.reason) for e in history_of(graduate)] == [
        ("roster_state_left", "active", "left", "退学")
    ]


def test_gone_is_looked_for_only_in_the_classes_of_the_file(place):
    place.load([person(1, class_name="A班"), person(2, class_name="A班"), person(3, class_name="B班")])
    upload = place.upload([person(1, class_name="A班")], completeness=Completeness.CLASSES)
    assert counts(upload) == {"unchanged": 1, "gone": 1}
    assert row(upload, "gone")[1].student_number == person(2)["student_number"]


def test_refused_lines_are_not_gone(place):
    place.load(people(2))
    rows = people(2)
    rows[1]["gender"] = "?"
    assert counts(place.upload(rows, completeness=Completeness.UNIT)) == {"unchanged": 1, "refused": 1}


def test_back_on_the_roster_is_named(place):
    place.load(people(1))
    Graduate.objects.update(roster_state=RosterState.LEFT)
    upload = place.upload(people(1))
    assert row(upload, "changed")[0].tags == ["restored"]
    place.apply(upload)
    assert place.graduate(1).roster_state == "active"
    assert [(e.kind, e.old, e.new) for e in history_of(place.graduate(1))] == [
        ("roster_state_active", "left", "active")
    ]


def test_term_within_the_campaign(place):
    place.load([person(1, term="2018年1月"), person(2)])
    upload = place.upload([person(1), person(2, term="2018年1月")])
    assert [row(upload, "changed", n)[0].tags for n in (0, 1)] == [["deferral"], ["brought_forward"]]


def make_picture(graduate, by, *, origin="attendance", stage="acceptance", outcome="yes"):
    photo = Photo.objects.create(
        enrolment=graduate.enrolment, campaign=graduate.campaign, studio=make_studio(), origin=origin, sha256="a" * 64,
        size=1, width=480, height=640, format="JPEG", by=by,
    )  # fmt: skip
    Graduate.objects.filter(pk=graduate.pk).update(picture=photo)
    Decision.objects.create(graduate=graduate, photo=photo, stage=stage, outcome=outcome, by=by)
    return photo


def next_campaign(place):
    later = make_campaign("2019", window_start=dt.date(2019, 3, 1), window_end=dt.date(2019, 7, 15))
    Term.objects.filter(campaign=later).delete()
    Term.objects.create(campaign=later, code="2019-01", graduation_date=dt.date(2019, 1, 15))
    return later


def test_deferral_to_next_january_keeps_picture_and_decisions(place):
    place.load(people(2))
    old = place.graduate(1)
    photo = make_picture(old, place.by)
    later = next_campaign(place)
    upload = place.upload([person(1, term="2019年1月")], campaign=later)
    new_row, _values, _rest = row(upload, "new")
    assert new_row.tags == ["deferral", "earlier_picture"]
    place.apply(upload)
    old.refresh_from_db()
    new = Graduate.objects.get(campaign=later)
    assert (old.roster_state, new.roster_state) == ("deferred", "active")
    assert (new.picture, new.exemption) == (photo, Exemption.EARLIER_PICTURE)
    assert list(new.decisions.values_list("stage", "outcome", "photo", "is_current")) == [
        ("acceptance", "yes", photo.pk, True)
    ]
    assert Enrolment.objects.count() == 2


def hand_in(place, graduate):
    """The person's picture is submitted, and waits."""
    make_photo(graduate, by=place.by, studio=make_studio(campaign=place.campaign))
    accept(graduate, place.by)
    submit_images(college=place.unit, term=graduate.term, by=place.by)


def test_whose_picture_is_submitted_keeps_term_category_and_college(place):
    place.load(people(2))
    hand_in(place, place.graduate(1))
    other = make_unit("fl", name="外国语学院")
    staff = make_staff()
    for rows, said in (
        ([person(1, term="2018年1月")], ("term", "submitted")),
        ([person(1, unit="外国语学院")], ("unit", "submitted_by")),
        ([person(1, category="提前")], ("category", "submitted_as")),
    ):
        upload = place.upload(rows, unit=None, by=staff)
        assert reasons(upload) == [(2, [said])]
    admissions = make_unit("adm", name="招生办", kind="admissions", college=place.unit)
    upload = place.upload([person(1, unit="招生办"), person(2, unit="外国语学院")], unit=None, by=staff)
    assert counts(upload) == {"changed": 2}
    place.apply(upload, by=staff)
    assert [place.graduate(n).enrolment.unit for n in (1, 2)] == [admissions, other]


@pytest.mark.parametrize("way", ["gone", "deferral", "early"])
def test_who_was_submitted_after_the_preview_is_looked_at_once_more(place, way):
    place.load(people(2))
    if way == "gone":
        upload = place.upload([person(2)], completeness=Completeness.UNIT)
        line = row(upload, "gone")[0].line
        decide_gone(upload=upload, lines=[line], fate="left", reason="退学", by=place.by)
    elif way == "early":
        upload = place.upload([person(1, category="提前")])
    else:
        upload = place.upload([person(1, term="2019年1月")], campaign=next_campaign(place))
    hand_in(place, place.graduate(1))
    upload = place.apply(upload)
    assert (upload.state, place.graduate(1).roster_state) == ("previewed", "active")
    if way == "gone":
        with pytest.raises(GoneSubmitted) as refusal:
            decide_gone(upload=upload, lines=[line], fate="left", reason="退学", by=place.by)
        assert place.graduate(1).enrolment.student.name in str(refusal.value)
    elif way == "early":
        assert reasons(upload) == [(2, [("category", "submitted_as")])]
    else:
        assert row(upload, "new")[0].tags == ["deferral", "earlier_picture", "withdrawn"]


def test_who_was_submitted_as_a_graduate_is_made_no_early_student_by_a_form(place):
    place.load(people(1))
    graduate = place.graduate(1)
    hand_in(place, graduate)
    with pytest.raises(BadLine) as refusal:
        edit_graduate(graduate=graduate, cells=person(1, category="提前"), by=place.by)
    assert [str(said) for said in refusal.value.errors["category"]] == ["不能更改：该生的图像已按毕业生报送"]
    assert place.graduate(1).category == "graduate"


@pytest.mark.parametrize("change", ["gone", "early"])
def test_what_was_submitted_between_plan_and_lock_makes_the_preview_stale(place, change):
    place.load(people(2))
    if change == "early":
        upload = place.upload([person(1, category="提前")])
    else:
        upload = place.upload([person(2)], completeness=Completeness.UNIT)
        line = row(upload, "gone")[0].line
        decide_gone(upload=upload, lines=[line], fate="left", reason="退学", by=place.by)
    with Planner(upload.campaign, upload.unit) as planner, transaction.atomic():
        plan = planner.add_upload(upload)
        hand_in(place, place.graduate(1))
        with pytest.raises(Stale):
            write_plan(plan, planner.scope, upload.campaign, EventRows(place.by, None), None)


def test_early_picture_exempts_and_a_scan_does_not(place):
    place.load([person(1, category="提前"), person(2, category="提前"), person(3, category="提前")])
    make_picture(place.graduate(1), place.by)
    make_picture(place.graduate(2), place.by, origin="scan")
    later = next_campaign(place)
    place.apply(place.upload([person(n, term="2019年1月") for n in (1, 2, 3)], campaign=later))
    found = dict(
        Graduate.objects.filter(campaign=later).values_list("enrolment__student_number", "exemption")
    )
    assert [found[person(n)["student_number"]] for n in (1, 2, 3)] == ["earlier_picture", "none", "none"]


def test_transfer_keeps_the_person_and_tells_both_units(place):
    place.load(people(2))
    other = make_unit("fl", name="外国语学院")
    by = make_coordinator(other)
    graduate = place.graduate(1)
    upload = place.upload([person(1, unit="外国语学院", class_name="英语1班")], unit=other, by=by)
    assert row(upload, "changed")[0].tags == ["transfer"]
    place.apply(upload, by=by)
    moved = place.graduate(1)
    assert (moved.pk, moved.enrolment.unit, moved.enrolment.class_group.unit) == (graduate.pk, other, other)
    assert [e.kind for e in history_of(place.unit)] == ["people_transferred_out"]
    assert [e.kind for e in history_of(other)] == ["people_transferred_in"]


def test_another_units_person_is_not_shown_or_changed_when_the_data_differ(place):
    place.load(people(1))
    other = make_unit("fl", name="外国语学院")
    upload = place.upload([person(1, unit="外国语学院", name="猜测")], unit=other, by=make_coordinator(other))
    assert reasons(upload) == [(2, [("student_number", "other_unit")])]
    assert person(1)["name"] not in row(upload, "refused")[0].payload.reveal()


def test_rows_of_other_units_are_refused_for_coordinators_and_taken_from_staff(place):
    make_unit("fl", name="外国语学院")
    rows = [person(1), person(2, unit="外国语学院")]
    assert reasons(place.upload(rows)) == [(3, [("unit", "unit_not_yours")])]
    assert counts(place.upload(rows, unit=None, by=make_staff())) == {"new": 2}


def test_frozen_identity_is_refused_and_the_class_still_moves(place):
    place.load(people(2))
    Graduate.objects.update(identity_frozen_at=clock.now())
    upload = place.upload([person(1, name="改名"), person(2, class_name="新班")])
    assert reasons(upload) == [(2, [("name", "frozen")])]
    assert counts(upload) == {"changed": 1, "refused": 1}


def test_stale_preview_is_compared_again_and_applied_after_a_second_look(place):
    place.load(people(2))
    rows = people(2)
    rows[0]["class_name"] = "新班"
    upload = place.upload(rows)
    Student.objects.filter(pk=place.graduate(1).enrolment.student_id).update(name="门户改名")
    upload = place.apply(upload)
    assert (upload.state, upload.counts["stale"], upload.revision) == (UploadState.PREVIEWED, True, 2)
    assert set(row(upload, "changed")[2]["before"]) == {"class_name", "name"}
    assert place.apply(upload).state == UploadState.APPLIED
    assert place.graduate(1).enrolment.student.name == person(1)["name"]


def test_a_large_mixed_file_has_exactly_its_bad_rows_refused(place):
    rows = people(600)
    for number in range(0, 600, 30):
        rows[number]["id_number"] = rows[number]["id_number"][:-1] + (
            "1" if rows[number]["id_number"][-1] != "1" else "2"
        )
    upload = place.load(rows, completeness=Completeness.UNIT)
    assert counts(upload) == {"new": 580, "refused": 20}
    assert [line for line, _codes in reasons(upload)] == list(range(2, 602, 30))
    again = place.upload(rows, completeness=Completeness.UNIT)
    assert counts(again) == {"unchanged": 580, "refused": 20}
    assert RosterUpload.objects.count() == 2


def test_csv_in_gb18030_and_utf8(place):
    for encoding in ("gb18030", "utf-8-sig", "utf-8"):
        upload = place.upload(rosters.csv_file(people(2), encoding), name="roster.csv")
        assert counts(upload) == {"new": 2}


def test_what_is_discarded_while_it_is_read_leaves_nothing(place, monkeypatch):
    monkeypatch.setattr("students.roster_read.BLOCK", 3)
    upload = start_upload(
        campaign=place.campaign, unit=place.unit, file=io.BytesIO(rosters.xlsx(people(9))), name="a.xlsx",
        completeness=Completeness.ADDS, by=place.by,
    )  # fmt: skip
    staged = []

    class Watching(Quiet):
        def checkpoint(self, name):
            staged.append(upload.rows.count())
            if name == "roster.block" and staged[-1] == 3:
                discard_upload(upload=upload, by=place.by)

    read_roster(upload=upload, progress=Watching())
    upload.refresh_from_db()
    assert max(staged) == 3 and upload.state == "discarded" and not upload.rows.exists()


def test_the_largest_roster_is_the_largest_spreadsheet(place, settings):
    settings.UPLOAD_LIMITS = {**settings.UPLOAD_LIMITS, "spreadsheet": 1024 * 1024}
    with pytest.raises(BadTable) as refusal:
        place.upload(b"a" * (1024 * 1024 + 1), name="a.csv")
    assert "1 MB" in str(refusal.value)
    assert " 1 MB" in str(UploadForm().fields["file"].help_text)
