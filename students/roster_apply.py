"""Applying a previewed upload: one set-based transaction, everything or nothing (design §6, §7).

All that costs time happens before the lock; under it the records are compared once more and the tuples written.
Harmless when repeated: an upload that is applied is left alone.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction

from photocampus import clock
from photocampus.context_vars import request_id
from photocampus.events import build_event, move_state, record_many
from photocampus.models import Event, User
from students.bulk import insert_rows, stamp, table, update_rows
from students.deferrals import lock_handed_in, withdraw_handed_in
from students.hooks import roster_changed
from students.models import (
    ClassGroup,
    Decision,
    Enrolment,
    Graduate,
    RosterState,
    RosterUpload,
    Stage,
    Student,
    UploadState,
)
from students.roster_diff import GRADUATE_FIELDS, still_holds
from students.roster_plan import ClassKey, Note, Plan, Planner, Stale, Update
from students.roster_read import MOVES, Progress, Quiet, read_roster
from students.roster_records import (
    Scope,
    batched_graduates,
    handed_in,
    lock_graduates,
    submitted_graduates,
)
from units.models import Campaign, Unit

EVENT_FIELDS = (
    "subject_type",
    "subject_id",
    "kind",
    "old",
    "new",
    "reason",
    "data",
    "by",
    "at",
    "request_id",
)
GRADUATE_TYPE = "students.graduate"


def apply_roster(*, upload: RosterUpload, by: User, progress: Progress | None = None) -> bool:
    """Write what the preview said. False if the records had changed since: then there is a new preview to look at."""
    progress = progress or Quiet()
    upload = RosterUpload.objects.select_related("campaign", "unit", "by").get(pk=upload.pk)
    if upload.state == UploadState.READING and upload.counts.get("stale"):
        read_roster(upload=upload, progress=progress)
        return False
    if upload.state != UploadState.APPLYING:
        return upload.state == UploadState.APPLIED
    try:
        with Planner(upload.campaign, upload.unit) as planner:
            plan = planner.add_upload(upload)
            progress.checkpoint("roster.planned")
            progress.progress(1, 3)
            _write(upload, planner, plan, by, progress)
    except (Stale, IntegrityError):
        # Somebody else changed these people, before the lock or at the same moment. Compare anew, show, ask again.
        _send_back(upload, by)
        upload.refresh_from_db()
        read_roster(upload=upload, progress=progress)
        return False
    progress.checkpoint("roster.applied")
    return True


@transaction.atomic
def _write(upload: RosterUpload, planner: Planner, plan: Plan, by: User, progress: Progress) -> None:
    progress.hold()
    # Its key stays: bookings that point to the campaign need not wait for the roster.
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=upload.campaign_id)
    upload = RosterUpload.objects.select_for_update().get(pk=upload.pk)
    if upload.state != UploadState.APPLYING:
        return
    now = clock.now()
    write_plan(plan, planner.scope, campaign, EventRows(by, stamp(now), upload.public_id), stamp(now))
    progress.checkpoint("roster.apply.open")
    move_state(
        upload, UploadState.APPLIED, moves=MOVES, by=by, data={"counts": upload.counts}, applied_at=now
    )
    roster_changed(campaign, plan.units, by)


def write_plan(plan: Plan, scope: Scope, campaign: Campaign, events: "EventRows", now: Any) -> None:
    """Write everything within the caller's transaction. Raises `Stale`."""
    if not all(still_holds(scope, seen) for seen in plan.seen):
        raise Stale
    _refuse_submitted(plan, scope)
    classes = classes_for(plan.classes)
    write_student_updates(plan.student_updates)
    _insert(plan, campaign, now)
    for model, updates in ((Enrolment, plan.enrolment_updates), (Graduate, plan.graduate_updates)):
        write_updates(model, updates, classes)
    _defer(plan, events)
    withdraw_handed_in(plan.withdrawn, by=events.by)
    _remove_gone(plan, events)
    for note in plan.notes:
        events.add_note(note, plan.graduates.resolve(note.graduate))
    tell_units([(old, new) for old, new, _graduate in plan.transfers], campaign, events.by)
    events.write()


def _refuse_submitted(plan: Plan, scope: Scope) -> None:
    """Whose picture is handed in neither goes nor changes term, category or college; it may have been after the preview.

    Who is deferred to another campaign leaves the submission that the preview named, and no batch.
    """
    people = [pk for pk, _was, _fate, _why in plan.gone]
    deferred = [earlier for earlier, _new, _state in plan.deferred_from]
    people += [update.pk for update in plan.graduate_updates if not GRADUATE_FIELDS.isdisjoint(update.values)]
    people += [pk for old, new, pk in plan.transfers if scope.colleges[old] != scope.colleges[new]]
    lock_handed_in(plan.withdrawn)
    lock_graduates([*people, *deferred])
    withdrawn = {one.graduate: one for one in plan.withdrawn}
    if submitted_graduates(people) or handed_in(deferred) != withdrawn or batched_graduates(withdrawn):
        raise Stale


def classes_for(keys: set[ClassKey]) -> dict[ClassKey, int]:
    """Ids of the classes, the missing ones made."""

    def look() -> dict[ClassKey, int]:
        units = {unit for unit, _name in keys}
        rows = ClassGroup.objects.filter(unit__in=units).values_list("unit_id", "name", "pk")
        return {(unit, name): pk for unit, name, pk in rows}

    known = look()
    if missing := sorted(keys - known.keys()):
        ClassGroup.objects.bulk_create(ClassGroup(unit_id=unit, name=name) for unit, name in missing)
        known = look()
    return known


