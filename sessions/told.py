"""Whom the events of bookings, plans, shoots and deliveries concern (`photocampus.told`)."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus.lists import join_parts, join_words
from photocampus.models import Event, Role, User
from photocampus.told import File, Reader, tell
from sessions.ical import calendar_file, shoots_of
from sessions.me import REPORTED
from sessions.models import FIRM_STATES, Booking, Delivery, Hold
from students.models import Graduate
from units.audiences import coordinators, office_people, studio_people, unit_readers
from units.models import Unit

BOOKING, DELIVERY = "shoots.booking", "shoots.delivery"
UNIT_SIDE, STUDIO_SIDE, OFFICE = "unit", "studio", "office"
MOST_DAYS = 4


def when_of(booking: Booking) -> str:
    """`2018-04-17 09:30–17:00; …`: the held hours by day, or those of the last step that had some."""
    holds = Hold.objects.filter(booking=booking).values_list("day", "start")
    days: dict[str, list[str]] = {}
    for day, start in holds:
        end = (dt.datetime.combine(day, start) + dt.timedelta(minutes=30)).time()
        days.setdefault(f"{day}", []).extend([f"{start:%H:%M}", f"{end:%H:%M}"])
    if not days:
        said = booking.messages.exclude(hours=[]).order_by("-pk").first()
        for _station, day, start, end in said.hours if said else []:
            days.setdefault(day, []).extend([start, end])
    shown = [f"{day} {min(times)}–{max(times)}" for day, times in sorted(days.items())]
    return join_parts([*shown[:MOST_DAYS], *(["…"] if len(shown) > MOST_DAYS else [])])


def booking_facts(booking: Booking, units: list[Unit]) -> dict[str, Any]:
    return {
        "units": join_words(unit.name for unit in units) or booking.studio.short_name,
        "studio": booking.studio.short_name,
        "when": when_of(booking),
        "until": f"{localtime(booking.held_until):%Y-%m-%d %H:%M}" if booking.held_until else "–",
    }


def booking_readers(
    *sides: str, unit_page: str = "shoots:unit-booking", studio_page: str = "shoots:studio-booking"
) -> Callable[[Event], Iterable[Reader]]:
    """The readers of an event about a booking on these sides, each led to the page of the own side."""

    def readers(event: Event) -> Iterable[Reader]:
        booking = Booking.objects.select_related("campaign", "studio", "asked_by").get(pk=event.subject_id)
        units = list(booking.units.order_by("code"))
        facts = booking_facts(booking, units)
        code, key = booking.campaign.code, booking.public_id
        if STUDIO_SIDE in sides:
            url = reverse(studio_page, args=[booking.studio.code, code, key])
            yield from (Reader(user, url, facts) for user in studio_people(booking.studio_id))
        if UNIT_SIDE in sides:
            yield from unit_readers(units, booking.campaign, unit_page, key, **facts)
        office = office_people() if OFFICE in sides else []
        if booking.asked_by.role == Role.STAFF:
            office.append(booking.asked_by_id)  # asked for several units together
        if office:
            page = "shoots:office-booking" if booking.flag else "shoots:studio-booking"
            place = [code, key] if booking.flag else [booking.studio.code, code, key]
            yield from (Reader(user, reverse(page, args=place), facts) for user in office)

    return readers


def shoot_file(event: Event, reader: User) -> File | None:
    """The shoot for the reader's calendar; a calendar that holds an earlier version follows it."""
    shoots = shoots_of(reader).filter(pk=event.subject_id)
    if not shoots.exists():
        return None
    return File("shoot.ics", calendar_file(shoots, reader=reader), "text/calendar")


both_sides = booking_readers(UNIT_SIDE, STUDIO_SIDE)
everybody = booking_readers(UNIT_SIDE, STUDIO_SIDE, OFFICE)

