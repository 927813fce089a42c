"""Where everybody stands in the plan: a class in student-number order fills its entries one after the other (R15)."""

import datetime as dt
from dataclasses import dataclass

from sessions.models import Attendance, Booking, PlanEntry


@dataclass(frozen=True)
class Place:
    """Day, hour and station of one person; of a seat taken alone, or of the class's entry in the plan."""

    day: dt.date
    start: dt.time
    end: dt.time | None = None
    station: str = ""

    def report_at(self, minutes_before: int) -> dt.time:
        """When to be there: so many minutes before (A2)."""
        moment = dt.datetime.combine(self.day, self.start) - dt.timedelta(minutes=minutes_before)
        return moment.time()


def fill(entries: list[PlanEntry], people: list[int]) -> dict[int, Place]:
    """Person (key) → place: the entries in order of time take as many as they were planned for; the last takes the rest."""
    places: dict[int, Place] = {}
    ordered = sorted(entries, key=lambda entry: (entry.day, entry.start, entry.station.code))
    rest = list(people)
    for index, entry in enumerate(ordered):
        is_last = index == len(ordered) - 1
        here, rest = (rest, []) if is_last else (rest[: entry.people], rest[entry.people :])
        for key in here:
            places[key] = Place(entry.day, entry.start, entry.end, entry.station.code)
    return places


def places_of(booking: Booking) -> dict[int, Place]:
    """Attendance id → place, for everybody of the shoot who has one; two queries."""
    by_class: dict[int, list[PlanEntry]] = {}
    for entry in PlanEntry.objects.filter(booking=booking).select_related("station"):
        by_class.setdefault(entry.class_group_id, []).append(entry)
    people: dict[int, list[int]] = {}
    places: dict[int, Place] = {}
    rows = Attendance.objects.filter(booking=booking).order_by("graduate__enrolment__student_number")
    for pk, day, seat, class_pk in rows.values_list(
        "pk", "day", "seat_start", "graduate__enrolment__class_group"
    ):
        if seat and day:
            places[pk] = Place(day, seat)
        else:
            people.setdefault(class_pk, []).append(pk)
    for class_pk, keys in people.items():
        places.update(fill(by_class.get(class_pk, []), keys))
    return places


def place_of(attendance: Attendance) -> Place | None:
    """The place of one person."""
    return places_of(attendance.booking).get(attendance.pk)
