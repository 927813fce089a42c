"""The files of a delivery as one ZIP with a manifest, put together by a job in pieces that may be repeated."""

import hashlib
import re
import tempfile
import zlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.jobs import JobContext, job_kind
from photocampus.models import Job
from photocampus.sheets import FORMULA_STARTS, csv_bytes
from sessions.deliveries import FILES_JOB, wanted_profiles
from sessions.models import Delivery, DeliveryItem, DeliveryState, Shot
from students.models import Rendition
from students.zip_stream import Entry, closing, entry_head
from units.models import IdentityMode

BLOCK = 50
READ = 256 * 1024
FOLDERS = {"small": "small", "large": "large"}
UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
# What Windows takes for a device, also with an extension.
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class FileDamaged(DomainError):
    code = "file_damaged"
    message = _(
        "An image of this delivery (line %(line)d) is missing from the store or differs from its hash."
    )


@job_kind(FILES_JOB, title=_("Put the files of a delivery together"))
def build_delivery_files(ctx: JobContext) -> dict[str, Any]:
    """Measure every image (committed in blocks), then write the ZIP; killed at any point, it goes on from there."""
    delivery = Delivery.objects.select_related("campaign").get(pk=ctx.args["delivery"])
    if delivery.files or delivery.state == DeliveryState.CANCELLED:
        return {"files": len(delivery.manifest)}
    items = list(delivery.items.select_related("graduate__enrolment__class_group").order_by("position"))
    done = {line["item"] for line in delivery.manifest}
    rest = [item for item in items if item.pk not in done]
    for start in range(0, len(rest), BLOCK):
        block = rest[start : start + BLOCK]
        lines = [line for item in block for line in manifest_lines(delivery, item)]
        with transaction.atomic():
            ctx.hold()
            locked = Delivery.objects.select_for_update().get(pk=delivery.pk)
            locked.manifest = [*locked.manifest, *lines]
            locked.save(update_fields=["manifest"])
        delivery.manifest = locked.manifest
        ctx.checkpoint("delivery.measured")
        ctx.progress(len(done) + start + len(block), len(items))
    sha256 = write_zip(ctx, delivery)
    with transaction.atomic():
        ctx.hold()
        delivery.files.name = zip_name(delivery)
        delivery.files_sha256 = sha256
        delivery.save(update_fields=["files", "files_sha256"])
    return {"files": len(delivery.manifest), "people": len(items)}


def manifest_lines(delivery: Delivery, item: DeliveryItem) -> list[dict[str, Any]]:
    """One line per image of this person: name in the ZIP, size, hash, checksum; the bytes are read and compared."""
    lines = []
    for rendition in renditions_of(delivery, item):
        crc, size, sha256 = measure(rendition)
        if sha256 != rendition.sha256:
            raise FileDamaged(line=item.position)
        folder = FOLDERS[rendition.profile.name]
        name = f"{folder_name(item.bag)}/{folder}/{file_stem(delivery, item)}.jpg"
        lines.append(
            {
                "item": item.pk,
                "rendition": rendition.pk,
                "name": name,
                "crc": crc,
                "size": size,
                "sha256": sha256,
            }
        )
    return lines


def folder_name(bag: str) -> str:
    """A bag's folder as every system can unpack it: below the archive's own place, and no formula in a list of names.

    Windows drops dots and blanks at the end; at the beginning a dot would hide the folder.
    """
    name = UNSAFE.sub("_", bag).strip(". \u3000")
    return f"_{name}" if not name or name.startswith(FORMULA_STARTS) or DEVICE.fullmatch(name) else name


def renditions_of(delivery: Delivery, item: DeliveryItem) -> list[Rendition]:
    """The newest small and large rendition of the picture that was packed."""
    rows = Rendition.objects.filter(photo=item.photo_id, profile__campaign=delivery.campaign_id)
    newest = {
        row.profile.name: row for row in rows.select_related("profile", "photo").order_by("profile__version")
    }
    wanted = wanted_profiles(delivery.campaign)
    if set(wanted) - set(newest):
        raise FileDamaged(line=item.position)
    return [newest[name] for name in wanted]


def file_stem(delivery: Delivery, item: DeliveryItem) -> str:
    """Files are named by student number; where the campaign hides people, by shot number (design §4, §5)."""
    if delivery.campaign.identity_mode == IdentityMode.ID_CARD:
        return item.graduate.enrolment.student_number
    shot = Shot.objects.filter(photos__photo=item.photo_id).first()
    return shot.code if shot else f"{item.position:04d}"


def measure(rendition: Rendition) -> tuple[int, int, str]:
    """CRC-32, bytes and SHA-256 of the stored file."""
    crc, size, sha = 0, 0, hashlib.sha256()
    try:
        with rendition.file.open("rb") as stream:
            while chunk := stream.read(READ):
                crc, size = zlib.crc32(chunk, crc), size + len(chunk)
                sha.update(chunk)
    except FileNotFoundError:
        return 0, 0, ""
    return crc, size, sha.hexdigest()


def manifest_csv(delivery: Delivery) -> bytes:
    """`manifest.csv` in the ZIP: name, bytes, SHA-256 of every image, in the order of the bags."""
    rows = ([line["name"], line["size"], line["sha256"]] for line in delivery.manifest)
    return csv_bytes(headings=["file", "bytes", "sha256"], rows=rows)


def zip_name(delivery: Delivery) -> str:
    return f"deliveries/{delivery.public_id}/files.zip"


def zip_bytes(delivery: Delivery) -> Iterator[bytes]:
    """The whole archive, piece by piece; the same bytes for the same manifest."""
    files = {
        row.pk: row
        for row in Rendition.objects.filter(pk__in=[line["rendition"] for line in delivery.manifest])
    }
    entries = []
    for line in delivery.manifest:
        entry = Entry(line["name"], line["crc"], line["size"])
        entries.append(entry)
        yield entry_head(entry)
        with files[line["rendition"]].file.open("rb") as stream:
            while chunk := stream.read(READ):
                yield chunk
    listing = manifest_csv(delivery)
    entry = Entry("manifest.csv", zlib.crc32(listing), len(listing))
    entries.append(entry)
    yield entry_head(entry)
    yield listing
    yield from closing(entries)


def write_zip(ctx: JobContext, delivery: Delivery) -> str:
    """Write the archive under its own name; half a one, left by a worker that died, is thrown away first."""
    name, sha = zip_name(delivery), hashlib.sha256()
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as spool:
        for piece in zip_bytes(delivery):
            sha.update(piece)
            spool.write(piece)
        ctx.checkpoint("delivery.zip")
        spool.seek(0)
        if default_storage.exists(name):
            default_storage.delete(name)
        saved = default_storage.save(name, File(spool, name="files.zip"))
    ctx.checkpoint("delivery.written")
    if saved != name:
        default_storage.delete(saved)
        raise FileDamaged(line=0)
    return sha.hexdigest()


def is_building(job: Job | None) -> bool:
    return bool(job and job.is_open)
