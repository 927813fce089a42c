"""Taking an applied upload back, as long as nothing later rests on it (design §7).

What it made is taken away, what it changed gets its old value, all in one transaction. If anything was done since
with these people, or their data are no longer what the upload wrote, it refuses and names what.
"""

# ruff: noqa: S608  (only the names of our own tables and columns are put into statements, never a value)

from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.crypto import Sealer
from photocampus.errors import DomainError
from photocampus.events import move_state
from photocampus.jobs import start_job
from photocampus.models import Event, Job, User
from students.bulk import among, delete_rows, listed, select, stamp, table, update_rows
from students.deferrals import HandedIn, lock_handed_in, put_back
from students.hooks import followers_of, remove_followers, roster_changed
from students.models import (
    Decision,
    Enrolment,
    ExportBatch,
    ExportRow,
    Graduate,
    RosterRow,
    RosterState,
    RosterUpload,
    RowKind,
    Student,
    Submission,
    SubmissionItem,
    UploadState,
)
from students.roster_apply import EventRows, classes_for, tell_units, write_student_updates, write_updates
from students.roster_diff import (
    DEFERRAL,
    GRADUATE_FIELDS,
    IDENTITY,
    PERSON_FIELDS,
    Diff,
    Line,
    Seen,
    Staged,
    still_holds,
)
from students.roster_plan import Update, staged_blocks
from students.roster_read import MOVES, Progress, Quiet
from students.roster_records import Known, Scope, digest_of, known_enrolments, lock_graduates
from students.roster_uploads import check_may_change, upload_url
from students.staging import field_context
from units.models import Campaign

SMALL = 5000
# What a submission or a batch was made with: with another value it would be another one, or none.
WEIGHTY = IDENTITY | GRADUATE_FIELDS | {"roster_state", "unit"}


class RestsOnIt(DomainError):
    code = "rests_on_upload"
    message = _("This upload cannot be undone: %(what)s rest on it (%(people)d graduates).")


class ChangedSince(DomainError):
    code = "changed_since_upload"
    message = _(
        "This upload cannot be undone: the data of %(people)d graduates were changed after it,"
        " last by %(by)s on %(when)s."
    )


def ask_undo(*, upload: RosterUpload, by: User) -> Job:
    """Start taking the upload back. Refuses at once where that can be said quickly, else the job does."""
    with transaction.atomic():
        upload = RosterUpload.objects.select_for_update().get(pk=upload.pk)
        check_may_change(campaign=upload.campaign, unit=upload.unit, by=by)
        if upload.state != UploadState.APPLIED:
            move_state(upload, UploadState.UNDONE, moves=MOVES, by=by)
        if sum(upload.counts.get(kind, 0) for kind in (RowKind.NEW, RowKind.CHANGED)) <= SMALL:
            _Undoing(upload).prepare()
        job = start_job(
            "students.roster_undo", by=by, args={"upload": upload.pk}, label=gettext("Undoing a roster"),
            url=upload_url(upload),
        )  # fmt: skip
        RosterUpload.objects.filter(pk=upload.pk).update(job=job)
    return job


def undo_roster(*, upload: RosterUpload, by: User, progress: Progress | None = None) -> None:
    """Take it back in one transaction. Raises `RestsOnIt` or `ChangedSince`; harmless when repeated."""
    progress = progress or Quiet()
    work = _Undoing(upload)
    work.prepare()
    progress.checkpoint("roster.undo.prepared")
    progress.progress(1, 2)
    try:
        with transaction.atomic():
            progress.hold()
            work.write(by)
            progress.checkpoint("roster.undo.open")
    except IntegrityError:
        # The database still knows of something that refers to what would go.
        raise RestsOnIt(what=gettext("later entries"), people=len(work.graduates)) from None


