"""The same roster through django-import-export, as its users would write it: one resource per table.

Each takes the file, shows a dry run (its preview) and imports. `default` is the library as it comes; `bulk` has
everything switched on that its manual recommends for speed.
"""

from __future__ import annotations

from typing import Any

from import_export import fields, resources
from import_export.formats.base_formats import XLSX
from import_export.widgets import ForeignKeyWidget

from students.digests import id_digest
from students.models import ClassGroup, Enrolment, Graduate, Student
from students.roster_columns import COLUMNS
from units.models import Campaign, Term, Unit

TERM_CODES = {"2018年7月": "2018-07"}
HEADINGS = {column.heading: column.field for column in COLUMNS}


class StudentResource(resources.ModelResource):
    class Meta:
        model = Student
        import_id_fields = ("id_type", "id_digest")
        fields = ("name", "gender", "birth_date", "id_type", "id_number", "id_digest", "phone")


class StudentWidget(ForeignKeyWidget):
    """Looks the student up by type and digest, as the table's unique index does."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Student.objects.filter(id_type=row["id_type"])


class EnrolmentResource(resources.ModelResource):
    student = fields.Field("student", "student", StudentWidget(Student, "id_digest"))
    unit = fields.Field("unit", "unit", ForeignKeyWidget(Unit, "name"))
    class_group = fields.Field("class_group", "class_name", ForeignKeyWidget(ClassGroup, "name"))

    class Meta:
        model = Enrolment
        import_id_fields = ("student_number",)
        fields = (
            "student_number", "student", "unit", "class_group", "level", "major_code", "major_name", "study_form",
            "length", "entry_date", "expected_graduation", "candidate_number",
        )  # fmt: skip


class GraduateResource(resources.ModelResource):
    campaign = fields.Field("campaign", "campaign", ForeignKeyWidget(Campaign, "code"))
    enrolment = fields.Field("enrolment", "student_number", ForeignKeyWidget(Enrolment, "student_number"))
    term = fields.Field("term", "term", ForeignKeyWidget(Term, "code"))

    class Meta:
        model = Graduate
        import_id_fields = ("campaign", "enrolment")
        fields = ("campaign", "enrolment", "term", "category")


RESOURCES = (StudentResource, EnrolmentResource, GraduateResource)


def fast(resource: Any) -> Any:
    """The library's bulk mode."""
    options = {
        "use_bulk": True,
        "batch_size": 1000,
        "skip_diff": True,
        "skip_html_diff": True,
        "force_init_instance": True,
        "use_transactions": True,
    }
    meta = type("Meta", (resource.Meta,), options)
    return type(f"Bulk{resource.__name__}", (resource,), {"Meta": meta})


def read(data: bytes) -> Any:
    """The file as the library reads it, its words turned into stored values."""
    dataset = XLSX().create_dataset(data)
    dataset.headers = [HEADINGS[heading] for heading in dataset.headers]
    rows = []
    for row in dataset.dict:
        row["gender"] = "M" if row["gender"] == "男" else "F"
        row["id_type"], row["term"], row["category"] = "id_card", TERM_CODES[row["term"]], "graduate"
        row["entry_date"], row["expected_graduation"] = "2014-09-01", "2018-07-01"
        row["student"] = row["id_digest"] = id_digest("id_card", row["id_number"])
        row["campaign"] = "2018"
        rows.append(row)
    dataset.dict = rows
    return dataset


def run(data: bytes, *, bulk: bool) -> None:
    """Dry run, then import, table after table: the later ones need the rows of the earlier ones."""
    dataset = read(data)
    unit = Unit.objects.get()
    for name in {row["class_name"] for row in dataset.dict}:
        ClassGroup.objects.get_or_create(unit=unit, name=name)
    for resource in RESOURCES:
        for dry_run in (True, False):
            chosen = fast(resource) if bulk else resource
            result = chosen().import_data(dataset, dry_run=dry_run, raise_errors=True)
            assert not result.has_errors()
