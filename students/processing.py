"""One file from outside through all of it: opened once, cropped, rendered for every profile, measured.

The studio's finished files are recognised by their pixels and taken unchanged where they fit a profile (R11); scans of
prints are cropped from 48 x 33 mm to 44 x 33 mm (R19). No model is imported: values in, values out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from PIL import Image

from photocampus.errors import DomainError
from students.check_bounds import ORDER, weighed
from students.checks import LOOK, NOTE, REFUSE, Result, Subject, check_portrait
from students.faces import Detector, Face, find_faces
from students.imaging import Decoded, Header, decode, is_srgb, read_header
from students.jpeg_file import JpegFacts, bare_jpeg, read_facts
from students.looks import look_of
from students.profiles import ProfileSpec, largest, with_geometry
from students.renditions import (
    Box,
    CannotFit,
    crop_box,
    encode,
    scaled,
    size_without_enlarging,
)

MM_PER_INCH = 25.4
SCAN_DPI_RECOMMENDED = 600
MOST_DECODED = 32_000_000  # pixels


@dataclass(frozen=True)
class ScanRule:
    """What a campaign says of scanned prints (R19)."""

    min_dpi: int = 370
    width_mm: int = 33
    height_mm: int = 48


class ScanTooCoarse(DomainError):
    code = "scan_too_coarse"
    message = _(
        "The scan has only %(dpi)d dpi; at least %(least)d are needed and %(recommended)d are recommended."
    )


class NotAPrint(DomainError):
    code = "scan_not_a_print"
    message = _(
        "The scan does not have the shape of a 48 × 33 mm print. Please scan the print alone, without a margin."
    )


@dataclass(frozen=True)
class Rendered:
    profile: ProfileSpec
    data: bytes
    width: int
    height: int
    quality: float | None
    is_studio_file: bool = False


@dataclass(frozen=True)
class Processed:
    header: Header
    renditions: tuple[Rendered, ...]
    results: tuple[Result, ...]
    thumbprint: (
        bytes  # a few grey pixels: tells whether two files show the same picture, nothing about people
    )
    look: str  # of the whole picture as it was sent, by which a copy under another name is found


@dataclass(frozen=True)
class Prepared:
    """An original that has been decoded and cropped, once for all that follows."""

    header: Header
    decoded: Decoded
    faces: list[Face]
    box: Box
    pictures: dict[str, Image.Image]  # by the profile's name, at its size
    finished: Rendered | None  # the original itself, where it is a finished file of the studio


def process_picture(
    file: IO[bytes],
    profiles: Sequence[ProfileSpec],
    *,
    detector: Detector | None,
    scan: ScanRule | None = None,
) -> Processed:
    """Everything that is derived from one original. Raises `BadPicture`, `ScanTooCoarse` or `NotAPrint`."""
    prepared = prepare(file, profiles, detector=detector, scan=scan)
    rendered, results = render(prepared, profiles)
    more, print_of_it = measure(prepared, profiles, searched=detector is not None)
    look = look_of(prepared.decoded.image)
    return Processed(prepared.header, tuple(rendered), (*results, *more), print_of_it, look)


def rules_of(profiles: Sequence[ProfileSpec]) -> ProfileSpec:
    """The profile that gives the bounds of the checks, but for those of an image: its pixels and bytes are its own."""
    return with_geometry(profiles) or largest(profiles)


def claims_of_pixels(profiles: Sequence[ProfileSpec]) -> list[tuple[ProfileSpec, str]]:
    """Whose pixels an original must have, and how much it weighs if it has not.

    What has a limit of bytes is handed in and has to exist in full size; the largest image takes what there is.
    """
    big = largest(profiles)
    handed_in = [profile for profile in profiles if profile.max_bytes is not None]
    return [*((profile, REFUSE) for profile in handed_in or [big]), (big, LOOK)]


def prepare(
    file: IO[bytes],
    profiles: Sequence[ProfileSpec],
    *,
    detector: Detector | None,
    scan: ScanRule | None = None,
) -> Prepared:
    """Judge, decode, find faces, crop and scale to each profile's size."""
    header = read_header(file)
    if scan:
        check_scan(header, scan)
    finished = None if scan else finished_file(file, header, profiles)
    decoded, faces, box = _framed(
        file, header, profiles, detector, is_scan=scan is not None, keep_whole=finished is not None
    )
    return Prepared(header, decoded, faces, box, _scaled_pictures(decoded, box, profiles), finished)


def render(prepared: Prepared, profiles: Sequence[ProfileSpec]) -> tuple[list[Rendered], list[Result]]:
    """The files, and what their sizes in bytes say."""
    rendered: list[Rendered] = []
    results: list[Result] = []
    finished = prepared.finished
    for profile in profiles:
        if finished and finished.profile == profile:
            rendered.append(finished)
            continue
        made = _rendered(prepared.pictures.get(profile.name), profile, results)
        if made:
            rendered.append(made)
    return rendered, results


