"""A batch of 10,000 images against plain `zipfile` on the same files: building, first byte, whole download, memory."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import random
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from photocampus.jobs import run_job
from students.batch_build import zip_file
from students.batches import find_profile, start_batch, take_file
from students.chsi_files import write_xlsx
from students.decisions import write_decisions
from students.digests import id_digest
from students.models import (
    ClassGroup,
    Enrolment,
    ExportBatch,
    Gender,
    Graduate,
    IdType,
    Outcome,
    Photo,
    Rendition,
    Stage,
    Student,
)
from students.submissions import submit_images, verify_items
from tests.bench.table import Row
from tests.factories import (
    id_number,
    make_campaign,
    make_coordinator,
    make_school,
    make_staff,
    make_studio,
    make_unit,
)

PEOPLE = 10_000
IMAGE_BYTES = 8100
BLOCK = 1000


def run() -> None:
    make_school()
    staff, people = make_people()
    names = [graduate.enrolment.student_number for graduate in people]
    files = {number: f"renditions/bench/{number}.jpg" for number in names}

    began = time.perf_counter()
    batch = start_batch(campaign=people[0].campaign, profile=find_profile(), by=staff)
    assert batch.job is not None
    run_job(batch.job.pk)
    built = time.perf_counter() - began
    batch = ExportBatch.objects.get(pk=batch.pk)
    assert (batch.state, batch.people) == ("frozen", PEOPLE), batch.problems[:3]

    peer_all = timed(lambda: len(plain_zip(files)))
    Row(
        "batch of 10,000: check, freeze, encrypt, hash",
        built,
        peer_name="zipfile, nothing else",
        peer=peer_all,
        note="once per batch",
    ).emit()
    file = zip_file(batch)

    def chunks() -> Iterator[bytes]:
        return take_file(file=file, by=staff, purpose="bench")

    first = timed(lambda: next(chunks()))
    Row("batch of 10,000: time to first byte", first, peer_name="zipfile", peer=peer_all, wanted=20).emit()
    whole = timed(lambda: hashlib.sha256(b"".join(chunks())).hexdigest())
    Row("batch of 10,000: whole download", whole, peer_name="zipfile", peer=peer_all, wanted=1).emit()
    ours = peak(lambda: sum(len(chunk) for chunk in chunks()))
    peer = peak(lambda: len(plain_zip(files)))
    Row(
        "batch of 10,000: peak memory of a download",
        ours,
        unit="MB",
        peer_name="zipfile",
        peer=peer,
        most=16,
        wanted=5,
    ).emit()


def make_people() -> tuple[Any, list[Graduate]]:
    """10,000 verified graduates in bulk; each image is other bytes of the size of a small image."""
    campaign, college = make_campaign(), make_unit()
    coordinator, staff = make_coordinator(college), make_staff()
    studio = make_studio(campaign=campaign)
    group = ClassGroup.objects.create(unit=college, name="会计1班")
    term, profile = campaign.terms.get(code="2018-07"), campaign.image_profiles.get(name="small")
    random.seed(1)
    people: list[Graduate] = []
    for start in range(0, PEOPLE, BLOCK):
        block = range(start, start + BLOCK)
        numbers = [id_number(number) for number in block]
        students = Student.objects.bulk_create(
            Student(
                name=f"李{number}",
                gender=Gender.FEMALE,
                birth_date=dt.date(1995, 6, 15),
                id_type=IdType.ID_CARD,
                id_number=plain,
                id_digest=id_digest(IdType.ID_CARD, plain),
            )
            for number, plain in zip(block, numbers, strict=True)
        )
        enrolments = Enrolment.objects.bulk_create(
            Enrolment(
                student=student,
                student_number=f"2015{number:08d}",
                unit=college,
                class_group=group,
                level="本科",
                major_name="会计学",
            )
            for number, student in zip(block, students, strict=True)
        )
        images = [image_of(number) for number in block]
        photos = Photo.objects.bulk_create(
            Photo(
                enrolment=enrolment,
                campaign=campaign,
                studio=studio,
                origin="attendance",
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                width=240,
                height=320,
                format="JPEG",
                by=staff,
            )
            for enrolment, data in zip(enrolments, images, strict=True)
        )
        for enrolment, data in zip(enrolments, images, strict=True):
            default_storage.save(f"renditions/bench/{enrolment.student_number}.jpg", ContentFile(data))
        Rendition.objects.bulk_create(
            Rendition(
                photo=photo,
                profile=profile,
                file=f"renditions/bench/{enrolment.student_number}.jpg",
                sha256=photo.sha256,
                size=photo.size,
                width=240,
                height=320,
                made_with="bench",
            )
            for photo, enrolment in zip(photos, enrolments, strict=True)
        )
        people += Graduate.objects.bulk_create(
            Graduate(campaign=campaign, enrolment=enrolment, term=term, picture=photo)
            for enrolment, photo in zip(enrolments, photos, strict=True)
        )
    pairs = [(graduate.pk, graduate.picture_id) for graduate in people if graduate.picture_id]
    write_decisions(pairs=pairs, stage=Stage.ACCEPTANCE, outcome=Outcome.YES, by=coordinator)
    submission = submit_images(college=college, term=term, by=coordinator)
    verify_items(submission=submission, by=staff)
    return staff, people


def image_of(number: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + random.Random(number).randbytes(IMAGE_BYTES)


def plain_zip(files: dict[str, str]) -> bytes:
    """The peer: everything into one archive in memory, then the first byte can leave."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, name in files.items():
            with default_storage.open(name) as stream:
                archive.writestr(f"{number}.jpg", stream.read())
        rows = [[number, ""] for number in files]
        archive.writestr("list.xlsx", write_xlsx(["XH", "SFZH"], rows, title="list"))
    return out.getvalue()


def timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def peak(act: Callable[[], Any]) -> float:
    """Most memory that Python held while it ran, in MB."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
