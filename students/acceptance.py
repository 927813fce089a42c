"""The coordinator accepts or refuses the picture of each person (A3): a decision about exactly what was on the screen."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus.errors import ChangedMeanwhile, DomainError, NotAllowed
from photocampus.lists import join_words
from photocampus.models import Role, User
from students.decisions import withdraw_decisions, write_decisions
from students.models import (
    Decision,
    Graduate,
    Outcome,
    Photo,
    RefusalCode,
    RosterState,
    Stage,
    SubmissionItem,
)
from students.submissions import OPEN_ITEMS
from units.models import Membership, Unit

OTHER = "other"


class NothingChosen(DomainError):
    code = "nothing_chosen"
    message = _("No picture is ticked.")


class NoCode(DomainError):
    code = "no_code"
    message = _("A picture is refused with a reason of the catalogue; “another reason” needs a note as well.")


class ReasonChosen(DomainError):
    code = "reason_chosen"
    message = _(
        "A reason for a refusal was chosen, so nothing has been decided. Refuse, or take the reason out first."
    )


class PictureSubmitted(DomainError):
    code = "picture_submitted"
    message = _(
        "These pictures have been submitted and cannot be decided anew until they are returned: %(names)s."
    )


class RegisterRefused(DomainError):
    code = "register_refused"
    message = _("The register has refused these pictures; new ones are needed: %(names)s.")


Seen = tuple[str, str]  # public ids of the graduate and of the picture that was on the screen


def accept_picture(*, graduate: Graduate, photo: Photo, by: User) -> None:
    """Accept the picture that was seen; see `accept_pictures`."""
    accept_pictures(unit=graduate.enrolment.unit, seen=[(graduate.public_id, photo.public_id)], by=by)


def refuse_picture(*, graduate: Graduate, photo: Photo, code: RefusalCode, by: User, note: str = "") -> None:
    """Refuse the picture that was seen; see `refuse_pictures`."""
    seen = [(graduate.public_id, photo.public_id)]
    refuse_pictures(unit=graduate.enrolment.unit, seen=seen, code=code, by=by, note=note)


def must_have_no_reason(code: str) -> None:
    """Raises `ReasonChosen` when a page sends a yes together with a reason for a no: one of them was not meant."""
    if code:
        raise ReasonChosen()


@transaction.atomic
def accept_pictures(*, unit: Unit, seen: Iterable[Seen], by: User) -> int:
    """Accept all these pictures; returns how many were not accepted already.

    Raises `ChangedMeanwhile` when somebody has another picture by now, `NotAllowed`, `NothingChosen`,
    `PictureSubmitted`, `RegisterRefused`. Earlier answers of later stages lapse: they were about what was before.
    """
    people = _locked(unit, seen, by)
    refused = Decision.objects.filter(
        stage=Stage.CHSI, outcome=Outcome.NO, graduate__in=people, photo__in=[p.picture_id for p in people]
    )
    if names := sorted(
        {
            row.graduate.enrolment.student.name
            for row in refused.select_related("graduate__enrolment__student")
        }
    ):
        raise RegisterRefused(names=join_words(names[:10]))
    decided = _decided(people, Outcome.YES)
    pairs = [(p.pk, p.picture_id) for p in people if (p.pk, p.picture_id) not in decided and p.picture_id]
    for stage in (Stage.VERIFICATION, Stage.CHSI):
        withdraw_decisions(graduate_pks=[graduate for graduate, _photo in pairs], stage=stage)
    return write_decisions(pairs=pairs, stage=Stage.ACCEPTANCE, outcome=Outcome.YES, by=by)


@transaction.atomic
def refuse_pictures(
    *, unit: Unit, seen: Iterable[Seen], code: RefusalCode | None, by: User, note: str = ""
) -> int:
    """Refuse all these pictures for one reason: the people stand on the make-up list. Raises as above, and `NoCode`."""
    if code is None or not code.is_active or (code.code == OTHER and not note.strip()):
        raise NoCode()
    people = _locked(unit, seen, by)
    pairs = [(person.pk, person.picture_id) for person in people if person.picture_id]
    return write_decisions(
        pairs=pairs, stage=Stage.ACCEPTANCE, outcome=Outcome.NO, by=by, code=code, note=note.strip()
    )


def _locked(unit: Unit, seen: Iterable[Seen], by: User) -> list[Graduate]:
    """The people under their locks, each still with the picture that was seen."""
    if by.role != Role.UNIT or not Membership.objects.filter(user=by, unit=unit, ended_at=None).exists():
        raise NotAllowed()
    wanted = dict(seen)
    if not wanted:
        raise NothingChosen()
    people = list(
        Graduate.objects.select_for_update(of=("self",))
        .filter(public_id__in=wanted, enrolment__unit=unit, roster_state=RosterState.ACTIVE)
        .select_related("picture", "enrolment__student")
        .order_by("pk")
    )
    now = {person.public_id: person.picture.public_id for person in people if person.picture}
    if now != wanted:
        raise ChangedMeanwhile()
    submitted = SubmissionItem.objects.filter(graduate__in=people, state__in=OPEN_ITEMS)
    if rows := list(submitted.select_related("graduate__enrolment__student")[:10]):
        raise PictureSubmitted(names=join_words(row.graduate.enrolment.student.name for row in rows))
    return people


def _decided(people: list[Graduate], outcome: str) -> set[tuple[int, int]]:
    """(graduate, photo) pairs whose current acceptance says this already."""
    current = Decision.objects.filter(
        graduate__in=people, stage=Stage.ACCEPTANCE, outcome=outcome, is_current=True
    )
    return set(current.values_list("graduate", "photo"))