def measure(
    prepared: Prepared, profiles: Sequence[ProfileSpec], *, searched: bool
) -> tuple[list[Result], bytes]:
    """All checks but those of bytes, and the thumbprint."""
    rules, box, decoded = rules_of(profiles), prepared.box, prepared.decoded
    results = _file_results(
        prepared.header, decoded, box, profiles, is_finished=prepared.finished is not None
    )
    measured = prepared.pictures.get(rules.name) or _measured_picture(decoded, box, rules)
    scale = measured.height / (box[3] - box[1])
    seen = [face.moved(scale=scale, left=box[0], top=box[1]) for face in prepared.faces]
    results += check_portrait(Subject(measured, seen, searched=searched), rules)
    return results, thumbprint(measured)


def check_scan(header: Header, rule: ScanRule) -> int:
    """The scan's resolution, from the print's known size. Raises `ScanTooCoarse` and `NotAPrint` (R19)."""
    if abs(header.width / header.height * rule.height_mm / rule.width_mm - 1) > 0.06:
        raise NotAPrint(height=rule.height_mm, width=rule.width_mm)
    dpi = math.floor(header.width / rule.width_mm * MM_PER_INCH)
    if dpi < rule.min_dpi:
        raise ScanTooCoarse(dpi=dpi, least=rule.min_dpi, recommended=SCAN_DPI_RECOMMENDED)
    return dpi


def finished_file(file: IO[bytes], header: Header, profiles: Sequence[ProfileSpec]) -> Rendered | None:
    """The file as a rendition of the profile whose pixels it has, if it keeps to all of that profile; else None.

    Its pixels stay as they are, to the bit. Metadata and anything behind the picture are cut off, because they never
    leave the house with a rendition; what it says of its resolution becomes what the profile says.
    """
    profile = next((p for p in profiles if p.size == (header.width, header.height)), None)
    if profile is None or header.format != "JPEG" or header.orientation != 1:
        return None
    file.seek(0)
    raw = file.read()
    facts = read_facts(raw)
    if facts is None or not fits(facts, profile) or not is_srgb(header.icc):
        return None
    data = bare_jpeg(raw, dpi=profile.dpi)
    if not profile.min_bytes <= len(data) <= (profile.max_bytes or len(data)):
        return None
    return Rendered(profile, data, header.width, header.height, facts.quality, is_studio_file=True)


def fits(facts: JpegFacts, profile: ProfileSpec) -> bool:
    """Whether a JPEG file keeps to the profile apart from bytes and resolution: sequential, colour, quality."""
    if not facts.is_baseline or facts.components != 3 or not facts.is_ycc:
        return False
    return profile.min_quality is None or (facts.quality or 0) >= profile.min_quality


def _framed(
    file: IO[bytes],
    header: Header,
    profiles: Sequence[ProfileSpec],
    detector: Detector | None,
    *,
    is_scan: bool,
    keep_whole: bool,
) -> tuple[Decoded, list[Face], Box]:
    """Decode at the least scale that serves, find faces, and lay the crop. A tight crop decodes once more, larger."""
    big = largest(profiles)
    decoded = decode(file, header, at_least=big.size)
    faces = find_faces(decoded.image, detector)
    box = _box(decoded, faces, profiles, is_scan=is_scan, keep_whole=keep_whole)
    across = box[2] - box[0]
    if decoded.reduced > 1 and across < big.width * 0.995:
        larger = big.width / across
        # A face that is lost in a huge picture does not get all of its pixels decoded.
        larger = min(larger, math.sqrt(MOST_DECODED / (decoded.image.width * decoded.image.height)))
        at_least = (math.floor(decoded.image.width * larger), math.floor(decoded.image.height * larger))
        before = decoded.image.width
        decoded = decode(file, header, at_least=at_least)
        faces = [face.moved(scale=decoded.image.width / before) for face in faces]
        box = _box(decoded, faces, profiles, is_scan=is_scan, keep_whole=keep_whole)
    return decoded, faces, box


def _box(
    decoded: Decoded,
    faces: Sequence[Face],
    profiles: Sequence[ProfileSpec],
    *,
    is_scan: bool,
    keep_whole: bool,
) -> Box:
    size, big = decoded.image.size, largest(profiles)
    face = faces[0] if len(faces) == 1 else None
    if keep_whole:
        face = None
    # The whole width of a print counts: 33 mm are few enough pixels.
    at_least = size[0] if is_scan else min(big.width, size[0])
    return crop_box(
        size, big.shape, face=face, profile=with_geometry(profiles), at_least=at_least, exact=big.width
    )


