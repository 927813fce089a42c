"""Problems (R22): raise, answer, hand over, take up, settle, reopen. Pages and demonstration call these and nothing else.

What people write stays in the thread (`ProblemMessage`), which retention empties; the append-only history has the
steps only.
"""

import datetime as dt
import re
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import ChangedMeanwhile, DomainError, IllegalMove, NotAllowed
from photocampus.events import move_state, record
from photocampus.models import User
from sessions.models import (
    Booking,
    Delivery,
    Problem,
    ProblemMessage,
    ProblemSide,
    ProblemState,
)
from sessions.problem_parties import NotOfSide, SideNotParty, names_of, people_of, require_side, sides_of
from students.models import Graduate
from units.models import CampaignState, IdentityMode, Studio, StudioGrant

S = ProblemState
MOVES: dict[str, set[str]] = {
    S.OPEN: {S.IN_WORK, S.SETTLED},
    S.IN_WORK: {S.SETTLED},
    S.SETTLED: {S.REOPENED},
    S.REOPENED: {S.IN_WORK, S.SETTLED},
}
# 17 digits and a check character, however they are spaced: a resident's ID number.
ID_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){16}[ -]?[\dXx](?!\d)")


class NothingWritten(DomainError):
    code = "nothing_written"
    message = _("Please write what it is about.")


class NumberInText(DomainError):
    code = "number_in_text"
    message = _("Please do not write ID numbers here; choose the person instead.")


class NameInText(DomainError):
    code = "name_in_text"
    message = _(
        "The studio reads this, and in this campaign it sees no names or student numbers. "
        "Please write the class or the shot number instead."
    )


class DuePassed(DomainError):
    code = "due_passed"
    message = _("The due date is already over.")


class NotAShootDay(DomainError):
    code = "not_a_shoot_day"
    message = _("The shoot has no hours on %(day)s.")


class StudioWithoutGrant(DomainError):
    code = "studio_without_grant"
    message = _("%(studio)s holds no grant for this person's unit, so it can take no part.")


class ProblemSettled(DomainError):
    code = "problem_settled"
    message = _("The problem is settled. Reopen it first.")


@transaction.atomic
def raise_problem(
    *,
    subject: Booking | Delivery | Graduate,
    title: str,
    text: str,
    owner_side: str,
    by: User,
    day: dt.date | None = None,
    studio: Studio | None = None,
    due: dt.date | None = None,
) -> Problem:
    """Begin a thread on a booking (with `day`: on one of its shoot days), a delivery or a person.

    `studio` is asked for with a person only, and must hold the grant. Raises `NotAllowed` for who is no party,
    `SideNotParty`, `NothingWritten`, `NumberInText`, `NameInText`, `DuePassed`, `NotAShootDay`, `StudioWithoutGrant`.
    """
    if subject.campaign.state == CampaignState.DRAFT:
        raise NotAllowed()
    problem = Problem(campaign=subject.campaign, title=title.strip()[:100], raised_by=by)
    problem.raised_at = clock.now()
    if isinstance(subject, Booking):
        problem.booking, problem.studio, problem.day = subject, subject.studio, _shoot_day(subject, day)
    elif isinstance(subject, Delivery):
        problem.delivery, problem.studio = subject, subject.studio
    else:
        problem.graduate, problem.studio = subject, _granted(studio, subject)
    problem.raised_side = require_side(by, problem)
    _require_party_side(problem, owner_side)
    problem.owner_side, problem.due = owner_side, _future(due)
    if not problem.title or not text.strip():
        raise NothingWritten()
    _require_clean(problem, problem.title, text)
    problem.save()
    _say(problem, "raised", by, problem.raised_side, text)
    record(problem, "state_open", by=by, new=S.OPEN, data={"owner_side": owner_side, "due": _iso(due)})
    return problem


def _granted(studio: Studio | None, graduate: Graduate) -> Studio | None:
    if studio is None:
        return None
    grants = StudioGrant.objects.filter(studio=studio, campaign=graduate.campaign_id, ended_at=None)
    if not grants.filter(unit=graduate.enrolment.unit_id).exists():
        raise StudioWithoutGrant(studio=studio.short_name)
    return studio


def _shoot_day(booking: Booking, day: dt.date | None) -> dt.date | None:
    if day is not None and not booking.holds.filter(day=day).exists():
        raise NotAShootDay(day=day)
    return day


def _future(due: dt.date | None) -> dt.date | None:
    if due is not None and due < clock.today():
        raise DuePassed()
    return due


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _require_party_side(problem: Problem, side: str) -> None:
    if side not in sides_of(problem):
        raise SideNotParty()


def _require_clean(problem: Problem, *texts: str) -> None:
    """No ID number in any thread; no name and no student number where the studio may not see them (design §5)."""
    if any(ID_NUMBER.search(text) for text in texts):
        raise NumberInText()
    hides = problem.campaign.identity_mode == IdentityMode.CAPTURE_CODE
    if hides and problem.studio_id is not None:
        words = {word for pair in names_of(problem) for word in pair if len(word) > 1}
        if any(word in text for text in texts for word in words):
            raise NameInText()


def _locked(problem: Problem) -> Problem:
    return Problem.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=problem.pk)


