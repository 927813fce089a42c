"""The route of every unit (R3), what academic affairs decide instead, and what crossing the line does (R4)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError, MissingReason, NotAllowed
from photocampus.event_words import add_values
from photocampus.events import history_of, record
from photocampus.lists import join_parts
from photocampus.models import Role, User
from sessions.models import (
    ACTIVE_STATES,
    Booking,
    BookingKind,
    BookingUnit,
    Route,
    RouteOverride,
)
from sessions.routing import Route as RuledRoute
from sessions.routing import Verdict, judge, permits
from students.models import Category, Exemption, Graduate, RosterState
from units.models import Campaign, Unit

FLAG_ROUTE = "route"  # the unit crossed the line after the booking was made
FLAG_HOURS = "hours"  # the studio's calendar or the window changed under the booking
FLAG_ROOM = "room"  # the room, or what is asked of it, changed under the booking
FLAGS = {FLAG_ROUTE: _("route"), FLAG_HOURS: _("hours"), FLAG_ROOM: _("room")}
add_values("shoots.booking", FLAGS)
FLAG_NOTE = 98  # letters of each flag's sentence: three of them fit into the column
GROUP_BOOKING = (BookingKind.ON_SITE, BookingKind.GROUP)


class KindNotPermitted(DomainError):
    code = "kind_not_permitted"
    message = _(
        "%(unit)s has %(counted)d graduates; the line is %(threshold)d, so the rule gives “%(route)s”. "
        "Academic affairs can decide otherwise."
    )


@dataclass
class UnitRoute:
    """One unit with its numbers, its route and its bookings."""

    unit: Unit
    verdict: Verdict
    to_photograph: int
    override: RouteOverride | None = None
    bookings: list[Booking] = field(default_factory=list)

    @property
    def route(self) -> Route:
        return Route.ON_SITE if self.verdict.route == RuledRoute.ON_SITE else Route.STUDIO

    @property
    def label(self) -> str:
        return str(self.route.label)

    @property
    def rule_label(self) -> str:
        return str(Route(self.verdict.by_rule).label)

    @property
    def flagged(self) -> list[Booking]:
        return [booking for booking in self.bookings if booking.flag]


def routes_of(campaign: Campaign, units: Iterable[Unit] | None = None) -> list[UnitRoute]:
    """The routes of these units (all active ones by default), in a fixed number of queries."""
    rows = list(units if units is not None else Unit.objects.filter(is_active=True).order_by("code"))
    counts = {
        row["enrolment__unit"]: row
        for row in Graduate.objects.filter(campaign=campaign, roster_state=RosterState.ACTIVE)
        .values("enrolment__unit")
        .annotate(
            counted=Count("pk", filter=Q(category=Category.GRADUATE)),
            shown=Count("pk", filter=Q(exemption=Exemption.NONE)),
        )
        .order_by()
    }
    overrides = {
        row.unit_id: row
        for row in RouteOverride.objects.filter(campaign=campaign, ended_at=None).select_related("by")
    }
    found = []
    for unit in rows:
        count = counts.get(unit.pk, {"counted": 0, "shown": 0})
        override = overrides.get(unit.pk)
        verdict = judge(count["counted"], campaign.threshold, override.route if override else None)
        found.append(UnitRoute(unit, verdict, count["shown"], override))
    by_unit = {entry.unit.pk: entry for entry in found}
    links = BookingUnit.objects.filter(booking__campaign=campaign, booking__state__in=ACTIVE_STATES)
    for link in links.filter(unit__in=list(by_unit)).select_related("booking__studio").order_by("booking_id"):
        by_unit[link.unit_id].bookings.append(link.booking)
    return found


def route_of_unit(unit: Unit, campaign: Campaign) -> UnitRoute:
    return routes_of(campaign, [unit])[0]


def require_kind(*, campaign: Campaign, units: Collection[Unit], kind: str) -> None:
    """R3 decides whether the units may have this kind of shoot. Raises `KindNotPermitted` for the first that may not."""
    for entry in routes_of(campaign, units):
        if not permits(entry.verdict, kind):
            raise KindNotPermitted(
                unit=entry.unit.name,
                counted=entry.verdict.counted,
                threshold=entry.verdict.threshold,
                route=entry.label,
            )


def _staff_with_reason(by: User, reason: str) -> str:
    if by.role != Role.STAFF:
        raise NotAllowed()
    if not reason.strip():
        raise MissingReason()
    return reason.strip()[:300]


@transaction.atomic
def override_route(*, unit: Unit, campaign: Campaign, route: str, reason: str, by: User) -> RouteOverride:
    """Academic affairs decide the unit's route against the rule, with a reason; logged. An earlier decision ends."""
    reason = _staff_with_reason(by, reason)
    Unit.objects.select_for_update().get(pk=unit.pk)
    before = route_of_unit(unit, campaign)
    RouteOverride.objects.filter(unit=unit, campaign=campaign, ended_at=None).update(ended_at=clock.now())
    override = RouteOverride.objects.create(
        unit=unit, campaign=campaign, route=Route(route), reason=reason, by=by
    )
    record(unit, "route_overridden", by=by, old=before.route, new=route, reason=reason)
    flag_crossed(campaign, [unit.pk], by)
    return override


