"""The plan as the screen and the paper show it: days, hours and stations with their blocks, and class by class."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from photocampus import clock
from sessions.calendar import clock_time, minutes
from sessions.models import Booking, Disturbance, PlanEntry, Station
from sessions.outages import Span, is_lasting, recorded, spans_of, with_outages
from sessions.plan_edits import seal
from sessions.plan_limits import broken_rules
from sessions.plan_reasons import reasons_of
from sessions.plan_rows import class_sizes, problem_of, stations_of
from sessions.plan_rules import OPEN, OVER, UNDER_WAY, frame_of_slots, people_by_hour, standings_of
from sessions.planner import Forecast, Slot, slots_of
from sessions.plans import forecast_of
from students.models import ClassGroup

COLOURS = 12


@dataclass(frozen=True)
class Ends:
    """When a class or a day is expected to be over: the median, and the time kept in nine of ten cases."""

    day: dt.date
    median: dt.time
    bound: dt.time


@dataclass(frozen=True)
class Block:
    """A class in an hour of the timetable; `colour` is stable per class."""

    entry: PlanEntry
    colour: int
    reasons: list[str]
    standing: str
    report_at: dt.time
    is_own: bool
    ends: Ends | None

    @property
    def is_open(self) -> bool:
        return self.standing == OPEN

    @property
    def is_under_way(self) -> bool:
        return self.standing == UNDER_WAY

    @property
    def may_move(self) -> bool:
        return self.is_open and self.is_own

    @property
    def seal(self) -> str:
        return seal(self.entry)

    @property
    def place(self) -> str:
        return f"{self.entry.station.code}_{self.entry.day:%Y-%m-%d}_{minutes(self.entry.start)}"


@dataclass(frozen=True)
class Cell:
    """One station in one hour; without a slot it is not held, or only what a disturbance left lies there."""

    station: Station
    slot: Slot | None
    blocks: list[Block]
    people: int
    is_gone: bool
    is_out: bool = False  # the station cannot work then

    @property
    def free(self) -> int:
        return max(0, (self.slot.capacity if self.slot else 0) - self.people)

    @property
    def code(self) -> str:
        return slot_code(self.slot) if self.slot else ""

    @property
    def is_open(self) -> bool:
        return self.slot is not None and not self.is_gone


@dataclass(frozen=True)
class Row:
    start: dt.time
    end: dt.time
    cells: list[Cell]


@dataclass(frozen=True)
class PlanDay:
    """One day: hours as rows, stations as columns."""

    day: dt.date
    stations: list[Station]
    rows: list[Row]
    loads: list[int]
    ends: Ends | None

    @property
    def people(self) -> int:
        return sum(self.loads)

    @property
    def blocks(self) -> list[Block]:
        """In the order in which they come."""
        return [block for row in self.rows for cell in row.cells for block in cell.blocks]


@dataclass
class ClassLine:
    """One class: its hours, the ends expected, and why it is there."""

    group: ClassGroup
    size: int
    colour: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def planned(self) -> int:
        return sum(block.entry.people for block in self.blocks)

    @property
    def rest(self) -> int:
        return self.size - self.planned

    @property
    def is_to_come(self) -> bool:
        return any(block.is_open or block.is_under_way for block in self.blocks)

    @property
    def surplus(self) -> int:
        return max(0, -self.rest)

    @property
    def ends(self) -> list[Ends]:
        """Once per day."""
        return list(dict.fromkeys(block.ends for block in self.blocks if block.ends))

    @property
    def reasons(self) -> list[str]:
        return list(dict.fromkeys(text for block in self.blocks for text in block.reasons))


@dataclass(frozen=True)
class PlanView:
    """Everything that a page shows of one plan."""

    days: list[PlanDay]
    classes: list[ClassLine]
    rows: list[PlanEntry]
    slots: list[Slot]
    sizes: dict[ClassGroup, int]
    outages: list[Disturbance] = field(default_factory=list)  # not over yet
    stranded: list[ClassGroup] = field(default_factory=list)  # planned while their station cannot work
    broken: list[str] = field(default_factory=list)  # rules that hours to come no longer keep to, in words

    @property
    def people(self) -> int:
        return sum(self.sizes.values())

    @property
    def stranded_names(self) -> list[str]:
        return [group.name for group in self.stranded]

    @property
    def waiting(self) -> list[ClassLine]:
        """Classes with people who have no hour yet."""
        return [line for line in self.classes if line.rest > 0]

    @property
    def too_many(self) -> list[ClassLine]:
        """Classes for which more people are planned than are expected since the roster changed, as long as some come."""
        return [line for line in self.classes if line.rest < 0 and line.is_to_come]

    def block_of(self, public_id: str) -> Block | None:
        blocks = (block for line in self.classes for block in line.blocks)
        return next((block for block in blocks if block.entry.public_id == public_id), None)


def slot_code(slot: Slot) -> str:
    return f"{slot.station}_{slot.day:%Y-%m-%d}_{slot.start}"


def slot_label(slot: Slot) -> str:
    start, end = clock_time(slot.start), clock_time(slot.end)
    return f"{slot.day:%m-%d} {start:%H:%M}–{end:%H:%M} · {slot.station}"


def plan_view(booking: Booking, rows: list[PlanEntry], own_units: Collection[int] | None = None) -> PlanView:
    """The plan with everything around it; `own_units` are those whose classes the reader may move (None: all).

    A constant number of queries, whatever the size of the plan.
    """
    sizes = class_sizes(booking)
    spans = spans_of(known := recorded(booking))
    problem, _names = problem_of(booking, sizes=sizes, spans=())
    held = slots_of(problem.stations)
    problem = replace(problem, stations=with_outages(problem.stations, spans))
    slots = slots_of(problem.stations)
    lines: dict[int, ClassLine] = {}
    for number, (group, size) in enumerate(sizes.items()):
        lines[group.pk] = ClassLine(group, size, number % COLOURS + 1)
    for row in rows:
        if row.class_group_id not in lines:
            lines[row.class_group_id] = ClassLine(row.class_group, 0, len(lines) % COLOURS + 1)
    ends = _ends_of(forecast_of(booking, rows))
    standings = standings_of(booking, rows)
    reasons = reasons_of(problem, rows, standings)
    report = dt.timedelta(minutes=booking.campaign.report_minutes)
    for row in rows:
        line = lines[row.class_group_id]
        line.blocks.append(
            Block(
                row,
                line.colour,
                reasons[row.class_group_id] if standings[row.pk] == OPEN else [],
                standings[row.pk],
                (dt.datetime.combine(row.day, row.start) - report).time(),
                own_units is None or row.class_group.unit_id in own_units,
                ends.get((str(row.class_group_id), row.day)),
            )
        )
    blocks = [block for line in lines.values() for block in line.blocks]
    days = timetable(list(stations_of(booking).values()), slots, blocks, ends, spans, held)
    lasting = [row for row in known if is_lasting(row)]
    open_rows = [row for row in rows if standings[row.pk] == OPEN]
    return PlanView(
        days, list(lines.values()), rows, slots, sizes, lasting, _stranded(blocks, lasting),
        broken_rules(booking, open_rows, held, sizes),
    )  # fmt: skip


def _stranded(blocks: Iterable[Block], lasting: Iterable[Disturbance]) -> list[ClassGroup]:
    spans, now = spans_of(lasting), clock.now()
    found = {
        block.entry.class_group: None
        for block in blocks
        if block.standing != OVER
        and any(
            span.stops(block.entry.station.code, block.entry.day, *_ahead(block.entry, now)) for span in spans
        )
    }
    return list(found)


def _ahead(entry: PlanEntry, now: dt.datetime) -> tuple[int, int]:
    """What is still to come of the entry's hour, in minutes."""
    start = minutes(entry.start)
    return (max(start, minutes(now.time())) if entry.day == now.date() else start), minutes(entry.end)


