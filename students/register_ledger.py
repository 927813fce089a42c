"""Checks of decisions, pictures, submissions and batches: what is stored against what it rests on (design §6)."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from django.core.files.base import File
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q

from photocampus.errors import DomainError
from photocampus.ledger import history_disagrees, ledger_check
from students.batch_build import list_files, thaw_values, zip_entries
from students.batch_files import hash_chunks, stream_file
from students.batches import KEPT_STATES
from students.models import (
    Answer,
    BatchFile,
    BatchState,
    Category,
    Decision,
    ExportBatch,
    ExportRow,
    Graduate,
    ItemState,
    Outcome,
    Photo,
    Rendition,
    RosterState,
    Stage,
    Submission,
    SubmissionItem,
    SubmissionState,
)
from students.submissions import OPEN_ITEMS
from students.zip_stream import closing, entry_head

READ = 256 * 1024


@ledger_check("students.submission_history")
def submission_history() -> Iterable[str]:
    yield from history_disagrees(Submission, first="")


@ledger_check("students.batch_history")
def batch_history() -> Iterable[str]:
    yield from history_disagrees(ExportBatch, first="")


@ledger_check("students.decisions")
def decisions() -> Iterable[str]:
    """At most one current decision per graduate and stage, none older than another, all on the person's own pictures."""
    doubled = (
        Decision.objects.filter(is_current=True)
        .order_by()
        .values("graduate", "stage")
        .annotate(many=Count("pk"))
        .filter(many__gt=1)
    )
    for row in doubled:
        yield f"graduate {row['graduate']} has {row['many']} current decisions of stage {row['stage']}"
    later = Decision.objects.filter(
        graduate=OuterRef("graduate"), stage=OuterRef("stage"), pk__gt=OuterRef("pk")
    )
    for pk in Decision.objects.filter(Exists(later), is_current=True).values_list("pk", flat=True):
        yield f"decision {pk} is current, but there is a later one of its stage"
    strange = Decision.objects.exclude(photo__enrolment=F("graduate__enrolment"))
    for pk in strange.values_list("pk", flat=True):
        yield f"decision {pk} is about another person's picture"


@ledger_check("students.pictures")
def chosen_pictures() -> Iterable[str]:
    """The chosen picture is of the same enrolment."""
    strange = Graduate.objects.filter(picture__isnull=False).exclude(picture__enrolment=F("enrolment"))
    for pk, picture in strange.values_list("pk", "picture"):
        yield f"graduate {pk} has chosen picture {picture}, which is another person's"


@ledger_check("students.submissions")
def submissions() -> Iterable[str]:
    """Numbers without a gap, states that follow from the items, nobody in two open ones, verified ⇔ decided."""
    groups = Submission.objects.order_by().values("college", "term")
    for group in groups.annotate(many=Count("pk"), first=Min("number"), last=Max("number")):
        if group["first"] != 1 or group["last"] != group["many"]:
            where = f"college {group['college']}, term {group['term']}"
            yield f"{where}: {group['many']} submissions, numbered {group['first']} to {group['last']}"
    yield from _submission_states()
    doubled = (
        SubmissionItem.objects.filter(state__in=OPEN_ITEMS)
        .order_by()
        .values("graduate")
        .annotate(many=Count("pk"))
        .filter(many__gt=1)
    )
    for row in doubled:
        yield f"graduate {row['graduate']} is in {row['many']} open submissions"
    decided = Decision.objects.filter(
        graduate=OuterRef("graduate"),
        photo=OuterRef("photo"),
        stage=Stage.VERIFICATION,
        outcome=Outcome.YES,
        is_current=True,
    )
    for pk in SubmissionItem.objects.filter(~Exists(decided), state=ItemState.VERIFIED).values_list(
        "pk", flat=True
    ):
        yield f"submitted image {pk} is verified without a decision"