for _kind, _says in {
    "state_asked": _("%(units)s asks %(studio)s for a shoot: %(when)s. The hours are held until %(until)s."),
    "state_proposed": _("%(studio)s proposes to %(units)s: %(when)s. The hours are held until %(until)s."),
    "state_countered": _("%(units)s asks for other hours: %(when)s. They are held until %(until)s."),
    "state_declined": _("The request of %(units)s for %(when)s was declined."),
    "state_withdrawn": _("The request of %(units)s for %(when)s was withdrawn."),
    "state_lapsed": _("The hours %(when)s of %(units)s lapsed: nobody confirmed them in time."),
    "said": _("There is a new message about the shoot of %(units)s (%(when)s)."),
}.items():
    tell(BOOKING, _kind, says=_says, to=both_sides)
tell(
    BOOKING,
    "state_offered",
    says=_("Hours have become free at %(studio)s for %(units)s: %(when)s. They are held until %(until)s."),
    to=booking_readers(UNIT_SIDE),
)
tell(
    BOOKING,
    "state_confirmed",
    says=_("The shoot of %(units)s with %(studio)s is confirmed: %(when)s."),
    to=both_sides,
    attach=shoot_file,
)
tell(
    BOOKING,
    "moved",
    says=_("The shoot of %(units)s was moved to %(when)s."),
    to=everybody,
    attach=shoot_file,
)
tell(
    BOOKING,
    "state_cancelled",
    says=_("The shoot of %(units)s on %(when)s was cancelled."),
    to=everybody,
    attach=shoot_file,
)
tell(
    BOOKING,
    "flagged",
    says=_("The booking of %(units)s (%(when)s) was flagged; academic affairs decide about it."),
    to=everybody,
)
tell(
    BOOKING,
    "shoot_near",
    says=_("The shoot of %(units)s is near: %(when)s."),
    to=both_sides,
    attach=shoot_file,
)
tell(
    BOOKING,
    "hold_ends_soon",
    says=_("The hours %(when)s of %(units)s lapse on %(until)s unless they are confirmed."),
    to=both_sides,
)
tell(BOOKING, "kept", says=_("The flagged booking of %(units)s (%(when)s) stays as it is."), to=both_sides)
tell(
    BOOKING,
    *("companion_named", "venue_chosen"),
    says=_("%(units)s named the companion or the room of the shoot on %(when)s."),
    to=booking_readers(STUDIO_SIDE),
    gathers=True,
)
rest_anew = {"unit_page": "shoots:unit-replan", "studio_page": "shoots:shoot-replan"}
tell(
    BOOKING,
    "disturbance",
    says=_("The shoot of %(units)s is disturbed (%(when)s)."),
    to=booking_readers(UNIT_SIDE, STUDIO_SIDE, OFFICE, **rest_anew),
)
tell(
    BOOKING,
    *("disturbance_longer", "disturbance_ended"),
    says=_("There is news about the disturbance of the shoot of %(units)s: the rest can be planned anew."),
    to=booking_readers(UNIT_SIDE, STUDIO_SIDE, **rest_anew),
)


def plan_readers(event: Event) -> Iterable[Reader]:
    """Once a shoot is confirmed, both sides go by its plan."""
    if Booking.objects.filter(pk=event.subject_id, state__in=FIRM_STATES).exists():
        yield from booking_readers(
            UNIT_SIDE, STUDIO_SIDE, unit_page="shoots:plan", studio_page="shoots:studio-plan"
        )(event)


tell(
    BOOKING,
    *("plan_made", "plan_moved", "plan_added", "plan_removed", "plan_undone", "replanned"),
    says=_("The plan of the shoot of %(units)s has changed (%(when)s)."),
    to=plan_readers,
    gathers=True,
)


tell(
    BOOKING,
    "plan_broken",
    says=_(
        "A station of %(studio)s takes fewer people an hour than the plan of %(units)s says (%(when)s). "
        "The unit must move classes or make the plan again."
    ),
    to=plan_readers,
)


