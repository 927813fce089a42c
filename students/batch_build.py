"""Builds a batch in short committed pieces that survive a killed worker and come out as the same bytes (design §6).

First everybody is looked at (nothing is written), then the number is given, then pieces of 250 people: their frozen
values, the bytes of their images as one sealed part of the ZIP file. Then the lists, the directory, the hash.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as data_field
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as gettext_now
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import build_event, move_state, record_many
from photocampus.jobs import JobContext, LeaseLost, job_kind
from students.batch_files import hash_chunks, read_part, remove_strays, stream_file, write_part
from students.batches import BATCH_MOVES, give_up_batch, waiting_items
from students.chsi_columns import (
    IMAGE_CHANGED,
    IMAGE_MISSING,
    IMAGE_NAME,
    Field,
    Misfit,
    fields_from_profile,
    fit_row,
)
from students.chsi_files import write_dbf, write_xlsx
from students.models import (
    BatchFile,
    BatchState,
    ExportBatch,
    ExportRow,
    Gender,
    Graduate,
    ItemState,
    PartKind,
    SubmissionItem,
)
from students.zip_stream import Entry, closing, entry_head
from units.models import Campaign

PIECE = 250
REMEMBERED_PROBLEMS = 5000
_FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
# The register's own words, whatever language the page is read in.
GENDER_WORDS = {Gender.MALE: "男", Gender.FEMALE: "女"}
NAME_COLUMNS = {"student_number": "XH", "id_number": "SFZH", "candidate_number": "KSH"}


class Unreportable(DomainError):
    code = "unreportable"
    message = _(
        "%(people)d people cannot be reported; the page of the batch names them. Correct them, or build without them."
    )


class ChangedWhileBuilding(DomainError):
    code = "changed_while_building"
    message = _("Somebody's data or image changed while the batch was being built. Build it again.")


@dataclass
class Draft:
    """One person on the way into the batch."""

    item: SubmissionItem
    cells: list[str]
    misfits: list[Misfit]
    image_name: str = ""
    data: bytes = data_field(default=b"", repr=False)

    @property
    def entry(self) -> Entry:
        return Entry(self.image_name, zlib.crc32(self.data), len(self.data))


@job_kind("students.build_batch", title=_("Build a CHSI batch"), cancellable=True)
def build_batch(ctx: JobContext) -> Mapping[str, Any]:
    """The whole building; may be called again at any point and goes on from the last committed piece."""
    batch = ExportBatch.objects.select_related("campaign", "profile").get(pk=ctx.args["batch"])
    if batch.state == BatchState.BUILDING:
        try:
            if batch.number is None:
                _check_everybody(ctx, batch)
            _write_pieces(ctx, batch)
            _write_lists(ctx, batch)
            _write_directory(ctx, batch)
            _freeze(ctx, batch)
        except LeaseLost:
            raise
        except Exception as error:
            _give_up_after(batch, error)
            raise
    return {"batch": str(batch), "people": batch.people, "left_out": len(left_out(batch))}


def _give_up_after(batch: ExportBatch, error: Exception) -> None:
    """A batch that cannot be finished must not block the next one; the job keeps the error itself."""
    reason = str(error) if isinstance(error, DomainError) else type(error).__name__
    give_up_batch(batch=batch, by=None, reason=reason or type(error).__name__)
    remove_strays(batch)


def left_out(batch: ExportBatch) -> set[int]:
    """Graduates whom the batch leaves out because the register's files cannot carry their data."""
    return {problem["graduate"] for problem in batch.problems}


def people_of_batch(batch: ExportBatch) -> QuerySet[SubmissionItem]:
    """Everybody who belongs in and is not written yet, in student-number order."""
    return (
        waiting_items(batch.campaign, batch.layout["cutoff"])
        .exclude(graduate__in=left_out(batch))
        .select_related(
            "graduate__enrolment__student", "graduate__enrolment__class_group", "rendition", "photo"
        )
    )


