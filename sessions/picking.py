"""Choosing half hours on a month and a day: what is free, what is chosen so far, and the links between them.

The choice travels in the address as stretches (`h=A1_2018-04-17_0930_1200`), so that the page works without scripts
and nothing is stored before somebody asks.
"""

import calendar as months
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from photocampus import clock
from photocampus.lists import join_parts
from photocampus.models import User
from sessions.calendar import Shut
from sessions.condensed import words_of
from sessions.hours import (
    Day,
    HalfHour,
    Stretch,
    availability,
    free_instead,
    holder_name,
    read_stretches,
    room_in,
    station_kind,
    stretches,
    suggest_hours,
    units_by_booking,
)
from sessions.models import Booking, Station
from units.models import Campaign, Studio

HALF = dt.timedelta(minutes=30)


@dataclass(frozen=True)
class MonthCell:
    """One day of the month view."""

    day: Day
    text: str
    state: str  # free, little, full, shut
    url: str
    is_open: bool
    chosen: int

    @property
    def per_station(self) -> list[str]:
        """`A1 5`, `A2 13`: free half hours of each station that works on the day."""
        working = [station for station in self.day.stations if station.pk not in self.day.off]
        return [f"{station.code}\N{NO-BREAK SPACE}{len(self.day.free_of(station))}" for station in working]

    @property
    def filled(self) -> int:
        """Taken share of the day in tenths, for the bar."""
        return round((1 - self.day.free / self.day.all) * 100) if self.day.all else 0


@dataclass(frozen=True)
class HourCell:
    """One half hour of one station in the day view."""

    station: Station
    state: str  # free, chosen, held, off
    value: str = ""
    holder: str = ""
    url: str = ""


@dataclass(frozen=True)
class Picked:
    """A stretch of the choice; `why` says why it cannot be had (any more), "" while it is free."""

    stretch: Stretch
    why: str = ""