@transaction.atomic
def end_override(*, unit: Unit, campaign: Campaign, reason: str, by: User) -> None:
    """Let the rule decide again, with a reason; logged. Harmless when there is no decision."""
    reason = _staff_with_reason(by, reason)
    Unit.objects.select_for_update().get(pk=unit.pk)
    open_rows = RouteOverride.objects.filter(unit=unit, campaign=campaign, ended_at=None)
    if not (override := open_rows.first()):
        return
    open_rows.update(ended_at=clock.now())
    after = route_of_unit(unit, campaign)
    record(unit, "route_override_ended", by=by, old=override.route, new=after.route, reason=reason)
    flag_crossed(campaign, [unit.pk], by)


def flag_crossed(campaign: Campaign, unit_ids: Collection[int], by: User | None) -> None:
    """R4: bookings of units that are now on the other side of the line are flagged, never rebooked; those that are
    right again lose the flag. Called with every change of the roster; set-based."""
    bookings = Booking.objects.filter(
        campaign=campaign, state__in=ACTIVE_STATES, kind__in=GROUP_BOOKING, units__in=list(unit_ids)
    ).exclude(state="done")
    involved = list(bookings.distinct().prefetch_related("units"))
    if not involved:
        return
    units = {unit.pk: unit for booking in involved for unit in booking.units.all()}
    entries = {entry.unit.pk: entry for entry in routes_of(campaign, units.values())}
    for booking in involved:
        wrong = [
            entries[unit.pk]
            for unit in booking.units.all()
            if not permits(entries[unit.pk].verdict, booking.kind)
        ]
        if wrong and FLAG_ROUTE not in flags_of(booking):
            raise_flag(booking, FLAG_ROUTE, _crossed_note(wrong), by)
        elif not wrong:
            lower_flag(booking, FLAG_ROUTE, by)


def _crossed_note(entries: list[UnitRoute]) -> str:
    return join_parts(
        gettext(
            "%(unit)s now has %(counted)d graduates, the line is %(threshold)d: the route is “%(route)s”."
        )
        % {
            "unit": entry.unit.name,
            "counted": entry.verdict.counted,
            "threshold": entry.verdict.threshold,
            "route": entry.label,
        }
        for entry in entries
    )[:FLAG_NOTE]


def flags_of(booking: Booking) -> dict[str, str]:
    """Why the booking is flagged: kind of flag → its sentence. Both kinds may hold at once."""
    return dict(zip(booking.flag.split(), booking.flag_note.split("\n"), strict=False))


def raise_flag(booking: Booking, kind: str, note: str, by: User | None) -> None:
    """Flag a booking for one more reason, or for the same with another sentence; other flags stay."""
    flags = {**flags_of(booking), kind: note.replace("\n", " ")[:FLAG_NOTE]}
    set_flag(booking, " ".join(sorted(flags)), "\n".join(flags[name] for name in sorted(flags)), by)


def lower_flag(booking: Booking, kind: str, by: User | None) -> None:
    """This reason is gone; harmless when it was not there."""
    flags = flags_of(booking)
    if flags.pop(kind, None) is not None:
        set_flag(booking, " ".join(sorted(flags)), "\n".join(flags[name] for name in sorted(flags)), by)


def set_flag(booking: Booking, flag: str, note: str, by: User | None) -> None:
    """Write all flags at once ("": none), with a line of history when one came, went, or says something else."""
    rows = Booking.objects.filter(pk=booking.pk).exclude(flag=flag, flag_note=note)
    if rows.update(flag=flag, flag_note=note):
        gone = len(flag.split()) < len(booking.flag.split())
        record(booking, "flag_cleared" if gone else "flagged", by=by, old=booking.flag, new=flag, reason=note)
    booking.flag, booking.flag_note = flag, note


@transaction.atomic
def keep_booking(*, booking: Booking, reason: str, by: User) -> None:
    """R4: academic affairs keep a flagged booking as it is, with a written reason.

    For units that crossed the line this is a decision about their route, so that the next change of the roster does
    not flag the booking again; for a room, what it lacks now is accepted.
    """
    reason = _staff_with_reason(by, reason)
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    flag, flags = booking.flag, flags_of(booking)
    if FLAG_ROUTE in flags:
        route = Route.ON_SITE if booking.kind == BookingKind.ON_SITE else Route.STUDIO
        for entry in routes_of(booking.campaign, booking.units.all()):
            if not permits(entry.verdict, booking.kind):
                override_route(unit=entry.unit, campaign=booking.campaign, route=route, reason=reason, by=by)
    if FLAG_ROOM in flags:
        from sessions.room_flags import accept_room  # which flags through this module

        accept_room(booking)
    booking.refresh_from_db(fields=["flag", "flag_note"])
    set_flag(booking, "", "", by)
    # What was kept is remembered, so that the same hours are not flagged again at the next look at the calendar;
    # also when it is something else that is kept now.
    hours = flags.get(FLAG_HOURS) or kept_hours(booking)
    record(booking, "kept", by=by, old=flag, reason=reason, data={"hours": hours})


def kept_hours(booking: Booking) -> str:
    """The sentence about lost hours with which the booking was kept last, or ""."""
    event = history_of(booking).filter(kind="kept").last()
    return str(event.data.get("hours", "")) if event else ""


def follow_roster(campaign: Campaign, unit_ids: Collection[int], by: User | None) -> None:
    """Listener of the roster (see `students.hooks`)."""
    flag_crossed(campaign, unit_ids, by)


def follow_threshold(campaign: Campaign, fields: Collection[str], by: User | None) -> None:
    """Listener of the campaign (see `units.hooks`): a new line may have moved below or above any unit."""
    if "threshold" in fields:
        booked = BookingUnit.objects.filter(booking__campaign=campaign).values_list("unit", flat=True)
        flag_crossed(campaign, set(booked), by)
