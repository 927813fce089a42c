"""Two people with nearly the same picture: a finding on both, so that somebody looks (a file under the wrong name).

Compared are pictures, not faces: 512 bits that say where the middle of a coarse grey picture grows darker to the right or
downwards. Nothing about a face is computed, nobody is looked up, and the hash means nothing away from the picture.

Measured on 200 drawn portraits, 19,900 pairs (`tests/students/test_near_pictures.py` repeats a part): the nearest two
strangers differ in 34 bits, a picture against itself after a resize to 80 % and JPEG at quality 60 in at most 17. Over the
whole picture, 256 bits at the usual 32 called 13 % of the drawn strangers near: their backgrounds and clothes are alike.
"""

from collections.abc import Iterable
from io import BytesIO

import numpy as np
from PIL import Image

from students.checks import LOOK
from students.models import Finding, Graduate, IngestBatch, IngestState, Photo
from students.processing import Rendered
from units.models import Campaign

CHECK, CODE = "near_identical", "not_this_person"
WINDOW = (0.22, 0.22, 0.78, 0.72)  # of the crop, in which every head has the same place: hair, eyes, mouth
SIZE = (240, 320)
ACROSS = 16
STEP = 2.0  # grey values; smaller steps are noise, not a picture
NEAR = 24  # of 512 bits
ROWS_AT_ONCE = 16


def look_of(picture: Image.Image) -> str:
    """512 bits in hexadecimal: at each of 16 x 16 places, is it darker to the right, and is it darker below?"""
    grey = picture.convert("L").resize(SIZE, Image.Resampling.BICUBIC)
    left, top, right, bottom = WINDOW
    part = grey.crop(
        (
            int(grey.width * left),
            int(grey.height * top),
            int(grey.width * right),
            int(grey.height * bottom),
        )
    ).convert("F")
    across = np.asarray(part.resize((ACROSS + 1, ACROSS), Image.Resampling.BOX))
    down = np.asarray(part.resize((ACROSS, ACROSS + 1), Image.Resampling.BOX))
    bits = np.stack([np.diff(across, axis=1) < -STEP, np.diff(down, axis=0) < -STEP])
    return np.packbits(bits).tobytes().hex()


def look_of_renditions(renditions: Iterable[Rendered]) -> str:
    """The look of a picture by its smallest rendition, "" where there is none."""
    smallest = min(renditions, key=lambda item: item.width, default=None)
    if smallest is None:
        return ""
    with Image.open(BytesIO(smallest.data), formats=("JPEG",)) as image:
        return look_of(image)


def bits_apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def mark_near_pictures(batch: IngestBatch) -> int:
    """Compare what this upload filed with everybody's chosen picture of the campaign; returns how many are near. Repeatable.

    20,000 pictures are 1.3 MB, and comparing one with all of them takes milliseconds.
    """
    filed = set(batch.files.filter(state=IngestState.FILED).values_list("photo_id", flat=True))
    return _mark_near(batch.campaign_id, filed)


def mark_all_near_pictures(campaign: Campaign) -> int:
    """The same among all chosen pictures, where some got their look late. Repeatable; seconds for 20,000."""
    return _mark_near(campaign.pk, None)


def _mark_near(campaign: int, compared: set[int] | None) -> int:
    chosen = Graduate.objects.filter(campaign=campaign).exclude(picture=None)
    rows = list(
        chosen.exclude(picture__look="")
        .order_by("picture")
        .values_list("picture_id", "picture__enrolment_id", "picture__look")
    )
    keys = dict(Photo.objects.filter(pk__in=[row[0] for row in rows]).values_list("pk", "public_id"))
    nearest = _nearest(rows, set(keys) if compared is None else compared)
    for photo, (twin, distance) in nearest.items():
        _mark(photo, keys[twin], distance)
    return len(nearest)


def _nearest(rows: list[tuple[int, int, str]], filed: set[int]) -> dict[int, tuple[int, int]]:
    """Each photo that is near another person's, where one of the two is from this upload: the nearest one, and how near."""
    if not rows:
        return {}
    looks = np.frombuffer(bytes.fromhex("".join(look for _pk, _who, look in rows)), np.uint64)
    looks = looks.reshape(len(rows), 8)
    people = np.array([who for _pk, who, _look in rows])
    mine = np.array([index for index, row in enumerate(rows) if row[0] in filed], dtype=np.int64)
    best = np.full(len(rows), NEAR + 1)
    twin = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(mine), ROWS_AT_ONCE):
        block = mine[start : start + ROWS_AT_ONCE]
        apart = np.bitwise_count(looks[block][:, None] ^ looks[None]).sum(axis=2, dtype=np.int64)
        apart[people[block][:, None] == people[None]] = NEAR + 1  # oneself
        for line, index in enumerate(block):
            nearer = apart[line] < best
            best[nearer], twin[nearer] = apart[line][nearer], index
            closest = int(np.argmin(apart[line]))
            if apart[line, closest] < best[index]:
                best[index], twin[index] = apart[line, closest], closest
    return {
        rows[index][0]: (rows[int(twin[index])][0], int(best[index]))
        for index in np.flatnonzero(best <= NEAR)
    }


def _mark(photo: int, twin: str, distance: int) -> None:
    known = Finding.objects.filter(photo=photo, check_name=CHECK).first()
    if known is not None and (known.measure or 0) <= distance:
        return  # a nearer one is marked already
    Finding.objects.update_or_create(
        photo_id=photo,
        check_name=CHECK,
        defaults={
            "code": CODE,
            "severity": LOOK,
            "measure": float(distance),
            "high": float(NEAR),
            "data": {"photo": twin},
        },
    )


def part_from_twin(photo: Photo) -> None:
    """A picture is no longer the person's: the other one of the pair has no double any more."""
    own = Finding.objects.filter(photo=photo, check_name=CHECK).first()
    if own is not None:
        back = Finding.objects.filter(photo__public_id=own.data.get("photo", ""), check_name=CHECK)
        back.filter(data__photo=photo.public_id).delete()


def rejoin_twin(photo: Photo) -> None:
    """An earlier picture is the person's again: the other one of the pair, if it is still chosen, has its double again."""
    own = Finding.objects.filter(photo=photo, check_name=CHECK).first()
    if own is None:
        return
    twin = Photo.objects.filter(public_id=own.data.get("photo", ""), chosen_by__isnull=False).first()
    if twin is None:
        own.delete()
    else:
        _mark(twin.pk, photo.public_id, int(own.measure or 0))
