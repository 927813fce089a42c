"""A studio's calendar from its rows, and which half hours are free at this moment."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.lists import join_parts, join_words
from photocampus.models import Role, User
from sessions.calendar import (
    Closure,
    DayOff,
    Exceptional,
    Shut,
    Span,
    StudioCalendar,
    capacity,
    half_hours_in,
    is_provisional,
    minutes,
    runs,
)
from sessions.models import (
    OPEN_STATES,
    Booking,
    BookingKind,
    BookingUnit,
    Hold,
    Station,
    StationDayOff,
    StationKind,
)
from units.access import own_unit_ids
from units.models import Campaign, Studio, Unit

LOOK_AROUND = 30  # days before and after in which free hours are looked for


@dataclass(frozen=True, order=True)
class HalfHour:
    """One station for half an hour: `station` is its primary key."""

    station: int
    day: dt.date
    start: dt.time


def station_kind(kind: str) -> str:
    """On site come crews, everything else happens in the studio's bays."""
    return StationKind.CREW if kind == BookingKind.ON_SITE else StationKind.BAY


def calendar_of(studio: Studio) -> StudioCalendar:
    """The studio's working hours as its rows say (four queries)."""
    tables: dict[dt.date | None, dict[int, tuple[Span, ...]]] = {}
    for row in studio.weekly_hours.all():
        week = tables.setdefault(row.since, {})
        week[row.weekday] = (*week.get(row.weekday, ()), Span(row.start, row.end))
    return StudioCalendar(
        weekly=tables.get(None, {}),
        later=tuple(sorted((since, week) for since, week in tables.items() if since is not None)),
        closures=tuple(Closure(row.first, row.last, row.reason) for row in studio.closures.all()),
        exceptions={
            row.day: Exceptional(tuple(_span(pair) for pair in row.openings), row.reason)
            for row in studio.exceptions.all()
        },
    )


def _span(pair: Sequence[str]) -> Span:
    return Span(dt.time.fromisoformat(pair[0]), dt.time.fromisoformat(pair[1]))


@dataclass
class Day:
    """One day of a studio: opening half hours, and per station what is free, held, or not worked.

    Half hours that began at `begun` or before are over, but for those of the booking that is being moved (`own`).
    """

    day: dt.date
    day_off: DayOff | None
    in_window: bool
    is_past: bool
    starts: list[dt.time]
    stations: list[Station]
    off: set[int] = field(default_factory=set)
    held: dict[tuple[int, dt.time], Hold] = field(default_factory=dict)
    begun: dt.time | None = None
    own: set[tuple[int, dt.time]] = field(default_factory=set)

    @property
    def can_be_asked(self) -> bool:
        return self.in_window and not self.is_past and bool(self.starts)

    @property
    def provisional(self) -> bool:
        return is_provisional(self.day.year)

    def is_free(self, station: Station, start: dt.time) -> bool:
        place = (station.pk, start)
        if self.is_over(start) and place not in self.own:
            return False
        return self.can_be_asked and station.pk not in self.off and place not in self.held

    def is_over(self, start: dt.time) -> bool:
        """Whether this half hour has begun."""
        return self.is_past or (self.begun is not None and start <= self.begun)

    def free_of(self, station: Station) -> list[dt.time]:
        return [start for start in self.starts if self.is_free(station, start)]

    @property
    def free(self) -> int:
        """Free half hours of all stations together."""
        return sum(len(self.free_of(station)) for station in self.stations)

    @property
    def all(self) -> int:
        return len(self.starts) * len([station for station in self.stations if station.pk not in self.off])

    @property
    def people(self) -> int:
        """How many people the free hours take, within each station's daily load."""
        return sum(
            min(capacity(self.free_of(station), station.rate), station.daily_load)
            for station in self.stations
            if station.pk not in self.off
        )


