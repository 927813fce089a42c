"""A booking is a conversation: asked, proposed, countered, confirmed, under way, done; or declined, withdrawn, cancelled.

Every step is a use case: the pages, the demonstration and the commands call these and nothing else.
"""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError, MissingReason, NotAllowed
from photocampus.events import move_state, record
from photocampus.lists import join_parts
from photocampus.models import Role, User
from sessions.booking_cover import require_need
from sessions.campaign_open import keep_published, require_published
from sessions.conversation import MOVES, answer_by, locked, tell, tell_why
from sessions.expectations import (
    expect_elsewhere,
    expect_people,
    forget_expected,
    grant_units,
    people_of,
    would_expect,
)
from sessions.holding import NoHours, exchange_hours, hold_hours, holding, look_first, release_all
from sessions.hours import HalfHour, held_hours, require_open
from sessions.models import (
    OPEN_STATES,
    Attendance,
    AttendanceState,
    Booking,
    BookingKind,
    BookingMessage,
    BookingState,
    BookingUnit,
    Venue,
)
from sessions.offers import drop_served
from sessions.parties import require_studio, require_unit
from sessions.plan_moves import Following, follow_hours
from sessions.room_flags import RETIRED
from sessions.rooms import crews_of, judge_venue
from sessions.routes import FLAG_HOURS, FLAG_ROOM, lower_flag, require_kind, set_flag
from units.access import own_unit_ids
from units.models import Campaign, CampaignState, Contract, Studio, Unit

S = BookingState


class NotContracted(DomainError):
    code = "not_contracted"
    message = _("%(studio)s has no contract for this campaign.")


class CompanionMissing(DomainError):
    code = "companion_missing"
    message = _(
        "The unit has not named the person who accompanies the shoot (name and mobile). It must do so first."
    )


class VenueMissing(DomainError):
    code = "venue_missing"
    message = _("An on-site shoot needs a room: the unit has not named one yet.")


class VenueRetired(DomainError):
    code = "venue_retired"
    message = _("The room “%(venue)s” is no longer offered. Please choose another one.")


class VenueUnfit(DomainError):
    code = "venue_unfit"
    message = _("The room “%(venue)s” does not fulfil the requirements for %(crews)d crews: %(missing)s.")


class LoadMissing(DomainError):
    code = "load_missing"
    message = _("Please agree on the number of people per station and day first.")


class PicturesTaken(DomainError):
    code = "pictures_taken"
    message = _("%(people)d people were already photographed at this shoot; it cannot be cancelled or moved.")


class NobodyWaits(DomainError):
    code = "nobody_waits"
    message = _("Nobody of these units waits for a picture.")


@holding
def ask_booking(
    *,
    campaign: Campaign,
    studio: Studio,
    units: Collection[Unit],
    kind: str,
    hours: Collection[HalfHour],
    by: User,
    note: str = "",
    venue: Venue | None = None,
    companion_name: str = "",
    companion_phone: str = "",
    reason: str = "",
) -> Booking:
    """The units ask the studio for these half hours, which are held at once until the campaign's deadline.

    R3 decides whether the kind is open to the units, R2 and R13 whether the hours are. Whoever has room for everybody
    already needs a `reason`. Raises `KindNotPermitted`, `OutsideWindow`, `StudioClosed`, `HoursTaken`, `NoHours`,
    `NobodyWaits`, `NotContracted`, `CampaignNotOpen`, `SameTime`, `MoreThanNeeded`.
    """
    units = sorted(set(units), key=lambda unit: unit.pk)
    booking = Booking(
        campaign=campaign,
        studio=studio,
        kind=kind,
        venue=venue if kind == BookingKind.ON_SITE else None,
        companion_name=companion_name.strip(),
        companion_phone=companion_phone.strip(),
        asked_by=by,
    )
    # Once without a lock, so that whoever is refused keeps nobody waiting; once more under it.
    _judge_request(booking, units, hours, by)
    require_need(campaign=campaign, units=units, kind=kind, hours=hours, reason=reason)
    look_first(booking=booking, hours=hours)
    _place_request(booking, units, hours, by, note, reason)
    return booking