def _ends_of(found: Forecast) -> dict[tuple[str, dt.date], Ends]:
    """By class and day; the whole day stands under the empty key."""
    pairs = {**found.groups, **{("", day): pair for day, pair in found.days.items()}}
    return {key: Ends(key[1], _clock(pair[0]), _clock(pair[1])) for key, pair in pairs.items()}


def _clock(total: int) -> dt.time:
    return clock_time(min(total, 24 * 60 - 1))


def timetable(
    stations: list[Station],
    slots: list[Slot],
    blocks: list[Block],
    ends: dict[tuple[str, dt.date], Ends],
    spans: Collection[Span] = (),
    held: Collection[Slot] = (),
) -> list[PlanDay]:
    """Days with hours as rows and stations as columns; hours that only entries have, as a disturbance left them, too,
    and of those held the ones in which nobody works."""
    now = clock.now().replace(tzinfo=None)
    taken = people_by_hour(frame_of_slots(slots), [block.entry for block in blocks])
    by_slot = {(slot.day, slot.start, slot.station): slot for slot in slots}
    by_place: dict[tuple[dt.date, int, int, str], list[Block]] = {}
    for block in sorted(blocks, key=lambda block: block.entry.class_group.name):
        entry = block.entry
        place = (entry.day, minutes(entry.start), minutes(entry.end), entry.station.code)
        by_place.setdefault(place, []).append(block)
    hours = {(slot.day, slot.start, slot.end) for slot in slots} | {place[:3] for place in by_place}
    hours |= {
        (idle.day, idle.start, idle.end)
        for idle in held
        if not any(day == idle.day and start < idle.end and idle.start < end for day, start, end in hours)
    }
    days = []
    for day in sorted({hour[0] for hour in hours}):
        used = {s.station for s in slots if s.day == day} | {p[3] for p in by_place if p[0] == day}
        here = [station for station in stations if station.code in used]
        rows = []
        for _day, start, end in sorted(hour for hour in hours if hour[0] == day):
            gone = dt.datetime.combine(day, clock_time(start)) <= now
            cells = []
            for station in here:
                slot = by_slot.get((day, start, station.code))
                slot = slot if slot and slot.end == end else None
                found = by_place.get((day, start, end, station.code), [])
                people = taken.get((station.code, day, start), 0)
                out = any(span.stops(station.code, day, start, end) for span in spans)
                cells.append(Cell(station, slot, found, people, gone, out))
            rows.append(Row(clock_time(start), clock_time(end), cells))
        loads = [
            sum(b.entry.people for b in blocks if b.entry.day == day and b.entry.station_id == s.pk)
            for s in here
        ]
        days.append(PlanDay(day, here, rows, loads, ends.get(("", day))))
    return days
