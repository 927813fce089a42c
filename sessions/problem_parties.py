"""Who is party to a problem: the units of its subject, the studio while it holds the grant, academic affairs (R22)."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError, NotAllowed
from photocampus.models import Role, User
from sessions.models import BookingKind, Problem, ProblemSide
from students.models import Graduate
from units.access import own_unit_ids, studio_ids
from units.models import Membership, StudioGrant, StudioMembership, Unit

SIDE_OF_ROLE = {Role.UNIT: ProblemSide.UNIT, Role.STUDIO: ProblemSide.STUDIO, Role.STAFF: ProblemSide.STAFF}


class SideNotParty(DomainError):
    code = "side_not_party"
    message = _("This side has no part in the problem: it does not see the shoot or the people concerned.")


class NotOfSide(DomainError):
    code = "not_of_side"
    message = _("This person does not belong to the side that is to own the problem.")


def units_of_problem(problem: Problem) -> list[Unit]:
    """The units concerned; none on a day that the studio opened for individuals."""
    if problem.booking is not None:
        return list(problem.booking.units.all())
    if problem.delivery is not None:
        return [problem.delivery.unit]
    assert problem.graduate is not None
    return [problem.graduate.enrolment.unit]


def studio_reads(problem: Problem) -> bool:
    """Whether the studio concerned sees the problem: an open grant for a unit of its subject.

    A day for individuals belongs to no unit; there any grant of the campaign will do.
    """
    if problem.studio_id is None:
        return False
    grants = StudioGrant.objects.filter(studio=problem.studio_id, campaign=problem.campaign_id, ended_at=None)
    if problem.booking is not None and problem.booking.kind == BookingKind.INDIVIDUAL:
        return grants.exists()
    return grants.filter(unit__in=units_of_problem(problem)).exists()


def sides_of(problem: Problem) -> list[str]:
    """The parties, in the order unit, studio, academic affairs."""
    sides = [ProblemSide.UNIT] if units_of_problem(problem) else []
    return [*sides, *([ProblemSide.STUDIO] if studio_reads(problem) else []), ProblemSide.STAFF]


def require_side(by: User, problem: Problem) -> str:
    """The side for which this user acts here. A unit's side is its coordinators and those of the college that keeps
    its papers (R20). Raises `NotAllowed` for who is no party."""
    side = SIDE_OF_ROLE[Role(by.role)]
    if side == ProblemSide.STAFF and by.is_active:
        return side
    if side == ProblemSide.UNIT:
        own = set(own_unit_ids(by).values_list("unit", flat=True))
        if own & {pk for unit in units_of_problem(problem) for pk in (unit.pk, unit.college_id)}:
            return side
    is_own = side == ProblemSide.STUDIO and studio_ids(by).filter(studio=problem.studio_id).exists()
    if is_own and studio_reads(problem):
        return side
    raise NotAllowed()


def people_of(problem: Problem, side: str) -> QuerySet[User]:
    """The people of one side who may own the problem."""
    active = User.objects.filter(is_active=True).order_by("name")
    if side == ProblemSide.STAFF:
        return active.filter(role=Role.STAFF)
    if side == ProblemSide.STUDIO:
        members = StudioMembership.objects.filter(studio=problem.studio_id, ended_at=None)
        return active.filter(role=Role.STUDIO, pk__in=members.values("user"))
    units = units_of_problem(problem)
    concerned = Q(unit__in=units) | Q(unit__in=[unit.college_id for unit in units if unit.college_id])
    coordinators = Membership.objects.filter(concerned, ended_at=None)
    return active.filter(role=Role.UNIT, pk__in=coordinators.values("user"))


def names_of(problem: Problem) -> list[tuple[str, str]]:
    """(name, student number) of everybody whom the problem may be about."""
    people = Graduate.objects.filter(campaign=problem.campaign_id)
    if problem.graduate_id is not None:
        people = people.filter(pk=problem.graduate_id)
    elif units := units_of_problem(problem):
        people = people.filter(enrolment__unit__in=units)
    else:
        people = people.filter(attendances__booking=problem.booking_id)
    return list(people.order_by().values_list("enrolment__student__name", "enrolment__student_number"))
