"""Short ways through the roster's use cases, for its tests."""

import io
from typing import Any

from students.models import Completeness, Graduate, RosterRow, RosterUpload, RowKind
from students.roster_uploads import ask_apply, start_upload
from students.staging import unpack
from tests import rosters
from tests.factories import make_campaign, make_coordinator, make_unit, run_jobs


class Place:
    """A campaign, a unit called 计算机学院, and its coordinator."""

    def __init__(self) -> None:
        self.campaign = make_campaign()
        self.unit = make_unit("cs", name="计算机学院")
        self.by = make_coordinator(self.unit)

    def upload(
        self, rows: list[dict[str, Any]] | bytes, *, completeness: str = Completeness.ADDS, name: str = "roster.xlsx",
        **changes: Any,
    ) -> RosterUpload:  # fmt: skip
        data = rows if isinstance(rows, bytes) else rosters.xlsx(rows)
        given = {"campaign": self.campaign, "unit": self.unit, "by": self.by, **changes}
        upload = start_upload(file=io.BytesIO(data), name=name, completeness=completeness, **given)
        run_jobs()
        return RosterUpload.objects.get(pk=upload.pk)

    def apply(self, upload: RosterUpload, by: Any = None) -> RosterUpload:
        ask_apply(upload=upload, by=by or self.by)
        run_jobs()
        return RosterUpload.objects.get(pk=upload.pk)

    def load(self, rows: list[dict[str, Any]], **options: Any) -> RosterUpload:
        return self.apply(self.upload(rows, **options))

    def graduate(self, number: int) -> Graduate:
        number_text = rosters.person(number)["student_number"]
        return Graduate.objects.select_related(
            "enrolment__student", "enrolment__class_group", "enrolment__unit", "term"
        ).get(campaign=self.campaign, enrolment__student_number=number_text)


def counts(upload: RosterUpload) -> dict[str, int]:
    return {kind: upload.counts[kind] for kind in RowKind.values if upload.counts.get(kind)}


def row(upload: RosterUpload, kind: str, position: int = 0) -> tuple[RosterRow, Any, dict[str, Any]]:
    found = upload.rows.filter(kind=kind).order_by("line")[position]
    return (found, *unpack(found.payload.reveal()))


def reasons(upload: RosterUpload) -> list[tuple[int, list[tuple[str, str]]]]:
    found = []
    for one in upload.rows.filter(kind=RowKind.REFUSED).order_by("line"):
        _values, rest = unpack(one.payload.reveal())
        found.append((one.line, [(field, code) for field, _shown, code, _data in rest["findings"]]))
    return found


def roster_dump() -> list[tuple[Any, ...]]:
    """Everything a roster can change, by meaning instead of key: to compare before and after."""
    fields = (
        "campaign__code", "enrolment__student_number", "enrolment__student__name", "enrolment__student__gender",
        "enrolment__student__birth_date", "enrolment__student__id_type", "enrolment__student__id_digest",
        "enrolment__unit__code", "enrolment__class_group__name", "enrolment__level", "enrolment__major_code",
        "enrolment__major_name", "enrolment__study_form", "enrolment__length", "enrolment__entry_date",
        "enrolment__expected_graduation", "enrolment__candidate_number", "term__code", "category", "roster_state",
        "exemption", "picture",
    )  # fmt: skip
    people = Graduate.objects.order_by("campaign__code", "enrolment__student_number").select_related(
        "enrolment__student"
    )
    secrets = [
        (
            g.enrolment.student.id_number.reveal(),
            g.enrolment.student.phone.reveal() if g.enrolment.student.phone else "",
        )
        for g in people
    ]
    return [(*values, *secret) for values, secret in zip(people.values_list(*fields), secrets, strict=True)]
