"""What is looked at before a picture is filed: small JPEGs, made by the job because no request decodes anything."""

from io import BytesIO
from typing import IO

from django.utils import timezone
from PIL import Image

from students.imaging import Header, decode, read_header
from students.models import IngestFile
from students.number_cards import READ_AT, read_card

FRAME = (480, 480)  # one of many on the page of the order
LARGE = (960, 960)  # the tray shows one at a time, large


def survey_frame(row: IngestFile, file: IO[bytes]) -> bytes:
    """What the order of frames is judged by: capture time and number card, set on the row; returns a preview."""
    header = read_header(file)
    picture = decode(file, header, at_least=READ_AT).image
    _note_time(row, header)
    row.card = read_card(picture)
    return small_jpeg(picture, FRAME)


def preview_unmatched(row: IngestFile, file: IO[bytes]) -> bytes:
    """The large preview of the tray; the capture time is set on the row, because neighbours in time are a clue."""
    header = read_header(file)
    _note_time(row, header)
    return small_jpeg(decode(file, header, at_least=LARGE).image, LARGE)


def _note_time(row: IngestFile, header: Header) -> None:
    row.taken_at = timezone.make_aware(header.captured_at) if header.captured_at else None


def small_jpeg(picture: Image.Image, box: tuple[int, int]) -> bytes:
    picture.thumbnail(box, Image.Resampling.BICUBIC)
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
