"""信息核对签字表: students check their own data on paper, the unit records per class that it was done (R21).

What was checked is kept as a digest, so that a later change of anyone's data in the class shows the sheet as outdated.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.access_log import log_access
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.models import User
from students.models import ClassGroup, Graduate, SignOff
from students.reveal import SHORTEST_PURPOSE, PurposeMissing
from students.roster_uploads import check_may_change
from units.models import Campaign, Unit

DIGESTED = (
    "enrolment__student_number", "enrolment__student__name", "enrolment__student__gender",
    "enrolment__student__birth_date", "enrolment__student__id_type", "enrolment__student__id_digest",
    "enrolment__level", "enrolment__major_name", "term__code", "category",
)  # fmt: skip


class NobodyToCheck(DomainError):
    code = "nobody_to_check"
    message = _("The class %(name)s has no active graduates in this campaign.")


class DateAhead(DomainError):
    code = "date_ahead"
    message = _("The check cannot have been made on a day that is still to come.")


@dataclass(frozen=True)
class ClassCheck:
    """A class of a campaign with its latest sign-off; `is_outdated` when its data changed afterwards."""

    class_group: ClassGroup
    people: int
    sign_off: SignOff | None
    is_outdated: bool

    @property
    def is_done(self) -> bool:
        return self.sign_off is not None and not self.is_outdated


def class_people(campaign: Campaign, class_group: ClassGroup) -> "list[Graduate]":
    """Active graduates of the class in student-number order, with everything a sheet shows."""
    people = Graduate.objects.active().filter(campaign=campaign, enrolment__class_group=class_group)
    return list(people.with_people().order_by("enrolment__student_number"))


def content_digests(campaign: Campaign, classes: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Class → (digest of its people's data, how many they are); one query."""
    people = (
        Graduate.objects.active()
        .filter(campaign=campaign, enrolment__class_group__in=list(classes))
        .order_by("enrolment__student_number")
        .values_list("enrolment__class_group", *DIGESTED)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for class_id, *data in people:
        found[class_id].append("\x1f".join(str(value or "") for value in data))
    return {
        class_id: (hashlib.sha256("\n".join(lines).encode()).hexdigest(), len(lines))
        for class_id, lines in found.items()
    }


def class_checks(campaign: Campaign, unit: Unit) -> list[ClassCheck]:
    """Every class of the unit that has active graduates, with how its check stands."""
    classes = {group.pk: group for group in ClassGroup.objects.filter(unit=unit).order_by("name")}
    digests = content_digests(campaign, classes)
    latest: dict[int, SignOff] = {}
    for sign_off in (
        SignOff.objects.filter(campaign=campaign, class_group__unit=unit).select_related("by").order_by("id")
    ):
        latest[sign_off.class_group_id] = sign_off
    return [
        ClassCheck(
            group,
            digests[pk][1],
            done := latest.get(pk),
            bool(done and done.content_digest != digests[pk][0]),
        )
        for pk, group in classes.items()
        if pk in digests
    ]


def sign_off_class(*, campaign: Campaign, class_group: ClassGroup, checked_on: dt.date, by: User) -> SignOff:
    """Record that students and unit checked the class's data on that day. A later one replaces the earlier."""
    check_may_change(campaign=campaign, unit=class_group.unit, by=by)
    if checked_on > clock.today():
        raise DateAhead()
    with transaction.atomic():
        group = ClassGroup.objects.select_for_update().get(pk=class_group.pk)
        digest, people = content_digests(campaign, [group.pk]).get(group.pk, ("", 0))
        if not people:
            raise NobodyToCheck(name=group.name)
        sign_off = SignOff.objects.create(
            campaign=campaign,
            class_group=group,
            checked_on=checked_on,
            people=people,
            content_digest=digest,
            by=by,
        )
        record(sign_off, "class_checked", by=by, new=group.name, data={"people": people})
    return sign_off


def open_full_sheet(*, campaign: Campaign, class_group: ClassGroup, purpose: str, by: User) -> list[Graduate]:
    """The class with numbers to be printed in full: logged first, with the purpose. Raises `PurposeMissing`."""
    purpose = purpose.strip()
    if len(purpose) < SHORTEST_PURPOSE:
        raise PurposeMissing()
    people = class_people(campaign, class_group)
    log_access(
        "sign_off_sheet",
        by=by,
        subject=class_group,
        label=class_group.name,
        purpose=purpose,
        rows=len(people),
        full=True,
    )
    return people