def write_student_updates(updates: list[Update]) -> None:
    """Numbers may go round among people of one file, so all that change are first put aside."""
    moving = [update.pk for update in updates if "id_digest" in update.values]
    if len(moving) > 1:
        update_rows(Student, ("id_digest",), [(f"moving:{pk}", pk) for pk in moving])
    write_updates(Student, updates, {})


def write_updates(model: Any, updates: list[Update], classes: dict[ClassKey, int]) -> None:
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for update in updates:
        values = update.values
        row = [classes[value] if name == "class_group" else value for name, value in values.items()]
        groups[tuple(values)].append((*row, update.pk))
    for fields, rows in groups.items():
        update_rows(model, fields, rows)


def _insert(plan: Plan, campaign: Campaign, now: Any) -> None:
    """People, enrolments and places, each by one statement; classes are found by unit and name."""
    plan.students.insert()
    classes = f"JOIN {table(ClassGroup)} c ON c.unit_id = n.unit_id AND c.name = n.class_name"
    plan.enrolments.insert(parent=plan.students, fixed=[("class_group_id", "c.id", None)], join=classes)
    plan.graduates.insert(
        parent=plan.enrolments,
        fixed=[
            ("campaign_id", "%s", campaign.pk),
            ("roster_state", "%s", str(RosterState.ACTIVE)),
            ("state_reason", "%s", ""),
            ("created_at", "%s", now),
        ],
    )


class EventRows:
    """History rows, gathered and written at once."""

    def __init__(self, by: User, now: Any, upload: str = "") -> None:
        self.by, self.now = by, now
        self.data = {"upload": upload} if upload else {}
        self.request = request_id.get()
        self.rows: list[tuple[Any, ...]] = []

    def add(
        self, subject: int, kind: str, *, old: str = "", new: str = "", reason: str = "", type_: str = GRADUATE_TYPE,
        **data: Any,
    ) -> None:  # fmt: skip
        details = json.dumps({**self.data, **data})
        self.rows.append(
            (type_, subject, kind, old[:200], new[:200], reason, details, self.by.pk, self.now, self.request)
        )

    def add_note(self, note: Note, pk: int) -> None:
        self.add(pk, note.kind, old=note.old, new=note.new, reason=note.reason, fields=list(note.fields))

    def write(self) -> None:
        insert_rows(Event, EVENT_FIELDS, self.rows)


def _defer(plan: Plan, events: EventRows) -> None:
    """A deferral keeps picture and decisions: the earlier place is marked, its current decisions go on here."""
    if not plan.deferred_from:
        return
    here = {earlier: plan.graduates.resolve(new) for earlier, new, _state in plan.deferred_from}
    for earlier, _new, state in plan.deferred_from:
        if state == RosterState.ACTIVE:
            events.add(earlier, "roster_state_deferred", old=state, new=str(RosterState.DEFERRED))
    Graduate.objects.filter(pk__in=list(here), roster_state=RosterState.ACTIVE).update(
        roster_state=RosterState.DEFERRED
    )
    kept = Decision.objects.filter(
        graduate__in=list(here), is_current=True, stage__in=[Stage.ACCEPTANCE, Stage.VERIFICATION]
    )
    Decision.objects.bulk_create(
        Decision(
            graduate_id=here[d.graduate_id], photo_id=d.photo_id, stage=d.stage, outcome=d.outcome, code_id=d.code_id,
            note=d.note, by_id=d.by_id, at=d.at,
        )
        for d in kept.order_by("pk")
    )  # fmt: skip


def _remove_gone(plan: Plan, events: EventRows) -> None:
    update_rows(
        Graduate, ("roster_state", "state_reason"), [(fate, why, pk) for pk, _was, fate, why in plan.gone]
    )
    for pk, was, fate, reason in plan.gone:
        events.add(pk, f"roster_state_{fate}", old=was, new=fate, reason=reason)


def tell_units(transfers: Iterable[tuple[int, int]], campaign: Campaign, by: User) -> None:
    """A transfer is told to both units: a line in the history of each, from which its people are told.

    `transfers` has (old unit, new unit) for each person.
    """
    counted = Counter(transfers)
    names = dict(
        Unit.objects.filter(pk__in={pk for pair in counted for pk in pair}).values_list("pk", "name")
    )
    for (old, new), people in counted.items():
        data: dict[str, Any] = {"campaign": campaign.code, "people": people}
        record_many(
            [
                build_event(Unit(pk=old), "people_transferred_out", by=by, new=names[new], data=data),
                build_event(Unit(pk=new), "people_transferred_in", by=by, old=names[old], data=data),
            ]
        )


@transaction.atomic
def _send_back(upload: RosterUpload, by: User) -> None:
    """The preview is stale: forget it and read the file once more against what is on record now."""
    upload = RosterUpload.objects.select_for_update().get(pk=upload.pk)
    if upload.state != UploadState.APPLYING:
        return
    upload.rows.all().delete()
    move_state(
        upload, UploadState.READING, moves=MOVES, by=by, reason="stale", counts={"stale": True}, read_line=0
    )