@dataclass
class Picker:
    """Everything the choosing page shows, read from the request; the caller says for whom."""

    request: HttpRequest
    user: User
    studio: Studio
    campaign: Campaign
    kind: str
    people: int
    path: str
    ignoring: Booking | None = None
    extra: tuple[tuple[str, str], ...] = ()
    default: tuple[HalfHour, ...] = ()

    @cached_property
    def stations(self) -> list[Station]:
        found = self.studio.stations.filter(kind=station_kind(self.kind), is_active=True)
        return list(found.order_by("code"))

    @property
    def source(self) -> dict[str, list[str]]:
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        return {key: data.getlist(key) for key in data}

    @cached_property
    def chosen(self) -> list[HalfHour]:
        """The half hours chosen so far; those of the booking itself when nothing was chosen yet."""
        if "h" not in self.source and "picking" not in self.source:
            return sorted(self.default)
        return read_stretches(self.source.get("h", []), self.stations)

    @property
    def chosen_stretches(self) -> list[Stretch]:
        return stretches(self.chosen, {station.pk: station for station in self.stations})

    @property
    def chosen_people(self) -> int:
        """How many people the chosen hours take that can be had, within each station's daily load."""
        free = [hour for hour in self.chosen if hour not in self.lost]
        return room_in(free, {station.pk: station for station in self.stations})

    @property
    def is_enough(self) -> bool:
        return self.chosen_people >= self.people

    @cached_property
    def lost(self) -> dict[HalfHour, str]:
        """Chosen half hours that cannot be had (any more), and why: somebody took them, or the studio is shut then."""
        days = self._days_of_choice
        holds = {
            hour: days[hour.day].held.get((hour.station, hour.start))
            for hour in self.chosen
            if hour.day in days
        }
        units = units_by_booking({hold.booking_id for hold in holds.values() if hold})
        stations = {station.pk: station for station in self.stations}
        found = {}
        for hour in self.chosen:
            if hour.day not in days:
                found[hour] = _("outside the window")
            elif hold := holds[hour]:
                found[hour] = _("held: %(holder)s") % {"holder": holder_name(hold.booking, self.user, units)}
            elif not days[hour.day].can_be_asked:
                found[hour] = why_shut(days[hour.day])
            elif hour.start not in days[hour.day].starts or not days[hour.day].is_free(
                stations[hour.station], hour.start
            ):
                found[hour] = _("over") if days[hour.day].is_over(hour.start) else _("not working")
        return found

    @cached_property
    def _days_of_choice(self) -> dict[dt.date, Day]:
        """The days of the choice that lie in the window; those of the month shown are at hand already."""
        wanted = {hour.day for hour in self.chosen if self.campaign.contains(hour.day)}
        if not (more := wanted - self.days.keys()):
            return self.days
        found = availability(
            studio=self.studio,
            campaign=self.campaign,
            kind=self.kind,
            first=min(more),
            last=max(more),
            ignoring=self.ignoring,
        )
        return {**{day.day: day for day in found}, **self.days}

    @property
    def picked(self) -> list[Picked]:
        """The choice as people read it, hours that are lost apart from the others."""
        by_why: dict[str, list[HalfHour]] = {}
        for hour in self.chosen:
            by_why.setdefault(self.lost.get(hour, ""), []).append(hour)
        stations = {station.pk: station for station in self.stations}
        rows = [Picked(s, why) for why, hours in by_why.items() for s in stretches(hours, stations)]
        return sorted(rows, key=lambda p: (p.stretch.day, p.stretch.start, p.stretch.station.code))

    @property
    def without_lost(self) -> str:
        """This page with what is left of the choice."""
        return self.url(month=self.month, hours=[hour for hour in self.chosen if hour not in self.lost])

    @property
    def instead(self) -> list[tuple[str, str]]:
        """The nearest free hours in place of the lost ones: address and words."""
        options = free_instead(
            studio=self.studio,
            campaign=self.campaign,
            kind=self.kind,
            wanted=self.chosen,
            taken=list(self.lost),
        )
        stations = {station.pk: station for station in self.stations}
        return [
            (
                self.url(month=hours[0].day.replace(day=1), hours=hours),
                join_parts(words_of(stretches(hours, stations))),
            )
            for hours in options
        ]

    @property
    def is_started(self) -> bool:
        return "picking" in self.source

    def _date(self, name: str) -> dt.date | None:
        try:
            return dt.date.fromisoformat((self.source.get(name) or [""])[-1])
        except ValueError:
            return None

    @cached_property
    def day(self) -> dt.date | None:
        return self._date("day")

    @cached_property
    def month(self) -> dt.date:
        """First day of the month shown: asked for, else that of the day or the choice, else today's; in the window."""
        shown = self._date("month") or self.day or (self.chosen[0].day if self.chosen else clock.today())
        return min(max(shown, self.campaign.window_start), self.campaign.window_end).replace(day=1)

    @cached_property
    def days(self) -> dict[dt.date, Day]:
        last = self.month.replace(day=months.monthrange(self.month.year, self.month.month)[1])
        found = availability(
            studio=self.studio,
            campaign=self.campaign,
            kind=self.kind,
            first=self.month,
            last=last,
            ignoring=self.ignoring,
        )
        return {day.day: day for day in found}

    @property
    def is_provisional(self) -> bool:
        """Whether the year's holidays are not published yet."""
        return next(iter(self.days.values())).provisional

    def url(
        self,
        *,
        day: dt.date | None = None,
        month: dt.date | None = None,
        hours: Iterable[HalfHour] | None = None,
    ) -> str:
        """This page for another day, month or choice."""
        chosen = (
            self.chosen_stretches if hours is None else stretches(hours, {s.pk: s for s in self.stations})
        )
        query: list[tuple[str, str]] = [*self.extra, ("picking", "1")]
        query += [("h", stretch.code) for stretch in chosen]
        if month:
            query.append(("month", f"{month:%Y-%m-%d}"))
        if day:
            query.append(("day", f"{day:%Y-%m-%d}"))
        return f"{self.path}?{urlencode(query)}" + ("#day" if day else "")

    @property
    def previous_url(self) -> str:
        before = self.month - dt.timedelta(days=1)
        return self.url(month=before.replace(day=1)) if before >= self.campaign.window_start else ""

    @property
    def next_url(self) -> str:
        after = (self.month + dt.timedelta(days=32)).replace(day=1)
        return self.url(month=after) if after <= self.campaign.window_end else ""

    @property
    def weekday_names(self) -> list[str]:
        return [str(WEEKDAYS_ABBR[number]) for number in range(7)]

    @property
    def weeks(self) -> list[list[MonthCell | None]]:
        weeks: list[list[MonthCell | None]] = []
        for week in months.Calendar(firstweekday=0).monthdatescalendar(self.month.year, self.month.month):
            weeks.append([self._cell(self.days[day]) if day in self.days else None for day in week])
        return weeks

    def _cell(self, day: Day) -> MonthCell:
        chosen = sum(1 for hour in self.chosen if hour.day == day.day and hour not in self.lost)
        if not day.can_be_asked:
            return MonthCell(day, why_shut(day), "shut", "", False, chosen)
        text = _("%(free)d of %(all)d free") % {"free": day.free, "all": day.all}
        state = "full" if not day.free else "little" if day.free * 3 < day.all else "free"
        return MonthCell(day, text, state, self.url(day=day.day, month=self.month), True, chosen)

    @cached_property
    def open_day(self) -> Day | None:
        """The day shown by the hour, if it can be asked for."""
        return self.days.get(self.day) if self.day else None

    @cached_property
    def grid(self) -> list[tuple[dt.time, dt.time, list[HourCell]]]:
        """The day by the hour: rows are half hours, cells are stations."""
        day = self.open_day
        if day is None:
            return []
        chosen = {(hour.station, hour.start) for hour in self.chosen if hour.day == day.day}
        units = units_by_booking({hold.booking_id for hold in day.held.values()})
        rows = []
        for start in day.starts:
            end = (dt.datetime.combine(day.day, start) + HALF).time()
            cells = []
            for station in self.stations:
                value = f"{station.code}_{day.day:%Y-%m-%d}_{start:%H%M}_{end:%H%M}"
                if (hold := day.held.get((station.pk, start))) is not None:
                    cells.append(
                        HourCell(station, "held", holder=holder_name(hold.booking, self.user, units))
                    )
                elif not day.is_free(station, start):
                    cells.append(HourCell(station, "off"))
                else:
                    cells.append(
                        HourCell(station, "chosen" if (station.pk, start) in chosen else "free", value)
                    )
            rows.append((start, end, cells))
        return rows

    @property
    def can_pick(self) -> bool:
        """Whether anything on the day shown can be chosen, or given back."""
        return any(cell.state in ("free", "chosen") for _start, _end, cells in self.grid for cell in cells)

    @property
    def whole_days(self) -> list[tuple[Station, str, int]]:
        """Per station of the day: the address that adds all its free hours, and how many they are."""
        day = self.open_day
        if day is None:
            return []
        found = []
        for station in self.stations:
            free = [HalfHour(station.pk, day.day, start) for start in day.free_of(station)]
            url = self.url(day=day.day, month=self.month, hours={*self.chosen, *free}) if free else ""
            found.append((station, url, len(free)))
        return found

    @property
    def elsewhere(self) -> list[Stretch]:
        """The choice on other days: hidden fields of the day's form."""
        return [stretch for stretch in self.chosen_stretches if stretch.day != self.day]

    @property
    def suggestion(self) -> str:
        """The address with the earliest hours in which everybody fits, or ""."""
        first = max(clock.today() + dt.timedelta(days=1), self.campaign.window_start)
        hours = suggest_hours(
            studio=self.studio, campaign=self.campaign, kind=self.kind, people=self.people, first=first
        )
        return self.url(hours=hours, month=hours[0].day.replace(day=1)) if hours else ""


def why_shut(day: Day) -> str:
    """One or two words for a day that cannot be asked for."""
    if day.is_past:
        return _("over")
    if not day.in_window:
        return _("outside the window")
    if day.day_off is None:
        return _("not open")
    if day.day_off.kind == Shut.WEEKDAY:
        return _("weekly closing day")
    if day.day_off.kind == Shut.HOLIDAY:
        return holiday_name(day.day_off.name)
    return day.day_off.name or _("not open")


def holiday_name(name: str) -> str:
    """The holiday's own name, or that the day is a substitute for one."""
    return _("substitute day off") if "调休" in name else name