def availability(
    *,
    studio: Studio,
    campaign: Campaign,
    kind: str,
    first: dt.date,
    last: dt.date,
    ignoring: Booking | None = None,
    with_stale: bool = True,
) -> list[Day]:
    """Every day from `first` to `last`: what is truly free at this moment for this kind of shoot.

    Hours of `ignoring` count as free (a booking that is being moved); so do, `with_stale`, those whose hold is past its
    deadline: it gives way to whoever asks.
    """
    calendar = calendar_of(studio)
    stations = list(studio.stations.filter(kind=station_kind(kind), is_active=True).order_by("code"))
    now = clock.now()
    days = {}
    for day in (first + dt.timedelta(days=n) for n in range((last - first).days + 1)):
        starts = calendar.half_hours(day)
        begun = now.time() if day == now.date() else None
        is_past = day < now.date() or (begun is not None and bool(starts) and starts[-1] <= begun)
        off = calendar.day_off(day)
        days[day] = Day(day, off, campaign.contains(day), is_past, starts, stations, begun=begun)
    for station, day in _days_off(stations, first, last):
        days[day].off.add(station)
    holds = Hold.objects.filter(station__in=stations, day__range=(first, last)).select_related("booking")
    for hold in holds:
        if ignoring is not None and hold.booking_id == ignoring.pk:
            days[hold.day].own.add((hold.station_id, hold.start))
        elif not (with_stale and is_stale(hold.booking)):
            days[hold.day].held[hold.station_id, hold.start] = hold
    return list(days.values())


def _days_off(stations: Collection[Station], first: dt.date, last: dt.date) -> Iterable[tuple[int, dt.date]]:
    return StationDayOff.objects.filter(station__in=stations, day__range=(first, last)).values_list(
        "station_id", "day"
    )


def is_stale(booking: Booking) -> bool:
    """Held, not confirmed, and past its deadline: it gives way to the next asker."""
    return (
        booking.state in OPEN_STATES and booking.held_until is not None and booking.held_until < clock.now()
    )


def stale() -> Q:
    return Q(state__in=OPEN_STATES, held_until__lt=clock.now())


REFUSALS: dict[str, Any] = {
    Shut.WEEKDAY: _("%(day)s: the studio does not work on this weekday."),
    Shut.HOLIDAY: _("%(day)s is a public holiday or its substitute day off (%(name)s)."),
    Shut.CLOSURE: _("%(day)s: the studio is closed (%(name)s)."),
    Shut.EXCEPTION: _("%(day)s: the studio is closed on this day (%(name)s)."),
    "hour": _("%(day)s %(start)s is outside the studio's hours."),
    "station_off": _("%(day)s: station %(station)s does not work on this day."),
    "station": _("Station %(station)s is not available for this kind of shoot."),
    "past": _("%(day)s is over."),
    "begun": _("%(day)s %(start)s is over."),
    "over": _("All hours of this booking are over. Please agree on other hours."),
}


class StudioClosed(DomainError):
    """The studio or the station does not work then; `why` is a key of `REFUSALS`."""

    code = "studio_closed"

    def __init__(self, *, why: str, **data: Any) -> None:
        super().__init__(why=why, **data)
        self.message = REFUSALS[why]


class OutsideWindow(DomainError):
    code = "outside_window"
    message = _("%(day)s is outside the campaign's window, %(first)s to %(last)s (both days included).")


def require_open(
    *,
    studio: Studio,
    campaign: Campaign,
    kind: str,
    hours: Collection[HalfHour],
    held: Collection[HalfHour] = (),
) -> None:
    """R2 and R13 for every half hour asked for; refuses with the first that cannot be, and why.

    Half hours of today that have begun are refused, but for those `held` by the booking already, as long as one of
    its half hours is still to begin. Raises `OutsideWindow` and `StudioClosed`.
    """
    calendar = calendar_of(studio)
    stations = {station.pk: station for station in studio.stations.all()}
    days = sorted({hour.day for hour in hours})
    if not days:
        return
    off = set(_days_off(list(stations.values()), days[0], days[-1]))
    wanted_kind, today, keeps = station_kind(kind), clock.today(), set(held)
    for hour in sorted(hours, key=lambda h: (h.day, h.start, h.station)):
        station = stations.get(hour.station)
        code = station.code if station else "?"
        if station is None or station.kind != wanted_kind or not station.is_active:
            raise StudioClosed(why="station", station=code)
        if hour.day < today:
            raise StudioClosed(why="past", day=hour.day)
        if not campaign.contains(hour.day):
            raise OutsideWindow(day=hour.day, first=campaign.window_start, last=campaign.window_end)
        if day_off := calendar.day_off(hour.day):
            raise StudioClosed(why=day_off.kind, day=hour.day, name=day_off.name or "—")
        if not calendar.is_open(hour.day, hour.start):
            raise StudioClosed(why="hour", day=hour.day, start=f"{hour.start:%H:%M}")
        if (station.pk, hour.day) in off:
            raise StudioClosed(why="station_off", day=hour.day, station=code)
        if has_begun(hour) and hour not in keeps:
            raise StudioClosed(why="begun", day=hour.day, start=f"{hour.start:%H:%M}")
    if all(has_begun(hour) for hour in hours):
        raise StudioClosed(why="over")


