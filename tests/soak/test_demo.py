"""The demonstration at full size: what it promises is there, and work waits at every step."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from openpyxl import load_workbook
from PIL import Image

from photocampus import clock
from photocampus.models import User
from photocampus.waiting import scopes_of, waiting_items
from sessions.models import PlanEntry
from students.batch_files import stream_file
from students.chsi_answers import read_dbf
from students.models import ExportBatch, Graduate, ItemState, SubmissionItem


@pytest.fixture
def demonstration(transactional_db: None, rounds: Callable[[int], int]) -> None:
    graduates = 1500 if rounds(50) == 50 else 366
    os.environ["PHOTOCAMPUS_DEMO_PASSWORD"] = "demo-pass-2018"
    call_command("demo", units=12, graduates=graduates)
    clock.forget()


def test_demonstration_is_whole(demonstration: None) -> None:
    check_the_batch()
    check_what_waits()
    call_command("check_ledger")


def check_the_batch() -> None:
    """The ZIP holds exactly the batched graduates; images, XLSX and DBF agree line by line."""
    batch = ExportBatch.objects.get(frozen_at__isnull=False)
    rows = list(batch.rows.order_by("line").values_list("graduate__enrolment__student_number", flat=True))
    assert rows and set(rows) <= set(
        SubmissionItem.objects.filter(state__in=[ItemState.VERIFIED, ItemState.RETURNED]).values_list(
            "graduate__enrolment__student_number", flat=True
        )
    )
    whole = b"".join(stream_file(batch.files.get(name__endswith=".zip")))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        names = archive.namelist()
        pictures = {Path(n).stem: archive.read(n) for n in names if n.endswith(".jpg")}
        sheet = load_workbook(io.BytesIO(archive.read(next(n for n in names if n.endswith(".xlsx"))))).active
        table = list(read_dbf(archive.read(next(n for n in names if n.endswith(".dbf")))))
    assert sheet is not None
    lines = [[str(cell or "") for cell in line] for line in sheet.iter_rows(values_only=True)]
    number = lines[0].index("XH")
    assert sorted(pictures) == sorted(rows) == sorted(line[number] for line in lines[1:])
    assert [line[number] for line in lines[1:]] == [line[table[0].index("XH")] for line in table[1:]]
    for data in pictures.values():
        picture = Image.open(io.BytesIO(data))
        picture.load()
        assert len(data) <= 8192 and picture.size == (240, 320)


def check_what_waits() -> None:
    """Somebody waits at every step, for each of the three roles."""
    steps: dict[str, set[int]] = {"staff": set(), "unit": set(), "studio": set()}
    labels: list[str] = []
    for user in User.objects.filter(is_active=True):
        for scope in scopes_of(user):
            for item in waiting_items(user.role, scope):
                steps[user.role].add(item.step)
                labels.append(item.label)
    assert len(set(labels)) >= 12, sorted(set(labels))
    assert all(steps.values())
    assert PlanEntry.objects.filter(booking__state="under_way").exists()
    assert Graduate.objects.filter(picture__isnull=True, attendances__state="absent").exists()