def _say(problem: Problem, step: str, by: User, side: str, text: str = "") -> None:
    data = {}
    if step in ("raised", "handed_over"):
        person = problem.owner.name if problem.owner else ""
        data = {"side": problem.owner_side, "person": person, "due": _iso(problem.due)}
    ProblemMessage.objects.create(problem=problem, step=step, side=side, text=text.strip(), data=data, by=by)


@transaction.atomic
def say(*, problem: Problem, text: str, by: User) -> None:
    """A message that all parties see and that changes nothing. Raises `ProblemSettled`: who has more to say reopens."""
    problem = _locked(problem)
    side = require_side(by, problem)
    if problem.state == S.SETTLED:
        raise ProblemSettled()
    if not text.strip():
        raise NothingWritten()
    _require_clean(problem, text)
    _say(problem, "message", by, side, text)
    record(problem, "problem_answered", by=by, data={"side": side})


def may_direct(problem: Problem, side: str) -> bool:
    """Who hands a problem over, dates and settles it: the side that owns it, the one that raised it, academic affairs."""
    return side in (problem.owner_side, problem.raised_side, ProblemSide.STAFF)


def _directing_side(problem: Problem, by: User) -> str:
    side = require_side(by, problem)
    if not may_direct(problem, side):
        raise NotAllowed()
    return side


@transaction.atomic
def hand_over(
    *,
    problem: Problem,
    side: str,
    person: User | None,
    due: dt.date | None,
    by: User,
    seen: tuple[str, int | None, dt.date | None] | None = None,
) -> None:
    """Say which side, and who there, owns the problem, and until when. Harmless when nothing changes.

    People name persons of their own side, academic affairs of any. `seen` is what the page showed (side, person, due):
    when that is no longer so, somebody was faster and their decision stands (`ChangedMeanwhile`). Raises
    `SideNotParty`, `NotOfSide`, `DuePassed`, `ProblemSettled`.
    """
    problem = _locked(problem)
    mine = _directing_side(problem, by)
    if problem.state == S.SETTLED:
        raise ProblemSettled()
    before = (problem.owner_side, problem.owner_id, problem.due)
    if seen is not None and seen != before:
        raise ChangedMeanwhile()
    after = (side, person.pk if person else None, due)
    if after == before:
        return
    _require_party_side(problem, side)
    if person is not None:
        named_already = before[:2] == (side, person.pk)
        if not named_already and mine not in (side, ProblemSide.STAFF):
            raise NotOfSide()
        if not people_of(problem, side).filter(pk=person.pk).exists():
            raise NotOfSide()
    if due != problem.due:
        _future(due)
    _set_owner(problem, before, after)
    _say(problem, "handed_over", by, mine)
    record(
        problem,
        "problem_handed_over",
        by=by,
        old=before[0],
        new=side,
        data={"owner": after[1], "due": _iso(due), "due_before": _iso(before[2])},
    )


def _set_owner(problem: Problem, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    """Compare-and-set, on databases without row locks too."""
    names = ("owner_side", "owner_id", "due")
    rows = Problem.objects.filter(pk=problem.pk, state=problem.state)
    for name, value in zip(names, before, strict=True):
        rows = rows.filter(**{f"{name}__isnull": True} if value is None else {name: value})
    if not rows.update(**dict(zip(names, after, strict=True))):
        raise ChangedMeanwhile()
    problem.refresh_from_db(fields=["owner_side", "owner", "due"])


@transaction.atomic
def take_up(*, problem: Problem, by: User, text: str = "") -> None:
    """Somebody of the owning side works on it now, and owns it by name from here on."""
    problem = _locked(problem)
    side = require_side(by, problem)
    if side != problem.owner_side:
        raise NotAllowed()
    _require_clean(problem, text)
    move_state(problem, S.IN_WORK, moves=MOVES, by=by, owner=by)
    _say(problem, S.IN_WORK, by, side, text)


@transaction.atomic
def settle(*, problem: Problem, answer: str, by: User) -> None:
    """The problem is out of the world, and how. Raises `NothingWritten` without an answer."""
    problem = _locked(problem)
    side = _directing_side(problem, by)
    _check_move(problem, S.SETTLED)
    if not answer.strip():
        raise NothingWritten()
    _require_clean(problem, answer)
    move_state(problem, S.SETTLED, moves=MOVES, by=by, settled_at=clock.now())
    _say(problem, S.SETTLED, by, side, answer)


@transaction.atomic
def reopen(*, problem: Problem, reason: str, by: User) -> None:
    """It was not settled after all, says one of the parties, with a reason; it goes back to the side that owned it."""
    problem = _locked(problem)
    side = require_side(by, problem)
    _check_move(problem, S.REOPENED)
    if not reason.strip():
        raise NothingWritten()
    _require_clean(problem, reason)
    move_state(problem, S.REOPENED, moves=MOVES, by=by, settled_at=None)
    _say(problem, S.REOPENED, by, side, reason)


def _check_move(problem: Problem, to: str) -> None:
    """Refuse the impossible step before asking for words about it."""
    if to not in MOVES.get(problem.state, ()):
        raise IllegalMove(old=problem.get_state_display(), new=str(ProblemState(to).label))
