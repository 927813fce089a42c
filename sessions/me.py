"""What a graduate may do behind the own QR code: prove to be the one, and report wrong data (design §5)."""

import datetime as dt
import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from photocampus import clock
from photocampus.access_log import log_access
from photocampus.context_vars import client_address
from photocampus.errors import DomainError, MissingReason
from photocampus.events import record, subject_type
from photocampus.models import AccessLog, Event, User
from sessions.checkin import NothingTyped, is_own_number
from students.models import Graduate
from units.models import Campaign, Unit

ATTEMPTS = 5
PAUSE = dt.timedelta(minutes=15)
DIFFERS = "me_id_differs"
REPORTED, SETTLED = "data_reported_wrong", "data_report_settled"
# What can be wrong; a choice, so that nobody has to write numbers into a text.
WRONG = {
    "name": pgettext_lazy("person", "name"),
    "gender": _("gender"),
    "id_number": _("ID number"),
    "birth_date": _("date of birth"),
    "class": _("class"),
    "major": _("major"),
    "picture": _("picture"),
    "other": _("something else"),
}
LONG_NUMBER = re.compile(r"[0-9０-９][0-9０-９\s-]{4,}[0-9０-９Xx]")


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    message = _("The numbers differed %(times)d times. Please wait %(minutes)d minutes and try again.")


class UnknownPart(DomainError):
    code = "unknown_part"
    message = _("Please choose what is wrong.")


class NothingReported(DomainError):
    code = "nothing_reported"
    message = _("Nothing is reported as wrong for this person, or it has been settled already.")


def compare_own_number(*, graduate: Graduate, typed: str) -> bool:
    """True if the typed number is the graduate's. After five differences per page and address it pauses.

    Counted in the log that nobody can empty, so that several processes share the count.
    """
    if not typed.strip():
        raise NothingTyped()
    wrong = AccessLog.objects.filter(
        subject_type=subject_type(graduate),
        subject_id=graduate.pk,
        action=DIFFERS,
        address=client_address.get()[:45],
        at__gt=clock.now() - PAUSE,
    ).count()
    if wrong >= ATTEMPTS:
        raise TooManyAttempts(times=wrong, minutes=int(PAUSE.total_seconds() // 60))
    if is_own_number(graduate, typed):
        log_access("me_opened", by=None, subject=graduate)
        return True
    log_access(DIFFERS, by=None, subject=graduate)
    return False


@transaction.atomic
def report_wrong_data(*, graduate: Graduate, part: str, note: str = "") -> None:
    """The graduate says that something is wrong: a note for the unit, never a change. Long numbers in it are struck out."""
    if part not in WRONG:
        raise UnknownPart()
    text = LONG_NUMBER.sub("***", note.strip())[:300]
    record(graduate, REPORTED, by=None, new=part, reason=text)


@transaction.atomic
def settle_report(*, graduate: Graduate, answer: str, by: User) -> None:
    """The unit has looked at it; with a word on what was done."""
    if not answer.strip():
        raise MissingReason()
    graduate = Graduate.objects.select_for_update().get(pk=graduate.pk)
    if not with_open_report(Graduate.objects.filter(pk=graduate.pk)).exists():
        raise NothingReported()
    record(graduate, SETTLED, by=by, reason=LONG_NUMBER.sub("***", answer.strip())[:300])


def with_open_report(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those whose newest report is newer than the unit's last answer; annotated with `report_event`."""
    events = Event.objects.filter(
        subject_type="students.graduate", subject_id=OuterRef("pk"), kind__in=[REPORTED, SETTLED]
    ).order_by("-id")
    return graduates.annotate(
        report_event=Subquery(events.values("id")[:1]), report_kind=Subquery(events.values("kind")[:1])
    ).filter(report_kind=REPORTED)


def open_reports(unit: Unit, campaign: Campaign) -> QuerySet[Graduate]:
    return with_open_report(Graduate.objects.filter(campaign=campaign, enrolment__unit=unit))


def reports_of(graduates: Iterable[Graduate]) -> dict[int, list[Event]]:
    """Graduate id → open and earlier reports, the newest first."""
    found: dict[int, list[Event]] = {}
    events = Event.objects.filter(
        subject_type="students.graduate",
        subject_id__in=[row.pk for row in graduates],
        kind__in=[REPORTED, SETTLED],
    )
    for event in events.order_by("-id"):
        found.setdefault(event.subject_id, []).append(event)
    return found
