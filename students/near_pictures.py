"""Two people with nearly the same picture: a finding on both, so that somebody looks (a file under the wrong name).

What is compared, how, and what was measured: `students.looks`. Looks of an older kind are left out until the picture is
derived again.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from students.checks import LOOK
from students.looks import BITS, MARK, NEAR, bits_of
from students.models import Finding, Graduate, IngestBatch, IngestState, Photo
from units.models import Campaign

CHECK, CODE = "near_identical", "not_this_person"
ROWS_AT_ONCE = 16

Look = tuple[int, int, str]  # photo, enrolment, look
Nearest = dict[int, tuple[int, int]]  # photo: its nearest one of another person, and how near


def mark_near_pictures(batch: IngestBatch) -> int:
    """Compare what this upload filed with everybody's chosen picture of the campaign; returns how many are near. Repeatable.

    20,000 pictures are 1.3 MB, and comparing one with all of them takes milliseconds.
    """
    filed = set(batch.files.filter(state=IngestState.FILED).values_list("photo_id", flat=True))
    return _mark_near(batch.campaign_id, filed)


def mark_all_near_pictures(campaign: Campaign) -> int:
    """The same anew among all chosen pictures, where some got their look late; returns how many are near. Repeatable.

    Half a minute of comparing for 20,000, during which nothing is locked; written at once, without what was replaced
    meanwhile. What was chosen meanwhile is compared afterwards.
    """
    rows = _looks_of(campaign.pk)
    nearest = _nearest(rows, {photo for photo, _who, _look in rows})
    again = _mark_anew(campaign.pk, rows, nearest)
    if again:
        _mark_near(campaign.pk, again)
    return Finding.objects.filter(photo__in=_chosen(campaign.pk).values("picture"), check_name=CHECK).count()


def _chosen(campaign: int) -> QuerySet[Graduate]:
    """Those whose picture can be compared."""
    return Graduate.objects.filter(campaign=campaign, picture__look__startswith=MARK)


def _looks_of(campaign: int) -> list[Look]:
    fields = ("picture_id", "picture__enrolment_id", "picture__look")
    return list(_chosen(campaign).order_by("picture").values_list(*fields))


@transaction.atomic
def _mark_anew(campaign: int, rows: Collection[Look], nearest: Nearest) -> set[int]:
    """Replace all marks by these; returns the photos that must be compared again, as the pictures are others by now."""
    involved = nearest.keys() | {twin for twin, _distance in nearest.values()}
    chosen = Graduate.objects.filter(campaign=campaign, picture__in=involved).order_by("pk")
    list(chosen.select_for_update().values_list("pk"))  # whoever replaces one of these comes before or after
    present = _looks_of(campaign)
    same = {row[0] for row in set(present).intersection(rows)}
    sure = {
        photo: (twin, distance)
        for photo, (twin, distance) in nearest.items()
        if photo in same and twin in same
    }
    keys = dict(Photo.objects.filter(pk__in=involved).values_list("pk", "public_id"))
    Finding.objects.filter(photo__in=_chosen(campaign).values("picture"), check_name=CHECK).delete()
    Finding.objects.bulk_create(
        (
            Finding(photo_id=photo, check_name=CHECK, **_values(keys[twin], distance))
            for photo, (twin, distance) in sure.items()
        ),
        ignore_conflicts=True,  # an upload that ends at this moment has compared later
    )
    settled = same - (nearest.keys() - sure.keys())
    return {photo for photo, _who, _look in present} - settled


def _mark_near(campaign: int, compared: Collection[int]) -> int:
    rows = _looks_of(campaign)
    nearest = _nearest(rows, compared)
    twins = [twin for twin, _distance in nearest.values()]
    keys = dict(Photo.objects.filter(pk__in=twins).values_list("pk", "public_id"))
    for photo, (twin, distance) in nearest.items():
        _mark(photo, keys[twin], distance)
    return len(nearest)


def _nearest(rows: list[Look], filed: Collection[int]) -> Nearest:
    """Each photo that is near another person's, where one of the two is from this upload: the nearest one, and how near."""
    if not rows:
        return {}
    looks = np.frombuffer(b"".join(bits_of(look) for _pk, _who, look in rows), np.uint64)
    looks = looks.reshape(len(rows), BITS // 64)
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
    Finding.objects.update_or_create(photo_id=photo, check_name=CHECK, defaults=_values(twin, distance))


def _values(twin: str, distance: int) -> dict[str, Any]:
    return {
        "code": CODE,
        "severity": LOOK,
        "measure": float(distance),
        "high": float(NEAR),
        "data": {"photo": twin},
    }


def part_from_twins(photo: Photo) -> None:
    """A picture is no longer the person's: whose nearest it was may have another one near, or none any more."""
    back = Finding.objects.filter(check_name=CHECK, data__photo=photo.public_id)
    twins = set(back.values_list("photo", flat=True))
    back.delete()
    _compare(twins)


def rejoin_twins(photo: Photo) -> None:
    """An earlier picture is the person's again: it is compared with what the others have now."""
    Finding.objects.filter(photo=photo, check_name=CHECK).delete()
    _compare({photo.pk})


def _compare(photos: Collection[int]) -> None:
    for campaign in set(Graduate.objects.filter(picture__in=photos).values_list("campaign", flat=True)):
        _mark_near(campaign, photos)