def route_readers(event: Event) -> Iterable[Reader]:
    """The unit, in every campaign in which it has a booking or could have one: the newest published."""
    from units.models import Campaign, CampaignState

    unit = Unit.objects.get(pk=event.subject_id)
    campaign = Campaign.objects.filter(state=CampaignState.PUBLISHED).order_by("-window_start").first()
    if campaign:
        yield from unit_readers([unit], campaign, "shoots:unit-bookings", unit=unit.name)


tell(
    "units.unit",
    *("route_overridden", "route_override_ended"),
    says=_("Academic affairs decided anew how %(unit)s is photographed: on site or in the studio."),
    to=route_readers,
)


def plan_followed_readers(event: Event) -> Iterable[Reader]:
    """Both sides, with what became of the plan when the shoot was moved."""
    facts = {
        "moved": event.data.get("moved", 0),
        "lost": event.data.get("lost", 0),
        "classes": join_words(event.data.get("classes", [])),
    }
    for reader in plan_readers(event):
        yield Reader(reader.user, reader.url, {**reader.facts, **facts})


def plan_followed_says(facts: Mapping[str, Any]) -> str:
    if facts["lost"]:
        text = gettext(
            "The shoot of %(units)s was moved (%(when)s): %(lost)d people have no hour in the plan any more "
            "(%(classes)s). The unit must plan them again."
        )
    else:
        text = gettext(
            "The shoot of %(units)s was moved (%(when)s): %(classes)s come at other hours now and must be told."
        )
    return text % facts


tell(BOOKING, "plan_followed", says=plan_followed_says, to=plan_followed_readers)


def delivery_readers(*sides: str) -> Callable[[Event], Iterable[Reader]]:
    """A unit's delivery: the unit with its college, which keeps prints and files (R20), and the studio."""

    def readers(event: Event) -> Iterable[Reader]:
        delivery = Delivery.objects.select_related("campaign", "studio", "unit__college").get(
            pk=event.subject_id
        )
        if delivery.receipt_id:
            return  # a person collects it at the counter
        facts = {
            "number": delivery.number,
            "unit": delivery.unit.name,
            "studio": delivery.studio.short_name,
            "lacking": event.data.get("lacking", 0),
        }
        place = [delivery.campaign.code, delivery.public_id]
        if UNIT_SIDE in sides:
            keepers = [unit for unit in (delivery.unit, delivery.unit.college) if unit]
            url = reverse("shoots:unit-delivery", args=[delivery.unit.code, *place])
            yield from (Reader(user, url, facts) for user in coordinators(keepers))
        if STUDIO_SIDE in sides:
            url = reverse("shoots:studio-delivery", args=[delivery.studio.code, *place])
            yield from (Reader(user, url, facts) for user in studio_people(delivery.studio_id))

    return readers


tell(
    DELIVERY,
    "state_sent",
    says=_("%(studio)s sent delivery no. %(number)s to %(unit)s. Please check it when it arrives."),
    to=delivery_readers(UNIT_SIDE),
)
tell(
    DELIVERY,
    "state_received",
    says=_("Delivery no. %(number)s for %(unit)s is received in full."),
    to=delivery_readers(UNIT_SIDE, STUDIO_SIDE),
)
tell(
    DELIVERY,
    "state_incomplete",
    says=_("Delivery no. %(number)s for %(unit)s was received; something is missing for %(lacking)s people."),
    to=delivery_readers(UNIT_SIDE, STUDIO_SIDE),
)


def report_readers(event: Event) -> Iterable[Reader]:
    """A graduate says that something on record is wrong: a matter of the unit."""
    graduate = Graduate.objects.select_related("enrolment__unit", "campaign").get(pk=event.subject_id)
    unit = graduate.enrolment.unit
    return unit_readers([unit], graduate.campaign, "shoots:reports", unit=unit.name)


tell(
    "students.graduate",
    REPORTED,
    says=_("A graduate of %(unit)s reported data as wrong."),
    to=report_readers,
)
