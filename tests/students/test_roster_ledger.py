"""The ledger's checks of the roster name what was damaged by hand."""

import datetime as dt

import pytest

from photocampus import clock
from photocampus.ledger import disagreements
from students.models import Completeness, Enrolment, Graduate, RosterState, RosterUpload, Student
from students.roster_edit import set_roster_state
from students.roster_undo import ask_undo
from students.roster_uploads import decide_gone
from tests.factories import make_class, make_unit, run_jobs
from tests.rosters import people, person
from tests.students.roster_help import Place, row

pytestmark = pytest.mark.django_db
CHECKS = [
    "students.roster_state",
    "students.roster_uploads",
    "students.corrections",
    "students.id_numbers",
    "students.classes",
]


def found():
    return [str(one) for one in disagreements(CHECKS)]


def test_everything_the_use_cases_write_agrees():
    with clock.at(dt.datetime(2018, 3, 20, 12)):
        place = Place()
        place.load(people(4))
        set_roster_state(graduate=place.graduate(1), to=RosterState.LEFT, reason="退学", by=place.by)
        upload = place.upload([person(1), person(2, name="改名"), person(9)], completeness=Completeness.UNIT)
        gone = row(upload, "gone")[0]
        decide_gone(upload=upload, lines=[gone.line], fate=RosterState.DEFERRED, reason="延期", by=place.by)
        upload = place.apply(upload)
        assert found() == []
        ask_undo(upload=upload, by=place.by)
        run_jobs()
    assert found() == []
    assert place.graduate(1).roster_state == RosterState.LEFT


def test_each_damage_is_named():
    place = Place()
    place.load(people(4))
    first, second, third, fourth = (place.graduate(n) for n in (1, 2, 3, 4))
    Graduate.objects.filter(pk=first.pk).update(roster_state=RosterState.LEFT)
    Student.objects.filter(pk=second.enrolment.student_id).update(id_digest="0" * 64)
    Student.objects.filter(pk=third.enrolment.student_id).update(birth_date=dt.date(1990, 1, 1))
    Enrolment.objects.filter(pk=fourth.enrolment_id).update(class_group=make_class(make_unit(), "别的班"))
    RosterUpload.objects.update(state="previewed")
    texts = " | ".join(found())
    for key in (
        f"graduate {first.pk} ", f"student {second.enrolment.student_id}: the digest",
        f"student {third.enrolment.student_id}: the date", f"enrolment {fourth.enrolment_id}:", "rosterupload",
    ):  # fmt: skip
        assert key in texts
    assert len(found()) == 5
