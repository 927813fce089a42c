"""One measured step of the roster benchmark in a process of its own, so that its peak memory is its own.

python -m tests.bench.roster_steps file|preview|apply|again|floor ARGUMENT
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Max  # noqa: E402

from photocampus import clock, crypto  # noqa: E402
from photocampus.crypto import Sealer  # noqa: E402
from students import roster_apply, roster_read, tables  # noqa: E402
from students.bulk import insert_rows, random_ids, stamp  # noqa: E402
from students.models import (  # noqa: E402
    ClassGroup,
    Enrolment,
    Graduate,
    RosterUpload,
    Student,
    UploadState,
)
from students.roster_records import digest_of  # noqa: E402
from students.staging import field_context  # noqa: E402
from units.models import Campaign, Term, Unit  # noqa: E402

PERSON = ("name", "gender", "birth_date", "id_type", "id_number", "id_digest", "phone")
STUDY = (
    "student_number", "unit", "class_group", "level", "major_code", "major_name", "study_form", "length", "entry_date",
    "expected_graduation", "candidate_number",
)  # fmt: skip
PLACE = ("campaign", "term", "category", "roster_state", "state_reason", "exemption", "created_at")


def step_file(path: str) -> dict[str, Any]:
    """Keep the file as an upload; gives its key."""
    from photocampus.models import User

    data = Path(path).read_bytes()
    upload = RosterUpload(
        campaign=Campaign.objects.get(),
        unit=Unit.objects.get(),
        file_name="bench.xlsx",
        by=User.objects.get(),
    )
    sealed = crypto.encrypt_bytes(data, context=roster_read.FILE_CONTEXT)
    upload.file.save("file", ContentFile(sealed), save=False)
    upload.save()
    return {"upload": upload.pk}


def step_preview(key: str) -> dict[str, Any]:
    roster_read.read_roster(upload=RosterUpload.objects.get(pk=key))
    upload = RosterUpload.objects.get(pk=key)
    assert upload.state == UploadState.PREVIEWED, upload.error
    return {"counts": upload.counts}


def step_apply(key: str) -> dict[str, Any]:
    upload = RosterUpload.objects.get(pk=key)
    RosterUpload.objects.filter(pk=key).update(state=UploadState.APPLYING)
    write = roster_apply._write
    held = []

    def timed(*args: Any) -> None:
        start = time.perf_counter()
        write(*args)
        held.append(time.perf_counter() - start)

    roster_apply._write = timed  # type: ignore[assignment]
    assert roster_apply.apply_roster(upload=upload, by=upload.by)
    return {"lock": max(held)}


def step_floor(path: str) -> dict[str, Any]:
    """The least that can be done: read, encrypt, `executemany` into the same three tables. No check, no preview."""
    data = Path(path).read_bytes()
    sheet = tables._open_sheet(data)
    assert sheet is not None
    rows = tables._number(sheet)
    next(rows)
    campaign, unit = Campaign.objects.get(), Unit.objects.get()
    term = Term.objects.get(code="2018-07").pk
    id_numbers, phones = (Sealer(field_context(Student, name)) for name in ("id_number", "phone"))
    classes: dict[str, int] = {}
    people, studies = [], []
    for _line, c in rows:
        if c[6] not in classes:
            classes[c[6]] = ClassGroup.objects.create(unit=unit, name=c[6]).pk
        gender = "M" if c[2] == "男" else "F"
        digest = digest_of("id_card", c[4])
        people.append((c[1], gender, c[9], "id_card", id_numbers.seal(c[4]), digest, phones.seal(c[18])))
        studies.append(
            (
                c[0],
                unit.pk,
                classes[c[6]],
                c[7],
                c[10],
                c[11],
                c[12],
                c[13],
                "2014-09-01",
                "2018-07-01",
                c[16],
            )
        )
    number, now = len(people), stamp(clock.now())
    first = {
        model: 1 + (model.objects.aggregate(top=Max("pk"))["top"] or 0)
        for model in (Student, Enrolment, Graduate)
    }
    students, enrolments = (range(first[model], first[model] + number) for model in (Student, Enrolment))
    with transaction.atomic():
        rows = zip(students, random_ids(number, 9), people, strict=True)
        insert_rows(Student, ["id", "public_id", *PERSON], [(pk, public, *row) for pk, public, row in rows])
        rows = zip(enrolments, random_ids(number, 9), students, studies, strict=True)
        insert_rows(
            Enrolment, ["id", "public_id", "student", *STUDY], [(a, b, c, *row) for a, b, c, row in rows]
        )
        rows = zip(random_ids(number, 9), random_ids(number, 18), enrolments, strict=True)
        fixed = (campaign.pk, term, "graduate", "active", "", "none", now)
        insert_rows(
            Graduate, ["public_id", "me_token", "enrolment", *PLACE], [(*row, *fixed) for row in rows]
        )
    return {}


def main(step: str, argument: str) -> None:
    connection.ensure_connection()
    start = time.perf_counter()
    result = globals()[f"step_{step}"](argument)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, **result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
