"""R9: an exemption rests on the earlier picture. It ends when that picture is refused, by whichever stage.

Whoever is no longer exempt stands on the make-up list, is expected at the unit's shoots and may be photographed. How
many people the unit counts (R3) does not change. When the unit accepts the same picture after all, the exemption is
as it was, unless academic affairs have decided meanwhile.

One picture may serve an enrolment in several campaigns (an early student who graduates later): a refusal in one ends the
exemption in all. Where nobody has refused it, the unit of that campaign decides on it like on any other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from photocampus.events import build_event, record_many, subject_type
from photocampus.models import Event, User
from students.hooks import roster_changed
from students.models import Exemption, Graduate, GraduateQuerySet, RefusalCode
from students.progress import refused_now
from units.models import Campaign

ENDED, RESTORED, DECIDED = "exemption_ended", "exemption_restored", "exemption_decided"


def end_exemptions(
    pairs: Iterable[tuple[int, int]], *, by: User, code: RefusalCode | None, reason: str
) -> None:
    """These (graduate, photo) pairs were refused: who was exempt by that picture is to be photographed, in any campaign."""
    photos = dict(pairs)
    photos |= dict(_in_other_campaigns(photos).values_list("pk", "picture"))
    people = _locked(Graduate.objects.exclude(exemption=Exemption.NONE), photos)
    for kind in {row.exemption for row in people}:
        rows = [row.pk for row in people if row.exemption == kind]
        Graduate.objects.filter(pk__in=rows, exemption=kind).update(exemption=Exemption.NONE)
    record_many(
        build_event(
            row,
            ENDED,
            by=by,
            old=row.exemption,
            new=Exemption.NONE,
            reason=reason,
            data={"photo": photos[row.pk], "code": code.code if code else ""},
        )
        for row in people
    )
    _tell_roster(people, by)


def restore_exemptions(pairs: Iterable[tuple[int, int]], *, by: User) -> None:
    """The unit accepts these (graduate, photo) pairs: whose exemption ended with a refusal of that picture has it again.

    In another campaign only if nobody has refused the picture there.
    """
    photos = dict(pairs)
    photos |= dict(_in_other_campaigns(photos).filter(~refused_now()).values_list("pk", "picture"))
    ended = {
        graduate: event.old
        for graduate, event in _last_word(photos).items()
        if event.kind == ENDED and event.data.get("photo") == photos[graduate]
    }
    if not ended:
        return
    free = Graduate.objects.filter(pk__in=ended, exemption=Exemption.NONE)
    people = _locked(free, photos)
    for kind in {ended[row.pk] for row in people}:
        rows = [row.pk for row in people if ended[row.pk] == kind]
        Graduate.objects.filter(pk__in=rows, exemption=Exemption.NONE).update(exemption=kind)
    record_many(
        build_event(
            row, RESTORED, by=by, old=Exemption.NONE, new=ended[row.pk], data={"photo": photos[row.pk]}
        )
        for row in people
    )
    _tell_roster(people, by)


def _in_other_campaigns(photos: Mapping[int, int]) -> GraduateQuerySet:
    """The other active places of the same enrolments that have chosen the same pictures."""
    same = Graduate.objects.active().filter(picture__in=set(photos.values()))
    return same.exclude(pk__in=list(photos))


def _locked(graduates: GraduateQuerySet, photos: Mapping[int, int]) -> list[Graduate]:
    """Those of the graduates whose chosen picture is that of the pair, under their locks."""
    rows = graduates.filter(pk__in=list(photos)).select_for_update(of=("self",))
    found = rows.select_related("campaign", "enrolment").order_by("pk")
    return [row for row in found if row.picture_id == photos[row.pk]]


def _last_word(graduates: Iterable[int]) -> dict[int, Event]:
    """Graduate → the newest event about the exemption."""
    events = Event.objects.filter(
        subject_type=subject_type(Graduate),
        subject_id__in=list(graduates),
        kind__in=(ENDED, RESTORED, DECIDED),
    )
    return {event.subject_id: event for event in events.order_by("id")}


def _tell_roster(people: Iterable[Graduate], by: User) -> None:
    """Whom the shoots expect follows."""
    units: dict[Campaign, set[int]] = defaultdict(set)
    for row in people:
        units[row.campaign].add(row.enrolment.unit_id)
    for campaign, found in units.items():
        roster_changed(campaign, found, by)
