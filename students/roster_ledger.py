"""Checks of the roster: states against their history, digests against numbers, classes against units (design §6)."""

from collections.abc import Iterable

from django.db.models import F

from photocampus.crypto import Sealer
from photocampus.errors import DomainError
from photocampus.ledger import history_disagrees, ledger_check
from students.identity import GB_TYPES
from students.models import Correction, Enrolment, Graduate, RosterUpload, Student
from students.roster_records import digest_of
from students.staging import field_context


@ledger_check("students.roster_state")
def roster_states() -> Iterable[str]:
    yield from history_disagrees(Graduate, first="active", field="roster_state")


@ledger_check("students.roster_uploads")
def roster_uploads() -> Iterable[str]:
    yield from history_disagrees(RosterUpload, first="reading")


@ledger_check("students.corrections")
def corrections() -> Iterable[str]:
    yield from history_disagrees(Correction, first="asked")


@ledger_check("students.id_numbers")
def id_numbers() -> Iterable[str]:
    """Every ID number decrypts, has its digest, and agrees with the date of birth and gender beside it."""
    sealer = Sealer(field_context(Student, "id_number"))
    rows = Student.objects.order_by("pk").values_list(
        "pk", "id_type", "id_number", "id_digest", "birth_date", "gender"
    )
    for pk, id_type, secret, digest, birth, gender in rows.iterator(chunk_size=2000):
        if not secret:
            continue  # retention ended
        try:
            number = sealer.open(secret.sealed)
        except DomainError:
            yield f"student {pk}: the ID number cannot be decrypted"
            continue
        if digest_of(id_type, number) != digest:
            yield f"student {pk}: the digest is not that of the ID number"
        if id_type in GB_TYPES and len(number) == 18:
            if birth is not None and number[6:14] != f"{birth:%Y%m%d}":
                yield f"student {pk}: the date of birth differs from the ID number"
            if (gender == "M") != (number[16] in "13579"):
                yield f"student {pk}: the gender differs from the ID number"


@ledger_check("students.classes")
def classes() -> Iterable[str]:
    strays = Enrolment.objects.exclude(class_group__unit=F("unit")).order_by("pk")
    for pk in strays.values_list("pk", flat=True).iterator():
        yield f"enrolment {pk}: its class belongs to another unit"
