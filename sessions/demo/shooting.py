"""The demonstration from booking to the end of the shoot."""

import datetime as dt

from photocampus import clock
from photocampus.models import User
from sessions.booking import ask_booking, confirm_booking
from sessions.checkin import check_in, mark_photographed
from sessions.demo.opening import add_venue
from sessions.demo.scene import TODAY, DemoFailed, DemoUnit, Scene, on
from sessions.fees import move_fee
from sessions.hours import HalfHour, availability
from sessions.models import Attendance, AttendanceState, Booking, BookingKind, FeeState, PlanEntry, Station
from sessions.places import places_of
from sessions.plans import generate_plan
from sessions.routes import route_of_unit
from sessions.routing import Route
from sessions.seats import take_seat
from sessions.shoots import finish_shoot, start_shoot
from sessions.shots import issue_shot, void_shot
from sessions.studio_days import open_individual_day
from sessions.waitlist import join_waitlist

# The day on which the search for free hours begins, by what the unit does last.
FIRST_DAYS = {
    "answer": dt.date(2018, 3, 13),
    "acceptance": dt.date(2018, 4, 3),
    "pictures": dt.date(2018, 4, 10),
    "shoot": dt.date(2018, 4, 12),
    "confirmed": dt.date(2018, 4, 24),
    "booking": dt.date(2018, 5, 8),
}
# A Saturday on which the studio takes people who come alone: no group finds room, and one unit waits for it.
FULL_DAY = dt.date(2018, 4, 28)
MAKEUP_DAYS = (dt.date(2018, 3, 27), dt.date(2018, 4, 11), dt.date(2018, 4, 19))
LAST_MINUTES = 150  # how long today's shoot has been going on
VOIDED = "闭眼，重拍"


def first_day(scene: Scene, demo: DemoUnit) -> dt.date:
    if demo is scene.units[2]:
        return TODAY
    later = dt.timedelta(days=7) if demo is scene.units[1] else dt.timedelta()
    return FIRST_DAYS[demo.ends] + later


def ask_and_confirm(scene: Scene) -> None:
    """Units ask for hours; the studio confirms all but those that are to wait."""
    for demo in scene.reaching("booking"):
        day = first_day(scene, demo)
        asked = max(dt.date(2018, 3, 1), day - dt.timedelta(days=12))
        if not demo.reaches("confirmed"):
            asked = TODAY - dt.timedelta(days=1)
        with on(asked, 14):
            booking = _ask(scene, demo, day)
        if demo.reaches("confirmed"):
            with on(asked + dt.timedelta(days=1), 9, 40):
                confirm_booking(
                    booking=booking, agreed_load=130, by=scene.photographer, note="请提前15分钟到场。"
                )


def wait_for_a_full_day(scene: Scene) -> None:
    """The studio opens what is left of a day for individuals; the unit that has not booked yet would like that very day."""
    with on(TODAY - dt.timedelta(days=4), 16):
        day = availability(
            studio=scene.studio,
            campaign=scene.campaign,
            kind=BookingKind.GROUP,
            first=FULL_DAY,
            last=FULL_DAY,
        )[0]
        if free := [HalfHour(s.pk, FULL_DAY, start) for s in day.stations for start in day.free_of(s)]:
            open_individual_day(
                studio=scene.studio,
                campaign=scene.campaign,
                hours=free,
                seats=6,
                by=scene.photographer,
                note="个人拍摄专场，请本人预约时段。",
            )
    with on(TODAY - dt.timedelta(days=3), 11):
        for demo in _would_like_it(scene)[:1]:
            join_waitlist(
                campaign=scene.campaign,
                studio=scene.studio,
                unit=demo.unit,
                kind=BookingKind.GROUP,
                day=FULL_DAY,
                by=demo.coordinator,
            )


def _would_like_it(scene: Scene) -> list[DemoUnit]:
    """Units that go to the studio, are signed off and not confirmed; those without any request first."""
    ends = ("sign_off", "booking")
    units = [demo for demo in scene.units if demo.ends in ends]
    routes = {demo.unit.pk: route_of_unit(demo.unit, scene.campaign).verdict.route for demo in units}
    return sorted(
        (demo for demo in units if routes[demo.unit.pk] != Route.ON_SITE), key=lambda d: ends.index(d.ends)
    )


def _ask(scene: Scene, demo: DemoUnit, day: dt.date) -> Booking:
    route = route_of_unit(demo.unit, scene.campaign)
    kind = BookingKind.ON_SITE if route.verdict.route == Route.ON_SITE else BookingKind.GROUP
    if kind == BookingKind.ON_SITE:
        add_venue(scene, demo)
    return ask_booking(
        campaign=scene.campaign,
        studio=scene.studio,
        units=[demo.unit],
        kind=kind,
        hours=find_hours(scene, kind, day, len(demo.people)),
        by=demo.coordinator,
        note="请安排在上午开始。",
        venue=demo.unit.venues.first(),
        companion_name=demo.coordinator.name,
        companion_phone=f"138{0:04d}{demo.invented.size:04d}",
    )


def find_hours(scene: Scene, kind: str, first: dt.date, people: int) -> list[HalfHour]:
    """Enough free half hours from `first` on: two stations at a time, each day within the daily load."""
    found: list[HalfHour] = []
    room = 0.0
    for day in availability(
        studio=scene.studio, campaign=scene.campaign, kind=kind, first=first, last=scene.campaign.window_end
    ):
        load: dict[int, float] = {}
        for start in day.starts:
            for station in [s for s in day.stations if day.is_free(s, start)][:2]:
                if room < people * 1.05 and load.get(station.pk, 0) + station.rate / 2 <= station.daily_load:
                    found.append(HalfHour(station.pk, day.day, start))
                    load[station.pk] = load.get(station.pk, 0) + station.rate / 2
                    room += station.rate / 2
        if room >= people * 1.05:
            return found
    raise DemoFailed(f"no free hours for {people} people from {first}")