def has_begun(hour: HalfHour) -> bool:
    """Whether nobody can be asked to come for the beginning of this half hour any more."""
    return dt.datetime.combine(hour.day, hour.start) <= clock.now().replace(tzinfo=None)


@dataclass(frozen=True)
class Stretch:
    """Neighbouring half hours of one station on one day, as people read them."""

    day: dt.date
    station: Station
    start: dt.time
    end: dt.time

    @property
    def half_hours(self) -> int:
        return (minutes(self.end) - minutes(self.start)) // 30

    @property
    def code(self) -> str:
        """The stretch as an address carries it: `A1_2018-04-17_0930_1200`."""
        return f"{self.station.code}_{self.day:%Y-%m-%d}_{self.start:%H%M}_{self.end:%H%M}"


def stretches(hours: Iterable[HalfHour], stations: dict[int, Station] | None = None) -> list[Stretch]:
    """Half hours put together per station and day, in order of time."""
    listed = list(hours)
    if stations is None:
        stations = Station.objects.in_bulk({hour.station for hour in listed})
    by_place: dict[tuple[dt.date, int], list[dt.time]] = {}
    for hour in listed:
        by_place.setdefault((hour.day, hour.station), []).append(hour.start)
    found = [
        Stretch(day, stations[station], span.start, span.end)
        for (day, station), starts in by_place.items()
        for span in runs(starts)
    ]
    return sorted(found, key=lambda s: (s.day, s.start, s.station.code))


def read_stretches(texts: Iterable[str], stations: Iterable[Station]) -> list[HalfHour]:
    """Half hours from codes as `Stretch.code` writes them; whatever is not one is left out."""
    by_code = {station.code: station for station in stations}
    found: set[HalfHour] = set()
    for text in texts:
        try:
            code, day_text, start_text, end_text = text.rsplit("_", 3)
            day = dt.date.fromisoformat(day_text)
            start, end = (dt.time(int(t[:2]), int(t[2:])) for t in (start_text, end_text))
        except (ValueError, OverflowError):
            continue
        if station := by_code.get(code):
            found.update(HalfHour(station.pk, day, begin) for begin in half_hours_in([Span(start, end)]))
    return sorted(found, key=lambda h: (h.day, h.start, h.station))


def held_hours(booking: Booking) -> list[HalfHour]:
    return [HalfHour(*row) for row in booking.holds.values_list("station", "day", "start")]


def hours_text(hours: Iterable[HalfHour]) -> str:
    """`A1 04-17 09:30–12:00, …` for messages."""
    return join_parts(
        f"{s.day:%Y-%m-%d} {s.start:%H:%M}–{s.end:%H:%M} {s.station.code}" for s in stretches(hours)
    )


def free_instead(
    *,
    studio: Studio,
    campaign: Campaign,
    kind: str,
    wanted: Collection[HalfHour],
    taken: Collection[HalfHour],
) -> list[list[HalfHour]]:
    """Up to three ways to get as many half hours as were wanted, nearest first: what is still free of them stays,
    the rest comes from the same day or one next to it; where no single day has so many, from several days.

    Empty only when `LOOK_AROUND` days before and after have too few free half hours.
    """
    if not taken:
        return []
    kept = sorted(set(wanted) - set(taken))
    lost_on = [min(max(hour.day, campaign.window_start), campaign.window_end) for hour in taken]
    centre, end = min(lost_on), max(lost_on)
    first = max(centre - dt.timedelta(days=LOOK_AROUND), campaign.window_start, clock.today())
    last = min(end + dt.timedelta(days=LOOK_AROUND), campaign.window_end)
    if first > last:
        return []
    days = availability(studio=studio, campaign=campaign, kind=kind, first=first, last=last)
    pools = {
        day.day: [
            hour
            for station in day.stations
            for hour in (HalfHour(station.pk, day.day, start) for start in day.free_of(station))
            if hour not in kept
        ]
        for day in days
    }
    ways = (_nearest(pools[day], taken) for day in _by_distance(pools, centre))
    found = list(islice((way for way in ways if way), 3)) or [_over_days(pools, taken)]
    return [sorted([*kept, *way]) for way in found if way]


def _by_distance(days: Iterable[dt.date], centre: dt.date) -> list[dt.date]:
    return sorted(days, key=lambda day: (abs((day - centre).days), day))