def _scaled_pictures(decoded: Decoded, box: Box, profiles: Sequence[ProfileSpec]) -> dict[str, Image.Image]:
    """Each profile's picture, from large to small, each made from the one before where the shape is the same."""
    pictures: dict[str, Image.Image] = {}
    source, part = decoded.image, box
    for profile in sorted(profiles, key=lambda profile: -profile.width * profile.height):
        if abs(profile.shape / largest(profiles).shape - 1) > 0.01:
            own = _other_shape(part, profile.shape)
            size = size_without_enlarging(own, profile, 1)
            pictures[profile.name] = scaled(source, own, size)
            continue
        size = size_without_enlarging(part, profile, 1)
        picture = scaled(source, part, size)
        pictures[profile.name] = picture
        source, part = picture, (0, 0, *picture.size)
    return pictures


def _other_shape(part: Box, shape: float) -> Box:
    """The largest box of another shape inside the crop, with the same middle."""
    left, top, right, bottom = part
    across, down = right - left, bottom - top
    if across / down > shape:
        narrow = down * shape
        return left + (across - narrow) / 2, top, left + (across + narrow) / 2, bottom
    low = across / shape
    return left, top + (down - low) / 2, right, top + (down + low) / 2


def _rendered(picture: Image.Image | None, profile: ProfileSpec, results: list[Result]) -> Rendered | None:
    """The encoded rendition, or None with a finding that says why there is none."""
    check = f"bytes_{profile.name}"
    if picture is None or (profile.max_bytes is not None and picture.size != profile.size):
        return None
    try:
        encoded = encode(picture, profile)
    except CannotFit as error:
        high = None if profile.max_bytes is None else float(profile.max_bytes)
        result = Result(check, float(error.size), float(profile.min_bytes), high, "bytes", REFUSE)
        results.append(weighed(result, profile))
        return None
    if profile.max_bytes is not None:
        low, high = float(profile.min_bytes), float(profile.max_bytes)
        results.append(Result(check, float(len(encoded.data)), low, high))
    return Rendered(profile, encoded.data, picture.width, picture.height, encoded.quality)


def _file_results(
    header: Header, decoded: Decoded, box: Box, profiles: Sequence[ProfileSpec], *, is_finished: bool
) -> list[Result]:
    results = []
    in_colour = header.mode not in ("1", "L", "LA", "I", "F", "P", "PA") and not header.mode.startswith(
        "I;16"
    )
    results.append(
        Result(
            "colour_depth",
            code="" if in_colour else "format",
            severity=NOTE if in_colour else REFUSE,
            data={"mode": header.mode},
        )
    )
    if "icc_unusable" in decoded.notes:
        results.append(Result("colour_profile", code="format", severity=LOOK))
    if is_damaged_below(decoded.image):
        results.append(Result("complete", code="format", severity=LOOK))
    pixels = _pixels((box[2] - box[0]) * decoded.reduced, profiles)
    rules = rules_of(profiles)
    return [pixels, *(weighed(result, rules) for result in results)]


def _pixels(across: float, profiles: Sequence[ProfileSpec]) -> Result:
    """The width of the crop in the original's pixels; as severe as the worst of what the images that miss some say."""
    result = Result("pixels", float(round(across)), float(largest(profiles).width))
    short = [
        weighed(replace(result, code="pixels", severity=severity), profile)
        for profile, severity in claims_of_pixels(profiles)
        if across < profile.width * 0.995
    ]
    return max(short, key=lambda found: ORDER.index(found.severity), default=result)


def is_damaged_below(picture: Image.Image) -> bool:
    """Whether the lowest rows are one flat colour, as decoders fill in where the data ended or broke."""
    rows = max(8, picture.height // 50)
    strip = picture.crop((0, picture.height - rows, picture.width, picture.height))
    extrema: Any = strip.getextrema()
    return all(high - low <= 1 for low, high in extrema)


def _measured_picture(decoded: Decoded, box: Box, rules: ProfileSpec) -> Image.Image:
    """The crop at the size of the standard's frame (or what there is), for all measures."""
    return scaled(decoded.image, box, size_without_enlarging(box, rules, 1))


def thumbprint(picture: Image.Image) -> bytes:
    """24 x 32 grey values."""
    return picture.convert("L").resize((24, 32), Image.Resampling.BOX).tobytes()


def same_picture(one: bytes, other: bytes) -> bool:
    """Whether two thumbprints are of one picture in two sizes: nearly no difference anywhere."""
    if len(one) != len(other):
        return False
    differences = sorted(abs(a - b) for a, b in zip(one, other, strict=True))
    return sum(differences) / len(differences) < 6 and differences[len(differences) * 99 // 100] < 32


def thumbprint_of_jpeg(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=("JPEG",)) as image:
        return thumbprint(image.convert("RGB"))