def facts_of(graduate: Graduate, layout: Mapping[str, Any]) -> dict[str, str]:
    """What the catalogue's sources are for this person, as the register writes them. Holds full ID numbers."""
    enrolment = graduate.enrolment
    student = enrolment.student
    return {
        "school_code": layout["school_code"],
        "school_name": layout["school_name"],
        "candidate_number": enrolment.candidate_number,
        "student_number": enrolment.student_number,
        "name": student.name,
        "gender": GENDER_WORDS.get(Gender(student.gender), ""),
        "birth_date": _plain_date(student.birth_date),
        "id_number": student.id_number.reveal(),
        "major_code": enrolment.major_code,
        "major_name": enrolment.major_name,
        "level": enrolment.level,
        "length_of_study": enrolment.length,
        "study_form": enrolment.study_form,
        "entry_date": _plain_date(enrolment.entry_date),
        "class_name": enrolment.class_group.name,
        "expected_graduation": _plain_date(enrolment.expected_graduation),
        "remark": "",
    }


def _plain_date(day: Any) -> str:
    return f"{day:%Y%m%d}" if day else ""


def draft_person(item: SubmissionItem, batch: ExportBatch, fields: Sequence[Field]) -> Draft:
    """Fit the values, name the image and read its bytes; everything wrong is in `misfits`."""
    facts = facts_of(item.graduate, batch.layout)
    cells, misfits = fit_row(fields, facts)
    draft = Draft(item, cells, misfits)
    source = batch.layout["image_name"]
    stem = facts[source]
    if not stem or _FORBIDDEN_IN_NAMES.search(stem) or stem.startswith("."):
        misfits.append(Misfit(NAME_COLUMNS[source], IMAGE_NAME))
    draft.image_name = f"{stem}.jpg"
    try:
        with item.rendition.file.open("rb") as stream:
            draft.data = stream.read()
    except FileNotFoundError:
        misfits.append(Misfit(NAME_COLUMNS[source], IMAGE_MISSING))
    else:
        if hashlib.sha256(draft.data).hexdigest() != item.rendition.sha256:
            misfits.append(Misfit(NAME_COLUMNS[source], IMAGE_CHANGED))
    return draft


def _in_pieces(items: QuerySet[SubmissionItem]) -> Iterator[list[SubmissionItem]]:
    """Blocks by student number, each its own short query; nothing is skipped when rows leave the set meanwhile."""
    last = ""
    while block := list(items.filter(graduate__enrolment__student_number__gt=last)[:PIECE]):
        yield block
        last = block[-1].graduate.enrolment.student_number


def _check_everybody(ctx: JobContext, batch: ExportBatch) -> None:
    """Look at all, then give the number; raises Unreportable when somebody does not fit and may not be left out."""
    fields = fields_from_profile(batch.layout["columns"])
    problems: list[dict[str, Any]] = []
    names: set[str] = set()
    done, total = 0, people_of_batch(batch).count()
    note = gettext_now("Checking data and images")
    for block in _in_pieces(people_of_batch(batch)):
        for item in block:
            draft = draft_person(item, batch, fields)
            if draft.image_name in names:
                draft.misfits.append(Misfit(NAME_COLUMNS[batch.layout["image_name"]], IMAGE_NAME))
            names.add(draft.image_name)
            problems += ({"graduate": item.graduate_id, **one.as_data()} for one in draft.misfits)
        done += len(block)
        ctx.progress(done, 2 * total, note)
        ctx.checkpoint("batch.checked_piece")
    people = len({problem["graduate"] for problem in problems})
    if problems and (not batch.leave_out or people == total):
        batch.problems = problems[:REMEMBERED_PROBLEMS]
        batch.save(update_fields=["problems"])
        raise Unreportable(people=people)
    _give_number(ctx, batch, problems)


