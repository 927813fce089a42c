"""Who is expected at a shoot: rows of attendance, kept in step with the roster until the day.

Whoever missed a shoot is expected at the next one of the unit that is agreed, and several shoots share their people.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from photocampus import clock
from photocampus.events import record, subject_type
from photocampus.models import Event, User
from sessions.campaign_open import keep_published
from sessions.fees import shooting_fee
from sessions.hours import HalfHour, room_in
from sessions.models import (
    ACTIVE_STATES,
    FIRM_STATES,
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingState,
    BookingUnit,
    Fee,
    Hold,
    PlanEntry,
    Receipt,
    Shot,
    Station,
)
from sessions.sharing import Person, Shoot, share
from students.models import Graduate
from students.progress import refused_now
from units.models import Campaign, StudioGrant, Unit

BLOCK = 5000
GROUP_KINDS = (BookingKind.ON_SITE, BookingKind.GROUP, BookingKind.MAKEUP)
WAITS = (AttendanceState.EXPECTED, AttendanceState.CHECKED_IN)
TO_COME = FIRM_STATES[:2]
PIECE = 2000  # rows in one statement


def without_picture(campaign: Campaign, units: Iterable[Unit]) -> QuerySet[Graduate]:
    """People of these units who must be photographed (again): nobody took their picture yet, or the one chosen was refused."""
    taken = Attendance.objects.filter(graduate=OuterRef("pk"), state=AttendanceState.PHOTOGRAPHED)
    people = Graduate.objects.filter(campaign=campaign, enrolment__unit__in=list(units)).to_be_photographed()
    return people.filter(~Exists(taken) | refused_now())


def people_of(campaign: Campaign, units: Collection[Unit], kind: str) -> int:
    """How many are to be photographed: everybody of the units, or at a make-up who is still without a picture."""
    if kind == BookingKind.MAKEUP:
        return without_picture(campaign, units).count()
    return Graduate.objects.filter(campaign=campaign, enrolment__unit__in=units).to_be_photographed().count()


def would_expect(booking: Booking) -> int:
    """How many people the booking would be for if it were confirmed now, beside the firm shoots of its units."""
    if booking.kind not in GROUP_KINDS:
        return 0
    keys = _connected(booking.campaign, booking.units.values_list("pk", flat=True))
    firm = Booking.objects.filter(pk__in=keys - {booking.pk}).prefetch_related("units")
    return len(_shares(booking.campaign, [*firm, booking])[0][booking.pk])


def _connected(campaign: Campaign, unit_ids: Iterable[int]) -> set[int]:
    """The firm group shoots to come of these units, of the units they share a shoot with, and so on."""
    return _reached(_links(campaign), unit_ids)[0]


def _apart(campaign: Campaign, unit_ids: Iterable[int]) -> list[set[int]]:
    """The same, but each set of shoots that could have people in common by itself."""
    links, seen, parts = _links(campaign), set[int](), []
    for unit in sorted(unit_ids):
        if unit not in seen:
            shoots, units = _reached(links, [unit])
            seen |= units
            parts.append(shoots)
    return [part for part in parts if part]


def _links(campaign: Campaign) -> list[tuple[int, int]]:
    """Booking and unit of all firm group shoots to come."""
    rows = BookingUnit.objects.filter(
        booking__campaign=campaign, booking__state__in=TO_COME, booking__kind__in=GROUP_KINDS
    )
    return list(rows.values_list("booking", "unit"))


def _reached(links: Collection[tuple[int, int]], unit_ids: Iterable[int]) -> tuple[set[int], set[int]]:
    """The shoots that can be reached from these units, and all units on the way."""
    units, found = set(unit_ids), set[int]()
    while new := {booking for booking, unit in links if unit in units} - found:
        found |= new
        units |= {unit for booking, unit in links if booking in new}
    return found, units


@dataclass
class _Rows:
    """Rows of attendance by what they mean for who is still to be photographed; all keys are primary keys."""

    known: dict[int, set[int]] = field(default_factory=dict)  # shoot → everybody with a row there
    free: dict[int, dict[int, int]] = field(
        default_factory=dict
    )  # shoot → person → row that may be taken back
    home: dict[int, int] = field(default_factory=dict)  # person → shoot at which he or she stays
    barred: dict[int, set[int]] = field(default_factory=dict)  # person → shoots that are over for him or her


def _shares(campaign: Campaign, bookings: Collection[Booking]) -> tuple[dict[int, set[int]], _Rows]:
    """Whom each of these shoots is for, and the rows there are now. The bookings come with their units.

    Everybody without a picture who waits at no other firm shoot is shared out over the group shoots (see `sharing`),
    and whoever has none, or missed it, over the make-ups. Who is planned, checked in, or on the list of a shoot that is
    under way stays. Five queries, whatever the number of people and shoots.
    """
    waiting = Attendance.objects.filter(
        graduate=OuterRef("pk"), state__in=WAITS, booking__state__in=ACTIVE_STATES
    ).exclude(booking__in=bookings)
    people = without_picture(campaign, {unit.pk for booking in bookings for unit in booking.units.all()})
    listed = (
        people.filter(~Exists(waiting))
        .order_by("enrolment__unit__code", "enrolment__class_group__name", "enrolment__student_number")
        .values_list("pk", "enrolment__class_group", "enrolment__unit")
    )
    rows = _rows_of(bookings)
    here = {person: shoot for shoot, free in rows.free.items() for person in free}
    crowd = [
        Person(pk, group, unit, frozenset(rows.barred.get(pk, ())), here.get(pk))
        for pk, group, unit in listed
    ]
    _keep_planned(crowd, rows, bookings)
    found = {person.key: rows.home[person.key] for person in crowd if person.key in rows.home}
    stay = Counter((person.group, found[person.key]) for person in crowd if person.key in found)
    shoots = _in_time(bookings, rows, found.values())
    makeups = {booking.pk for booking in bookings if booking.kind == BookingKind.MAKEUP}
    for pool in (
        [shoot for shoot in shoots if shoot.key not in makeups],
        [shoot for shoot in shoots if shoot.key in makeups],
    ):
        found |= share([person for person in crowd if person.key not in found], pool, stay)
    wanted: dict[int, set[int]] = {booking.pk: set() for booking in bookings}
    for person, shoot in found.items():
        wanted[shoot].add(person)
    return wanted, rows


def _rows_of(bookings: Collection[Booking]) -> _Rows:
    under_way = {booking.pk for booking in bookings if booking.state == BookingState.UNDER_WAY}
    listed = (
        Attendance.objects.filter(booking__in=bookings)
        .annotate(traced=_left_a_trace())
        .order_by("booking", "pk")
        .values_list("pk", "booking", "graduate", "state", "day", "traced")
    )

    def weight(row: tuple) -> tuple[bool, bool, bool]:
        """Who checked in is here, then who walked in, then who is on the list of a shoot under way."""
        _pk, shoot, _person, state, day, _traced = row
        return state != AttendanceState.CHECKED_IN, day is None, shoot not in under_way

    rows = _Rows()
    for pk, shoot, person, state, day, traced in sorted(listed, key=weight):
        rows.known.setdefault(shoot, set()).add(person)
        if state not in WAITS:
            rows.barred.setdefault(person, set()).add(shoot)
            continue
        stays = state == AttendanceState.CHECKED_IN or day is not None or traced
        if stays or shoot in under_way:
            rows.home.setdefault(person, shoot)
        if not stays:
            rows.free.setdefault(shoot, {})[person] = pk
    return rows


def _keep_planned(crowd: Iterable[Person], rows: _Rows, bookings: Collection[Booking]) -> None:
    """Of each class as many stay at a shoot as are planned there."""
    entries = PlanEntry.objects.filter(booking__in=bookings, day__gte=clock.today()).order_by()
    counted = entries.values_list("booking", "class_group").annotate(many=Sum("people"))
    left = {(shoot, group): many for shoot, group, many in counted}
    for person in crowd:
        if person.here is None or person.key in rows.home:
            continue
        place = (person.here, person.group)
        if left.get(place, 0) > 0:
            left[place] -= 1
            rows.home[person.key] = person.here


def _in_time(bookings: Iterable[Booking], rows: _Rows, stay: Iterable[int]) -> list[Shoot]:
    """The shoots in order of time with the places that are left beside those who stay.

    Days that passed before a shoot began have no places; one that is under way gains nobody who can go elsewhere.
    """
    at_home = Counter(stay)
    over = Counter(shoot for shoots in rows.barred.values() for shoot in shoots)
    held: dict[int, list[HalfHour]] = {}
    holds = Hold.objects.filter(booking__in=list(bookings)).values_list("booking", "station", "day", "start")
    for shoot, station, day, start in holds:
        held.setdefault(shoot, []).append(HalfHour(station, day, start))
    stations = Station.objects.in_bulk({hour.station for hours in held.values() for hour in hours})
    found: list[tuple[tuple, Shoot]] = []
    for booking in bookings:
        begun = booking.state == BookingState.UNDER_WAY
        hours = [hour for hour in held.get(booking.pk, ()) if begun or hour.day >= clock.today()]
        taken = at_home[booking.pk] + over[booking.pk]
        places = room_in(hours, stations, booking.agreed_load) - taken
        first = min(((hour.day, hour.start) for hour in hours), default=(dt.date.min, dt.time.min))
        units = frozenset(unit.pk for unit in booking.units.all())
        found.append(((first, booking.pk), Shoot(booking.pk, units, places, gains=not begun)))
    return [shoot for _first, shoot in sorted(found, key=lambda pair: pair[0])]


def expect_people(campaign: Campaign, unit_ids: Iterable[int], by: User | None) -> int:
    """Bring the expected people of all firm shoots of these units in step with the roster, with each other and with who
    missed one; gives how many rows came or went.

    Adds who is missing, removes who is only expected and not (any more) to be photographed there. Whoever checked in, was
    photographed or marked absent stays. Individual days (people take seats) and shoots that are over are left alone.
    Harmless when repeated; set-based.
    """
    keys = _connected(campaign, unit_ids)
    return _bring_in_step(campaign, keys, by) if keys else 0


def _bring_in_step(campaign: Campaign, keys: Collection[int], by: User | None) -> int:
    """`expect_people` for these shoots, in one transaction."""
    with transaction.atomic():
        # A shoot that somebody changes at this moment is left out, so that two transactions never wait for each other;
        # the next round of the worker finds it.
        free = Booking.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        bookings = _to_come(free, keys)
        wanted, rows = _shares(campaign, bookings)
        return sum(_write(booking, campaign, wanted[booking.pk], rows, by) for booking in bookings)


def _to_come(rows: QuerySet[Booking], keys: Collection[int]) -> list[Booking]:
    return list(rows.filter(pk__in=keys, state__in=TO_COME).order_by("pk").prefetch_related("units"))


def _is_out_of_step(campaign: Campaign, keys: Collection[int]) -> bool:
    """Whether `_bring_in_step` would change anything now; takes no lock."""
    bookings = _to_come(Booking.objects.all(), keys)
    wanted, rows = _shares(campaign, bookings)
    return any(any(_difference(booking, wanted[booking.pk], rows)) for booking in bookings)


def _difference(booking: Booking, wanted: set[int], rows: _Rows) -> tuple[list[int], list[int]]:
    """The rows that go, and the people who come."""
    gone = [pk for person, pk in rows.free.get(booking.pk, {}).items() if person not in wanted]
    return gone, sorted(wanted - rows.known.get(booking.pk, set()))


def _write(booking: Booking, campaign: Campaign, wanted: set[int], rows: _Rows, by: User | None) -> int:
    gone, missing = _difference(booking, wanted, rows)
    if not gone and not missing:
        return 0
    _kind, fee = shooting_fee(booking.kind, campaign)
    new = [Attendance(booking=booking, graduate_id=person, fee_due=fee) for person in missing]
    Attendance.objects.bulk_create(new, batch_size=PIECE)
    removed = sum(
        remove_expected(Attendance.objects.filter(pk__in=gone[first : first + PIECE]))
        for first in range(0, len(gone), PIECE)
    )
    if new or removed:
        record(booking, "expected_people", by=by, data={"added": len(new), "removed": removed})
    return len(new) + removed


def expect_elsewhere(booking: Booking, by: User | None, unit_ids: Iterable[int] | None = None) -> None:
    """People of this shoot missed it or came after all, or its hours changed: the other shoots of their units follow.

    `unit_ids` if only people of these are concerned. Hardly costs anything where there is no other shoot.
    """
    if unit_ids is None:
        here = Attendance.objects.filter(booking=booking).values("graduate__enrolment__unit")
        unit_ids = Unit.objects.filter(Q(bookings=booking) | Q(pk__in=here)).values_list("pk", flat=True)
    units = set(unit_ids)
    if _connected(booking.campaign, units) - {booking.pk}:
        expect_people(booking.campaign, units, by)


def expect_at_shoots_to_come() -> int:
    """For the worker: all shoots from today on, by what no act announced, such as a picture that was refused.

    Shoots in step are only read, and each transaction locks only shoots that could have people in common.
    """
    ahead = Booking.objects.filter(state__in=TO_COME, kind__in=GROUP_KINDS, holds__day__gte=clock.today())
    changed = 0
    for campaign in Campaign.objects.filter(pk__in=ahead.values("campaign")):
        links = BookingUnit.objects.filter(booking__in=ahead.filter(campaign=campaign))
        parts = _apart(campaign, links.values_list("unit", flat=True).distinct())
        if moved := _follow_apart(campaign, parts):
            # Whoever went over to another unit was still on the list of the old one when the new one was looked at.
            changed += moved + _follow_apart(campaign, parts)
    return changed


def _follow_apart(campaign: Campaign, parts: Iterable[Collection[int]]) -> int:
    return sum(_bring_in_step(campaign, keys, None) for keys in parts if _is_out_of_step(campaign, keys))


def _left_a_trace() -> Q:
    shots = Shot.objects.filter(attendance=OuterRef("pk"))
    fees = Fee.objects.filter(attendance=OuterRef("pk"))
    receipts = Receipt.objects.filter(attendance=OuterRef("pk"))
    return Q(Exists(shots)) | Q(Exists(fees)) | Q(Exists(receipts))


def remove_expected(rows: QuerySet[Attendance]) -> int:
    """Take expectations back that left no trace."""
    return _take_back(traceless(rows)).total()


def _take_back(rows: QuerySet[Attendance]) -> Counter[int]:
    """Delete these rows; gives how many for each booking (id). For use cases with a transaction of their own.

    The lock looks again at a row that it waited for, which a deletion would not: who was checked in meanwhile stays.
    """
    found = list(rows.select_for_update(of=("self",)).only("pk", "booking_id").order_by("pk"))
    Attendance.objects.filter(pk__in=[row.pk for row in found]).delete()
    return Counter(row.booking_id for row in found)


def traceless(rows: QuerySet[Attendance]) -> QuerySet[Attendance]:
    """Those of the rows that are still only expected: no shot, no fee, no receipt."""
    return rows.filter(state=AttendanceState.EXPECTED).exclude(_left_a_trace())


def mere_expectations(graduate_ids: Collection[int]) -> QuerySet[Attendance]:
    """Rows that the roster made at shoots of groups and nobody touched.

    Not a seat that somebody took, nor who walked in, whose number was compared, or who was marked absent for a while.
    """
    rows = Attendance.objects.filter(graduate__in=list(graduate_ids), booking__kind__in=GROUP_KINDS)
    moved = Event.objects.filter(
        subject_type=subject_type(Attendance), subject_id=OuterRef("pk"), kind__startswith="state_"
    )
    return traceless(rows.filter(day=None, id_compared=None)).exclude(Exists(moved))


def count_expected(graduate_ids: Collection[int]) -> int:
    """How many of `mere_expectations` there are, however many people are asked about."""
    return sum(mere_expectations(block).count() for block in blocks(graduate_ids))


def drop_expected(graduate_ids: Collection[int], by: User | None) -> None:
    """These people come off the roster as if they had never been on it, and so do the expectations of them."""
    dropped: Counter[int] = Counter()
    for block in blocks(graduate_ids):
        dropped.update(_take_back(mere_expectations(block)))
    for booking in Booking.objects.filter(pk__in=list(dropped)).order_by("pk"):
        record(booking, "expected_people", by=by, data={"added": 0, "removed": dropped[booking.pk]})


def blocks(ids: Collection[int]) -> Iterator[list[int]]:
    listed = list(ids)
    return (listed[start : start + BLOCK] for start in range(0, len(listed), BLOCK))


def forget_expected(booking: Booking) -> None:
    """The shoot does not take place: nobody is expected, and there is no plan."""
    remove_expected(Attendance.objects.filter(booking=booking))
    PlanEntry.objects.filter(booking=booking).delete()


def grant_units(*, booking: Booking, units: Iterable[Unit], by: User) -> None:
    """Let the booking's studio see these units' people in the campaign. Harmless when repeated.

    Raises `CampaignNotOpen`: the right ends with the campaign, so none is given afterwards.
    """
    keep_published(booking.campaign_id)
    for unit in units:
        grant, created = StudioGrant.objects.get_or_create(
            studio=booking.studio,
            unit=unit,
            campaign=booking.campaign,
            ended_at=None,
            defaults={"given_by": by},
        )
        if created:
            record(grant, "grant_given", by=by, data={"booking": booking.public_id})


def follow_roster(campaign: Campaign, unit_ids: Collection[int], by: User | None) -> None:
    """The roster of these units changed: expected people of their firm shoots follow."""
    expect_people(campaign, unit_ids, by)
