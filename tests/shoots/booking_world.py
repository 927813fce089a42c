"""A campaign with two units and a studio, for the tests of booking and planning."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from photocampus import clock
from photocampus.models import User
from sessions.booking import ask_booking, confirm_booking, name_companion
from sessions.calendar import Span, half_hours_in
from sessions.hours import HalfHour
from sessions.models import Booking, Station, StationKind, Venue
from tests import factories as make
from units.models import Campaign, Studio, Unit

NOW = dt.datetime(2018, 3, 20, 10, 0)
DAY = dt.date(2018, 4, 17)


@dataclass
class World:
    campaign: Campaign
    unit: Unit
    other: Unit
    studio: Studio
    bays: list[Station]
    crews: list[Station]
    coordinator: User
    rival: User
    photographer: User
    staff: User


def make_world(people: int = 43, other_people: int = 5) -> World:
    """`people` in two classes of the unit, `other_people` in one of the other; two bays and three crews."""
    campaign = make.make_campaign()
    unit, other = make.make_unit(), make.make_unit()
    make.make_graduates(people - people // 3, campaign, unit, class_name="会计1班")
    make.make_graduates(people // 3, campaign, unit, class_name="会计2班")
    make.make_graduates(other_people, campaign, other, class_name="法学1班")
    studio = make.make_studio(campaign=campaign)
    bays = [make.make_station(studio, f"A{n}") for n in (1, 2)]
    crews = [make.make_station(studio, f"C{n}", StationKind.CREW) for n in (1, 2, 3)]
    return World(
        campaign,
        unit,
        other,
        studio,
        bays,
        crews,
        make.make_coordinator(unit),
        make.make_coordinator(other),
        make.make_photographer(studio),
        make.make_staff(),
    )


def hours(*stations: Station, day: dt.date = DAY, start: str = "09:30", end: str = "12:00") -> list[HalfHour]:
    span = Span(dt.time.fromisoformat(start), dt.time.fromisoformat(end))
    return [HalfHour(station.pk, day, begin) for station in stations for begin in half_hours_in([span])]


def ask(world: World, wanted: list[HalfHour] | None = None, **fields: Any) -> Booking:
    defaults: dict[str, Any] = {
        "campaign": world.campaign,
        "studio": world.studio,
        "units": [world.unit],
        "kind": "group",
        "hours": wanted if wanted is not None else hours(world.bays[0]),
        "by": world.coordinator,
    }
    with clock.at(NOW):
        return ask_booking(**{**defaults, **fields})


def confirmed(world: World, wanted: list[HalfHour] | None = None, load: int = 100, **fields: Any) -> Booking:
    booking = ask(world, wanted, companion_name="陈老师", companion_phone="13900000001", **fields)
    with clock.at(NOW):
        confirm_booking(booking=booking, agreed_load=load, by=world.photographer)
    booking.refresh_from_db()
    return booking


def name(world: World, booking: Booking) -> None:
    with clock.at(NOW):
        name_companion(booking=booking, name="陈老师", phone="13900000001", by=world.coordinator)


def make_venue(unit: Unit, **fields: Any) -> Venue:
    return Venue.objects.create(
        **{
            "unit": unit,
            "name": "综合楼101",
            "area": Decimal(60),
            "longest_side": Decimal(8),
            "doors": 2,
            "voltage": 220,
            "power": Decimal(10),
            "fire_equipment": "灭火器",
            **fields,
        }
    )
