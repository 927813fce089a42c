"""Showing an ID number in full: a deliberate act with a purpose, by a person who may, and logged (design §5)."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photocampus.access_log import log_access
from photocampus.errors import DomainError
from photocampus.models import User
from students.models import Graduate

SHORTEST_PURPOSE = 4


class PurposeMissing(DomainError):
    code = "purpose_missing"
    message = _("Say for what you need the number, in a few words. It is written into the log.")


@dataclass(frozen=True)
class Revealed:
    id_number: str
    phone: str


@transaction.atomic
def reveal_numbers(*, graduate: Graduate, by: User, purpose: str) -> Revealed:
    """Log first, then give the plain ID and mobile number. Raises `PurposeMissing`."""
    purpose = purpose.strip()
    if len(purpose) < SHORTEST_PURPOSE:
        raise PurposeMissing()
    log_access("reveal", by=by, subject=graduate, purpose=purpose, rows=1, full=True)
    student = graduate.enrolment.student
    return Revealed(student.id_number.reveal(), student.phone.reveal() if student.phone else "")
