"""Who must be photographed again or still: the make-up list, derived by one queryset, each person with one reason.

Refused pictures are known here. Who was absent, and whose picture should be there by now, only shoots know: they add
their reasons with `add_reason`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Case, CharField, Exists, F, Q, Subquery, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from students.models import Graduate, GraduateQuerySet
from students.progress import refusals_now, refused_now
from units.models import Campaign, Unit

Condition = Callable[[], Exists | Q]


@dataclass(frozen=True)
class Reason:
    """`holds` gives a condition on a graduate's row; of several the one with the lowest order counts."""

    key: str
    label: str | Promise
    holds: Condition
    order: int


_reasons: dict[str, Reason] = {
    "refused": Reason("refused", _("picture refused"), refused_now, 10),
}


def add_reason(key: str, label: str | Promise, holds: Condition, *, order: int) -> None:
    """Let a later app say who else belongs on the list; asked only for people without a picture."""
    _reasons[key] = Reason(key, label, lambda: _without_picture(holds()), order)


def _without_picture(condition: Exists | Q) -> Q:
    return Q(condition, picture=None)


def reasons() -> list[Reason]:
    return sorted(_reasons.values(), key=lambda reason: reason.order)


def with_reason(graduates: GraduateQuerySet) -> GraduateQuerySet:
    """Annotate `makeup_reason` ("" for who needs nothing) and `makeup_code`, the code of the newest refusal."""
    newest = refusals_now().order_by("-id")
    return graduates.annotate(
        makeup_reason=Case(
            *[When(reason.holds(), then=Value(reason.key)) for reason in reasons()],
            default=Value(""),
            output_field=CharField(),
        ),
        makeup_code=Subquery(newest.values("code__code")[:1]),
        makeup_note=Subquery(newest.values("note")[:1]),
    )


def make_up_list(campaign: Campaign, unit: Unit | None = None) -> GraduateQuerySet:
    """Active people to be photographed who need a make-up, by class and student number, with their reason."""
    people = Graduate.objects.filter(campaign=campaign).to_be_photographed()
    if unit is not None:
        people = people.filter(enrolment__unit=unit)
    found = with_reason(people).exclude(makeup_reason="").with_people()
    return found.annotate(class_id=F("enrolment__class_group"))


def label_of(key: str) -> str:
    reason = _reasons.get(key)
    return str(reason.label) if reason else key