def _submission_states() -> Iterator[str]:
    def count(state: str) -> Count:
        return Count("items", filter=Q(items__state=state))

    rows = Submission.objects.annotate(
        waiting=count(ItemState.SUBMITTED), good=count(ItemState.VERIFIED), gone=count(ItemState.WITHDRAWN)
    )
    for row in rows.order_by("pk"):
        if row.waiting:
            wanted = SubmissionState.SUBMITTED
        elif row.good:
            wanted = SubmissionState.VERIFIED
        else:
            wanted = SubmissionState.WITHDRAWN if row.gone else SubmissionState.RETURNED
        if row.state != wanted:
            yield f"submission {row.pk} is “{row.state}”, its images say “{wanted.value}”"


@ledger_check("students.submitted_people")
def submitted_people() -> Iterable[str]:
    """Whose image is handed in stands on the roster as a graduate, in the term and at the college of that submission."""
    items = SubmissionItem.objects.filter(state__in=OPEN_ITEMS).order_by("pk")
    for pk in items.exclude(graduate__roster_state=RosterState.ACTIVE).values_list("pk", flat=True):
        yield f"submitted image {pk} is of somebody who is not active on the roster"
    for pk in items.exclude(graduate__category=Category.GRADUATE).values_list("pk", flat=True):
        yield f"submitted image {pk} is of somebody who is no graduate of this campaign"
    for pk in items.exclude(graduate__term=F("submission__term")).values_list("pk", flat=True):
        yield f"submitted image {pk} is of somebody of another term"
    # Who goes on in a later campaign may study elsewhere by then.
    later = Graduate.objects.filter(enrolment=OuterRef("graduate__enrolment"), pk__gt=OuterRef("graduate"))
    unit = "graduate__enrolment__unit"
    college = Q(**{unit: F("submission__college")}) | Q(**{f"{unit}__college": F("submission__college")})
    for pk in items.filter(~college, ~Exists(later)).values_list("pk", flat=True):
        yield f"submitted image {pk} is of somebody of another college"


@ledger_check("students.batches")
def batches() -> Iterable[str]:
    """A batch's count and lines are its rows, nobody is in two live ones, answers and states agree."""
    rows = ExportBatch.objects.annotate(
        many=Count("rows"),
        first=Min("rows__line"),
        last=Max("rows__line"),
        open=Count("rows", filter=Q(rows__answer=Answer.NONE)),
        live=Count("rows", filter=Q(rows__is_live=True)),
    )
    for batch in rows.order_by("pk"):
        if batch.state in KEPT_STATES:
            if batch.people != batch.many or batch.first != 1 or batch.last != batch.many:
                yield f"batch {batch.pk} says {batch.people} people, has {batch.many} rows, the last {batch.last}"
        elif batch.state == BatchState.FAILED and batch.live:
            yield f"batch {batch.pk} was given up but holds {batch.live} people"
        if batch.state == BatchState.ANSWERED and batch.open:
            yield f"batch {batch.pk} is answered, but {batch.open} people have no answer"
    doubled = ExportRow.objects.filter(is_live=True).order_by().values("graduate").annotate(many=Count("pk"))
    for row in doubled.filter(many__gt=1):
        yield f"graduate {row['graduate']} is in {row['many']} live batches"
    yield from _answers()


def _answers() -> Iterator[str]:
    refused = ExportRow.objects.filter(answer=Answer.IMAGE_REFUSED)
    for pk in refused.filter(Q(is_live=True) | Q(answer_code=None)).values_list("pk", flat=True):
        yield f"row {pk} of a batch has a refused image, but no code or still holds its person"
    said_yes = Decision.objects.filter(
        graduate=OuterRef("graduate"), photo=OuterRef("photo"), stage=Stage.CHSI, outcome=Outcome.YES
    )
    passed = ExportRow.objects.filter(
        ~Exists(said_yes.filter(is_current=True)), answer=Answer.PASSED, is_live=True
    )
    for pk in passed.values_list("pk", flat=True):
        yield f"row {pk} of a batch passed without a decision"
    verified = SubmissionItem.objects.filter(
        graduate=OuterRef("graduate"), photo=OuterRef("photo"), state=ItemState.VERIFIED
    )
    for pk in ExportRow.objects.filter(~Exists(verified), is_live=True).values_list("pk", flat=True):
        yield f"row {pk} of a batch holds somebody whose image is not verified"