@transaction.atomic
def _place_request(
    booking: Booking, units: list[Unit], hours: Collection[HalfHour], by: User, note: str, reason: str
) -> None:
    keep_published(booking.campaign_id)
    # Two requests of one unit at the same moment see each other.
    list(Unit.objects.select_for_update().filter(pk__in=[unit.pk for unit in units]).order_by("pk"))
    booking.people = _judge_request(booking, units, hours, by)
    is_more = require_need(
        campaign=booking.campaign, units=units, kind=booking.kind, hours=hours, reason=reason
    )
    booking.held_until, booking.asked_at = answer_by(booking.campaign), clock.now()
    booking.save(force_insert=True)
    BookingUnit.objects.bulk_create(BookingUnit(booking=booking, unit=unit) for unit in units)
    hold_hours(booking=booking, hours=hours)
    drop_served(booking=booking, hours=hours, by=by)
    tell(booking, S.ASKED, by, note)
    why = tell_why(booking, reason, by) if is_more else ""
    data = {"half_hours": len(set(hours)), "people": booking.people}
    record(booking, "state_asked", by=by, new=S.ASKED, reason=why, data=data)


def _judge_request(booking: Booking, units: list[Unit], hours: Collection[HalfHour], by: User) -> int:
    """Whether these units may ask for these hours; gives how many people are to be photographed."""
    campaign, studio = booking.campaign, booking.studio
    require_unit(by, units)
    if by.role == Role.UNIT:
        own = set(own_unit_ids(by).values_list("unit", flat=True))
        if {unit.pk for unit in units} - own:
            raise NotAllowed()
    require_published(campaign.pk)
    if not Contract.objects.filter(studio=studio, campaign=campaign).exists():
        raise NotContracted(studio=studio.short_name)
    if booking.kind == BookingKind.INDIVIDUAL:
        raise NotAllowed()  # individual days are opened by the studio
    if booking.venue is not None:
        _require_own_venue(booking.venue, units)
    require_kind(campaign=campaign, units=units, kind=booking.kind)
    require_open(studio=studio, campaign=campaign, kind=booking.kind, hours=hours)
    if not hours:
        raise NoHours()
    if not (people := people_of(campaign, units, booking.kind)):
        raise NobodyWaits()
    return people


@holding
@transaction.atomic
def propose_hours(
    *, booking: Booking, hours: Collection[HalfHour], agreed_load: int, by: User, note: str = ""
) -> None:
    """The studio offers other hours (or other numbers of people); the old ones are freed only if the new are held."""
    booking = locked(booking)
    require_studio(by, booking.studio)
    require_published(booking.campaign_id)
    _require_load(agreed_load)
    _require_open(booking, hours)
    move_state(
        booking,
        S.PROPOSED,
        moves=MOVES,
        by=by,
        reason=note,
        agreed_load=agreed_load,
        held_until=answer_by(booking.campaign),
    )
    exchange_hours(booking=booking, hours=hours)
    lower_flag(booking, FLAG_HOURS, by)
    tell(booking, S.PROPOSED, by, note)


@holding
@transaction.atomic
def counter_proposal(*, booking: Booking, hours: Collection[HalfHour], by: User, note: str = "") -> None:
    """The unit answers the studio's proposal with other hours."""
    booking = locked(booking)
    require_unit(by, list(booking.units.all()))
    require_published(booking.campaign_id)
    _require_open(booking, hours)
    move_state(booking, S.COUNTERED, moves=MOVES, by=by, reason=note, held_until=answer_by(booking.campaign))
    exchange_hours(booking=booking, hours=hours)
    lower_flag(booking, FLAG_HOURS, by)
    tell(booking, S.COUNTERED, by, note)


