"""The outside of a JPEG file: what its segments say, and the file without what does not belong to the picture."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

STANDARD_SUM = 3688  # of the 64 luminance values of the standard's table (annex K)
JFIF, JFIF_LENGTH = b"JFIF\x00", 14  # without a thumbnail; what is shorter is none
ADOBE, ADOBE_LENGTH = b"Adobe", 12
RED_GREEN_BLUE = b"RGB"  # as the numbers of the three components


@dataclass(frozen=True)
class JpegFacts:
    is_baseline: bool
    components: int
    is_ycc: bool  # brightness and colour, as JFIF has it, and not red, green and blue
    dpi: int | None
    quality: int | None  # libjpeg's number that gives a luminance table of this coarseness
    has_metadata: bool
    has_tail: bool  # bytes behind the end of the picture


@dataclass(frozen=True)
class _Segment:
    marker: int
    start: int  # of the marker
    end: int


def _segments(data: bytes) -> Iterator[_Segment]:
    """Up to and including the first start of scan. Stops silently where the structure breaks."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(data):
            return
        yield _Segment(marker, at, end)
        if marker == 0xDA:
            return
        at = end


def _to_the_end(data: bytes, start: int) -> tuple[int, list[tuple[int, int]]]:
    """The position behind the end-of-image marker that closes the scans after `start`, 0 if there is none.

    And the places from there on that do not belong to the picture: segments may stand between and behind scans, too.
    """
    at = start
    foreign: list[tuple[int, int]] = []
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2, foreign
        if marker == 0 or 0xD0 <= marker <= 0xD7 or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        if at + 4 > len(data):
            break
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if marker not in PICTURE:
            foreign.append((at, at + 2 + length))
        at += 2 + length
    return 0, []


def read_facts(data: bytes) -> JpegFacts | None:
    """What the segments say, or None when the structure is broken or the end is missing."""
    baseline, dpi, quality, metadata, scan = False, None, None, False, 0
    names, has_jfif, transform = b"", False, None
    for segment in _segments(data):
        body = data[segment.start + 4 : segment.end]
        marker = segment.marker
        if marker == 0xE0 and _is_jfif(body):
            has_jfif, dpi = True, _density(body)
        elif marker == 0xEE and _is_adobe(body):
            transform = body[11]
        elif marker == 0xC0 and len(body) >= 6:
            baseline, names = body[0] == 8, body[6::3][: body[5]]
        elif marker == 0xDB and quality is None:
            quality = _quality(body)
        elif (0xE1 <= marker <= 0xEF and marker != 0xEE) or marker == 0xFE:
            metadata = True
        elif marker == 0xDA:
            scan = segment.end
    end, _foreign = _to_the_end(data, scan) if scan else (0, [])
    if not end or not names:
        return None
    # In the order in which decoders ask.
    is_ycc = has_jfif or (names != RED_GREEN_BLUE if transform is None else transform != 0)
    return JpegFacts(baseline, len(names), is_ycc, dpi, quality, metadata, has_tail=end < len(data))


def _is_jfif(body: bytes) -> bool:
    return body.startswith(JFIF) and len(body) >= JFIF_LENGTH


def _is_adobe(body: bytes) -> bool:
    return body.startswith(ADOBE) and len(body) >= ADOBE_LENGTH


@dataclass(frozen=True)
class Outline:
    """What a decoder will have to do, known before it runs."""

    precision: int  # bits per channel
    is_progressive: bool
    has_many_scans: bool  # progressive, or one scan per channel: every scan passes over the whole picture


FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
STANDALONE = {0x01, *range(0xD0, 0xD8)}
# What a decoder needs: frame, tables, restart interval, number of lines, scan.
PICTURE = FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, 0xDC, 0xDA}
MOST_STRAY = 65_536  # bytes between two segments


def read_outline(file: IO[bytes]) -> Outline | None:
    """From the segments before the first scan, read one by one; None where the structure breaks before it."""
    file.seek(2)
    frame: tuple[int, int, int] | None = None
    while (head := _next_segment(file)) is not None:
        marker, length = head
        if marker == 0xD9:
            return None
        if marker in FRAMES or marker == 0xDA:
            body = file.read(length)
            if marker == 0xDA:
                if frame is None or not body:
                    return None
                kind, precision, channels = frame
                progressive = kind in (0xC2, 0xC6, 0xCA, 0xCE)
                return Outline(precision, progressive, progressive or body[0] < channels)
            if len(body) < 6:
                return None
            frame = marker, body[0], body[5]
        else:
            file.seek(length, 1)
    return None


def _next_segment(file: IO[bytes]) -> tuple[int, int] | None:
    """Marker and length of the body that follows; bytes between segments are passed over as decoders do."""
    stray = 0
    while byte := file.read(1):
        if byte != b"\xff":
            stray += 1
            if stray > MOST_STRAY:
                return None
            continue
        while byte == b"\xff":
            byte = file.read(1)
        if not byte:
            return None
        marker = byte[0]
        if marker == 0 or marker in STANDALONE:
            continue
        if marker == 0xD9:
            return marker, 0
        raw = file.read(2)
        if len(raw) < 2:
            return None
        return marker, max(0, int(struct.unpack(">H", raw)[0]) - 2)
    return None


def _density(body: bytes) -> int | None:
    unit, across = body[7], struct.unpack(">H", body[8:10])[0]
    if unit == 1:
        return int(across)
    return round(across * 2.54) if unit == 2 else None


def _quality(table: bytes) -> int | None:
    """From the coarseness of the first table; exact for libjpeg's own tables."""
    if not table or table[0] >> 4 or len(table) < 65:
        return None
    total = sum(table[1:65])
    scale = 100 * total / STANDARD_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return max(1, min(100, round(quality)))


def bare_jpeg(data: bytes, *, dpi: int) -> bytes:
    """The same picture, bit for bit, with this resolution; without metadata, comments, and anything behind its end.

    The resolution stands in JFIF, which also says that colours are YCbCr: only for files that are (`is_ycc`).
    """
    version, adobe, kept, scan = b"\x01\x01", b"", [], 0
    for segment in _segments(data):
        body = data[segment.start + 4 : segment.end]
        if segment.marker == 0xDA:
            scan = segment.start
            break
        if segment.marker == 0xE0 and _is_jfif(body):
            version = body[5:7]
        elif segment.marker == 0xEE and _is_adobe(body):
            adobe = _segment(0xEE, body[:ADOBE_LENGTH])
        elif segment.marker in PICTURE:
            kept.append(data[segment.start : segment.end])
    jfif = _segment(0xE0, JFIF + version + struct.pack(">BHHBB", 1, dpi, dpi, 0, 0))
    end, foreign = _to_the_end(data, scan)
    at = scan
    for start, stop in foreign:
        kept.append(data[at:start])
        at = stop
    return b"".join([data[:2], jfif, adobe, *kept, data[at : end or len(data)]])


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
