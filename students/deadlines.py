"""Who is behind with rosters, checks, pictures and submissions (`units.deadlines`)."""

from collections import Counter

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from students.models import ClassGroup, Graduate, SignOff
from students.progress import progress_by_unit
from units.deadlines import deadline, one_each
from units.models import Campaign, Unit


@deadline(
    "roster_by", order=20, label=_("Roster complete"), counted=_("rosters to upload"), page="students:uploads"
)
def without_roster(campaign: Campaign) -> dict[int, int]:
    """Active units without anybody on the roster."""
    mine = Graduate.objects.filter(campaign=campaign, enrolment__unit=OuterRef("pk"))
    return one_each(Unit.objects.filter(~Exists(mine), is_active=True).values_list("pk", flat=True))


@deadline(
    "sign_off_by",
    order=30,
    label=_("Data checked and signed off"),
    counted=_("classes to sign off"),
    page="students:sign-off",
)
def without_sign_off(campaign: Campaign) -> dict[int, int]:
    """Classes with active graduates and no sign-off at all (R21)."""
    people = Graduate.objects.active().filter(campaign=campaign, enrolment__class_group=OuterRef("pk"))
    done = SignOff.objects.filter(campaign=campaign, class_group=OuterRef("pk"))
    return Counter(ClassGroup.objects.filter(Exists(people), ~Exists(done)).values_list("unit", flat=True))


@deadline(
    "acceptance_by",
    order=70,
    label=_("Pictures accepted"),
    counted=_("people without an accepted picture"),
    page="students:pictures",
)
def without_accepted_picture(campaign: Campaign) -> dict[int, int]:
    progress = progress_by_unit(Graduate.objects.filter(campaign=campaign))
    return {unit: row.total - row.accepted for unit, row in progress.items() if row.total > row.accepted}


@deadline(
    "submission_by",
    order=110,
    label=_("Images submitted"),
    counted=_("people not submitted"),
    page="students:submissions",
)
def not_submitted(campaign: Campaign) -> dict[int, int]:
    """By college: it submits also for its admissions units (N§2.4). Early students are not submitted."""
    people = Graduate.objects.filter(campaign=campaign).counting_for_route()
    colleges = {unit.pk: unit.submitting_college_id for unit in Unit.objects.all()}
    open_ones: Counter[int] = Counter()
    for unit, row in progress_by_unit(people).items():
        open_ones[colleges[unit]] += row.total - row.reached("submitted")
    return {unit: count for unit, count in open_ones.items() if count}
