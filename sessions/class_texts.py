"""Ready texts for the classes' chat groups: when, where, which hours, what to bring. No names, no numbers of people.

The studio's telephone is left out on purpose: students turn to their unit, not to the studio (R18).
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from sessions.fees import payee_of, shooting_fee
from sessions.models import Attendance, Booking, BookingKind, PlanEntry
from sessions.places import Place
from students.models import Graduate
from units.models import Unit

WRAP = 26


@dataclass(frozen=True)
class ClassText:
    """One class of the plan with its text."""

    public_id: str
    name: str
    people: int
    text: str

    @property
    def rows(self) -> int:
        """Height of its box: lines as they wrap on a narrow screen, wide characters."""
        return sum(1 + len(line) // WRAP for line in self.text.split("\n"))


def class_texts(booking: Booking, unit: Unit) -> list[ClassText]:
    """The texts for the unit's classes in the plan of this shoot, in the language of the moment; three queries.

    `booking` comes with campaign, studio and venue.
    """
    by_class: dict[int, list[PlanEntry]] = {}
    entries = PlanEntry.objects.filter(booking=booking, class_group__unit=unit)
    for entry in entries.select_related("class_group", "station").order_by("day", "start", "station__code"):
        by_class.setdefault(entry.class_group_id, []).append(entry)
    where = place_of_shoot(booking, unit)
    parted = parted_classes(booking, by_class)
    texts = [
        ClassText(
            f"class-{rows[0].class_group.pk}",
            rows[0].class_group.name,
            sum(row.people for row in rows),
            text_for(booking, rows, where, is_part=group in parted),
        )
        for group, rows in by_class.items()
    ]
    return sorted(texts, key=lambda entry: entry.name)


def place_of_shoot(booking: Booking, unit: Unit) -> str:
    """The room, or the studio with its address and the way there."""
    if booking.kind == BookingKind.ON_SITE:
        venue = booking.venue
        parts = [venue.name, venue.address or unit.address] if venue else [unit.name, unit.address]
    else:
        parts = [booking.studio.name, booking.studio.address, booking.studio.directions]
    return " ".join(part for part in parts if part)


def parted_classes(booking: Booking, groups: Collection[int]) -> set[int]:
    """Those of the classes (ids) of which somebody who is to be photographed is not on the list of this shoot."""
    here = Attendance.objects.filter(booking=booking, graduate=OuterRef("pk"))
    people = Graduate.objects.filter(campaign=booking.campaign_id, enrolment__class_group__in=groups)
    elsewhere = people.to_be_photographed().filter(~Exists(here)).order_by()
    return set(elsewhere.values_list("enrolment__class_group", flat=True).distinct())


def lines_about_people(*, is_part: bool, has_hours: bool) -> list[str]:
    """Whom a text means that cannot name them: a part of the class, or several hours of a class."""
    lines = []
    if is_part:
        lines.append(_("Only for those of the class whose own page shows this shoot."))
    if has_hours:
        lines.append(_("The own page shows each person's hour."))
    return lines


def text_for(booking: Booking, rows: list[PlanEntry], where: str, *, is_part: bool) -> str:
    """One class, or a part of it, with its hours in order of time."""
    campaign = booking.campaign
    lines = [_("Graduation photographs: %(name)s") % {"name": rows[0].class_group.name}, ""]
    lines += lines_about_people(is_part=is_part, has_hours=is_part and len(rows) > 1)
    lines += _hours_of(rows, campaign.report_minutes, by_number=not is_part and len(rows) > 1)
    _kind, fee = shooting_fee(booking.kind, campaign)
    lines.append(_("Where: %(where)s") % {"where": where})
    if campaign.dress:
        lines.append(_("Dress: %(dress)s") % {"dress": campaign.dress})
    if campaign.bring:
        lines.append(_("Bring: %(bring)s") % {"bring": campaign.bring})
    lines.append(
        _("Fee: %(amount)s yuan each, paid to %(payee)s; the university collects nothing.")
        % {"amount": f"{fee.normalize():f}", "payee": payee_of(booking.studio)}
    )
    lines.append(_("Questions: please ask the unit, not the studio."))
    return "\n".join(lines)


def _hours_of(rows: list[PlanEntry], report_minutes: int, *, by_number: bool) -> list[str]:
    """One line for each hour; by student number only for a whole class, because the plan fills its hours in that order."""
    lines, first = [], 1
    for row in rows:
        report = Place(row.day, row.start).report_at(report_minutes)
        hours = {
            "day": f"{row.day}",
            "start": f"{row.start:%H:%M}",
            "end": f"{row.end:%H:%M}",
            "report": f"{report:%H:%M}",
            "station": row.station.code,
            "first": first,
            "last": first + row.people - 1,
        }
        if by_number:
            text = _(
                "When: no. %(first)d to %(last)d by student number on %(day)s, %(start)s–%(end)s "
                "(%(station)s); please be there at %(report)s."
            )
        else:
            text = _("When: %(day)s, %(start)s–%(end)s; please be there at %(report)s.")
        lines.append(text % hours)
        first += row.people
    return lines