@ledger_check("students.batch_files")
def batch_files() -> Iterable[str]:
    """Each frozen file has its hash; lists and directory made again from the frozen rows are the same bytes."""
    for batch in ExportBatch.objects.filter(state__in=KEPT_STATES).select_related("campaign"):
        files = list(batch.files.order_by("pk"))
        if not all(file.parts.exists() for file in files):
            continue  # retention has taken the bytes; hashes and counts stay
        for file in files:
            file.batch = batch
            yield from _file_hash(file)
        yield from _snapshot(batch, {file.name: file for file in files})


def _file_hash(file: BatchFile) -> Iterator[str]:
    try:
        digest, size = hash_chunks(stream_file(file))
    except (DomainError, OSError) as error:
        yield f"file {file.name}: cannot be read ({type(error).__name__})"
        return
    if (digest, size) != (file.sha256, file.size):
        yield f"file {file.name}: its bytes have another hash than when it was frozen"


def _snapshot(batch: ExportBatch, files: dict[str, BatchFile]) -> Iterator[str]:
    cells = []
    for row in batch.rows.select_related("rendition").order_by("line"):
        try:
            cells.append(thaw_values(row)[0])
        except (DomainError, ValueError, KeyError):
            yield f"batch {batch}, line {row.line}: the frozen values are damaged"
            return
        if row.rendition.sha256 != row.image_sha256:
            yield f"batch {batch}, line {row.line}: the hash of the image is not the verified one's"
    for name, data in list_files(batch, cells).items():
        if name not in files or hashlib.sha256(data).hexdigest() != files[name].sha256:
            yield f"batch {batch}: the list {name} is not what its rows say"
    yield from _archive(batch, files)


def _archive(batch: ExportBatch, files: dict[str, BatchFile]) -> Iterator[str]:
    """Walk through the ZIP file entry by entry: every head is the row's, every image has the row's hash."""
    archive = next((file for name, file in files.items() if name.endswith(".zip")), None)
    if archive is None:
        yield f"batch {batch} has no ZIP file"
        return
    try:
        parts = stream_file(archive)
        buffer = bytearray()

        def take(length: int) -> bytes:
            while len(buffer) < length and (chunk := next(parts, None)) is not None:
                buffer.extend(chunk)
            taken = bytes(buffer[:length])
            del buffer[:length]
            return taken

        hashes = dict(batch.rows.values_list("line", "image_sha256"))
        entries = list(zip_entries(batch))
        for line, entry in enumerate(entries, start=1):
            head, data = take(len(entry_head(entry))), take(entry.size)
            if head != entry_head(entry) or zlib.crc32(data) != entry.crc:
                yield f"batch {batch}: entry {line} of the ZIP file is not the frozen one"
                return
            if line in hashes and hashlib.sha256(data).hexdigest() != hashes[line]:
                yield f"batch {batch}, line {line}: the image in the ZIP file has another hash"
        directory = b"".join(closing(entries))
        if take(len(directory) + 1) != directory:
            yield f"batch {batch}: the directory of the ZIP file does not fit its entries"
    except (DomainError, OSError) as error:
        yield f"batch {batch}: the ZIP file cannot be read ({type(error).__name__})"


@ledger_check("students.files")
def picture_files() -> Iterable[str]:
    """Every original and every rendition lies in the storage with the bytes that were filed."""
    for rendition in Rendition.objects.exclude(file="").order_by("pk").iterator(chunk_size=500):
        yield from _stored(f"rendition {rendition.pk}", rendition.file, rendition.sha256)
    for photo in Photo.objects.exclude(original="").order_by("pk").iterator(chunk_size=500):
        yield from _stored(f"photo {photo.pk}", photo.original, photo.sha256)


def _stored(name: str, file: File, sha256: str) -> Iterator[str]:
    try:
        with file.open("rb") as stream:
            digest, _size = hash_chunks(iter(lambda: stream.read(READ), b""))
    except OSError:
        yield f"{name}: its file is missing"
        return
    if digest != sha256:
        yield f"{name}: its file has another hash"
