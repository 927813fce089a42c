"""Data without which the program cannot work, put in after every migration when they are missing (design §7)."""

from typing import Any

from django.db import connection

from students.batches import DEFAULT_PROFILE
from students.catalogue import ENTRIES
from students.chsi_columns import DEFAULT_COLUMNS
from students.models import ExportProfile, RefusalCode


def ensure_export_profile() -> ExportProfile:
    """The register's columns as design §7 lists them, as XLSX and DBF. What staff changed stays as it is."""
    return ExportProfile.objects.get_or_create(
        name=DEFAULT_PROFILE,
        defaults={"title": "学信网学历注册（标准列）", "columns": list(DEFAULT_COLUMNS)},
    )[0]


def ensure_refusal_codes() -> None:
    """The catalogue of design §4. Codes that staff added or reworded stay as they are."""
    known = set(RefusalCode.objects.values_list("code", flat=True))
    RefusalCode.objects.bulk_create(
        RefusalCode(
            code=entry.code, group=entry.group, label_zh=entry.zh, label_en=entry.en, position=10 * position
        )
        for position, entry in enumerate(ENTRIES, start=1)
        if entry.code not in known
    )


def ensure_reference_data(**signal: Any) -> None:
    """Receiver of `post_migrate`; quiet while the tables are not all there (a migration to an earlier state)."""
    tables = connection.introspection.table_names()
    if ExportProfile._meta.db_table in tables:
        ensure_export_profile()
    if RefusalCode._meta.db_table in tables:
        ensure_refusal_codes()