def _over_days(pools: dict[dt.date, list[HalfHour]], taken: Collection[HalfHour]) -> list[HalfHour]:
    """As many hours as were taken from several days: for each day lost one day, if possible, else whatever is nearest.

    Empties the pools. Gives nothing when all of them together have too few.
    """
    found: list[HalfHour] = []
    for lost_on in sorted({hour.day for hour in taken}):
        lost = sorted(hour for hour in taken if hour.day == lost_on)
        near = _by_distance(pools, lost_on)
        whole = [day for day in near if len(pools[day]) >= len(lost)][:1]
        for day in whole or near:
            chosen = _nearest(pools[day], lost[: len(pools[day])])
            pools[day] = [hour for hour in pools[day] if hour not in chosen]
            found += chosen
            lost = lost[len(chosen) :]
            if not lost:
                break
        else:
            return []
    return found


def _nearest(pool: list[HalfHour], taken: Collection[HalfHour]) -> list[HalfHour]:
    """As many hours of one day as were taken: those at the same times first, then the nearest ones."""
    if not taken or len(pool) < len(taken):
        return []
    middle = sum(minutes(hour.start) for hour in taken) / len(taken)
    same = {minutes(hour.start) for hour in taken}
    ranked = sorted(
        pool,
        key=lambda h: (minutes(h.start) not in same, abs(minutes(h.start) - middle), h.start, h.station),
    )
    return ranked[: len(taken)]


def room_in(hours: Iterable[HalfHour], stations: Mapping[int, Station], load: int | None = None) -> int:
    """How many people these hours take, within the agreed people per station and day (else each station's daily load)."""
    by_place: dict[tuple[int, dt.date], list[dt.time]] = {}
    for hour in hours:
        by_place.setdefault((hour.station, hour.day), []).append(hour.start)
    return sum(
        min(capacity(starts, stations[pk].rate), load or stations[pk].daily_load)
        for (pk, _day), starts in by_place.items()
    )


def suggest_hours(
    *, studio: Studio, campaign: Campaign, kind: str, people: int, first: dt.date
) -> list[HalfHour]:
    """The earliest free hours in which so many people fit, whole stations' days before scattered hours.

    Fills the days one after the other with as many stations as are free; the last day takes as many unbroken hours
    as are needed. Empty when the window has too little room.
    """
    days = availability(
        studio=studio,
        campaign=campaign,
        kind=kind,
        first=max(first, campaign.window_start),
        last=campaign.window_end,
    )
    chosen: list[HalfHour] = []
    left = people
    for day in days:
        hours, left = fill_day(day, left)
        chosen += hours
        if left <= 0:
            return chosen
    return []


def fill_day(day: Day, people: int) -> tuple[list[HalfHour], int]:
    """Free hours of one day for so many people, station by station, and how many people they do not take."""
    chosen: list[HalfHour] = []
    left = people
    for station in day.stations:
        starts = day.free_of(station)
        if left <= 0:
            break
        needed = starts
        for count in range(1, len(starts) + 1):
            if min(capacity(starts[:count], station.rate), station.daily_load) >= left:
                needed = starts[:count]
                break
        if needed:
            chosen += [HalfHour(station.pk, day.day, start) for start in needed]
            left -= min(capacity(needed, station.rate), station.daily_load)
    return chosen, max(left, 0)


def holder_name(hold_booking: Booking, asker: User, units: dict[int, list[Unit]] | None = None) -> str:
    """Who holds an hour, as far as the asker may know: own units and, for studio and staff, everybody by name."""
    if hold_booking.kind == BookingKind.INDIVIDUAL:
        return gettext("individuals")
    names = units.get(hold_booking.pk, []) if units is not None else list(hold_booking.units.all())
    if asker.role == Role.UNIT:
        own = set(own_unit_ids(asker).values_list("unit", flat=True))
        names = [unit for unit in names if unit.pk in own]
        if not names:
            return gettext("another unit")
    if not names:
        return gettext("the studio")
    return join_words(unit.name for unit in names)


def units_by_booking(bookings: Iterable[int]) -> dict[int, list[Unit]]:
    """The units of many bookings in one query."""
    found: dict[int, list[Unit]] = {}
    for row in (
        BookingUnit.objects.filter(booking__in=list(bookings)).select_related("unit").order_by("unit__code")
    ):
        found.setdefault(row.booking_id, []).append(row.unit)
    return found