@transaction.atomic
def accept_proposal(*, booking: Booking, by: User, note: str = "") -> None:
    """The unit agrees to what the studio proposed; with that the booking is confirmed. Refusals: `confirm_booking`."""
    keep_published(booking.campaign_id)
    booking = locked(booking)
    require_unit(by, list(booking.units.all()))
    if booking.state != S.PROPOSED:
        move_state(booking, S.CONFIRMED, moves={S.PROPOSED: {S.CONFIRMED}}, by=by)  # refuses, and says why
    _confirm(booking, booking.agreed_load or 0, by, note)


@transaction.atomic
def confirm_booking(*, booking: Booking, agreed_load: int, by: User, note: str = "") -> None:
    """The studio confirms what the unit asked for, with the agreed people per station and day (R15).

    Needs the companion (R16) and, on site, a room that fulfils R14. Gives the studio its grant for the units and
    creates the expected people. Raises `CompanionMissing`, `VenueMissing`, `VenueUnfit`, `LoadMissing`,
    `StudioClosed` and `OutsideWindow` when the calendar changed meanwhile, `NoHours` when the hours were lost,
    `CampaignNotOpen` when the campaign was closed meanwhile.
    """
    keep_published(booking.campaign_id)
    booking = locked(booking)
    require_studio(by, booking.studio)
    if waiting_for(booking) == "unit":
        # The studio's own proposal, and what the waiting list offered, is the unit's to accept.
        move_state(booking, S.CONFIRMED, moves={}, by=by)
    _confirm(booking, agreed_load, by, note)


def _confirm(booking: Booking, agreed_load: int, by: User, note: str) -> None:
    _require_load(agreed_load)
    hours = held_hours(booking)
    if booking.state in OPEN_STATES:
        require_ready(booking, hours)
    move_state(
        booking,
        S.CONFIRMED,
        moves=MOVES,
        by=by,
        reason=note,
        agreed_load=agreed_load,
        held_until=None,
        confirmed_at=clock.now(),
        sequence=booking.sequence + 1,
        data={"agreed_load": agreed_load},
    )
    units = list(booking.units.all())
    grant_units(booking=booking, units=units, by=by)
    expect_people(booking.campaign, [unit.pk for unit in units], by)
    tell(booking, S.CONFIRMED, by, note)


def _require_load(agreed_load: int) -> None:
    if not agreed_load or agreed_load < 1:
        raise LoadMissing()


def require_ready(booking: Booking, hours: Collection[HalfHour]) -> None:
    """What must be there before a confirmation: open hours, companion, and on site a fitting room."""
    if not hours:
        raise NoHours()
    _require_open(booking, hours)
    if not booking.companion_name or not booking.companion_phone:
        raise CompanionMissing()
    if booking.kind == BookingKind.ON_SITE:
        require_venue(booking, hours)


def _require_open(booking: Booking, hours: Collection[HalfHour]) -> None:
    """Hours for a booking that holds some already: those it keeps may have begun."""
    require_open(
        studio=booking.studio,
        campaign=booking.campaign,
        kind=booking.kind,
        hours=hours,
        held=held_hours(booking),
    )


def require_venue(booking: Booking, hours: Collection[HalfHour]) -> None:
    """R14 for as many crews as come on one day, but for what academic affairs accepted. Raises `VenueMissing`,
    `VenueRetired`, and `VenueUnfit`, which says what is missing."""
    if booking.venue is None:
        raise VenueMissing()
    if not booking.venue.is_active and RETIRED not in booking.room_kept:
        raise VenueRetired(venue=booking.venue.name)
    crews = crews_of(hours)
    last = max(hour.day for hour in hours)
    found = judge_venue(booking.venue, booking.campaign, crews, last).missing
    if missing := [str(lack) for lack in found if lack.key not in booking.room_kept]:
        raise VenueUnfit(venue=booking.venue.name, crews=crews, missing=join_parts(missing))


def _require_own_venue(venue: Venue, units: Collection[Unit]) -> None:
    if venue.unit_id not in {unit.pk for unit in units} or not venue.is_active:
        raise NotAllowed()


