"""Decisions on pictures: accepted by the unit, verified by academic affairs, passed by the register.

Each decision is a row that stays; per graduate and stage one of them is current (the database sees to it). Nobody else
writes `Decision` rows, so that the history of the graduate is complete.
"""

from collections.abc import Iterable

from django.db import transaction

from photocampus import clock
from photocampus.events import build_event, record_many
from photocampus.models import User
from students.exemptions import end_exemptions, restore_exemptions
from students.models import Decision, Graduate, Outcome, RefusalCode, Stage

BLOCK = 2000


@transaction.atomic
def write_decisions(
    *,
    pairs: Iterable[tuple[int, int]],
    stage: Stage,
    outcome: Outcome,
    by: User,
    code: RefusalCode | None = None,
    note: str = "",
) -> int:
    """Decide on (graduate, photo) pairs, all alike; returns how many. Older decisions of the stage stay, not current.

    The caller has judged whether this may be decided and holds the locks. Set-based: four statements for each 2,000.
    A refusal ends the exemption of who is exempt by that picture, acceptance after all restores it (R9).
    """
    now = clock.now()
    decided = list(pairs)
    for start in range(0, len(decided), BLOCK):
        block = decided[start : start + BLOCK]
        withdraw_decisions(graduate_pks=[graduate for graduate, _photo in block], stage=stage)
        Decision.objects.bulk_create(
            Decision(
                graduate_id=graduate,
                photo_id=photo,
                stage=stage,
                outcome=outcome,
                code=code,
                note=note[:200],
                by=by,
                at=now,
            )
            for graduate, photo in block
        )
        record_many(
            build_event(
                Graduate(pk=graduate),
                f"{stage}_{outcome}",
                by=by,
                new=outcome,
                reason=note,
                data={"code": code.code} if code else None,
            )
            for graduate, _photo in block
        )
        if outcome == Outcome.NO:
            end_exemptions(block, by=by, code=code, reason=note)
        elif stage == Stage.ACCEPTANCE:
            restore_exemptions(block, by=by)
    return len(decided)


def withdraw_decisions(*, graduate_pks: Iterable[int], stage: Stage) -> int:
    """Let the current decisions of a stage lapse, because what they were about has changed. They stay as history."""
    return Decision.objects.filter(graduate__in=list(graduate_pks), stage=stage, is_current=True).update(
        is_current=False
    )
