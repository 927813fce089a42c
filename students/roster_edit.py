"""Changing the roster person by person in the portal: add, edit, leave and return, exempt (R9, R21).

The same checks, comparison and writing as for a file: a form is a file of one line.
"""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.crypto import mask
from photocampus.errors import ChangedMeanwhile, DomainError, MissingReason, NotAllowed
from photocampus.events import move_state, record
from photocampus.models import Role, User
from students.bulk import stamp
from students.filing import choose_picture
from students.hooks import roster_changed
from students.models import (
    Decision,
    Enrolment,
    Exemption,
    Graduate,
    Outcome,
    Photo,
    RosterState,
    RowKind,
    Stage,
)
from students.near_pictures import rejoin_twins
from students.roster_apply import EventRows, write_plan
from students.roster_columns import FIELDS
from students.roster_diff import PENDING, WITHDRAWN, Line
from students.roster_plan import Planner, Stale
from students.roster_read import words_for
from students.roster_records import submitted_graduates
from students.roster_uploads import check_may_change
from students.row_problems import sentence
from students.rows import RowChecker, Values
from students.staging import plain_findings
from units.models import Campaign, Unit

POSITIONS = {field: index for index, field in enumerate(FIELDS)}

STATE_MOVES: dict[str, set[str]] = {
    RosterState.ACTIVE: {RosterState.LEFT, RosterState.DEFERRED, RosterState.TRANSFERRED},
    RosterState.LEFT: {RosterState.ACTIVE},
    RosterState.DEFERRED: {RosterState.ACTIVE},
    RosterState.TRANSFERRED: {RosterState.ACTIVE},
}


