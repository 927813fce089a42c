"""Frames matched by their order: the alignment is proposed, looked at, corrected, and confirmed before anything is filed.

The job reads capture times and number cards and proposes (`propose_order`); the studio fixes frames by hand, each of which
aligns the rest anew (`pin_frame`), and confirms (`confirm_order`); then the same job files what is sure, and the rest waits
in the tray with its reason.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus.errors import ChangedMeanwhile, DomainError
from photocampus.events import record
from photocampus.models import Job, User
from students.ingest import must_belong_to, start_ingest
from students.matching import ListedShot, ShootDay, shot_lists
from students.models import IngestBatch, IngestFile, IngestState, MatchMode
from students.natural import natural_key
from students.sequence import Alignment, Frame, Place, Slot, align

# Reasons that a confirmed order gives; kept on the row until the job settles it.
NUMBER_CARD, NOBODY, DOUBLE, UNSURE = (
    "number_card",
    "sequence_nobody",
    "sequence_double",
    "sequence_unsure",
)
CARD_FRAME = "card"


class NotHeld(DomainError):
    code = "not_held"
    message = _("The order of this upload has been confirmed already, or is not known yet.")


class UnknownDay(DomainError):
    code = "unknown_shoot_day"
    message = _("There are no shot numbers of this station on this day.")


class UnknownShot(DomainError):
    code = "unknown_shot"
    message = _("The shot number %(code)s does not belong to this station and day.")


def held_files(batch: IngestBatch) -> list[IngestFile]:
    """The frames whose order is open, in natural file order."""
    rows = list(batch.files.filter(state=IngestState.HELD).select_related("archive"))
    return sorted(rows, key=lambda row: natural_key(row.name.reveal()))


def shots_of(batch: IngestBatch) -> list[ListedShot]:
    if not batch.station or batch.day is None:
        return []
    return shot_lists().shots(batch.studio, batch.campaign, batch.station, batch.day)


@transaction.atomic
def propose_order(batch: IngestBatch) -> None:
    """Align what is held and write the proposal. Harmless when repeated; what was fixed by hand stays."""
    batch = lock_batch(batch)
    rows = held_files(batch)
    if not rows:
        return
    if not batch.station:
        _guess_day(batch, rows)
    _align(batch, rows)


def _guess_day(batch: IngestBatch, rows: Sequence[IngestFile]) -> None:
    """The day most frames were taken on, where only one station has numbers of it; else people choose."""
    days = [timezone.localdate(row.taken_at) for row in rows if row.taken_at]
    if not days:
        return
    day = max(set(days), key=days.count)
    found = [row for row in shot_lists().days(batch.studio, batch.campaign) if row.day == day]
    if len(found) == 1:
        _set_day(batch, found[0].station, found[0].day)


def _set_day(batch: IngestBatch, station: str, day: dt.date) -> None:
    batch.station, batch.day = station, day
    batch.save(update_fields=["station", "day"])


def _align(batch: IngestBatch, rows: Sequence[IngestFile]) -> Alignment:
    shots = shots_of(batch)
    found = alignment_of(rows, shots)
    for row, place in zip(rows, found.places, strict=True):
        if row.card and not row.is_pinned:
            row.shot, row.doubts = "", CARD_FRAME
        else:
            row.shot = "" if place.slot is None else shots[place.slot].code
            row.doubts = " ".join(place.doubts)
    IngestFile.objects.bulk_update(rows, ["shot", "doubts"], batch_size=500)
    return found


def alignment_of(rows: Sequence[IngestFile], shots: Sequence[ListedShot]) -> Alignment:
    """Rows in natural file order against the numbers in order of issue."""
    index_of = {shot.code: index for index, shot in enumerate(shots)}
    pins = {index: index_of.get(row.shot) for index, row in enumerate(rows) if row.is_pinned}
    frames = [Frame(_seconds(row.taken_at), "" if row.is_pinned else row.card) for row in rows]
    slots = [Slot(_seconds(shot.at), shot.group) for shot in shots]
    return align(frames, slots, pins)


def _seconds(moment: dt.datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def lock_batch(batch: IngestBatch) -> IngestBatch:
    found = IngestBatch.objects.select_for_update(of=("self",)).select_related("studio", "campaign", "unit")
    return found.get(pk=batch.pk)


def _open_order(batch: IngestBatch, by: User) -> tuple[IngestBatch, list[IngestFile]]:
    """The batch under its lock and its held frames. Raises `NotAllowed`, `NotHeld`."""
    must_belong_to(batch.studio, by)
    batch = lock_batch(batch)
    rows = held_files(batch)
    if batch.match != MatchMode.SEQUENCE or not rows:
        raise NotHeld()
    return batch, rows


@transaction.atomic
def choose_day(*, batch: IngestBatch, station: str, day: dt.date, by: User) -> None:
    """Say whose numbers the frames belong to; what was fixed by hand is free again. Raises `UnknownDay`, `NotHeld`."""
    batch, rows = _open_order(batch, by)
    days = shot_lists().days(batch.studio, batch.campaign)
    if not any(row == ShootDay(station, day, row.count) for row in days):
        raise UnknownDay()
    for row in rows:
        row.is_pinned = False
    IngestFile.objects.filter(pk__in=[row.pk for row in rows]).update(is_pinned=False)
    _set_day(batch, station, day)
    _align(batch, rows)
    record(batch, "order_day_chosen", by=by, new=f"{station} {day:%Y-%m-%d}")


@transaction.atomic
def pin_frame(*, file: IngestFile, shot: str | None, by: User) -> None:
    """Fix a frame by hand: a shot number, "" for nobody, None to let it go. All others are aligned anew.

    Raises `NotHeld`, `UnknownShot`.
    """
    batch, rows = _open_order(file.batch, by)
    row = next((row for row in rows if row.pk == file.pk), None)
    if row is None:
        raise NotHeld()
    if shot and shot not in {known.code for known in shots_of(batch)}:
        raise UnknownShot(code=shot)
    row.is_pinned, row.shot = shot is not None, shot or ""
    row.save(update_fields=["is_pinned", "shot"])
    _align(batch, rows)
    record(row, "order_corrected", by=by, new=row.shot)


@transaction.atomic
def confirm_order(*, batch: IngestBatch, seen: str, only_sure: bool, by: User) -> Job:
    """File the frames as shown: all, or only those that are sure and the rest into the tray.

    `seen` is the `fingerprint` of what was shown. Of two frames of one number the later counts. Raises `NotHeld`,
    `ChangedMeanwhile`.
    """
    batch, rows = _open_order(batch, by)
    if seen != fingerprint(rows):
        raise ChangedMeanwhile()
    last = _last_of_each_shot(rows)
    for row in rows:
        row.reason = _verdict(row, last, only_sure=only_sure)
        row.is_ordered, row.state, row.tries, row.job = True, IngestState.WAITING, 0, None
    fields = ["reason", "is_ordered", "state", "tries", "job"]
    IngestFile.objects.bulk_update(rows, fields, batch_size=500)
    record(batch, "order_confirmed", by=by, data={"frames": len(rows), "only_sure": only_sure})
    return start_ingest(batch=batch, by=by)


def _last_of_each_shot(rows: Sequence[IngestFile]) -> set[int]:
    """Who fixed one by hand has chosen it; else the later one in time counts."""
    last: dict[str, IngestFile] = {}
    for position, row in enumerate(rows):
        rank = (row.is_pinned, row.taken_at or dt.datetime.min.replace(tzinfo=dt.UTC), position)
        row.rank = rank  # type: ignore[attr-defined]
        if row.shot and (row.shot not in last or rank > last[row.shot].rank):  # type: ignore[attr-defined]
            last[row.shot] = row
    return {row.pk for row in last.values()}


def _verdict(row: IngestFile, last: set[int], *, only_sure: bool) -> str:
    if row.doubts == CARD_FRAME:
        return NUMBER_CARD
    if not row.shot:
        return NOBODY
    if row.pk not in last:
        return DOUBLE
    unsure = not Place(0, doubts=tuple(row.doubts.split())).is_sure
    return UNSURE if unsure and only_sure else ""


def fingerprint(rows: Sequence[IngestFile]) -> str:
    """Changes with anything that a confirmation rests on; short enough for a form."""
    shown = "\n".join(f"{row.public_id} {row.shot} {row.doubts} {row.is_pinned}" for row in rows)
    return hashlib.sha256(shown.encode()).hexdigest()[:32]