def _give_number(ctx: JobContext, batch: ExportBatch, problems: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        ctx.hold()
        Campaign.objects.select_for_update().get(pk=batch.campaign_id)
        numbers = ExportBatch.objects.filter(campaign=batch.campaign_id)
        batch.number = (numbers.aggregate(last=Max("number"))["last"] or 0) + 1
        batch.problems = problems
        batch.save(update_fields=["number", "problems"])
        BatchFile.objects.create(batch=batch, name=f"{batch.campaign.code}-{batch.number:04d}.zip")
        ctx.checkpoint("batch.number_given")
    ctx.checkpoint("batch.number_committed")


def zip_file(batch: ExportBatch) -> BatchFile:
    file = BatchFile.objects.get(batch=batch, name__endswith=".zip")
    file.batch = batch
    return file


def _write_pieces(ctx: JobContext, batch: ExportBatch) -> None:
    """The rows and the images, piece by piece; who is written is out of the set, so each round begins where it is."""
    fields = fields_from_profile(batch.layout["columns"])
    file = zip_file(batch)
    if file.parts.filter(kind=PartKind.MANIFEST).exists():
        return
    total = batch.rows.count() + people_of_batch(batch).count()
    note = gettext_now("Freezing data and images")
    for block in _in_pieces(people_of_batch(batch)):
        drafts = [draft_person(item, batch, fields) for item in block]
        if any(draft.misfits for draft in drafts):
            raise ChangedWhileBuilding()
        written = _write_piece(ctx, batch, file, drafts)
        ctx.progress(total + written, 2 * total, note)
        ctx.checkpoint("batch.piece_committed")


def _write_piece(ctx: JobContext, batch: ExportBatch, file: BatchFile, drafts: Sequence[Draft]) -> int:
    """One piece in one transaction; returns how many rows the batch has now."""
    data = b"".join(entry_head(draft.entry) + draft.data for draft in drafts)
    with transaction.atomic():
        ctx.hold()
        _hold_items(drafts)
        line = batch.rows.count()
        write_part(file=file, position=file.parts.count(), kind=PartKind.IMAGES, data=data)
        ctx.checkpoint("batch.part_stored")
        ExportRow.objects.bulk_create(
            ExportRow(
                batch=batch,
                line=number,
                graduate_id=draft.item.graduate_id,
                photo_id=draft.item.photo_id,
                rendition_id=draft.item.rendition_id,
                values=freeze_values(draft),
                image_sha256=draft.item.rendition.sha256,
            )
            for number, draft in enumerate(drafts, start=line + 1)
        )
        record_many(
            build_event(
                Graduate(pk=draft.item.graduate_id), "batched", by=batch.by, data={"batch": str(batch)}
            )
            for draft in drafts
        )
        ctx.checkpoint("batch.piece_written")
    return line + len(drafts)


def _hold_items(drafts: Sequence[Draft]) -> None:
    """Lock the verified images, so that none is returned while it goes into the batch."""
    items = SubmissionItem.objects.filter(
        pk__in=[draft.item.pk for draft in drafts], state=ItemState.VERIFIED
    )
    if len(items.select_for_update().order_by("pk").values_list("pk")) != len(drafts):
        raise ChangedWhileBuilding()


def freeze_values(draft: Draft) -> str:
    """The snapshot of one row as JSON: cells in the profile's order, and the image's entry in the ZIP file."""
    entry = draft.entry
    return json.dumps(
        {"cells": draft.cells, "image": entry.name, "crc": entry.crc, "size": entry.size}, ensure_ascii=False
    )


def thaw_values(row: ExportRow) -> tuple[list[str], Entry]:
    """Undo `freeze_values`; raises Undecryptable for a damaged row."""
    frozen = json.loads(row.values.reveal())
    return frozen["cells"], Entry(frozen["image"], frozen["crc"], frozen["size"])


def frozen_rows(batch: ExportBatch) -> Iterator[ExportRow]:
    return batch.rows.order_by("line").iterator(chunk_size=1000)


def list_files(batch: ExportBatch, rows: Iterable[Sequence[str]]) -> dict[str, bytes]:
    """The batch's lists by file name, made from frozen cells only: the same bytes whenever they are made."""
    fields = fields_from_profile(batch.layout["columns"])
    cells = list(rows)
    stem = f"{batch.campaign.code}-{batch.number:04d}"
    files = {}
    if batch.layout["xlsx"]:
        headings = [one.heading for one in fields]
        files[f"{stem}.xlsx"] = write_xlsx(headings, cells, title="CHSI")
    if batch.layout["dbf"]:
        stamp = timezone.localtime(batch.created_at).date()
        files[f"{stem}.dbf"] = write_dbf(fields, cells, stamp=stamp)
    return files


def _write_lists(ctx: JobContext, batch: ExportBatch) -> None:
    """Each list once for itself and once as an entry of the ZIP file, in one transaction."""
    file = zip_file(batch)
    for name, data in list_files(batch, (thaw_values(row)[0] for row in frozen_rows(batch))).items():
        if BatchFile.objects.filter(batch=batch, name=name).exists():
            continue
        digest, size = hash_chunks([data])
        with transaction.atomic():
            ctx.hold()
            alone = BatchFile.objects.create(batch=batch, name=name, sha256=digest, size=size)
            write_part(file=alone, position=0, kind=PartKind.MANIFEST, data=data)
            head = entry_head(Entry(name, zlib.crc32(data), size))
            position = file.parts.count()
            write_part(file=file, position=position, kind=PartKind.MANIFEST, data=head + data)
            ctx.checkpoint("batch.list_written")
        ctx.checkpoint("batch.list_committed")


def zip_entries(batch: ExportBatch) -> Iterator[Entry]:
    """All entries in the order of the archive: the images by line, then the lists."""
    for row in frozen_rows(batch):
        yield thaw_values(row)[1]
    for alone in batch.files.exclude(name__endswith=".zip").order_by("id"):
        alone.batch = batch
        data = b"".join(read_part(part, alone) for part in alone.parts.order_by("position"))
        yield Entry(alone.name, zlib.crc32(data), len(data))


def _write_directory(ctx: JobContext, batch: ExportBatch) -> None:
    file = zip_file(batch)
    if file.parts.filter(kind=PartKind.DIRECTORY).exists():
        return
    data = b"".join(closing(zip_entries(batch)))
    with transaction.atomic():
        ctx.hold()
        write_part(file=file, position=file.parts.count(), kind=PartKind.DIRECTORY, data=data)
        ctx.checkpoint("batch.directory_written")
    ctx.checkpoint("batch.directory_committed")


def _freeze(ctx: JobContext, batch: ExportBatch) -> None:
    """Hash the whole file once more from the storage, as a download will read it, and close the batch."""
    file = zip_file(batch)
    file.sha256, file.size = hash_chunks(stream_file(file))
    ctx.checkpoint("batch.hashed")
    with transaction.atomic():
        ctx.hold()
        file.save(update_fields=["sha256", "size"])
        people = batch.rows.count()
        data = {"people": people, "sha256": file.sha256, "number": batch.number}
        move_state(
            batch,
            BatchState.FROZEN,
            moves=BATCH_MOVES,
            by=batch.by,
            data=data,
            people=people,
            frozen_at=clock.now(),
        )
        ctx.checkpoint("batch.freeze_written")
    remove_strays(batch)


def problem_lines(batch: ExportBatch) -> list[tuple[int, Misfit]]:
    """(graduate pk, misfit) for everybody who cannot be reported."""
    lines = []
    for problem in batch.problems:
        data = {key: value for key, value in problem.items() if key != "graduate"}
        lines.append((problem["graduate"], Misfit(**data)))
    return lines