class _Undoing:
    """One undo: what stands on record, what goes, what gets its old value."""

    def __init__(self, upload: RosterUpload) -> None:
        self.upload = upload
        self.scope = Scope.of(upload.campaign, None)
        self.diff = Diff(self.scope)
        self.numbers = Sealer(field_context(Student, "id_number"))
        self.phones = Sealer(field_context(Student, "phone"))
        self.seen: list[Seen] = []
        self.graduates: list[int] = []
        self.enrolments: list[int] = []
        self.students: list[int] = []
        self.updates: dict[str, list[Update]] = {"student": [], "enrolment": [], "graduate": []}
        self.changed: list[int] = []
        self.weighty: list[int] = []
        self.transfers: list[tuple[int, int]] = []
        self.restored: list[tuple[int, str]] = []
        self.earlier: list[tuple[int, str]] = []
        self.withdrawn: list[HandedIn] = []
        self.gone: list[tuple[int, str]] = []
        self.units: set[int] = set()

    def prepare(self) -> None:
        """Read everything and refuse what cannot be undone; writes nothing."""
        for block in staged_blocks(self.upload, (RowKind.NEW, RowKind.CHANGED)):
            lines = [Line(s.line, s.values, []) for s in block if s.values]
            now = self.diff.block(lines)
            self.seen.append(self.diff.seen)
            changed = [then for then in now if then.kind != RowKind.UNCHANGED]
            if changed:
                self._refuse_changed(changed)
            known = known_enrolments(self.scope, self.diff.seen.numbers)
            for staged in block:
                assert staged.values is not None
                self._take_back(staged, known[staged.values.student_number])
        self._prepare_gone()
        self._check_rests()

    def _refuse_changed(self, changed: list[Staged]) -> None:
        ids = [staged.graduate_id for staged in changed if staged.graduate_id]
        events = Event.objects.filter(subject_type="students.graduate", subject_id__in=ids[:500])
        last = events.filter(at__gte=self.upload.applied_at).select_related("by").order_by("-id").first()
        raise ChangedSince(
            people=len(changed),
            by=last.by if last and last.by else "—",
            when=f"{localtime(last.at):%Y-%m-%d %H:%M}" if last else "—",
        )

    def _take_back(self, staged: Staged, record: Known) -> None:
        makes, before = staged.rest.get("makes", ""), staged.rest.get("before", {})
        self.units.add(record.unit_id)
        if makes and record.graduate_id is not None:
            self.graduates.append(record.graduate_id)
        elif record.graduate_id is not None:
            self.changed.append(record.graduate_id)
            if not WEIGHTY.isdisjoint(before):
                self.weighty.append(record.graduate_id)
        if "e" in makes:
            self.enrolments.append(record.enrolment_id)
        if "s" in makes:
            self.students.append(record.student_id)
        if DEFERRAL in staged.tags and "earlier" in staged.rest:
            earlier = staged.rest["earlier"]
            if earlier["state"] != RosterState.DEFERRED:
                self.earlier.append((earlier["graduate"], earlier["state"]))
            if "item" in earlier:
                self.withdrawn.append(HandedIn(earlier["graduate"], earlier["item"], earlier["item_state"]))
        self._old_values(before, record)

    def _old_values(self, before: dict[str, str], record: Known) -> None:
        person: dict[str, Any] = {}
        study: dict[str, Any] = {}
        place: dict[str, Any] = {}
        if "unit" in before:
            self.transfers.append((record.unit_id, self.scope.unit_ids[before["unit"]]))
        for name, old in before.items():
            if name in PERSON_FIELDS:
                person |= self._old_person(name, old, before, record)
            elif name == "term":
                place["term"] = self.scope.terms[old]
            elif name in GRADUATE_FIELDS:
                place[name] = old
            elif name == "roster_state":
                place[name] = old
                if record.graduate_id is not None:
                    self.restored.append((record.graduate_id, old))
            elif name in ("unit", "class_name"):
                unit = self.scope.unit_ids[before.get("unit", "")] if "unit" in before else record.unit_id
                self.units.add(unit)
                study |= {"unit": unit, "class_group": (unit, before.get("class_name", record.class_name))}
            else:
                study[name] = (old or None) if name in ("entry_date", "expected_graduation") else old
        for key, pk, values in (
            ("student", record.student_id, person),
            ("enrolment", record.enrolment_id, study),
            ("graduate", record.graduate_id, place),
        ):
            if values and pk is not None:
                self.updates[key].append(Update(pk, values))

    def _old_person(self, name: str, old: str, before: dict[str, str], record: Known) -> dict[str, Any]:
        if name == "phone":
            return {"phone": self.phones.seal(old)}
        if name == "birth_date":
            return {"birth_date": old or None}
        if name == "id_type":
            # The number goes with its type: a change of type is always one of the digest, too.
            return {}
        if name == "id_number":
            id_type = before.get("id_type", record.id_type)
            return {
                "id_type": id_type,
                "id_number": self.numbers.seal(old),
                "id_digest": digest_of(id_type, old),
            }
        return {name: old}

    def _prepare_gone(self) -> None:
        rows = RosterRow.objects.filter(upload=self.upload, kind=RowKind.GONE).exclude(fate="")
        fates = dict(rows.values_list("graduate_id", "fate"))
        people = Graduate.objects.filter(pk__in=list(fates)).values_list(
            "pk", "roster_state", "enrolment__unit"
        )
        for pk, state, unit in people:
            if state != fates[pk]:
                raise ChangedSince(people=1, by="—", when="—")
            self.gone.append((pk, state))
            self.units.add(unit)

    def _check_rests(self) -> None:
        """What refers to a graduate whom the upload made; what was done since with those whom it changed."""
        self._check_made()
        self._check_changed()

    def _check_made(self) -> None:
        for relation in Graduate._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel) or relation.related_model is RosterRow:
                continue
            self._refuse_if(relation.related_model, relation.field, self.graduates)  # type: ignore[arg-type]
        for relation in Enrolment._meta.get_fields(include_hidden=True):
            if isinstance(relation, models.ManyToOneRel) and relation.related_model is not Graduate:
                self._refuse_if(relation.related_model, relation.field, self.enrolments)  # type: ignore[arg-type]
        made = set(self.enrolments)
        others = select(
            f"SELECT e.id FROM {table(Enrolment)} e WHERE {among('e.student_id', numbers=True)}",
            [listed(self.students)],
        )
        if more := [pk for (pk,) in others if pk not in made]:
            raise RestsOnIt(what=Enrolment._meta.verbose_name_plural, people=len(more))

    def _check_changed(self) -> None:
        since = stamp(self.upload.applied_at)
        sql = (
            f"SELECT COUNT(*) FROM {table(Graduate)} g WHERE {among('g.id', numbers=True)}"
            " AND g.identity_frozen_at >= %s"
        )
        frozen = select(sql, [listed(self.changed), since])[0][0] if self.changed else 0
        if frozen:
            raise RestsOnIt(what=gettext("check-ins at a shoot"), people=frozen)
        people = [*self.weighty, *(pk for pk, _state in self.earlier)]
        self._refuse_since(
            f"{table(SubmissionItem)} r JOIN {table(Submission)} s ON s.id = r.submission_id",
            "r.state IN ('submitted', 'verified') AND s.at >= %s",
            SubmissionItem,
            people,
        )
        self._refuse_since(
            f"{table(ExportRow)} r JOIN {table(ExportBatch)} b ON b.id = r.batch_id",
            "r.is_live AND b.created_at >= %s",
            ExportRow,
            people,
        )

    def _refuse_since(
        self, rows: str, condition: str, model: type[models.Model], people: Collection[int]
    ) -> None:
        """Refuse if any of these people has such a row `r` of the register's work since the upload was applied."""
        if not people:
            return
        sql = f"SELECT COUNT(*) FROM {rows} WHERE {condition} AND {among('r.graduate_id', numbers=True)}"
        if found := select(sql, [stamp(self.upload.applied_at), listed(people)])[0][0]:
            raise RestsOnIt(what=model._meta.verbose_name_plural, people=found)

    def _refuse_if(
        self, model: type[models.Model], field: models.Field[Any, Any], ids: Collection[int]
    ) -> None:
        if not ids:
            return
        sql = f"SELECT COUNT(*) FROM {table(model)} r WHERE {among(f'r.{field.column}', numbers=True)}"
        params: list[Any] = [listed(ids)]
        if model is Decision:
            # Those that a deferral brought along are older than the upload's application.
            sql += " AND r.at >= %s"
            params.append(stamp(self.upload.applied_at))
        found = select(sql, params)[0][0]
        if found and (followers := followers_of(model)):
            found -= followers.count(ids)
        if found:
            raise RestsOnIt(what=model._meta.verbose_name_plural, people=found)

    def write(self, by: User) -> None:
        """Under the lock: compare once more, then give back and take away."""
        campaign = Campaign.objects.select_for_update().get(pk=self.upload.campaign_id)
        upload = RosterUpload.objects.select_for_update().get(pk=self.upload.pk)
        if not all(still_holds(self.scope, seen) for seen in self.seen):
            raise ChangedSince(people=0, by="—", when="—")
        lock_handed_in(self.withdrawn)
        lock_graduates([*self.weighty, *(pk for pk, _state in self.earlier)])
        self._check_rests()
        now = clock.now()
        events = EventRows(by, stamp(now), upload.public_id)
        self._delete_made(by)
        write_student_updates(self.updates["student"])
        keys = {u.values["class_group"] for u in self.updates["enrolment"] if "class_group" in u.values}
        write_updates(Enrolment, self.updates["enrolment"], classes_for(keys))
        write_updates(Graduate, self.updates["graduate"], {})
        back = [(str(RosterState.ACTIVE), "", pk) for pk, _state in self.gone]
        update_rows(Graduate, ("roster_state", "state_reason"), back)
        update_rows(Graduate, ("roster_state",), [(state, pk) for pk, state in self.earlier])
        put_back(self.withdrawn, by=by)
        self._record(events)
        tell_units(self.transfers, campaign, by)
        move_state(upload, UploadState.UNDONE, moves=MOVES, by=by, undone_at=now)
        roster_changed(campaign, self.units, by)

    def _delete_made(self, by: User) -> None:
        if self.graduates:
            remove_followers(self.graduates, by)
            carried = select(
                f"SELECT d.id FROM {table(Decision)} d WHERE {among('d.graduate_id', numbers=True)}",
                [listed(self.graduates)],
            )
            delete_rows(Decision, [row[0] for row in carried])
        delete_rows(Graduate, self.graduates)
        delete_rows(Enrolment, self.enrolments)
        delete_rows(Student, self.students)

    def _record(self, events: EventRows) -> None:
        for pk in self.changed:
            events.add(pk, "roster_undone")
        for pk, state in self.restored:
            events.add(pk, f"roster_state_{state}", old=str(RosterState.ACTIVE), new=state)
        for pk, state in self.gone:
            events.add(pk, "roster_state_active", old=state, new=str(RosterState.ACTIVE))
        for pk, state in self.earlier:
            events.add(pk, f"roster_state_{state}", old=str(RosterState.DEFERRED), new=state)
        events.write()
