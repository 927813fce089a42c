"""Who revealed, exported or downloaded what (design §5)."""

from django.db import models

from photocampus.context_vars import client_address, request_id
from photocampus.events import subject_type
from photocampus.models import AccessLog, User


def log_access(
    action: str,
    *,
    by: User | None,
    subject: models.Model | None = None,
    label: str = "",
    purpose: str = "",
    rows: int = 0,
    full: bool = False,
    sha256: str = "",
) -> AccessLog:
    """Write one row. `full` says that complete ID or telephone numbers left the portal; `label` holds none."""
    return AccessLog.objects.create(
        by=by,
        action=action,
        subject_type=subject_type(subject) if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
        label=label[:200],
        purpose=purpose[:200],
        rows=rows,
        full=full,
        sha256=sha256,
        address=client_address.get()[:45],
        request_id=request_id.get(),
    )