@transaction.atomic
def name_companion(*, booking: Booking, name: str, phone: str, by: User) -> None:
    """R16: the unit names who stays throughout. Possible until the shoot is over."""
    booking = locked(booking)
    require_unit(by, list(booking.units.all()))
    if booking.state not in (*OPEN_STATES, S.CONFIRMED, S.UNDER_WAY):
        raise NotAllowed()
    if not name.strip() or not phone.strip():
        raise CompanionMissing()
    booking.companion_name, booking.companion_phone = name.strip()[:40], phone.strip()[:30]
    booking.save(update_fields=["companion_name", "companion_phone"])
    record(booking, "companion_named", by=by, new=booking.companion_name)


@transaction.atomic
def choose_venue(*, booking: Booking, venue: Venue, by: User) -> None:
    """The unit names the room of an on-site shoot; once confirmed, only one that fulfils R14."""
    booking = locked(booking)
    units = list(booking.units.all())
    require_unit(by, units)
    if booking.state not in (*OPEN_STATES, S.CONFIRMED) or booking.kind != BookingKind.ON_SITE:
        raise NotAllowed()
    _require_own_venue(venue, units)
    booking.venue, booking.room_kept = venue, []
    if booking.state == S.CONFIRMED:
        require_venue(booking, held_hours(booking))
    booking.save(update_fields=["venue", "room_kept"])
    record(booking, "venue_chosen", by=by, new=venue.name)
    lower_flag(booking, FLAG_ROOM, by)


def _close(booking: Booking, to: str, by: User, reason: str) -> None:
    was_firm = booking.state == S.CONFIRMED
    move_state(booking, to, moves=MOVES, by=by, reason=reason, held_until=None, sequence=booking.sequence + 1)
    tell(booking, to, by, reason)  # the hours of the last step stay readable in the conversation
    release_all(booking)
    forget_expected(booking)
    if was_firm:
        expect_elsewhere(booking, by)
    set_flag(booking, "", "", by)


@transaction.atomic
def decline_booking(*, booking: Booking, reason: str, by: User) -> None:
    """The studio says no, with a reason; the hours are free again."""
    booking = locked(booking)
    require_studio(by, booking.studio)
    if not reason.strip():
        raise MissingReason()
    _close(booking, S.DECLINED, by, reason)


@transaction.atomic
def withdraw_booking(*, booking: Booking, by: User, note: str = "") -> None:
    """The unit takes back what is not confirmed yet; the hours are free again."""
    booking = locked(booking)
    require_unit(by, list(booking.units.all()))
    _close(booking, S.WITHDRAWN, by, note)


@transaction.atomic
def cancel_booking(*, booking: Booking, reason: str, by: User) -> None:
    """Call a confirmed shoot off, with a reason: the unit, the studio, or academic affairs. Raises `PicturesTaken`."""
    booking = locked(booking)
    _require_party(by, booking)
    if not reason.strip():
        raise MissingReason()
    _require_untouched(booking)
    _close(booking, S.CANCELLED, by, reason)


@transaction.atomic
def take_off_booking(*, booking: Booking, reason: str, by: User) -> None:
    """Academic affairs take a booking of units off, with a reason that both sides read: a joint shoot that will not be,
    a flagged one (R4) whose unit books by its new route, or any other that must not take place.

    Confirmed shoots are cancelled, open requests withdrawn, flagged ones declined. Raises `PicturesTaken`, `IllegalMove`.
    """
    booking = locked(booking)
    if by.role != Role.STAFF or (booking.kind == BookingKind.INDIVIDUAL and not booking.flag):
        raise NotAllowed()
    if not reason.strip():
        raise MissingReason()
    _require_untouched(booking)
    is_open = booking.state in OPEN_STATES
    _close(
        booking, (S.DECLINED if booking.flag else S.WITHDRAWN) if is_open else S.CANCELLED, by, reason.strip()
    )


