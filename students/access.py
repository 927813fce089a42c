"""Who may see which graduates, pictures, uploads, submissions and batches (design §5)."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from photocampus.access import access_rule
from photocampus.models import Role, User
from students.models import (
    ClassGroup,
    Correction,
    Enrolment,
    Graduate,
    IngestBatch,
    IngestFile,
    Photo,
    RefusalCode,
    Rendition,
    RosterUpload,
    SignOff,
    Submission,
    SubmissionItem,
)
from units.access import by_role, granted, own_unit_ids, studio_ids, units_condition
from units.models import StudioGrant


@access_rule(Graduate)
def graduates_of(user: User) -> Any:
    if user.role == Role.STUDIO:
        return granted(user, unit="enrolment__unit", campaign="campaign")
    return by_role(user, unit=units_condition(user, "enrolment__unit"))


@access_rule(Enrolment)
def enrolments_of(user: User) -> Any:
    if user.role == Role.STUDIO:
        seen = Graduate.objects.filter(graduates_of(user)).values("enrolment")
        return Q(pk__in=seen)
    return by_role(user, unit=units_condition(user, "unit"))


@access_rule(ClassGroup)
def classes_of(user: User) -> Any:
    if user.role == Role.STUDIO:
        seen = Graduate.objects.filter(graduates_of(user)).values("enrolment__class_group")
        return Q(pk__in=seen)
    return by_role(user, unit=units_condition(user, "unit"))


@access_rule(SignOff)
def sign_offs_of(user: User) -> Any:
    return by_role(user, unit=units_condition(user, "class_group__unit"))


@access_rule(Correction)
def corrections_of(user: User) -> Any:
    return by_role(user, unit=units_condition(user, "graduate__enrolment__unit"))


@access_rule(RosterUpload)
def roster_uploads_of(user: User) -> Any:
    return by_role(user, unit=units_condition(user, "unit"))


@access_rule(Photo)
def photos_of(user: User) -> Any:
    # What was filed under the wrong person and taken back is nobody's to see there.
    if user.role == Role.STUDIO:
        mine = Q(studio__in=studio_ids(user), taken_back_at=None)
        return granted(user, unit="enrolment__unit", campaign="campaign") & mine
    return by_role(user, unit=units_condition(user, "enrolment__unit") & Q(taken_back_at=None))


@access_rule(Rendition)
def renditions_of(user: User) -> Any:
    if user.role == Role.STUDIO:
        mine = Q(photo__studio__in=studio_ids(user), photo__taken_back_at=None)
        return granted(user, unit="photo__enrolment__unit", campaign="photo__campaign") & mine
    return by_role(user, unit=units_condition(user, "photo__enrolment__unit") & Q(photo__taken_back_at=None))


@access_rule(RefusalCode)
def refusal_codes_of(user: User) -> Any:
    return by_role(user, unit=Q(), studio=Q())


def own_uploads(user: User, path: str = "") -> Any:
    """The studio's uploads (`path` leads to them) while it holds a grant: for their unit, or for any if they name none."""
    any_unit = StudioGrant.objects.filter(
        campaign=OuterRef(f"{path}campaign"), studio=OuterRef(f"{path}studio"), ended_at=None
    )
    named = granted(user, unit=f"{path}unit", campaign=f"{path}campaign")
    of_unit = Q(named) | Q(**{f"{path}unit": None}) & Q(Exists(any_unit))
    return Q(**{f"{path}studio__in": studio_ids(user)}) & of_unit


@access_rule(IngestBatch)
def ingest_batches_of(user: User) -> Any:
    return by_role(user, studio=own_uploads(user))


@access_rule(IngestFile)
def ingest_files_of(user: User) -> Any:
    """Those of the uploads. Whose person is known (name and picture say so, too) only while that person is seen.

    Seen in the upload's campaign: what is known already may have been filed in an earlier one.
    """
    filed = granted(user, unit="photo__enrolment__unit", campaign="batch__campaign")
    assigned = granted(user, unit="assigned__enrolment__unit", campaign="assigned__campaign")
    people = (Q(photo=None) | Q(filed)) & (Q(assigned=None) | Q(assigned))
    return by_role(user, studio=own_uploads(user, "batch__") & people)


@access_rule(Submission)
def submissions_of(user: User) -> Any:
    return by_role(user, unit=Q(college__in=own_unit_ids(user)))


@access_rule(SubmissionItem)
def submission_items_of(user: User) -> Any:
    return by_role(user, unit=Q(submission__college__in=own_unit_ids(user)))