def plan_units(scene: Scene) -> None:
    """The plan by class and hour, for every confirmed booking but those that wait for it."""
    for demo in scene.reaching("plan"):
        booking = booking_of(demo)
        with on(first_day(scene, demo) - dt.timedelta(days=7), 11):
            generate_plan(booking=booking, by=demo.coordinator)
        planned = sum(PlanEntry.objects.filter(booking=booking).values_list("people", flat=True))
        if planned != booking.attendances.count():
            raise DemoFailed(f"plan of {demo.unit}: {planned} of {booking.attendances.count()} people")


def booking_of(demo: DemoUnit) -> Booking:
    return Booking.objects.exclude(kind=BookingKind.INDIVIDUAL).get(units=demo.unit)


def shoot(scene: Scene) -> None:
    """Every planned shoot whose day has come; today's is under way. Then the days for who missed it."""
    for demo in scene.reaching("shoot"):
        _shoot_unit(scene, demo)
    _shoot_individuals(scene)


def _shoot_unit(scene: Scene, demo: DemoUnit) -> None:
    booking = booking_of(demo)
    places = places_of(booking)
    rows = list(booking.attendances.select_related("graduate__enrolment"))
    rows.sort(
        key=lambda row: (places[row.pk].day, places[row.pk].start, row.graduate.enrolment.student_number)
    )
    # One in forty misses the day; in the largest parts of the demonstration at least two do.
    absent = {row.pk for row in rows[7::40]} | ({rows[3].pk} if len(rows) > 60 else set())
    stations = {station.code: station for station in Station.objects.filter(studio=scene.studio)}
    started = False
    for row in rows:
        place = places[row.pk]
        moment = dt.datetime.combine(place.day, place.start)
        if place.day > TODAY or (place.day == TODAY and moment.time() > dt.time(11)):
            return
        with clock.at(moment):
            if not started:
                start_shoot(booking=booking, by=scene.photographer)
                started = True
            if row.pk not in absent:
                _photograph(scene, demo, row, stations[place.station])
    last = places[rows[-1].pk].day
    if last < TODAY:
        with on(last, 17):
            finish_shoot(booking=booking, by=scene.photographer)


def _photograph(scene: Scene, demo: DemoUnit, row: Attendance, station: Station) -> None:
    """Compare the number, give a shot number, take the picture and the fee; now and then a number is voided."""
    by: User = scene.photographer
    if not check_in(attendance=row, typed=demo.typed_number(row.graduate.enrolment.student_number), by=by):
        raise DemoFailed(f"ID comparison at {demo.unit}")
    shot = issue_shot(attendance=row, station=station, by=by)
    if shot.number % 50 == 17:
        void_shot(shot=shot, reason=VOIDED, by=by)
        issue_shot(attendance=row, station=station, by=by)
    mark_photographed(attendance=row, by=by)
    for fee in row.fees.filter(state=FeeState.DUE):
        # A few pay later in the day.
        if row.pk % 33 or clock.today() < TODAY - dt.timedelta(days=2):
            move_fee(fee=fee, to=FeeState.TAKEN, by=by)


def _shoot_individuals(scene: Scene) -> None:
    """The studio opens days for people who come alone; absent ones take seats, two have been, others will come."""
    absent = list(
        Attendance.objects.filter(state=AttendanceState.ABSENT, booking__state="done")
        .exclude(booking__kind=BookingKind.INDIVIDUAL)
        .select_related("graduate__enrolment__unit")
        .order_by("pk")[:5]
    )
    for index, day in enumerate(MAKEUP_DAYS):
        with on(min(day, TODAY) - dt.timedelta(days=5), 15):
            booking = open_individual_day(
                studio=scene.studio,
                campaign=scene.campaign,
                hours=_afternoon(scene, day),
                seats=4,
                by=scene.photographer,
                note="未参加集体拍摄的同学请在此时段预约到店。",
            )
        visitors = absent[index : index + 1] if day <= TODAY else absent[len(MAKEUP_DAYS) - 1 : -1]
        for missed in visitors:
            if missed.booking.holds.filter(day__gte=day).exists():
                continue
            _sit_and_come(scene, missed, booking, day)


def _afternoon(scene: Scene, day: dt.date) -> list[HalfHour]:
    station = Station.objects.get(studio=scene.studio, code="A2")
    free = availability(
        studio=scene.studio, campaign=scene.campaign, kind=BookingKind.INDIVIDUAL, first=day, last=day
    )[0].free_of(station)
    return [HalfHour(station.pk, day, start) for start in free if start >= dt.time(13)][:4]


def _sit_and_come(scene: Scene, missed: Attendance, booking: Booking, day: dt.date) -> None:
    start = booking.holds.order_by("start").first()
    if start is None:
        raise DemoFailed(f"no seat on {day}")
    with on(min(day, TODAY) - dt.timedelta(days=1), 20):
        row = take_seat(graduate=missed.graduate, booking=booking, day=day, start=start.start)
    if day > TODAY:
        return
    demo = next(unit for unit in scene.units if unit.unit == missed.graduate.enrolment.unit)
    with on(day, 13, 30):
        booking.refresh_from_db()
        if booking.state == "confirmed":
            start_shoot(booking=booking, by=scene.photographer)
        _photograph(scene, demo, row, Station.objects.get(studio=scene.studio, code="A2"))
    with on(day, 15, 30):
        finish_shoot(booking=booking, by=scene.photographer)