class BadLine(DomainError):
    """What is wrong with the values, per field; `errors` gives field → sentences."""

    code = "bad_line"
    message = _("Some of the data cannot be accepted.")

    def __init__(self, findings: list[list[Any]]) -> None:
        super().__init__(count=len(findings))
        self.findings = findings

    @property
    def errors(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for field, _shown, code, data in self.findings:
            found.setdefault(field, []).append(sentence(code, data))
        return found


class NumberTaken(DomainError):
    code = "student_number_taken"
    message = _("This student number belongs to somebody else.")


class NumberFrozen(DomainError):
    code = "student_number_frozen"
    message = _("The student number names this person's pictures and cannot be changed after the shoot.")


class InSubmission(DomainError):
    code = "in_submission"
    message = _("This person's picture is submitted to academic affairs; ask them to return it first.")


class PictureRefused(DomainError):
    code = "picture_refused"
    message = _("This picture was refused and cannot serve again. Choose another earlier picture.")


class AlreadyThere(DomainError):
    code = "already_there"
    message = _("This student number is on the roster already.")


def checked_values(*, campaign: Campaign, unit: Unit | None, cells: Mapping[str, Any]) -> Values:
    """Judge a form's cells as a file's line. Raises `BadLine` with every problem."""
    checker = RowChecker(POSITIONS, words_for(campaign, unit), mask=mask)
    checked = checker.check(1, [cells.get(field, "") for field in FIELDS])
    if checked.values is None:
        raise BadLine(plain_findings(checked.problems))
    return checked.values


def add_graduate(*, campaign: Campaign, unit: Unit, cells: Mapping[str, Any], by: User) -> Graduate:
    """Put one person on the roster. Raises `BadLine`; `AlreadyThere` if the student number is active in the campaign."""
    check_may_change(campaign=campaign, unit=unit, by=by)
    values = checked_values(campaign=campaign, unit=unit, cells=cells)
    kind, pk = _write_line(campaign=campaign, unit=unit, values=values, by=by, clears=False, adding=True)
    if kind not in (RowKind.NEW, RowKind.CHANGED):
        raise AlreadyThere()
    return Graduate.objects.get(pk=pk)


def edit_graduate(*, graduate: Graduate, cells: Mapping[str, Any], by: User) -> bool:
    """Change one person's data; blank optional fields are emptied. False if nothing was different.

    Identity fields are refused once they are frozen (R21), with `BadLine`.
    """
    unit = graduate.enrolment.unit
    campaign = graduate.campaign
    check_may_change(campaign=campaign, unit=unit, by=by)
    scope_unit = None if by.role == Role.STAFF else unit
    values = checked_values(campaign=campaign, unit=scope_unit, cells=cells)
    with transaction.atomic():
        renumbered = _change_number(graduate, values.student_number, by)
        kind, _pk = _write_line(campaign=campaign, unit=scope_unit, values=values, by=by, clears=True)
    return renumbered or kind != RowKind.UNCHANGED


def _change_number(graduate: Graduate, number: str, by: User) -> bool:
    enrolment = Enrolment.objects.select_for_update().get(pk=graduate.enrolment_id)
    if enrolment.student_number == number:
        return False
    if graduate.identity_frozen_at is not None or enrolment.photos.filter(taken_back_at=None).exists():
        raise NumberFrozen()
    try:
        with transaction.atomic():
            Enrolment.objects.filter(pk=enrolment.pk).update(student_number=number)
    except IntegrityError:
        raise NumberTaken() from None
    record(graduate, "student_number_changed", by=by)
    return True


def _write_line(
    *, campaign: Campaign, unit: Unit | None, values: Values, by: User, clears: bool, adding: bool = False
) -> tuple[str, int | None]:
    with Planner(campaign, unit, clears=clears) as planner:
        staged = planner.add_line(Line(1, values, []))
        if staged.kind == RowKind.REFUSED:
            raise BadLine(staged.rest["findings"])
        if PENDING in staged.tags:
            column, code = staged.rest["otherwise"]
            raise BadLine([[column, "", code, {}]])
        if WITHDRAWN in staged.tags:
            # A form has no preview that could say so before it happens.
            raise BadLine([["term", "", "submitted_before", {}]])
        is_here = adding and staged.graduate_id and "roster_state" not in staged.rest.get("before", {})
        if staged.kind == RowKind.UNCHANGED or is_here:
            return RowKind.UNCHANGED, staged.graduate_id
        return staged.kind, _write(planner, campaign, by) or staged.graduate_id


def _write(planner: Planner, campaign: Campaign, by: User) -> int | None:
    """Write a plan of one line; gives the key of a graduate who is new."""
    now = stamp(clock.now())
    try:
        with transaction.atomic():
            campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
            write_plan(planner.plan, planner.scope, campaign, EventRows(by, now), now)
            roster_changed(campaign, planner.plan.units, by)
            if planner.last_graduate is None:
                return None
            made = planner.plan.graduates.resolve(planner.last_graduate)
            record(Graduate(pk=made), "roster_added", by=by)
            return made
    except (Stale, IntegrityError):
        raise ChangedMeanwhile() from None


def set_roster_state(*, graduate: Graduate, to: str, reason: str, by: User) -> None:
    """Deferred, transferred, left (each with a reason), or active again. Refused while the picture is submitted."""
    with transaction.atomic():
        graduate = (
            Graduate.objects.select_for_update(of=("self",))
            .select_related("enrolment__unit", "campaign")
            .get(pk=graduate.pk)
        )
        check_may_change(campaign=graduate.campaign, unit=graduate.enrolment.unit, by=by)
        reason = reason.strip()
        if to != RosterState.ACTIVE and not reason:
            raise MissingReason()
        if to != RosterState.ACTIVE:
            _must_not_be_submitted(graduate)
        move_state(
            graduate,
            to,
            moves=STATE_MOVES,
            by=by,
            field="roster_state",
            reason=reason,
            state_reason=reason[:200],
        )
        roster_changed(graduate.campaign, [graduate.enrolment.unit_id], by)


def decide_exemption(
    *, graduate: Graduate, exempt: bool, reason: str, by: User, photo: Photo | None = None
) -> None:
    """Academic affairs decide that an earlier picture serves, or no longer does (R9). `photo` is of this enrolment.

    Another picture takes the place of the present one with all that follows from that (`choose_picture`). Raises
    `PictureRefused` for a picture that is refused now, or was by the register at any time, `InSubmission`.
    """
    if by.role != Role.STAFF:
        raise NotAllowed()
    if not reason.strip():
        raise MissingReason()
    with transaction.atomic():
        rows = Graduate.objects.select_for_update(of=("self",)).select_related(
            "campaign", "enrolment", "picture"
        )
        graduate = rows.get(pk=graduate.pk)
        if photo is not None and photo.enrolment_id != graduate.enrolment_id:
            raise NotAllowed()
        if exempt:
            _must_not_be_refused(graduate, photo.pk if photo else graduate.picture_id)
        old = graduate.exemption
        graduate.exemption = Exemption.STAFF_DECISION if exempt else Exemption.NONE
        graduate.save(update_fields=["exemption"])
        if exempt and photo is not None and photo.pk != graduate.picture_id:
            _must_not_be_submitted(graduate)
            choose_picture(graduate=graduate, photo=photo, by=by)
            rejoin_twins(photo)
        record(graduate, "exemption_decided", by=by, old=old, new=graduate.exemption, reason=reason.strip())
        roster_changed(graduate.campaign, [graduate.enrolment.unit_id], by)


def _must_not_be_submitted(graduate: Graduate) -> None:
    if submitted_graduates([graduate.pk]):
        raise InSubmission()


def _must_not_be_refused(graduate: Graduate, photo: int | None) -> None:
    refusals = Decision.objects.filter(photo=photo, outcome=Outcome.NO)
    if refusals.filter(Q(graduate=graduate, is_current=True) | Q(stage=Stage.CHSI)).exists():
        raise PictureRefused()