def follow_closing(campaign: Campaign, fields: Collection[str], by: User) -> None:
    """Listener of the campaign (see `units.hooks`): with a closed one, requests end that nobody confirmed."""
    if "state" in fields and campaign.state == CampaignState.CLOSED:
        rows = Booking.objects.filter(campaign=campaign, state__in=OPEN_STATES).order_by("pk")
        for booking in rows.select_for_update():
            take_off_booking(booking=booking, reason=gettext("The campaign is closed."), by=by)


def _require_party(by: User, booking: Booking) -> None:
    if by.role == Role.STUDIO:
        require_studio(by, booking.studio)
    elif by.role == Role.UNIT:
        require_unit(by, list(booking.units.all()))


def _require_untouched(booking: Booking) -> None:
    states = (AttendanceState.PHOTOGRAPHED, AttendanceState.CHECKED_IN)
    if people := Attendance.objects.filter(booking=booking, state__in=states).count():
        raise PicturesTaken(people=people)


@holding
@transaction.atomic
def move_booking(
    *, booking: Booking, hours: Collection[HalfHour], by: User, note: str = ""
) -> Following | None:
    """Move a confirmed shoot to other hours in one exchange: the old hours are freed only if the new are held.

    The plan goes along: who loses an hour gets another one where there is room; that is returned if anything changed.
    Raises `HoursTaken`, `StudioClosed`, `OutsideWindow`, `VenueUnfit` (more crews than the room takes),
    `PicturesTaken`, `CampaignNotOpen`.
    """
    booking = locked(booking)
    _require_party(by, booking)
    require_published(booking.campaign_id)
    if booking.state != S.CONFIRMED:
        move_state(booking, S.CONFIRMED, moves={}, by=by)  # refuses, and says why
    _require_untouched(booking)
    _require_open(booking, hours)
    if booking.kind == BookingKind.ON_SITE:
        require_venue(booking, hours)
    old = len(held_hours(booking))
    if not exchange_hours(booking=booking, hours=hours):
        return None
    booking.sequence += 1
    booking.save(update_fields=["sequence"])
    following = follow_hours(booking, by)
    expect_elsewhere(booking, by)  # another room and another order in time
    lower_flag(booking, FLAG_HOURS, by)  # both were judged anew
    lower_flag(booking, FLAG_ROOM, by)
    tell(booking, "moved", by, note)
    record(booking, "moved", by=by, old=old, new=len(set(hours)), reason=note)
    return following


@transaction.atomic
def say(*, booking: Booking, note: str, by: User) -> None:
    """A message that both sides see and that changes nothing."""
    _require_party(by, booking)
    if by.role == Role.STAFF or not note.strip():
        raise NotAllowed()
    BookingMessage.objects.create(booking=booking, step="note", note=note.strip(), by=by)
    record(booking, "said", by=by)


def waiting_for(booking: Booking) -> str:
    """Whose turn it is: "studio", "unit", or "" when nobody has to answer."""
    turn: dict[str, str] = {S.OFFERED: "unit", S.ASKED: "studio", S.COUNTERED: "studio", S.PROPOSED: "unit"}
    return turn.get(booking.state, "")


def hindrances(booking: Booking) -> list[str]:
    """What stands in the way of a confirmation now, as sentences; for the pages of both sides."""
    found: list[str] = []
    hours = held_hours(booking)
    checks: list[Any] = [lambda: require_published(booking.campaign_id)]
    checks.append(lambda: _require_open(booking, hours))
    if booking.kind == BookingKind.ON_SITE:
        checks.append(lambda: require_venue(booking, hours))
    if not booking.companion_name or not booking.companion_phone:
        found.append(str(CompanionMissing.message))
    for check in checks:
        try:
            check()
        except DomainError as error:
            found.append(str(error))
    return found


def expected_people(booking: Booking) -> int:
    """For how many people the booking is: those expected, or before the confirmation those it would be for."""
    counted = Attendance.objects.filter(booking=booking).count()
    return counted or would_expect(booking)
