"""`manage.py import_roster`: exit statuses and reports."""

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from students.models import Graduate, RosterUpload, UploadState
from tests import rosters
from tests.factories import make_staff
from tests.rosters import people, person
from tests.students.roster_help import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db):
    place = Place()
    make_staff()
    return place


def run(path, *options):
    """(exit status, did not exit: 0)."""
    try:
        call_command("import_roster", str(path), "--campaign", "2018", *options)
    except SystemExit as stop:
        return stop.code
    return 0


def write(tmp_path, rows):
    path = tmp_path / "roster.xlsx"
    path.write_bytes(rosters.xlsx(rows))
    return path


def test_good_file_is_applied_with_status_0(place, tmp_path, capsys):
    path = write(tmp_path, people(3))
    assert run(path) == 0
    assert "new=3 changed=0 unchanged=0 gone=0 refused=0" in capsys.readouterr().out
    assert Graduate.objects.count() == 3
    assert run(path, "--unit", "cs") == 0
    assert "new=0 changed=0 unchanged=3" in capsys.readouterr().out
    assert RosterUpload.objects.order_by("pk").last().state == UploadState.DISCARDED


def test_rejected_rows_give_status_1_and_are_named_in_the_report(place, tmp_path, capsys):
    rows = [*people(2), person(3, id_number=person(3)["id_number"][:-1] + "*")]
    report = tmp_path / "report.csv"
    assert run(write(tmp_path, rows), "--report", str(report)) == 1
    lines = report.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "行,列,值,原因"
    assert lines[1].startswith("4,证件号码,")
    assert person(3)["id_number"][:17] not in report.read_text(encoding="utf-8-sig")
    sheet = tmp_path / "report.xlsx"
    assert run(write(tmp_path, rows), "--report", str(sheet)) == 1
    table = load_workbook(sheet).active
    assert [cell.value for cell in table[1]] == ["行", "列", "值", "原因"]
    assert (table["A2"].value, table["B2"].value) == (4, "证件号码")
    assert run(write(tmp_path, rows)) == 1
    assert "4 证件号码" in capsys.readouterr().out


def test_dry_run_changes_nothing(place, tmp_path, capsys):
    assert run(write(tmp_path, people(2)), "--dry-run") == 0
    assert "new=2" in capsys.readouterr().out
    assert Graduate.objects.count() == 0


@pytest.mark.parametrize("options", [["--unit", "nowhere"], ["--campaign", "1999"], ["--user", "nobody"]])
def test_wrong_names_give_status_2_and_one_line(place, tmp_path, capsys, options):
    assert run(write(tmp_path, people(1)), *options) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_bad_file_and_file_without_good_rows_give_status_2(place, tmp_path, capsys):
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"nonsense")
    assert run(bad) == 2
    assert run(tmp_path / "missing.xlsx") == 2
    assert run(write(tmp_path, [person(1, gender="?")])) == 2
    assert capsys.readouterr().err.count("\n") == 3
