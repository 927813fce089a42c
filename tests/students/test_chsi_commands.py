"""`export_chsi` and `import_chsi_result` with their exit statuses (design §8)."""

import hashlib
import io
import zipfile

import pytest
from django.core.management import call_command

from photocampus.models import AccessLog
from students.chsi_files import write_xlsx
from students.models import ExportBatch, ExportRow
from students.reference import ensure_export_profile
from tests.factories import make_campaign
from tests.students.register_people import World, make_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    ensure_export_profile()
    make_code("other")
    return World()


def run(*words):
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command(*map(str, words), stdout=out, stderr=err)
    except SystemExit as end:
        status = end.code
    return status, out.getvalue(), err.getvalue()


def export(tmp_path, *more):
    return run("export_chsi", "--campaign", "2018", "--output", tmp_path, *more)


def test_export_writes_the_batch_and_writes_it_again_byte_for_byte(world, tmp_path):
    people = world.verified(2)
    status, out, _err = export(tmp_path / "a")
    path = tmp_path / "a" / "2018-0001.zip"
    assert status == 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() in out
    assert len(zipfile.ZipFile(path).namelist()) == len(people) + 2
    assert [entry.name for entry in (tmp_path / "a").iterdir()] == ["2018-0001.zip"]
    assert export(tmp_path / "b", "--batch", "2018-0001")[0] == 0
    assert (tmp_path / "b" / "2018-0001.zip").read_bytes() == path.read_bytes()
    assert (
        list(AccessLog.objects.values_list("action", "full", "by"))
        == [("batch_download", True, world.staff.pk)] * 2
    )


def test_export_without_anybody_says_so_with_status_2(world, tmp_path):
    status, _out, err = export(tmp_path)
    assert (status, err.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_export_of_unknown_things_does_nothing(world, tmp_path):
    world.verified(1)
    assert export(tmp_path, "--batch", 7)[0] == 2
    assert export(tmp_path, "--profile", "nope")[0] == 2
    assert export(tmp_path, "--user", "nobody")[0] == 2
    assert run("export_chsi", "--campaign", "1999", "--output", tmp_path)[0] == 2
    assert ExportBatch.objects.count() == 0


@pytest.mark.parametrize("where", ["file", "file/below", "x" * 300])
def test_export_to_what_is_no_folder_builds_no_batch(world, tmp_path, where):
    world.verified(1)
    (tmp_path / "file").write_text("here already")
    status, _out, err = export(tmp_path / where)
    assert (status, err.count("\n")) == (2, 1)
    assert ExportBatch.objects.count() == 0


def test_export_without_a_purpose_builds_no_batch(world, tmp_path):
    world.verified(1)
    status, _out, err = export(tmp_path, "--purpose", " ")
    assert (status, err.count("\n")) == (2, 1)
    assert ExportBatch.objects.count() == 0


def test_batch_that_cannot_be_written_is_named_so_that_it_can_be_written_again(world, tmp_path):
    world.verified(1)
    in_the_way = tmp_path / "2018-0001.zip"
    in_the_way.mkdir()
    status, _out, err = export(tmp_path)
    assert (status, err.count("\n"), "--batch 2018-1" in err) == (2, 1, True)
    assert list(tmp_path.iterdir()) == [in_the_way]
    in_the_way.rmdir()
    assert export(tmp_path, "--batch", "2018-1")[0] == 0


@pytest.mark.parametrize("number", ["0", "2018-0000", "2017-0001", "18-1"])
def test_export_of_a_batch_that_is_not_of_the_campaign_does_nothing(world, tmp_path, number):
    world.verified(1)
    make_campaign("2017")
    assert export(tmp_path / "a")[0] == 0
    world.verified(1)
    status, _out, err = export(tmp_path / "b", "--batch", number)
    assert (status, err.count("\n")) == (2, 1)
    assert list(tmp_path.rglob("*.zip")) == [tmp_path / "a" / "2018-0001.zip"]
    assert ExportBatch.objects.count() == 1


def test_export_names_the_unreportable_and_leaves_them_out_when_told(world, tmp_path):
    people = world.verified(2)
    student = people[0].enrolment.student
    student.name = "李㛃"
    student.save(update_fields=["name"])
    status, out, _err = export(tmp_path)
    assert status == 2
    assert people[0].enrolment.student_number in out
    assert "㛃" in out
    status, out, _err = export(tmp_path, "--leave-out")
    assert status == 1
    assert ExportBatch.objects.get(state="frozen").people == 1


def test_result_is_imported_with_its_statuses(world, tmp_path):
    one, two = world.verified(2)
    export(tmp_path)
    rows = [[one.enrolment.student_number, one.enrolment.student.id_number.reveal(), "核验通过"]]
    file = tmp_path / "answer.xlsx"
    file.write_bytes(write_xlsx(["XH", "SFZH", "BZ"], rows, title="x"))
    status, out, _err = run("import_chsi_result", file, "--batch", 1)
    assert (status, "passed=1" in out) == (0, True)
    assert run("import_chsi_result", file, "--batch", 1)[1].strip() == "unchanged=1 problems=0"
    rows.append([two.enrolment.student_number, "110105199001011234", "核验通过"])
    file.write_bytes(write_xlsx(["XH", "SFZH", "BZ"], rows, title="x"))
    status, out, _err = run("import_chsi_result", file, "--batch", 1)
    assert status == 1
    assert rows[1][1] not in out
    assert run("import_chsi_result", file, "--batch", 9)[0] == 2
    assert run("import_chsi_result", tmp_path / "none", "--batch", 1)[0] == 2
    file.write_bytes(b"\x89PNG not a table")
    assert run("import_chsi_result", file, "--batch", 1)[0] == 2


def test_batch_written_with_its_campaign_is_looked_for_there_only(world, tmp_path):
    person = world.verified(1)[0]
    export(tmp_path)
    file = tmp_path / "answer.xlsx"
    rows = [[person.enrolment.student_number, person.enrolment.student.id_number.reveal(), "核验通过"]]
    file.write_bytes(write_xlsx(["XH", "SFZH", "BZ"], rows, title="x"))
    kept = ExportBatch.objects.get()

    def take(*words):
        status, _out, err = run("import_chsi_result", file, *words)
        done = (0, "passed") if status == 0 else (1, "none")
        assert (err.count("\n"), ExportRow.objects.get().answer) == done
        return status

    assert take("--batch", "2017-0001") == 2
    fields = {"profile": kept.profile, "by": world.staff, "state": "failed", "layout": {}}
    ExportBatch.objects.create(campaign=make_campaign("2017"), number=kept.number, **fields)
    assert take("--batch", "1") == 2
    assert take("--batch", "2018-0001", "--campaign", "2017") == 2
    assert take("--batch", "2017-0001", "--campaign", "2018") == 2
    assert take("--batch", "2018-0001") == 0
    assert take("--batch", "2018-0001", "--campaign", "2018") == 0
