"""A college hands the small images of its accepted graduates to academic affairs, who verify them (R7, N§2.4).

Numbered per college and term; a later submission adds people. Nobody is in two open ones: the database decides that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Case, CharField, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError, MissingReason, NotAllowed
from photocampus.events import build_event, move_state, record, record_many
from photocampus.lists import join_words
from photocampus.models import Role, User
from students.decisions import withdraw_decisions, write_decisions
from students.models import (
    Category,
    Decision,
    ExportRow,
    Graduate,
    ItemState,
    Outcome,
    RefusalCode,
    Rendition,
    RosterState,
    Stage,
    Submission,
    SubmissionItem,
    SubmissionState,
)
from units.models import Campaign, ImageProfile, Membership, ProfileName, Term, Unit, UnitKind

SUBMISSION_MOVES: Mapping[str, tuple[str, ...]] = {
    SubmissionState.SUBMITTED: (
        SubmissionState.VERIFIED,
        SubmissionState.RETURNED,
        SubmissionState.WITHDRAWN,
    ),
    SubmissionState.VERIFIED: (SubmissionState.RETURNED, SubmissionState.WITHDRAWN),
}
BLOCK = 2000
OPEN_ITEMS = (ItemState.SUBMITTED, ItemState.VERIFIED)
CONSTRAINT = "graduate_in_one_open_submission"

READY = "ready"
STANDINGS = {
    "submitted": _("waits for verification"),
    "verified": _("verified"),
    "no_picture": _("no picture yet"),
    "not_accepted": _("picture not accepted"),
    "register_refused": _("the register refused this picture, a new one is needed"),
    "no_small_image": _("no small image that fits this campaign's profile"),
    READY: _("ready to submit"),
}


class NotACollege(DomainError):
    code = "not_a_college"
    message = _("Only a college submits; its admissions units' people go through it.")


class NobodyReady(DomainError):
    code = "nobody_ready"
    message = _(
        "Nobody is ready to be submitted: every image is missing, not accepted, or submitted already."
    )


class NotReady(DomainError):
    code = "not_ready"
    message = _("These people cannot be submitted: %(names)s.")


class AlreadySubmitted(DomainError):
    code = "already_submitted"
    message = _("Somebody else has just submitted people of this list. Please look at the page again.")


class VerificationBegun(DomainError):
    code = "verification_begun"
    message = _("Academic affairs have begun to verify this submission; it can no longer be withdrawn.")


class ItemsChanged(DomainError):
    code = "items_changed"
    message = _(
        "These people have left the roster or have another picture by now, return them instead: %(names)s."
    )


class NothingToVerify(DomainError):
    code = "nothing_to_verify"
    message = _("None of the chosen images waits for verification any more.")


class InBatch(DomainError):
    code = "in_batch"
    message = _("This person is in batch %(batch)s already; only the register's answer can return the image.")


def people_of(college: Unit, term: Term) -> QuerySet[Graduate]:
    """Whom the college submits in this term: its own graduates and those of its admissions units, not early ones."""
    return Graduate.objects.filter(
        Q(enrolment__unit=college) | Q(enrolment__unit__college=college),
        term=term,
        roster_state=RosterState.ACTIVE,
        category=Category.GRADUATE,
    )


def current_small_profile(campaign: Campaign) -> ImageProfile | None:
    return campaign.image_profiles.filter(name=ProfileName.SMALL).order_by("-version").first()


def with_standing(graduates: QuerySet[Graduate], campaign: Campaign) -> QuerySet[Graduate]:
    """Annotate `standing` (a key of STANDINGS) and `small_image` (pk of the rendition to submit)."""
    decisions = Decision.objects.filter(graduate=OuterRef("pk"), photo=OuterRef("picture"))
    items = SubmissionItem.objects.filter(graduate=OuterRef("pk"))
    return graduates.annotate(
        small_image=_small_image(campaign),
        accepted=Exists(decisions.filter(stage=Stage.ACCEPTANCE, outcome=Outcome.YES, is_current=True)),
        register_refused=Exists(decisions.filter(stage=Stage.CHSI, outcome=Outcome.NO)),
        waits=Exists(items.filter(state=ItemState.SUBMITTED)),
        is_verified=Exists(items.filter(state=ItemState.VERIFIED)),
    ).annotate(
        standing=Case(
            When(is_verified=True, then=Value("verified")),
            When(waits=True, then=Value("submitted")),
            When(picture=None, then=Value("no_picture")),
            When(register_refused=True, then=Value("register_refused")),
            When(accepted=False, then=Value("not_accepted")),
            When(small_image=None, then=Value("no_small_image")),
            default=Value(READY),
            output_field=CharField(),
        )
    )


def _small_image(campaign: Campaign) -> Subquery:
    """The newest rendition of the chosen picture that has the measures of the campaign's small profile.

    An earlier picture used again (R9) has renditions of the earlier campaign's profile; they serve where they fit.
    """
    profile = current_small_profile(campaign)
    fitting = Rendition.objects.none()
    if profile:
        fitting = Rendition.objects.filter(
            photo=OuterRef("picture"),
            profile__name=ProfileName.SMALL,
            width=profile.width,
            height=profile.height,
            size__gte=profile.min_bytes,
        )
        if profile.max_bytes:
            fitting = fitting.filter(size__lte=profile.max_bytes)
    return Subquery(
        fitting.order_by("-profile__campaign__window_start", "-profile__version").values("pk")[:1]
    )


@dataclass(frozen=True)
class Choice:
    """What `submit_images` found before it took any lock."""

    graduate: int
    photo: int
    rendition: int


def choose_ready(
    *, college: Unit, term: Term, classes: Iterable[int] | None = None, graduates: Iterable[int] | None = None
) -> list[Choice]:
    """Who would be submitted now, in student-number order. Raises NobodyReady, or NotReady for named people."""
    people = with_standing(people_of(college, term), term.campaign)
    if classes is not None:
        people = people.filter(enrolment__class_group__in=list(classes))
    if graduates is not None:
        people = people.filter(pk__in=list(graduates))
        hindered = people.exclude(standing=READY).values_list("enrolment__student__name", flat=True)
        if names := list(hindered[:10]):
            raise NotReady(names=join_words(names))
    ready = people.filter(standing=READY).order_by("enrolment__student_number")
    chosen = [Choice(*row) for row in ready.values_list("pk", "picture", "small_image")]
    if not chosen:
        raise NobodyReady()
    return chosen


def submit_images(
    *,
    college: Unit,
    term: Term,
    by: User,
    classes: Iterable[int] | None = None,
    graduates: Iterable[int] | None = None,
    note: str = "",
) -> Submission:
    """Submit everybody who is ready, or those of the given classes, or exactly the given graduates (pks).

    Looks first and writes then; between the two somebody else may submit the same people, and the constraint, not the
    look, decides (AlreadySubmitted). Raises NotAllowed, NotACollege, NobodyReady, NotReady.
    """
    _must_coordinate(by, college)
    if college.kind != UnitKind.COLLEGE:
        raise NotACollege()
    chosen = choose_ready(college=college, term=term, classes=classes, graduates=graduates)
    return _write_submission(college=college, term=term, by=by, chosen=chosen, note=note)


def _must_coordinate(by: User, college: Unit) -> None:
    is_own = Membership.objects.filter(user=by, unit=college, ended_at=None).exists()
    if by.role != Role.UNIT or not is_own:
        raise NotAllowed()


@transaction.atomic
def _write_submission(*, college: Unit, term: Term, by: User, chosen: list[Choice], note: str) -> Submission:
    Unit.objects.select_for_update().get(pk=college.pk)  # the number is counted under this lock
    people = Graduate.objects.filter(pk__in=[choice.graduate for choice in chosen])
    list(people.select_for_update().order_by("pk").values_list("pk"))  # nobody refuses a picture meanwhile
    _still_as_chosen(college, term, chosen)
    last = Submission.objects.filter(college=college, term=term).aggregate(last=Max("number"))["last"]
    submission = Submission.objects.create(
        college=college, term=term, number=(last or 0) + 1, by=by, note=note[:200]
    )
    try:
        with transaction.atomic():
            SubmissionItem.objects.bulk_create(
                (
                    SubmissionItem(
                        submission=submission,
                        graduate_id=choice.graduate,
                        photo_id=choice.photo,
                        rendition_id=choice.rendition,
                    )
                    for choice in chosen
                ),
                batch_size=2000,
            )
    except IntegrityError:
        raise AlreadySubmitted() from None
    # What was said about earlier pictures is settled by the new ones.
    for stage in (Stage.VERIFICATION, Stage.CHSI):
        withdraw_decisions(graduate_pks=[choice.graduate for choice in chosen], stage=stage)
    record(submission, "state_submitted", by=by, new=SubmissionState.SUBMITTED, data={"people": len(chosen)})
    record_many(
        build_event(
            Graduate(pk=choice.graduate), "submitted", by=by, data={"submission": submission.public_id}
        )
        for choice in chosen
    )
    return submission


def _still_as_chosen(college: Unit, term: Term, chosen: list[Choice]) -> None:
    """Re-read under the lock what other people's acts may have changed since the look; doubling is the constraint's."""
    found = {
        (graduate, picture)
        for graduate, picture, accepted in with_standing(people_of(college, term), term.campaign)
        .filter(picture__isnull=False)
        .values_list("pk", "picture", "accepted")
        if accepted
    }
    if any((choice.graduate, choice.photo) not in found for choice in chosen):
        raise AlreadySubmitted()


@transaction.atomic
def withdraw_submission(*, submission: Submission, by: User, reason: str) -> None:
    """Take a submission back while nothing of it is verified; its people may be submitted again at once.

    Images that were returned stay returned. Raises NotAllowed, MissingReason, VerificationBegun, IllegalMove.
    """
    submission = Submission.objects.select_for_update().get(pk=submission.pk)
    _must_coordinate(by, submission.college)
    if not reason.strip():
        raise MissingReason()
    if submission.items.filter(state=ItemState.VERIFIED).exists():
        raise VerificationBegun()
    move_state(submission, SubmissionState.WITHDRAWN, moves=SUBMISSION_MOVES, by=by, reason=reason)
    waiting = submission.items.filter(state=ItemState.SUBMITTED)
    graduates = list(waiting.values_list("graduate", flat=True))
    waiting.update(state=ItemState.WITHDRAWN)
    record_many(
        build_event(
            Graduate(pk=graduate),
            "submission_withdrawn",
            by=by,
            reason=reason,
            data={"submission": submission.public_id},
        )
        for graduate in graduates
    )


def _must_be_staff(by: User) -> None:
    if by.role != Role.STAFF:
        raise NotAllowed()


@transaction.atomic
def verify_items(*, submission: Submission, by: User, items: Iterable[int] | None = None) -> int:
    """Academic affairs verify images of a submission, those given (pks) or all that wait; returns how many.

    Images verified already are left alone, so that repeating does no harm. Raises NotAllowed, NothingToVerify, and
    ItemsChanged for people who left the roster or whose unit has chosen another picture since.
    """
    _must_be_staff(by)
    submission = Submission.objects.select_for_update().get(pk=submission.pk)
    waiting = submission.items.filter(state=ItemState.SUBMITTED)
    if items is not None:
        waiting = waiting.filter(pk__in=list(items))
    changed = waiting.exclude(
        graduate__picture=F("photo"),
        graduate__roster_state=RosterState.ACTIVE,
        graduate__category=Category.GRADUATE,
    )
    if names := list(changed.values_list("graduate__enrolment__student__name", flat=True)[:10]):
        raise ItemsChanged(names=join_words(names))
    pairs = list(waiting.values_list("graduate", "photo"))
    if not pairs:
        raise NothingToVerify()
    waiting.update(state=ItemState.VERIFIED)
    write_decisions(pairs=pairs, stage=Stage.VERIFICATION, outcome=Outcome.YES, by=by)
    settle_submission(submission, by)
    return len(pairs)


@transaction.atomic
def return_item(*, item: SubmissionItem, code: RefusalCode, by: User, note: str = "") -> None:
    """Academic affairs return one person's image with a code: back to acceptance or the make-up list (R7).

    The open item closes, so that a new picture may be submitted. Also a verified image may be returned, unless it
    is in a live batch. Raises NotAllowed, NothingToVerify, InBatch.
    """
    submission = _return_one(item, code, by, note)
    record(submission, "items_returned", by=by, data={"people": 1})


def _return_one(item: SubmissionItem, code: RefusalCode, by: User, note: str) -> Submission:
    _must_be_staff(by)
    submission = Submission.objects.select_for_update().get(pk=item.submission_id)
    item = SubmissionItem.objects.select_for_update().get(pk=item.pk)
    if item.state not in OPEN_ITEMS:
        raise NothingToVerify()
    live = ExportRow.objects.filter(graduate=item.graduate_id, is_live=True).select_related("batch").first()
    if live:
        raise InBatch(batch=str(live.batch))
    pairs = [(item.graduate_id, item.photo_id)]
    refuse_pictures(pairs=pairs, stage=Stage.VERIFICATION, code=code, by=by, note=note)
    settle_submission(submission, by)
    return submission


@transaction.atomic
def return_items(*, items: Iterable[SubmissionItem], code: RefusalCode, by: User, note: str = "") -> int:
    """`return_item` for several, all or none; returns how many. Raises NothingToVerify for an empty choice."""
    counts: Counter[Submission] = Counter(_return_one(item, code, by, note) for item in items)
    for submission, people in counts.items():  # the college is told once, not of every image
        record(submission, "items_returned", by=by, data={"people": people})
    if not counts:
        raise NothingToVerify()
    return counts.total()


def refuse_pictures(
    *, pairs: Sequence[tuple[int, int]], stage: Stage, code: RefusalCode, by: User, note: str = ""
) -> None:
    """Refuse (graduate, photo) pairs after the unit accepted them: the people stand on the make-up list again.

    Their open items close with the code, so that new pictures may be submitted; the refusal is written; acceptance
    and, after the register's refusal, verification lapse. Set-based. The caller has judged and holds the locks.
    """
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        graduates = [graduate for graduate, _photo in block]
        open_items = SubmissionItem.objects.filter(graduate__in=graduates, state__in=OPEN_ITEMS)
        open_items.update(state=ItemState.RETURNED, code=code)
        write_decisions(pairs=block, stage=stage, outcome=Outcome.NO, by=by, code=code, note=note)
        withdraw_decisions(graduate_pks=graduates, stage=Stage.ACCEPTANCE)
        if stage == Stage.CHSI:
            withdraw_decisions(graduate_pks=graduates, stage=Stage.VERIFICATION)


def settle_submission(
    submission: Submission,
    by: User,
    *,
    moves: Mapping[str, tuple[str, ...]] = SUBMISSION_MOVES,
    reason: str = "",
    people: int = 0,
) -> None:
    """Let its state follow from its images: it waits while one of them does, else it is verified if one of them is.

    Where neither is so, it is withdrawn if an image was, and returned otherwise. The caller holds its lock.
    """
    states = set(submission.items.values_list("state", flat=True))
    order = (ItemState.SUBMITTED, ItemState.VERIFIED, ItemState.WITHDRAWN)
    to = next((SubmissionState(state) for state in order if state in states), SubmissionState.RETURNED)
    if submission.state != to:
        data = {"people": people} if people else None
        move_state(submission, to, moves=moves, by=by, reason=reason, data=data)
